"""What the configured sources say of a Slack user: which GitHub login, and with which number.

The first source that names a login is believed. One that cannot be read ends the search: if the
next one were asked instead, an outage would change who somebody is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from bot.adapters.slack import Slack
from bot.clock import Clock
from bot.config import People as Configured
from bot.config import Source
from bot.domain.errors import BotError, NotFound
from bot.domain.unknown import Silence, Unknown, unknown
from bot.operations.books.identity_book import IdentityBook, Link
from bot.operations.identity.short_memory import ShortMemory

PROFILES_FOR = timedelta(minutes=1)
"""How long a profile, and which fields are protected, is remembered where nothing must be live."""

_FIELDS = "fields"


@dataclass(frozen=True, slots=True)
class Named:
    """*source* names *login*. *link* is the proven link it stands in, or None for other sources."""

    source: Source
    login: str
    link: Link | None = None


class Sources:
    """Asks the sources in their configured order. *team* is our Slack workspace, None if unknown.

    Every method is for any thread.
    """

    def __init__(
        self,
        configured: Configured,
        team: Callable[[], str | None],
        slack: Slack,
        book: IdentityBook,
        clock: Clock,
    ) -> None:
        self._configured, self._team = configured, team
        self._slack, self._book = slack, book
        self._values: ShortMemory[str] = ShortMemory(clock, PROFILES_FOR)
        self._protected: ShortMemory[frozenset[str]] = ShortMemory(clock, PROFILES_FOR)

    def named(self, slack: str, *, live: bool) -> Named | Unknown | None:
        """Return the first login that a source names for a Slack user; None: none names one.

        It never raises. With *live* Slack is asked anew.
        """
        for source in self._configured.sources:
            try:
                found = self._ask(source, slack, live=live)
            except BotError as error:
                return unknown(error)
            if found is not None:
                return found
        return None

    def profile_is_protected(self, *, live: bool = False) -> bool:
        """Tell whether people cannot type into the configured profile field themselves.

        Raises:
            BotError: Slack did not say.
        """
        fields = self._protected.recall(_FIELDS, self._slack.protected_fields, live=live)
        return self._configured.profile_field in fields

    def _ask(self, source: Source, slack: str, *, live: bool) -> Named | Unknown | None:
        match source:
            case Source.MAP:
                login = self._configured.logins.get(slack)
                return Named(source, login) if login else None
            case Source.PROFILE:
                login = self._profile(slack, live=live)
                return Named(source, login) if login else None
            case Source.LINK:
                return self._link(slack)
            case _:
                assert_never(source)

    def _profile(self, slack: str, *, live: bool) -> str:
        """Return the login in the profile; empty too where anybody could have typed it."""
        field = self._configured.profile_field
        if field is None or not self.profile_is_protected(live=live):
            return ""
        try:
            value = self._values.recall(
                slack, lambda: self._slack.profile_value(slack, field), live=live
            )
        except NotFound:
            return ""
        return value.strip().removeprefix("@")

    def _link(self, slack: str) -> Named | Unknown | None:
        team = self._team()
        if team is None:
            return Unknown(
                "Slack has not told us yet which workspace we are in",
                Silence("Slack", "say which workspace we are in"),
            )
        found = [link for link in self._book.of(slack, team) if link.source == Source.LINK]
        return Named(Source.LINK, found[0].user.login, found[0]) if found else None
