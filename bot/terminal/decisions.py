"""``approve``, ``reject``, ``cancel`` and ``follow``: about an operation that there is."""

from collections.abc import Sequence
from datetime import timedelta
from typing import assert_never

from bot.domain.commands import Cancel, Misread, MisreadReason
from bot.domain.operations import Operation
from bot.domain.problems import Problem
from bot.domain.rights import Action
from bot.domain.words import prose
from bot.messages import replies
from bot.messages.decisions import MOST_REASON, not_taken, taken
from bot.messages.terminal import decision_row, operation_row, problem_row
from bot.operations.books.act_book import ActBook
from bot.operations.deciding import Decided, Deciding, NotTaken, Taken
from bot.operations.deploy.approve import Approvers
from bot.operations.standstill.quiet import QuietRefusals
from bot.operations.store import CancelOutcome
from bot.terminal.asking import misread_as, read
from bot.terminal.ends import End, Ended, end_of
from bot.terminal.following import follow
from bot.terminal.ground import Ground, approvals
from bot.terminal.outside import Reached, reached

NO_REASON = "Say why, so that it can be put right: shipmate reject D-4821 because <reason>."


def approve(on: Ground, words: Sequence[str]) -> End:
    """Take the yes of whoever sits here, with the checks of a click.

    Raises:
        Ended: the words name no operation.
        Unavailable: the database is away; nothing was written.
    """
    operation_id, _ = _named(on, "approve", words)
    with reached(on) as outside:
        return _told(on, _deciding(on, outside).approve(operation_id, on.user, None))


def reject(on: Ground, words: Sequence[str]) -> End:
    """Take the no of whoever sits here, which has a reason; raises as ``approve``."""
    operation_id, reason = _named(on, "reject", words)
    if not reason:
        raise Ended(End.USAGE, "misread", NO_REASON)
    with reached(on) as outside:
        return _told(on, _deciding(on, outside).reject(operation_id, on.user, reason[:MOST_REASON]))


def cancel(on: Ground, words: Sequence[str]) -> End:
    """Cancel an operation: one's own, or as who may do the same there; raises as ``approve``."""
    operation = _existing(on, _named(on, "cancel", words)[0])
    if operation.request.requester != on.user:
        problem = _may_not(on, operation)
        if problem is not None:
            QuietRefusals(ActBook(on.database), on.clock).cancel(operation, on.user, problem)
            said = replies.may_not_cancel(operation, on.user, problem)
            on.out.say("refused", said, {"problem": problem_row(problem)})
            return end_of(problem)
    after, outcome = on.box.cancel(operation.id, on.user)
    return _cancelled(on, after or operation, outcome)


def again(on: Ground, words: Sequence[str], most: timedelta | None) -> End:
    """Follow an operation that somebody asked for anywhere; raises as ``approve``."""
    return follow(on, _existing(on, _named(on, "follow", words)[0]).id, most)


def _deciding(on: Ground, outside: Reached) -> Deciding:
    return Deciding(
        on.store,
        on.config.catalog,
        outside.gatherer,
        approvals(on),
        Approvers(outside.rights),
        outside.acts,
        _unheard,
        on.clock,
    )


def _unheard(_operation_id: str) -> None:
    """Wake nothing: the bot that works on it finds the decision in the book within a second."""


def _named(on: Ground, verb: str, words: Sequence[str]) -> tuple[str, str]:
    """Return the operation that *words* name, and what stands behind ``because``.

    Every one of these commands names its operation as ``cancel`` does.
    """
    lower = [word.casefold().rstrip(":") for word in words]
    place = lower.index("because") if "because" in lower else len(words)
    try:
        command = read(on, "cancel", words[:place])
    except Ended as ended:
        if not words:
            said = f"Name the operation: shipmate {verb} D-4821."
            raise Ended(End.USAGE, "misread", said) from ended
        raise
    if not isinstance(command, Cancel):
        raise misread_as(Misread(MisreadReason.EMPTY, {"verb": verb}))
    return command.operation, prose(" ".join(words[place + 1 :]))


def _existing(on: Ground, operation_id: str) -> Operation:
    operation = on.store.operation(operation_id)
    if operation is None:
        latest = [one.id for one in on.store.latest(limit=3)]
        said = replies.unknown_operation(operation_id, latest)
        raise Ended(End.USAGE, "unknown_operation", said)
    return operation


def _may_not(on: Ground, operation: Operation) -> Problem | None:
    request = operation.request
    with reached(on) as outside:
        action = Action(request.kind.value)
        may = outside.rights.may(on.user, action, request.services, request.environment)
    return may if isinstance(may, Problem) else None


def _told(on: Ground, decided: Decided) -> End:
    match decided:
        case Taken(operation, decision, tallied):
            row = decision_row(operation, decision, tallied)
            on.out.say("decided", taken(operation, decision, tallied), row)
            return End.DONE
        case NotTaken(problem=problem, operation=operation, whom=whom):
            facts = {
                "operation": operation.id if operation else None,
                "problem": problem_row(problem),
            }
            on.out.say("refused", not_taken(problem, whom), facts)
            return end_of(problem)
        case _:
            assert_never(decided)


def _cancelled(on: Ground, operation: Operation, outcome: CancelOutcome) -> End:
    row, event = operation_row(operation), f"cancel_{outcome.value}"
    match outcome:
        case CancelOutcome.CANCELLED:
            on.out.say(event, replies.cancelled(operation), row)
            return End.DONE
        case CancelOutcome.ASKED:
            on.out.say(event, replies.cancelling(operation), row)
            return End.UNDER_WAY
        case CancelOutcome.TOO_LATE | CancelOutcome.ENDED | CancelOutcome.UNKNOWN:
            on.out.say(event, replies.too_late(operation), row)
            return End.REFUSED
        case _:
            assert_never(outcome)
