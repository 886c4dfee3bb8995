"""Which image tags an environment takes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

MOVING = frozenset(
    {
        *("latest", "stable", "edge", "nightly", "current", "head", "snapshot", "canary"),
        *("main", "master", "develop", "development", "dev", "trunk", "staging", "stage"),
        *("prod", "production", "release"),
    }
)
"""Last words of tags that are pushed again and again, each time with other contents."""

_FIXED = re.compile(r"[0-9a-f]{7,40}|v?[0-9]+")
_WORDS = re.compile(r"[-._]+")


@dataclass(frozen=True, slots=True)
class TagRule:
    """*deny* and *require* are shell patterns (``*-latest``); one of *require* has to fit.

    *moving_ok* lets tags through that name other images tomorrow.
    """

    deny: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    moving_ok: bool = False


def moves(tag: str) -> bool:
    """Tell whether *tag* looks like one that is pushed again: ``latest``, ``develop-latest``.

    ``latest`` counts wherever it stands. The names of branches, channels and environments count
    where they end a tag without a commit or number: ``a1b2c3d4-prod`` stays, ``core-main`` moves.
    """
    words = _WORDS.split(tag.casefold())
    if "latest" in words:
        return True
    return words[-1] in MOVING and not any(_FIXED.fullmatch(word) for word in words)


def denied_by(tag: str, patterns: Iterable[str]) -> str | None:
    """Return the first of *patterns* that *tag* fits in any letter case, or None."""
    folded = tag.casefold()
    return next((each for each in patterns if fnmatchcase(folded, each.casefold())), None)


def fits(tag: str, patterns: Iterable[str]) -> bool:
    """Tell whether *tag* fits one of *patterns* letter by letter; without patterns it does."""
    every = tuple(patterns)
    return not every or any(fnmatchcase(tag, each) for each in every)
