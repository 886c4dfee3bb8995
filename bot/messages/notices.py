"""What is said besides the card: bad ends, to the requester in person."""

from bot.domain.message import Message
from bot.domain.operations import Operation, Phase
from bot.messages import blocks
from bot.messages.cards import MARKS, SENTENCES, commit_stands
from bot.messages.problems import say
from bot.messages.spans import Bold, Code, Line, Link, line, mrkdwn, short
from bot.messages.wishes import NOUNS, thing

BAD = frozenset({Phase.REFUSED, Phase.FAILED})
"""The ends that the requester is told in person."""


def ended_badly(operation: Operation, card: str | None = None) -> Message:
    """Return what the requester is told in person. *card* is the address of the card."""
    request = operation.request
    what = line(Code(operation.id), " of ", *thing(request))
    whose = "Your" if request.takes_back is None else "The automatic"
    opening = line(f"{MARKS[operation.phase]} {whose} {NOUNS[request.kind]} ", *what)
    said = [line(*opening, f". {SENTENCES[operation.phase]}")]
    made = operation.written is not None and operation.written.attempts > 0
    if operation.written is not None and made and commit_stands(operation):
        commit = Link(operation.written.url, short(operation.written.sha))
        said.append(line("Its commit ", commit, " stands in Git."))
    if operation.problem is not None:
        words = say(operation.problem)
        said += [words.what, line(Bold("Next: "), *words.next)]
    if card:
        said.append(line("All of it is on ", Link(card, "its card"), "."))
    return _message(f"{operation.id}:notice", *said)


def _message(block_id: str, *lines: Line) -> Message:
    spoken = [span for each in lines for span in (*each, *line(" "))]
    block = blocks.prose(block_id, [blocks.lines(*lines)])
    return Message(mrkdwn(spoken[:-1], blocks.TEXT), (block,))
