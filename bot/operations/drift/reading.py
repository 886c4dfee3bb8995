"""Reads everything that drift is told from: one list for each Argo CD, one branch in few queries.

What a list leaves out is read by looks, a bounded number: at what looks suspicious, and at a few
others in turn, so that a controller that stands still is noticed.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from bot.adapters.argocd_drift import WholeView
from bot.adapters.github.many_files import Files, ManyFiles
from bot.adapters.github.snapshots import File
from bot.clock import Clock
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.drift.sight import Sight, Sighted, Unread
from bot.domain.edit import EditError, read_tag
from bot.domain.errors import BotError
from bot.domain.observation import Health, Sync
from bot.operations.books.open_items import OpenItemBook
from bot.operations.drift.drift_book import DriftBook
from bot.operations.store import Store

LOOKS = 24
"""Applications that are looked at whole for one report, besides the list."""

IN_TURN = 3
"""How many of these, of each Argo CD, are such as nothing is wrong with."""

AT_ONCE = 8
REMEMBERED = 20_000
"""Tags whose file has not changed since, so that it is not parsed again."""

CONTROL_PLANE = "argocd"

T = TypeVar("T")
U = TypeVar("U")
Branch = tuple[str, str]
"""A GitOps repository and its branch."""


class DriftReader:
    """Reads. Every method is for any thread; nothing it may not be told makes it raise."""

    def __init__(
        self,
        catalog: Catalog,
        argocd: Mapping[str, WholeView],
        files: ManyFiles,
        store: Store,
        open_items: OpenItemBook,
        book: DriftBook,
        clock: Clock,
    ) -> None:
        self._catalog, self._argocd, self._files, self._clock = catalog, argocd, files, clock
        self._store, self._open_items, self._book = store, open_items, book
        self._branches: dict[Branch, Files] = {}
        self._tags: dict[tuple[str, str, object], str | Unread] = {}
        self._lock = threading.Lock()

    def look(self, environments: Collection[str], *, whole: bool) -> Sight:
        """Return what can be seen of *environments*, and of those before them.

        *whole* looks at some applications more closely.

        Raises:
            Unavailable: our own database is away.
        """
        begun = self._clock.now()
        targets = [
            one
            for one in self._catalog.targets.values()
            if one.environment in self._with_earlier(environments)
        ]
        busy = frozenset(
            f"{service}/{one.request.environment}"
            for one in self._store.under_way()
            for service in one.request.services
        )
        open_items = self._open_items.standing()
        applications = list(dict.fromkeys(one.application for one in targets))
        by_instance = _grouped(applications, lambda one: one.instance)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="drift") as pool:
            tags = pool.map(self._branch, _grouped(targets, _branch_of).items())
            seen = _joined(pool.map(self._list, by_instance.items()))
            git = _joined(tags)
            behind = _behind_git(targets, seen, git)
            wanted = self._suspicious(seen, by_instance, behind) if whole else []
            looked = pool.map(self._look, [(one, seen[one]) for one in wanted])
            seen |= dict(zip(wanted, looked, strict=True))
        had = self._book.had_auto_sync(applications)
        return Sight(begun, seen, git, open_items, busy, had)

    def head(self, branch: Branch) -> str | None:
        """Return the commit that *branch* was read at last; None where it was not."""
        known = self._branches.get(branch)
        return None if known is None else known.head

    def _with_earlier(self, environments: Collection[str]) -> frozenset[str]:
        """Return *environments* with all that come before one of them."""
        found, new = set(environments), set(environments)
        while new:
            places = (self._catalog.environments[name].after for name in new)
            new = {one for one in places if one is not None and one not in found}
            found |= new
        return frozenset(found)

    # Argo CD

    def _list(self, asked: tuple[str, list[Application]]) -> dict[Application, Sighted | Unread]:
        """Return each of the applications of one instance, by one request."""
        instance, applications = asked
        argocd = self._argocd[instance]
        projects = sorted({one.project for one in applications if one.project})
        everywhere = any(one.project is None for one in applications)
        try:
            listed = argocd.applications(() if everywhere else projects)
        except BotError as error:
            return dict.fromkeys(applications, Unread(argocd.system, str(error)))
        by_name = _grouped(listed, lambda one: one.seen.name)
        return {one: _chosen(one, by_name.get(one.name, ())) for one in applications}

    def _suspicious(
        self,
        seen: Mapping[Application, Sighted | Unread],
        by_instance: Mapping[str, Sequence[Application]],
        behind: Collection[Application],
    ) -> list[Application]:
        """Return what is worth a look: the missing, the ill, the late, and some others in turn."""
        away = {self._argocd[name].system for name in by_instance}
        known = {
            one: answer
            for one, answer in seen.items()
            if not (isinstance(answer, Unread) and answer.of in away)
        }
        turn = int(self._clock.now().timestamp() // 3600) * IN_TURN
        in_turn = [
            applications[(turn + n) % len(applications)]
            for applications in by_instance.values()
            for n in range(min(IN_TURN, len(applications)))
        ]
        oddness = {one: _oddness(known[one]) or int(one in behind) for one in known}
        odd = sorted(
            (one for one in known if oddness[one]), key=lambda one: (-oddness[one], str(one))
        )
        wanted = dict.fromkeys([*odd[: LOOKS - len(in_turn)], *in_turn])
        return [one for one in wanted if one in known]

    def _look(self, asked: tuple[Application, Sighted | Unread]) -> Sighted | Unread:
        application, listed = asked
        try:
            looked = self._argocd[application.instance].look(application)
        except BotError as error:
            return Unread(application.name, str(error)) if isinstance(listed, Unread) else listed
        off = isinstance(listed, Sighted) and listed.switched_off
        return Sighted(looked.seen, whole=True, switched_off=off)

    # Git

    def _branch(
        self, asked: tuple[Branch, list[Target]]
    ) -> dict[tuple[str, str], str | Unread | None]:
        """Return the tag of each of the targets of one branch."""
        (repo, branch), targets = asked
        paths = sorted({one.location.file for one in targets})
        try:
            read = self._files.read(repo, branch, paths, self._branches.get((repo, branch)))
        except BotError as error:
            unread = Unread(f"{repo}@{branch}", str(error))
            return {(one.service, one.environment): unread for one in targets}
        self._branches[repo, branch] = read
        return {
            (one.service, one.environment): self._tag(one, read.files.get(one.location.file))
            for one in targets
        }

    def _tag(self, target: Target, file: File | BotError | None) -> str | Unread | None:
        where = target.location
        if file is None:
            return Unread(target.service, f"{where.file} is not on {where.branch}")
        if isinstance(file, BotError):
            return Unread(target.service, str(file))
        key = (file.blob, where.file, where.at)
        with self._lock:
            found = self._tags.get(key)
        if found is None:
            found = _read_tag(file, target)
            with self._lock:
                if len(self._tags) >= REMEMBERED:
                    self._tags.clear()
                self._tags[key] = found
        return Unread(target.service, found.why) if isinstance(found, Unread) else found


def _read_tag(file: File, target: Target) -> str | Unread:
    try:
        tag = read_tag(file.text, target.location.file, target.location.at)
    except EditError as error:
        return Unread(target.service, str(error))
    return tag or Unread(target.service, f"{target.location.file} names no tag")


def _chosen(application: Application, listed: Sequence[Sighted]) -> Sighted | Unread:
    """Return the one that is meant; an instance may have several of one name."""
    namespace = application.namespace
    fitting = [one for one in listed if namespace in {None, "", one.seen.namespace}]
    if len(fitting) > 1:
        fitting = [one for one in fitting if one.seen.namespace == CONTROL_PLANE]
    if len(fitting) == 1:
        return fitting[0]
    return Unread(
        application.name, f"{application.name} is not in the list of {application.instance}"
    )


def _oddness(answer: Sighted | Unread) -> int:
    """Return how much an application asks for a look; 0: not at all."""
    if isinstance(answer, Unread):
        return 4
    seen = answer.seen
    if seen.health in {Health.DEGRADED, Health.UNKNOWN, Health.MISSING}:
        return 3
    if seen.sync is Sync.UNKNOWN or seen.refresh_pending:
        return 2
    return 1 if seen.sync is Sync.OUT_OF_SYNC else 0


def _behind_git(
    targets: Iterable[Target],
    seen: Mapping[Application, Sighted | Unread],
    git: Mapping[tuple[str, str], str | Unread | None],
) -> frozenset[Application]:
    """Return the applications of whose pods none has the tag in Git."""
    found = set()
    for one in targets:
        sighted, tag = seen.get(one.application), git.get((one.service, one.environment))
        images = sighted.seen.images if isinstance(sighted, Sighted) else ()
        late = isinstance(tag, str) and not any(image.endswith(f":{tag}") for image in images)
        if images and late:
            found.add(one.application)
    return frozenset(found)


def _branch_of(target: Target) -> Branch:
    return target.location.repo, target.location.branch


def _grouped(every: Iterable[T], by: Callable[[T], U]) -> dict[U, list[T]]:
    groups: dict[U, list[T]] = {}
    for one in every:
        groups.setdefault(by(one), []).append(one)
    return groups


def _joined(every: Iterable[Mapping[T, U]]) -> dict[T, U]:
    return {key: value for one in every for key, value in one.items()}
