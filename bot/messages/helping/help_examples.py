"""Names of the reader's own services, to make the examples of the help of."""

from dataclasses import dataclass

from bot.domain.catalog import Catalog
from bot.domain.running import earlier_home

SHA = "a1b2c3d4"
RELEASE = "v1.2.3"
REASON = "we migrate its database"


@dataclass(frozen=True, slots=True)
class Example:
    """A service and environment that exist, and up to two services of one environment."""

    service: str
    environment: str
    several: str


@dataclass(frozen=True, slots=True)
class Way:
    """A service, where its version comes from, and where it goes."""

    service: str
    origin: str
    environment: str


def example(catalog: Catalog) -> Example:
    """Return names to make examples of: the first service in its first environment."""
    for environment in catalog.environments:
        here = [each for each in catalog.services if catalog.target(each, environment)]
        if here:
            return Example(here[0], environment, ",".join(here[:2]))
    return Example("core", "stage", "core,batch")


def way(catalog: Catalog) -> Way:
    """Return names for a promote: the first service with somewhere to come from."""
    for target in catalog.targets.values():
        if before := earlier_home(catalog, target):
            return Way(target.service, before.environment, target.environment)
    for service in catalog.services:
        if len(homes := catalog.environments_of(service)) > 1:
            return Way(service, homes[0], homes[1])
    return Way("core", "stage", "prod")
