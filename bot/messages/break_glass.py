"""What everybody reads of an override: who went past which rules, where, and why."""

from collections.abc import Sequence

from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.message import Message
from bot.domain.operations import Operation
from bot.domain.rights import Actor
from bot.domain.rules import Judgement
from bot.messages import blocks
from bot.messages.spans import (
    NAME,
    Bold,
    Code,
    Line,
    Person,
    Text,
    code,
    line,
    listed,
    mrkdwn,
    name,
    quoted,
)
from bot.messages.why import stopping

SERVICES = 400
REASON = 1_000
"""The most characters shown of the reason: all of what most people write."""


def override_announced(
    operation: Operation,
    by: Actor,
    judgement: Judgement,
    unasked: ApprovalRule | None,
    whom: Sequence[str],
) -> Message:
    """Tell everybody that *by* went past the rules with *operation*.

    *unasked* is the approval that nobody was asked for, or None. *whom* are the Slack ids of those
    who would have been asked, or should know.
    """
    block = f"{operation.id}:override:"
    who, because = _who(operation, by), _because(operation)
    skipped = [*_unasked(unasked), *stopping(judgement)]
    call = _call(whom)
    head = blocks.header(
        f"🚨 Override in {name(operation.request.environment).text}", f"{block}head"
    )
    elements = [blocks.lines(who, because)]
    if skipped:
        elements += [blocks.lines(line("It goes past:")), blocks.bullets(skipped)]
    else:
        elements.append(
            blocks.lines(line("Nothing had to be skipped: the rules allow it as well."))
        )
    last = line(
        "It stands for nobody's approval. ",
        Code(f"/ship cancel {operation.id}"),
        " stops it until it is committed; its card tells the rest.",
    )
    elements.append(blocks.lines(*filter(None, [call, last])))
    text = line("🚨 Override: ", *who, " ", *because, *([Text(" "), *call] if call else []))
    return Message(mrkdwn(text, blocks.TEXT), (head, blocks.prose(f"{block}told", elements)))


def _who(operation: Operation, by: Actor) -> Line:
    request = operation.request
    return line(
        Person(by.slack),
        " (",
        code(by.github.login, NAME),
        f") breaks the glass with {operation.id}: {request.kind.value} ",
        *listed(map(name, request.services), room=SERVICES),
        " to ",
        name(request.environment),
        " at ",
        code(request.version, 80),
        ".",
    )


def _because(operation: Operation) -> Line:
    return line("Because: ", quoted(operation.request.reason or "(no reason)", REASON))


def _unasked(rule: ApprovalRule | None) -> list[Line]:
    if rule is None:
        return []
    teams = listed(map(name, sorted(rule.teams)), most=5, last=" or ")
    count = "1 person" if rule.count == 1 else f"{rule.count} people"
    of = line(" of ", *teams) if teams else ()
    return [line("⏭ ", Bold("Approval"), f" skipped by the override: {count}", *of, " not asked.")]


def _call(whom: Sequence[str]) -> Line:
    if not whom:
        return ()
    people = listed(map(Person, whom), most=len(whom))
    return line("For ", *people, " to know: you were not asked.")
