"""Our own tables: what people ask about. The engine's tables beside them are only its memory.

``timeline``, ``decisions``, ``approvals`` and ``acts`` are append-only. Values that are only ever
read and written whole stand as JSON; whatever a query filters by is a column.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

# Python's None is SQL's NULL here, not JSON's null: "nothing there" has one spelling.
Json = sa.JSON(none_as_null=True)

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware UTC time. SQLite forgets zones, so they are cut before and put back after."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return *value* in UTC without its zone. Raises ValueError for a naive time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must know its zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the stored time with its zone."""
        return None if value is None else value.replace(tzinfo=UTC)


operations = sa.Table(
    "operations",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(32), nullable=False, unique=True),
    # What Slack (or a terminal) calls this request: a repeated delivery finds the first one's row.
    sa.Column("asked", sa.String(255), nullable=False, unique=True),
    # The same wish of anybody while it is under way; null once it has ended, so it can come again.
    sa.Column("wish", sa.String(64), nullable=True, unique=True),
    sa.Column("flow", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("environment", sa.String(63), nullable=False, index=True),
    sa.Column("request", Json, nullable=False),
    sa.Column("phase", sa.String(16), nullable=False, index=True),
    sa.Column("plan", Json),
    # The pull request that the change waits in, where it does not go straight onto the branch.
    sa.Column("pull", Json),
    sa.Column("written", Json),
    sa.Column("progress", Json, nullable=False),
    sa.Column("problem", Json),
    sa.Column("entered", Json, nullable=False),
    sa.Column("requested_at", Moment, nullable=False, index=True),
    sa.Column("ended_at", Moment),
    # Counts every change; a card that shows a lower number is behind.
    sa.Column("version", sa.Integer, nullable=False),
    sqlite_autoincrement=True,
)

operation_services = sa.Table(
    "operation_services",
    metadata,
    sa.Column("number", sa.Integer, sa.ForeignKey("operations.number"), primary_key=True),
    sa.Column("service", sa.String(63), primary_key=True, index=True),
)

