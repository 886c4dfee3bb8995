"""Automatic rollbacks in words: on the failed operation's card, in its thread, and to people."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.message import Message
from bot.domain.operations import Operation, Progress
from bot.domain.problems import Problem
from bot.domain.rollback.auto_rollback import (
    Announced,
    Leave,
    Requested,
    Standing,
    Stopped,
    Watched,
    WhyNot,
    failed_of,
)
from bot.messages import blocks
from bot.messages.escape import clean
from bot.messages.problems import say
from bot.messages.spans import (
    SENTENCE,
    Bold,
    Code,
    Line,
    Moment,
    Person,
    code,
    cut,
    line,
    listed,
    mrkdwn,
    name,
    quoted,
    words,
)

STOP = "shipmate.rollback.stop"
"""The button's action id; its value is the id of the failed operation."""

MOST = 6
EVIDENCE = 1_200
"""The most characters of all evidence on a card."""

OPENING = Bold("Automatic rollback: ")

WHY_NOT: Mapping[WhyNot, str] = {
    WhyNot.NOT_CONFIGURED: "the configuration does not ask for it any more",
    WhyNot.NOT_FAILED: "it did not fail",
    WhyNot.A_ROLLBACK: "a rollback is never taken back by itself",
    WhyNot.NOTHING_WRITTEN: "there is no commit that could be taken back",
    WhyNot.NOT_THE_VERSION: "it did not fail because of the new version",
    WhyNot.OVERTAKEN: "Git says something else by now",
    WhyNot.ILL_BEFORE: "what ran before was not healthy either",
    WhyNot.UNVERIFIED: "what was there before was never verified good here by Shipmate",
    WhyNot.IN_A_ROW: "the last change here was an automatic rollback, and a second one in a row is"
    " for people to decide",
    WhyNot.PEOPLE_AT_IT: "people are at it already",
    WhyNot.LONG_AGO: "the time for it has passed",
    WhyNot.RECOVERED: "the new version has come up meanwhile",
    WhyNot.WAITS_FOR_PEOPLE: "a Rollout is paused and waits for people",
    WhyNot.RULES: "the rules do not let it",
    WhyNot.UNKNOWN: "not everything that it depends on could be read",
}
"""Why nothing goes back by itself, as the middle of a sentence."""

NO_NEED = frozenset({WhyNot.RECOVERED, WhyNot.OVERTAKEN, WhyNot.NOT_FAILED})
"""Where nobody need do anything about it."""


def card_lines(standing: Standing, operation: Operation) -> list[Line]:
    """Return what the failed operation's card says of its automatic rollback."""
    match standing:
        case Watched(until):
            return [line(OPENING, "if it is not well by ", Moment(until), ", it is announced.")]
        case Announced():
            return [*_announced(standing, operation)]
        case Stopped(by, at):
            return [line(OPENING, "stopped by ", Person(by), " at ", Moment(at), ".")]
        case Requested(made):
            return [line(OPENING, Code(made), " takes it back.")]
        case Leave():
            return [*_left(standing)]
        case _:
            assert_never(standing)


def stop_button(operation: Operation) -> blocks.Block:
    """Return the button that keeps it from going back by itself."""
    question = blocks.confirm(
        "Stop the automatic rollback?",
        f"{operation.id} then stays as it is until somebody rolls back or deploys.",
        "Stop it",
        "Let it go back",
    )
    return blocks.button("Stop automatic rollback", STOP, operation.id, question)


def announced(
    operation: Operation, announcement: Announced, approvals: ApprovalRule | None
) -> Message:
    """Say that it goes back by itself, on which evidence, and how to stop it."""
    opening = line("↩️ ", Code(operation.id), " failed and goes back by itself.")
    said = [opening, *_announced(announcement, operation)]
    if approvals is not None and approvals.count > 0:
        teams = listed(map(name, sorted(approvals.teams)), last=" or ")
        people = "member" if approvals.count == 1 else "members"
        said.append(line(f"Then {approvals.count} {people} of ", *teams, " must approve it."))
    return _message(f"{operation.id}:back", *said)


