"""Drift: the word that asks for it, and the buttons of its rows."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, assert_never

import structlog
from slack_bolt import Ack

from bot.domain.catalog import Application, Catalog
from bot.domain.commands import Drift
from bot.domain.drift.reporting import Row
from bot.domain.drift.syncing import Barred
from bot.domain.errors import Unavailable
from bot.domain.message import Message
from bot.domain.problems import Problem
from bot.messages import replies
from bot.messages.drifting import drift as words
from bot.messages.drifting import drift_answers as answers
from bot.operations.drift.drift_desk import Answer, Done, DriftDesk, Over, Shown
from bot.operations.drift.drifting import Drifting
from handlers.errands import Doers, Errand, Errands, Facts, Reply, click
from handlers.later import Speaker

if TYPE_CHECKING:
    from handlers.desk import Desk  # which holds what looks at drift

log = structlog.get_logger(__name__)

CLICKS = (words.SYNC, words.DIFF, *words.SPANS)
"""The buttons that are answered at once, without a form."""


class Drifts:
    """Answers whoever asks about drift, and whoever clicks. Every method may ask outside."""

    def __init__(
        self,
        catalog: Catalog,
        drifting: Drifting,
        desk: DriftDesk,
        github: str,
        page: Callable[[Application], str],
    ) -> None:
        self._catalog, self._drifting, self._desk = catalog, drifting, desk
        self._github, self._page = github, page

    def hear(self, command: Drift) -> tuple[Message, Callable[[], Message]]:
        """Return what is said at once, and the work whose message follows."""
        places = self._places(command.environment)
        return words.looking(command.environment), lambda: self._report(places, 0)

    def more(self, value: str) -> Message:
        """Return the page that a button's *value* names; one that names none begins anew."""
        place, _, start = value.rpartition(":")
        known = place if place in self._catalog.environments else None
        number = int(start) if start.isdecimal() and len(start) < 6 else 0  # noqa: PLR2004
        return self._report(self._places(known), number)

    def find(self, value: str) -> Row | Over:
        """Return the row that a button's *value* names, if it stands.

        Raises:
            Unavailable: our own database is away.
        """
        return self._desk.find(_number(value))

    def click(self, action: str, value: str, user: str, asked: str) -> Message:
        """Do what the button *action* says to the row, and say what became of it."""
        number = _number(value)
        if action == words.SYNC:
            return self._said(lambda: self._desk.sync(number, user, asked))
        if action == words.DIFF:
            return self._said(lambda: self._desk.difference(number, user, asked))
        span = words.SPANS[action]
        return self._said(lambda: self._desk.snooze(number, user, asked, span))

    def acknowledge(self, value: str, user: str, asked: str, reason: str, days: int) -> Message:
        """Keep the row quiet, and say what became of it."""
        number, span = _number(value), timedelta(days=days)
        return self._said(lambda: self._desk.acknowledge(number, user, asked, reason, span))

    def _places(self, environment: str | None) -> tuple[str, ...]:
        return (environment,) if environment else tuple(self._catalog.environments)

    def _report(self, places: tuple[str, ...], start: int) -> Message:
        made = self._drifting.page(places, start) if start else self._drifting.asked(places)
        return words.report(made, self._github, self._page)

    def _said(self, work: Callable[[], Answer]) -> Message:
        try:
            done = work()
        except Unavailable as away:
            log.warning("a click on drift came to nothing", error=str(away))
            return replies.try_again()
        match done:
            case Done(row=row):
                return answers.done(row)
            case Shown(row=row, found=found):
                return answers.difference(row, found)
            case Over():
                return answers.over()
            case Barred():
                return answers.barred(done)
            case Problem():
                return replies.refused(done)
            case _:
                assert_never(done)


CLICK, QUIET = "drift click", "acknowledge drift"


def doers(drifts: Drifts) -> Doers:
    """Return who answers the buttons of a row, and its form."""

    def clicked(facts: Facts) -> Message:
        return drifts.click(facts["action"], facts["value"], facts["user"], facts["asked"])

    def quiet(facts: Facts) -> Message:
        who, days = (facts["value"], facts["user"], facts["asked"]), int(facts["days"])
        return drifts.acknowledge(*who, facts["reason"], days)

    return {CLICK: clicked, QUIET: quiet}


def on_drift_click(
    ack: Ack, body: dict[str, Any], action: dict[str, Any], errands: Errands
) -> None:
    """Answer a button of a row; only the person who clicked reads the answer."""
    errands.run(click(CLICK, body, action), ack)


def on_drift_more(
    ack: Ack,
    body: dict[str, Any],
    action: dict[str, Any],
    drifts: Drifts,
    desk: "Desk",
    speaker: Speaker,
) -> None:
    """Show the next page below the one that was clicked on."""
    ack()
    value, user = str(action.get("value", "")), body["user"]["id"]
    speaker.respond(body["response_url"], desk.for_members(user, lambda: drifts.more(value)))


def on_drift_acknowledge(
    ack: Ack, body: dict[str, Any], action: dict[str, Any], drifts: Drifts, speaker: Speaker
) -> None:
    """Ask why, if there is still something to acknowledge; who may is judged with the answer."""
    try:
        row = drifts.find(str(action.get("value", "")))
    except Unavailable as away:
        log.warning("no form", error=str(away))
        ack()
        speaker.respond(body["response_url"], replies.try_again)
        return
    ack()
    if isinstance(row, Over):
        speaker.respond(body["response_url"], answers.over)
    else:
        channel = str((body.get("container") or {}).get("channel_id", ""))
        speaker.open(body["trigger_id"], answers.form(row, channel), body["response_url"])


def on_drift_form(ack: Ack, body: dict[str, Any], view: dict[str, Any], errands: Errands) -> None:
    """Take an acknowledgement with its reason and end."""
    values, user = view["state"]["values"], body["user"]["id"]
    reason = str(values[answers.REASON][answers.REASON]["value"] or "").strip()
    chosen = (values[answers.SPAN][answers.SPAN].get("selected_option") or {}).get("value")
    if not reason:
        ack(response_action="errors", errors={answers.REASON: answers.NO_REASON})
        return
    value, _, channel = str(view.get("private_metadata", "")).partition(":")
    facts = {
        "value": value,
        "user": user,
        "asked": f"drift:{view['id']}",
        "reason": reason,
        "days": chosen if chosen in answers.DAYS else "1",
    }
    errands.run(Errand(QUIET, facts["asked"], Reply(user, channel=channel or user), facts), ack)


def _number(value: str) -> int:
    """Return the item's id that a button carries; what is none names no item."""
    return int(value) if value.isdecimal() and len(value) < 16 else 0  # noqa: PLR2004
