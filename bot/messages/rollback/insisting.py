"""What a rollback that waits or was refused offers: in words, to copy, and by a button."""

from collections.abc import Iterator, Mapping

from bot.domain.message import Message
from bot.domain.operations import Operation
from bot.domain.rollback.going_around import Offer, WayAround, way_around
from bot.domain.rollback.insisting import Insistence, insisted, typed
from bot.messages import blocks
from bot.messages.problems import say
from bot.messages.replies import reply
from bot.messages.spans import Bold, Code, Line, Person, code, line, listed, name

ACTIONS: Mapping[str, Insistence] = {
    "shipmate.rollback.around": Insistence.AROUND,
    "shipmate.rollback.without_hooks": Insistence.WITHOUT_HOOKS,
    "shipmate.rollback.anyway": Insistence.ANYWAY,
}
"""What each action id insists on; the value of the button is the operation's id."""

COMMAND = 400
"""The most characters of a line to copy; a longer one is not shown."""

_QUESTIONS: Mapping[Insistence, tuple[str, str, str]] = {
    Insistence.AROUND: (
        "Roll back by Argo CD",
        "Roll back by Argo CD?",
        (
            "Auto-sync of the application is switched off and stays off until somebody resumes it;"
            " that stays open in your name. Git still names what is left."
        ),
    ),
    Insistence.WITHOUT_HOOKS: (
        "Roll back without hooks",
        "Roll back without hooks?",
        (
            "What runs before a sync does not run. Auto-sync is switched off and stays off until"
            " somebody resumes it."
        ),
    ),
    Insistence.ANYWAY: (
        "Take it back all the same",
        "Take it back all the same?",
        "What somebody else put into Git is replaced, and held back from then on.",
    ),
}


def offer_lines(operation: Operation) -> Iterator[Line]:
    """Yield what else could be done about *operation*, or why that can't be."""
    way = way_around(operation.problem)
    if way is not None:
        yield from _around(operation, way)
        return
    for how in (Insistence.WITHOUT_HOOKS, Insistence.ANYWAY):
        if (request := insisted(operation, how)) is not None and len(typed(request)) <= COMMAND:
            yield line("Or type ", Code(typed(request)))


def offer_buttons(operation: Operation) -> list[blocks.Block]:
    """Return the buttons of what *operation* offers."""
    offered = [one for one in ACTIONS if insisted(operation, ACTIONS[one]) is not None]
    return [_button(operation, one) for one in offered]


def no_longer_offered(operation: Operation) -> Message:
    """Say that what was clicked is not offered any more."""
    said = line("Nothing was started: ", Code(operation.id), " does not offer that any more.")
    return reply(said, line("Its card shows how it stands."))


def _button(operation: Operation, action: str) -> blocks.Block:
    what, question, meaning = _QUESTIONS[ACTIONS[action]]
    way = way_around(operation.problem)
    if way is not None and way.hooks:
        meaning += f" Skipped: {', '.join(way.hooks)}."
    return blocks.button(
        what, action, operation.id, blocks.confirm(question, meaning, "Roll back", "Not now")
    )


def _around(operation: Operation, way: WayAround) -> Iterator[Line]:
    opening = Bold("Around Git: ")
    if way.barred is not None:
        words = say(way.barred)
        yield line(opening, "Argo CD can't roll it back either. ", *words.what)
        return
    tags = listed([code(one) for one in dict.fromkeys(way.to.values())], most=6)
    could = line(opening, "Argo CD itself can bring back ", *tags, " without GitHub.")
    if way.hooks:
        skipped = listed([code(one) for one in way.hooks], most=6)
        could = line(*could, " It would skip ", *skipped, ", which run before a sync.")
    yield could
    request = insisted(operation, Insistence.AROUND)
    if request is None:
        yield line(
            "But GitHub can't say now who may roll back in ",
            name(operation.request.environment),
            ", and what it confirmed before does not count: ",
            Code("emergency: {remember: 1h}"),
            " in ",
            Code("shipmate.yaml"),
            " would let it, for an hour.",
        )
        return
    if way.offer is Offer.FOR_THE_CONFIRMED:
        asked = Person(operation.request.requester)
        yield line("It is for whom GitHub confirmed shortly before; ", asked, " is none of them.")
    yield line(
        "Auto-sync is switched off then, and resuming it stays open for whoever clicks. ",
        "When GitHub answers, take it back in Git, too.",
    )
    if len(typed(request)) <= COMMAND:
        yield line("By button, or type ", Code(typed(request)))
