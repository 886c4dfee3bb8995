"""What can be deployed where: services, environments and their targets, as configured."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.domain.environment_policy import EnvironmentPolicy
from bot.domain.locations import Location
from bot.domain.rights import Permissions
from bot.domain.tags import TagTemplate


@dataclass(frozen=True, slots=True)
class Environment:
    """One stage on the way to production.

    *after* is the environment before it, or None. *channel* is the Slack channel id of its cards.
    *deadline* is how long a commit may take to run before we call it late. In *production* rights
    are read anew each time. *rules* is None where the environment asks nothing.
    """

    name: str
    channel: str
    deadline: timedelta
    after: str | None = None
    production: bool = False
    rules: EnvironmentPolicy | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """The Argo CD application of a target: its *instance* by our name for it, and its own *name*.

    *namespace* and *project* are None when the configuration leaves them to Argo CD's default.
    """

    instance: str
    name: str
    namespace: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """One service in one environment.

    *source* is the code's repository (``owner/name``), *image* the image repository without a tag.
    *tags* are the templates that a version may be rendered by; the first that fits is used.
    *required_checks* are names; empty means the commit's whole rollup, None that no checks are
    asked for.
    """

    service: str
    environment: str
    source: str
    image: str
    location: Location
    application: Application
    tags: tuple[TagTemplate, ...]
    required_checks: tuple[str, ...] | None = ()

    @property
    def name(self) -> str:
        """Return the name people read: ``core/stage``."""
        return f"{self.service}/{self.environment}"


@dataclass(frozen=True, slots=True)
class Instance:
    """One Argo CD: *name* is ours, *url* its address with any root path, without a last slash."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything the configuration file says, checked.

    *environments* is in promotion order. *targets* is keyed by (service, environment).
    """

    environments: Mapping[str, Environment]
    services: tuple[str, ...]
    targets: Mapping[tuple[str, str], Target]
    instances: Mapping[str, Instance] = field(default_factory=dict)
    permissions: Permissions = field(default_factory=Permissions)

    def target(self, service: str, environment: str) -> Target | None:
        """Return the target, or None where the service does not live there."""
        return self.targets.get((service, environment))

    def policy(self, environment: str, services: Iterable[str] = ()) -> EnvironmentPolicy | None:
        """Return what *environment* asks of a change of *services*; None: there is no such one.

        Its required checks are those of any of the services, for the plan's digest; each is judged
        by its own target's. Which services ask for none is said by name.
        """
        place = self.environments.get(environment)
        if place is None:
            return None
        found = (self.target(service, environment) for service in services)
        asked = {each.service: each.required_checks for each in found if each is not None}
        checks = {name for required in asked.values() for name in required or ()}
        rules = place.rules or EnvironmentPolicy(place.name, after=place.after)
        return replace(
            rules,
            required_checks=tuple(sorted(checks)),
            unchecked=tuple(sorted(name for name, required in asked.items() if required is None)),
        )

    def built_from(self, repository: str) -> tuple[str, ...]:
        """Return the services that *repository* has the code of; case does not count there."""
        name = repository.casefold()
        built = {one.service for one in self.targets.values() if one.source.casefold() == name}
        return tuple(service for service in self.services if service in built)

    def environments_of(self, service: str) -> tuple[str, ...]:
        """Return the names of the environments that *service* lives in, in promotion order."""
        return tuple(name for name in self.environments if (service, name) in self.targets)
