"""Who may hold and release what, what a rollback holds, and who is told of it."""

from datetime import timedelta

import pytest

from bot.domain.commands.nouns import Hold, Release
from bot.domain.operations import Change, Kind
from bot.domain.problems import Problem, Reason
from bot.domain.rights import NOBODY
from bot.domain.stops.holds import WHOLE, NothingHeld, Released
from bot.domain.stops.locking import Refused
from bot.messages.stops.holding import release_answer
from bot.operations.books.hold_book import HoldBook
from bot.operations.standstill.holding import Holding
from tests.builders import operation, plan, request
from tests.operations.people import ALICE, BOB, NOON
from tests.operations.standing_ground import HOUR, Ground

BAD = "core-prod-bad"
WISH = Hold(("core",), "prod", BAD, "leaks memory")
WHOLE_WISH = Hold(("batch", "core"), "prod", None, "until the audit is over")
RELEASE = Release(("core",), "prod")


@pytest.fixture
def ground(database):
    made = Ground(database)
    made.book = HoldBook(database)
    made.deploys = {"U0ALICE", "U0BOB", "U0CAROL"}
    made.holding = Holding(made.catalog, may(made), made.book, made.acts, made.clock)
    return made


def may(ground):
    """Let everybody of the ground's rights lock, and those in *deploys* deploy."""

    def asked(user, action, services, place):
        if action.value == "deploy" and user not in ground.deploys:
            return Problem(Reason.NOT_PERMITTED, {"user": user, "action": action.value})
        if action.value == "lock" or user not in {"U0ALICE", "U0BOB", "U0CAROL"}:
            return ground.rights.may(user, action, services, place)
        return ground.rights.people.get(user) or ON_CALL[user]

    return asked


ON_CALL = {one.slack: one for one in (ALICE, BOB)}


def stands(ground):
    return [(one.target, one.hold.tag) for one in ground.book.standing()]


def may_not_lock(ground, *users):
    for user in users:
        ground.rights.people.pop(user)


def rolled_back(ground, by=ALICE, **changes):
    """Let a rollback of *by* have taken the bad version away."""
    made = operation(id="D-7", request=request(kind=Kind.ROLLBACK, environment="prod", **changes))
    taken = plan(changes=(Change("core", "f", BAD, "core-prod-good", "b" * 40),))
    return ground.holding.quarantine(made, taken, by)


def test_a_version_is_held_and_everybody_is_told_once(ground):
    (kept,) = ground.holding.hold(WISH, "U0ALICE", "c:1")
    assert (True, BAD, ALICE) == (kept.new, kept.held.hold.tag, kept.held.hold.by)
    assert not ground.holding.hold(WISH, "U0ALICE", "c:1")[0].new
    ((channel, text),) = ground.told()
    assert "C0PROD" == channel
    assert "📌 <@U0ALICE> holds `core-prod-bad` back from core in prod: leaks memory." in text
    assert f"/ship release core prod {BAD}" in text
    assert [("held", "U0ALICE", "core/prod")] == ground.deeds()


def test_a_whole_target_is_held(ground):
    ground.holding.hold(WHOLE_WISH, "U0ALICE", "c:1")
    assert [("batch/prod", WHOLE), ("core/prod", WHOLE)] == stands(ground)
    ((_, text),) = ground.told()
    assert "<@U0ALICE> holds batch and core in prod as it is: until the audit is over." in text
    assert "/ship release batch,core prod" in text


@pytest.mark.parametrize("wish", [WISH, RELEASE], ids=["hold", "release"])
def test_without_the_right_nothing_happens_but_the_refusal_is_kept(ground, wish):
    ground.holding.hold(WISH, "U0ALICE", "c:0")
    ground.told()
    do = ground.holding.hold if isinstance(wish, Hold) else ground.holding.release
    for _ in range(2):
        answer = do(wish, "U0MALLORY", "c:1")
        assert isinstance(answer, Refused)
        assert Reason.NOT_PERMITTED is answer.problem.reason
    assert [("core/prod", BAD)] == stands(ground)
    assert ["held", "refused"] == [what for what, _, _ in ground.deeds()]
    assert [] == ground.told()


def test_who_may_lock_releases_whatever_is_held_and_its_holder_is_told(ground):
    (kept,) = ground.holding.hold(WISH, "U0ALICE", "c:1")
    ground.told()
    for _ in range(2):
        assert Released((kept.held,)) == ground.holding.release(RELEASE, "U0BOB", "c:2")
    (everybody, alice) = ground.told()
    assert (
        "C0PROD",
        "📌 <@U0BOB> released `core-prod-bad` of core in prod, held by <@U0ALICE>.",
    ) == everybody
    assert "U0ALICE" == alice[0]
    assert f"/ship hold core prod {BAD} because" in alice[1]
    assert [] == ground.told()


