"""What was last seen of each application, and what people were told of it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "applications",
        sa.Column("subject", sa.String(320), primary_key=True),
        sa.Column("instance", sa.String(63), nullable=False),
        sa.Column("remembered", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("due_at", sa.DateTime),
    )
    op.create_index("ix_applications_instance", "applications", ["instance"])
    op.create_index("ix_applications_due_at", "applications", ["due_at"])
    op.create_table(
        "application_stories",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("subject", sa.String(320), nullable=False),
        sa.Column("topic", sa.String(16), nullable=False),
        sa.Column("note", sa.String(320), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("opened_at", sa.DateTime, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("stands", sa.Boolean, nullable=False),
        sa.Column("story", sa.JSON(none_as_null=True), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_application_stories_note", "application_stories", ["note"])
    op.create_index("ix_application_stories_subject", "application_stories", ["subject", "topic"])
    op.create_index(
        "ix_application_stories_channel",
        "application_stories",
        ["channel", "topic", "opened_at"],
    )
