"""Help on what stops others, or what is under way."""

from bot.domain.catalog import Catalog
from bot.domain.message import Message
from bot.messages.helping.help_examples import REASON, SHA, example
from bot.messages.replies import reply
from bot.messages.spans import Code, Line, line, listed


def cancel(_catalog: Catalog) -> Message:
    """Return the help on ``cancel``."""
    return reply(
        line(Code("/ship cancel"), " ends what has not been committed yet."),
        line("So does the button on its card. After that, ", Code("/rollback"), " takes it back."),
        copy=("/ship cancel D-4821",),
    )


def lock(catalog: Catalog) -> Message:
    """Return the help on ``lock``."""
    shown = example(catalog)
    one = f"/ship lock {shown.service} {shown.environment}"
    return reply(
        line(Code("/ship lock"), " keeps others from changing a service in an environment."),
        line(Code("all"), " in place of a service means each of them. A reason is always needed."),
        _ENDS,
        line(
            Code("steal"),
            " takes a lock that another holds, who is told; ",
            Code("warn"),
            " makes one that stops nobody.",
        ),
        copy=(
            f"{one} because {REASON}",
            f"{one} for 2h because {REASON}",
            f"/ship lock all {shown.environment} until 18:00 warn because we watch the traffic",
            f"{one} steal because its holder is on holiday",
        ),
    )


def unlock(catalog: Catalog) -> Message:
    """Return the help on ``unlock``."""
    shown = example(catalog)
    return reply(
        line(Code("/ship unlock"), " gives your lock back; name what you locked."),
        line("A lock of another is taken by ", Code("/ship lock … steal because …"), "."),
        copy=(
            f"/ship unlock {shown.service} {shown.environment}",
            f"/ship unlock all {shown.environment}",
        ),
    )


def freeze(catalog: Catalog) -> Message:
    """Return the help on ``freeze``."""
    where = example(catalog).environment
    return reply(
        line(Code("/ship freeze"), " stops every deploy to an environment at once."),
        line("Also those that are approved and not committed yet. A reason is always needed."),
        _ENDS,
        copy=(
            f"/ship freeze {where} because the database is down",
            f"/ship freeze {where} until 18:00 because the database is down",
        ),
    )


def unfreeze(catalog: Catalog) -> Message:
    """Return the help on ``unfreeze``."""
    return reply(
        line(Code("/ship unfreeze"), " lifts what people froze. A freeze of the calendar stays."),
        copy=(f"/ship unfreeze {example(catalog).environment}",),
    )


def hold(catalog: Catalog) -> Message:
    """Return the help on ``hold``."""
    shown = example(catalog)
    one = f"/ship hold {shown.service} {shown.environment}"
    return reply(
        line(Code("/ship hold"), " keeps a tag from coming back, until it is released."),
        line("Without a tag it keeps every change out. A reason is always needed."),
        line("After a rollback the tag that was left is held by itself."),
        copy=(f"{one} {SHA} because it leaks memory", f"{one} because we look into it"),
    )


def release(catalog: Catalog) -> Message:
    """Return the help on ``release``."""
    shown = example(catalog)
    one = f"/ship release {shown.service} {shown.environment}"
    return reply(
        line(Code("/ship release"), " lets a held tag come again; without one, whatever is held."),
        copy=(f"{one} {SHA}", one),
    )


def resume(catalog: Catalog) -> Message:
    """Return the help on ``resume``."""
    shown = example(catalog)
    return reply(
        line(Code("/ship resume"), " lets Argo CD sync by itself again, after a rollback by Argo"),
        line("CD switched that off. It is refused while Git still names what was rolled back."),
        copy=(f"/ship resume {shown.service} {shown.environment}",),
    )


_ENDS: Line = line(
    "It may end by itself: ",
    *listed(map(Code, ("for 30m", "for 2h", "for 1d", "until 18:00", "until 2026-12-01T18:00"))),
    ", by the clock of your Slack profile.",
)
