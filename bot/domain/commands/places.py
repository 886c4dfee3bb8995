"""The grammar of where: services, or all of them, in one environment, in any order."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.commands.nouns import Misread, MisreadReason
from bot.domain.commands.said import REASON, Said, cut, listed, misread

ALL = "all"
_EVERYTHING = frozenset({ALL, "everything"})
_FILLERS = frozenset({"service", "services"})
_SUGGESTED = 4  # services, where none was named


@dataclass(frozen=True, slots=True)
class Place:
    """*services* (sorted, unique; empty: all) that live in *environment*."""

    services: tuple[str, ...]
    environment: str

    @property
    def names(self) -> str:
        """Return the services as they are typed."""
        return ",".join(self.services) or ALL


@dataclass(frozen=True, slots=True)
class _Words:
    """The words by what they are. *tail* is what a corrected line says after them."""

    services: tuple[str, ...]
    everything: bool
    environments: tuple[str, ...]
    strangers: tuple[str, ...]
    tail: str

    @property
    def names(self) -> str:
        return ",".join(self.services) or (ALL if self.everything else "")


def is_everything(word: str) -> bool:
    """Tell whether *word* stands for all services."""
    return word.casefold().strip(",;") in _EVERYTHING


def read_place(said: Said, tail: str = "") -> Place | Misread:
    """Return the services and the environment that were said, or how they were misread.

    *tail* is the rest of the command, for the lines that would do.
    """
    words = _sorted_out(said, tail)
    return (
        _stranger(said, words)
        or _all_and_some(said, words)
        or _no_service(said, words)
        or _not_one_environment(said, words)
        or _not_in_environment(said, words)
        or Place(words.services, words.environments[0])
    )


def read_environment(said: Said, tail: str = "") -> str | Misread:
    """Return the one environment that was said, or how it was misread. It is never guessed."""
    words = _sorted_out(said, tail, only_environments=True)
    if not words.strangers:
        return _not_one_environment(said, words) or words.environments[0]
    word = words.strangers[0]
    near = said.environments_near(word)
    if not words.environments or near:
        environments = near or tuple(said.catalog.environments)
        return said.unknown_environment(word, [said.line(name, tail) for name in environments])
    lines = _lines(said, words, (), words.environments)
    if services := [name for word in words.strangers if (name := said.service(word))]:
        extra = cut(" ".join(words.strangers))
        lines = [*_of_services(said, words, services), *lines]
        return misread(MisreadReason.TOO_MANY_WORDS, lines, verb=said.verb, extra=extra)
    return _extra(said, words, lines)


def _of_services(said: Said, words: _Words, services: Sequence[str]) -> list[str]:
    """Return the lines that lock those *services* that live there instead of freezing all."""
    verb = {"freeze": "lock", "unfreeze": "unlock"}.get(said.verb, said.verb)
    return [
        said.line(_joined(here), name, words.tail, verb=verb)
        for name in words.environments
        if (here := [one for one in services if said.catalog.target(one, name)])
    ]


def _extra(said: Said, words: _Words, lines: Sequence[str]) -> Misread:
    """Return that the strange words have no place, unless they are the reason that is missing."""
    extra = cut(" ".join(words.strangers))
    filled = [line.replace(REASON, extra) for line in lines]
    return misread(MisreadReason.TOO_MANY_WORDS, filled, verb=said.verb, extra=extra)


def _sorted_out(said: Said, tail: str, *, only_environments: bool = False) -> _Words:
    services: list[str] = []
    environments: list[str] = []
    strangers: list[str] = []
    everything = False
    for word in (word for group in said.groups() for word in group):
        service, environment = said.service(word), said.environment(word)
        if service and not only_environments and not (environment and services):
            services.append(service)
        elif environment:
            environments.append(environment)
        elif not service and is_everything(word):
            everything = True
        elif service or word.casefold() not in _FILLERS:
            strangers.append(word)
    return _Words(
        tuple(sorted(set(services))),
        everything,
        tuple(dict.fromkeys(environments)),
        tuple(strangers),
        tail,
    )


def _stranger(said: Said, words: _Words) -> Misread | None:
    """Return what the first strange word most likely was meant to be, seen what else was said."""
    if not words.strangers:
        return None
    word = words.strangers[0]
    services, environments = said.services_near(word), said.environments_near(word)
    named = bool(words.names)
    if words.environments and (services or not named):
        lines = [
            line
            for name in services
            for line in _lines(said, words, (*words.services, name), words.environments)
        ]
        return said.unknown_service(word, lines)
    if not words.environments and (environments or (named and not services)):
        near = environments or _homes(said, words.services)
        return said.unknown_environment(word, _lines(said, words, words.services, near))
    if not words.environments:
        lines = [
            line for name in services for line in _lines(said, words, (*words.services, name), ())
        ]
        return said.unknown_service(word, lines)
    return _extra(said, words, _lines(said, words, words.services, words.environments))


def _all_and_some(said: Said, words: _Words) -> Misread | None:
    if not (words.everything and words.services):
        return None
    some = _lines(said, words, words.services, words.environments)
    every = [said.line(ALL, name, words.tail) for name in words.environments]
    return misread(
        MisreadReason.TOO_MANY_WORDS, [*some, *every], verb=said.verb, extra=f"{ALL} {words.names}"
    )


def _no_service(said: Said, words: _Words) -> Misread | None:
    if words.names:
        return None
    environments = words.environments or tuple(said.catalog.environments)
    lines = [
        said.line(name, environment, words.tail)
        for environment in environments
        for name in (*_living_in(said, environment)[:_SUGGESTED], ALL)
    ]
    return misread(MisreadReason.MISSING_SERVICE, lines, known=listed(said.catalog.services))


def _not_one_environment(said: Said, words: _Words) -> Misread | None:
    """Return that no environment was named, or more than one."""
    if len(words.environments) == 1:
        return None
    lines = _lines(said, words, words.services, words.environments)
    if words.environments:
        environments = listed(words.environments)
        return misread(MisreadReason.SEVERAL_ENVIRONMENTS, lines, environments=environments)
    facts = {"environments": listed(_homes(said, words.services))}
    if words.services:
        facts["service"] = ",".join(words.services)
    return misread(MisreadReason.MISSING_ENVIRONMENT, lines, **facts)


def _not_in_environment(said: Said, words: _Words) -> Misread | None:
    environment = words.environments[0]
    missing = [name for name in words.services if not said.catalog.target(name, environment)]
    if not missing:
        return None
    here = [name for name in words.services if name not in missing]
    lines = [
        *(_lines(said, words, here, [environment]) if here else ()),
        *_lines(said, words, words.services, ()),
    ]
    return misread(
        MisreadReason.NOT_IN_ENVIRONMENT,
        lines,
        service=",".join(missing),
        environment=environment,
        environments=listed(said.catalog.environments_of(missing[0])),
    )


def _lines(
    said: Said, words: _Words, services: Sequence[str], environments: Sequence[str]
) -> list[str]:
    """Return a line per environment; without *environments* per one that *services* live in."""
    everything = ALL if words.everything and not services else ""
    return [
        said.line(_joined(said.living(services, name)) or everything, name, words.tail)
        for name in environments or _homes(said, services)
    ]


def _joined(services: Sequence[str]) -> str:
    return ",".join(sorted(set(services)))


def _homes(said: Said, services: Sequence[str]) -> tuple[str, ...]:
    return said.homes_of(services) if services else tuple(said.catalog.environments)


def _living_in(said: Said, environment: str) -> tuple[str, ...]:
    here = said.catalog.target
    return tuple(name for name in said.catalog.services if here(name, environment))
