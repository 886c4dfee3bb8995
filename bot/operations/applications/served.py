"""Which applications are ours to watch: those that bring out what the configuration deploys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.adapters.argocd import ArgoCD
from bot.domain.applications.signs import ImageChange
from bot.domain.applications.story import Subject
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.images import same_repository
from bot.domain.observation import Observation


@dataclass(frozen=True, slots=True)
class Served:
    """An *application* and the *targets* it brings out, in the order of the configuration."""

    application: Application
    targets: tuple[Target, ...]

    @property
    def key(self) -> str:
        """Return what tells this application from all others, also before it was ever seen."""
        one = self.application
        return f"{one.instance}/{one.namespace or ''}/{one.name}"


class Serving:
    """Knows the applications that are served, by what Argo CD calls them."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        found: dict[Application, list[Target]] = {}
        for target in catalog.targets.values():
            found.setdefault(target.application, []).append(target)
        self._served = {one: Served(one, tuple(targets)) for one, targets in found.items()}
        self._named: dict[tuple[str, str], list[Served]] = {}
        for served in self._served.values():
            name = (served.application.instance, served.application.name)
            self._named.setdefault(name, []).append(served)

    def every(self, instance: str) -> tuple[Served, ...]:
        """Return all of one Argo CD."""
        return tuple(one for one in self._served.values() if one.application.instance == instance)

    def called(self, instance: str, namespace: str, name: str) -> tuple[Served, ...]:
        """Return those that *name* in *namespace* may be.

        An application without a configured namespace is in Argo CD's own, whatever that is called.
        """
        return tuple(
            one
            for one in self._named.get((instance, name), ())
            if not one.application.namespace or one.application.namespace == namespace
        )

    def subject(
        self, served: Served, seen: Observation | None, changes: Iterable[ImageChange], page: str
    ) -> Subject:
        """Return how people are told of the application.

        Of several services only those are named whose image *changes*, if any does.
        """
        where = self._environment(served)
        here = [one for one in served.targets if one.environment == where]
        moved = {change.repository for change in changes}
        touched = [one for one in here if any(same_repository(one.image, each) for each in moved)]
        return Subject(
            instance=served.application.instance,
            namespace=served.application.namespace or "",
            application=served.application.name,
            environment=where,
            services=tuple(one.service for one in touched or here),
            page=page,
            production=self._catalog.environments[where].production,
            owner=seen.owner.name if seen is not None else "",
        )

    def _environment(self, served: Served) -> str:
        """Return the last environment in promotion order that it serves."""
        known = {one.environment for one in served.targets}
        return next(name for name in reversed(tuple(self._catalog.environments)) if name in known)


def by_environment(targets: Iterable[Target]) -> Mapping[str, tuple[str, ...]]:
    """Return the services of *targets* by their environment."""
    found: dict[str, list[str]] = {}
    for target in targets:
        found.setdefault(target.environment, []).append(target.service)
    return {name: tuple(services) for name, services in found.items()}


Clients = Mapping[str, ArgoCD]
"""Each Argo CD by its name."""
