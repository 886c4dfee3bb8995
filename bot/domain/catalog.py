"""What can be deployed where: services, environments and their targets, as configured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.locations import Location
from bot.domain.tags import TagTemplate


@dataclass(frozen=True, slots=True)
class Environment:
    """One stage on the way to production.

    *after* is the environment before it, or None. *channel* is the Slack channel id of its cards.
    *deadline* is how long a commit may take to run before we call it late. *allow* holds the Slack
    user ids that may deploy here; empty means nobody.
    """

    name: str
    channel: str
    deadline: timedelta
    after: str | None = None
    allow: frozenset[str] = frozenset()


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
    """

    service: str
    environment: str
    source: str
    image: str
    location: Location
    application: Application
    tags: tuple[TagTemplate, ...]

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

    def target(self, service: str, environment: str) -> Target | None:
        """Return the target, or None where the service does not live there."""
        return self.targets.get((service, environment))

    def environments_of(self, service: str) -> tuple[str, ...]:
        """Return the names of the environments that *service* lives in, in promotion order."""
        return tuple(name for name in self.environments if (service, name) in self.targets)
