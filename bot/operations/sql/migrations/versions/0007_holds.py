"""What is held where, since when and by whom."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "holds",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("target", sa.String(130), nullable=False),
        sa.Column("environment", sa.String(63), nullable=False),
        sa.Column("tag", sa.String(255), nullable=False),
        sa.Column("asked", sa.String(255), nullable=False),
        sa.Column("slack", sa.String(64), nullable=False),
        sa.Column("github_id", sa.BigInteger, nullable=False),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("operation", sa.String(16)),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("ended_by", sa.String(64)),
        sa.Column("ended_asked", sa.String(255)),
        sa.UniqueConstraint("asked", "target", "tag", name="uq_holds_asked"),
    )
    op.create_index("ix_holds_environment", "holds", ["environment"])
    op.create_index(
        "uq_holds_standing",
        "holds",
        ["target", "tag"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
