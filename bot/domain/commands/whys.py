"""The grammar of ``why``: a whole deploy stands behind it."""

from dataclasses import replace

from bot.domain.commands.nouns import Deploy, Misread, MisreadReason, Why
from bot.domain.commands.overriding import read_whole_deploy
from bot.domain.commands.said import VERBS, Said, cut

_OTHERS = {*VERBS, "promote", "rollback"} - {"deploy"}


def read_why(said: Said) -> Why | Misread:
    """Return the deploy to look ahead at, or how it was misread."""
    bare = _without_its_verb(said)
    deploy = read_whole_deploy(bare)
    first = bare.words[0] if bare.words else ""
    if _is_another_verb(bare, first):
        return _not_a_deploy(bare, first)
    return Why(deploy) if isinstance(deploy, Deploy) else deploy


def _without_its_verb(said: Said) -> Said:
    words = said.words
    if words and words[0].casefold() == "/ship":
        words = words[1:]
    first = words[0].casefold().rstrip(":,") if words else ""
    if first == "/deploy" or (first == "deploy" and not said.is_name(first)):
        words = words[1:]
    return replace(said, words=words)


def _is_another_verb(said: Said, word: str) -> bool:
    plain = word.casefold().rstrip(":,")
    return plain.startswith("/") or (plain in _OTHERS and not said.is_name(word))


def _not_a_deploy(said: Said, command: str) -> Misread:
    """Return that *command* is none to look ahead at; what follows it may make a deploy."""
    rest = read_whole_deploy(replace(said, words=said.words[1:]))
    lines = (
        rest.corrections
        if isinstance(rest, Misread)
        else (said.deploy_line(rest.services, rest.version, rest.environment, rest.reason),)
    )
    return Misread(MisreadReason.NOT_A_DEPLOY, {"command": cut(command)}, lines)
