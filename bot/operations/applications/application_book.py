"""What was last seen of each application, and the stories that people were told of it.

Both change in one transaction, together with the notes, alerts and acts that tell of it; and only
where nobody else was quicker. So of two replicas, and of the stream and a webhook, one tells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.alerts import Alert
from bot.domain.applications.events import Event, Judged, Remembered
from bot.domain.applications.story import (
    CROWD_FROM,
    CROWD_WITHIN,
    NAMED,
    TOPICS,
    Crowd,
    Member,
    Revision,
    Story,
    Subject,
    Topic,
    goes_on,
    gone,
    told,
)
from bot.operations.books.act_book import Act, write_act
from bot.operations.books.rows import insert_or_leave, take_turns
from bot.operations.notes import Note, NoteKind, put_note
from bot.operations.saying.alerts import PutAlerts
from bot.operations.saying.outbox import ToChannel
from bot.operations.sql.codec import dump, load
from bot.operations.sql.database import Database
from bot.operations.sql.tables import application_stories as stories
from bot.operations.sql.tables import applications, notes

KEPT = timedelta(days=90)
"""How long a story that is over is kept; its note in Slack stays."""

ONE, MANY = "one", "many"
"""The two shapes of a note's state: a ``Story`` or a ``Crowd``."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of an application, its count of changes, and when it is looked at."""

    remembered: Remembered
    version: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class News:
    """One *event* of *subject*, with all that is told of it.

    *channel* is where it is told, None where it is not; *alerts* are for other channels, *acts*
    for the history. *operation* is ours that brought the *revision*, or empty.
    """

    subject: Subject
    event: Event
    channel: str | None
    revision: Revision | None = None
    operation: str = ""
    alerts: tuple[Alert, ...] = ()
    acts: tuple[Act, ...] = ()


class ApplicationBook:
    """The applications in one database. *alerts* puts down what other channels are told."""

    def __init__(self, database: Database, alerts: PutAlerts) -> None:
        self._database, self._alerts = database, alerts

    # what was seen

    def known(self, key: str) -> Known | None:
        """Return what is remembered of the application, or None where it was never seen.

        Raises:
            Unavailable: our own database is away.
        """
        query = sa.select(applications).where(applications.c.subject == key)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _known(row)

    def signs(self, instance: str) -> dict[str, str]:
        """Return the sign of each application of one Argo CD, by its key.

        Raises:
            Unavailable: our own database is away.
        """
        sign = applications.c.remembered["sign"].as_string()
        query = sa.select(applications.c.subject, sign).where(applications.c.instance == instance)
        with self._database.read() as connection:
            return {row[0]: row[1] or "" for row in connection.execute(query)}

    def claim(self, instance: str, now: datetime, until: datetime, most: int) -> list[str]:
        """Return the keys of those to be looked at by now; they are ours *until* then.

        Raises:
            Unavailable: our own database is away.
        """
        query = (
            sa.select(applications.c.subject, applications.c.due_at)
            .where(applications.c.instance == instance, applications.c.due_at <= now)
            .order_by(applications.c.due_at)
            .limit(most)
        )
        with self._database.read() as connection:
            due = connection.execute(query).all()
        if not due:
            return []
        with self._database.write() as connection:
            return [row.subject for row in due if _claimed(connection, row, until)]

    def save(
        self,
        key: str,
        instance: str,
        before: Known | None,
        judged: Judged,
        news: Sequence[News],
        now: datetime,
    ) -> bool:
        """Remember what a look meant, and tell *news*; False where another look was quicker.

        Raises:
            Unavailable: our own database is away; nothing was written.
        """
        values = {
            "remembered": dump(Remembered, judged.after),
            "due_at": judged.again,
            "version": 1 if before is None else before.version + 1,
        }
        with self._database.write() as connection:
            if not _written(connection, key, instance, before, values):
                return False
            if judged.replaced:
                self._end_all(connection, key, now)
            for one in news:
                self._tell(connection, key, one, now)
        return True

    def forget(self, key: str, now: datetime) -> None:
        """Forget an application that is not there any more; what stands of it is over.

        Raises:
            Unavailable: our own database is away.
        """
        with self._database.write() as connection:
            row = sa.delete(applications).where(applications.c.subject == key)
            if connection.execute(row).rowcount:
                self._end_all(connection, key, now)

    def sweep(self, now: datetime) -> None:
        """Forget old stories that are over, but for those whose note tells of one that is not.

        Their notes go with them: one of routine syncs is never marked as ended, since it goes
        before nothing else.

        Raises:
            Unavailable: our own database is away.
        """
        other = stories.alias()
        stands = sa.exists().where(other.c.note == stories.c.note, other.c.stands.is_(True))
        over = (stories.c.stands.is_(False), stories.c.changed_at < now - KEPT)
        with self._database.write() as connection:
            connection.execute(sa.delete(stories).where(*over, ~stands))
            told_of = sa.exists().where(stories.c.note == notes.c.key)
            mine = (notes.c.kind == NoteKind.APPLICATION.value, notes.c.changed_at < now - KEPT)
            connection.execute(sa.delete(notes).where(*mine, ~told_of))

    # what is told

    def _tell(self, connection: sa.Connection, key: str, news: News, now: datetime) -> None:
        for act in news.acts:
            write_act(connection, act)
        self._alerts(connection, news.alerts, now)
        if news.channel is None:
            return
        topic = TOPICS[news.event.what]
        row = _newest(connection, key, topic)
        former = None if row is None else load(Story, row.story)
        on = row is not None and former is not None and goes_on(former, row.changed_at, now)
        story = told(
            former if on else None, news.subject, news.event, news.revision, news.operation
        )
        if story is None:
            return
        if on:
            _change(connection, row, story, now)
            self._show(connection, row.note, row.channel, story, now, shared=row.shared)
            return
        take_turns(connection, f"applications:{news.channel}:{topic.value}")
        note, shared = _note_for(connection, key, news.channel, story, now)
        _begin(connection, key, note, news.channel, story, now, shared=shared)
        self._show(connection, note, news.channel, story, now, shared=shared)

    def _end_all(self, connection: sa.Connection, key: str, now: datetime) -> None:
        """End every story of an application that went away."""
        query = sa.select(stories).where(stories.c.subject == key, stories.c.stands.is_(True))
        for row in connection.execute(query).all():
            story = gone(load(Story, row.story), now)
            _change(connection, row, story, now)
            self._show(connection, row.note, row.channel, story, now, shared=row.shared)

    def _show(
        self,
        connection: sa.Connection,
        note: str,
        channel: str,
        story: Story,
        now: datetime,
        *,
        shared: bool,
    ) -> None:
        """Let the note say how things stand."""
        if shared:
            take_turns(connection, f"applications:{note}")  # who counts last counts all
            crowd = _crowd(connection, note, story.topic)
            state, ended = {MANY: dump(Crowd, crowd)}, crowd.standing == 0
        else:
            state, ended = {ONE: dump(Story, story)}, not story.stands
        ended = ended and story.topic is not Topic.SYNC  # of routine nothing goes first
        put_note(
            connection, Note(note, ToChannel(channel), NoteKind.APPLICATION, state, ended), now
        )


