"""What was acked and must ask outside before it is done: it outlives the process that acked it.

An errand is written down before the ack, as a row of the inbox. Whoever acked it does it at once
and settles the row. Where they died, were stopped or had too much to do, the row falls due, and
another replica or the next start does it and answers. So an errand may be done twice; what it does
goes by ``asked`` and happens once.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from bot.adapters.slack import Slack
from bot.clock import Clock
from bot.domain.errors import BotError, Rejected, Unavailable
from bot.domain.message import Message
from bot.log import about
from bot.messages import replies
from bot.operations.deliveries.inbox import Delivery, Inbox
from handlers.later import End, Speaker, made

log = structlog.get_logger(__name__)

SOURCE = "slack"
"""Where errands come from, as the inbox names it."""

ALONE = timedelta(seconds=30)
"""How long whoever acked an errand has it for themselves. Mostly it takes one second."""

STALE = timedelta(minutes=5)
"""Who heard nothing for so long has asked again or gone another way: then it is told, not done."""

NEWS = timedelta(hours=12)
"""What nobody could be told of for so long is given up."""

Facts = Mapping[str, str]
"""What an errand is about, as Slack sent it: ids, the text of a command, the value of a button."""

LEFT_AT = "left_at"
"""The fact that an errand was left: when it had been asked for."""

Doers = Mapping[str, Callable[[Facts], Message]]
"""Who does an errand of which name; each returns what the person reads."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Where *user* reads the answer: at *url*, Slack's address for it, or else in *channel*."""

    user: str
    url: str = field(default="", repr=False)  # whoever knows it can answer in our name
    channel: str = ""
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing that *reply*'s user asked for. *asked* is the delivery's own name.

    *operation* is what it is about, for the log; *said* is what they typed, if they did.
    """

    name: str
    asked: str
    reply: Reply
    facts: Facts = field(default_factory=dict)
    operation: str = ""
    said: str = ""


def click(name: str, body: Mapping[str, Any], action: Mapping[str, Any]) -> Errand:
    """Return the errand of a click: what Slack's *body* and *action* say of it."""
    user, asked = str(body["user"]["id"]), f"action:{body['trigger_id']}"
    container, chosen = body.get("container") or {}, action.get("selected_option") or {}
    facts = {
        "user": user,
        "asked": asked,
        "action": str(action.get("action_id", "")),
        "value": str(action.get("value") or chosen.get("value") or ""),
        "channel": str(container.get("channel_id", "")),
        "ts": str(container.get("message_ts", "")),
    }
    return Errand(name, asked, Reply(user, str(body["response_url"])), facts)


def asked_at(facts: Facts) -> datetime | None:
    """Return when it was asked for, where it was left since; None: just now."""
    return datetime.fromisoformat(facts[LEFT_AT]) if LEFT_AT in facts else None


def click_on_card(name: str, body: Mapping[str, Any], action: Mapping[str, Any]) -> Errand:
    """Return the errand of a click whose value is the id of an operation."""
    errand = click(name, body, action)
    return replace(errand, operation=errand.facts["value"])


