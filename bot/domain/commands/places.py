"""The grammar of where: services, or all of them, in one environment, in any order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bot.domain.commands.nouns import Misread, MisreadReason
from bot.domain.commands.pointing import ALL, Words, homes, joined, living_in, sorted_out, spelled
from bot.domain.commands.said import REASON, Said, cut, listed, misread

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


def read_place(said: Said, tail: str = "") -> Place | Misread:
    """Return the services and the environment that were said, or how they were misread.

    *tail* is the rest of the command, for the lines that would do.
    """
    return place_of(said, sorted_out(said, tail))


def place_of(said: Said, words: Words) -> Place | Misread:
    """Return the place that *words* name, or how they were misread."""
    return (
        stranger(said, words)
        or all_and_some(said, words)
        or no_service(said, words)
        or not_one_environment(said, words)
        or not_in_environment(said, words)
        or Place(words.services, words.environments[0])
    )


def read_environment(said: Said, tail: str = "") -> str | Misread:
    """Return the one environment that was said, or how it was misread. It is never guessed."""
    words = sorted_out(said, tail, only_environments=True)
    if not words.strangers:
        return not_one_environment(said, words) or words.environments[0]
    word = words.strangers[0]
    near = said.environments_near(word)
    if not words.environments or near:
        environments = near or tuple(said.catalog.environments)
        return said.unknown_environment(word, [said.line(name, tail) for name in environments])
    lines = spelled(said, words, (), words.environments)
    if services := [name for word in words.strangers if (name := said.service(word))]:
        extra = cut(" ".join(words.strangers))
        lines = [*_of_services(said, words, services), *lines]
        return misread(MisreadReason.TOO_MANY_WORDS, lines, verb=said.verb, extra=extra)
    return has_no_place(said, words, lines)


def _of_services(said: Said, words: Words, services: Sequence[str]) -> list[str]:
    """Return the lines that lock those *services* that live there instead of freezing all."""
    verb = {"freeze": "lock", "unfreeze": "unlock"}.get(said.verb, said.verb)
    return [
        said.line(joined(here), name, words.tail, verb=verb)
        for name in words.environments
        if (here := [one for one in services if said.catalog.target(one, name)])
    ]


def has_no_place(said: Said, words: Words, lines: Sequence[str]) -> Misread:
    """Return that the strange words have no place, unless they are the reason that is missing."""
    extra = cut(" ".join(words.strangers))
    filled = [line.replace(REASON, extra) for line in lines]
    return misread(MisreadReason.TOO_MANY_WORDS, filled, verb=said.verb, extra=extra)


def stranger(said: Said, words: Words) -> Misread | None:
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
            for line in spelled(said, words, (*words.services, name), words.environments)
        ]
        return said.unknown_service(word, lines)
    if not words.environments and (environments or (named and not services)):
        near = environments or homes(said, words.services)
        return said.unknown_environment(word, spelled(said, words, words.services, near))
    if not words.environments:
        lines = [
            line for name in services for line in spelled(said, words, (*words.services, name), ())
        ]
        return said.unknown_service(word, lines)
    return has_no_place(said, words, spelled(said, words, words.services, words.environments))


def all_and_some(said: Said, words: Words) -> Misread | None:
    """Return that all services and some of them were named."""
    if not (words.everything and words.services):
        return None
    some = spelled(said, words, words.services, words.environments)
    every = [said.line(ALL, words.before, name, words.tail) for name in words.environments]
    return misread(
        MisreadReason.TOO_MANY_WORDS, [*some, *every], verb=said.verb, extra=f"{ALL} {words.names}"
    )


def no_service(said: Said, words: Words, beside: Sequence[str] = (ALL,)) -> Misread | None:
    """Return that no service was named; what may be named *beside* services is offered too."""
    if words.names:
        return None
    environments = words.environments or tuple(said.catalog.environments)
    lines = [
        said.line(name, words.before, environment, words.tail)
        for environment in environments
        for name in (*living_in(said, environment)[:_SUGGESTED], *beside)
    ]
    return misread(MisreadReason.MISSING_SERVICE, lines, known=listed(said.catalog.services))


def not_one_environment(said: Said, words: Words) -> Misread | None:
    """Return that no environment was named, or more than one."""
    if len(words.environments) == 1:
        return None
    lines = spelled(said, words, words.services, words.environments)
    if words.environments:
        environments = listed(words.environments)
        return misread(MisreadReason.SEVERAL_ENVIRONMENTS, lines, environments=environments)
    facts = {"environments": listed(homes(said, words.services))}
    if words.services:
        facts["service"] = ",".join(words.services)
    return misread(MisreadReason.MISSING_ENVIRONMENT, lines, **facts)


def not_in_environment(said: Said, words: Words) -> Misread | None:
    """Return that some of the services do not live in the environment that was named first."""
    return lives_elsewhere(
        said, words.services, words.environments[0], partial(spelled, said, words)
    )


def lives_elsewhere(
    said: Said,
    services: Sequence[str],
    environment: str,
    spell: Callable[[Sequence[str], Sequence[str]], list[str]],
) -> Misread | None:
    """Return that some of *services* do not live in *environment*.

    *spell* writes a corrected line for services in each of some environments; of none: in each
    that they live in.
    """
    missing = [name for name in services if not said.catalog.target(name, environment)]
    if not missing:
        return None
    here = [name for name in services if name not in missing]
    lines = [*(spell(here, [environment]) if here else ()), *spell(services, ())]
    return misread(
        MisreadReason.NOT_IN_ENVIRONMENT,
        lines,
        service=",".join(missing),
        environment=environment,
        environments=listed(said.catalog.environments_of(missing[0])),
    )
