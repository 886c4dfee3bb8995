"""What the store and its books share: rows left as they are, people in columns."""

import hashlib
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.rights import Actor, GitHubUser


def insert_or_leave(connection: sa.Connection, table: sa.Table) -> Any:
    """Return the insert that does nothing where a unique key is taken."""
    return _insert_or_leave(connection.dialect.name, table)


@cache
def _insert_or_leave(dialect: str, table: sa.Table) -> Any:
    """Return the insert, built once: acks wait for it."""
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def now_of_postgresql() -> sa.ColumnElement[Any]:
    """Return what the server's clock shows at this very moment, as UTC without saying so."""
    return sa.func.timezone("UTC", sa.func.clock_timestamp(), type_=sa.DateTime)


def take_turns(connection: sa.Connection, subject: str) -> None:
    """Let nobody else pass here for *subject* until this transaction has ended.

    SQLite lends out one writing transaction at a time anyhow.
    """
    if connection.dialect.name == "sqlite":
        return
    number = int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8], "big", signed=True)
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.literal(number, sa.BigInteger))))


def actor_columns(actor: Actor) -> dict[str, Any]:
    """Return *actor* as the columns ``slack``, ``github_id`` and ``login``."""
    return {"slack": actor.slack, "github_id": actor.github.id, "login": actor.github.login}


def actor_of(row: Any) -> Actor:
    """Return the person in the columns of *row*."""
    return Actor(row.slack, GitHubUser(row.github_id, row.login))
