"""Reads what lies between environments, versions, or Git and what runs, for ``/ship diff``."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bot.adapters.argocd import ArgoCD
from bot.adapters.github.commits import Commits, Relation
from bot.adapters.github.comparison import Between, Comparison, Comparisons
from bot.adapters.gitops import GitOps
from bot.domain.approving.approval_case import InBetween
from bot.domain.catalog import Catalog, Target
from bot.domain.commands import Diff
from bot.domain.commands.differing import meant_places
from bot.domain.differences import Difference, Lying, Named, Place, Side
from bot.domain.edit import EditError, read_tag
from bot.domain.errors import Ambiguous, BotError, NotFound
from bot.domain.planning import reference
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

        One environment alone is compared with what Git says of it. Of two, the earlier is the
        newer side. A version goes after an environment, and two as they were said, unless the
        first simply has more. Whatever cannot be had is Unknown.
        """
        targets = self._targets(service, environments)
        if isinstance(targets, Problem):
            return targets
        older, newer = self._sides(service, targets, versions)
        if isinstance(older, Problem):
            return older
        if isinstance(newer, Problem):
            return newer
        source = (targets or self._homes(service))[-1].source
        sources = {one.source for one in targets} or {source}
        below, above = self._revision(service, older), self._revision(service, newer)
        lying = self._lying(sources, below, above)
        if versions and isinstance(lying, Lying) and lying.behind and not lying.ahead:
            older, newer = newer, older
            lying = self._lying(sources, lying.head, lying.base)
        return Difference(service, source, older, newer, lying)

    def meant(self, command: Diff, problem: Problem) -> tuple[str, ...]:
        """Return whole lines to copy that *command* may have meant, where nothing is called so."""
        if problem.reason is not Reason.UNKNOWN_VERSION:
            return ()
        return meant_places(command, problem.facts["version"], self._catalog)

    def _targets(self, service: str, environments: Sequence[str]) -> list[Target] | Problem:
        """Return the targets, the last environment's first."""
        order = list(self._catalog.environments)
        targets = []
        for name in sorted(environments, key=order.index, reverse=True):
            target = self._catalog.target(service, name)
            if target is None:
                homes = ", ".join(self._catalog.environments_of(service))
                facts = {"service": service, "environment": name, "environments": homes}
                return Problem(Reason.NOT_IN_ENVIRONMENT, facts)
            targets.append(target)
        return targets

    def _sides(
        self, service: str, targets: Sequence[Target], versions: Sequence[str]
    ) -> list[Side | Problem]:
        """Return the older and the newer side, read at once."""
        asked: list[Callable[[], Side | Problem]] = [partial(self._running, one) for one in targets]
        asked += [partial(self._named, service, one) for one in versions]
        if len(asked) == 1:
            asked.append(partial(self._in_git, targets[0]))
        with ThreadPoolExecutor(2, thread_name_prefix="diff") as pool:
            return [one.result() for one in [pool.submit(ask) for ask in asked]]

    def _homes(self, service: str) -> list[Target]:
        return [one for one in self._catalog.targets.values() if one.service == service]

    def _named(self, service: str, version: str) -> Named | Problem:
        """Return the commit that is called *version*, else the one whose image tag it is."""
        homes = self._homes(service)
        source = homes[-1].source
        facts = {"version": version, "repo": source}
        try:
            return Named(version, self._resolved(source, version, reference(version, homes)))
        except NotFound:
            return Problem(Reason.UNKNOWN_VERSION, facts)
        except Ambiguous:
            return Problem(Reason.AMBIGUOUS_VERSION, facts)
        except BotError as error:
            return Named(version, Unknown(str(error)))

    def _resolved(self, source: str, version: str, inside: str) -> str:
        try:
            return self._commits.resolve(source, version).sha
        except NotFound:
            if inside == version:
                raise
            return self._commits.resolve(source, inside).sha

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

    def _lying(
        self, sources: Collection[str], below: str | Unknown, above: str | Unknown
    ) -> Lying | Unknown:
        if len(sources) > 1:
            return Unknown(f"they are built from {' and '.join(sorted(sources))}")
        if isinstance(below, Unknown):
            return below
        if isinstance(above, Unknown):
            return above
        (source,) = sources
        try:
            return self._compared(source, below, above)
        except (NotFound, Ambiguous) as error:
            return Unknown(error.detail)
        except BotError as error:
            return Unknown(str(error))

    def _revision(self, service: str, side: Side) -> str | Unknown:
        if isinstance(side, Named):
            return side.sha
        target = self._catalog.target(service, side.environment)
        assert target is not None
        return _revision(target, side)

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
