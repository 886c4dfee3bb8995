"""Many clicks at the same instant: one outcome, and everybody is told the same."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from tests.attacks.conftest import pingvas
from tests.attacks.forging import forged_reason
from tests.scenarios.approving import APPROVE, ORG, Approving, plain

ROUNDS = 4


def two_in_dev(text):
    """Return the ``shipmate.yaml`` that asks two people in dev."""
    dev = "dev: {channel: C0DEV, "
    assert dev in text
    return text.replace(dev, f"{dev}approvals: {{count: 2, from: [sre]}}, ")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with pingvas(tmp_path_factory.mktemp("at_once"), two_in_dev) as told:
        for login in ("carol-park", "mallory"):
            told.github.add_member(ORG, "sre", login)
        yield told


def all_at_once(they, *acts):
    """Do *acts*, (who, what) each, at the same instant; return what each of them then reads."""
    start = Barrier(len(acts))
    seen = {who: len(they.slack.ephemerals(who)) for who, _ in acts}

    def run(act):
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as people:
        outcomes = list(people.map(run, (act for _, act in acts)))
    assert [200] * len(acts) == [outcome.status for outcome in outcomes]
    assert they.world.until(
        lambda: all(len(they.slack.ephemerals(who)) > count for who, count in seen.items()), 30
    )
    return [plain(they.slack.ephemerals(who)[-1].text) for who, _ in acts]


def as_if_nobody_had_spoken(connection, _number):
    return ()


@pytest.mark.guard("bot.operations.books.approval_book._decisions", as_if_nobody_had_spoken)
@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_yes_and_a_no_at_the_same_instant_have_one_outcome(world, _round):
    """Guard: the order in which ``ApprovalBook`` keeps decisions, under the operation's lock."""
    they = Approving(world)
    number = they.asks("user-service")
    card = they.told.card(number)

    yes, no = all_at_once(
        they,
        ("U0BOB", lambda: they.slack.click(APPROVE, by="U0BOB", message=card).outcome),
        ("U0CAROL", lambda: forged_reason(they.told, "U0CAROL", number, "not today")),
    )

    ended = they.told.ends_with_id(number, 15)
    if ended.phase is Phase.LIVE:
        assert "Approved by you" in yes
        assert "Too late" in no or "no longer waits" in no, no
        assert 1 == len(they.ours(number))
        assert "Rejected" not in they.told.card(number).words
    else:
        assert Reason.REJECTED_BY is ended.problem.reason
        assert "Rejected by you" in no
        assert "Too late" in yes or "no longer waits" in yes, yes
        assert [] == they.ours(number)
        assert "Approved by" not in they.told.card(number).words


def test_one_person_who_clicks_eight_times_at_once_counts_once(world):
    """Guards: ``approvals.bar``, then ``approval_book._said`` in the transaction, then its phase.

    Any one of them is enough, so none is taken out here.
    """
    they = Approving(world)
    number = they.asks("user-service")
    card = they.told.card(number)
    click = lambda: they.slack.click(APPROVE, by="U0BOB", message=card).outcome  # noqa: E731
    all_at_once(they, *[("U0BOB", click)] * 8)
    they.told.ends_with_id(number, 15)
    yes = [what for what, _ in they.told.timeline(number) if what == "approve"]
    assert 1 == len(yes)


@pytest.mark.guard("bot.operations.books.approval_book._decisions", as_if_nobody_had_spoken)
@pytest.mark.parametrize("_round", range(ROUNDS))
def test_two_yes_race_a_no_where_two_are_asked(world, _round):
    """Guard: as above. One end, and everybody is told the one that it was."""
    they = Approving(world)
    number = they.asks("user-service", environment="dev")
    card = they.told.card(number)
    click = they.slack.click

    bob, carol, no = all_at_once(
        they,
        ("U0BOB", lambda: click(APPROVE, by="U0BOB", message=card).outcome),
        ("U0CAROL", lambda: click(APPROVE, by="U0CAROL", message=card).outcome),
        ("U0MALLORY", lambda: forged_reason(they.told, "U0MALLORY", number, "no")),
    )

    ended = they.told.ends_with_id(number, 15)
    if ended.phase is Phase.LIVE:
        assert "Approved by you" in bob, bob
        assert "Approved by you" in carol, carol
        assert "goes on by itself" in bob + carol
        assert "Rejected by you" not in no, no
        (message,) = they.ours(number)
        assert "Approved-by: bob-lee" in message
        assert "Approved-by: carol-park" in message
    else:
        assert Reason.REJECTED_BY is ended.problem.reason
        assert "Rejected by you" in no, no
        assert "goes on by itself" not in bob + carol
        assert [] == they.ours(number)
