"""How people link their GitHub account: a code, GitHub's word, and their own yes; then a link.

GitHub's word binds whoever typed the code, and the code may have been forwarded. So the account is
offered in private to the Slack user who asked, and only their own click makes the link, once and in
time. The offer stands in the database: the click may land on another replica. The code does not; a
bot that stops forgets who was typing, and they begin anew.
"""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

import structlog

from bot.adapters.github import device_flow
from bot.adapters.github.device_flow import Code, DeviceFlow, Ended, Linked, Pending
from bot.clock import Clock
from bot.config import People as Configured
from bot.config import Source
from bot.domain.errors import BotError, Unavailable
from bot.domain.message import Message
from bot.domain.problems import Problem, Reason
from bot.domain.rights import GitHubUser, Unidentified
from bot.domain.rules.people import unidentified
from bot.domain.unknown import Unknown
from bot.messages import linking as words
from bot.messages.replies import refused
from bot.operations.books.act_book import Act, ActBook, Deed
from bot.operations.books.identity_book import IdentityBook, Link
from bot.operations.books.link_book import Ending, LinkBook, NotOpen, Offer
from bot.operations.identity.people import NO_WORKSPACE, People
from bot.operations.saying.outbox import Letter, ToPerson, put
from bot.operations.sql.database import Database

log = structlog.get_logger(__name__)

MOST = 100
"""Codes followed at once: each is a question to GitHub every few seconds."""

ANSWER_WITHIN = timedelta(minutes=10)
"""How long somebody has to say that the account is theirs."""

_FAILURES = {
    device_flow.Why.EXPIRED: words.Failure.EXPIRED,
    device_flow.Why.DENIED: words.Failure.DENIED,
    device_flow.Why.USED: words.Failure.USED,
}


@dataclass(frozen=True, slots=True)
class _Typing:
    """A code that somebody may be typing: when GitHub is asked *next*, and when it *ends*."""

    code: Code
    next: datetime
    ends: datetime


