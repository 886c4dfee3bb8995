"""Locks and freezes with good defaults, for tests of their words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.rights import Actor, GitHubUser
from bot.domain.stops.freezes import AdHocFreeze, calendar_freeze
from bot.domain.stops.locks import Lock

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALICE = Actor("U0ALICE", GitHubUser(1, "alice"))
BOB = Actor("U0BOB", GitHubUser(2, "bob"))
CALENDAR = calendar_freeze("Asia/Seoul", days="fri-sun", start="17:00")


def lock(service="core", environment="prod", **changes):
    made = Lock(ALICE, frozenset({f"{service}/{environment}"}), "load test.", NOON, NOON + HOUR)
    return replace(made, **changes)


def freeze(**changes):
    return replace(AdHocFreeze("prod", ALICE, "incident 42", NOON), **changes)
