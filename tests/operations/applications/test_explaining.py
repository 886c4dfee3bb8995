from types import SimpleNamespace

from bot.domain.applications.tellings import Tellings
from bot.domain.catalog import Application
from bot.messages.cards import Links
from bot.operations.applications.explaining import Explaining
from tests.builders import SHA
from tests.operations.applications.ground import ArgoCD, Time
from tests.operations.guarded import Guarded


def test_what_is_remembered_of_a_commit_is_touched_by_one_thread_at_a_time():
    clock = Time()
    argocd = ArgoCD(clock)
    explaining = Explaining(None, {"main": argocd}, Tellings("C0CI"), Links(), clock)
    explaining._read = guarded = Guarded(explaining._lock)
    served = SimpleNamespace(application=Application("main", "core"))
    seen = SimpleNamespace(sources=())
    first, second = (explaining._metadata(served, seen, SHA, 0) for _ in range(2))
    assert ("Kim", "Kim", 1) == (first.author, second.author, argocd.asked["revision"])
    assert guarded.touched
