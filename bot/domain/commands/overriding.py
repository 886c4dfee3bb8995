"""The grammar of ``deploy`` as a whole: the form, and an ``override`` right before ``because``."""

from dataclasses import replace

from bot.domain.commands.deploying import read_plain_deploy
from bot.domain.commands.nouns import Deploy, Form, Misread, MisreadReason
from bot.domain.commands.said import REASON, Said, misread

OVERRIDE = "override"


def read_deploy(said: Said) -> Deploy | Form | Misread:
    """Return the deploy that was said, the form where nothing was, or how it was misread.

    A form opens only behind a slash command: a mention brings nothing that could open it.
    """
    if not said.words and said.reason is None and said.place != "mention":
        return Form()
    return read_whole_deploy(said)


def read_whole_deploy(said: Said) -> Deploy | Misread:
    """Return the deploy that was said, or how it was misread."""
    if said.words and _is_override(said, said.words[-1]):
        return _overriding(replace(said, words=said.words[:-1], override=True))
    plain = read_plain_deploy(said)
    if isinstance(plain, Misread):
        return _misplaced(said) or plain
    return unfilled(plain.reason) or plain


def unfilled(reason: str | None) -> Misread | None:
    """Return that *reason* is still the placeholder of a line that we gave to copy, or None."""
    return misread(MisreadReason.UNFILLED_REASON) if reason == REASON else None


def _overriding(said: Said) -> Deploy | Misread:
    deploy = read_plain_deploy(said)
    if isinstance(deploy, Misread):
        return deploy
    if deploy.reason:
        return unfilled(deploy.reason) or deploy
    return misread(MisreadReason.MISSING_REASON, [_line(said, deploy)], verb=OVERRIDE)


def _misplaced(said: Said) -> Misread | None:
    """Return that an ``override`` stands where it marks nothing, if it is what spoils the line."""
    left = tuple(word for word in said.words if not _is_override(said, word))
    if len(left) == len(said.words):
        return None
    moved = replace(said, words=left, override=True)
    deploy = read_plain_deploy(moved)
    if isinstance(deploy, Misread):
        return None
    return misread(MisreadReason.MISPLACED_OVERRIDE, [_line(moved, deploy)])


def _line(said: Said, deploy: Deploy) -> str:
    return said.deploy_line(deploy.services, deploy.version, deploy.environment, deploy.reason)


def _is_override(said: Said, word: str) -> bool:
    return word.casefold().strip(",:;") == OVERRIDE and not said.is_name(word)
