"""Which services of many can move, each judged as if alone."""

from dataclasses import replace

import pytest

from bot.domain.approving.approval_case import InBetween
from bot.domain.facts import ImageAbsent, NoEarlierHome, Origin, RanBefore, RunsNow
from bot.domain.previews import Moves, Preview, by_author, staying, stranger
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action, Unidentified, WhyNot
from bot.domain.rules import Allowed, Refused
from bot.domain.unknown import Unknown
from tests.domain.policies import NOON, TAG, facts, proposal, target_facts

BOTH = proposal(action=Action.PROMOTE, services=("batch", "core"), version="")
CORE = target_facts()


def batch(**changes):
    return replace(target_facts(service="batch"), **changes)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        pytest.param(batch(), None, id="it can move, too"),
        pytest.param(
            batch(in_git=TAG, runs=RunsNow((TAG,), "Healthy")),
            Reason.ALREADY_THERE,
            id="it is there already",
        ),
        pytest.param(batch(image=ImageAbsent()), Reason.IMAGE_MISSING, id="no image"),
        pytest.param(
            batch(tag=Problem(Reason.UNHEALTHY_BEFORE, {})),
            Reason.UNHEALTHY_BEFORE,
            id="not healthy before",
        ),
        pytest.param(batch(runs=Unknown("no answer")), Reason.NOT_ANSWERED, id="nobody knows"),
        pytest.param(batch(in_git=Unknown("gone")), Reason.NOT_ANSWERED, id="no file"),
    ],
)
def test_one_service_never_keeps_another_from_moving(other, reason):
    found = staying(BOTH, facts(CORE, other))
    expected = {} if reason is None else {"batch": reason}
    assert expected == {service: why.reason for service, why in found.items()}


@pytest.mark.parametrize(
    ("before", "named"),
    [
        pytest.param(CORE.before, "stage", id="built for stage alone"),
        pytest.param(
            RanBefore("stage", True, (TAG,), "Healthy", NOON), None, id="the same tag in both"
        ),
        pytest.param(
            RanBefore("stage", False, ("other",), "Healthy", NOON), None, id="another version"
        ),
        pytest.param(Unknown("no answer"), None, id="nobody knows what runs there"),
    ],
)
def test_a_missing_image_names_what_alone_was_built(before, named):
    target = target_facts(image=ImageAbsent(), before=before)
    (why,) = staying(proposal(action=Action.PROMOTE), facts(target)).values()
    assert (Reason.IMAGE_MISSING, named) == (why.reason, why.facts.get("before"))


@pytest.mark.parametrize(
    ("origin", "named"),
    [
        pytest.param(Origin("dev", "develop-a1b2c3d"), "dev", id="its tag is of another kind"),
        pytest.param(Origin("dev", TAG), None, id="the very tag"),
    ],
)
def test_a_missing_image_names_where_it_came_from_if_nothing_comes_before(origin, named):
    target = target_facts(image=ImageAbsent(), before=NoEarlierHome(), origin=origin)
    (why,) = staying(proposal(action=Action.PROMOTE), facts(target)).values()
    assert (Reason.IMAGE_MISSING, named) == (why.reason, why.facts.get("before"))


def test_nobody_knows_a_stranger():
    who = Unidentified(WhyNot.NOT_LINKED)
    problem = stranger(BOTH, facts(CORE, who=who))
    assert problem is not None
    assert Reason.NOT_LINKED is problem.reason
    assert stranger(BOTH, facts(CORE)) is None


@pytest.mark.parametrize(
    ("moves", "decision", "is_open"),
    [
        pytest.param((), None, False, id="nothing moves"),
        pytest.param((Moves("core", "a", "b"),), Allowed(), True, id="allowed"),
        pytest.param(
            (Moves("core", "a", "b"),), Refused(Problem(Reason.FROZEN)), False, id="refused"
        ),
    ],
)
def test_only_what_may_be_ordered_is_open(moves, decision, is_open):
    assert is_open is Preview(None, "prod", moves, (), (), decision).is_open


def test_commits_are_grouped_by_author_the_busiest_first():
    one, two, three = (InBetween(n, n, who) for n, who in (("1", "Bo"), ("2", "Al"), ("3", "Al")))
    assert (("Al", (two, three)), ("Bo", (one,))) == by_author([one, two, three])
