"""The grammar of ``diff``: one service, and two places: environments, versions, or one of each.

The name of an environment is that environment, whatever branches are called so; a branch of that
name is compared by its commit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from bot.domain.catalog import Catalog
from bot.domain.commands.deploying import is_version
from bot.domain.commands.looking import misplaced
from bot.domain.commands.nouns import Diff, Misread, MisreadReason
from bot.domain.commands.places import not_in_environment
from bot.domain.commands.pointing import ALL, Words, sorted_out, spelled
from bot.domain.commands.said import Said, cut, listed, looks_like_a_version, misread
from bot.domain.suggestions import nearest

_BOTH = 2  # places that are compared
_SUGGESTED = 4  # services, where none was named
_RANGE = ".."  # as ``git diff`` writes it


def read_diff(said: Said) -> Diff | Misread:
    """Return what to compare, or how it was misread."""
    words = sorted_out(said, "")
    versions = tuple(dict.fromkeys(word for word in words.strangers if _is_one(said, words, word)))
    rest = tuple(word for word in words.strangers if word not in versions)
    words = replace(words, strangers=rest, tail=" ".join(versions))
    if unwritable := _unwritable(said, words, versions):
        return unwritable
    if len(words.environments) + len(versions) > _BOTH:
        return _too_many(said, words, versions)
    if len(versions) == _BOTH:
        return _of_versions(said, words, versions)
    return _of_environments(said, words, versions)


def meant_places(command: Diff, word: str, catalog: Catalog) -> tuple[str, ...]:
    """Return whole lines to copy where *word*, taken for a version, may be a place of *command*.

    A branch may be called like an environment and more (``develop``), so this is only asked once
    nothing of that name was found.
    """
    homes = catalog.environments_of(command.service)
    others = tuple(one for one in command.versions if one != word)
    lines = (dict.fromkeys((*command.environments, name, *others)) for name in nearest(word, homes))
    return tuple(" ".join(("/ship diff", command.service, *places)) for places in lines)


def _of_environments(said: Said, words: Words, versions: Sequence[str]) -> Diff | Misread:
    named = words.environments
    if len(named) == _BOTH:
        words = replace(words, before=named[0], environments=named[1:])
    return (
        _strange_environment(said, words)
        or misplaced(said, words)
        or (_not_in_the_first(said, words) if words.before else None)
        or Diff(words.services[0], named, tuple(versions))
    )


def _of_versions(said: Said, words: Words, versions: Sequence[str]) -> Diff | Misread:
    """Return the diff of two versions; no environment is needed, nor guessed."""
    service = words.services[0] if len(words.services) == 1 and not words.everything else ""
    if words.strangers:
        word = words.strangers[0]
        near = said.services_near(word)
        return said.unknown_service(word, _lines(said, near, versions))
    if service:
        return Diff(service, (), tuple(versions))
    lines = _lines(said, words.services or said.catalog.services[:_SUGGESTED], versions)
    if not words.names:
        known = listed(said.catalog.services)
        return misread(MisreadReason.MISSING_SERVICE, lines, known=known)
    extra = ALL if words.everything else listed(words.services[1:])
    return misread(MisreadReason.TOO_MANY_WORDS, lines, verb=said.verb, extra=extra)


def _is_one(said: Said, words: Words, word: str) -> bool:
    """Tell whether *word* is a version, and no typo of a name.

    Without a service it only is one if nothing else can be written so.
    """
    if looks_like_a_version(word) or _RANGE in word:
        return True
    if not words.names:
        return False
    return "/" in word or not (
        _typo(word, said.services_near(word)) or _typo(word, said.environments_near(word))
    )


def _typo(word: str, near: Iterable[str]) -> bool:
    """Tell whether *word* is one of the *near* names written wrong, and not a longer one.

    A branch is often called as an environment or service is, and more: ``develop``.
    """
    return any(not word.casefold().startswith(name.casefold()) for name in near)


def _unwritable(said: Said, words: Words, versions: Sequence[str]) -> Misread | None:
    """Return that something can be no version; ``one..other`` are two words here."""
    bad = next((one for one in versions if not is_version(one)), None)
    if bad is None:
        return None
    sides = [side for side in bad.replace("...", _RANGE).split(_RANGE) if is_version(side) and side]
    places = [name for side in sides if (name := said.environment(side) or side)]
    fits = len(places) == _BOTH and not words.environments and len(versions) == 1
    lines = _lines(said, words.services[:1], places) if fits else []
    return misread(MisreadReason.BAD_VERSION, lines, version=cut(bad))


def _strange_environment(said: Said, words: Words) -> Misread | None:
    """Return which of two environments was mistyped, if the words read so."""
    if len(words.strangers) != 1 or len(words.environments) != 1 or words.before or words.tail:
        return None
    word, named = words.strangers[0], words.environments[0]
    near = [name for name in said.environments_near(word) if name != named]
    if not near or not words.names or said.services_near(word):
        return None
    lines = [
        line
        for name in near
        for line in spelled(said, replace(words, before=named), words.services, [name])
    ]
    return said.unknown_environment(word, lines)


def _not_in_the_first(said: Said, words: Words) -> Misread | None:
    there = replace(words, before="", environments=(words.before,))
    strange = not_in_environment(said, there)
    if strange is None:
        return None
    lines = spelled(said, there, words.services, words.environments)
    return replace(strange, corrections=tuple(lines))


def _too_many(said: Said, words: Words, versions: Sequence[str]) -> Misread:
    services = words.services[:1]
    if not versions:
        lines = [
            line
            for first, second in pairwise(words.environments)
            for line in spelled(said, replace(words, before=first), services, [second])
        ]
        environments = listed(words.environments)
        return misread(MisreadReason.SEVERAL_ENVIRONMENTS, lines, environments=environments)
    places = (*words.environments, *versions)
    lines = [line for pair in pairwise(places) for line in _lines(said, services, pair)]
    extra = cut(" ".join(places[_BOTH:]))
    return misread(MisreadReason.TOO_MANY_WORDS, lines, verb=said.verb, extra=extra)


def _lines(said: Said, services: Sequence[str], places: Sequence[str]) -> list[str]:
    return [said.line(name, *places) for name in services]
