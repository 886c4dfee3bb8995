"""The names a person may have meant."""

from collections.abc import Iterable
from difflib import SequenceMatcher

CUTOFF = 0.6  # difflib's own; one wrong letter in three passes
LONGEST = 64  # a longer word is no typo of a name, and comparing it takes long
_SHORTEST_PREFIX = 2


def nearest(word: str, names: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Return the *names* nearest to *word*, best first, at most *most*; often none.

    Case does not count. A name that starts with the word, or the word with it, is always near:
    people write ``production`` for ``prod``. Equals keep the order they were given in.
    """
    if not word or len(word) > LONGEST:
        return ()
    scored = [(_likeness(word.casefold(), name.casefold()), name) for name in names]
    near = sorted((pair for pair in scored if pair[0] >= CUTOFF), key=lambda pair: -pair[0])
    return tuple(dict.fromkeys(name for _, name in near))[:most]


def _likeness(word: str, name: str) -> float:
    if word == name:
        return 1.0
    ratio = SequenceMatcher(None, name, word, autojunk=False).ratio()
    shorter = min(word, name, key=len)
    if len(shorter) >= _SHORTEST_PREFIX and word.startswith(shorter) and name.startswith(shorter):
        return max(ratio, CUTOFF)
    return ratio
