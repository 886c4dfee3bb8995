"""Team memberships as they were read a short while ago: faster, and never more than GitHub said.

A yes lives five minutes, anything else half a minute, and what could not be read is not kept at
all. An answer that is too old is never served, whatever happens to the question asked instead.
What GitHub confirmed last is told apart from that, to who may go by it while it is silent.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bot.adapters.github.teams import Account, Teams
from bot.clock import Clock
from bot.domain.rights import Membership, Standing
from bot.domain.unknown import Unknown

ALLOW_FOR = timedelta(minutes=5)
"""Somebody taken out of a team keeps a cached right for so long, if no webhook tells us sooner."""

DENY_FOR = timedelta(seconds=30)
"""Somebody just let into a team waits so long at most."""

MOST = 10_000
"""Answers kept; beyond that all are forgotten, which costs requests and nothing else."""

T = TypeVar("T")
_Key = tuple[str, str, str]
"""Organization, login and team slug in lower case; the slug is empty for an account."""


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    """An answer and when it was asked for: GitHub may have changed its mind while answering."""

    answer: T
    asked_at: datetime


class MembershipCache:
    """Asks *teams* and remembers. Safe to use from any thread.

    *live* in a question means that nothing remembered may answer it. The fresh answer is kept.
    """

    def __init__(self, teams: Teams, clock: Clock) -> None:
        self._teams = teams
        self._clock = clock
        self._guard = threading.Lock()
        self._memberships: dict[_Key, _Kept[Membership]] = {}
        self._accounts: dict[_Key, _Kept[Account | None]] = {}
        self._confirmed: dict[_Key, _Kept[Account | None]] = {}
        self._drops = 0

    def membership(self, org: str, slug: str, login: str, *, live: bool = False) -> Membership:
        """Return how *login* stands to a team: now if *live*, else as of five minutes at most."""
        key = _key(org, login, slug)
        kept = None if live else self._fresh(self._memberships, key, _life)
        if kept is not None:
            return kept.answer
        asked_at, drops = self._clock.now(), self._drops
        answer = self._teams.membership(org, slug, login)
        if answer.standing is Standing.UNKNOWN:
            self._forget(self._memberships, key)
        else:
            self._keep(self._memberships, key, _Kept(answer, asked_at), drops)
        return answer

    def memberships(
        self, org: str, slugs: Collection[str], account: Account, *, live: bool = False
    ) -> Mapping[str, Membership]:
        """Return how *account*, which ``account`` has just told, stands to each of *slugs*.

        When it is in one of them that is enough, and nothing is asked. Else each is asked singly,
        because that tells an open invitation from nothing.
        """
        if account.teams & set(slugs):
            return {slug: Membership(_is_in(slug in account.teams)) for slug in slugs}
        login = account.user.login
        return {slug: self.membership(org, slug, login, live=live) for slug in sorted(slugs)}

    def account(
        self, org: str, login: str, slugs: Collection[str] = (), *, live: bool = False
    ) -> Account | Unknown | None:
        """Return who *login* is and all their teams; None: no person has that login.

        It is of now if *live*. Else a set that holds one of *slugs* is of five minutes ago at
        most, and any other answer, which denies, of half a minute.
        """
        key = _key(org, login)

        def life(known: Account | None) -> timedelta:
            return ALLOW_FOR if known and known.teams & set(slugs) else DENY_FOR

        kept = None if live else self._fresh(self._accounts, key, life)
        if kept is not None:
            return kept.answer
        asked_at, drops = self._clock.now(), self._drops
        answer = self._teams.account(org, login)
        if isinstance(answer, Unknown):
            self._forget(self._accounts, key)
        else:
            self._keep(self._accounts, key, _Kept(answer, asked_at), drops)
            self._keep(self._confirmed, key, _Kept(answer, asked_at), drops)
        return answer

    def confirmed(
        self, org: str, login: str, slugs: Collection[str], within: timedelta
    ) -> Account | None:
        """Return who GitHub said, less than *within* ago, is in one of *slugs*; nobody is asked.

        Its last answer alone counts, and only if nothing was heard since that may change it.
        """
        with self._guard:
            kept = self._confirmed.get(_key(org, login))
        if kept is None or kept.answer is None or not kept.answer.teams & set(slugs):
            return None
        if not timedelta() <= self._clock.now() - kept.asked_at < within:
            return None
        return replace(kept.answer, as_of=kept.asked_at)

    def drop_user(self, org: str, login: str) -> None:
        """Forget one person: for GitHub's ``membership`` event.

        Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#membership
        """
        self._drop(lambda key: key[:2] == _key(org, login)[:2])

    def drop_organization(self, org: str) -> None:
        """Forget everybody: for the ``team`` and ``organization`` events."""
        self._drop(lambda key: key[0] == org.lower())

    def _drop(self, gone: Callable[[_Key], bool]) -> None:
        """Forget, and let no answer be kept that was asked for before this moment."""
        with self._guard:
            self._drops += 1
            for key in [key for key in self._memberships if gone(key)]:
                del self._memberships[key]
            for accounts in (self._accounts, self._confirmed):
                for key in [key for key in accounts if gone(key)]:
                    del accounts[key]

    def _forget(self, kept: dict[_Key, _Kept[T]], key: _Key) -> None:
        with self._guard:
            kept.pop(key, None)

    def _keep(self, kept: dict[_Key, _Kept[T]], key: _Key, new: _Kept[T], drops: int) -> None:
        """Keep *new* unless something was dropped since, or a later question is answered already.

        *drops* is how often something had been dropped when the question was asked.
        """
        with self._guard:
            known = kept.get(key)
            if drops != self._drops or (known is not None and known.asked_at > new.asked_at):
                return
            if len(self._memberships) + len(self._accounts) + len(self._confirmed) >= MOST:
                self._memberships.clear()
                self._accounts.clear()
                self._confirmed.clear()
            kept[key] = new

    def _fresh(
        self, kept: dict[_Key, _Kept[T]], key: _Key, life: Callable[[T], timedelta]
    ) -> _Kept[T] | None:
        """Return what is remembered and young enough, or None."""
        with self._guard:
            found = kept.get(key)
        if found is None:
            return None
        age = self._clock.now() - found.asked_at
        return found if timedelta(0) <= age < life(found.answer) else None


def _life(answer: Membership) -> timedelta:
    return ALLOW_FOR if answer.standing is Standing.YES else DENY_FOR


def _key(org: str, login: str, slug: str = "") -> _Key:
    """Return the key; GitHub tells no case apart in any of them."""
    return org.lower(), login.lower(), slug.lower()


def _is_in(member: bool) -> Standing:  # noqa: FBT001  # the one thing it translates
    return Standing.YES if member else Standing.NO
