"""The grammar of ``status``, ``history``, ``cancel`` and ``help``."""

import re
from dataclasses import dataclass, replace

from bot.domain.commands.ends import start_apart
from bot.domain.commands.nouns import Cancel, Help, History, Misread, MisreadReason, Status
from bot.domain.commands.said import VERBS, Said, cut, listed, misread
from bot.domain.suggestions import nearest
from bot.domain.words import Mentioned

_BY, _MYSELF, _USERS = "by", frozenset({"me", "myself"}), ("U", "W")
_START, _ME = "since 30d", "by me"  # in corrections
_OPERATION = re.compile(r"#?(?:d-?)?(?P<number>[0-9]{1,12})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked about; None means all."""

    service: str | None
    environment: str | None


def read_status(said: Said) -> Status | Misread:
    """Return whose status was asked for, or how it was misread."""
    asked = _read_asked(said)
    return asked if isinstance(asked, Misread) else Status(asked.service, asked.environment)


def read_history(said: Said) -> History | Misread:
    """Return whose history was asked for, or how it was misread."""
    person = _person_apart(said)
    start = start_apart(person.left, lambda word: said.is_name(word) or word.casefold() == _BY)
    asked = _read_asked(replace(said, words=start.left))
    if isinstance(asked, Misread):
        return asked
    for wrong, example in ((start.means, _START), (person.means, _ME)):
        if isinstance(wrong, Misread):
            line = said.line(asked.service or "", asked.environment or "", example)
            return replace(wrong, corrections=(line,))
    assert not isinstance(start.means, Misread)
    assert not isinstance(person.means, Misread)
    return History(asked.service, asked.environment, start.means, person.means)


@dataclass(frozen=True, slots=True)
class _Person:
    """Whom ``by`` named: a Slack user id, empty for who asks, None where nobody was named."""

    left: tuple[str, ...]
    means: str | Misread | None = None


def _person_apart(said: Said) -> _Person:
    """Return whom the words after ``by`` name, and what is left."""
    words = said.words
    for place, word in enumerate(words):
        if word.casefold() != _BY or said.is_name(word):
            continue
        named = words[place + 1] if place + 1 < len(words) else ""
        rest = (*words[:place], *words[place + 2 :])
        if isinstance(named, Mentioned) and named.startswith(_USERS):
            return _Person(rest, str(named))
        if named.casefold() in _MYSELF:
            return _Person(rest, "")
        return _Person(rest, misread(MisreadReason.BAD_PERSON, person=cut(named)))
    return _Person(words)


def _read_asked(said: Said) -> _Asked | Misread:
    words = [word for group in said.groups() for word in group]
    services = list(dict.fromkeys(name for word in words if (name := said.service(word))))
    left = [word for word in words if not said.service(word)]
    environments = list(dict.fromkeys(name for word in left if (name := said.environment(word))))
    strange = [word for word in left if not said.environment(word)]
    if strange:
        return _strange(said, strange[0], services, environments)
    if len(services) > 1 or len(environments) > 1:
        extra = cut(" ".join((*services[1:], *environments[1:])))
        lines = [
            said.line(service, environment)
            for service in services or [""]
            for environment in environments or [""]
        ]
        return misread(MisreadReason.TOO_MANY_WORDS, lines, verb=said.verb, extra=extra)
    service = next(iter(services), None)
    environment = next(iter(environments), None)
    if service and environment and not said.catalog.target(service, environment):
        homes = said.catalog.environments_of(service)
        return misread(
            MisreadReason.NOT_IN_ENVIRONMENT,
            [*(said.line(service, home) for home in homes), said.line(service)],
            service=service,
            environment=environment,
            environments=listed(homes),
        )
    return _Asked(service, environment)


def read_cancel(said: Said) -> Cancel | Misread:
    """Return which operation to stop, or how it was misread."""
    words = [word for group in said.groups() for word in group]
    found = [f"D-{int(match['number'])}" for word in words if (match := _OPERATION.fullmatch(word))]
    if len(words) == 1 and found:
        return Cancel(found[0])
    if not found:
        return misread(MisreadReason.BAD_OPERATION_ID, operation=cut(" ".join(words)))
    extra = cut(" ".join(words[1:]))
    lines = [said.line(operation) for operation in dict.fromkeys(found)]
    return misread(MisreadReason.TOO_MANY_WORDS, lines, verb=said.verb, extra=extra)


def read_help(said: Said) -> Help:
    """Return what to explain: the command nearest to the first word, or everything."""
    near = nearest(said.words[0].lstrip("/"), VERBS, most=1) if said.words else ()
    return Help(next(iter(near), None))


def _strange(said: Said, word: str, services: list[str], environments: list[str]) -> Misread:
    """Return what *word* most likely was meant to be, seen what else was said."""
    service, environment = next(iter(services), ""), next(iter(environments), "")
    near_services, near_environments = said.services_near(word), said.environments_near(word)
    if not service and (near_services or environment or not near_environments):
        lines = [said.line(name, environment) for name in near_services]
        return said.unknown_service(word, lines)
    lines = [said.line(service, name) for name in near_environments]
    return said.unknown_environment(word, lines)
