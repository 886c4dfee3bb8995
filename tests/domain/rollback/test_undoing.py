"""What would take a failed operation back."""

from dataclasses import replace

import pytest

from bot.domain.commands import Rollback, parse
from bot.domain.operations import Change, Kind, Phase, Stage
from bot.domain.rollback.undoing import undoing
from tests.domain.catalogs import catalog
from tests.messages.operations import FILE, PLAN, REQUEST, WRITTEN, following, operation

FAILED = operation(
    Phase.FAILED, plan=PLAN, written=WRITTEN, progress=following(Stage.FAILED, Stage.FAILED)
)
CORE = Change("core", FILE, "v1", "v2", "b" * 40)


def planned(*changes):
    return replace(FAILED, plan=replace(PLAN, changes=changes), progress=())


@pytest.mark.parametrize(
    ("failed", "command"),
    [
        pytest.param(FAILED, "batch,core stage because D-4821 failed", id="all of it"),
        pytest.param(planned(CORE), "core stage because D-4821 failed", id="one service"),
        pytest.param(
            replace(FAILED, progress=following(Stage.LIVE, Stage.FAILED)),
            "core stage because D-4821 failed",
            id="what went live stays",
        ),
    ],
)
def test_what_failed_goes_back_to_what_was_there(failed, command):
    assert command == undoing(failed).command


@pytest.mark.parametrize(
    "nothing",
    [
        pytest.param(replace(FAILED, phase=Phase.LIVE), id="it is live"),
        pytest.param(replace(FAILED, written=None), id="nobody knows of a commit"),
        pytest.param(replace(FAILED, plan=None), id="it was never planned"),
        pytest.param(planned(replace(CORE, old=None)), id="nothing was there before"),
        pytest.param(planned(replace(CORE, old="v2")), id="nothing was changed"),
        pytest.param(
            replace(FAILED, request=replace(REQUEST, kind=Kind.ROLLBACK)), id="a rollback itself"
        ),
    ],
)
def test_there_is_no_way_back_where_nothing_stands(nothing):
    assert undoing(nothing) is None


def test_the_command_reads_as_the_rollback_it_is():
    text = replace(undoing(planned(CORE)), environment="stage").command
    expected = Rollback(("core",), "stage", reason="D-4821 failed")
    assert expected == parse("rollback", text, catalog())
