"""The way back that a failed operation's card offers."""

from bot.domain.rollback.undoing import Undoing
from bot.messages import blocks
from bot.messages.rollback.ways_back import BACK_IN, MOST_VALUE
from bot.messages.spans import Bold, Line, code, line, listed, name

SERVICES = 600
"""The most characters of all services together; what does not fit is counted."""


def undo_line(undo: Undoing) -> Line:
    """Say what a rollback in Git would go back to."""
    services = listed((name(one.service) for one in undo.changes), most=12, room=SERVICES)
    tags = dict.fromkeys(one.old for one in undo.changes if one.old is not None)
    before = listed(map(code, tags), most=6, room=SERVICES)
    said = line(Bold("Way back: "), "a rollback in Git takes ", *services)
    return line(*said, " to the last version that was well there. Git said ", *before, " before.")


def undo_button(undo: Undoing) -> blocks.Block | None:
    """Return the button that orders it as if it had been typed; it asks first.

    None where the command is too long for a button; then people type it.
    """
    if len(undo.command) > MOST_VALUE:
        return None
    steps = "; ".join(f"{one.service} from {one.new}" for one in undo.changes)
    question = blocks.confirm(
        f"Roll back in {undo.environment}?",
        f"To the last version that was well in {undo.environment}: {steps}",
        "Roll back",
        "Not now",
    )
    what = f"Roll back in {undo.environment}"
    return blocks.button(what, f"{BACK_IN}{undo.environment}", undo.command, question)
