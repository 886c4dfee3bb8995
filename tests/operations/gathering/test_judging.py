"""Looking ahead comes to what the deploy itself would come to."""

from dataclasses import replace

import pytest

from bot.adapters.github.comparison import Comparison
from bot.domain.errors import Unavailable
from bot.domain.facts import Relation
from bot.domain.operations import Kind, Request
from bot.domain.problems import Problem, Reason
from bot.domain.rules import Allowed, NeedsApproval, Refused
from bot.domain.unknown import Unknown
from bot.operations.gathering.gathered import Gathered
from bot.operations.gathering.judging import Judging
from tests.domain.policies import TWO_OF_SRE, facts, policy

REQUEST = Request(Kind.DEPLOY, ("core",), "prod", "a1b2c3d4", "U0ALICE", "C0DEPLOY")
MISSING = Problem(Reason.FILE_MISSING, {"file": "apps/core/kustomization.yaml"})
UNREAD = {"question": "authors", "detail": "no answer", "service": "core"}
COMPARED = Comparison(Relation.AHEAD, ahead_by=1)
AWAY = Unavailable("GitHub", "read the files")


class World:
    """Answers with what it was told, and remembers what it was asked."""

    def __init__(self, gathered):
        self.gathered, self.asked = gathered, []

    async def gather(self, request):
        self.asked.append(request)
        return self.gathered


def gathered(trouble=None, away=None, between=COMPARED, **changes):
    world = facts(**changes)
    ways = {target.source: between for target in world.targets}
    return Gathered(world, {}, None, {}, ways, trouble, away, world.at)


@pytest.mark.parametrize(
    ("world", "expected"),
    [
        pytest.param(gathered(), NeedsApproval(TWO_OF_SRE), id="two have to approve"),
        pytest.param(gathered(policy=policy(approvals=None)), Allowed(), id="it may start"),
        pytest.param(
            gathered(between=Unknown("no answer")),
            Refused(Problem(Reason.NOT_ANSWERED, UNREAD)),
            id="nobody knows whose commits they are",
        ),
        pytest.param(gathered(trouble=MISSING), Refused(MISSING), id="what no rule words"),
        pytest.param(
            gathered(away=AWAY),
            Refused(
                Problem(
                    Reason.UNAVAILABLE,
                    {"system": "GitHub", "doing": "read the files", "detail": ""},
                )
            ),
            id="a silent system",
        ),
        pytest.param(
            gathered(trouble=MISSING, away=AWAY), Refused(MISSING), id="a definite no goes first"
        ),
    ],
)
def test_it_comes_to_what_the_deploy_would(world, expected):
    _, judgement = Judging(World(world)).why(REQUEST)
    assert expected == judgement.decision


def test_every_ruling_is_told_although_a_file_is_missing():
    _, whole = Judging(World(gathered())).why(REQUEST)
    _, judgement = Judging(World(gathered(trouble=MISSING))).why(REQUEST)
    assert whole.rulings == judgement.rulings


def test_an_override_is_judged_as_one():
    world = World(gathered())
    request = replace(REQUEST, override=True, reason="login is down")
    proposal, _ = Judging(world).why(request)
    assert ("login is down", [request]) == (proposal.override, world.asked)
