"""Whether both sides have tables of this version: only then do their columns mean the same."""

from bot.domain.database_move import Hindered, Hindrance
from bot.operations.sql.schema import newest


def unfit_source(there: str | None) -> Hindered | None:
    """Return why a source at revision *there* cannot be moved by this version, or None."""
    ours = newest()
    if there == ours:
        return None
    facts = {"there": there or "none", "ours": ours}
    newer = there is not None and there > ours
    return Hindered(Hindrance.SOURCE_NEWER if newer else Hindrance.SOURCE_OLDER, facts)


def unfit_target(there: str | None) -> Hindered | None:
    """Return why nothing can be moved into a target at revision *there*, or None."""
    ours = newest()
    if there is None or there <= ours:
        return None
    return Hindered(Hindrance.TARGET_NEWER, {"there": there, "ours": ours})
