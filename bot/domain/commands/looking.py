"""The grammar of ``rollout`` and ``resume``: one service in one environment."""

from bot.domain.commands.nouns import Misread, MisreadReason, Resume, Rollout
from bot.domain.commands.places import (
    all_and_some,
    no_service,
    not_in_environment,
    not_one_environment,
    stranger,
)
from bot.domain.commands.pointing import ALL, Words, living_in, sorted_out, spelled
from bot.domain.commands.said import Said, listed, misread


def read_rollout(said: Said) -> Rollout | Misread:
    """Return whose rollout was asked for, or how it was misread."""
    words = sorted_out(said, "")
    return misplaced(said, words) or Rollout(words.services[0], words.environments[0])


def read_resume(said: Said) -> Resume | Misread:
    """Return whose auto-sync is to go on, or how it was misread."""
    words = sorted_out(said, "")
    return misplaced(said, words) or Resume(words.services[0], words.environments[0])


def misplaced(said: Said, words: Words) -> Misread | None:
    """Return how *words* fail to name one service in one environment that it lives in."""
    return (
        stranger(said, words)
        or all_and_some(said, words)
        or no_service(said, words, beside=())
        or not_one_environment(said, words)
        or _several_services(said, words)
        or not_in_environment(said, words)
    )


def _several_services(said: Said, words: Words) -> Misread | None:
    """Return that several services were named, or all of them, where it has to be one."""
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
