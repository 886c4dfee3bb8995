"""An older Shipmate works on what a newer one brought forward, one release long."""

import importlib
import pkgutil
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.operations import AbstractOperations, Operations, ops
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.domain.errors import Rejected
from bot.operations.sql import schema
from bot.operations.sql.migrations import versions
from bot.operations.store import Receipt, Store
from tests.builders import request
from tests.operations.ahead import NEXT, move_ahead

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NAMES = sorted(module.name for module in pkgutil.iter_modules(versions.__path__))


# What a migration may do

FILLS = ("UPDATE", "INSERT")


def flaws(done):
    """Return which of the operations *done* a Shipmate that knows none of them stumbles over."""
    new = set()
    for one in done:
        if isinstance(one, ops.CreateTableOp):
            new.add(one.table_name)
        elif getattr(one, "table_name", None) not in new and (flaw := flaw_of(one)):
            yield flaw


def flaw_of(one):
    """Return what *one* changes of what is there already, or None."""
    match one:
        case ops.AddColumnOp(column=column):
            filled = column.nullable or column.server_default is not None
            flaw = None if filled else f"{one.table_name}.{column.name}"
        case ops.CreateIndexOp():
            flaw = f"{one.table_name}.{one.index_name}" if one.unique else None
        case ops.DropIndexOp():  # a unique one is what "on conflict" goes by
            flaw = one.index_name if str(one.index_name).startswith("uq_") else None
        case ops.ExecuteSQLOp():
            flaw = None if str(one.sqltext).lstrip().upper().startswith(FILLS) else "execute"
        case ops.AlterColumnOp() | ops.DropColumnOp():
            flaw = f"{one.table_name}.{one.column_name}"
        case ops.DropConstraintOp():
            flaw = f"{one.table_name}.{one.constraint_name}"
        case ops.AddConstraintOp() | ops.DropTableOp() | ops.RenameTableOp():
            flaw = str(getattr(one, "table_name", None) or one.source_table)
        case _:
            flaw = None
    return flaw


@pytest.fixture
def record(monkeypatch):
    """Run an ``upgrade`` on an empty SQLite that earlier ones have filled; return what it did."""
    done, invoke = [], AbstractOperations.invoke

    def noted(self, operation):
        done.append(operation)
        return invoke(self, operation)

    monkeypatch.setattr(AbstractOperations, "invoke", noted)
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)

        def run(upgrade):
            done.clear()
            with Operations.context(context):
                upgrade()
            return list(done)

        yield run
    engine.dispose()


def test_what_is_newer_than_the_last_release_only_expands(record):
    """What the last release still reads goes one release later, named in ``unused_since``."""
    assert any(name[:4] == schema.OLDEST for name in NAMES)
    for name in NAMES:
        module = importlib.import_module(f"{versions.__name__}.{name}")
        found = list(flaws(record(module.upgrade)))
        if module.revision > schema.OLDEST:
            since = getattr(module, "unused_since", {})
            left = [flaw for flaw in found if since.get(flaw, module.revision) > schema.OLDEST]
            assert [] == left, f"{name}: an older Shipmate still uses {left}"


def test_what_went_before_the_first_release_would_be_found(record):
    """The test above sees what it is for: 0003 adds a column that older code could not fill."""
    found = {}
    for name in NAMES:
        module = importlib.import_module(f"{versions.__name__}.{name}")
        found[module.revision] = list(flaws(record(module.upgrade)))
    assert ["approval_requests.evidence"] == found["0003"]


def column(**changes):
    return sa.Column("b", sa.Integer, **changes)


def in_batch(change):
    def upgrade():
        with op.batch_alter_table("old") as table:
            change(table)

    return upgrade


