"""What a note is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.operations.saying.outbox import ToChannel, ToPerson


class NoteKind(StrEnum):
    """What a note tells of, and so who renders it."""

    CI = "ci"
    APPLICATION = "application"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class Note:
    """One living message.

    *key* is its own name, at most 320 characters: of two alike one message stands per receiver.
    *state* is JSON: the ``codec.dump`` of the frozen value that the renderer of its *kind* reads.
    *ended* says that nothing changes any more: it is shown always, and first.
    """

    key: str
    to: ToChannel | ToPerson
    kind: NoteKind
    state: Mapping[str, Any]
    ended: bool = False
