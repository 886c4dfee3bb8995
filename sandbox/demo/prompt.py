"""``shipmate demo --type``: the reader types commands and presses buttons, as anybody there."""

from collections.abc import Mapping, Sequence

from bot.domain.suggestions import nearest
from sandbox.demo.filling import fill
from sandbox.demo.news import Choice, News, numbered
from sandbox.demo.scene import Scene
from sandbox.slack import Reply

HELP = (
    "Type a command as in Slack: /ship help, /ship status, /deploy …",
    "A number presses that button. Nothing at all looks for news.",
    "as NAME    go on as somebody else        quit    end the demo",
)
ENDS = frozenset({"quit", "exit", "q"})


class Prompt:
    """Takes one line after another from the reader, who is each of *people* in turn.

    *people* are Slack ids by name; the first is who begins.
    """

    def __init__(self, scene: Scene, people: Mapping[str, str]) -> None:
        self._scene, self._people = scene, people
        self._name = next(iter(people))
        self._news = News(scene)
        self._choices: Sequence[Choice] = ()

    def run(self) -> None:
        """Take lines until there are no more."""
        stage = self._scene.stage
        stage.console.print()
        for hint in (*HELP, f"Here are {', '.join(self._people)}."):
            stage.remarks(hint)
        self._news.follow()
        while (line := stage.asks(self._name, self._where)) is not None and line not in ENDS:
            self._do(line)
            self._news.follow()
            self._choices = self._news.choices(self._people[self._name])
            for button in numbered(self._choices):
                stage.remarks(button)

    @property
    def _where(self) -> str:
        return f"in #{self._scene.names[self._scene.channel]}"

    def _do(self, line: str) -> None:
        if not line:
            return
        if line.isdigit():
            self._press(int(line))
        elif line.startswith("as "):
            self._becomes(line.removeprefix("as ").strip())
        elif line.startswith("/"):
            self._heard(self._scene.slack.type(line, by=self._me, channel=self._scene.channel))
        elif line.startswith("@shipmate "):
            words = line.removeprefix("@shipmate ")
            self._scene.slack.mention(words, by=self._me, channel=self._scene.channel)
        else:
            for hint in HELP:
                self._scene.stage.remarks(hint)

    @property
    def _me(self) -> str:
        return self._people[self._name]

    def _becomes(self, name: str) -> None:
        if name in self._people:
            self._name = name
            return
        near = nearest(name, list(self._people), most=1)
        meant = f"Did you mean {near[0]}?" if near else f"Here are {', '.join(self._people)}."
        self._scene.stage.remarks(f"Nobody here is called {name}. {meant}")

    def _press(self, number: int) -> None:
        stage = self._scene.stage
        if not 0 < number <= len(self._choices):
            stage.remarks(f"There is no button {number}.")
            return
        choice = self._choices[number - 1]
        if choice.button.question:
            stage.wonders(choice.button.question)
            said = stage.asks("Slack", f"[ {choice.button.yes} ]  Enter says yes, n goes back")
            if said is None or said.lower().startswith("n"):
                return
        self._heard(self._scene.slack.click(choice.action, by=self._me, message=choice.on))

    def _heard(self, reply: Reply) -> None:
        if reply.error is not None:
            self._scene.stage.remarks(f"Slack says: {reply.error}")
        elif not reply.words:  # else it is an answer, and no form
            fill(self._scene, self._me)
