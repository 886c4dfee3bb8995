"""Who a Slack user is on GitHub and how they stand to teams, read from Slack and GitHub at once.

For somebody on the map a live answer costs one GitHub request and one of Slack's ``users.info``,
however many teams are asked about; a no costs GitHub one more for each team, because that tells an
open invitation from nothing. Where nothing must be live, Slack's word is remembered for a minute
and GitHub's as ``bot.adapters.github.membership_cache`` says.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta

import structlog

from bot.adapters.github.membership_cache import MembershipCache
from bot.adapters.github.teams import Account, Teams
from bot.adapters.slack import Slack
from bot.clock import Clock
from bot.config import People as Configured
from bot.domain.errors import BotError, NotFound
from bot.domain.rights import (
    Identified,
    Identity,
    Membership,
    Standing,
    Unidentified,
    Who,
    WhyNot,
)
from bot.domain.terminal import SOURCE, account_of
from bot.domain.unknown import Silence, Unknown, unknown
from bot.operations.books.identity_book import IdentityBook, Link
from bot.operations.identity.identity_sources import Named, Sources
from bot.operations.identity.short_memory import ShortMemory
from bot.operations.threads import Pool

log = structlog.get_logger(__name__)

SLACK_FOR = timedelta(minutes=1)
"""Somebody deactivated or made a guest may act so long outside production."""

AT_ONCE = 8
"""Questions to Slack at once; GitHub is asked in the thread of whoever wants to know."""

NO_ORGANIZATION = "shipmate.yaml names no GitHub organization: set `github: {org: …}`"
NO_WORKSPACE = "Slack has not told us yet which workspace we are in"
_NO_WORKSPACE = Unknown(NO_WORKSPACE, Silence("Slack", "say which workspace we are in"))
_STOPPING = Unknown(
    "the bot is stopping", Silence("Slack", "say who this is", "the bot is stopping")
)
"""Neither ends an operation: it goes on with the answer, or at the next start."""


class People:
    """Reads people. One for the process; every method is for any thread.

    *organization* is the GitHub organization whose teams count, or None; *team* returns our Slack
    workspace's id, or None while it is not known. *remember* is how long GitHub's word stands in an
    emergency while it does not answer; zero: not at all.
    """

    def __init__(
        self,
        configured: Configured,
        organization: str | None,
        team: Callable[[], str | None],
        slack: Slack,
        teams: Teams,
        cache: MembershipCache,
        book: IdentityBook,
        clock: Clock,
        remember: timedelta = timedelta(),
    ) -> None:
        self.sources = Sources(configured, team, slack, book, clock)
        self._organization, self._team = organization, team
        self._slack, self._teams, self._cache = slack, teams, cache
        self._book, self._clock, self._remember = book, clock, remember
        self._outsiders: ShortMemory[WhyNot | None] = ShortMemory(clock, SLACK_FOR)
        self._pool = Pool(AT_ONCE, thread_name_prefix="people")

    def who(
        self, slack_user: str, slugs: Collection[str], *, live: bool, in_emergency: bool = False
    ) -> Who:
        """Return who a Slack user is, and how they stand to the teams *slugs*.

        It never raises: what could not be read is ``Unknown``. With *live* nothing remembered
        answers for a person, an account or a membership; only *in_emergency*, where GitHub does not
        answer, what it confirmed last may, for as long as is configured.

        Who speaks on the terminal (``github:<number>``) is asked for at GitHub alone.
        """
        if (number := account_of(slack_user)) is not None:
            return self._on_the_terminal(number, frozenset(slugs), live=live)
        emergency = in_emergency and self._remember > timedelta()
        wanted = frozenset(slugs)
        try:
            asked = self._pool.submit(self.outsider, slack_user, live=live)
        except RuntimeError:  # shutting down
            return Who(_STOPPING)
        named = self.sources.named(slack_user, live=live)
        account: Account | Unknown | None = None
        if isinstance(named, Named):
            account = self._account(named, wanted, live=live)
            if emergency and isinstance(account, Unknown):
                account = self._confirmed(named, wanted, account)
        believed = _believed(asked.result(), named)
        if not isinstance(believed, Named):
            return Who(believed)
        identity = self._identity(slack_user, believed, account)
        if not isinstance(identity, Identified) or not isinstance(account, Account):
            return Who(identity)
        return Who(identity, self._memberships(account, wanted, live=live), account.as_of)

    def _on_the_terminal(self, number: int, wanted: Collection[str], *, live: bool) -> Who:
        """Return who the account *number* is today; Slack knows nothing of them."""
        try:
            today = self._teams.user_by_id(number)
        except NotFound:
            return Who(Unidentified(WhyNot.NO_SUCH_ACCOUNT, f"number {number}"))
        except BotError as error:
            return Who(unknown(error))
        account = self._by_login(today.login, wanted, live=live)
        if isinstance(account, Unknown):
            return Who(account)
        if account is None or account.user.id != number:
            return Who(Unidentified(WhyNot.ACCOUNT_CHANGED, today.login))
        memberships = self._memberships(account, wanted, live=live)
        return Who(Identified(account.user, SOURCE), memberships, account.as_of)

    def _confirmed(
        self, named: Named, wanted: Collection[str], silent: Unknown
    ) -> Account | Unknown:
        """Return what GitHub last said of *named* where it is *silent*, not where it refuses us."""
        if self._organization is None or silent.silence is None:
            return silent
        last = self._cache.confirmed(self._organization, named.login, wanted, self._remember)
        if last is None:
            return silent
        log.warning("goes by GitHub's last word", login=named.login, as_of=str(last.as_of))
        return last

    def outsider(self, slack_user: str, *, live: bool) -> WhyNot | Unknown | None:
        """Return why a Slack user may not act here whoever they are on GitHub; None: they may.

        It never raises. Only full members of our own workspace may.
        """
        if self._team() is None:
            return _NO_WORKSPACE
        try:
            return self._outsiders.recall(
                slack_user, lambda: self._ask_slack(slack_user), live=live
            )
        except NotFound:
            return WhyNot.STRANGER
        except BotError as error:
            return unknown(error)

    def close(self) -> None:
        """Let what runs end; take no more questions."""
        self._pool.shutdown(wait=False, cancel_futures=False)

    def _ask_slack(self, slack_user: str) -> WhyNot | None:
        person = self._slack.person(slack_user)
        if person.is_stranger or person.team != self._team():
            return WhyNot.STRANGER
        if person.deleted:
            return WhyNot.DEACTIVATED
        if person.is_bot:
            return WhyNot.BOT
        return WhyNot.GUEST if person.is_guest else None

    def _account(
        self, named: Named, wanted: Collection[str], *, live: bool
    ) -> Account | Unknown | None:
        """Return the account that *named* means: by its login, and in a proven link by its number.

        A link is followed through a change of its login; other sources know no number to follow.
        """
        account = self._by_login(named.login, wanted, live=live)
        if named.link is None or isinstance(account, Unknown) or _is(account, named.link):
            return account
        try:
            today = self._teams.user_by_id(named.link.user.id)
        except NotFound:
            return account
        except BotError as error:
            return unknown(error)
        return self._by_login(today.login, wanted, live=live)

    def _by_login(
        self, login: str, wanted: Collection[str], *, live: bool
    ) -> Account | Unknown | None:
        if self._organization is not None:
            return self._cache.account(self._organization, login, wanted, live=live)
        try:
            return Account(self._teams.user(login), frozenset())
        except NotFound:
            return None
        except BotError as error:
            return unknown(error)

    def _identity(
        self, slack_user: str, named: Named, account: Account | Unknown | None
    ) -> Identity:
        """Return whom *named* stands for.

        A login that belongs to another number than the one remembered is refused.
        """
        if isinstance(account, Unknown):
            return account
        if account is None:
            return Unidentified(WhyNot.NO_SUCH_ACCOUNT, named.login)
        if named.link is not None and not _is(account, named.link):
            return Unidentified(WhyNot.ACCOUNT_CHANGED, named.login)
        known = self._remembered(slack_user, named, account)
        if isinstance(known, Unknown):
            return known
        if known.user.id != account.user.id:
            log.warning("a login changed hands", by=slack_user, login=named.login)
            return Unidentified(WhyNot.ACCOUNT_CHANGED, named.login)
        return Identified(account.user, named.source)

    def _remembered(self, slack_user: str, named: Named, account: Account) -> Link | Unknown:
        team = self._team()
        if team is None:
            return _NO_WORKSPACE
        by = named.link.by if named.link is not None else "shipmate"
        seen = Link(slack_user, team, named.source, account.user, self._clock.now(), by)
        try:
            return self._book.remember(seen)
        except BotError as error:
            return unknown(error)

    def _memberships(
        self, account: Account, wanted: Collection[str], *, live: bool
    ) -> Mapping[str, Membership]:
        if self._organization is None:
            return dict.fromkeys(wanted, Membership(Standing.UNKNOWN, NO_ORGANIZATION))
        return self._cache.memberships(self._organization, wanted, account, live=live)


def _believed(
    outside: WhyNot | Unknown | None, named: Named | Unknown | None
) -> Named | Unidentified | Unknown:
    """Return the login to go by, or why there is none; Slack's word on the person goes first."""
    if isinstance(outside, Unknown):
        return outside
    if outside is not None:
        return Unidentified(outside)
    return named if named is not None else Unidentified(WhyNot.NOT_LINKED)


def _is(account: Account | None, link: Link) -> bool:
    return account is not None and account.user.id == link.user.id
