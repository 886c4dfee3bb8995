import pytest

from bot.adapters.github.snapshots import File
from bot.operations.drift import reading
from bot.operations.drift.reading import DriftReader
from tests.builders import catalog
from tests.domain.drift.ground import home, places
from tests.operations.guarded import Guarded

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
