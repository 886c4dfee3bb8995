"""What a rollback by Argo CD rests on: what it goes back to, in which entry, and who may undo it.

GitHub is asked only for what our own store does not know. What concerns nothing but a new commit
(its checks, what lies between) is not asked at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.adapters.argocd import ArgoCD
from bot.adapters.argocd_emergency import Emergency, Standing
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.errors import BotError, Forbidden, Garbled, NotFound, Rejected, Unavailable
from bot.domain.observation import Observation, OwnerKind
from bot.domain.operations import Request
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.emergency import (
    Entry,
    Ownership,
    Unread,
    entry_for,
    revert_feared,
    skipped_hooks,
)
from bot.domain.running import neighbours, running_tags
from bot.operations.gathering.histories import Back, Histories
from bot.operations.gathering.troubles import problem_of
from bot.operations.sql.database import DATABASE
from bot.operations.threads import Threads


@dataclass(frozen=True, slots=True)
class Way:
    """A target goes from the tag *old*, which Git has, to *new*. *running* are those that run.

    *undoes* is the operation that brought *old*, or None.
    """

    old: str
    new: str
    running: tuple[str, ...]
    undoes: str | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """Each target's way, by service, with what was *seen* of their one application.

    *trouble* is a definite no; *away* did not answer and may be asked again. *hooks* are what is
    known to run before a sync, and would not.
    """

    ways: Mapping[str, Way] = field(default_factory=dict)
    seen: Observation | None = None
    trouble: Problem | None = None
    away: BotError | None = None
    hooks: tuple[str, ...] = ()


Tags = dict[Target, Mapping[str, str | None]]


class Around:
    """Reads applications for a way around Git. The sync methods are for any thread."""

    def __init__(
        self,
        catalog: Catalog,
        argocd: Mapping[str, ArgoCD],
        histories: Histories,
        threads: Threads,
    ) -> None:
        self._catalog, self._argocd = catalog, argocd
        self._histories, self._threads = histories, threads
        self._emergencies = {name: Emergency(client) for name, client in argocd.items()}

    def emergency(self, application: Application) -> Emergency:
        """Return what changes *application*."""
        return self._emergencies[application.instance]

    async def ways(self, request: Request, targets: Sequence[Target]) -> Ways:
        """Return where *targets* go by *request*, or why that is not known or can't be.

        Raises:
            Unavailable: our own database is away.
        """
        applications = {target.application for target in targets}
        if len(applications) != 1:
            apps = ", ".join(sorted(one.name for one in applications))
            return Ways(trouble=Problem(Reason.SEVERAL_APPLICATIONS, {"apps": apps}))
        (application,) = applications
        standing = await self._threads.run(self._read, application)
        if isinstance(standing, Problem):
            return Ways(trouble=standing)
        if isinstance(standing, BotError):
            return _silent(standing)
        barred = await self._threads.run(self.barred, application, standing)
        if isinstance(barred, Problem):
            return Ways(seen=standing.seen, trouble=barred)
        if isinstance(barred, BotError):
            return _silent(barred, standing.seen)
        return await self._choose(request, targets, standing.seen)

    def _read(self, application: Application) -> Standing | Problem | BotError:
        facts = {"app": application.name, "instance": application.instance}
        try:
            return self.emergency(application).read(application)
        except NotFound:
            return Problem(Reason.APP_MISSING, facts)
        except Forbidden as forbidden:
            return Problem(Reason.APP_FORBIDDEN, {**facts, "detail": forbidden.detail})
        except BotError as error:
            return error

    def barred(self, application: Application, standing: Standing) -> Problem | BotError | None:
        """Return why auto-sync of *application* can't be switched off, or would not stay so."""
        seen, emergency = standing.seen, self.emergency(application)
        if seen.deleting:
            return Problem(Reason.APP_DELETING, {"app": seen.name})
        try:
            if feared := revert_feared(seen, self._ownership(application, seen)):
                return feared
            if seen.auto_sync and not emergency.may_update(standing):
                return Problem(Reason.NO_UPDATE_RIGHT, {"app": seen.name})
            windows = self._argocd[application.instance].windows(application)
        except BotError as error:
            return error
        if not windows.manual:
            return Problem(Reason.WINDOW_BARS, {"app": seen.name, "detail": windows.detail})
        return None

    def _ownership(self, application: Application, seen: Observation) -> Ownership:
        """Return what is known of the owner; one that we may not read is as bad as any.

        Raises:
            Unavailable, Garbled: nobody knows now; ask again.
        """
        owner, argocd = seen.owner, self._argocd[application.instance]
        if owner.kind is OwnerKind.NONE:
            return None
        try:
            if owner.kind is OwnerKind.APPLICATION_SET:
                emergency = self.emergency(application)
                return emergency.application_set(owner.name, seen.namespace, seen.name)
            # A parent lives where its children do, or in Argo CD's own namespace.
            return argocd.look(Application(application.instance, owner.name, application.namespace))
        except Rejected as refused:
            return Unread(refused.detail)

    async def _choose(self, request: Request, targets: Sequence[Target], seen: Observation) -> Ways:
        tags, away = await self._threads.run(self._tags, targets[0].application, seen)
        found: dict[str, Way] = {}
        for target in targets:
            running = self.running(target, seen)
            old = _at(tags[target], seen.revisions) or (running[0] if len(running) == 1 else None)
            if old is None:
                facts = {"question": "new", "service": target.service, "detail": ""}
                return _unclear(seen, Problem(Reason.NOT_ANSWERED, facts), away)
            back = await self._histories.back(target, request.version, old)
            if isinstance(back, Problem):
                return _unclear(seen, back, None)
            if not isinstance(back, Back):
                return _silent(back, seen)
            found[target.service] = Way(old, back.to.tag, running, back.undoes)
        wanted = {service: way.new for service, way in found.items()}
        entry = self._entry(tags, seen, wanted)
        if isinstance(entry, Problem):
            return _unclear(seen, entry, away)
        if (skipped := hooks_barring(request, seen)) is not None:
            return Ways(seen=seen, trouble=skipped)
        return Ways(found, seen, hooks=skipped_hooks(seen))

    def entry(
        self, application: Application, seen: Observation, wanted: Mapping[str, str]
    ) -> Entry | Problem | BotError:
        """Return the entry of the history by which *wanted* come back, or why there is none."""
        tags, away = self._tags(application, seen)
        entry = self._entry(tags, seen, wanted)
        return away if isinstance(entry, Problem) and away is not None else entry

    def _entry(self, tags: Tags, seen: Observation, wanted: Mapping[str, str]) -> Entry | Problem:
        entries = [
            Entry(one.id, one.revisions, _known(tags, one.revisions)) for one in seen.history
        ]
        others = {
            target.service: _at(tags[target], seen.revisions)
            for target in tags
            if target.service not in wanted
        }
        return entry_for(entries, wanted, others, seen.name)

    def _tags(self, application: Application, seen: Observation) -> tuple[Tags, BotError | None]:
        """Return what Git said at each commit in question, of all that lives in *application*."""
        commits = [*seen.revisions, *(one for each in seen.history for one in each.revisions)]
        commits = list(dict.fromkeys(commits))
        away: BotError | None = None
        found: Tags = {}
        for target in self.living_in(application):
            stood = self._histories.stood(target, commits)
            found[target], away = stood.tags, away or stood.away
        return found, away

    def living_in(self, application: Application) -> tuple[Target, ...]:
        """Return all targets of *application*, by name."""
        every = (one for one in self._catalog.targets.values() if one.application == application)
        return tuple(sorted(every, key=lambda one: one.name))

    def running(self, target: Target, seen: Observation) -> tuple[str, ...]:
        """Return the tags of *target* in the pods that were *seen*."""
        return running_tags(seen.images, target, neighbours(self._catalog, target))

    def in_git(self, application: Application, seen: Observation) -> dict[str, str | None]:
        """Return the tags that Git has, as Argo CD has seen it, by service; None: not known."""
        tags, _ = self._tags(application, seen)
        return {target.service: _at(tags[target], seen.revisions) for target in tags}


def hooks_barring(request: Request, seen: Observation) -> Problem | None:
    """Return that hooks would be skipped, unless *request* says that they may be."""
    hooks = () if request.without_hooks else skipped_hooks(seen)
    if not hooks:
        return None
    return Problem(Reason.HOOKS_SKIPPED, {"app": seen.name, "hooks": ", ".join(hooks)})


def _known(tags: Tags, revisions: Sequence[str]) -> dict[str, str | None]:
    return {
        target.service: known[one]
        for target, known in tags.items()
        for one in revisions
        if one in known
    }


def _at(known: Mapping[str, str | None], revisions: Sequence[str]) -> str | None:
    return next((known[one] for one in revisions if one in known), None)


def _unclear(seen: Observation, problem: Problem, away: BotError | None) -> Ways:
    """Return *problem*, unless who did not answer might have known better."""
    return Ways(seen=seen, trouble=None if away else problem, away=away)


def _silent(error: BotError, seen: Observation | None = None) -> Ways:
    """Return that *error* keeps us from knowing: for now, or for good."""
    if error.system == DATABASE:
        raise error
    if isinstance(error, Unavailable | Garbled):
        return Ways(seen=seen, away=error)
    return Ways(seen=seen, trouble=problem_of(error))
