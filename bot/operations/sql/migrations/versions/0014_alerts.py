"""What is to be told elsewhere than in Slack."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("receiver", sa.String(63), nullable=False),
        sa.Column("dedup", sa.String(255), nullable=False),
        sa.Column("resolves", sa.Boolean, nullable=False),
        sa.Column("alert", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("not_before", sa.DateTime, nullable=False),
        sa.Column("settled_at", sa.DateTime),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alerts_dedup", "alerts", ["dedup"])
    op.create_index("ix_alerts_settled_at", "alerts", ["settled_at"])
