"""Sees one Argo CD application for one look: itself, what was asked for besides, and ancestry."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog
from cachetools import LRUCache

from bot.adapters.argocd import ArgoCD, Refresh
from bot.adapters.argocd_rollouts import Rollouts
from bot.adapters.github.commits import Commits
from bot.adapters.github.commits import Relation as Lies
from bot.domain.catalog import Application
from bot.domain.errors import BotError, Conflict, Forbidden, NotFound
from bot.domain.following import revisions_to_relate
from bot.domain.observation import Absence, Absent, Health, Observation, Windows, Workload
from bot.domain.operations import Operation
from bot.domain.rollout import Rollout
from bot.domain.verdict import Ask, Evidence, Relation
from bot.operations.threads import Threads

log = structlog.get_logger(__name__)

LOOKS_AT_ONCE = 16
"""Looks at one Argo CD at once. Each has threads of its own, so that none waits for a slow one."""

REMEMBERED = 10_000
"""Answers of GitHub that are kept: how two commits lie to each other never changes."""

RELATIONS: Mapping[Lies, Relation] = {
    Lies.IDENTICAL: Relation.SAME,
    Lies.AHEAD: Relation.CONTAINS,
    Lies.BEHIND: Relation.OLDER,
    Lies.DIVERGED: Relation.DIVERGED,
    Lies.UNKNOWN: Relation.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One application as read for one look, or why it could not be read.

    *wounds* is what its pods say about not being well; empty when it is well. *rollouts* are its
    Argo Rollouts, read only while it is not well or not through.
    """

    what: Observation | Absent | BotError
    evidence: Evidence = field(default_factory=Evidence)
    relations: Mapping[str, Relation] = field(default_factory=dict)
    wounds: str = ""
    rollouts: tuple[Rollout, ...] = ()


class Sight:
    """Reads applications of every instance, and asks GitHub how their revisions lie to ours."""

    def __init__(self, argocd: Mapping[str, ArgoCD], commits: Commits) -> None:
        self._argocd, self._commits = argocd, commits
        self._rollouts = {name: Rollouts(client) for name, client in argocd.items()}
        self._relations: LRUCache[tuple[str, str, str], Relation] = LRUCache(REMEMBERED)
        self._lock = threading.Lock()  # looks at several applications run at once
        self._threads = {name: Threads(f"looks-{name}", LOOKS_AT_ONCE) for name in argocd}

    def page(self, application: Application) -> str:
        """Return the address of the application's page."""
        return self._argocd[application.instance].page(application)

    async def see(self, operation: Operation, application: Application, asks: set[Ask]) -> Seen:
        """Make the bounded requests in *asks*, then read the application. Never raises BotError."""
        threads = self._threads[application.instance]
        return await threads.run(self._see, operation, application, asks)

    def _see(self, operation: Operation, application: Application, asks: set[Ask]) -> Seen:
        argocd = self._argocd[application.instance]
        try:
            if Ask.TERMINATE in asks:
                _terminate(argocd, application, operation)
            if Ask.SYNC in asks:
                _sync(argocd, application, operation)
            if Ask.RESOLVE in asks:
                argocd.forget(application)
            observed = argocd.look(application, refresh=_refresh(asks))
            evidence = Evidence(
                _workloads(argocd, application, observed) if Ask.WORKLOADS in asks else None,
                _windows(argocd, application) if Ask.WINDOWS in asks else None,
            )
            degraded = observed.health is Health.DEGRADED
            wounds = argocd.why_degraded(application) if degraded else ""
            relations = self._relate(operation, observed)
            moving = self._moving(application, observed)
            return Seen(observed, evidence, relations, wounds, moving)
        except NotFound as gone:
            return Seen(_absent(Absence.GONE, gone, application))
        except Forbidden as forbidden:
            return Seen(_absent(Absence.FORBIDDEN, forbidden, application))
        except BotError as error:
            log.warning("could not look", operation=operation.id, error=str(error))
            return Seen(error)

    def _moving(self, application: Application, observed: Observation) -> tuple[Rollout, ...]:
        """Return the Rollouts; none where all is well, or where they cannot be read.

        They are shown beside the verdict and decide nothing in it.
        """
        if observed.health is Health.HEALTHY:
            return ()
        try:
            return self._rollouts[application.instance].read(application, observed)
        except BotError as error:
            log.info("rollouts cannot be read", app=application.name, error=str(error))
            return ()

    def _relate(self, operation: Operation, observed: Observation) -> dict[str, Relation]:
        assert operation.plan is not None
        assert operation.written is not None
        repo, commit = operation.plan.repo, operation.written.sha
        return {
            revision: self._relation(repo, commit, revision)
            for revision in revisions_to_relate(observed)
        }

    def _relation(self, repo: str, commit: str, revision: str) -> Relation:
        if revision == commit:
            return Relation.SAME
        with self._lock:
            known = self._relations.get((repo, commit, revision))
        if known is not None:
            return known
        try:
            relation = RELATIONS[self._commits.relation(repo, commit, revision).relation]
        except BotError as error:
            # GitHub away does not stop the look: unknown never counts as contained.
            log.info("could not compare", repo=repo, error=str(error))
            return Relation.UNKNOWN
        if relation is not Relation.UNKNOWN:
            with self._lock:
                self._relations[repo, commit, revision] = relation
        return relation


def _sync(argocd: ArgoCD, application: Application, operation: Operation) -> None:
    try:
        argocd.sync(application, operation.key)
    except Conflict as busy:  # Another operation runs; the next look sees which.
        log.info("sync not taken", operation=operation.id, error=str(busy))


def _terminate(argocd: ArgoCD, application: Application, operation: Operation) -> None:
    """End the sync under way; not in a closed window, where Argo CD would hang at it.

    Source: https://github.com/argoproj/argo-cd/issues/25361
    """
    try:
        if not argocd.windows(application).manual:
            log.info("the window is closed: its sync is not stopped", operation=operation.id)
            return
        argocd.terminate(application)
        log.info("its sync was stopped", operation=operation.id, app=application.name)
    except BotError as refused:  # It has ended meanwhile, or we may not: the next look sees it.
        log.info("its sync was not stopped", operation=operation.id, error=str(refused))


def _workloads(
    argocd: ArgoCD, application: Application, observed: Observation
) -> tuple[Workload, ...]:
    """Return the workloads; none where the token may not read them, then the pods decide."""
    try:
        return argocd.workloads(application, observed)
    except (Forbidden, NotFound) as error:
        log.info("workloads cannot be read", app=application.name, error=str(error))
        return ()


def _windows(argocd: ArgoCD, application: Application) -> Windows | None:
    try:
        return argocd.windows(application)
    except (Forbidden, NotFound) as error:
        log.info("sync windows cannot be read", app=application.name, error=str(error))
        return None


def _absent(why: Absence, error: BotError, application: Application) -> Absent:
    return Absent(why, error.detail, application.name, application.instance)


def _refresh(asks: set[Ask]) -> Refresh:
    if Ask.HARD_REFRESH in asks:
        return Refresh.HARD
    return Refresh.NORMAL if Ask.REFRESH in asks else Refresh.NONE
