"""Answers to a click on Approve or Reject, for the person who clicked alone."""

from collections.abc import Collection
from typing import assert_never

from bot.domain.approving.approvals import (
    Approval,
    Approved,
    Decision,
    Expired,
    Outcome,
    Rejected,
    Void,
    Waiting,
)
from bot.domain.message import Message
from bot.domain.operations import Operation
from bot.domain.problems import Problem, Reason
from bot.messages import blocks
from bot.messages.problems import say
from bot.messages.replies import reply
from bot.messages.spans import Code, Line, Person, line, listed, name

REASON = "reason"
"""The block and action id of the question why."""

REJECTION = "reject_reason"
"""The callback id of the view that asks for it."""

MOST_REASON = 500


def taken(operation: Operation, decision: Decision, tallied: Outcome) -> Message:
    """Say that a decision was written down, and what it comes to with the others."""
    what = line(Code(operation.id))
    match tallied:
        case Waiting(missing=missing):
            more = "one more approval is" if missing == 1 else f"{missing} more approvals are"
            return reply(line("Approved by you: ", *what, f". {more.capitalize()} needed."))
        case Approved():
            if isinstance(decision, Approval):
                return reply(line("Approved by you: ", *what, ". It goes on by itself now."))
            late = line("Too late: ", *what, " was approved before your word came. ")
            return reply(line(*late, "Cancel it while it waits, or lock the service."))
        case Rejected(by=by):
            if isinstance(decision, Approval):
                return reply(line("Too late: ", *what, " was rejected by ", Person(by.slack), "."))
            return reply(line("Rejected by you: ", *what, ". Nothing was changed."))
        case Expired() | Void():
            return reply(line("Too late: ", *what, " no longer waits. See its card."))
        case _:
            assert_never(tallied)


def not_taken(problem: Problem, teams: Collection[str] = ()) -> Message:
    """Say why a click came to nothing, and what to do; *teams* could have decided."""
    words = say(problem)
    whom: Line = ()
    if teams and problem.reason is not Reason.NOT_AN_APPROVER:
        whom = line("Those who may decide: members of ", *listed(map(name, sorted(teams))), ".")
    return reply(*(one for one in (words.what, words.next, whom) if one))


def reject_view(operation: Operation) -> dict[str, object]:
    """Return the view that asks why. It carries the operation's id and nothing that is believed."""
    services = ", ".join(operation.request.services)
    label = f"Why is {services} not to go to {operation.request.environment}?"
    question: blocks.Block = {
        "type": "input",
        "block_id": REASON,
        "label": blocks.plain(label, 2_000),
        "hint": blocks.plain("Everybody who sees the card reads it.", 2_000),
        "element": {
            "type": "plain_text_input",
            "action_id": REASON,
            "multiline": True,
            "max_length": MOST_REASON,
        },
    }
    return {
        "type": "modal",
        "callback_id": REJECTION,
        "private_metadata": operation.id,
        "title": blocks.plain(f"Reject {operation.id}", 24),
        "submit": blocks.plain("Reject", 24),
        "close": blocks.plain("Not yet", 24),
        "blocks": [question],
    }
