"""What is new for whoever types: messages and edits as they come, and the buttons below them."""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.operations import Phase
from sandbox.demo.buttons import Button, pressable
from sandbox.demo.scene import Scene
from sandbox.demo.sight import phase_of
from sandbox.demo.stage import Shown
from sandbox.slack import BOT
from sandbox.slack.workspace import Kind, Message

QUIET = timedelta(seconds=2)
"""Real time without news until the next line is asked for."""

PATIENT = timedelta(seconds=10)
"""The same while an operation is on its way: a bot on a busy machine takes that long."""

RESTING = frozenset({Phase.AWAITING, Phase.MERGING})
"""Where an operation waits for people."""

MOST = 12
"""Buttons that can be pressed by number at one time, the newest messages' first."""


_TAKEN = re.compile(r"Received as .*?(D-\d+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Choice:
    """A *button* with the id *action*; *on* is its message from the button's block on."""

    on: Message
    action: str
    button: Button


class News:
    """Prints what is new in the workspace of *scene* since it was last asked."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._seen: dict[tuple[str, str], int] = {}
        self._since: datetime = scene.outside.clock.now()
        self._head = scene.head()
        self._owed: set[str] = set()
        """Operations that the bot took and has neither a card nor a word of yet."""

    def follow(self) -> None:
        """Print news until there is none for a while."""
        self._since = self._scene.outside.clock.now()
        last = time.monotonic()
        while time.monotonic() - last < self._patience().total_seconds():
            if self._scene.slack.until(self._is_there, 0.5):
                self._shows()
                last = time.monotonic()

    def choices(self, person: str) -> list[Choice]:
        """Return what *person* can press now, newest message first."""
        seen = sorted(self._messages(person), key=lambda one: one.ts, reverse=True)
        found = [
            Choice(_from(message, start), action, button)
            for message in seen
            for start, action, button in pressable(message.blocks)
        ]
        return found[:MOST]

    # inside

    def _patience(self) -> timedelta:
        return PATIENT if self._moves() or self._owed else QUIET

    def _moves(self) -> bool:
        phases = [phase_of(one) for one in self._scene.slack.cards()]
        return any(one and not one.ended and one not in RESTING for one in phases)

    def _messages(self, person: str | None = None) -> list[Message]:
        """Return what *person* can read, or all that anybody can."""
        workspace = self._scene.slack.workspace
        with self._scene.slack.lock:
            public = list(workspace.messages.values())
            private = list(workspace.ephemerals.values())
            channels = dict(workspace.channels)
        if person is None:
            return [*public, *private]
        return [
            *(one for one in public if person in channels[one.channel].members),
            *(one for one in private if one.only_for == person),
        ]

    def _is_there(self) -> bool:
        return any(len(one.versions) > self._known(one) for one in self._messages())

    def _known(self, message: Message) -> int:
        return self._seen.get((message.channel, message.ts), 0)

    def _shows(self) -> None:
        for message in sorted(self._messages(), key=lambda one: one.versions[-1].at):
            known, total = self._known(message), len(message.versions)
            if known < total:
                self._seen[message.channel, message.ts] = total
                self._show(message, known)
        self._commits()

    def _show(self, message: Message, known: int) -> None:
        """Print the newest version of *message*, of which *known* were shown."""
        scene, now = self._scene, message.versions[-1]
        channel = scene.slack.workspace.channels[message.channel]
        if message.user != BOT:
            return  # people know what they said
        if message.only_for is None:
            self._owed -= {one for one in self._owed if one in message.words}
        if message.only_for is not None:
            self._owed |= set(_TAKEN.findall(now.words))
            scene.stage.answered(scene.names[message.only_for], now, scene.names)
        elif channel.kind is Kind.DIRECT:
            who = next(scene.names[one] for one in channel.members if one != BOT)
            scene.stage.told(who, now, scene.names)
        elif phase := phase_of(message):
            before = message.versions[known - 1] if known else None
            whole = phase.ended or phase in RESTING
            shown = Shown(scene.names[channel.id], now, before, whole)
            scene.stage.shows_card(shown, scene.names, max(now.at - self._since, timedelta()))
        else:
            scene.stage.announced(scene.names.get(channel.id, channel.name), now, scene.names)

    def _commits(self) -> None:
        for sha in reversed(self._scene.commits(self._head)):
            shown = self._scene.outside.git(
                self._scene.outside.gitops, "show", "--no-color", "--format=%h %s", "-U0", sha
            )
            self._scene.stage.shows_commit(f"git show {sha[:8]}", shown)
        self._head = self._scene.head()


def _from(message: Message, start: int) -> Message:
    """Return *message* from the block number *start* on: buttons of earlier rows bear one id."""
    cut = replace(message.versions[-1], blocks=message.versions[-1].blocks[start:])
    return replace(message, versions=(*message.versions, cut))


def numbered(choices: Sequence[Choice]) -> Iterator[str]:
    """Yield ``1 [ Approve ]`` for each of *choices*."""
    for number, choice in enumerate(choices, 1):
        yield f"{number} [ {choice.button.label} ]"
