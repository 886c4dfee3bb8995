"""Accounts that GitHub has confirmed and whose person has not yet."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "link_offers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("slack", sa.String(64), nullable=False),
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("github_id", sa.BigInteger, nullable=False),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("until", sa.DateTime, nullable=False),
        sa.Column("settled_at", sa.DateTime),
        sa.Column("ending", sa.String(16)),
    )
    op.create_index("ix_link_offers_slack", "link_offers", ["slack"])
