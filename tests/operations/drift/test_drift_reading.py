from datetime import timedelta
from types import SimpleNamespace

import pytest

from bot.adapters.github.snapshots import File
from bot.operations.drift import reading
from bot.operations.drift.reading import DriftReader
from tests.builders import catalog
from tests.domain.drift.ground import home, places
from tests.operations.guarded import Guarded
from tests.operations.standing_ground import Standing

YAML = b"images:\n  - name: core\n    newTag: v1\n"


@pytest.mark.parametrize("room", [1, 10], ids=["full at once", "with room"])
def test_what_is_remembered_of_files_is_touched_by_one_thread_at_a_time(monkeypatch, room):
    monkeypatch.setattr(reading, "REMEMBERED", room)
    target = home("core", "prod")
    reader = DriftReader(catalog([target], places()), {}, None, None, None, None, None)
    reader._tags = guarded = Guarded(reader._lock)
    for blob in ("a", "b", "a"):
        assert "v1" == reader._tag(target, File(YAML, blob))
    assert guarded.touched


def test_a_sight_is_as_old_as_its_beginning():
    clock = Standing()
    begun = clock.now()

    def slowly():
        clock.at += timedelta(minutes=1)
        return ()

    store = SimpleNamespace(under_way=slowly)
    nothing = SimpleNamespace(standing=tuple, had_auto_sync=frozenset)
    reader = DriftReader(catalog([], places()), {}, None, store, nothing, nothing, clock)
    assert begun == reader.look([], whole=False).at
