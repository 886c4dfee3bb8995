"""Forgetting what is remembered of teams, in every replica, once GitHub says that they changed.

The replica that is told forgets at once. The others read it in the inbox some seconds later: each
remembers for itself, so each must forget for itself. Old news are left out, because nothing that
was remembered before them is served any more.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from cachetools import LRUCache

from bot.adapters.github.membership_cache import ALLOW_FOR, MembershipCache
from bot.clock import Clock
from bot.operations.deliveries.github_deliveries import at
from bot.operations.deliveries.inbox import Delivery, Inbox

log = structlog.get_logger(__name__)

MEMBERSHIP = "membership"
FORGETTING = frozenset({MEMBERSHIP, "team", "organization"})
"""Events at which somebody's rights may have changed.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

LOOK_BACK = 2 * ALLOW_FOR
"""How old news may be: a replica's clock may be behind, and a transaction takes its time."""

MOST = 10_000


class Forgetting:
    """Makes *memberships* forget. ``hear`` is for who is told, ``look`` for a tick."""

    def __init__(self, inbox: Inbox, memberships: MembershipCache, clock: Clock) -> None:
        self._inbox, self._memberships, self._clock = inbox, memberships, clock
        self._heard: LRUCache[int, None] = LRUCache(MOST)

    def look(self) -> None:
        """Forget what any replica was told lately.

        Raises:
            Unavailable: our own database is away.
        """
        since = self._clock.now() - LOOK_BACK
        for number, delivery in self._inbox.recent("github", FORGETTING, since):
            if number not in self._heard:
                self._heard[number] = None
                self.hear(delivery)

    def hear(self, delivery: Delivery) -> None:
        """Forget one person, or everybody where it is not plain whom it is about."""
        login = at(delivery.body, "member", "login")
        for organization in organizations(delivery.body):
            if delivery.event == MEMBERSHIP and login:
                self._memberships.drop_user(organization, login)
            else:
                self._memberships.drop_organization(organization)
        action = at(delivery.body, "action")
        log.info("teams changed on GitHub", hook=delivery.event, action=action)


def organizations(payload: Mapping[str, Any]) -> frozenset[str]:
    """Return the organization's login and, where it was renamed, the one before; lower case."""
    now = at(payload, "organization", "login")
    before = at(payload, "changes", "login", "from")
    return frozenset(name.lower() for name in (now, before) if name)
