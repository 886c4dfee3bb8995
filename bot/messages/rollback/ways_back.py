"""``/rollback`` without an environment: what each would come to, with a button for each."""

from collections.abc import Iterable, Iterator, Sequence

from bot.domain.message import Message
from bot.domain.rollback.ways_back import Step, WayBack
from bot.messages import blocks
from bot.messages.problems import say
from bot.messages.spans import Bold, Line, code, line, listed, mrkdwn, name

BACK_IN = "rollback_in:"
"""How the action id of each button begins; the environment follows. Its value is a command."""

MOST = 20
MOST_VALUE = 2_000


def looking(services: Iterable[str]) -> Message:
    """Say that the environments are being looked at."""
    said = line("Looking where ", *listed(map(name, services)), " could go back, and to what…")
    return Message(mrkdwn(said, blocks.TEXT), (blocks.prose("ways", [blocks.lines(said)]),))


def ways_back(services: Iterable[str], ways: Sequence[WayBack], commands: Sequence[str]) -> Message:
    """Return each of *ways* with its button; *commands* are what the buttons order, in that order.

    Where nothing leads back there is no button, and the words say why.
    """
    which = listed(map(name, services))
    opening = line("In which environment shall ", *which, " go back? Nothing was started.")
    rows = [row for way in ways[:MOST] for row in _rows(way)]
    buttons = [
        _button(way, command)
        for way, command in zip(ways[:MOST], commands, strict=False)
        if way.is_open and len(command) <= MOST_VALUE
    ]
    said: list[blocks.Block] = [
        blocks.prose("ways", [blocks.lines(opening), blocks.bullets(rows)]),
    ]
    if buttons:
        said.append(blocks.actions(buttons, "ways:actions"))
    spoken = [span for row in rows for span in (*row, *line(" "))]
    return Message(mrkdwn(line(*opening, " ", *spoken), blocks.TEXT), tuple(said))


def _rows(way: WayBack) -> Iterator[Line]:
    for step in way.steps:
        where = line(Bold(way.environment), ": ", name(step.service), "  ")
        yield line(*where, *_step(step))


def _step(step: Step) -> Line:
    now = code(step.now) if step.now is not None else "an unknown tag"
    if isinstance(step.back, str):
        return line(now, " → ", code(step.back))
    words = say(step.back)
    return line(now, ". ", *words.what, " ", *words.next)


def _button(way: WayBack, command: str) -> blocks.Block:
    steps = "; ".join(f"{one.service} {one.now} → {one.back}" for one in way.steps)
    question = blocks.confirm(
        f"Roll back in {way.environment}?", f"In {way.environment}: {steps}", "Roll back", "Not now"
    )
    return blocks.button(
        f"Roll back in {way.environment}", f"{BACK_IN}{way.environment}", command, question
    )
