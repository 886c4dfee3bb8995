"""Brings the schema of our own tables forward, and knows which other Shipmates can work with it.

An older Shipmate goes on working on a schema that a newer one has brought forward, one release
long: so a rolling upgrade has no gap, and can be taken back. The newer one writes down which is
the oldest revision whose code fits; the older one reads that and leaves the schema as it is.
"""

import pkgutil
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa
import structlog

from bot.domain.errors import Rejected

log = structlog.get_logger(__name__)

OLDEST = "0015"
"""The newest revision of the release before this one: its code works with today's schema.

What a migration after it may do is held by ``tests/operations/sql/test_schema.py``.
"""

MIGRATIONS = Path(__file__).parent / "migrations"

VERSION_TABLE = "shipmate_version"
"""Where alembic notes the schema's revision."""

MIGRATION_LOCK = 0x5348_4950
"""Advisory lock of the schema migration; any constant that nobody else in the database uses."""

# Beside our tables rather than among them: it belongs to the schema, as alembic's own does, and is
# written by whoever brings a database forward, never copied from another one.
terms = sa.Table(
    "shipmate_schema",
    sa.MetaData(),
    sa.Column("revision", sa.String(32), primary_key=True),
    sa.Column("oldest", sa.String(32), nullable=False),
    sa.Column("release", sa.String(32), nullable=False),
)


def bring_forward(connection: sa.Connection) -> None:
    """Bring the schema to today's revision, or leave a newer one that we can work with as it is.

    Replicas that start together take turns.

    Raises:
        Rejected: a newer Shipmate has brought the schema further than this one can read.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL lock_timeout = 0"))
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
    there, ours = revision(connection), newest()
    if there == ours:
        return
    if there is not None and there not in revisions():
        _accept(connection, there, ours)
        return
    _upgrade(connection)
    _write_terms(connection, ours)


def revisions() -> tuple[str, ...]:
    """Return the revisions that this Shipmate knows, the oldest first: as their files are called.

    By their names alone, so that a start that has nothing to bring forward reads none of them.
    """
    names = (module.name for module in pkgutil.iter_modules([str(MIGRATIONS / "versions")]))
    return tuple(sorted(name.partition("_")[0] for name in names))


def newest() -> str:
    """Return the revision of this Shipmate."""
    return revisions()[-1]


def revision(connection: sa.Connection) -> str | None:
    """Return the revision of our tables there; None where there are none."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    noted = sa.table(VERSION_TABLE, sa.column("version_num", sa.String))
    return connection.execute(sa.select(noted)).scalar_one_or_none()


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command  # late: 9 MB that hardly any start needs
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _accept(connection: sa.Connection, there: str, ours: str) -> None:
    """Accept the newer revision *there*, if whoever brought it says that *ours* can work with it.

    Raises:
        Rejected: it does not.
    """
    known = terms.c.revision == there
    row = None
    if sa.inspect(connection).has_table(terms.name):
        row = connection.execute(sa.select(terms).where(known)).first()
    if row is not None and row.oldest <= ours:
        log.info("a newer Shipmate brought the database forward", revision=there, by=row.release)
        return
    by = f"Shipmate {row.release}" if row is not None else "a Shipmate that this one does not know"
    raise Rejected(
        "The database",
        "be used",
        f"its schema {there} was made by {by}, and this is Shipmate {version('shipmate')} with "
        f"schema {ours}. Run that Shipmate, or one release before it; to go further back, restore "
        "the backup made before the upgrade.",
    )


def _write_terms(connection: sa.Connection, ours: str) -> None:
    connection.execute(sa.delete(terms))
    values = {"revision": ours, "oldest": OLDEST, "release": version("shipmate")}
    connection.execute(sa.insert(terms).values(values))
