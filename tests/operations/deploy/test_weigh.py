"""What is made of a judgement where somebody did not answer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import Garbled, Unavailable
from bot.domain.facts import ImageAbsent, TargetFacts
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Membership, Standing
from bot.domain.rules import NeedsApproval, judge
from bot.domain.unknown import Silence, Unknown
from bot.operations.deploy.weigh import weigh
from bot.operations.gathering.gathered import Gathered
from tests.domain.policies import IN, NOON, facts, proposal, target_facts

BUSY = Silence("GitHub", "read the teams", "answered 429", timedelta(seconds=7))
MUMBLES = Silence("ghcr.io", "look for the image", "no digest", garbled=True)
UNREAD = Membership(Standing.UNKNOWN, "GitHub answered 429", BUSY)
CLOSED = Unknown("ghcr.io does not let us see the image (403)")
AWAY = Unavailable("Argo CD main", "look at core")


def weighed(facts, away=None):
    made = Gathered(
        facts=facts,
        aims={},
        snapshot=None,
        observations={},
        between={},
        trouble=None,
        away=away,
        read_at=NOON,
    )
    return weigh(judge(proposal(), facts), made)


def teams(**answers):
    return facts(memberships={**facts().memberships, **answers})


def target(**changes) -> TargetFacts:
    return target_facts(**changes)


@pytest.mark.parametrize(
    ("read", "kind", "system"),
    [
        pytest.param(teams(release=UNREAD), Unavailable, "GitHub", id="a team"),
        pytest.param(facts(who=Unknown("x", BUSY)), Unavailable, "GitHub", id="who it is"),
        pytest.param(facts(target(image=Unknown("x", MUMBLES))), Garbled, "ghcr.io", id="an image"),
        pytest.param(
            facts(target(image=Unknown("x", MUMBLES), checks=Unknown("no right to read checks"))),
            Garbled,
            "ghcr.io",
            id="beside what will never be told",
        ),
    ],
)
def test_who_may_answer_next_time_is_asked_again(read, kind, system):
    found = weighed(read)

    assert type(found) is kind
    assert system == found.system


def test_it_is_asked_when_it_said():
    assert timedelta(seconds=7) == weighed(teams(release=UNREAD)).retry_after


def test_what_will_not_be_told_refuses_and_says_why():
    assert Problem(
        Reason.NOT_ANSWERED, {"question": "image", "detail": CLOSED.why, "service": "core"}
    ) == weighed(facts(target(image=CLOSED)))


def test_a_definite_no_does_not_wait_for_anybody():
    found = weighed(replace(teams(release=UNREAD), targets=(target(image=ImageAbsent()),)), AWAY)

    assert Reason.IMAGE_MISSING is found.reason


def test_silence_about_what_decides_nothing_stops_nobody():
    """One team is enough, whatever the others would say."""
    assert isinstance(weighed(teams(release=IN, oncall=UNREAD)), NeedsApproval)
