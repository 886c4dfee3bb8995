"""Reads what stands in Git, what runs, and what is under way, for ``/ship status``."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from bot.adapters.argocd import ArgoCD
from bot.adapters.gitops import GitOps
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.edit import EditError, read_tag
from bot.domain.errors import BotError
from bot.domain.images import ImageReference, same_repository
from bot.domain.observation import Observation
from bot.domain.operations import ENDS, Operation
from bot.domain.status import InGit, Running, StatusRow, Unanswered
from bot.operations.store import Store

MOST_ROWS = 30
"""A reply has room for no more, and each costs a call; people narrow it by name."""

AT_ONCE = 8


class StatusReader:
    """Answers how things stand, one row for each target. Whatever can't be had is said so."""

    def __init__(
        self, store: Store, catalog: Catalog, gitops: GitOps, argocd: Mapping[str, ArgoCD]
    ) -> None:
        self._store, self._catalog, self._gitops, self._argocd = store, catalog, gitops, argocd

    def read(
        self, service: str | None, environment: str | None
    ) -> tuple[tuple[StatusRow, ...], int]:
        """Return the rows of the chosen targets in the catalog's order, and how many are left off.

        There are at most ``MOST_ROWS``.

        Raises:
            Unavailable: our own database is away.
        """
        chosen = [
            target
            for name in self._catalog.services
            for place in self._catalog.environments_of(name)
            if service in {None, name}
            and environment in {None, place}
            and (target := self._catalog.target(name, place)) is not None
        ]
        targets = chosen[:MOST_ROWS]
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="status") as pool:
            tags = dict(
                pair
                for pairs in pool.map(self._tags, _by_branch(targets))
                for pair in pairs.items()
            )
            applications = sorted({target.application for target in targets}, key=str)
            seen = dict(zip(applications, pool.map(self._look, applications), strict=True))
        rows = (self._row(target, tags[target], seen[target.application]) for target in targets)
        return tuple(rows), len(chosen) - len(targets)

    def _tags(self, targets: list[Target]) -> dict[Target, InGit | Unanswered]:
        location = targets[0].location
        files = sorted({target.location.file for target in targets})
        try:
            snapshot = self._gitops.read(location.repo, location.branch, files)
        except BotError as error:
            return dict.fromkeys(targets, Unanswered(str(error)))
        found: dict[Target, InGit | Unanswered] = {}
        for target in targets:
            file = snapshot.files.get(target.location.file)
            if file is None:
                found[target] = Unanswered(f"{target.location.file} is not on the branch")
                continue
            try:
                tag = read_tag(file.text, target.location.file, target.location.at)
                found[target] = InGit(tag)
            except EditError as error:
                found[target] = Unanswered(str(error))
        return found

    def _look(self, application: Application) -> Observation | Unanswered:
        try:
            return self._argocd[application.instance].look(application)
        except BotError as error:
            return Unanswered(str(error))

    def _row(
        self, target: Target, git: InGit | Unanswered, seen: Observation | Unanswered
    ) -> StatusRow:
        operations = self._store.latest([target.service], target.environment, limit=10)
        return StatusRow(
            service=target.service,
            environment=target.environment,
            git=git,
            runs=seen if isinstance(seen, Unanswered) else self._running(target, seen),
            current=_first(one for one in reversed(operations) if one.phase not in ENDS),
            last=_first(one for one in operations if one.phase in ENDS),
        )

    def _running(self, target: Target, seen: Observation) -> Running:
        tags = {tag for image in seen.images if (tag := _tag(image, target.image))}
        url = self._argocd[target.application.instance].page(target.application)
        return Running(seen.sync.value, seen.health.value, tuple(sorted(tags)), url)


def _by_branch(targets: Iterable[Target]) -> list[list[Target]]:
    groups: dict[tuple[str, str], list[Target]] = {}
    for target in targets:
        key = (target.location.repo, target.location.branch)
        groups.setdefault(key, []).append(target)
    return list(groups.values())


def _first(operations: Iterable[Operation]) -> Operation | None:
    return next(iter(operations), None)


def _tag(image: str, repository: str) -> str | None:
    """Return the tag of *image* if it is of *repository*."""
    try:
        reference = ImageReference.parse(image)
    except ValueError:
        return None
    return reference.tag if same_repository(reference.repository, repository) else None