class Errands:
    """Takes errands and does them. One for the process; every method is for any thread.

    It listens to *inbox* for what was left, so it is made before the inbox begins.
    """

    def __init__(
        self, doers: Doers, inbox: Inbox, speaker: Speaker, slack: Slack, clock: Clock
    ) -> None:
        self._doers, self._inbox, self._speaker = doers, inbox, speaker
        self._slack, self._clock = slack, clock
        self._under_way: set[str] = set()
        self._lock = threading.Lock()
        inbox.listen(SOURCE, self.hear)

    def run(self, errand: Errand, ack: Callable[[], object]) -> None:
        """Write *errand* down, *ack*, and do it in the background.

        Where our database is away it is tried all the same, as long as this process lives.
        """
        waits = self._take(errand)
        ack()
        if waits:
            self._begin(errand)

    def hear(self, delivery: Delivery) -> None:
        """Do the errand of a row that fell due: the hearer of the inbox.

        None is ever set aside: nobody could send it again.

        Raises:
            Unavailable: Slack or our database is away, it is just being done here, or only another
                release can do it.
        """
        with self._lock:
            if delivery.id in self._under_way:
                raise Unavailable("the bot", "do an errand", "it is being done", ALONE)
        age = self._clock.now() - delivery.received_at
        log.warning("an errand was left", errand=delivery.event, seconds=round(age.total_seconds()))
        if age > NEWS * self._clock.speed:
            log.error("an errand was given up", errand=delivery.event)
        else:
            self._do_late(_read(delivery), delivery, age)
        self._inbox.settle(SOURCE, delivery.id)  # what it said is forgotten at once

    def _do_late(self, errand: Errand, delivery: Delivery, age: timedelta) -> None:
        with _named(errand):
            if age > STALE * self._clock.speed:
                message = replies.left_undone(errand.said, age)
            elif errand.name not in self._doers:
                raise _of_another_release(errand.name)
            else:
                left = {LEFT_AT: delivery.received_at.isoformat()}
                late = replace(errand, facts={**errand.facts, **left})
                message = made(partial(self._do, late))
            self._answer(errand, message, delivery)

    def close(self) -> None:
        """Give back what the speaker was not let finish: another replica does it at once."""
        with self._lock:
            left = sorted(self._under_way)
        if not left:
            return
        try:
            self._inbox.give_back(SOURCE, left)
        except Unavailable as away:
            log.warning("errands were left", count=len(left), error=str(away))

    def _take(self, errand: Errand) -> bool:
        """Write it down; tell whether it is still to be done: Slack repeats words it sent."""
        row = Delivery(SOURCE, errand.asked, errand.name, asdict(errand), self._clock.now())
        try:
            return self._inbox.take_in(row, after=ALONE)
        except Unavailable as away:
            log.warning("an errand is not written down", errand=errand.name, error=str(away))
            return True

    def _begin(self, errand: Errand) -> None:
        with self._lock:
            if errand.asked in self._under_way:
                return
            self._under_way.add(errand.asked)
        work, over = partial(self._do, errand), partial(self._over, errand.asked)
        to = errand.reply
        with _named(errand):
            if to.url:
                self._speaker.respond(to.url, work, over)
            else:
                self._speaker.tell(to.channel, to.user, errand.asked, work, to.thread or None, over)

    def _do(self, errand: Errand) -> Message:
        return self._doers[errand.name](errand.facts)

    def _over(self, asked: str, end: End) -> None:
        """Settle what was answered; what was not falls due and is done once more."""
        try:
            if end is End.SAID:
                self._inbox.settle(SOURCE, asked)
        except Unavailable as away:
            log.warning("an errand is not settled", error=str(away))
        finally:
            with self._lock:
                self._under_way.discard(asked)

    def _answer(self, errand: Errand, message: Message, delivery: Delivery) -> None:
        """Say *message* to whoever asked; where Slack will never take it, the log has it.

        Raises:
            Unavailable: Slack is away.
        """
        key, since = errand.asked, delivery.received_at
        try:
            try:
                self._say(errand.reply, message)
            except Rejected as nowhere:  # the address takes answers for half an hour
                log.info("told in private", why=str(nowhere))
                self._slack.direct(errand.reply.user, message, key=key, since=since)
        except Unavailable:
            raise
        except BotError as error:
            log.warning("an answer did not arrive", error=str(error))

    def _say(self, to: Reply, message: Message) -> None:
        if to.url:
            self._slack.respond(to.url, message)
        else:
            self._slack.post_ephemeral(to.channel, to.user, message, to.thread or None)


def _read(delivery: Delivery) -> Errand:
    """Return what the row says.

    Raises:
        Unavailable: another release wrote it.
    """
    body = dict(delivery.body)
    try:
        return Errand(**body | {"reply": Reply(**body["reply"])})
    except (KeyError, TypeError) as strange:
        raise _of_another_release(delivery.event) from strange


def _of_another_release(name: str) -> Unavailable:
    return Unavailable("the bot", f"do the errand {name!r}", "another release wrote it")


def _named(errand: Errand) -> AbstractContextManager[None]:
    return about(errand.operation) if errand.operation else nullcontext()
