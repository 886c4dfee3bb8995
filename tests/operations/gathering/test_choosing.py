"""What a request comes to at a target."""

import asyncio
from types import SimpleNamespace

import pytest

from bot.domain.operations import Kind, TakesBack
from bot.domain.problems import Reason
from bot.domain.rights import ITSELF
from bot.domain.rollback.going_back import Past, Told
from bot.domain.unknown import Unknown
from bot.operations.gathering.choosing import Choice, Chooser
from bot.operations.gathering.histories import Back
from tests.builders import NOON, catalog, environment, request, target

CORE = target("core", "stage")
GOOD, BAD, MENDED = "core-stage-a1", "core-stage-b2", "core-stage-c3"


async def says(answer):
    return answer


def chosen(current, failed):
    """Return what a rollback that nobody asked for comes to where Git says *current*."""
    past = Past(GOOD, "a" * 40, "D-0", NOON, Told.OURS, verified=True)
    wish = request(
        kind=Kind.ROLLBACK,
        version="",
        requester=ITSELF,
        takes_back=TakesBack("D-1", "U0ALICE", {"core": GOOD}, failed),
    )
    reader = SimpleNamespace(in_git=lambda _: says((current, None)))
    histories = SimpleNamespace(back=lambda *_: says(Back(past, None)))
    chooser = Chooser(wish, catalog([CORE], [environment("stage")]), None, reader, histories)
    return asyncio.run(chooser.choose(CORE))


@pytest.mark.parametrize(
    "failed",
    [
        pytest.param({"core": BAD}, id="what failed stands"),
        pytest.param({}, id="asked for before that was written down"),
    ],
)
def test_what_failed_goes_back_by_itself(failed):
    choice = chosen(BAD, failed)
    assert isinstance(choice, Choice)
    assert (GOOD, "D-1") == (choice.tag, choice.undoes)


def test_what_somebody_brought_since_is_never_taken_away_by_itself():
    problem = chosen(MENDED, {"core": BAD})
    assert Reason.VALUE_MOVED is problem.reason
    assert (BAD, MENDED) == (problem.facts["expected"], problem.facts["found"])


def test_what_nobody_can_read_is_unknown():
    assert isinstance(chosen(Unknown("GitHub is away"), {"core": BAD}), Unknown)
