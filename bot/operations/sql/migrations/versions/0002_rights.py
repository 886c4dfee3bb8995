"""Locks, freezes, approvals, identities, and the acts that changed or refused them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of who may, and when."""
    _locks()
    _freezes()
    _approvals()
    _identities()
    _acts()


def _locks() -> None:
    op.create_table(
        "locks",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("target", sa.String(130), nullable=False),
        sa.Column("environment", sa.String(63), nullable=False),
        sa.Column("asked", sa.String(255), nullable=False),
        *_actor(),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("until", sa.DateTime),
        sa.Column("warn_only", sa.Boolean, nullable=False),
        sa.Column("reminded_at", sa.DateTime),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("ended_by", sa.String(64)),
        sa.Column("ended_asked", sa.String(255)),
        sa.Column("ending", sa.String(16)),
        sa.UniqueConstraint("asked", "target", name="uq_locks_asked"),
    )
    op.create_index("ix_locks_environment", "locks", ["environment"])
    op.create_index(
        "uq_locks_standing",
        "locks",
        ["target"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _freezes() -> None:
    op.create_table(
        "freezes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("environment", sa.String(63), nullable=False),
        sa.Column("asked", sa.String(255), nullable=False),
        *_actor(),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("until", sa.DateTime),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("ended_by", sa.String(64)),
        sa.Column("ended_asked", sa.String(255)),
        sa.UniqueConstraint("asked", name="uq_freezes_asked"),
    )
    op.create_index("ix_freezes_environment", "freezes", ["environment"])


def _approvals() -> None:
    op.create_table(
        "approval_requests",
        sa.Column("number", sa.Integer, sa.ForeignKey("operations.number"), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("asked", sa.JSON, nullable=False),
        sa.Column("rule", sa.JSON, nullable=False),
    )
    op.create_table(
        "approvals",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("number", sa.Integer, sa.ForeignKey("operations.number"), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        *_actor(),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("number", "digest", "github_id", "verdict", name="uq_approvals_once"),
    )


def _identities() -> None:
    op.create_table(
        "identities",
        sa.Column("slack", sa.String(64), primary_key=True),
        sa.Column("team", sa.String(64), primary_key=True),
        sa.Column("source", sa.String(16), primary_key=True),
        sa.Column("github_id", sa.BigInteger, nullable=False),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("linked_at", sa.DateTime, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
    )
    op.create_index("ix_identities_github_id", "identities", ["github_id"])


def _acts() -> None:
    op.create_table(
        "acts",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("mark", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("environment", sa.String(63)),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.UniqueConstraint("mark", name="uq_acts_mark"),
    )
    op.create_index("ix_acts_at", "acts", ["at"])
    op.create_index("ix_acts_environment", "acts", ["environment"])


def _actor() -> tuple[sa.Column[str], sa.Column[int], sa.Column[str]]:
    return (
        sa.Column("slack", sa.String(64), nullable=False),
        sa.Column("github_id", sa.BigInteger, nullable=False),
        sa.Column("login", sa.String(64), nullable=False),
    )
