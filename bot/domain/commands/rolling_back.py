"""The grammar of ``rollback``: services, where, back to what, and whether around Git."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.commands.deploying import is_version
from bot.domain.commands.nouns import Misread, MisreadReason, Rollback
from bot.domain.commands.overriding import overridable
from bot.domain.commands.places import no_service, not_in_environment, not_one_environment
from bot.domain.commands.pointing import Words, homes, living_in, sorted_out, spelled
from bot.domain.commands.said import Said, cut, looks_like_a_version, misread

BY_ARGOCD = "by argocd"
WITHOUT_HOOKS = "without hooks"

_BY = frozenset({"by", "via", "with", "using", "through"})
_ARGOCD = frozenset({"argocd", "argo-cd", "argo"})
_WITHOUT = frozenset({"without", "skipping", "skip", "no"})
_HOOKS = frozenset({"hooks", "hook", "presync"})
_PLACE = re.compile(r"#0*(?P<number>[0-9]{1,6})")
_OPERATION = re.compile(r"d-0*(?P<number>[0-9]{1,12})", re.IGNORECASE)
_LETTERS = re.compile(r"(?<![0-9a-z])[a-f]{7,40}$")
_TRIED = 5  # words compared with the names; more are no typos


@dataclass(frozen=True, slots=True)
class _Way:
    """What was said beside the services and the environment."""

    whats: tuple[str, ...]
    by_argocd: bool
    without_hooks: bool
    said: Said

    def tail(self, what: str = "", because: str = "") -> str:
        """Return the end of a corrected line that goes back to *what*."""
        way = BY_ARGOCD if self.by_argocd else ""
        hooks = WITHOUT_HOOKS if self.without_hooks else ""
        return " ".join(filter(None, (what, way, hooks, because or self.said.because)))


def read_rollback(said: Said) -> Rollback | Misread:
    """Return the rollback that was said, or how it was misread."""
    return overridable(said, _read_plain, rollback_line)


def homes_in_common(said: Said, services: Sequence[str]) -> tuple[str, ...]:
    """Return the environments that all of *services* live in, in promotion order."""
    here = said.catalog.target
    return tuple(
        name
        for name in said.catalog.environments
        if all(here(service, name) for service in services)
    )


def _read_plain(said: Said) -> Rollback | Misread:
    by_argocd, here = _argocd_apart(said)
    without_hooks, here = _hooks_apart(here) if by_argocd else (False, here)
    words = sorted_out(here, "")
    way = _Way(tuple(map(_normal, words.strangers)), by_argocd, without_hooks, said)
    what = way.whats[0] if len(way.whats) == 1 else ""
    words = replace(words, tail=way.tail(what))
    return (
        _not_all(here, words)
        or _bare_argocd(here, words, way)
        or _strange_service(here, words, way)
        or _strange_environment(here, words, way)
        or _several_versions(here, words, way)
        or _extra_words(here, words, way)
        or _no_version_at_all(what)
        or _no_such_service(here, words, what)
        or no_service(here, words, beside=())
        or _not_there(here, words)
        or Rollback(
            words.services,
            _environment(here, words),
            what,
            by_argocd,
            said.reason,
            said.override,
            without_hooks,
        )
    )


def rollback_line(said: Said, rollback: Rollback) -> str:
    """Return the whole line to copy of *rollback*."""
    way = _Way((), rollback.by_argocd, rollback.without_hooks, said)
    tail = way.tail(rollback.what)
    return said.line(",".join(rollback.services), rollback.environment or "", tail)


def _argocd_apart(said: Said) -> tuple[bool, Said]:
    """Return whether ``by argocd`` was said, and the words without it."""
    words = [word.casefold().strip(",;") for word in said.words]
    for place, word in enumerate(words[:-1]):
        if word not in _BY or said.service(word) or words[place + 1] not in _ARGOCD:
            continue
        end = place + (3 if words[place + 1 : place + 3] == ["argo", "cd"] else 2)
        return True, replace(said, words=(*said.words[:place], *said.words[end:]))
    return False, said


def _hooks_apart(said: Said) -> tuple[bool, Said]:
    """Return whether ``without hooks`` was said, and the words without it."""
    words = [word.casefold().strip(",;") for word in said.words]
    for place, word in enumerate(words[:-1]):
        if word in _WITHOUT and words[place + 1] in _HOOKS and not said.service(word):
            left = (*said.words[:place], *said.words[place + 2 :])
            return True, replace(said, words=left)
    return False, said


def _normal(word: str) -> str:
    """Return a place in the history, or an operation, as it is written on cards."""
    if place := _PLACE.fullmatch(word):
        return f"#{place['number']}"
    if operation := _OPERATION.fullmatch(word):
        return f"D-{operation['number']}"
    return word


def _says_what(word: str) -> bool:
    """Tell whether *word* is surely what to go back to, and no typo of a name."""
    return bool(looks_like_a_version(word) or _PLACE.fullmatch(word) or _OPERATION.fullmatch(word))


def _not_all(said: Said, words: Words) -> Misread | None:
    if not words.everything:
        return None
    lines = [
        line
        for name in words.environments
        for line in spelled(said, words, words.services or living_in(said, name), [name])
    ]
    return misread(MisreadReason.NOT_ALL, lines, verb=said.verb)


def _bare_argocd(said: Said, words: Words, way: _Way) -> Misread | None:
    """Return that ``argocd`` was said without its ``by``: it is no version to go back to."""
    named = [word for word in way.whats if word.casefold() in _ARGOCD]
    if not named:
        return None
    left = [word for word in way.whats if word not in named]
    what = left[0] if len(left) == 1 else ""
    lines = [
        line
        for each in (replace(way, by_argocd=True), way)
        for line in _lines(said, words, replace(words, tail=each.tail(what)).tail)
    ]
    return misread(MisreadReason.TOO_MANY_WORDS, lines, verb=said.verb, extra=cut(" ".join(named)))


def _strange_service(said: Said, words: Words, way: _Way) -> Misread | None:
    """Return which word is a mistyped service: one listed among them, or much like one."""
    listed_ = _listed(said)
    for word in way.whats[:_TRIED]:
        near = said.services_near(word)
        if _says_what(word) or not (word in listed_ or (near and not _may_be_a_tag(word))):
            continue
        left = [what for what in way.whats if what != word]
        tail = way.tail(left[0] if len(left) == 1 else "")
        lines = [
            line
            for name in near
            for line in _lines(said, replace(words, services=(*words.services, name)), tail)
        ]
        return said.unknown_service(word, lines)
    return None


def _strange_environment(said: Said, words: Words, way: _Way) -> Misread | None:
    if words.environments:
        return None
    for word in way.whats[:_TRIED]:
        near = said.environments_near(word)
        if near and not _says_what(word):
            left = [what for what in way.whats if what != word]
            tail = way.tail(left[0] if len(left) == 1 else "")
            lines = _lines(said, replace(words, environments=near), tail) if words.names else []
            return said.unknown_environment(word, lines)
    return None


def _several_versions(said: Said, words: Words, way: _Way) -> Misread | None:
    if len(way.whats) <= 1 or not all(map(_says_what, way.whats)):
        return None
    lines = [
        line
        for what in way.whats[:_TRIED]
        for line in (_lines(said, words, way.tail(what)) if words.names else ())
    ]
    versions = cut(", ".join(way.whats))
    return misread(MisreadReason.SEVERAL_VERSIONS, lines, versions=versions)


def _extra_words(said: Said, words: Words, way: _Way) -> Misread | None:
    """Return that there are too many words; those that say no version may be the reason."""
    if len(way.whats) <= 1:
        return None
    sure = [what for what in way.whats if _says_what(what)]
    what = sure[0] if len(sure) == 1 else ""
    extra = " ".join(word for word in way.whats if word != what)
    tails = [way.tail(what)]
    if not said.reason and not said.override:
        tails.insert(0, way.tail(what, f"because {extra}"))
    lines = [line for tail in tails if words.names for line in _lines(said, words, tail)]
    return misread(MisreadReason.TOO_MANY_WORDS, lines, verb=said.verb, extra=cut(extra))


def _no_such_service(said: Said, words: Words, what: str) -> Misread | None:
    """Return that the only strange word is no service, where none was named and it is no tag."""
    if words.names or not what or _says_what(what) or _may_be_a_tag(what):
        return None
    return said.unknown_service(what, ())


def _no_version_at_all(what: str) -> Misread | None:
    if not what or is_version(what):
        return None
    return misread(MisreadReason.BAD_VERSION, version=cut(what))


def _not_there(said: Said, words: Words) -> Misread | None:
    """Return that there are several environments, or one that not all of the services live in."""
    if len(words.environments) > 1:
        return not_one_environment(said, words)
    if words.environments:
        return not_in_environment(said, words)
    return None if homes_in_common(said, words.services) else not_one_environment(said, words)


def _environment(said: Said, words: Words) -> str | None:
    """Return the environment that was named, or the only one there is; None: there are several."""
    if words.environments:
        return words.environments[0]
    found = homes(said, words.services)
    only = {said.catalog.environments_of(name) for name in words.services}
    return found[0] if only == {found[:1]} else None


def _lines(said: Said, words: Words, tail: str) -> list[str]:
    """Return a line per environment that was named; where none was, one that leaves it out."""
    if words.environments:
        return spelled(said, replace(words, tail=tail), words.services, words.environments)
    return [said.line(",".join(sorted(set(words.services))), tail)] if words.services else []


def _listed(said: Said) -> frozenset[str]:
    """Return the words that stand in a list with a service: ``core,bathc``."""
    return frozenset(
        word
        for group in said.groups()
        if len(group) > 1 and not any(map(said.environment, group))
        for word in group
        if not said.is_name(word)
    )


def _may_be_a_tag(word: str) -> bool:
    """Tell whether *word* has what names of services seldom have: a digit, or a SHA of letters."""
    return any(map(str.isdigit, word)) or _LETTERS.search(word) is not None
