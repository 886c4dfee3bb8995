"""Which application's auto-sync a rollback of ours switched off, and how it was before."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "open_items",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("number", sa.Integer, sa.ForeignKey("operations.number"), nullable=False),
        sa.Column("subject", sa.String(320), nullable=False),
        sa.Column("instance", sa.String(63), nullable=False),
        sa.Column("namespace", sa.String(63), nullable=False),
        sa.Column("app", sa.String(255), nullable=False),
        sa.Column("environment", sa.String(63), nullable=False),
        sa.Column("services", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("saved", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("deadline", sa.DateTime, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reminded_at", sa.DateTime),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("ended_by", sa.String(64)),
        sa.Column("ending", sa.String(16)),
        sa.UniqueConstraint("number", name="uq_open_items_number"),
    )
    op.create_index("ix_open_items_environment", "open_items", ["environment"])
    op.create_index(
        "uq_open_items_standing",
        "open_items",
        ["subject"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
