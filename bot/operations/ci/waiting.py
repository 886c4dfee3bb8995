"""What a failing branch holds up: services whose first environment runs something older."""

from collections.abc import Iterator, Mapping
from itertools import islice

import structlog

from bot.adapters.argocd import ArgoCD
from bot.adapters.github.comparison import Comparisons
from bot.domain.catalog import Catalog, Target
from bot.domain.ci.findings import Waiting
from bot.domain.ci.runs import Run
from bot.domain.errors import BotError
from bot.domain.running import neighbours, revision_of, running_tags

log = structlog.get_logger(__name__)

MOST = 4
"""Services that are looked at: each costs one request to its Argo CD and one to GitHub."""


class WaitingBehind:
    """Reads it. Whatever cannot be read is left out: it is a courtesy, not a fact to act on."""

    def __init__(
        self, catalog: Catalog, argocd: Mapping[str, ArgoCD], comparisons: Comparisons
    ) -> None:
        self._catalog, self._argocd, self._comparisons = catalog, argocd, comparisons

    def behind(self, run: Run) -> tuple[Waiting, ...]:
        """Return what waits behind *run*, in the catalog's order. It never raises a BotError.

        Only the default branch holds anything up.
        """
        if not run.on_default:
            return ()
        counted: dict[str, int] = {}
        found = []
        for target in islice(self._built_from(run.series.repository), MOST):
            if (revision := self._runs(target)) is None:
                continue
            if revision not in counted:
                counted[revision] = self._ahead(run, revision)
            if counted[revision]:
                found.append(Waiting(target.service, target.environment, counted[revision]))
        return tuple(found)

    def _built_from(self, repository: str) -> Iterator[Target]:
        for service in self._catalog.services:
            homes = self._catalog.environments_of(service)
            target = self._catalog.target(service, homes[0]) if homes else None
            if target is not None and target.source.casefold() == repository.casefold():
                yield target

    def _runs(self, target: Target) -> str | None:
        """Return the Git revision that runs there, if it is one and anybody can tell."""
        argocd, others = (
            self._argocd[target.application.instance],
            neighbours(self._catalog, target),
        )
        try:
            seen = argocd.look(target.application)
        except BotError as away:
            log.info("what waits behind CI is not known", target=target.name, why=str(away))
            return None
        tags = running_tags(seen.images, target, others)
        return revision_of(tags[0], target) if len(tags) == 1 else None

    def _ahead(self, run: Run, revision: str) -> int:
        try:
            return self._comparisons.between(run.series.repository, revision, run.sha).ahead_by
        except BotError as away:
            log.info("what waits behind CI is not known", run=run.url, why=str(away))
            return 0
