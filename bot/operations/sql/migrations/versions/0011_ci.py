"""What is known of failing workflows, and which are muted."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "ci_tracks",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("repository", sa.String(160), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("workflow", sa.String(255), nullable=False),
        sa.Column("branch", sa.String(255), nullable=False),
        sa.Column("track", sa.JSON, nullable=False),
        sa.Column("stands", sa.Boolean, nullable=False),
        sa.Column("heard_at", sa.DateTime, nullable=False),
        sa.Column("began_at", sa.DateTime),
        sa.Column("channel", sa.String(64)),
        sa.Column("crowd", sa.String(255)),
        sa.Column("receivers", sa.JSON, nullable=False),
        sa.Column("findings", sa.JSON),
        sa.Column("rerun", sa.JSON),
        sa.Column("threaded_at", sa.DateTime),
        sa.Column("look_at", sa.DateTime),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.UniqueConstraint(
            "repository", "origin", "workflow", "branch", name="uq_ci_tracks_series"
        ),
        sqlite_autoincrement=True,
    )
    for column in ("heard_at", "crowd", "look_at"):
        op.create_index(f"ix_ci_tracks_{column}", "ci_tracks", [column])
    op.create_table(
        "ci_mutes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("repository", sa.String(160), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("workflow", sa.String(255), nullable=False),
        sa.Column("branch", sa.String(255)),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("until", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("ended_by", sa.String(64)),
    )
    op.create_index("ix_ci_mutes_ended_at", "ci_mutes", ["ended_at"])
