"""What of a job's log is worth showing: the last lines of the step that failed, and no secret."""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.masking import MASK, without_secrets

LINES = 12
"""The most lines that are kept."""

LONGEST = 300
"""The most characters of a line that are kept."""

MOST = 8 * LONGEST
"""The most characters of a line or a message that are looked at."""

_STAMP = re.compile(r"\ufeff?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z ?")
"""What the runner writes before each line. Not every line of a message has one."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursors
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # titles, links and other strings
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_COMMAND = re.compile(r"##\[(?:group|endgroup|section|command|debug|warning|notice|error)\]")
_FAILED = re.compile(r"##\[error\]")
_STEP_BEGINS = re.compile(r"##\[group\]Run ")
_STEP_BEGUN = re.compile(r"##\[endgroup\]")
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")
_KEY_ENDS = re.compile(r"-----END [A-Z ]*PRIVATE KEY")


@dataclass(frozen=True, slots=True)
class Window:
    """When the step ran, by the runner's clock, which writes whole seconds. None: not known."""

    since: datetime | None = None
    until: datetime | None = None

    def is_over(self, at: datetime | None) -> bool:
        """Tell whether what was written *at* is of a later step."""
        return at is not None and self.until is not None and at > self.until + timedelta(seconds=1)

    def has_begun(self, at: datetime | None) -> bool:
        """Tell whether what was written *at* may be of the step."""
        return at is None or self.since is None or at >= self.since


class Tail:
    """Keeps the last lines of one step while a log goes by, whatever its length."""

    def __init__(self, window: Window, lines: int = LINES) -> None:
        self._window = window
        self._kept: deque[tuple[str, bool]] = deque(maxlen=lines)
        self._begun = window.since is None
        self._in_key = self._in_head = False
        self.is_over = False

    def add(self, line: str) -> None:
        """Take in the next line as it came."""
        found = _STAMP.match(line)
        at = datetime.fromisoformat(f"{found[1]}+00:00") if found else None
        if self._window.is_over(at):
            self.is_over = True
        if self.is_over:
            return
        self._begun = self._begun or (at is not None and self._window.has_begun(at))
        text = self._without_key(line[found.end() :] if found else line)
        if self._begun and not self._is_head(text) and (shown := plain(text)):
            self._kept.append((shown, _FAILED.search(text) is not None))

    def _is_head(self, text: str) -> bool:
        """Tell whether *text* is of what the runner writes first: the step itself, its shell."""
        self._in_head = self._in_head or _STEP_BEGINS.match(text) is not None
        if not self._in_head:
            return False
        self._in_head = _STEP_BEGUN.match(text) is None
        return True

    def _without_key(self, text: str) -> str:
        """Return *text*, or a mask for each line of a private key."""
        begins = _KEY_BEGINS.search(text)
        if not self._in_key and begins is None:
            return text
        self._in_key = _KEY_ENDS.search(text) is None
        return MASK

    def lines(self, secrets: Iterable[str] = ()) -> tuple[str, ...]:
        """Return what was kept, up to the last error that the runner marked, if it marked one.

        Each line is masked, then cut. *secrets* are our own.
        """
        kept, ours = list(self._kept), tuple(secrets)
        marked = [index for index, (_, failed) in enumerate(kept) if failed]
        chosen = kept[: marked[-1] + 1] if marked else kept
        return tuple(shortened(masked(text, ours)) for text, _ in chosen)


def plain(line: str) -> str:
    """Return *line* as it reads: no colours, no control codes, no commands to the runner.

    At most ``MOST`` characters are looked at.
    """
    cut = line[:MOST]
    # What was overwritten in a terminal is not what stood there at the end.
    shown = cut.rstrip("\r\n").rpartition("\r")[2]
    return _CONTROLS.sub("", _COMMAND.sub("", _ESCAPES.sub("", shown))).expandtabs(4).rstrip()


def shortened(line: str) -> str:
    """Return *line*, cut to ``LONGEST`` characters."""
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """Return *text* without what is, looks like, or is called a secret. *secrets* are our own.

    At most ``MOST`` characters are looked at, and returned.
    """
    return without_secrets(text[:MOST], secrets)