timeline = sa.Table(
    "timeline",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("number", sa.Integer, sa.ForeignKey("operations.number"), nullable=False, index=True),
    # A step that runs twice writes its line once.
    sa.Column("mark", sa.String(120), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("by", sa.String(64), nullable=False, index=True),
    sa.Column("what", sa.String(64), nullable=False),
    sa.Column("detail", Json, nullable=False),
    sa.UniqueConstraint("number", "mark", name="uq_timeline_mark"),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("number", sa.Integer, sa.ForeignKey("operations.number"), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.UniqueConstraint("number", "kind", "by", name="uq_decisions_once"),
)

cards = sa.Table(
    "cards",
    metadata,
    sa.Column("number", sa.Integer, sa.ForeignKey("operations.number"), primary_key=True),
    # Null until Slack has taken the first card; a row without them says that a post was begun.
    sa.Column("channel", sa.String(32)),
    sa.Column("ts", sa.String(32)),
    sa.Column("shown", sa.String(64)),  # digest of the last render that Slack took
    sa.Column("shown_version", sa.Integer, nullable=False),
    # True once it shows an end: nobody looks at it again until something counts a change.
    sa.Column("settled", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index(
        "ix_cards_unsettled",
        "number",
        sqlite_where=sa.text("settled = 0"),
        postgresql_where=sa.text("NOT settled"),
    ),
)

locks = sa.Table(
    "locks",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    # ``core/prod``, or ``*/prod`` for every service. One lock over several targets is several rows.
    sa.Column("target", sa.String(130), nullable=False),
    sa.Column("environment", sa.String(63), nullable=False, index=True),
    # The delivery that took it: a repeated one finds the first one's rows.
    sa.Column("asked", sa.String(255), nullable=False),
    sa.Column("slack", sa.String(64), nullable=False),
    sa.Column("github_id", sa.BigInteger, nullable=False),
    sa.Column("login", sa.String(64), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("until", Moment),
    sa.Column("warn_only", sa.Boolean, nullable=False),
    sa.Column("reminded_at", Moment),
    # Null while it stands. A row is never taken away and never changes after its end.
    sa.Column("ended_at", Moment),
    sa.Column("ended_by", sa.String(64)),
    sa.Column("ended_asked", sa.String(255)),
    sa.Column("ending", sa.String(16)),
    sa.UniqueConstraint("asked", "target", name="uq_locks_asked"),
    sa.Index(
        "uq_locks_standing",
        "target",
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
)

freezes = sa.Table(
    "freezes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("environment", sa.String(63), nullable=False, index=True),
    sa.Column("asked", sa.String(255), nullable=False, unique=True),
    sa.Column("slack", sa.String(64), nullable=False),
    sa.Column("github_id", sa.BigInteger, nullable=False),
    sa.Column("login", sa.String(64), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("until", Moment),
    sa.Column("ended_at", Moment),
    sa.Column("ended_by", sa.String(64)),
    sa.Column("ended_asked", sa.String(255)),
)

holds = sa.Table(
    "holds",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("target", sa.String(130), nullable=False),
    sa.Column("environment", sa.String(63), nullable=False, index=True),
    sa.Column("tag", sa.String(255), nullable=False),  # ``*`` for the whole target
    # The delivery, or the rollback, that began it.
    sa.Column("asked", sa.String(255), nullable=False),
    sa.Column("slack", sa.String(64), nullable=False),
    sa.Column("github_id", sa.BigInteger, nullable=False),
    sa.Column("login", sa.String(64), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("operation", sa.String(16)),
    # Null while it stands. A row is never taken away and never changes after its end.
    sa.Column("ended_at", Moment),
    sa.Column("ended_by", sa.String(64)),
    sa.Column("ended_asked", sa.String(255)),
    sa.UniqueConstraint("asked", "target", "tag", name="uq_holds_asked"),
    sa.Index(
        "uq_holds_standing",
        "target",
        "tag",
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
)

# Auto-sync that a rollback of ours switched off; written before anything is switched.
open_items = sa.Table(
    "open_items",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("number", sa.Integer, sa.ForeignKey("operations.number"), nullable=False),
    # Which application it is, in one column so that it can be unique: instance/namespace/name.
    sa.Column("subject", sa.String(320), nullable=False),
    sa.Column("instance", sa.String(63), nullable=False),
    sa.Column("namespace", sa.String(63), nullable=False),
    sa.Column("app", sa.String(255), nullable=False),
    sa.Column("environment", sa.String(63), nullable=False, index=True),
    sa.Column("services", Json, nullable=False),
    sa.Column("saved", Json, nullable=False),  # the sync policy, verbatim
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("deadline", Moment, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reminded_at", Moment),
    # Null while it stands. A row is never taken away and never changes after its end.
    sa.Column("ended_at", Moment),
    sa.Column("ended_by", sa.String(64)),
    sa.Column("ending", sa.String(16)),
    sa.UniqueConstraint("number", name="uq_open_items_number"),
    sa.Index(
        "uq_open_items_standing",
        "subject",
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
)

# What approval was asked for, once for each operation.
approval_requests = sa.Table(
    "approval_requests",
    metadata,
    sa.Column("number", sa.Integer, sa.ForeignKey("operations.number"), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("asked", Json, nullable=False),
    sa.Column("rule", Json, nullable=False),
    sa.Column("evidence", Json, nullable=False),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("number", sa.Integer, sa.ForeignKey("operations.number"), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),  # empty: an override is to no plan
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("slack", sa.String(64), nullable=False),
    sa.Column("github_id", sa.BigInteger, nullable=False),
    sa.Column("login", sa.String(64), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    # By account, so that a second Slack user of the same person says nothing new. The verdict is
    # part of it: who said yes may still say no.
    sa.UniqueConstraint("number", "digest", "github_id", "verdict", name="uq_approvals_once"),
)

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("slack", sa.String(64), primary_key=True),
    sa.Column("team", sa.String(64), primary_key=True),
    sa.Column("source", sa.String(16), primary_key=True),
    sa.Column("github_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("login", sa.String(64), nullable=False),
    sa.Column("linked_at", Moment, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
)

acts = sa.Table(
    "acts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    # What is done twice is written once.
    sa.Column("mark", sa.String(255), nullable=False, unique=True),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("by", sa.String(64), nullable=False, index=True),
    sa.Column("what", sa.String(32), nullable=False),
    sa.Column("environment", sa.String(63), index=True),
    sa.Column("subject", sa.String(255), nullable=False),
    sa.Column("detail", Json, nullable=False),
)

# Whose history an act stands in.
act_services = sa.Table(
    "act_services",
    metadata,
    sa.Column("act", sa.Integer, sa.ForeignKey("acts.id"), primary_key=True),
    sa.Column("service", sa.String(255), primary_key=True, index=True),  # ``*`` for all
)

# What is to be said once, whatever happens in between: written in the transaction of the deed that
# it tells of, and sent later. A row goes some days after it was settled.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    # The message's key in Slack, too, by which it is found before it is sent a second time.
    sa.Column("key", sa.String(320), nullable=False, unique=True),
    sa.Column("receiver", sa.String(64), nullable=False),  # a channel or a person
    sa.Column("in_person", sa.Boolean, nullable=False),
    # The key of the note in whose thread it is said; null: outside of threads.
    sa.Column("thread", sa.String(320)),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("blocks", Json, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    # Who sends it has it until then; after a failure it rests until then.
    sa.Column("not_before", Moment, nullable=False),
    # Null until it was said, or given up.
    sa.Column("settled_at", Moment, index=True),
    sqlite_autoincrement=True,
)

# An account that GitHub has confirmed for a Slack user, who has still to say that it is theirs.
link_offers = sa.Table(
    "link_offers",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("slack", sa.String(64), nullable=False, index=True),
    sa.Column("team", sa.String(64), nullable=False),
    sa.Column("github_id", sa.BigInteger, nullable=False),
    sa.Column("login", sa.String(64), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    # Null while it is open; it is answered once, and a row is never taken away.
    sa.Column("settled_at", Moment),
    sa.Column("ending", sa.String(16)),
)

# Messages that change with what they tell of, and belong to no operation.
notes = sa.Table(
    "notes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    # The message's key in Slack, too, by which it is found before it is posted a second time.
    sa.Column("key", sa.String(320), nullable=False),
    sa.Column("receiver", sa.String(64), nullable=False),  # a channel or a person
    sa.Column("in_person", sa.Boolean, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False, index=True),
    sa.Column("state", Json, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),  # of kind, state and end
    sa.Column("ended", sa.Boolean, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    # Counts every change; what was shown of a lower number is behind.
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("shown_version", sa.Integer, nullable=False),
    sa.Column("shown", sa.String(64)),  # digest of the last render that Slack took
    # Null until Slack has taken it.
    sa.Column("channel", sa.String(32)),
    sa.Column("ts", sa.String(32)),
    # How often a post was begun; who posts it has it until then, after a failure it rests until
    # then.
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("not_before", Moment, nullable=False),
    sa.UniqueConstraint("key", "receiver", "in_person", name="uq_notes_key"),
    sa.Index(
        "ix_notes_behind",
        "ended",
        sqlite_where=sa.text("shown_version < version"),
        postgresql_where=sa.text("shown_version < version"),
    ),
    sqlite_autoincrement=True,
)

# What one replica at a time does for all of them.
duties = sa.Table(
    "duties",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(64), nullable=False),
    sa.Column("until", Moment, nullable=False),  # by the database's clock
)

# Replicas whose work nobody holds, since when by the database's clock; gone once it is taken over.
missed = sa.Table(
    "missed",
    metadata,
    sa.Column("executor", sa.String(64), primary_key=True),
    sa.Column("since", Moment, nullable=False),
)

# What GitHub and Argo CD told us, each delivery once, until it is worked off and some days longer.
deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("source", sa.String(16), nullable=False),
    # What the source calls it: a redelivery comes under the same name.
    sa.Column("delivery", sa.String(128), nullable=False),
    sa.Column("event", sa.String(64), nullable=False),
    # As text: a database is stricter about JSON than those who send it. Cut away once it is old.
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("received_at", Moment, nullable=False, index=True),
    sa.Column("tries", sa.Integer, nullable=False),
    # Tries that ended badly, or never: those that only found somebody away are not counted.
    sa.Column("failures", sa.Integer, nullable=False),
    # Who works it off has it until then; after a failure it rests until then.
    sa.Column("not_before", Moment, nullable=False),
    # Null until it was worked off or set aside.
    sa.Column("settled_at", Moment, index=True),
    sa.Column("set_aside", sa.Boolean, nullable=False),
    sa.UniqueConstraint("source", "delivery", name="uq_deliveries_once"),
    sa.Index(
        "ix_deliveries_set_aside",
        "id",
        sqlite_where=sa.text("set_aside = 1"),
        postgresql_where=sa.text("set_aside"),
    ),
    sqlite_autoincrement=True,
)

# Deliveries that GitHub was asked to make again, so that one of several replicas asks for each.
redeliveries = sa.Table(
    "redeliveries",
    metadata,
    sa.Column("delivery", sa.String(128), primary_key=True),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
)

# What other channels than Slack are to be told: a row for each receiver, in the order of telling.
alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("receiver", sa.String(63), nullable=False),  # as the configuration names it
    sa.Column("dedup", sa.String(255), nullable=False, index=True),
    sa.Column("resolves", sa.Boolean, nullable=False),
    sa.Column("alert", Json, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("not_before", Moment, nullable=False),
    # Null until it was told, or given up.
    sa.Column("settled_at", Moment, index=True),
    sqlite_autoincrement=True,
)

# What was last seen of each application, so that what was told is not told again.
applications = sa.Table(
    "applications",
    metadata,
    # Which application it is: instance/namespace/name.
    sa.Column("subject", sa.String(320), primary_key=True),
    sa.Column("instance", sa.String(63), nullable=False, index=True),
    sa.Column("remembered", Json, nullable=False),
    # Counts every change: who writes must have read the newest.
    sa.Column("version", sa.Integer, nullable=False),
    # When it is to be looked at although nothing says that it changed; null: never.
    sa.Column("due_at", Moment, index=True),
)

# What people are told of an application: a row for each story, the newest of a topic goes on.
application_stories = sa.Table(
    "application_stories",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("subject", sa.String(320), nullable=False),
    sa.Column("topic", sa.String(16), nullable=False),
    sa.Column("note", sa.String(320), nullable=False, index=True),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("opened_at", Moment, nullable=False),  # by our clock, when it was first told
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("shared", sa.Boolean, nullable=False),  # its note tells of others, too
    sa.Column("stands", sa.Boolean, nullable=False),
    sa.Column("story", Json, nullable=False),
    sa.Index("ix_application_stories_subject", "subject", "topic"),
    sa.Index("ix_application_stories_channel", "channel", "topic", "opened_at"),
    sqlite_autoincrement=True,
)
