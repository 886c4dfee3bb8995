"""The grammar of ``status``, ``history``, ``cancel`` and ``help``."""

import re
from dataclasses import dataclass

from bot.domain.commands.nouns import Cancel, Help, History, Misread, MisreadReason, Status
from bot.domain.commands.said import VERBS, Said, cut, listed, misread
from bot.domain.suggestions import nearest

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
    asked = _read_asked(said)
    return asked if isinstance(asked, Misread) else History(asked.service, asked.environment)


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
