"""What the demo prints, and how it looks: quiet, at 80 columns, with and without colour."""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.console import Console, RenderableType
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
_MARKS = re.compile(r"[*`\\\u200b]|^#+ ")
_LINK = re.compile(r"\[([^\]]*)\]\(<[^>]*>\)")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the last table. *failures* is empty when all ended as told."""

    name: str
    services: int
    commits: int
    took: timedelta
    result: str
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A card in *channel* as it stands *now*, and *before*: None where it was just posted."""

    channel: str
    now: Version
    before: Version | None
    ended: bool


@dataclass
class Stage:
    """Prints to *console*. With *by_hand* it waits for Enter between chapters.

    On a terminal the card is edited in place, as Slack does it; elsewhere each edit is printed.
    """

    console: Console
    by_hand: bool = False
    _live: Live | None = None

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
        self._indented(Text(about, "dim"), 3)

    def rests(self) -> None:
        """Wait for Enter, if a person turns the pages."""
        if self.by_hand:
            self.console.print()
            with suppress(EOFError):
                self.console.input(Text("   press Enter to go on ", "dim"))

    # whoever types

    def asks(self, who: str, where: str) -> str | None:
        """Return the line that the reader types as *who*; None where there are no more."""
        self.console.print()
        prompt = Text.assemble("   ", (who, "bold blue"), (f"  {where}  ", "dim"), ("> ", "bold"))
        try:
            line = self.console.input(prompt).strip()
        except EOFError:
            return None
        if not sys.stdin.isatty():
            self.console.print(Text(line, "bold"))  # a terminal shows by itself what was typed
        return line

    # what happens

    def tells(self, sentence: str) -> None:
        """Print a sentence of the teller."""
        self.console.print()
        self._indented(Text(sentence, "italic"), 3)

    def remarks(self, sentence: str) -> None:
        """Print something to know, beside the story."""
        self._indented(Text(sentence, "dim"), 3)

    def typed(self, who: str, where: str, words: str) -> None:
        """Print what a person types in a channel or at a prompt."""
        self.console.print()
        said = Text.assemble((who, "bold blue"), (f"  {where}  ", "dim"), (words, "bold"))
        self._indented(said, 3)

    def answered(self, who: str, answer: Version, names: Names) -> None:
        """Print what only *who* sees."""
        self._heard(f"only {who} sees", answer, names)

    def told(self, who: str, said: Version, names: Names) -> None:
        """Print what the bot writes to *who* in person."""
        self._heard(f"the bot writes to {who} in person", said, names)

    def announced(self, channel: str, said: Version, names: Names) -> None:
        """Print what everybody in *channel* reads."""
        self._heard(f"everybody in #{channel} reads", said, names)

    def is_asked(self, who: str, question: str, yes: str) -> None:
        """Print Slack's own question before a button counts, and that *who* says *yes* to it."""
        self.wonders(question)
        self._barred([Text.assemble((who, "bold blue"), f"  [ {yes} ]")], _INDENT)

    def wonders(self, question: str) -> None:
        """Print Slack's own question before a button counts."""
        self._indented(Text("Slack asks first", "dim"), _INDENT)
        self._barred([Text(line) for line in question.splitlines()], _INDENT)

    def _heard(self, how: str, said: Version, names: Names) -> None:
        self._indented(Text(how, "dim"), _INDENT)
        self._barred(self._lines(_frame(said, names).renderable), _INDENT)

    def happens(self, at: timedelta | None, what: str, detail: str = "", style: str = "") -> None:
        """Print one line of what happened *at* a time since the command."""
        line = Table.grid(padding=(0, 2))
        line.add_column(justify="right", width=_AFTER_TIME - 2)
        line.add_column()
        said = Text.assemble((what, style), (f"  {detail}" if detail else "", "dim"))
        line.add_row(Text(_elapsed(at), "dim"), said)
        self.console.print(line)

    def alarms(self, what: str) -> None:
        """Print what should make people sit up."""
        self.console.print()
        self._indented(Text(what, "bold red"), 3)

    def shows_pull_request(self, number: int, title: str, body: str) -> None:
        """Print a pull request as GitHub's page reads, without its marks."""
        self.console.print()
        self._indented(Text(f"pull request #{number} on GitHub", "dim"), _INDENT)
        lines = [title, *(line for line in body.splitlines() if line.strip())]
        plain = [_MARKS.sub("", _LINK.sub(r"\1", line)) for line in lines]
        self._barred([Text(plain[0], "bold"), *map(Text, plain[1:])], _INDENT)

    def shows_commit(self, command: str, shown: str) -> None:
        """Print a commit as Git shows it."""
        self.console.print()
        self._unbroken(Text.assemble(("$ ", "dim"), (command, "bold")), _INDENT)
        for line in shown.rstrip("\n").split("\n"):
            self._unbroken(_diff_line(line), _INDENT)

    def holds(self, what: str, *, true: bool) -> None:
        """Print what was looked at after the act, and whether it is so."""
        mark, style = ("✓", "green") if true else ("✗", "bold red")
        self._unbroken(Text.assemble((f"{mark} ", style), (what, "" if true else style)), 3)

    # the card

    @contextmanager
    def card_on_screen(self) -> Iterator[None]:
        """Edit one card in place as long as this lasts, where that can be done."""
        if not self.console.is_terminal:
            yield
            return
        with Live(console=self.console, auto_refresh=False) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    @property
    def edits_in_place(self) -> bool:
        """Tell whether a card is on the screen and can be edited there."""
        return self._live is not None

    def shows_card(self, card: Shown, names: Names, at: timedelta) -> None:
        """Show a card as it stands now; called for each version that differs."""
        frame = _frame(card.now, names)
        frame.title, frame.border_style = Text(f"#{card.channel}", "dim"), "dim"
        if self._live is not None:
            self._live.update(Padding(frame, (0, 0, 0, _INDENT)), refresh=True)
            return
        if card.before is None or card.ended:
            self.happens(at, "card posted" if card.before is None else "card edited")
            self._indented(frame, _INDENT)
            return
        known = {line.plain for line in self._lines(_frame(card.before, names).renderable)}
        lines = self._lines(frame.renderable)
        if fresh := [line for line in lines if line.plain not in known]:
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
            result = Text(row.result, "red" if row.failures else "green")
            seconds = f"{row.took.total_seconds():.1f}"
            shown.add_row(row.name, str(row.services), str(row.commits), seconds, result)
        self.console.print("\n")
        self.console.print(shown)

    def ends(self, sentence: str, failures: Iterable[str] = ()) -> None:
        """Print the last words; *failures* first."""
        self.console.print()
        for failure in failures:
            self._unbroken(Text.assemble(("✗ ", "bold red"), failure), 0)
        self.console.print(Text(sentence))

    def names_file(self, what: str, path: Path | None) -> None:
        """Print where something was put, on one line."""
        self._unbroken(Text(f"{what}: {path}"), 0)

    # inside

    def _indented(self, what: RenderableType, by: int) -> None:
        if isinstance(what, Text):
            for line in self._broken(what, self.console.width - by):
                self._unbroken(line, by)
        else:
            self.console.print(Padding(what, (0, 0, 0, by), expand=False))

    def _broken(self, text: Text, room: int) -> Iterator[Text]:
        for line in text.wrap(self.console, room):
            line.rstrip()
            yield line

    def _unbroken(self, line: Text, by: int) -> None:
        """Print a line that only the terminal may break, so that it can be copied."""
        self.console.print(Text(" " * by).append_text(line), soft_wrap=True)

    def _barred(self, lines: Iterable[Text], by: int) -> None:
        """Print *lines* behind a bar, so that a broken one is still seen to be one."""
        room = self.console.width - by - 4
        for line in lines:
            first, *more = self._broken(line, room)
            self._unbroken(Text.assemble(("│ ", "dim"), first), by)
            for rest in more:
                self._unbroken(Text.assemble(("│   ", "dim"), rest), by)

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


def _frame(version: Version, names: Names) -> Panel:
    frame = render(version, names)
    assert isinstance(frame, Panel)
    return frame


def _elapsed(span: timedelta | None) -> str:
    return "" if span is None else f"+{int(span.total_seconds())} s"


def _diff_line(line: str) -> Text:
    if line.startswith(("+++", "---", "diff ", "index ")):
        return Text(line, "bold")
    if line.startswith("commit "):
        return Text(line, "yellow")
    style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
    return Text(line, style)
