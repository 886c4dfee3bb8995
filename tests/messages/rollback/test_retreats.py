"""How far a rollback goes back, in words."""

from dataclasses import replace

import pytest

from bot.domain.operations import Change, Kind, Phase, Plan
from bot.domain.rollback.retreats import Beside, Lost, Retreat
from bot.domain.unknown import Unknown
from bot.messages.approval_card import approval_card
from bot.messages.cards import card
from bot.messages.rollback.retreats import ROOM, held_lines, retreat_lines
from bot.messages.spans import length, mrkdwn
from tests.messages.limits import assert_slack_takes
from tests.messages.operations import ASKED, REQUEST, WRITTEN, operation
from tests.messages.reading import read
from tests.messages.test_approval_card import HOSTILE, LINKS, hostile_case

RETREAT = Retreat("core", "v1", ASKED, left=False, lost=Lost(3, ("Ann", "Bo")), beside=Beside())


def said(*retreats):
    return [mrkdwn(one, 3_000) for one in retreat_lines(retreats)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({}, "That takes away 3 commits by Ann and Bo.", id="commits and authors"),
        pytest.param({"lost": Lost(1, ("Ann",))}, "takes away 1 commit by Ann.", id="one commit"),
        pytest.param({"lost": Lost(0)}, "That takes away no commit.", id="none"),
        pytest.param({"lost": Unknown("no")}, "could not be read", id="commits are unknown"),
        pytest.param({"left": True}, "`v1` was rolled back itself before.", id="left before"),
        pytest.param(
            {"beside": Beside(("a/config.yaml", "a/m.sql"))},
            "left as it is now: `a/config.yaml` and `a/m.sql`.",
            id="other files",
        ),
        pytest.param(
            {"beside": Beside(("a/config.yaml",), more=True)}, "(and perhaps more)", id="cut"
        ),
        pytest.param({"beside": Beside((), more=True)}, "a great many files", id="too many"),
        pytest.param(
            {"beside": Unknown("no")}, "What else changed for it in Git", id="files are unknown"
        ),
    ],
)
def test_what_people_should_know_is_said(change, says):
    assert says in " ".join(said(replace(RETREAT, **change)))


def test_nothing_is_said_where_nothing_goes_back_or_nothing_is_odd():
    assert [] == said()
    (only,) = said(RETREAT)
    assert "core to `v1`, which came there <!date^" in only


def test_many_services_are_counted():
    many = [replace(RETREAT, service="s" * 70, tag="t" * 120) for _ in range(30)]
    lines = retreat_lines(many)
    assert sum(map(length, lines)) <= ROOM + 40
    assert "more go back" in mrkdwn(lines[-1], 100)


def hostile(text, many):
    """Return *many* ways back in which every word from outside is *text*."""
    lost, beside = Lost(250, (text,) * 20), Beside((text,) * 50, more=True)
    return tuple(Retreat(f"{n}{text}", text, ASKED, True, lost, beside) for n in range(many))


CORE, BATCH = (Change(each, "f", "v2", "v1", "b") for each in ("core", "batch"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param(
            (CORE,), "*Held: *`v2` stays out until `/ship release core stage v2`.", id="one"
        ),
        pytest.param(
            (BATCH, CORE),
            "*Held: *what was left stays out until `/ship release batch,core stage`.",
            id="several",
        ),
        pytest.param(
            tuple(replace(CORE, service=f"service-{n}") for n in range(50)),
            "until `/ship release <service> stage`.",
            id="too many to name",
        ),
    ],
)
def test_a_rollback_that_is_live_says_what_it_keeps_out(changes, says):
    request = replace(REQUEST, kind=Kind.ROLLBACK)
    back = operation(Phase.LIVE, request=request, plan=Plan(*["x"] * 6, changes))
    assert says in read(card(back, LINKS, ASKED))


@pytest.mark.parametrize(
    "quiet",
    [
        pytest.param({"phase": Phase.FAILED}, id="it is not live"),
        pytest.param({"request": REQUEST}, id="a deploy"),
        pytest.param({"plan": Plan(*["x"] * 6, (replace(CORE, new="v2"),))}, id="nothing was left"),
    ],
)
def test_nothing_is_kept_out_otherwise(quiet):
    back = operation(
        Phase.LIVE, request=replace(REQUEST, kind=Kind.ROLLBACK), plan=Plan(*["x"] * 6, (CORE,))
    )
    assert [] == held_lines(replace(back, **quiet))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
@pytest.mark.parametrize("many", [1, 40])
def test_both_cards_have_room_for_it_and_read_no_markup(text, many):
    retreats = hostile(text, many)
    asked = approval_card(replace(hostile_case(text, many), retreats=retreats), LINKS)
    assert_slack_takes(asked)
    assert "<!channel>" not in asked.text
    changes = tuple(Change(one.service, text, text, f"{text}2", text) for one in retreats)
    plan = Plan(*[text] * 6, changes, retreats)
    for phase in Phase:
        assert_slack_takes(card(operation(phase, plan=plan, written=WRITTEN), LINKS, ASKED))
