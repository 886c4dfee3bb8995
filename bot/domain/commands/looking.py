"""The grammar of ``rollout``, ``resume`` and ``diff``: one service, in one place or two."""

from dataclasses import replace
from itertools import pairwise

from bot.domain.commands.nouns import Diff, Misread, MisreadReason, Resume, Rollout
from bot.domain.commands.places import (
    all_and_some,
    no_service,
    not_in_environment,
    not_one_environment,
    stranger,
)
from bot.domain.commands.pointing import ALL, Words, living_in, sorted_out, spelled
from bot.domain.commands.said import Said, listed, misread

_BOTH = 2  # environments that a diff compares


def read_rollout(said: Said) -> Rollout | Misread:
    """Return whose rollout was asked for, or how it was misread."""
    words = sorted_out(said, "")
    return _misread(said, words) or Rollout(words.services[0], words.environments[0])


def read_resume(said: Said) -> Resume | Misread:
    """Return whose auto-sync is to go on, or how it was misread."""
    words = sorted_out(said, "")
    return _misread(said, words) or Resume(words.services[0], words.environments[0])


def read_diff(said: Said) -> Diff | Misread:
    """Return what to compare, or how it was misread."""
    words = sorted_out(said, "")
    if len(words.environments) > _BOTH:
        return _too_many(said, words)
    if len(words.environments) < _BOTH:
        return _misread(said, words) or Diff(words.services[0], words.environments[0])
    first, second = words.environments
    words = replace(words, before=first, environments=(second,))
    return (
        _misread(said, words)
        or _not_in_the_first(said, words)
        or Diff(words.services[0], first, second)
    )


def _misread(said: Said, words: Words) -> Misread | None:
    return (
        stranger(said, words)
        or all_and_some(said, words)
        or no_service(said, words, beside=())
        or not_one_environment(said, words)
        or _several_services(said, words)
        or not_in_environment(said, words)
    )


def _several_services(said: Said, words: Words) -> Misread | None:
    if len(words.services) == 1:
        return None
    lines = [
        line
        for environment in words.environments
        for name in words.services or living_in(said, environment)
        for line in spelled(said, words, [name], [environment])
    ]
    extra = listed(words.services[1:]) or ALL
    return misread(MisreadReason.TOO_MANY_WORDS, lines, verb=said.verb, extra=extra)


def _not_in_the_first(said: Said, words: Words) -> Misread | None:
    there = replace(words, before="", environments=(words.before,))
    strange = not_in_environment(said, there)
    if strange is None:
        return None
    lines = spelled(said, there, words.services, words.environments)
    return replace(strange, corrections=tuple(lines))


def _too_many(said: Said, words: Words) -> Misread:
    lines = [
        line
        for first, second in pairwise(words.environments)
        for line in spelled(said, replace(words, before=first), words.services, [second])
    ]
    environments = listed(words.environments)
    return misread(MisreadReason.SEVERAL_ENVIRONMENTS, lines, environments=environments)
