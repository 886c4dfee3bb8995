"""What a rollback offers is said on its card, with a line to copy, and fits what Slack takes."""

from dataclasses import replace

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.going_around import Offer, WayAround
from bot.messages.cards import Links, card
from bot.messages.rollback.insisting import ACTIONS, offer_buttons, offer_lines
from bot.messages.spans import mrkdwn
from tests.domain.rollback.test_going_around import BACK, BARRED, OPEN, waiting
from tests.messages.limits import assert_slack_takes
from tests.messages.operations import ASKED, operation

AROUND, WITHOUT_HOOKS, ANYWAY = ACTIONS


def words(shown):
    return "\n".join(mrkdwn(one, 3_000) for one in offer_lines(shown))


def buttons(shown):
    return [one["action_id"] for one in offer_buttons(shown)]


HOOKED = replace(OPEN, hooks=("Job/migrate",))
SKIPPED = Problem(Reason.HOOKS_SKIPPED, {"app": "astrago", "hooks": "Job/migrate"})
FOREIGN = Problem(Reason.FOREIGN_VALUE, {"service": "core", "found": "v9", "back": "v1"})


@pytest.mark.parametrize(
    ("shown", "says", "offers"),
    [
        pytest.param(
            waiting(),
            ["bring back `core-stage-ba01` without GitHub", "core-stage-ba01 by argocd`"],
            [AROUND],
            id="open",
        ),
        pytest.param(
            waiting(HOOKED),
            ["It would skip `Job/migrate`", "by argocd without hooks`"],
            [AROUND],
            id="open, and hooks are skipped",
        ),
        pytest.param(
            waiting(replace(OPEN, offer=Offer.FOR_THE_CONFIRMED)),
            ["GitHub confirmed shortly before; <@U0ALICE> is none of them"],
            [AROUND],
            id="not for who asked",
        ),
        pytest.param(
            waiting(replace(OPEN, offer=Offer.NOBODY_CONFIRMED)),
            ["GitHub can't say now who may", "`emergency: {remember: 1h}`"],
            [],
            id="for nobody, and what is missing",
        ),
        pytest.param(
            waiting(BARRED),
            ["can't roll it back either", "switch auto-sync on again at once"],
            [],
            id="barred, and by whom",
        ),
        pytest.param(
            operation(Phase.REFUSED, request=replace(BACK, by_argocd=True), problem=SKIPPED),
            ["Or type `/rollback core stage by argocd without hooks`"],
            [WITHOUT_HOOKS],
            id="hooks",
        ),
        pytest.param(
            operation(Phase.REFUSED, request=BACK, problem=FOREIGN),
            ["Or type `/rollback core stage v1`"],
            [ANYWAY],
            id="a foreign value",
        ),
        pytest.param(operation(Phase.CHECKING, request=BACK), [], [], id="nothing"),
    ],
)
def test_what_is_offered(shown, says, offers):
    said = words(shown)
    for one in says:
        assert one in said, said
    assert bool(says) == bool(said)
    assert offers == buttons(shown)
    assert_slack_takes(card(shown, Links(), ASKED))


def test_however_long_the_names_are_slack_takes_the_card():
    many = tuple(f"service-{n}" * 6 for n in range(50))
    way = WayAround(Offer.OPEN, {one: f"{one}-v1" for one in many}, ("Job/" + "x" * 200,) * 30)
    shown = waiting(way, replace(BACK, services=many, reason="so " * 200))
    assert_slack_takes(card(shown, Links(), ASKED))
    assert "Or type" not in words(shown), "nobody copies that much"
