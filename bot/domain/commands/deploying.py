"""The grammar of ``deploy``: names are recognised, the word left over is the version."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.commands.nouns import Deploy, Misread, MisreadReason
from bot.domain.commands.places import lives_elsewhere
from bot.domain.commands.said import Said, cut, listed, looks_like_a_version, misread

LONGEST_VERSION = 200  # characters
VERSION = "<version>"  # in a correction: what only the person knows

_NO_VERSION = re.compile(r"\.\.|@\{|[~^:?*\[\\<>`\s]|^[-/.]|/[./]|[/.]$|\.lock(?:/|$)|^@$")
_TRIED = 5  # words compared with the names; more are no typos


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a deploy by what they are. *strangers* were listed among services."""

    services: tuple[str, ...]
    strangers: tuple[str, ...]
    environments: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def version(self) -> str:
        """Return the word most like a version, else a placeholder."""
        return next((word for word in self.others if looks_like_a_version(word)), "") or next(
            iter(self.others), VERSION
        )


def read_plain_deploy(said: Said) -> Deploy | Misread:
    """Return the deploy that was said, or how it was misread; an ``override`` was taken out."""
    groups = said.groups()
    if not groups:
        return _empty(said)
    words = _sorted_out(said, groups)
    return (
        _strangers_among_services(said, words)
        or _several_environments(said, words)
        or _no_service(said, words)
        or _no_version(said, words)
        or _too_many_words(said, words, groups)
        or _no_version_at_all(words)
        or _no_environment(said, words)
        or _not_in_environment(said, words)
        or Deploy(words.services, words.version, words.environments[0], said.reason, said.override)
    )


def is_version(word: str) -> bool:
    """Tell whether a Git ref, SHA or image tag can be written *word*.

    Source: https://git-scm.com/docs/git-check-ref-format
    """
    return len(word) <= LONGEST_VERSION and word.isprintable() and not _NO_VERSION.search(word)


def _sorted_out(said: Said, groups: Sequence[Sequence[str]]) -> _Words:
    services, strangers, environments, others = [], [], [], []
    for group in _torn_apart(said, groups):
        for word in group:
            if service := said.service(word):
                services.append(service)
            elif len(group) > 1:
                strangers.append(word)
            elif environment := said.environment(word):
                environments.append(environment)
            else:
                others.append(word)
    if _is_a_branch_named_as_an_environment(said, groups):
        others.append(groups[1][0])
        environments = environments[-1:]
    return _Words(
        tuple(sorted(set(services))),
        tuple(strangers),
        tuple(dict.fromkeys(environments)),
        tuple(others),
    )