def requested(operation: Operation, made: str) -> Message:
    """Say that the rollback has begun, and as what."""
    said = line(Code(made), " takes ", Code(operation.id), " back now. Its card follows it.")
    return _message(f"{operation.id}:back", said)


def left(operation: Operation, leave: Leave) -> Message:
    """Say that what was announced does not happen, and what people can do."""
    back = () if leave.why in NO_NEED else (_way_back(operation),)
    return _message(f"{operation.id}:back", *_left(leave), *back)


def because(operation: Operation) -> str:
    """Return the reason that the rollback gives, as plain text."""
    said = f"{operation.id} failed"
    evidence = next((one for one in _evidence(operation)), None)
    return clean(said if evidence is None else f"{said}: {words(evidence)}", SENTENCE)


# answers to who clicked


def stopped(operation: Operation) -> Message:
    """Say that it was stopped."""
    said = line("Stopped: ", Code(operation.id), " does not go back by itself.")
    return _message("back", said, _way_back(operation))


def not_stopped(problem: Problem) -> Message:
    """Say why the click stopped nothing, and what to do."""
    told = say(problem)
    return _message("back", told.what, told.next)


def nothing_to_stop(operation_id: str, standing: Standing | None, operation: Operation) -> Message:
    """Say how it stands instead."""
    if standing is None:
        said = line("Nothing of ", code(operation_id), " goes back by itself.")
        return _message("back", said)
    lines = card_lines(standing, operation)
    if isinstance(standing, Requested):
        lines.append(line("To stop that, cancel ", Code(standing.operation), " on its card."))
    return _message("back", line("There is nothing to stop any more."), *lines)


def not_its_card(operation_id: str) -> Message:
    """Say that the button belongs to another message."""
    said = line("This button is not of the card of ", code(operation_id), ". Nothing was changed.")
    return _message("back", said)


def _announced(announcement: Announced, operation: Operation) -> Iterator[Line]:
    steps = [line(name(one), " to ", code(tag)) for one, tag in sorted(announcement.to.items())]
    shown = [span for index, step in enumerate(steps[:MOST]) for span in (*_comma(index), *step)]
    more = f" and {len(steps) - MOST} more" if len(steps) > MOST else ""
    when = line(", by itself, not before ", Moment(announcement.until), ". ")
    who = "Until then whoever may roll back there can stop it on its card."
    yield line(OPENING, *shown, more, *when, who)
    bad = line(Bold("Evidence: "), "not well since ", Moment(announcement.since), ". ")
    room = EVIDENCE
    for one in _evidence(operation):
        yield cut(line(*bad, *one), room)
        bad, room = (), max(room // 2, SENTENCE)
    yield line("What it goes back to was verified good here, and was healthy before.")


def _evidence(operation: Operation) -> Iterator[Line]:
    """Yield what is wrong with each target: which resource, and in whose words."""
    for one in failed_of(operation)[:MOST]:
        if one.problem is not None:
            yield say(one.problem).what
        else:
            yield line(quoted(_state(one), 60))


def _state(progress: Progress) -> str:
    return f"{progress.application} is {progress.health or 'not there'}"


def _left(leave: Leave) -> Iterator[Line]:
    service = line(" (", name(leave.service), ")") if leave.service else ()
    detail = line(": ", quoted(leave.detail)) if leave.detail else ()
    yield line(OPENING, "none; ", WHY_NOT[leave.why], *service, *detail, ".")
    if leave.problem is not None:
        yield say(leave.problem).what


def _way_back(operation: Operation) -> Line:
    services = ",".join(sorted(one.service for one in failed_of(operation)))
    where = operation.request.environment
    said = line("If it shall go back, whoever may roll back there types ")
    return line(*said, code(f"/rollback {services} {where}", 200), ".")


def _comma(index: int) -> Line:
    return line(", ") if index else ()


def _message(block_id: str, *lines: Line) -> Message:
    spoken = [span for each in lines for span in (*each, *line(" "))]
    block = blocks.prose(block_id, [blocks.lines(*lines)])
    return Message(mrkdwn(spoken[:-1], blocks.TEXT), (block,))
