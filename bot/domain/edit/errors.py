"""Why an edit is refused: a closed code, the line, and what the person can do."""

from dataclasses import dataclass
from enum import StrEnum


class EditCode(StrEnum):
    """The closed set of refusals."""

    NOT_FOUND = "not_found"
    STALE = "stale"  # the value is not the expected one
    AMBIGUOUS = "ambiguous"  # several places fit; they are the candidates
    DUPLICATE_KEY = "duplicate_key"  # on our path; elsewhere it is not our business
    ALIASED = "aliased"  # the value is shared through an anchor
    MERGED = "merged"  # the value comes in through ``<<``
    TEMPLATED = "templated"  # the part that would change is a template's
    UNPARSABLE = "unparsable"
    WRONG_TYPE = "wrong_type"
    UNSUPPORTED_STYLE = "unsupported_style"  # a block, folded or multi-line scalar
    DIGEST_PINNED = "digest_pinned"  # a digest beside the tag decides what runs
    BAD_VALUE = "bad_value"  # the tag, digest or path asked for is none
    VERIFY_FAILED = "verify_failed"  # the result did not read back as planned


class EditError(Exception):
    """An edit refused; nothing was changed. Its text is one sentence and what to do.

    *file* and *path* say where it was tried, *line* is 1-based and None where no line is to blame.
    *candidates* are the places or names that the person may have meant.
    """

    def __init__(
        self,
        code: EditCode,
        what: str,
        *,
        file: str,
        path: str,
        line: int | None,
        candidates: tuple[str, ...],
        hint: str,
    ) -> None:
        self.code, self.what, self.file, self.path = code, what, file, path
        self.line, self.candidates, self.hint = line, candidates, hint
        where = file if line is None else f"{file}, line {line}"
        super().__init__(f"{where}: {what}. {hint}")


@dataclass
class Refusal(Exception):  # noqa: N818  # it becomes an EditError once file and path are known
    """Why, inside this package, before file and path are filled in."""

    code: EditCode
    what: str
    hint: str
    line: int | None = None
    candidates: tuple[str, ...] = ()
