"""Gathers what the bot believes of a person who asks."""

from collections.abc import Callable

import structlog

from bot.config import People as Configured
from bot.config import Source
from bot.domain.belief import Belief, rights_held
from bot.domain.catalog import Catalog
from bot.domain.errors import BotError
from bot.domain.message import Message
from bot.domain.rights import Identified
from bot.messages.whoami import whoami
from bot.operations.books.identity_book import IdentityBook, Link
from bot.operations.identity.people import People

log = structlog.get_logger(__name__)


class Whoami:
    """Answers ``/ship whoami``. *may_link* tells whether people can link accounts themselves."""

    def __init__(
        self,
        people: People,
        catalog: Catalog,
        configured: Configured,
        book: IdentityBook,
        team: Callable[[], str | None],
        *,
        may_link: bool,
    ) -> None:
        self._people, self._catalog, self._configured = people, catalog, configured
        self._book, self._team, self._may_link = book, team, may_link
        grants = catalog.permissions.grants
        self._slugs = frozenset().union(*(grant.teams for grant in grants))

    def of(self, slack_user: str) -> Message:
        """Return what is believed of a Slack user, in words for them. It asks GitHub and Slack.

        Raises:
            Unavailable: the database is away.
        """
        return whoami(self.belief(slack_user))

    def belief(self, slack_user: str) -> Belief:
        """Return what is believed of a Slack user, read live."""
        who = self._people.who(slack_user, self._slugs, live=True)
        link = (
            self._link(slack_user, who.identity) if isinstance(who.identity, Identified) else None
        )
        return Belief(
            user=slack_user,
            identity=who.identity,
            sources=tuple(source.value for source in self._configured.sources),
            memberships=who.memberships,
            held=rights_held(self._catalog, who.memberships),
            since=link.at if link else None,
            others=self._others(slack_user, who.identity),
            open_profile=self._profile_is_open(),
            may_link=self._may_link,
        )

    def _link(self, slack_user: str, identity: Identified) -> Link | None:
        known = self._book.of(slack_user, self._team() or "")
        return next((link for link in known if link.source == identity.source), None)

    def _others(self, slack_user: str, identity: object) -> tuple[str, ...]:
        """Return further Slack users of ours who stood for the account, or will by the map."""
        if not isinstance(identity, Identified):
            return ()
        ours = self._team()
        seen = {link.slack for link in self._book.behind(identity.user.id) if link.team == ours}
        login = identity.user.login.casefold()
        mapped = {user for user, one in self._configured.logins.items() if one.casefold() == login}
        return tuple(sorted((seen | mapped) - {slack_user}))

    def _profile_is_open(self) -> bool:
        if Source.PROFILE not in self._configured.sources:
            return False
        try:
            return not self._people.sources.profile_is_protected()
        except BotError as error:
            log.warning("profile fields could not be read", error=str(error))
            return False
