"""Answers to one person alone: what became of their words, and what to do next."""

from collections.abc import Iterable
from datetime import timedelta

from bot.domain.message import Message
from bot.domain.operations import Operation, Phase
from bot.domain.problems import Problem
from bot.messages import blocks
from bot.messages.problems import say
from bot.messages.spans import (
    Bold,
    Code,
    Line,
    Link,
    Person,
    Text,
    code,
    line,
    listed,
    mrkdwn,
    name,
)
from bot.messages.times import elapsed
from bot.messages.wishes import NOUNS, asker, thing


def reply(*lines: Line, copy: Iterable[str] = ()) -> Message:
    """Return *lines* as a message, and under them each line to *copy* in a box of its own."""
    boxes = [text for text in copy if text]
    spoken = [span for each in lines for span in (*each, Text(" "))]
    spoken += [span for text in boxes for span in (Code(text), Text(" "))]
    elements = [blocks.lines(*lines), *map(blocks.to_copy, boxes)]
    return Message(mrkdwn(spoken[:-1], blocks.TEXT), (blocks.prose("reply", elements),))


def received(operation: Operation, card: str | None = None) -> Message:
    """Say that the request is written down. *card* is the address of its card, if it is known."""
    where = line(" ", Link(card, "Its card"), " follows it.") if card else _card_follows
    return reply(line("Received as ", Code(operation.id), ": ", *_what(operation), ".", *where))


def under_way(operation: Operation, card: str | None = None) -> Message:
    """Say that the same was asked before and has not ended; nothing new was started."""
    who = line(Code(operation.id), ", asked by ", asker(operation.request))
    where = line("Follow it on ", Link(card, "its card"), ".") if card else _card_follows[1:]
    said = line("Already under way as ", *who, ": ", *_what(operation), ".")
    return reply(line(*said, " Nothing new was started. ", *where))


_card_follows: Line = (
    Text(" "),
    Text("Its card follows in the environment's channel. "),
    Text("If you have no right to it, only you are told."),
)


click_again = reply(line("The question came too late for Slack to show it. Click once more."))
"""What a person reads whose form could not be opened."""


def refused(problem: Problem, copy: Iterable[str] = ()) -> Message:
    """Say why nothing was started, and what to do; *copy* are corrected commands."""
    words = say(problem)
    return reply(words.what, words.next, copy=copy)


def may_not_cancel(operation: Operation, user: str, why: Problem) -> Message:
    """Say that *user* may not cancel *operation*, *why*, and who may in any case."""
    said = line(Person(user), " may not cancel ", Code(operation.id), ". Nothing was changed.")
    teams = listed(map(name, why.facts.get("teams", "").replace(",", " ").split()), last=" or ")
    others = line(", or a member of ", *teams, ",") if teams else ()
    whom = line(asker(operation.request))
    if operation.request.takes_back is not None:  # nobody asked for it
        whom, others = (), line("a member of ", *teams) if teams else line("a platform engineer")
    may = line("Ask ", *whom, *others, " to cancel it.")
    return reply(said, say(why).what, may)


def cancelling(operation: Operation) -> Message:
    """Say that the wish to cancel is written down, and that the commit may have been quicker."""
    said = line("Asked to cancel ", Code(operation.id), ": ", *_what(operation), ".")
    if operation.phase is Phase.MERGING:
        return reply(
            line(*said, " Its pull request is being closed right now."),
            line(f"If it was merged before, the {NOUNS[operation.request.kind]} goes on."),
        )
    if operation.request.by_argocd:
        return reply(
            line(*said, " It is being prepared in Argo CD right now."),
            line("If Argo CD was asked before, the rollback goes on."),
        )
    return reply(
        line(*said, " Its commit is being written right now."),
        line(f"If that was quicker, the {NOUNS[operation.request.kind]} goes on."),
    )


def cancelled(operation: Operation) -> Message:
    """Say that *operation* is cancelled and nothing was changed."""
    said = line("Cancelled ", Code(operation.id), ": ", *_what(operation), ".")
    return reply(line(*said, " Nothing was changed. Send the command again to start anew."))


def too_late(operation: Operation, card: str | None = None) -> Message:
    """Say that *operation* can no longer be cancelled, what stands, and what to do."""
    phase, around = operation.phase, operation.request.by_argocd
    what = _STANDS_AROUND.get(phase) if around else None
    stands = line(Code(operation.id), " can no longer be cancelled: ", what or _STANDS[phase])
    instead = _LET_IT_END if what is not None else _INSTEAD[phase]
    follow = line(" See ", Link(card, "its card"), ".") if card else ()
    return reply(stands, line(instead, *follow))


