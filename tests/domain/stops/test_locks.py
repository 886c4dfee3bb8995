from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.rights import GitHubUser
from bot.domain.stops.locks import Lock, expired, holds_against
from tests.domain.policies import ALICE, BOB, NOON

LOCK = Lock(BOB, frozenset({"core/prod"}), "database move", NOON, NOON + timedelta(hours=2))


@pytest.mark.parametrize(
    ("change", "target", "who", "after", "expected"),
    [
        pytest.param({}, "core/prod", ALICE.github, 0, True, id="another's lock"),
        pytest.param({}, "core/prod", BOB.github, 0, False, id="their own"),
        pytest.param({}, "core/prod", GitHubUser(2, "robert"), 0, False, id="renamed since"),
        pytest.param({}, "core/prod", GitHubUser(9, "bob"), 0, True, id="another of that login"),
        pytest.param({}, "core/prod", None, 0, True, id="nobody known"),
        pytest.param({}, "core/stage", ALICE.github, 0, False, id="another environment"),
        pytest.param({}, "web/prod", ALICE.github, 0, False, id="another service"),
        pytest.param(
            {"targets": frozenset({"*/prod"})}, "web/prod", ALICE.github, 0, True, id="all"
        ),
        pytest.param(
            {"targets": frozenset({"*/prod"})},
            "web/dev",
            ALICE.github,
            0,
            False,
            id="all elsewhere",
        ),
        pytest.param({"warn_only": True}, "core/prod", ALICE.github, 0, False, id="it only warns"),
        pytest.param({}, "core/prod", ALICE.github, 7199, True, id="a second before its end"),
        pytest.param({}, "core/prod", ALICE.github, 7200, False, id="at its end"),
        pytest.param({"until": None}, "core/prod", ALICE.github, 10**8, True, id="without an end"),
    ],
)
def test_a_lock_holds(change, target, who, after, expected):
    lock = replace(LOCK, **change)
    assert expected is holds_against(lock, target, who, NOON + timedelta(seconds=after))


def test_a_lock_without_an_end_never_expires():
    assert not expired(replace(LOCK, until=None), NOON + timedelta(days=10_000))
