"""The deploy form: what a person has chosen so far, what they may choose, and what it comes to.

Nothing that came with a form is believed. Each name is looked up in the catalog again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.catalog import Catalog
from bot.domain.commands.deploying import is_version
from bot.domain.commands.nouns import Deploy, MisreadReason
from bot.domain.commands.said import cut, listed
from bot.domain.suggestions import nearest
from bot.domain.words import LONGEST_TEXT, bare, escaped, prose

MOST_SERVICES = 20
"""Services in one form; Slack itself holds people to it."""


class Field(StrEnum):
    """The fields of the form, by the names under which Slack sends them."""

    SERVICES = "form_services"
    ENVIRONMENT = "form_environment"
    PICKED = "form_picked"
    WRITTEN = "form_written"
    REASON = "form_reason"


@dataclass(frozen=True, slots=True)
class Choices:
    """What stands in the form, as it came. *picked* is from the list of versions, *written* typed.

    None and nothing are the same: not filled in.
    """

    services: tuple[str, ...] = ()
    environment: str | None = None
    picked: str | None = None
    written: str | None = None
    reason: str | None = None

    @property
    def are_whole(self) -> bool:
        """Tell whether everything a deploy needs was chosen, right or wrong."""
        return bool(self.services and self.environment and (self.picked or self.written))


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong *at* one field, with the facts that its words name."""

    at: Field
    reason: MisreadReason
    facts: Mapping[str, str] = field(default_factory=dict)


def known_services(choices: Choices, catalog: Catalog) -> tuple[str, ...]:
    """Return those chosen services that exist, sorted."""
    return tuple(sorted(set(choices.services) & set(catalog.services)))


def homes(services: Iterable[str], catalog: Catalog) -> tuple[str, ...]:
    """Return the environments in which all *services* live, in promotion order; of none, all."""
    places = [set(catalog.environments_of(service)) for service in services]
    return tuple(name for name in catalog.environments if all(name in each for each in places))


def source_of(services: Iterable[str], catalog: Catalog) -> str | None:
    """Return the one code repository of *services* (of all, when none is named), or None."""
    asked = set(services) or set(catalog.services)
    found = {one.source for one in catalog.targets.values() if one.service in asked}
    return found.pop() if len(found) == 1 else None


def matching(query: str, catalog: Catalog, most: int) -> tuple[str, ...]:
    """Return at most *most* services for what was typed so far; without it the first ones.

    Those that begin with it come first, then those that hold it, then what it may be a typo of.
    """
    typed = query.strip().casefold()
    names = sorted(catalog.services)
    begin = [name for name in names if name.casefold().startswith(typed)]
    hold = [name for name in names if typed in name.casefold()]
    found = tuple(dict.fromkeys((*begin, *hold))) or nearest(typed, names, most)
    return found[:most]


def read(choices: Choices, catalog: Catalog) -> Deploy | tuple[Mistake, ...]:
    """Return the deploy that *choices* come to, or what is wrong, each at its field."""
    services = tuple(sorted(set(choices.services)))
    environment = choices.environment or ""
    versions = _versions(choices)
    mistakes = [
        found
        for found in (
            _services(services, catalog),
            _environment(services, environment, versions, catalog),
            _version(services, versions),
            _reason(choices.reason or ""),
        )
        if found
    ]
    if mistakes:
        return tuple(mistakes)
    reason = prose(escaped(choices.reason or "")) or None
    return Deploy(services=services, version=versions[0], environment=environment, reason=reason)


def _versions(choices: Choices) -> tuple[str, ...]:
    written = bare((choices.written or "").strip())
    return tuple(dict.fromkeys(one for one in (choices.picked or "", written) if one))


def _services(services: tuple[str, ...], catalog: Catalog) -> Mistake | None:
    known = listed(catalog.services)
    if not services:
        return Mistake(Field.SERVICES, MisreadReason.MISSING_SERVICE, {"known": known})
    for name in services:
        if name not in catalog.services:
            near = listed(nearest(name, catalog.services))
            facts = {"service": cut(name), "near": near, "known": known}
            return Mistake(Field.SERVICES, MisreadReason.UNKNOWN_SERVICE, facts)
    if len(services) > MOST_SERVICES:
        facts = {"verb": "deploy", "extra": listed(services[MOST_SERVICES:])}
        return Mistake(Field.SERVICES, MisreadReason.TOO_MANY_WORDS, facts)
    return None


def _environment(
    services: tuple[str, ...], environment: str, versions: tuple[str, ...], catalog: Catalog
) -> Mistake | None:
    if not environment:
        facts = {
            "service": ",".join(map(cut, services)),
            "version": cut(next(iter(versions), "")),
            "environments": listed(homes(set(services) & set(catalog.services), catalog)),
        }
        return Mistake(Field.ENVIRONMENT, MisreadReason.MISSING_ENVIRONMENT, facts)
    if environment not in catalog.environments:
        near = listed(nearest(environment, catalog.environments))
        known = listed(catalog.environments)
        facts = {"environment": cut(environment), "near": near, "known": known}
        return Mistake(Field.ENVIRONMENT, MisreadReason.UNKNOWN_ENVIRONMENT, facts)
    for name in services:
        if name in catalog.services and not catalog.target(name, environment):
            facts = {
                "service": name,
                "environment": environment,
                "environments": listed(catalog.environments_of(name)),
            }
            return Mistake(Field.ENVIRONMENT, MisreadReason.NOT_IN_ENVIRONMENT, facts)
    return None


def _version(services: tuple[str, ...], versions: tuple[str, ...]) -> Mistake | None:
    if not versions:
        facts = {"service": ",".join(map(cut, services))}
        return Mistake(Field.WRITTEN, MisreadReason.MISSING_VERSION, facts)
    for version in versions:
        if not is_version(version):
            facts = {"version": cut(version)}
            return Mistake(Field.WRITTEN, MisreadReason.BAD_VERSION, facts)
    if len(versions) > 1:
        facts = {"versions": listed(map(cut, versions))}
        return Mistake(Field.WRITTEN, MisreadReason.SEVERAL_VERSIONS, facts)
    return None


def _reason(reason: str) -> Mistake | None:
    if len(reason) <= LONGEST_TEXT:
        return None
    facts = {"length": str(len(reason)), "limit": str(LONGEST_TEXT)}
    return Mistake(Field.REASON, MisreadReason.TOO_LONG, facts)