_ENDED = "it has ended, and nothing was changed."
_STANDS = {
    Phase.RECEIVED: "it goes on right now.",
    Phase.CHECKING: "it goes on right now.",
    Phase.AWAITING: "it goes on right now.",
    Phase.QUEUED: "it goes on right now.",
    Phase.COMMITTING: "its commit is being written.",
    Phase.MERGING: "its pull request is being merged.",
    Phase.FOLLOWING: "its commit stands in Git, and Argo CD is bringing it out.",
    Phase.LIVE: "it is live.",
    Phase.REFUSED: _ENDED,
    Phase.CANCELLED: "it is cancelled already, and nothing was changed.",
    Phase.FAILED: "it has failed; its card says what stands.",
}
_STANDS_AROUND = {
    Phase.COMMITTING: "Argo CD is being prepared for it.",
    Phase.FOLLOWING: "Argo CD is rolling it back. Git does not know of it.",
    Phase.LIVE: "Argo CD has rolled it back. Git does not know of it.",
    Phase.FAILED: "it has failed; its card says what Argo CD runs, and how auto-sync stands.",
}
"""What stands where a rollback goes around Git: no commit."""

_LET_IT_END = "Once it has ended, its card says how to take it back in Git, too."
_BACK = "To undo it, send `/rollback` with the service and the environment."
_INSTEAD = {
    Phase.RECEIVED: "Try again in a moment.",
    Phase.CHECKING: "Try again in a moment.",
    Phase.AWAITING: "Try again in a moment.",
    Phase.QUEUED: "Try again in a moment.",
    Phase.COMMITTING: _BACK,
    Phase.MERGING: _BACK,
    Phase.FOLLOWING: _BACK,
    Phase.LIVE: _BACK,
    Phase.REFUSED: "There is nothing to cancel.",
    Phase.CANCELLED: "There is nothing to cancel.",
    Phase.FAILED: _BACK,
}


def unknown_operation(id: str, latest: Iterable[str] = ()) -> Message:  # noqa: A002  # what it is
    """Say that no operation has that *id*; *latest* are ids that could be meant."""
    said = line("There is no operation ", code(id, 40), ".")
    others = listed(map(Code, latest), most=5, last=" and ")
    if not others:
        return reply(
            said, line("Nothing has been asked for yet; ", Code("/ship help"), " shows how.")
        )
    return reply(said, line("The latest are ", *others, ". Each card shows its id."))


def looking(service: str | None, environment: str | None) -> Message:
    """Say that Git and Argo CD are being asked, and the answer follows."""
    whose = name(service) if service else Text("every service")
    where = line(" in ", name(environment)) if environment else ()
    return reply(line("Asking Git and Argo CD about ", whose, *where, "; the answer follows here."))


def checking_rights() -> Message:
    """Say that the person's rights are being read, and the answer follows."""
    return reply(line("Checking your rights; the answer follows here."))


def try_again() -> Message:
    """Say that the request could not be written down, so nothing was started."""
    return reply(
        line(Bold("Nothing was started: "), "the bot could not write your request down."),
        line("Please send the same command again in a minute."),
    )


def left_undone(said: str, age: timedelta) -> Message:
    """Say that what was asked for *age* ago was interrupted and is not gone on with.

    *said* are the words, where it was typed; empty for a click.
    """
    what = line("what you typed, ", code(said, 200), ",") if said else line("your click")
    return reply(
        line(
            Bold("Interrupted: "), "the bot stopped over ", *what, f" {elapsed(age)} ago, "
            "and that is too long ago to go on by itself.",
        ),
        line(
            "See ", Code("/ship status"), " for how things stand; ask again if you still want it."
        ),
    )  # fmt: skip


def edited() -> Message:
    """Say that an edited message is not obeyed a second time."""
    return reply(
        line("An edited message is not read again; nothing was started."),
        line("Please send the command as a new message."),
    )


def internal(incident: str) -> Message:
    """Say that the bot failed; *incident* is the id under which its log has the rest."""
    return reply(
        line("Something went wrong inside the bot, under the id ", code(incident, 60), "."),
        line(
            "See ",
            Code("/ship status"),
            " for what has happened; give the id to a platform engineer.",
        ),
    )


def _what(operation: Operation) -> Line:
    return thing(operation.request)
