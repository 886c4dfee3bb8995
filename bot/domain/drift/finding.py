"""Tells what drifted from what was read. Whatever could not be read is told, too."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.catalog import Application, Catalog, Environment, Target
from bot.domain.drift.items import (
    AutoSyncOff,
    Behind,
    Item,
    MovingTag,
    OutOfSync,
    Stale,
    Unreadable,
    Unwell,
    WrongImage,
)
from bot.domain.drift.sight import Sight, Sighted, Unread
from bot.domain.images import same_repository
from bot.domain.moving_tags import denied_by, moves
from bot.domain.observation import Health, Observation, OperationPhase, Sync
from bot.domain.rollback.emergency import OpenItem
from bot.domain.running import earlier_home, revision_of, running_tags

MOST_OBJECTS = 5
"""Objects out of sync that an item names; the others are counted."""

NOT_ASKED = "nobody was asked"

ILL = frozenset({Health.DEGRADED, Health.MISSING, Health.UNKNOWN})
_FAILED = frozenset({OperationPhase.FAILED, OperationPhase.ERROR})


@dataclass(frozen=True, slots=True)
class Found:
    """The *items*, in no order, and the targets (``core/prod``) that could not be compared whole.

    *idle* ones run nothing. *nameless* ones, or what runs before them, have a tag that names no
    commit, so nobody can say how far they are behind.
    """

    items: tuple[Item, ...]
    idle: frozenset[str] = frozenset()
    nameless: frozenset[str] = frozenset()


def findings(
    catalog: Catalog, sight: Sight, environments: Iterable[str], stale_after: timedelta
) -> Found:
    """Return what drifted in *environments*.

    *stale_after* is how old Argo CD's comparison may be.
    """
    return _Finder(catalog, sight, stale_after).all(tuple(environments))


class _Finder:
    def __init__(self, catalog: Catalog, sight: Sight, stale_after: timedelta) -> None:
        self._catalog, self._sight, self._stale_after = catalog, sight, stale_after
        self._of: dict[Application, list[Target]] = {}
        for target in catalog.targets.values():
            self._of.setdefault(target.application, []).append(target)
        self._runs: dict[tuple[str, str], tuple[str, ...] | Unread] = {}
        self._idle: set[str] = set()
        self._nameless: set[str] = set()

    def all(self, environments: tuple[str, ...]) -> Found:
        items = [item for name in environments for item in self._in(name)]
        return Found(tuple(items), frozenset(self._idle), frozenset(self._nameless))

    def _in(self, environment: str) -> Iterator[Item]:
        targets = [one for one in self._catalog.targets.values() if one.environment == environment]
        place = self._catalog.environments[environment]
        yield from self._unread(environment, targets)
        for application in dict.fromkeys(one.application for one in targets):
            sighted = self._sight.applications.get(application)
            if isinstance(sighted, Sighted):
                yield from self._of_application(environment, application, sighted)
        for target in targets:
            yield from self._of_target(place, target)

    def _unread(self, environment: str, targets: Sequence[Target]) -> Iterator[Item]:
        """Yield one item for each thing that did not tell, with the services that hang on it."""
        services: dict[Unread, list[str]] = {}
        applications: dict[Unread, set[Application]] = {}
        for target in targets:
            for answer in self._answers(target):
                if isinstance(answer, Unread):
                    services.setdefault(answer, []).append(target.service)
                    applications.setdefault(answer, set()).add(target.application)
        for one, names in services.items():
            only = applications[one].pop() if len(applications[one]) == 1 else None
            concerned = tuple(sorted(set(names)))
            yield Item(environment, one.of, concerned, Unreadable(one.why), only)

    def _answers(self, target: Target) -> tuple[object, object]:
        """Return what was told of the target; what nobody was asked for is unread, too."""
        key, application = (target.service, target.environment), target.application
        nobody = Unread(application.name, NOT_ASKED)
        return (
            self._sight.applications.get(application, nobody),
            self._sight.git.get(key, Unread(target.service, NOT_ASKED)),
        )

    def _of_application(
        self, environment: str, application: Application, sighted: Sighted
    ) -> Iterator[Item]:
        seen = sighted.seen
        services = self._services(application, environment)

        def item(
            what: OutOfSync | Unwell | Stale | AutoSyncOff, opened: OpenItem | None = None
        ) -> Item:
            since = opened.since if opened else None
            if isinstance(what, Unwell) and seen.health in ILL:
                since = seen.health_since
            return Item(environment, application.name, services, what, application, since)

        if unwell := _unwell(seen):
            yield item(unwell)
        opened = self._open_item(application)
        busy = opened is not None or self._is_busy(environment, services)
        if not busy and (drifted := _out_of_sync(seen)):
            yield item(drifted)
        if stale := self._stale(sighted):
            yield item(stale)
        if opened is not None:
            yield item(self._left_by(opened, application, environment), opened)
        elif not seen.auto_sync and (
            sighted.switched_off or application in self._sight.had_auto_sync
        ):
            yield item(AutoSyncOff())

    def _left_by(self, opened: OpenItem, application: Application, environment: str) -> AutoSyncOff:
        """Return what a rollback around Git left: that it is apart from Git is meant so."""
        runs: dict[str, None] = {}
        in_git: dict[str, None] = {}
        for target in self._of[application]:
            tag = self._sight.git.get((target.service, environment))
            tags = self._running(target)
            if target.environment != environment or isinstance(tags, Unread):
                continue
            if isinstance(tag, str) and set(tags) - {tag}:
                runs |= dict.fromkeys(tags)
                in_git[tag] = None
        by, number = opened.owner, opened.operation
        return AutoSyncOff(by, number, opened.deadline, tuple(runs), tuple(in_git))

    def _of_target(self, place: Environment, target: Target) -> Iterator[Item]:
        key = (target.service, target.environment)
        in_git = self._sight.git.get(key)
        runs = self._running(target)
        if not isinstance(runs, Unread) and not runs:
            self._idle.add(target.name)
        tag = in_git if isinstance(in_git, str) else None
        tags = () if isinstance(runs, Unread) else runs

        def item(what: WrongImage | MovingTag | Behind) -> Item:
            return Item(place.name, target.service, (target.service,), what, target.application)

        apart = tag and tags and set(tags) != {tag} and not self._is_moving_on(target)
        if tag and apart and self._open_item(target.application) is None:
            yield item(WrongImage(tags, tag))
        if moving := _moving(place, tag, tags):
            yield item(moving)
        if len(tags) == 1 and (behind := self._behind(target, tags[0])):
            yield item(behind)

    def _behind(self, target: Target, tag: str) -> Behind | None:
        home = earlier_home(self._catalog, target)
        if home is None or home.source != target.source:
            return None
        there = self._running(home)
        if isinstance(there, Unread) or len(there) != 1:
            return None
        base, head = revision_of(tag, target), revision_of(there[0], home)
        if base is None or head is None:
            if tag != there[0]:
                self._nameless.add(target.name)
            return None
        if base.startswith(head) or head.startswith(base):
            return None
        return Behind(home.environment, tag, there[0], target.source, base, head)

    def _running(self, target: Target) -> tuple[str, ...] | Unread:
        key = (target.service, target.environment)
        if key not in self._runs:
            sighted = self._sight.applications.get(target.application)
            if isinstance(sighted, Sighted):
                self._runs[key] = running_tags(
                    sighted.seen.images, target, self._neighbours(target)
                )
            else:
                self._runs[key] = sighted or Unread(target.application.name, NOT_ASKED)
        return self._runs[key]

    def _neighbours(self, target: Target) -> tuple[Target, ...]:
        return tuple(
            one
            for one in self._of[target.application]
            if one.name != target.name and same_repository(one.image, target.image)
        )

    def _services(self, application: Application, environment: str) -> tuple[str, ...]:
        every = self._of[application]
        return tuple(sorted(one.service for one in every if one.environment == environment))

    def _open_item(self, application: Application) -> OpenItem | None:
        for one in self._sight.open_items:
            named = (one.instance, one.app) == (application.instance, application.name)
            if named and application.namespace in {None, "", one.namespace}:
                return one
        return None

    def _is_busy(self, environment: str, services: Iterable[str]) -> bool:
        return any(f"{one}/{environment}" in self._sight.busy for one in services)

    def _is_moving_on(self, target: Target) -> bool:
        """Tell whether what runs is about to change: then two tags at once are no drift."""
        sighted = self._sight.applications.get(target.application)
        assert isinstance(sighted, Sighted)
        on_its_way = sighted.seen.in_flight or sighted.seen.health is Health.PROGRESSING
        return on_its_way or target.name in self._sight.busy

    def _stale(self, sighted: Sighted) -> Stale | None:
        """Return that the verdict is old; only a whole look tells when it was made."""
        seen = sighted.seen
        if not sighted.whole:
            return None
        at = seen.reconciled_at
        if at is None or self._sight.at - at >= self._stale_after:
            return Stale(at, seen.refresh_pending)
        return None


def _unwell(seen: Observation) -> Unwell | None:
    if seen.health in ILL:
        return Unwell(seen.health.value, _said(seen))
    if seen.sync is Sync.UNKNOWN:
        return Unwell("not compared", _said(seen))
    return None


def _said(seen: Observation) -> str:
    """Return Argo CD's words for why: a condition that is an error, else an object's message."""
    errors = (one.message for one in seen.conditions if one.kind.endswith("Error"))
    objects = (
        f"{one.label}: {one.message}" for one in seen.resources if one.health in ILL and one.message
    )
    return next((one for one in (*errors, *objects) if one), "")


def _out_of_sync(seen: Observation) -> OutOfSync | None:
    if seen.sync is not Sync.OUT_OF_SYNC or seen.in_flight:
        return None
    labels = [one.label for one in seen.resources if one.sync is Sync.OUT_OF_SYNC and not one.hook]
    state = seen.operation_state
    failed = state.phase.value if state is not None and state.phase in _FAILED else ""
    if failed and state is not None and state.message:
        failed = state.message
    return OutOfSync(tuple(labels[:MOST_OBJECTS]), len(labels), seen.auto_sync, failed)


def _moving(place: Environment, in_git: str | None, runs: Iterable[str]) -> MovingTag | None:
    """Return the moving tag in use where the environment's rules take none."""
    rule = place.rules.tags if place.rules else None
    denied: Mapping[str, bool] = {
        tag: (not rule.moving_ok and moves(tag)) or denied_by(tag, rule.deny) is not None
        for tag in (*((in_git,) if in_git else ()), *runs)
        if rule is not None
    }
    tag = next((tag for tag, bad in denied.items() if bad), None)
    return None if tag is None else MovingTag(tag, tag == in_git)
