"""Whether both sides have tables of this version: only then do their columns mean the same."""

from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from bot.domain.database_move import Hindered, Hindrance

_VERSIONS = "shipmate_version"
_MIGRATIONS = Path(__file__).parents[1] / "migrations"


def revision(connection: sa.Connection) -> str | None:
    """Return the revision of our tables there; None where there are none."""
    if not sa.inspect(connection).has_table(_VERSIONS):
        return None
    versions = sa.table(_VERSIONS, sa.column("version_num", sa.String))
    return connection.execute(sa.select(versions)).scalar_one_or_none()


def newest() -> str:
    """Return the revision of this version."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return str(ScriptDirectory.from_config(config).get_current_head())


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
