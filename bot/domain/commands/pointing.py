"""Words that point somewhere: at services, or all of them, and at environments, in any order."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.commands.said import Said

ALL = "all"
_EVERYTHING = frozenset({ALL, "everything"})
_FILLERS = frozenset({"service", "services"})


@dataclass(frozen=True, slots=True)
class Words:
    """The words by what they are; *services* are sorted and unique, the others as they came.

    A corrected line says *before* in front of the environment, and *tail* at its end.
    """

    services: tuple[str, ...]
    everything: bool
    environments: tuple[str, ...]
    strangers: tuple[str, ...]
    tail: str
    before: str = ""

    @property
    def names(self) -> str:
        """Return the services as they are typed; empty where none was named."""
        return ",".join(self.services) or (ALL if self.everything else "")


def is_everything(word: str) -> bool:
    """Tell whether *word* stands for all services."""
    return word.casefold().strip(",;") in _EVERYTHING


def sorted_out(said: Said, tail: str, *, only_environments: bool = False) -> Words:
    """Return the words by what they are. A word that could be either is an environment later on."""
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
    return Words(
        tuple(sorted(set(services))),
        everything,
        tuple(dict.fromkeys(environments)),
        tuple(strangers),
        tail,
    )


def spelled(
    said: Said, words: Words, services: Sequence[str], environments: Sequence[str]
) -> list[str]:
    """Return a line per environment; without *environments* per one that *services* live in."""
    everything = ALL if words.everything and not services else ""
    return [
        said.line(joined(said.living(services, name)) or everything, words.before, name, words.tail)
        for name in environments or homes(said, services)
        if name != words.before
    ]


def joined(services: Sequence[str]) -> str:
    """Return *services* as they are typed."""
    return ",".join(sorted(set(services)))


def homes(said: Said, services: Sequence[str]) -> tuple[str, ...]:
    """Return where *services* live; every environment where none is named."""
    return said.homes_of(services) if services else tuple(said.catalog.environments)


def living_in(said: Said, environment: str) -> tuple[str, ...]:
    """Return the services that live in *environment*, as configured."""
    here = said.catalog.target
    return tuple(name for name in said.catalog.services if here(name, environment))
