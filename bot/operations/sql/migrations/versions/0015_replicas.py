"""Which older Shipmate can work with the schema, and since when a replica is missed."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "shipmate_schema",
        sa.Column("revision", sa.String(32), primary_key=True),
        sa.Column("oldest", sa.String(32), nullable=False),
        sa.Column("release", sa.String(32), nullable=False),
    )
    op.create_table(
        "missed",
        sa.Column("executor", sa.String(64), primary_key=True),
        sa.Column("since", sa.DateTime, nullable=False),
    )