@pytest.mark.parametrize("by", ["U0ALICE", "U0BOB"], ids=["whoever's", "their own"])
def test_a_release_that_was_left_ends_no_hold_that_came_after_it(ground, by):
    """Another replica does it half a minute later; by then a bad version may be held back anew."""
    ground.clock.at += timedelta(seconds=20)
    ground.holding.hold(WISH, "U0BOB", "c:2")
    ground.clock.at += timedelta(seconds=10)
    if by == "U0BOB":
        may_not_lock(ground, by)

    answer = ground.holding.release(RELEASE, by, "c:1", NOON)

    assert [("core/prod", BAD)] == stands(ground)
    if by == "U0ALICE":
        assert isinstance(answer, NothingHeld)
        said = release_answer(answer, by).text
        assert "Nobody holds" not in said
        assert "after you had asked" in said


def test_one_tag_is_released_and_what_still_stands_is_told(ground):
    ground.holding.hold(WISH, "U0ALICE", "c:1")
    ground.holding.hold(WHOLE_WISH, "U0ALICE", "c:2")
    answer = ground.holding.release(Release(("core",), "prod", BAD), "U0ALICE", "c:3")
    assert [(BAD, "core/prod")] == [(one.hold.tag, one.target) for one in answer.holds]
    assert [(WHOLE, "core/prod")] == [(one.hold.tag, one.target) for one in answer.still]


def test_releasing_what_nobody_holds_names_what_is_held_there(ground):
    ground.holding.hold(Hold(("batch",), "prod", None, "x"), "U0ALICE", "c:1")
    answer = ground.holding.release(RELEASE, "U0ALICE", "c:2")
    assert isinstance(answer, NothingHeld)
    assert ["batch/prod"] == [one.target for one in answer.others]


def test_a_rollback_holds_what_it_took_away_once(ground):
    for _ in range(2):
        (kept,) = rolled_back(ground, reason="it leaks")
        assert (BAD, "D-7", "it leaks", NOON) == (
            kept.held.hold.tag,
            kept.held.hold.operation,
            kept.held.hold.reason,
            kept.held.hold.since,
        )
        ground.passes(0 * HOUR)
    assert [("held", "U0ALICE", "core/prod")] == ground.deeds()
    assert [] == ground.told(), "its card says so"


def test_a_rollback_that_changes_nothing_holds_nothing(ground):
    made = operation(id="D-7", request=request(kind=Kind.ROLLBACK, environment="prod"))
    changes = (Change("core", "f", "a", "a", "b"), Change("batch", "f", None, "a", "b"))
    assert () == ground.holding.quarantine(made, plan(changes=changes), ALICE)
    assert [] == stands(ground)


def test_a_quarantine_that_was_released_does_not_begin_anew_by_the_same_rollback(ground):
    rolled_back(ground)
    ground.holding.release(RELEASE, "U0BOB", "c:1")
    rolled_back(ground)
    assert [] == stands(ground)


def test_what_shipmate_holds_by_itself_is_nobodys_and_only_the_channel_is_told(ground):
    rolled_back(ground, by=NOBODY)
    ground.holding.release(RELEASE, "U0BOB", "c:1")
    ((channel, text),) = ground.told()
    assert "C0PROD" == channel
    assert "held by Shipmate" in text


def test_who_rolled_back_may_release_it_again_if_they_may_deploy_there(ground):
    rolled_back(ground)
    may_not_lock(ground, "U0ALICE", "U0BOB")
    assert isinstance(ground.holding.release(RELEASE, "U0BOB", "c:1"), Refused), "not theirs"
    ground.deploys = set()
    assert isinstance(ground.holding.release(RELEASE, "U0ALICE", "c:2"), Refused)
    ground.deploys = {"U0ALICE"}
    assert isinstance(ground.holding.release(RELEASE, "U0ALICE", "c:3"), Released)
    assert [] == stands(ground)


def test_ones_own_is_released_and_anothers_stays_and_is_named(ground):
    rolled_back(ground)
    ground.holding.hold(Hold(("core",), "prod", None, "audit"), "U0BOB", "c:0")
    may_not_lock(ground, "U0ALICE")
    answer = ground.holding.release(RELEASE, "U0ALICE", "c:1")
    assert ([BAD], [WHOLE]) == (
        [one.hold.tag for one in answer.holds],
        [one.hold.tag for one in answer.still],
    )
