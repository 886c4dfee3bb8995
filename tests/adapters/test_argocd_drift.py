"""One list tells of all applications, and managed resources how one differs."""

import pytest
from werkzeug.wrappers import Response

from bot.adapters.argocd_drift import FIELDS, WholeView
from bot.domain.catalog import Application
from bot.domain.errors import Garbled
from bot.domain.observation import Health, Sync
from sandbox.argocd.fields import PLAIN, SINCE_3_5
from sandbox.wire import Fault, answer
from tests.adapters.test_argocd import client
from tests.sandbox.argocd_ground import ground

WEB = Application("main", "web")


@pytest.fixture(scope="module")
def world():
    with ground() as ground_:
        ground_.add_web()
        ground_.live(ground_.gitops.push_web("1"))
        yield ground_


@pytest.fixture
def view(world):
    argocd = client(world.argocd)
    yield WholeView(argocd)
    argocd.close()
    world.argocd.disarm()


def test_only_fields_that_a_list_lets_through_are_asked_for():
    asked = {one.removeprefix("items.") for one in FIELDS.split(",")}
    assert asked <= {*PLAIN, *SINCE_3_5}
    assert not any(one.startswith("spec.") for one in asked)


def test_a_list_tells_what_runs_and_how_it_compares(world, view):
    world.argocd.calls.clear()
    (one,) = view.applications()
    assert 1 == len(world.argocd.calls)
    assert not one.whole
    seen = one.seen
    assert ("web", Sync.SYNCED, Health.HEALTHY) == (seen.name, seen.sync, seen.health)
    assert any("web:1" in image for image in seen.images)
    assert seen.auto_sync
    assert seen.reconciled_at is None


def test_a_look_is_whole(view):
    one = view.look(WEB)
    assert one.whole
    assert one.seen.reconciled_at is not None


def test_auto_sync_that_is_declared_and_disabled_is_told_apart(world, view):
    spec = world.argocd.application("web")["spec"]
    off = {**spec, "syncPolicy": {"automated": {"enabled": False, "selfHeal": True}}}
    world.argocd.change_spec("web", off)
    (one,) = view.applications()
    assert (False, True) == (one.seen.auto_sync, one.switched_off)
    world.argocd.change_spec("web", {**spec, "syncPolicy": {}})
    (one,) = view.applications()
    assert (False, False) == (one.seen.auto_sync, one.switched_off)
    world.argocd.change_spec("web", spec)


def test_how_an_application_differs_object_by_object(view):
    (web,) = [one for one in view.compared(WEB) if one.kind == "Deployment"]
    assert "Deployment/web" == web.label
    assert web.live == web.wanted
    assert 2 == web.live["spec"]["replicas"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"items": [{"kind": "X", "normalizedLiveState": "{"}]}, id="no JSON inside"),
        pytest.param({"items": [{"kind": "X", "normalizedLiveState": "[1]"}]}, id="no object"),
        pytest.param({"items": {"kind": "X"}}, id="no list"),
    ],
)
def test_an_answer_of_another_shape_is_distrusted(world, view, body):
    route = next(call.route for call in world.argocd.calls if "managed" in call.path)
    world.argocd.arm(route, Fault(answer=lambda: answer(body)))
    with pytest.raises(Garbled):
        view.compared(WEB)


def test_absent_states_are_none(world, view):
    items = [{"kind": "X", "name": "x", "normalizedLiveState": "null", "predictedLiveState": ""}]
    route = next(call.route for call in world.argocd.calls if "managed" in call.path)
    world.argocd.arm(route, Fault(answer=lambda: answer({"items": items})))
    (one,) = view.compared(WEB)
    assert (None, None) == (one.live, one.wanted)


def test_a_page_of_a_proxy_is_no_list(world, view):
    route = next(c.route for c in world.argocd.calls if c.path == "/api/v1/applications")
    world.argocd.arm(route, Fault(answer=lambda: Response("<html>", mimetype="text/html")))
    with pytest.raises(Garbled):
        view.applications()
