"""The grammar of what people ask about themselves: ``whoami``, ``link`` and ``unlink``."""

from bot.domain.commands.nouns import Link, Misread, MisreadReason, Unlink, WhoAmI
from bot.domain.commands.said import Said, cut, misread


def read_whoami(said: Said) -> WhoAmI | Misread:
    """Return that the person asks who they are; nothing may follow."""
    return _extra(said) or WhoAmI()


def read_link(said: Said) -> Link | Misread:
    """Return that the person links their account; nobody links another's."""
    return _extra(said) or Link()


def read_unlink(said: Said) -> Unlink | Misread:
    """Return that the person takes their own link away."""
    return _extra(said) or Unlink()


def _extra(said: Said) -> Misread | None:
    extra = cut(" ".join(word for group in said.groups() for word in group))
    if not extra:
        return None
    return misread(MisreadReason.TOO_MANY_WORDS, [said.line()], verb=said.verb, extra=extra)
