"""Whether the teams that the configuration names are there: asked until it is known.

A team with a typo would let nobody in and say nothing.
"""

import threading

import structlog

from bot.adapters.github.teams import TeamProblem, Teams, Trouble
from bot.domain.rights import Permissions
from bot.messages.starting import missing_team, unasked_teams, unreadable_teams

log = structlog.get_logger(__name__)

NOT_ASKED = "GitHub has not been asked yet for the configured teams"


class TeamCheck:
    """Asks once for each configured team of *organization*; without any nothing is asked."""

    def __init__(self, teams: Teams, organization: str | None, permissions: Permissions) -> None:
        self._teams, self._organization = teams, organization or ""
        self._grants = permissions.grants if organization else ()
        self._slugs = sorted(frozenset().union(*(grant.teams for grant in self._grants)))
        self._one_at_a_time = threading.Lock()
        self.problems: tuple[str, ...] = ()
        """What is wrong for certain, a sentence for each."""
        self.unknown = unasked_teams(NOT_ASKED) if self._slugs else ""
        """Why nobody can tell yet; empty once it is known."""

    def ask(self) -> None:
        """Ask GitHub unless it is known already. A request for each team; it never raises.

        The first answer that does not come ends the round, and so does a missing right.
        """
        with self._one_at_a_time:
            if not self.unknown:
                return
            found = self._round()
            away = [one for one in found if one.trouble is Trouble.UNKNOWN]
            if away:
                self.unknown = unasked_teams(away[0].detail)
                log.warning("teams could not be looked up", error=away[0].detail)
                return
            self.problems, self.unknown = tuple(map(self._said, found)), ""
            for problem in self.problems:
                log.error("a configured team is missing", problem=problem)

    def _round(self) -> list[TeamProblem]:
        found: list[TeamProblem] = []
        for slug in self._slugs:
            found += self._teams.missing_teams(self._organization, [slug])
            if found and found[-1].trouble is not Trouble.MISSING:
                return found
        return found

    def _said(self, problem: TeamProblem) -> str:
        if problem.trouble is Trouble.NO_RIGHT:
            return unreadable_teams(self._slugs, problem.detail)
        named = (grant for grant in self._grants if problem.slug in grant.teams)
        return missing_team(problem.slug, named, problem.detail)