def tellable(state: Any) -> Story | Crowd:
    """Return what the *state* of a note tells."""
    if MANY in state:
        return load(Crowd, state[MANY])
    return load(Story, state[ONE])


def _known(row: Any) -> Known:
    return Known(load(Remembered, row.remembered), row.version, row.due_at)


def _claimed(connection: sa.Connection, row: Any, until: datetime) -> bool:
    mine = (applications.c.subject == row.subject, applications.c.due_at == row.due_at)
    statement = sa.update(applications).where(*mine).values(due_at=until)
    return connection.execute(statement).rowcount == 1


def _written(
    connection: sa.Connection,
    key: str,
    instance: str,
    before: Known | None,
    values: dict[str, Any],
) -> bool:
    if before is None:
        new = insert_or_leave(connection, applications).returning(applications.c.subject)
        row = {"subject": key, "instance": instance, **values}
        return connection.execute(new, row).first() is not None
    as_read = (applications.c.subject == key, applications.c.version == before.version)
    statement = sa.update(applications).where(*as_read).values(**values)
    return connection.execute(statement).rowcount == 1


def _newest(connection: sa.Connection, key: str, topic: Topic) -> Any:
    query = (
        sa.select(stories)
        .where(stories.c.subject == key, stories.c.topic == topic.value)
        .order_by(stories.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).one_or_none()


def _change(connection: sa.Connection, row: Any, story: Story, now: datetime) -> None:
    values = {"story": dump(Story, story), "stands": story.stands, "changed_at": now}
    connection.execute(sa.update(stories).where(stories.c.id == row.id).values(**values))


def _begin(
    connection: sa.Connection,
    key: str,
    note: str,
    channel: str,
    story: Story,
    now: datetime,
    *,
    shared: bool,
) -> None:
    values = {
        "subject": key,
        "topic": story.topic.value,
        "note": note,
        "channel": channel,
        "opened_at": now,
        "changed_at": now,
        "shared": shared,
        "stands": story.stands,
        "story": dump(Story, story),
    }
    connection.execute(sa.insert(stories).values(**values))


def _note_for(
    connection: sa.Connection, key: str, channel: str, story: Story, now: datetime
) -> tuple[str, bool]:
    """Return the key of the note for a new story, and whether others share it.

    Where many begin at once the first few have notes of their own, and the rest one together.
    """
    lately = (
        stories.c.channel == channel,
        stories.c.topic == story.topic.value,
        stories.c.opened_at > now - CROWD_WITHIN,
    )
    shared = sa.select(stories.c.note).where(*lately, stories.c.shared.is_(True))
    newest = shared.order_by(stories.c.id.desc()).limit(1)
    if (crowd := connection.execute(newest).scalar_one_or_none()) is not None:
        return crowd, True
    begun = sa.select(sa.func.count()).select_from(stories).where(*lately)
    if connection.execute(begun).scalar_one() < CROWD_FROM:
        return f"application:{key}:{story.topic.value}:{now.isoformat()}", False
    return f"applications:{channel}:{story.topic.value}:{now.isoformat()}", True


def _crowd(connection: sa.Connection, note: str, topic: Topic) -> Crowd:
    """Return how all stories of a shared *note* stand; those that stand are named first."""
    of_it = stories.c.note == note
    standing = sa.func.sum(sa.case((stories.c.stands.is_(True), 1), else_=0))
    counts = sa.select(sa.func.count(), standing, sa.func.min(stories.c.opened_at)).where(of_it)
    total, stand, opened = connection.execute(counts).one()
    query = (
        sa.select(stories.c.story)
        .where(of_it)
        .order_by(stories.c.stands.desc(), stories.c.id)
        .limit(NAMED)
    )
    named = [load(Story, row.story) for row in connection.execute(query)]
    return Crowd(topic, opened, int(stand or 0), int(total), tuple(map(_member, named)))


def _member(story: Story) -> Member:
    return Member(story.subject, story.what, story.since, story.stands)