def _torn_apart(said: Said, groups: Sequence[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Yield the groups; word by word one that lists no services, as ``core, main, dev``."""
    for group in groups:
        if any(said.environment(word) or looks_like_a_version(word) for word in group):
            yield from ([word] for word in group)
        else:
            yield group


def _is_a_branch_named_as_an_environment(said: Said, groups: Sequence[Sequence[str]]) -> bool:
    """Tell whether it is ``core dev stage``: in this order ``dev`` is the version."""
    if len(groups) != 3 or any(len(group) > 1 for group in groups[1:]):  # noqa: PLR2004
        return False
    (first, *_), (second,), (third,) = groups
    return bool(
        not said.environment(first) and said.environment(second) and said.environment(third)
    )


def _empty(said: Said) -> Misread:
    names = said.catalog.services[:1]
    return misread(
        MisreadReason.EMPTY,
        _lines(said, names, VERSION, said.homes_of(names)),
        verb=said.verb,
    )


def _strangers_among_services(said: Said, words: _Words) -> Misread | None:
    if not words.strangers:
        return None
    near = [said.services_near(word)[:1] for word in words.strangers[:_TRIED]]
    meant = [*words.services, *(name for names in near for name in names)]
    complete = all(near) and len(words.strangers) <= _TRIED
    lines = _lines(said, meant, words.version, words.environments) if complete else ()
    return said.unknown_service(words.strangers[0], lines)


def _several_environments(said: Said, words: _Words) -> Misread | None:
    if len(words.environments) < 2 or len(words.others) > 1 or not words.services:  # noqa: PLR2004
        return None
    return misread(
        MisreadReason.SEVERAL_ENVIRONMENTS,
        _lines(said, words.services, words.version, words.environments),
        environments=listed(words.environments),
    )


def _no_service(said: Said, words: _Words) -> Misread | None:
    if words.services:
        return None
    unlikely = [word for word in words.others if not looks_like_a_version(word)]
    meant = next((word for word in unlikely[:_TRIED] if said.services_near(word)), "") or next(
        iter(unlikely), ""
    )
    if meant:
        return _unknown_service(said, words, meant)
    here = said.catalog.services
    if words.environments:
        here = tuple(name for name in here if said.catalog.target(name, words.environments[0]))
    lines = [
        line
        for name in here[:_TRIED]
        for line in _lines(said, [name], words.version, words.environments)
    ]
    return misread(MisreadReason.MISSING_SERVICE, lines, known=listed(said.catalog.services))


def _unknown_service(said: Said, words: _Words, word: str) -> Misread:
    """Return that *word* is no service; the version is among the other words."""
    left = tuple(other for other in words.others if other != word)
    version = _Words((), (), (), left).version
    lines = [
        line
        for near in said.services_near(word)
        for line in _lines(said, [*words.services, near], version, words.environments)
    ]
    return said.unknown_service(word, lines)


def _no_version(said: Said, words: _Words) -> Misread | None:
    environments = words.environments
    if words.others:
        only = words.others[0]
        near = said.environments_near(only)
        if len(words.others) > 1 or environments or not near or looks_like_a_version(only):
            return None
        environments = near
    return misread(
        MisreadReason.MISSING_VERSION,
        _lines(said, words.services, VERSION, environments),
        service=",".join(words.services),
    )


def _too_many_words(said: Said, words: _Words, groups: Sequence[Sequence[str]]) -> Misread | None:
    if len(words.others) < 2:  # noqa: PLR2004
        return None
    if line := _with_because(said, groups):
        return misread(
            MisreadReason.TOO_MANY_WORDS, [line], verb=said.verb, extra=_flat(groups[3:])
        )
    unlikely = [word for word in words.others if not looks_like_a_version(word)][:_TRIED]
    if not words.environments and len(words.others) == 2:  # noqa: PLR2004
        return _unknown_environment(said, words, unlikely)
    for word in unlikely:
        if said.services_near(word):
            return _unknown_service(said, words, word)
    lines = [
        line
        for version in sorted(words.others[:_TRIED], key=looks_like_a_version, reverse=True)
        for line in _lines(said, words.services, version, words.environments)
    ]
    extra = [word for word in words.others if word != words.version]
    return misread(MisreadReason.TOO_MANY_WORDS, lines, verb=said.verb, extra=cut(" ".join(extra)))


def _unknown_environment(said: Said, words: _Words, unlikely: Sequence[str]) -> Misread:
    """Return which of two strange words names nothing; the other one is the version."""
    candidates = unlikely or words.others
    meant = next((word for word in candidates if said.environments_near(word)), "")
    if not meant:
        for word in candidates:
            if said.services_near(word):
                return _unknown_service(said, words, word)
    meant = meant or candidates[-1]
    version = next((word for word in words.others if word != meant), VERSION)
    near = said.environments_near(meant) or said.homes_of(words.services)
    return said.unknown_environment(meant, _lines(said, words.services, version, near))


def _with_because(said: Said, groups: Sequence[Sequence[str]]) -> str:
    """Return the line of ``core a1b2c3d stage fix for login`` with its ``because``, or nothing."""
    if len(groups) <= 3 or len(groups[1]) > 1 or len(groups[2]) > 1:  # noqa: PLR2004
        return ""
    services = [said.service(word) for word in groups[0]]
    environment = said.environment(groups[2][0])
    if not all(services) or not environment or said.service(groups[1][0]):
        return ""
    reason = " ".join(part for part in (_flat(groups[3:]), said.reason) if part)
    names = [name for name in services if name]
    return said.deploy_line(names, groups[1][0], environment, reason)


def _no_version_at_all(words: _Words) -> Misread | None:
    if is_version(words.version):
        return None
    return misread(MisreadReason.BAD_VERSION, version=cut(words.version))


def _no_environment(said: Said, words: _Words) -> Misread | None:
    if words.environments:
        return None
    return misread(
        MisreadReason.MISSING_ENVIRONMENT,
        _lines(said, words.services, words.version, ()),
        service=",".join(words.services),
        version=cut(words.version),
        environments=listed(said.homes_of(words.services)),
    )


def _not_in_environment(said: Said, words: _Words) -> Misread | None:
    def spell(services: Sequence[str], environments: Sequence[str]) -> list[str]:
        return _lines(said, services, words.version, environments)

    return lives_elsewhere(said, words.services, words.environments[0], spell)


def _lines(
    said: Said, services: Sequence[str], version: str, environments: Sequence[str]
) -> list[str]:
    """Return a line per environment; without *environments* per one that the services live in."""
    return [
        said.deploy_line(said.living(services, name), version, name, said.reason)
        for name in environments or said.homes_of(services)
    ]


def _flat(groups: Sequence[Sequence[str]]) -> str:
    return cut(" ".join(",".join(group) for group in groups))