CONTRACTS = [
    pytest.param(lambda: op.drop_table("old"), "old", id="a table goes"),
    pytest.param(lambda: op.rename_table("old", "elder"), "old", id="a table is called otherwise"),
    pytest.param(in_batch(lambda t: t.drop_column("k")), "old.k", id="a column goes"),
    pytest.param(
        in_batch(lambda t: t.alter_column("a", new_column_name="c")),
        "old.a",
        id="a column is called otherwise",
    ),
    pytest.param(
        in_batch(lambda t: t.alter_column("a", nullable=False)), "old.a", id="a column is a must"
    ),
    pytest.param(
        in_batch(lambda t: t.add_column(column(nullable=False))),
        "old.b",
        id="a new column that nobody fills",
    ),
    pytest.param(
        in_batch(lambda t: t.create_unique_constraint("uq_old_a", ["a"])),
        "old",
        id="what may be there once only",
    ),
    pytest.param(
        lambda: op.create_index("uq_old_a", "old", ["a"], unique=True),
        "old.uq_old_a",
        id="the same by an index",
    ),
    pytest.param(
        lambda: op.drop_index("uq_old", "old"), "uq_old", id="what conflicts are found by"
    ),
    pytest.param(lambda: op.execute("DELETE FROM old"), "execute", id="rows go"),
]
EXPANDS = [
    pytest.param(lambda: op.create_table("new", column(nullable=False)), id="a table comes"),
    pytest.param(in_batch(lambda t: t.add_column(column())), id="a column that may be empty"),
    pytest.param(
        in_batch(lambda t: t.add_column(column(nullable=False, server_default="0"))),
        id="a column that fills itself",
    ),
    pytest.param(lambda: op.create_index("ix_old_a", "old", ["a"]), id="an index"),
    pytest.param(lambda: op.execute("UPDATE old SET a = 1"), id="rows are filled in"),
]


@pytest.fixture
def old(record):
    def upgrade():
        op.create_table("old", sa.Column("a", sa.Integer), sa.Column("k", sa.Integer))
        op.create_index("uq_old", "old", ["a"], unique=True)

    record(upgrade)
    return record


@pytest.mark.parametrize(("upgrade", "flaw"), CONTRACTS)
def test_what_takes_away_is_found(old, upgrade, flaw):
    assert [flaw] == list(flaws(old(upgrade)))


@pytest.mark.parametrize("upgrade", EXPANDS)
def test_what_adds_is_no_flaw(old, upgrade):
    assert [] == list(flaws(old(upgrade)))


# A database that a newer Shipmate brought forward


def head():
    return NAMES[-1][:4]


def test_the_names_of_the_files_tell_what_alembic_reads_in_them():
    scripts = ScriptDirectory(str(schema.MIGRATIONS))
    known = tuple(script.revision for script in scripts.walk_revisions())
    assert (known[::-1], known[0]) == (schema.revisions(), scripts.get_current_head())


def test_the_next_release_was_here_and_this_one_still_works(database):
    move_ahead(database, oldest=head())
    database.migrate()
    store = Store(database)
    operation, receipt = store.receive(request(), "after", NOW)
    assert Receipt.NEW is receipt
    assert operation == store.operation(operation.id)
    with database.read() as connection:
        stands = connection.execute(sa.text("SELECT version_num FROM shipmate_version")).scalar()
    assert NEXT == stands, "the schema is left as the newer one made it"


def test_two_releases_ahead_is_refused_with_words(database):
    move_ahead(database, oldest="9000")
    with pytest.raises(Rejected) as told:
        database.migrate()
    assert f"its schema {NEXT} was made by Shipmate 9.9.0" in str(told.value)
    assert "restore the backup" in str(told.value)


def test_ahead_of_who_says_nothing_of_itself_is_refused_too(database):
    move_ahead(database, oldest=None)
    with pytest.raises(Rejected, match="a Shipmate that this one does not know"):
        database.migrate()


def test_who_brings_it_forward_says_who_may_read_it(database):
    with database.read() as connection:
        (row,) = connection.execute(sa.select(schema.terms)).all()
    assert (head(), schema.OLDEST) == (row.revision, row.oldest)
