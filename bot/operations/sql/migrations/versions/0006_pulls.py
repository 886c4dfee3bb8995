"""An operation may wait in a pull request."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what is there already waits in none."""
    with op.batch_alter_table("operations") as table:
        table.add_column(sa.Column("pull", sa.JSON))
