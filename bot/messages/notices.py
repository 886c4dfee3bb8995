"""What is said besides the card: one short line per phase in its thread, and bad ends in person."""

from bot.domain.message import Message
from bot.domain.operations import Operation, Phase
from bot.messages import blocks
from bot.messages.cards import DOING, MARKS, SENTENCES, commit_stands
from bot.messages.problems import say
from bot.messages.spans import Bold, Code, Line, Link, code, line, listed, mrkdwn, name, short
from bot.messages.times import lasted

BAD = frozenset({Phase.REFUSED, Phase.FAILED})
"""The ends that the requester is told in person."""


def thread_line(operation: Operation) -> Message:
    """Return the line for the thread when *operation* enters its phase."""
    said = line(f"{MARKS[operation.phase]} ", Bold(DOING[operation.phase]), *_detail(operation))
    return _message(f"{operation.id}:{operation.phase.value}", said)


def ended_badly(operation: Operation, card: str | None = None) -> Message:
    """Return what the requester is told in person. *card* is the address of the card."""
    request = operation.request
    services = listed(map(name, request.services))
    what = line(*services, " to ", name(request.environment), " at ", code(request.version, 80))
    opening = line(f"{MARKS[operation.phase]} Your deploy ", Code(operation.id), " of ", *what)
    said = [line(*opening, f": {SENTENCES[operation.phase]}")]
    if operation.written is not None and commit_stands(operation):
        commit = Link(operation.written.url, short(operation.written.sha))
        said.append(line("Its commit ", commit, " stands in Git."))
    if operation.problem is not None:
        words = say(operation.problem)
        said += [words.what, line(Bold("Next: "), *words.next)]
    if card:
        said.append(line("All of it is on ", Link(card, "its card"), "."))
    return _message(f"{operation.id}:notice", *said)


def _detail(operation: Operation) -> Line:
    if operation.phase is Phase.QUEUED and operation.ahead:
        return line(" behind ", *listed(map(Code, operation.ahead), most=10))
    if operation.phase is Phase.FOLLOWING and (written := operation.written):
        return line(": commit ", Link(written.url, short(written.sha)))
    if operation.phase is Phase.LIVE and operation.ended_at:
        return line(f" after {lasted(operation.ended_at - operation.requested_at)}")
    if operation.problem is not None and operation.phase.ended:
        return line(": ", *say(operation.problem).what)
    return ()


def _message(block_id: str, *lines: Line) -> Message:
    spoken = [span for each in lines for span in (*each, *line(" "))]
    block = blocks.prose(block_id, [blocks.lines(*lines)])
    return Message(mrkdwn(spoken[:-1], blocks.TEXT), (block,))
