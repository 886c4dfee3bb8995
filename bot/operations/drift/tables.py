"""The tables of drift, beside all others: ``bot.operations.sql.tables`` would grow too long."""

import sqlalchemy as sa

from bot.operations.sql.tables import Json, Moment, metadata

# What drifted: one row from when it was first seen until it was seen no more.
items = sa.Table(
    "drift_items",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(400), nullable=False),
    sa.Column("environment", sa.String(63), nullable=False, index=True),
    sa.Column("item", Json, nullable=False),  # as it was seen last
    sa.Column("since", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    # Null while it stands. A row is never taken away.
    sa.Column("ended_at", Moment),
    sa.Index(
        "uq_drift_items_standing",
        "key",
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

# What people said to it: append-only, the newest counts.
replies = sa.Table(
    "drift_replies",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("item", sa.Integer, sa.ForeignKey("drift_items.id"), nullable=False, index=True),
    sa.Column("reply", sa.String(16), nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("until", Moment),
    sqlite_autoincrement=True,
)

# Which moment of each schedule was the last that somebody took, and what was told then.
reports = sa.Table(
    "drift_reports",
    metadata,
    sa.Column("name", sa.String(63), primary_key=True),
    sa.Column("tick", Moment, nullable=False),
    # Who took it has it until then; after that, if it is not done, another one may.
    sa.Column("held_until", Moment, nullable=False),
    sa.Column("done_at", Moment),
    sa.Column("told", Json),  # null: nothing was ever told
)

# Applications that were seen to sync by themselves: only those can have been switched off.
auto_sync = sa.Table(
    "drift_auto_sync",
    metadata,
    sa.Column("subject", sa.String(384), primary_key=True),
    sa.Column("seen_at", Moment, nullable=False),
)
