"""The grammar of ``why``: a whole deploy, promote or rollback stands behind it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.domain.commands.nouns import Deploy, Misread, MisreadReason, Promote, Rollback, Why
from bot.domain.commands.promoting import read_promote
from bot.domain.commands.rolling_back import homes_in_common, read_rollback, rollback_line
from bot.domain.commands.said import BOT, OWN, VERBS, Said, cut, listed, misread
from bot.domain.commands.whole_deploy import read_whole_deploy

_READERS: Mapping[str, Callable[[Said], Promote | Rollback | Misread]] = {
    "promote": read_promote,
    "rollback": read_rollback,
}
_OTHERS = frozenset(VERBS) - OWN


def read_why(said: Said) -> Why | Misread:
    """Return the change to look ahead at, or how it was misread."""
    verb, bare = _verb_apart(said)
    if verb in _READERS:
        return _read_another(said, verb, bare)
    deploy = read_whole_deploy(bare)
    first = bare.words[0] if bare.words else ""
    if _is_another_verb(bare, first):
        return _not_a_change(bare, first)
    return Why(deploy) if isinstance(deploy, Deploy) else deploy


def _read_another(said: Said, verb: str, bare: Said) -> Why | Misread:
    command = _READERS[verb](replace(bare, verb=verb))
    if isinstance(command, Misread):
        lines = tuple(_ahead(said, line) for line in command.corrections)
        return replace(command, corrections=lines)
    if isinstance(command, Rollback) and command.environment is None:
        return _no_environment(said, bare, command)
    return Why(command)


def _no_environment(said: Said, bare: Said, rollback: Rollback) -> Misread:
    """Return that the rules of which environment are asked was left open."""
    names = ",".join(rollback.services)
    behind = replace(bare, verb="rollback", override=rollback.override)
    environments = homes_in_common(bare, rollback.services)
    lines = [
        _ahead(said, rollback_line(behind, replace(rollback, environment=environment)))
        for environment in environments
    ]
    return misread(
        MisreadReason.MISSING_ENVIRONMENT, lines, service=names, environments=listed(environments)
    )


def _ahead(said: Said, line: str) -> str:
    """Return the corrected *line* of a command as one that looks ahead at it."""
    return said.line(line.removeprefix("/").removeprefix(f"{BOT} "))


def _verb_apart(said: Said) -> tuple[str, Said]:
    """Return the verb behind ``why``, or nothing, and what was said after it."""
    words = said.words
    if words and words[0].casefold() == "/ship":
        words = words[1:]
    first = words[0].casefold().rstrip(":,") if words else ""
    verb = first.removeprefix("/")
    if verb in OWN and (first != verb or not said.is_name(verb)):
        return verb, replace(said, words=words[1:])
    return "", replace(said, words=words)


def _is_another_verb(said: Said, word: str) -> bool:
    plain = word.casefold().rstrip(":,")
    return plain.startswith("/") or (plain in _OTHERS and not said.is_name(word))


def _not_a_change(said: Said, command: str) -> Misread:
    """Return that *command* is none to look ahead at; what follows it may make a deploy."""
    rest = read_whole_deploy(replace(said, words=said.words[1:]))
    lines = (
        rest.corrections
        if isinstance(rest, Misread)
        else (said.deploy_line(rest.services, rest.version, rest.environment, rest.reason),)
    )
    return Misread(MisreadReason.NOT_A_CHANGE, {"command": cut(command)}, lines)
