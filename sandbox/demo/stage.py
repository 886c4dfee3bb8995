"""What the demo prints, and how it looks: quiet, at 80 columns, with and without colour."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from sandbox.slack.terminal import Names, render
from sandbox.slack.workspace import Version

WIDEST = 100
"""Columns; longer lines are hard to read on a wide terminal."""

_INDENT = 4
_AFTER_TIME = 10
_UNBROKEN = 4_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the last table. *failures* is empty when all ended as told."""

    name: str
    services: int
    commits: int
    took: timedelta
    result: str
    failures: tuple[str, ...] = ()


@dataclass
class Stage:
    """Prints to *console*. With *by_hand* it waits for Enter between chapters.

    On a terminal the card is edited in place, as Slack does it; elsewhere each edit is printed.
    """

    console: Console
    by_hand: bool = False
    _live: Live | None = None
    _shown: list[str] = field(default_factory=list)

    @classmethod
    def standard(cls, *, by_hand: bool = False) -> "Stage":
        """Return the stage of standard output."""
        console = Console(highlight=False)
        console.width = min(console.width, WIDEST)
        return cls(console, by_hand)

    # chapters

    def opens(self, title: str, *about: str) -> None:
        """Print the title of it all."""
        self.console.print()
        self.console.print(Text(title, "bold"))
        for line in about:
            self.console.print(Text(line, "dim"))

    def chapter(self, number: int, title: str, about: str) -> None:
        """Print a chapter's title."""
        self.console.print("\n")
        self.console.print(Rule(Text(f"{number}  {title}", "bold"), align="left", style="dim"))
        self.console.print(Padding(Text(about, "dim"), (0, 0, 0, 3)))

    def rests(self) -> None:
        """Wait for Enter, if a person turns the pages."""
        if self.by_hand:
            self.console.print()
            self.console.input(Text("   press Enter to go on ", "dim"))

    # what happens

    def tells(self, sentence: str) -> None:
        """Print a sentence of the teller."""
        self.console.print()
        self._indented(Text(sentence, "italic"), 3)

    def typed(self, who: str, where: str, words: str) -> None:
        """Print what a person types in a channel or at a prompt."""
        self.console.print()
        said = Text.assemble((who, "bold blue"), (f"  {where}  ", "dim"), (words, "bold"))
        self._indented(said, 3)

    def answered(self, who: str, answer: Version, names: Names) -> None:
        """Print what only *who* sees."""
        frame = render(answer, names)
        assert isinstance(frame, Panel)
        self._indented(Text(f"only {who} sees", "dim"), _INDENT)
        self._barred(self._lines(frame.renderable), _INDENT)

    def happens(self, at: timedelta | None, what: str, detail: str = "", style: str = "") -> None:
        """Print one line of what happened *at* a time since the command."""
        said = Text(_elapsed(at).rjust(_AFTER_TIME - 2), "dim")
        said.append("  ")
        said.append(what, style or "default")
        if detail:
            said.append(f"  {detail}", "dim")
        self.console.print(said)

    def alarms(self, what: str) -> None:
        """Print what should make people sit up."""
        self.console.print()
        self._indented(Text(what, "bold red"), 3)

    def shows_commit(self, command: str, shown: str) -> None:
        """Print a commit as Git shows it."""
        self.console.print()
        self._indented(Text.assemble(("$ ", "dim"), (command, "bold")), _INDENT)
        self._indented(Group(*map(_diff_line, shown.rstrip("\n").split("\n"))), _INDENT)

    def holds(self, what: str, *, true: bool) -> None:
        """Print what was looked at after the act, and whether it is so."""
        mark, style = ("✓", "green") if true else ("✗", "bold red")
        self._indented(Text.assemble((f"{mark} ", style), (what, "" if true else style)), 3)

    # the card

    @contextmanager
    def card_on_screen(self) -> Iterator[None]:
        """Edit one card in place as long as this lasts, where that can be done."""
        self._shown = []
        if not self.console.is_terminal:
            yield
            return
        with Live(console=self.console, auto_refresh=False, transient=False) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def shows_card(
        self, version: Version, names: Names, at: timedelta | None, *, where: str, last: bool
    ) -> None:
        """Show the card as it stands now; called for each version that differs."""
        frame = render(version, names)
        assert isinstance(frame, Panel)
        frame.title, frame.title_align = Text(where, "dim"), "left"
        frame.border_style = "dim"
        if self._live is not None:
            self._live.update(Padding(frame, (0, 0, 0, _INDENT)), refresh=True)
            return
        first = not self._shown
        lines = self._lines(frame.renderable)
        fresh = [line for line in lines if line.plain not in self._shown]
        self._shown = [line.plain for line in lines]
        if first or last:
            self.happens(at, f"card {'posted' if first else 'edited'}")
            self._indented(frame, _INDENT)
        elif fresh:
            self.happens(at, "card edited")
            self._barred(fresh, _AFTER_TIME)

    # the end

    def table(self, title: str, first: str, rows: Sequence[Row]) -> None:
        """Print one summary line for each of *rows*."""
        shown = Table(title=title, title_style="bold", title_justify="left", border_style="dim")
        shown.add_column(first)
        for heading in ("services", "commits", "seconds"):
            shown.add_column(heading, justify="right")
        shown.add_column("result")
        for row in rows:
            result = Text(row.result, "green") if not row.failures else Text("not as told", "red")
            seconds = f"{row.took.total_seconds():.1f}"
            shown.add_row(row.name, str(row.services), str(row.commits), seconds, result)
        self.console.print("\n")
        self.console.print(shown)

    def ends(self, sentence: str, failures: Iterable[str] = ()) -> None:
        """Print the last words; *failures* first."""
        self.console.print()
        for failure in failures:
            self.console.print(Text.assemble(("✗ ", "bold red"), failure))
        self.console.print(Text(sentence))

    # inside

    def _indented(self, what: RenderableType, by: int) -> None:
        self.console.print(Padding(what, (0, 0, 0, by), expand=False))

    def _barred(self, lines: Iterable[Text], by: int) -> None:
        """Print *lines* behind a bar, so that a broken one is still seen to be one."""
        room = self.console.width - by - 4
        for line in lines:
            first, *more = line.wrap(self.console, room)
            self._indented(Text.assemble(("│ ", "dim"), first), by)
            for rest in more:
                self._indented(Text.assemble(("│   ", "dim"), rest), by)

    def _lines(self, what: RenderableType) -> list[Text]:
        """Return the lines of *what* as they are before any is broken; empty ones are left out."""
        rendered = self.console.render_lines(
            what, self.console.options.update(width=_UNBROKEN), pad=False
        )
        lines = [
            Text.assemble(*((segment.text, segment.style or "") for segment in line))
            for line in rendered
        ]
        for line in lines:
            line.rstrip()
        return [line for line in lines if line.plain]


def _elapsed(span: timedelta | None) -> str:
    if span is None:
        return ""
    seconds = int(span.total_seconds())
    return f"+{seconds} s" if seconds < 120 else f"+{seconds // 60} min"


def _diff_line(line: str) -> Text:
    if line.startswith(("+++", "---", "diff ", "index ")):
        return Text(line, "bold")
    if line.startswith("commit "):
        return Text(line, "yellow")
    style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
    return Text(line, style, overflow="fold")