class Linking:
    """Makes and forgets links. *flow* is None where linking is off. For any thread.

    ``follow`` is for its tick, every second or so.
    """

    def __init__(
        self,
        flow: DeviceFlow | None,
        configured: Configured,
        people: People,
        database: Database,
        team: Callable[[], str | None],
        clock: Clock,
        new_id: Callable[[], str] = secrets.token_urlsafe,
    ) -> None:
        self._flow, self._configured, self._people = flow, configured, people
        self._database, self._team, self._clock, self._new_id = database, team, clock, new_id
        self._identities, self._offers = IdentityBook(database), LinkBook(database)
        self._acts = ActBook(database)
        self._guard = threading.Lock()
        self._typing: dict[str, _Typing] = {}

    def begin(self, slack: str) -> Message:
        """Return the code for a Slack user to type on GitHub; asked again, the same one."""
        if self._flow is None or not self._configured.link:
            return words.off(configured=self._configured.link)
        if (problem := self._not_a_member(slack)) is not None:
            return self._refuse(slack, problem)
        now = self._clock.now()
        with self._guard:
            known = self._typing.get(slack)
            if (known is None or known.ends <= now) and len(self._typing) >= MOST:
                return words.too_many()
        if known is not None and known.ends > now:
            return self._shown(known, now)
        try:
            code = self._flow.begin()
        except BotError as error:
            log.warning("no code to link with", by=slack, error=str(error))
            return words.failed(str(error))
        typing = _Typing(code, now + code.interval, now + code.expires_in)
        with self._guard:
            self._typing[slack] = typing
        log.info("a link was begun", by=slack)
        return self._shown(typing, now)

    def follow(self) -> None:
        """Ask GitHub about every code that is due.

        Raises:
            Unavailable: our own database is away; whom GitHub just told of begins anew.
        """
        now = self._clock.now()
        with self._guard:
            due = {slack: one for slack, one in self._typing.items() if one.next <= now}
        for slack, typing in due.items():
            self._ask(slack, typing)

    def confirm(self, offer: str, slack: str) -> Message:
        """Take a Slack user's yes to *offer* and make the link.

        Raises:
            Unavailable: the database is away; nothing was linked.
        """
        if (problem := self._not_a_member(slack)) is not None:
            return self._refuse(slack, problem)
        settled = self._settle(offer, slack, Ending.CONFIRMED)
        if isinstance(settled, Message):
            return settled
        others = self._others(settled)
        link = Link(
            slack, settled.team, Source.LINK.value, settled.user, self._clock.now(), by=slack
        )
        told = [
            Letter(
                f"linked:{settled.id}:{other}",
                ToPerson(other),
                words.also_linked(slack, settled.user),
            )
            for other in others
        ]
        self._identities.replace(link, told)
        log.info("linked", by=slack, account=settled.user.id)
        believed = Source.LINK in self._configured.sources
        return words.linked(settled.user, others, believed=believed)

    def decline(self, offer: str, slack: str) -> Message:
        """Take a Slack user's no to *offer*.

        Raises:
            Unavailable: the database is away.
        """
        settled = self._settle(offer, slack, Ending.DECLINED)
        return settled if isinstance(settled, Message) else words.declined()

    def unlink(self, slack: str) -> Message:
        """Forget the link of a Slack user, and any code that they were typing.

        Raises:
            Unavailable: the database is away; nothing was forgotten.
        """
        with self._guard:
            self._typing.pop(slack, None)
        team = self._team()
        if team is None:
            return refused(_unread(NO_WORKSPACE))
        now = self._clock.now()
        gone = self._identities.forget(slack, team, Source.LINK.value, slack, now)
        return words.unlinked(gone.user if gone else None)

    def close(self) -> None:
        """Close the connections to GitHub."""
        if self._flow is not None:
            self._flow.close()

    def _shown(self, typing: _Typing, now: datetime) -> Message:
        code = typing.code
        return words.type_this(code.user_code, code.verification_uri, typing.ends - now)

    def _ask(self, slack: str, typing: _Typing) -> None:
        assert self._flow is not None
        if typing.ends <= self._clock.now():
            self._end(slack, typing, words.ended(words.Failure.EXPIRED))
            return
        try:
            answer = self._flow.poll(typing.code)
        except Unavailable as away:
            log.warning("a link waits for GitHub", by=slack, error=str(away))
            pause = max(typing.code.interval, away.retry_after or timedelta())
            self._again(slack, typing, replace(typing, next=self._clock.now() + pause))
            return
        except BotError as error:
            self._end(slack, typing, words.failed(str(error)))
            return
        match answer:
            case Pending(again, code):
                later = replace(typing, code=code, next=self._clock.now() + again)
                self._again(slack, typing, later)
            case Linked(user):
                self._offer(slack, typing, user)
            case Ended(why):
                self._end(slack, typing, words.ended(_FAILURES[why]))
            case _:
                assert_never(answer)

    def _offer(self, slack: str, typing: _Typing, user: GitHubUser) -> None:
        """Ask them in private whether the account is theirs."""
        team = self._team()
        if not self._is_over(slack, typing) or team is None:
            return  # They have taken it back meanwhile.
        now = self._clock.now()
        offer = Offer(self._new_id(), slack, team, user, now, now + ANSWER_WITHIN)
        message = words.is_it_you(offer.id, user, ANSWER_WITHIN)
        # The key gets into the message's metadata, so it is not the id that the click must know.
        key = f"link:{slack}:{now.isoformat()}"
        self._offers.offer(offer, Letter(key, ToPerson(slack), message))
        log.info("a link was offered", by=slack, account=user.id)

    def _end(self, slack: str, typing: _Typing, message: Message) -> None:
        if self._is_over(slack, typing):
            now = self._clock.now()
            key = f"link:{slack}:{now.isoformat()}"
            with self._database.write() as connection:
                put(connection, [Letter(key, ToPerson(slack), message)], now)

    def _is_over(self, slack: str, typing: _Typing) -> bool:
        """Stop following *typing*; False where it was taken back or replaced meanwhile."""
        with self._guard:
            if self._typing.get(slack) != typing:
                return False
            del self._typing[slack]
            return True

    def _again(self, slack: str, before: _Typing, later: _Typing) -> None:
        with self._guard:
            if self._typing.get(slack) == before:
                self._typing[slack] = later

    def _settle(self, offer: str, slack: str, ending: Ending) -> Offer | Message:
        team = self._team()
        if team is None:
            return refused(_unread(NO_WORKSPACE))
        settled = self._offers.settle(offer, slack, team, ending, self._clock.now())
        match settled:
            case Offer():
                return settled
            case NotOpen.UNKNOWN | NotOpen.NOT_YOURS:
                log.warning("a link was refused", by=slack, why=settled.value)
                return words.not_yours()
            case NotOpen.SETTLED:
                return words.over()
            case NotOpen.EXPIRED:
                return words.expired()
            case _:
                assert_never(settled)

    def _others(self, offer: Offer) -> tuple[str, ...]:
        """Return the other Slack users of ours who stand for the account."""
        known = self._identities.behind(offer.user.id)
        login = offer.user.login.casefold()
        mapped = {user for user, one in self._configured.logins.items() if one.casefold() == login}
        seen = {link.slack for link in known if link.team == offer.team}
        return tuple(sorted((seen | mapped) - {offer.slack}))

    def _not_a_member(self, slack: str) -> Problem | None:
        match outside := self._people.outsider(slack, live=True):
            case None:
                return None
            case Unknown(why):
                return _unread(why)
            case _:
                return unidentified(slack, Unidentified(outside))

    def _refuse(self, slack: str, problem: Problem) -> Message:
        now = self._clock.now()
        mark = f"link:{slack}:{now.isoformat()}"
        detail = {"wish": "link", "why": problem.reason.value}
        self._acts.note(Act(mark, now, slack, Deed.REFUSED, slack, None, detail))
        return refused(problem)


def _unread(why: str) -> Problem:
    return Problem(Reason.NOT_ANSWERED, {"question": "identity", "detail": why})
