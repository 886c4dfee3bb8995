"""What the approvers were shown is kept with what they were asked."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. No version has ever written a row there, so there is nothing to fill in."""
    with op.batch_alter_table("approval_requests") as table:
        table.add_column(sa.Column("evidence", sa.JSON, nullable=False))
