"""The tables of failing workflows, beside those of ``bot.operations.sql.tables``."""

import sqlalchemy as sa

from bot.operations.sql.tables import Json, Moment, metadata

# One workflow on one branch, from the first run of it that counted.
ci_tracks = sa.Table(
    "ci_tracks",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("repository", sa.String(160), nullable=False),
    sa.Column("origin", sa.String(16), nullable=False),
    sa.Column("workflow", sa.String(255), nullable=False),
    sa.Column("branch", sa.String(255), nullable=False),
    sa.Column("track", Json, nullable=False),
    sa.Column("stands", sa.Boolean, nullable=False),  # whether it fails now
    sa.Column("heard_at", Moment, nullable=False, index=True),
    # When we heard of the newest episode, and where the channel is told of it.
    sa.Column("began_at", Moment),
    sa.Column("channel", sa.String(64)),
    # The note that tells of it among many others, if it began in a crowd.
    sa.Column("crowd", sa.String(255), index=True),
    # Who has the note of the newest episode; empty while nobody is told.
    sa.Column("receivers", Json, nullable=False),
    sa.Column("findings", Json),
    sa.Column("rerun", Json),
    sa.Column("threaded_at", Moment),
    # When its newest failure is to be looked into; null when there is nothing to look for. Who
    # looks has it until then.
    sa.Column("look_at", Moment, index=True),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.UniqueConstraint("repository", "origin", "workflow", "branch", name="uq_ci_tracks_series"),
    sqlite_autoincrement=True,
)

# Who does not want to hear of a workflow until when. A row is never taken away.
ci_mutes = sa.Table(
    "ci_mutes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("repository", sa.String(160), nullable=False),
    sa.Column("origin", sa.String(16), nullable=False),
    sa.Column("workflow", sa.String(255), nullable=False),
    sa.Column("branch", sa.String(255)),  # null: every branch
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("ended_at", Moment, index=True),
    sa.Column("ended_by", sa.String(64)),
)
