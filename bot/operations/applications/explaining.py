"""Makes news of an event: of which commit, by whom, told where, and what else is told of it."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

import structlog
from cachetools import LRUCache

from bot.adapters.argocd import ArgoCD
from bot.adapters.argocd_revisions import Metadata, metadata
from bot.clock import Clock
from bot.domain.alerts import Alert, Happening, Severity
from bot.domain.applications.events import Event, Ours, What
from bot.domain.applications.story import TOPICS, Revision, Story, Subject
from bot.domain.applications.tellings import Tellings
from bot.domain.errors import BotError
from bot.domain.following import is_commit
from bot.domain.observation import Observation, Source
from bot.messages import application_events as words
from bot.messages.cards import Links
from bot.operations.applications.application_book import News
from bot.operations.applications.served import Served, Serving
from bot.operations.books.act_book import Act, Deed

log = structlog.get_logger(__name__)

REMEMBERED = 1_000
"""Commits whose author and title are kept: many applications may follow one commit."""

HAPPENINGS: Mapping[What, Happening] = {
    What.SYNC_SUCCEEDED: Happening.SYNC_SUCCEEDED,
    What.SYNC_FAILED: Happening.SYNC_FAILED,
    What.DEGRADED: Happening.DEGRADED,
    What.RECOVERED: Happening.RECOVERED,
    What.AUTO_SYNC_CHANGED: Happening.AUTO_SYNC_CHANGED,
    What.MANUAL_SYNC: Happening.MANUAL_SYNC,
}

DEEDS: Mapping[What, Deed] = {
    What.SYNC_SUCCEEDED: Deed.FOREIGN_SYNC,
    What.SYNC_FAILED: Deed.FOREIGN_SYNC_FAILED,
    What.DEGRADED: Deed.DEGRADED,
    What.RECOVERED: Deed.RECOVERED,
    What.AUTO_SYNC_CHANGED: Deed.AUTO_SYNC_SWITCHED,
    What.MANUAL_SYNC: Deed.MANUAL_SYNC,
}

MOST_SAID = 300
"""The most characters of a failure that the history keeps."""


class Explaining:
    """Reads what is told of an event besides. Every method is for any thread."""

    def __init__(
        self,
        serving: Serving,
        argocd: Mapping[str, ArgoCD],
        tellings: Tellings,
        links: Links,
        clock: Clock,
    ) -> None:
        self._serving, self._argocd, self._tellings = serving, argocd, tellings
        self._links, self._clock = links, clock
        self._read: LRUCache[tuple[str, str, str], Metadata] = LRUCache(REMEMBERED)
        self._lock = threading.Lock()  # to read it moves what it remembers

    def quiet(self, served: Served) -> timedelta:
        """Return how long it must be Degraded before that is told."""
        return self._tellings.of(self._subject(served, None, None)).quiet

    def news(self, served: Served, seen: Observation, event: Event, ours: Ours) -> News:
        """Return *event* with all that is told of it. What cannot be read is left out."""
        subject = self._subject(served, seen, event)
        telling = self._tellings.of(subject)
        told = telling.wants(event.what)
        if told and event.what is What.DEGRADED:
            event = self._wounds(served, event)
        revision = self._revision(served, seen, event, told=told)
        operation = ours.brought(event.revisions)
        return News(
            subject,
            event,
            telling.channel if told else None,
            revision,
            operation,
            (_alert(subject, event, revision),),
            tuple(_acts(subject, event, revision)),
        )

    def _subject(self, served: Served, seen: Observation | None, event: Event | None) -> Subject:
        application = served.application
        namespace = seen.namespace if seen is not None else ""
        page = self._argocd[application.instance].page(application, namespace)
        changes = event.images if event is not None else ()
        return self._serving.subject(served, seen, changes, page)

    def _wounds(self, served: Served, event: Event) -> Event:
        """Return *event* with what the pods say, which is where the cause is mostly found."""
        application = served.application
        try:
            said = self._argocd[application.instance].why_degraded(application)
        except BotError as error:
            log.info("the pods cannot be read", app=application.name, error=str(error))
            return event
        return replace(event, message="; ".join(filter(None, (event.message, said))))

    def _revision(
        self, served: Served, seen: Observation, event: Event, *, told: bool
    ) -> Revision | None:
        """Return the commit of our GitOps repository among the event's revisions, else the first.

        Who wrote it is read only where it is told.
        """
        if not event.revisions:
            return None
        repo = served.targets[0].location.repo
        index = _source_of(repo, seen.sources, len(event.revisions))
        sha = event.revisions[index or 0]
        if not is_commit(sha):
            return Revision(sha)  # a chart's version
        url = self._links.commit(repo, sha) if index is not None else ""
        if not told:
            return Revision(sha, url)
        read = self._metadata(served, seen, sha, index or 0)
        return Revision(sha, url, read.title, read.author)

    def _metadata(self, served: Served, seen: Observation, sha: str, index: int) -> Metadata:
        source = seen.sources[index].repo_url if index < len(seen.sources) else ""
        key = (served.application.instance, source, sha)
        with self._lock:
            known = self._read.get(key)
        if known is not None:
            return known
        try:
            several = index if len(seen.sources) > 1 else None
            argocd = self._argocd[served.application.instance]
            found = metadata(argocd, served.application, sha, several)
        except BotError as error:
            log.info("a commit cannot be read", sha=sha[:8], error=str(error))
            return Metadata()
        with self._lock:
            self._read[key] = found
        return found


def _source_of(repo: str, sources: tuple[Source, ...], many: int) -> int | None:
    """Return which source is *repo*; None where none is, or nobody knows which is which."""
    if len(sources) != many:
        return None
    wanted = repo.lower()
    for index, source in enumerate(sources):
        url = source.repo_url.lower().removesuffix("/").removesuffix(".git")
        if url == wanted or url.endswith((f"/{wanted}", f":{wanted}")):
            return index
    return None


def _alert(subject: Subject, event: Event, revision: Revision | None) -> Alert:
    topic = TOPICS[event.what]
    story = Story(
        subject,
        topic,
        event.what,
        opened=event.since,
        since=event.since,
        revision=revision,
        images=event.images,
        resource=event.resource,
        message=event.message,
        by=event.by,
        auto_sync=event.auto_sync,
    )
    over = event.what is What.RECOVERED or event.auto_sync is True
    return Alert(
        happening=HAPPENINGS[event.what],
        severity=_severity(subject, story),
        dedup=f"application:{subject.key}:{topic.value}"[-255:],
        title=words.headline(story),
        text=words.summary(story),
        link=subject.page,
        service=subject.services[0] if len(subject.services) == 1 else None,
        environment=subject.environment,
        resolves=over,
    )


def _severity(subject: Subject, story: Story) -> Severity:
    if not story.stands:
        return Severity.INFO
    urgent = subject.production and story.what is not What.AUTO_SYNC_CHANGED
    return Severity.CRITICAL if urgent else Severity.WARNING


def _acts(subject: Subject, event: Event, revision: Revision | None) -> Iterator[Act]:
    """Yield what the history keeps: a line for each service."""
    detail = {
        "application": subject.application,
        "instance": subject.instance,
        "revision": revision.sha if revision is not None else "",
        "author": revision.author if revision is not None else "",
        "resource": event.resource,
        "message": event.message[:MOST_SAID],
        "argocd_user": event.by,
        "images": ", ".join(f"{one.repository}:{one.new}" for one in event.images)[:MOST_SAID],
        "auto_sync": "" if event.auto_sync is None else ("on" if event.auto_sync else "off"),
    }
    for service in subject.services:
        at = event.since.isoformat()
        yield Act(
            mark=f"app:{subject.key}:{service}:{event.what.value}:{at}"[-255:],
            at=event.since,
            by="argocd",
            what=DEEDS[event.what],
            subject=f"{service}/{subject.environment}",
            environment=subject.environment,
            detail={name: value for name, value in detail.items() if value},
        )
