"""Which services a promote can move into an environment, as configured."""

from bot.domain.catalog import Catalog, Target
from bot.domain.running import earlier_home


def home_before(target: Target, origin: str | None, catalog: Catalog) -> Target | None:
    """Return where a promote to *target* takes its version from; *origin* None is the nearest."""
    if origin is None:
        return earlier_home(catalog, target)
    return catalog.target(target.service, origin)


def movable(origin: str | None, environment: str, catalog: Catalog) -> tuple[str, ...]:
    """Return the services, sorted, that live in *environment* and where they would come from."""
    targets = (catalog.target(service, environment) for service in catalog.services)
    here = (target for target in targets if target is not None)
    return tuple(sorted(each.service for each in here if home_before(each, origin, catalog)))
