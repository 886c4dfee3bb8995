"""The surgical edit: one image tag in a YAML file changes, and no other byte.

Nothing is ever re-serialised. A place is found in libyaml's events, the characters of one scalar
are replaced, and the result is parsed again and compared event by event: it must differ where
planned and nowhere else. What cannot be done that way is refused by an ``EditError``.
"""

from bot.domain.edit.edits import (
    DROP,
    UNCHECKED,
    Drop,
    Edited,
    Left,
    Unchecked,
    entries_instead,
    left_behind,
    read_tag,
    set_tag,
)
from bot.domain.edit.errors import EditCode, EditError

__all__ = [
    "DROP",
    "UNCHECKED",
    "Drop",
    "EditCode",
    "EditError",
    "Edited",
    "Left",
    "Unchecked",
    "entries_instead",
    "left_behind",
    "read_tag",
    "set_tag",
]
