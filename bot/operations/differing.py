"""Reads what lies between two environments, or between Git and what runs, for ``/ship diff``."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from bot.adapters.argocd import ArgoCD
from bot.adapters.github.commits import Commits, Relation
from bot.adapters.github.comparison import Between, Comparison, Comparisons
from bot.adapters.gitops import GitOps
from bot.domain.approval_case import InBetween
from bot.domain.catalog import Catalog, Target
from bot.domain.differences import Difference, Lying, Place
from bot.domain.edit import EditError, read_tag
from bot.domain.errors import Ambiguous, BotError, NotFound
from bot.domain.problems import Problem, Reason
from bot.domain.running import neighbours, revision_of, running_tags
from bot.domain.unknown import Unknown


class Differing:
    """Reads differences: two places at once, then one comparison. For any thread."""

    def __init__(
        self,
        catalog: Catalog,
        argocd: Mapping[str, ArgoCD],
        gitops: GitOps,
        commits: Commits,
        comparisons: Comparisons,
    ) -> None:
        self._catalog, self._argocd, self._gitops = catalog, argocd, gitops
        self._commits, self._comparisons = commits, comparisons

    def between(self, service: str, environment: str, other: str | None) -> Difference | Problem:
        """Return how *service* differs between two environments, the earlier one's being newer.

        *other* None compares what runs in *environment* with what Git says of it. Whatever cannot
        be had is Unknown.
        """
        names = [environment] if other is None else [environment, other]
        names.sort(key=list(self._catalog.environments).index, reverse=True)
        targets = [self._catalog.target(service, name) for name in names]
        for name, target in zip(names, targets, strict=True):
            if target is None:
                homes = ", ".join(self._catalog.environments_of(service))
                facts = {"service": service, "environment": name, "environments": homes}
                return Problem(Reason.NOT_IN_ENVIRONMENT, facts)
        older, newer = targets[0], targets[-1]
        assert older is not None
        assert newer is not None
        with ThreadPoolExecutor(2, thread_name_prefix="diff") as pool:
            below = pool.submit(self._running, older)
            above = pool.submit(self._in_git if other is None else self._running, newer)
            base, head = below.result(), above.result()
        lying = self._lying(older, base, newer, head)
        return Difference(service, newer.source, base, head, lying)

    def _running(self, target: Target) -> Place:
        argocd, application = self._argocd[target.application.instance], target.application
        others = neighbours(self._catalog, target)
        try:
            seen = argocd.look(application)
            tags = running_tags(seen.images, target, others)
            if not tags:  # scaled to nothing, or a CronJob between two runs
                made = argocd.workloads(application, seen)
                tags = running_tags([each for one in made for each in one.images], target, others)
        except BotError as error:
            return Place(target.environment, Unknown(str(error)))
        return Place(target.environment, tags)

    def _in_git(self, target: Target) -> Place:
        where = target.location
        tags: tuple[str, ...] | Unknown
        try:
            file = self._gitops.read(where.repo, where.branch, [where.file]).files.get(where.file)
            if file is None:
                tags = Unknown(f"{where.file} is not on {where.branch}")
            else:
                tag = read_tag(file.text, where.file, where.at)
                tags = (tag,) if tag is not None else ()
        except (BotError, EditError) as error:
            tags = Unknown(str(error))
        return Place(target.environment, tags, in_git=True)

    def _lying(self, older: Target, base: Place, newer: Target, head: Place) -> Lying | Unknown:
        below, above = _revision(older, base), _revision(newer, head)
        if older.source != newer.source:
            below = Unknown(f"they are built from {older.source} and {newer.source}")
        if isinstance(below, Unknown):
            return below
        if isinstance(above, Unknown):
            return above
        try:
            return self._compared(newer.source, below, above)
        except (NotFound, Ambiguous) as error:
            return Unknown(error.detail)
        except BotError as error:
            return Unknown(str(error))

    def _compared(self, source: str, below: str, above: str) -> Lying | Unknown:
        whole = self._commits.resolve(source, above).sha
        found = self._comparisons.between(source, below, whole)
        if found.relation is Relation.UNKNOWN:
            return Unknown(f"GitHub knows no way from {below:.40} to {above:.40}")
        return _lying(found, below, whole)


def _revision(target: Target, place: Place) -> str | Unknown:
    """Return the Git revision that runs, or stands in Git, there."""
    where = "Git says" if place.in_git else "runs"
    if isinstance(place.tags, Unknown):
        return place.tags
    if not place.tags:
        return Unknown(f"nothing {where} in {target.environment}")
    if len(place.tags) > 1:
        tags = ", ".join(place.tags)
        return Unknown(f"several versions run at once in {target.environment}: {tags}")
    revision = revision_of(place.tags[0], target)
    if revision is None:
        return Unknown(f"the tag {place.tags[0]} does not say of which commit it is")
    return revision


def _lying(found: Comparison, base: str, head: str) -> Lying:
    newest = tuple(_commit(one) for one in reversed(found.commits))
    files = None if found.files_truncated else found.files
    return Lying(base, head, found.ahead_by, found.behind_by, newest, files)


def _commit(one: Between) -> InBetween:
    author = next(iter(one.authors), None)
    return InBetween(one.sha, one.title, author.name if author else "", one.pull)
