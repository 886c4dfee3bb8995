"""What we ourselves do to an application, so that it is told on our card and nowhere else."""

import threading
from datetime import datetime, timedelta

import sqlalchemy as sa
from cachetools import LRUCache

from bot.adapters.github.commits import Commits, Relation
from bot.clock import Clock
from bot.domain.applications.events import OurOperation, Ours
from bot.domain.following import revisions_to_relate
from bot.domain.observation import Observation
from bot.domain.operations import Operation, Phase
from bot.operations.applications.served import Served, by_environment
from bot.operations.sql.database import Database
from bot.operations.sql.tables import open_items
from bot.operations.store import Store

ON_IT = frozenset({Phase.COMMITTING, Phase.FOLLOWING})
"""Phases in which an operation acts on its applications. One that waits to be merged does not."""

RECENT = timedelta(hours=24)
"""So long an operation that has ended may still be what an event is about."""

NEWEST = 10
"""Operations of a target that are looked at."""

SWITCHED = timedelta(minutes=10)
"""So long after an open item ended a switch of auto-sync is its doing."""

MERGED = timedelta(minutes=1)
"""So long we may not know that a pull request was merged."""

REMEMBERED = 10_000

_HAS = frozenset({Relation.IDENTICAL, Relation.AHEAD})


class OurDoing:
    """Reads it from the store; GitHub says whether newer commits contain ours."""

    def __init__(self, database: Database, store: Store, commits: Commits, clock: Clock) -> None:
        self._database, self._store = database, store
        self._commits, self._clock = commits, clock
        self._contains: LRUCache[tuple[str, str, str], bool] = LRUCache(REMEMBERED)
        self._lock = threading.Lock()

    def on(self, served: Served, seen: Observation) -> Ours | None:
        """Return it; None while an operation of ours writes a commit that is not known yet.

        Raises:
            BotError: GitHub, or our own database, is away.
        """
        found = self._operations(served)
        if any(_is_writing(one) for one in found):
            return None
        operations = tuple(self._our(one, seen) for one in found)
        around = any(one.around and one.ended is None for one in operations)
        return Ours(operations, auto_sync=around or self._is_switching(served, seen))

    def _operations(self, served: Served) -> list[Operation]:
        """Return what is on it or has ended lately, newest first."""
        long_ago = self._clock.now() - RECENT
        found: dict[str, Operation] = {}
        for environment, services in by_environment(served.targets).items():
            newest = self._store.latest(services, environment, limit=NEWEST)
            for one in (*newest, *self._store.under_way(services, environment)):
                ended = one.ended_at is not None and one.ended_at >= long_ago
                acted = one.written is not None or one.request.by_argocd
                if one.phase in ON_IT or (ended and acted):
                    found[one.id] = one
        return sorted(found.values(), key=lambda one: one.number, reverse=True)

    def _our(self, one: Operation, seen: Observation) -> OurOperation:
        commit = one.written.sha if one.written is not None else ""
        return OurOperation(
            id=one.id,
            key=one.key,
            commit=commit,
            since=_began(one),
            ended=one.ended_at,
            failed=one.phase is Phase.FAILED,
            around=one.request.by_argocd,
            within=self._within(one, commit, seen),
        )

    def _within(self, one: Operation, commit: str, seen: Observation) -> frozenset[str]:
        """Return the revisions of *seen* that contain *commit*; asked only where it matters."""
        state, plan = seen.operation_state, one.plan
        during = state is not None and state.started_at is not None
        if not commit or plan is None or not during or state is None or state.started_at is None:
            return frozenset()
        if one.ended_at is not None and state.started_at > one.ended_at:
            return frozenset()
        revisions = (rev for rev in revisions_to_relate(seen) if rev != commit)
        return frozenset(rev for rev in revisions if self._has(plan.repo, commit, rev))

    def _has(self, repo: str, commit: str, revision: str) -> bool:
        key = (repo, commit, revision)
        with self._lock:
            known = self._contains.get(key)
        if known is None:
            known = self._commits.relation(repo, commit, revision).relation in _HAS
            with self._lock:
                self._contains[key] = known
        return known

    def _is_switching(self, served: Served, seen: Observation) -> bool:
        """Tell whether a rollback by Argo CD has its auto-sync off, or had until just now."""
        items = open_items
        query = sa.select(items.c.id).where(
            items.c.instance == served.application.instance,
            items.c.app == served.application.name,
            items.c.namespace.in_({seen.namespace, served.application.namespace or "", ""}),
            items.c.ended_at.is_(None) | (items.c.ended_at >= self._clock.now() - SWITCHED),
        )
        with self._database.read() as connection:
            return connection.execute(query.limit(1)).first() is not None


def _is_writing(one: Operation) -> bool:
    return one.phase is Phase.COMMITTING and not one.request.by_argocd and one.written is None


def _began(one: Operation) -> datetime:
    """Return when it may first have touched the application.

    A pull request may be merged a moment before we know of it.
    """
    following = one.entered.get(Phase.FOLLOWING.value)
    if Phase.MERGING.value in one.entered:
        return (following or one.requested_at) - MERGED
    return one.entered.get(Phase.COMMITTING.value) or following or one.requested_at
