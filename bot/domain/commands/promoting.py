"""The grammar of ``promote``: services, where their version comes from, and where it goes."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from bot.domain.commands.nouns import Misread, MisreadReason, Promote
from bot.domain.commands.overriding import overridable
from bot.domain.commands.places import (
    all_and_some,
    no_service,
    not_in_environment,
    not_one_environment,
    stranger,
)
from bot.domain.commands.pointing import ALL, Words, sorted_out, spelled
from bot.domain.commands.said import Said, cut, listed, looks_like_a_version, misread
from bot.domain.promoting import movable

FROM = "from"
_BOTH = 2  # where from, and where to


def read_promote(said: Said) -> Promote | Misread:
    """Return the promote that was said, or how it was misread."""
    return overridable(said, _read_plain, _line)


def _read_plain(said: Said) -> Promote | Misread:
    words = _with_its_origin(said)
    return (
        _a_version(said, words)
        or _strange_environment(said, words)
        or stranger(said, words)
        or all_and_some(said, words)
        or no_service(said, words)
        or _too_many_environments(said, words)
        or not_one_environment(said, words)
        or not_in_environment(said, words)
        or _backwards(said, words)
        or _not_in_the_origin(said, words)
        or _nothing_before(said, words)
        or Promote(
            words.services, words.before or None, words.environments[0], said.reason, said.override
        )
    )


def _line(said: Said, promote: Promote) -> str:
    names = ",".join(promote.services) or ALL
    return said.line(names, promote.origin or "", promote.environment, said.because)


def _with_its_origin(said: Said) -> Words:
    """Return the words; the first of two environments, or the one behind ``from``, is *before*."""
    origin, left = _from_apart(said)
    words = sorted_out(replace(said, words=left), said.because)
    if origin:
        return replace(words, before=origin)
    if len(words.environments) == _BOTH:
        return replace(words, before=words.environments[0], environments=words.environments[1:])
    return words


def _from_apart(said: Said) -> tuple[str, tuple[str, ...]]:
    """Return the environment behind a ``from``, or nothing, and the words without both."""
    for place, word in enumerate(said.words):
        if word.casefold() == FROM and not said.is_name(word):
            rest = said.words[place + 1 :]
            origin = said.environment(rest[0].strip(",")) if rest else None
            return origin or "", (*said.words[:place], *(rest[1:] if origin else rest))
    return "", said.words


def _a_version(said: Said, words: Words) -> Misread | None:
    """Return that a version has no place here; who names one means a deploy."""
    versions = [word for word in words.strangers if looks_like_a_version(word)]
    if not versions or len(versions) < len(words.strangers):
        return None
    here, environments = words.services, words.environments
    lines = [
        *(spelled(said, words, here, environments) if words.names and environments else ()),
        *(said.deploy_line(here, versions[0], name, said.reason) for name in environments if here),
    ]
    extra = cut(" ".join(versions))
    return misread(MisreadReason.TOO_MANY_WORDS, lines, verb=said.verb, extra=extra)


def _strange_environment(said: Said, words: Words) -> Misread | None:
    """Return which of two environments was mistyped, if the words read so."""
    if len(words.strangers) != 1 or len(words.environments) != 1 or words.before:
        return None
    word, named = words.strangers[0], words.environments[0]
    near = [name for name in said.environments_near(word) if name != named]
    if not near or not words.names:
        return None
    pairs = [_in_order(said, (name, named)) for name in near]
    return said.unknown_environment(word, _between(said, words, pairs))


def _too_many_environments(said: Said, words: Words) -> Misread | None:
    if len(words.environments) + bool(words.before) <= _BOTH:
        return None
    named = dict.fromkeys((*((words.before,) if words.before else ()), *words.environments))
    lines = _between(said, words, list(pairwise(_in_order(said, tuple(named)))))
    return misread(MisreadReason.SEVERAL_ENVIRONMENTS, lines, environments=listed(named))


def _backwards(said: Said, words: Words) -> Misread | None:
    origin, environment = words.before, words.environments[0]
    if not origin or _in_order(said, (origin, environment)) == (origin, environment):
        return None
    forward = [(environment, origin)] if origin != environment else []
    return misread(
        MisreadReason.BACKWARDS,
        _between(said, words, forward),
        before=origin,
        environment=environment,
    )


def _not_in_the_origin(said: Said, words: Words) -> Misread | None:
    if not words.before:
        return None
    strange = not_in_environment(said, replace(words, environments=(words.before,)))
    if strange is None:
        return None
    here = [name for name in words.services if said.catalog.target(name, words.before)]
    plain = replace(words, before="")
    lines = [
        *(spelled(said, words, here, words.environments) if here else ()),
        *spelled(said, plain, words.services, words.environments),
    ]
    return replace(strange, corrections=tuple(lines))


def _nothing_before(said: Said, words: Words) -> Misread | None:
    """Return that something lives nowhere that its version could come from."""
    environment = words.environments[0]
    able = movable(words.before or None, environment, said.catalog)
    missing = [name for name in words.services if name not in able]
    if not missing and able:
        return None
    here = [name for name in words.services if name in able]
    lines = spelled(said, words, here, [environment]) if here else _elsewhere(said, words)
    if not (here or words.before):
        lines = [*_from_above(said, words), *lines]
    facts = {"environment": environment, "service": ",".join(missing)}
    return misread(MisreadReason.NOTHING_BEFORE, lines, **facts)


def _elsewhere(said: Said, words: Words) -> list[str]:
    """Return the lines that move the services, from the nearest home, wherever that can be."""
    plain = replace(words, before="")
    return [
        line
        for name in said.catalog.environments
        if (able := movable(None, name, said.catalog))
        and (here := [one for one in able if one in (words.services or able)])
        for line in spelled(said, plain, here if words.services else (), [name])
    ]


def _from_above(said: Said, words: Words) -> list[str]:
    """Return the lines that say where from, of what stands above in the file; the nearest first."""
    order, environment = list(said.catalog.environments), words.environments[0]
    above = reversed(order[: order.index(environment)])
    homes = [
        name
        for name in above
        if set(movable(name, environment, said.catalog)) >= set(words.services)
        and movable(name, environment, said.catalog)
    ]
    return _between(said, words, [(name, environment) for name in homes])


def _between(said: Said, words: Words, pairs: Sequence[tuple[str, ...]]) -> list[str]:
    return [
        line
        for origin, environment in pairs
        for line in spelled(said, replace(words, before=origin), words.services, [environment])
    ]


def _in_order(said: Said, environments: Sequence[str]) -> tuple[str, ...]:
    """Return *environments* in promotion order, each once."""
    return tuple(name for name in said.catalog.environments if name in environments)
