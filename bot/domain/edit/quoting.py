"""Which plain scalars some YAML reader takes for something else than a string.

Readers considered: YAML 1.1, YAML 1.2 core, PyYAML, ruamel.yaml, go-yaml v2 and v3. Go drops
every ``_`` before it looks for a number, so a text is judged with and without them.

Sources: https://yaml.org/type/ , https://yaml.org/spec/1.2.2/#103-core-schema ,
https://github.com/go-yaml/yaml/blob/v3/resolve.go
"""

import re

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = frozenset(
    form
    for word in ("y", "n", "yes", "no", "on", "off", "true", "false")
    for form in (word, word.capitalize(), word.upper())
)
_NUMBER = re.compile(
    r"""[-+]?(?:
        0[xX][0-9a-fA-F_]+ | 0[bB][01_]+ | 0[oO][0-7_]+
      | (?:[0-9][0-9_]*(?:\.[0-9_]*)? | \.[0-9][0-9_]*)(?:[eE][-+]?[0-9][0-9_]*)?
      | [0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
      | \.(?:inf|Inf|INF)
    )|\.(?:nan|NaN|NAN)""",
    re.VERBOSE,
)
_TIME = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9].*)?")
_MAY_BEGIN_NUMBER = frozenset("+-.0123456789")


def is_null(plain: str) -> bool:
    """Tell whether every reader takes the *plain* scalar for nothing."""
    return plain in _NULLS


def reads_as_string(plain: str) -> bool:
    """Tell whether every reader takes the *plain* scalar for a string.

    Only the value is judged, not whether it may stand plain in YAML at all.
    """
    if plain in _NULLS or plain in _BOOLEANS or plain in {"=", "<<"}:
        return False
    if plain[0] not in _MAY_BEGIN_NUMBER:
        return True
    bare = plain.replace("_", "")
    return not (_NUMBER.fullmatch(plain) or _NUMBER.fullmatch(bare) or _TIME.fullmatch(plain))
