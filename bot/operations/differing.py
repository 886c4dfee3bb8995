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

    def between(
        self, service: str, environments: Sequence[str], versions: Sequence[str] = ()
    ) -> Difference | Problem:
        """Return how two sides of *service* differ: of *environments* and *versions* there are two.

        One environment alone is compared with what Git says of it. The earlier environment is the
        newer side, a version is newer than what runs, and of two versions the one that has more.
        Whatever cannot be had is Unknown.
        """
        names = sorted(environments, key=list(self._catalog.environments).index, reverse=True)
        targets = []
        for name in names:
            target = self._catalog.target(service, name)
            if target is None:
                homes = ", ".join(self._catalog.environments_of(service))
                facts = {"service": service, "environment": name, "environments": homes}
                return Problem(Reason.NOT_IN_ENVIRONMENT, facts)
            targets.append(target)
        source = (targets or self._catalog.targets_of(service))[-1].source
        sides = self._sides(service, targets, versions, source)
        with ThreadPoolExecutor(len(sides), thread_name_prefix="diff") as pool:
            older, newer = (side.result() for side in [pool.submit(side) for side in sides])
        for side in (older, newer):
            if isinstance(side, Problem):
                return side
        return self._difference(service, source, older, newer)

    def _sides(
        self, service: str, targets: Sequence[Target], versions: Sequence[str], source: str
    ) -> list[Callable[[], Side | Problem]]:
        sides: list[Callable[[], Side | Problem]] = [partial(self._running, t) for t in targets]
        sides += [partial(self._named, service, source, one) for one in versions]
        return sides if len(sides) > 1 else [*sides, partial(self._in_git, targets[0])]

    def _named(self, service: str, source: str, version: str) -> Named | Problem:
        """Return the commit that is called *version*, else the one whose image tag it is."""
        facts = {"version": version, "repo": source}
        inside = reference(version, self._catalog.targets_of(service))
        try:
            try:
                return Named(version, self._commits.resolve(source, version).sha)
            except NotFound:
                if inside == version:
                    raise
                return Named(version, self._commits.resolve(source, inside).sha)
        except NotFound:
            return Problem(Reason.UNKNOWN_VERSION, facts)
        except Ambiguous:
            return Problem(Reason.AMBIGUOUS_VERSION, facts)
        except BotError as error:
            return Named(version, Unknown(str(error)))

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
