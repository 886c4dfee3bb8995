"""Where a command of the terminal speaks: lines for people, or one JSON object a line."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from bot.domain.message import Message
from bot.domain.operations import Operation, Phase
from bot.messages.plain import plain, printable
from bot.messages.terminal import operation_row

if TYPE_CHECKING:
    from rich.status import Status

_STYLES = {
    Phase.LIVE: "bold green",
    Phase.REFUSED: "bold red",
    Phase.FAILED: "bold red",
    Phase.CANCELLED: "yellow",
    Phase.AWAITING: "yellow",
}


class Out:
    """One command's voice. Without a terminal there are no colours and nothing moves."""

    def __init__(self, console: Console, *, as_json: bool) -> None:
        self._console, self._as_json = console, as_json
        self._status: Status | None = None
        self._user, self._login = "", ""

    def call(self, user: str, login: str) -> None:
        """Call *user*, who sits here, by their *login*; programs read what is written down."""
        self._user, self._login = user, login

    def say(self, event: str, said: str | Message, facts: Mapping[str, Any] | None = None) -> None:
        """Say something once; programs read *facts* beside its *event* and text."""
        lines = _lines_of(said) if isinstance(said, str) else plain(said)
        if self._as_json:
            self._row({"event": event, "text": "\n".join(lines), **(facts or {})})
        else:
            self._lines(lines)

    def rows(
        self, event: str, rows: Iterable[Mapping[str, Any]], said: Message, facts: Mapping[str, Any]
    ) -> None:
        """Say *said* to people; programs read each of *rows*, and the *facts* of all last."""
        if not self._as_json:
            self._lines(plain(said))
            return
        for row in rows:
            self._row({"event": event, **row})
        self._row({"event": f"{event}_end", **facts})

    def show(self, event: str, operation: Operation, lines: Iterable[str]) -> None:
        """Show an operation that changed, by the *lines* of what is new."""
        if self._as_json:
            self._row({"event": event, **operation_row(operation)})
        else:
            self._lines(lines, _STYLES.get(operation.phase, ""))

    def note(self, event: str, facts: Mapping[str, Any]) -> None:
        """Tell programs what people see otherwise, or need not see."""
        if self._as_json:
            self._row({"event": event, **facts})

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Show on a terminal, below all lines, what is being waited for."""
        if self._as_json or not self._console.is_terminal:
            yield
            return
        with self._console.status("") as self._status:
            yield
        self._status = None

    def wait_for(self, what: str) -> None:
        """Show *what* is being waited for."""
        if self._status is not None:
            self._status.update(Text(what, "dim"))

    def _lines(self, lines: Iterable[str], style: str = "") -> None:
        for index, line in enumerate(lines):
            named = line.replace(self._user, self._login) if self._user else line
            shown = Text(named, style if index == 0 else "")
            self._console.print(shown, highlight=False, soft_wrap=True)

    def _row(self, row: Mapping[str, Any]) -> None:
        self._console.file.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._console.file.flush()


def _lines_of(said: str) -> tuple[str, ...]:
    return tuple(map(printable, said.split("\n")))
