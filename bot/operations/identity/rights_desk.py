"""Answers whether somebody may, for everything that is done at once: locks, freezes, clicks."""

from collections.abc import Collection

from bot.domain.catalog import Catalog
from bot.domain.entitlement import WHOLE, entitled
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action, Actor, Unidentified
from bot.domain.rules.people import unidentified
from bot.domain.rules.rulings import RuleName
from bot.domain.unknown import Unknown
from bot.operations.identity.people import People


class RightsDesk:
    """Joins people and the configured rights. Every method is for any thread."""

    def __init__(self, people: People, catalog: Catalog) -> None:
        self._people, self._catalog = people, catalog

    def may(
        self,
        slack_user: str,
        action: Action,
        services: Collection[str],
        environment: str,
        *,
        teams: frozenset[str] | None = None,
        in_emergency: bool = False,
    ) -> Actor | Problem:
        """Return who it is if they may do *action* to each of *services* now, else why not.

        No services mean the environment as a whole. *teams* stand in place of the configured ones.
        In production, and in an environment nobody knows, everything is read live; *in_emergency*
        is as in ``People.who``.
        """

        def teams_of(service: str) -> frozenset[str]:
            if teams is not None:
                return teams
            return self._catalog.permissions.teams(action, service, environment)

        place = self._catalog.environments.get(environment)
        wanted = frozenset().union(*map(teams_of, services or (WHOLE,)))
        live = place is None or place.production
        who = self._people.who(slack_user, wanted, live=live, in_emergency=in_emergency)
        return entitled(action, slack_user, who, services, environment, teams_of)

    def outsider(self, slack_user: str) -> Problem | None:
        """Return why a Slack user may not even look, or None for a full member.

        Slack's word is remembered for a minute.
        """
        match self._people.outsider(slack_user, live=False):
            case None:
                return None
            case Unknown(why):
                return Problem(Reason.NOT_ANSWERED, {"question": RuleName.IDENTITY, "detail": why})
            case why:
                return unidentified(slack_user, Unidentified(why))
