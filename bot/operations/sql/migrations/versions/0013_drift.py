"""What drifted since when by our clock, what people said to it, and which report was the last."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "drift_items",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(400), nullable=False),
        sa.Column("environment", sa.String(63), nullable=False),
        sa.Column("item", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_drift_items_environment", "drift_items", ["environment"])
    op.create_index(
        "uq_drift_items_standing",
        "drift_items",
        ["key"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "drift_replies",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("item", sa.Integer, sa.ForeignKey("drift_items.id"), nullable=False),
        sa.Column("reply", sa.String(16), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("until", sa.DateTime),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_drift_replies_item", "drift_replies", ["item"])
    op.create_table(
        "drift_reports",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("tick", sa.DateTime, nullable=False),
        sa.Column("held_until", sa.DateTime, nullable=False),
        sa.Column("done_at", sa.DateTime),
        sa.Column("told", sa.JSON(none_as_null=True)),
    )
    op.create_table(
        "drift_auto_sync",
        sa.Column("subject", sa.String(384), primary_key=True),
        sa.Column("seen_at", sa.DateTime, nullable=False),
    )
