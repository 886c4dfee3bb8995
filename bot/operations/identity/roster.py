"""Whom to call when people have to decide or to know: the members of teams, by their Slack ids.

It gives nobody a right. It is read with whatever is at hand, and where GitHub does not answer
nobody is called by name.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import timedelta
from itertools import islice

import structlog

from bot.adapters.github.teams import Teams
from bot.clock import Clock
from bot.config import People as Configured
from bot.config import Source
from bot.domain.errors import BotError
from bot.domain.rights import GitHubUser
from bot.operations.books.identity_book import IdentityBook
from bot.operations.identity.short_memory import ShortMemory

log = structlog.get_logger(__name__)

MOST = 20
"""The most people that one message calls."""

MEMBERS_FOR = timedelta(minutes=5)
"""How long it is remembered who is in a team. A right is never read from this."""


class Roster:
    """Knows who can be called. One for the process; every method is for any thread.

    *organization* is the GitHub organization of the teams, or None; *team* returns our Slack
    workspace's id, or None while it is not known.
    """

    def __init__(
        self,
        configured: Configured,
        organization: str | None,
        team: Callable[[], str | None],
        teams: Teams,
        book: IdentityBook,
        clock: Clock,
    ) -> None:
        self._configured, self._organization, self._team = configured, organization, team
        self._teams, self._book = teams, book
        self._members: ShortMemory[tuple[GitHubUser, ...]] = ShortMemory(clock, MEMBERS_FOR)

    def of(self, slugs: Collection[str], without: Collection[int] = ()) -> tuple[str, ...]:
        """Return the Slack ids of at most ``MOST`` members of the teams *slugs*; it never raises.

        *without* are GitHub ids of people who are not to be called. One GitHub request for each
        team that was not read lately.
        """
        people = {one.id: one for slug in sorted(slugs) for one in self._in(slug)}
        called = sorted(people.keys() - set(without), key=lambda one: people[one].login)
        return tuple(islice(self._known(people[one] for one in called), MOST))

    def known(self, person: GitHubUser) -> str | None:
        """Return the Slack id of *person* if a configured source knows it; it never raises."""
        return next(self._known([person]), None)

    def _in(self, slug: str) -> tuple[GitHubUser, ...]:
        organization = self._organization
        if organization is None:
            return ()
        try:
            return self._members.recall(
                slug, lambda: self._teams.members(organization, slug), live=False
            )
        except BotError as away:
            log.warning("nobody of a team is called", team=slug, error=str(away))
            return ()

    def _known(self, people: Iterable[GitHubUser]) -> Iterator[str]:
        """Yield one Slack id for each of *people* that a configured source knows."""
        mapped = {login.casefold(): slack for slack, login in self._configured.logins.items()}
        for one in people:
            by_map = mapped.get(one.login.casefold()) if self._uses(Source.MAP) else None
            if (found := by_map or self._remembered(one)) is not None:
                yield found

    def _uses(self, source: str) -> bool:
        return source in self._configured.sources

    def _remembered(self, person: GitHubUser) -> str | None:
        if self._configured.sources == (Source.MAP,):
            return None
        try:
            links = self._book.behind(person.id)
        except BotError as away:
            log.warning("somebody is not called", login=person.login, error=str(away))
            return None
        # What the map once said of somebody stands in the book too; the map itself says it now.
        believed = (
            one.slack
            for one in links
            if one.team == self._team() and one.source != Source.MAP and self._uses(one.source)
        )
        return next(believed, None)
