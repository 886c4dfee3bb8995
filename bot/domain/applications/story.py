"""What people are told of an application: events in, the stories that notes tell out.

One topic of one application is one story, told by one note for as long as it lasts: trouble from
its first sign to recovery, auto-sync from off to on. What comes again soon goes on with the same
story, so that an application that flaps is one message and not fifty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.applications.events import Event, What
from bot.domain.applications.signs import ImageChange

AGAIN_WITHIN = timedelta(hours=1)
"""What comes again so soon after its end is the same story: its note is written anew."""

DAY = timedelta(days=1)
"""So long one note tells all routine syncs; an older one has scrolled away."""

CROWD_FROM = 4
"""So many notes of one topic may be begun in one channel; what follows shares a single one."""

CROWD_WITHIN = timedelta(minutes=5)
"""The time in which they count, and for which a shared note takes in others."""

NAMED = 20
"""Applications that a shared note names; the others are counted."""


class Topic(StrEnum):
    """What a story is about."""

    TROUBLE = "trouble"
    SYNC = "sync"
    AUTO_SYNC = "auto_sync"
    MANUAL_SYNC = "manual_sync"


TOPICS: Mapping[What, Topic] = {
    What.SYNC_SUCCEEDED: Topic.SYNC,
    What.SYNC_FAILED: Topic.TROUBLE,
    What.DEGRADED: Topic.TROUBLE,
    What.RECOVERED: Topic.TROUBLE,
    What.AUTO_SYNC_CHANGED: Topic.AUTO_SYNC,
    What.MANUAL_SYNC: Topic.MANUAL_SYNC,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """The application that is told of: *application* of *instance*, with its *page*.

    *services* are those that it brings to *environment*, the most productive one that it serves.
    *owner* names what keeps its spec, or is empty.
    """

    instance: str
    namespace: str
    application: str
    environment: str
    services: tuple[str, ...]
    page: str
    production: bool = False
    owner: str = ""

    @property
    def key(self) -> str:
        """Return what tells this application from all others."""
        return f"{self.instance}/{self.namespace}/{self.application}"


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit that Argo CD deploys. *url*, *title* and *author* are empty where nobody knows."""

    sha: str
    url: str = ""
    title: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """One topic of one application as it stands: what its note shows.

    *opened* is when it began, *what* its newest event and *since* when that is so. *was* is the
    trouble that a recovery ended. *times* counts how often it came. *operation* is ours that
    brought the *revision*, or empty. *gone*: the application is not there any more.
    """

    subject: Subject
    topic: Topic
    what: What
    opened: datetime
    since: datetime
    revision: Revision | None = None
    images: tuple[ImageChange, ...] = ()
    resource: str = ""
    message: str = ""
    by: str = ""
    auto_sync: bool | None = None
    was: What | None = None
    times: int = 1
    operation: str = ""
    gone: bool = False

    @property
    def stands(self) -> bool:
        """Tell whether something is still amiss."""
        if self.gone or self.topic in {Topic.SYNC, Topic.MANUAL_SYNC}:
            return False
        return self.auto_sync is False if self.topic is Topic.AUTO_SYNC else self.what in _AMISS


_AMISS = frozenset({What.DEGRADED, What.SYNC_FAILED})


@dataclass(frozen=True, slots=True)
class Member:
    """One application in a shared note."""

    subject: Subject
    what: What
    since: datetime
    stands: bool


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many applications with one topic at once: *standing* of *total*; *members* are some of them.

    *opened* is when the first of them began.
    """

    topic: Topic
    opened: datetime
    standing: int
    total: int
    members: tuple[Member, ...]


def goes_on(story: Story, changed_at: datetime, now: datetime) -> bool:
    """Tell whether what happens *now* belongs to *story*, which last changed at *changed_at*."""
    if story.gone:
        return False
    if story.stands:
        return True
    if story.topic is Topic.SYNC:
        return now - story.opened < DAY
    return now - changed_at < AGAIN_WITHIN


def told(
    before: Story | None,
    subject: Subject,
    event: Event,
    revision: Revision | None,
    operation: str = "",
) -> Story | None:
    """Return the story as it goes on after *event*; None where there is nothing to tell.

    *before* is the story so far where *event* belongs to it. What recovers and was never told of
    is no news.
    """
    if event.what is What.RECOVERED:
        return None if before is None else _recovered(before, event, revision, operation)
    new = Story(
        subject,
        TOPICS[event.what],
        event.what,
        opened=event.since,
        since=event.since,
        revision=revision,
        images=event.images,
        resource=event.resource,
        message=event.message,
        by=event.by,
        auto_sync=event.auto_sync,
        operation=operation,
    )
    if before is None:
        return new
    if before.stands:  # It goes on, or is followed by its end.
        return replace(new, opened=before.opened, times=before.times)
    opened = event.since if before.topic is Topic.AUTO_SYNC else before.opened
    return replace(new, opened=opened, times=before.times + 1)


def gone(story: Story, at: datetime) -> Story:
    """Return *story* after its application went away."""
    return replace(story, gone=True, since=at)


def _recovered(before: Story, event: Event, revision: Revision | None, operation: str) -> Story:
    return replace(
        before,
        what=What.RECOVERED,
        was=before.what if before.stands else before.was,
        since=event.since,
        images=(),
        revision=revision or before.revision,
        operation=operation,
    )
