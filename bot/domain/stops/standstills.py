"""What keeps an environment from changing, as ``/ship status`` shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.catalog import Catalog
from bot.domain.stops.freezes import AdHocFreeze, Frozen, frozen, next_freeze
from bot.domain.stops.holds import Held
from bot.domain.stops.locks import Lock, covers, environment_of


@dataclass(frozen=True, slots=True)
class Standstill:
    """The *locks* that stand in *environment*, what freezes it, and else when the calendar will.

    *next_freeze* is None where it is frozen now, and where the calendar has nothing more. *holds*
    stand on targets there.
    """

    environment: str
    locks: tuple[Lock, ...] = ()
    frozen: Frozen | None = None
    next_freeze: datetime | None = None
    holds: tuple[Held, ...] = ()

    @property
    def says_something(self) -> bool:
        """Tell whether there is anything to show."""
        return bool(self.locks or self.frozen or self.next_freeze or self.holds)


def standstills(
    catalog: Catalog,
    locks: Iterable[Lock],
    freezes: Iterable[AdHocFreeze],
    holds: Iterable[Held],
    at: datetime,
    service: str | None = None,
    environment: str | None = None,
) -> tuple[Standstill, ...]:
    """Return what stands still at *at*, of one *service* and *environment* or of all.

    *locks*, *freezes* and *holds* are those by people that stand at *at*. Environments of which
    there is nothing to say are left out.
    """
    locks, freezes, holds = tuple(locks), tuple(freezes), tuple(holds)
    places = catalog.environments_of(service) if service else tuple(catalog.environments)
    found = (
        _standstill(catalog, place, locks, freezes, holds, at, service)
        for place in places
        if environment in {None, place}
    )
    return tuple(one for one in found if one.says_something)


def _standstill(
    catalog: Catalog,
    environment: str,
    locks: tuple[Lock, ...],
    freezes: tuple[AdHocFreeze, ...],
    holds: tuple[Held, ...],
    at: datetime,
    service: str | None,
) -> Standstill:
    policy = catalog.policy(environment)
    calendar = policy.freezes if policy else ()
    now = frozen(environment, [*freezes, *calendar], at)
    here = tuple(one for one in locks if _is_there(one, environment, service))
    coming = None if now else next_freeze(calendar, at)
    held = tuple(one for one in holds if _is_of(one, environment, service))
    return Standstill(environment, here, now, coming, held)


def _is_there(lock: Lock, environment: str, service: str | None) -> bool:
    if service is not None:
        return covers(lock, f"{service}/{environment}")
    return any(environment_of(target) == environment for target in lock.targets)


def _is_of(held: Held, environment: str, service: str | None) -> bool:
    name, _, place = held.target.rpartition("/")
    return place == environment and service in {None, name}
