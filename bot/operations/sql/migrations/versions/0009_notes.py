"""The messages that change as what they tell of does, and belong to no operation.

With them replies in their threads, who of several replicas speaks to Slack, and what the history is
found by.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BEHIND = sa.text("shown_version < version")


def upgrade() -> None:
    """Create the tables, the column and the indexes."""
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(320), nullable=False),
        sa.Column("receiver", sa.String(64), nullable=False),
        sa.Column("in_person", sa.Boolean, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("shown_version", sa.Integer, nullable=False),
        sa.Column("shown", sa.String(64)),
        sa.Column("channel", sa.String(32)),
        sa.Column("ts", sa.String(32)),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("not_before", sa.DateTime, nullable=False),
        sa.UniqueConstraint("key", "receiver", "in_person", name="uq_notes_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notes_kind", "notes", ["kind"])
    op.create_index(
        "ix_notes_behind", "notes", ["ended"], sqlite_where=BEHIND, postgresql_where=BEHIND
    )
    op.create_table(
        "duties",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("until", sa.DateTime, nullable=False),
    )
    settled = sa.Column("settled", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("cards", settled)
    op.execute(
        "UPDATE cards SET settled = TRUE WHERE number IN (SELECT operations.number FROM operations"
        " WHERE operations.ended_at IS NOT NULL AND operations.version <= cards.shown_version)"
    )
    op.create_index(
        "ix_cards_unsettled",
        "cards",
        ["number"],
        sqlite_where=sa.text("settled = 0"),
        postgresql_where=sa.text("NOT settled"),
    )
    op.add_column("outbox", sa.Column("thread", sa.String(320)))
    op.create_index("ix_operations_requested_at", "operations", ["requested_at"])
    op.create_index("ix_timeline_by", "timeline", ["by"])
    op.create_index("ix_acts_by", "acts", ["by"])
    op.create_table(
        "act_services",
        sa.Column("act", sa.Integer, sa.ForeignKey("acts.id"), primary_key=True),
        sa.Column("service", sa.String(255), primary_key=True),
    )
    op.create_index("ix_act_services_service", "act_services", ["service"])
    _name_services()


def _name_services() -> None:
    """Write down whose history the acts until now stand in, as their subjects say."""
    acts = sa.table("acts", sa.column("id"), sa.column("subject"), sa.column("environment"))
    services = sa.table("act_services", sa.column("act"), sa.column("service"))
    connection = op.get_bind()
    rows = [
        {"act": act, "service": service}
        for act, subject, environment in connection.execute(sa.select(acts)).all()
        for service in dict.fromkeys(_services_of(subject, environment))
    ]
    if rows:
        connection.execute(sa.insert(services), rows)


def _services_of(subject: str, environment: str | None) -> list[str]:
    if environment is None:
        return []
    if subject == environment:
        return ["*"]
    named, slash, where = subject.rpartition("/")
    return named.split(",") if slash and where == environment else []
