"""How auto-sync stands that a rollback switched off: a line of its card, and the button."""

from bot.domain.rollback.emergency import Ending, OpenItem
from bot.messages import blocks
from bot.messages.spans import Bold, Code, Line, Moment, Person, line

RESUME = "resume_auto_sync"
"""The button's action id; its value is the id of the rollback."""


def card_line(item: OpenItem) -> Line:
    """Say on the rollback's card how auto-sync stands."""
    match item.ending:
        case None:
            return line("🚨 ", Bold("Auto-sync is OFF"), ". ", *owed(item))
        case Ending.RESUMED:
            return line("Auto-sync is on again, resumed by ", Person(item.ended_by), ".")
        case Ending.FOUND_ON:
            return line("Auto-sync is on again, and not by Shipmate.")
        case Ending.UNDONE | Ending.NOT_NEEDED:
            return line("Auto-sync is as it was.")


def button(item: OpenItem) -> blocks.Block:
    """Return the button by which auto-sync is switched on again."""
    question = blocks.confirm(
        "Resume auto-sync?",
        "From then on Argo CD deploys by itself whatever Git says. It is refused while Git still"
        " names what was rolled back.",
        "Resume auto-sync",
        "Not now",
    )
    return blocks.button("Resume auto-sync", RESUME, item.operation, question)


def resume_command(item: OpenItem) -> str:
    """Return what is typed to resume it."""
    return f"/ship resume {min(item.services, default='')} {item.environment}"


def owed(item: OpenItem) -> Line:
    """Say what is to be done, and by when."""
    first = Code(f"/rollback {min(item.services, default='')} {item.environment}")
    said = line("Take it back in Git, too (", first, "), then resume auto-sync (")
    by = line("), by ", Moment(item.deadline), ".")
    return line(*said, Code(resume_command(item)), *by)
