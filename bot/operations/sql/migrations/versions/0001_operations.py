"""Operations, their timeline, decisions and cards."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "operations",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("asked", sa.String(255), nullable=False),
        sa.Column("wish", sa.String(64)),
        sa.Column("flow", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("environment", sa.String(63), nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("plan", sa.JSON),
        sa.Column("written", sa.JSON),
        sa.Column("progress", sa.JSON, nullable=False),
        sa.Column("problem", sa.JSON),
        sa.Column("entered", sa.JSON, nullable=False),
        sa.Column("requested_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("key", name="uq_operations_key"),
        sa.UniqueConstraint("asked", name="uq_operations_asked"),
        sa.UniqueConstraint("wish", name="uq_operations_wish"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_operations_environment", "operations", ["environment"])
    op.create_index("ix_operations_phase", "operations", ["phase"])
    op.create_table(
        "operation_services",
        sa.Column("number", sa.Integer, sa.ForeignKey("operations.number"), primary_key=True),
        sa.Column("service", sa.String(63), primary_key=True),
    )
    op.create_index("ix_operation_services_service", "operation_services", ["service"])
    op.create_table(
        "timeline",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("number", sa.Integer, sa.ForeignKey("operations.number"), nullable=False),
        sa.Column("mark", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("what", sa.String(64), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.UniqueConstraint("number", "mark", name="uq_timeline_mark"),
    )
    op.create_index("ix_timeline_number", "timeline", ["number"])
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("number", sa.Integer, sa.ForeignKey("operations.number"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("number", "kind", "by", name="uq_decisions_once"),
    )
    op.create_index("ix_decisions_number", "decisions", ["number"])
    op.create_table(
        "cards",
        sa.Column("number", sa.Integer, sa.ForeignKey("operations.number"), primary_key=True),
        sa.Column("channel", sa.String(32)),
        sa.Column("ts", sa.String(32)),
        sa.Column("shown", sa.String(64)),
        sa.Column("shown_version", sa.Integer, nullable=False),
    )
