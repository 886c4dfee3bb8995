"""What is to be seen of one bot in one pretend world: cards, commits, applications, images.

Everything is judged from outside: by the card, by Git, and by what runs in the cluster.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.catalog import Application, Catalog, Target
from bot.domain.commands import Deploy, Promote, Rollback
from bot.domain.locations import At, Containers
from bot.domain.operations import Phase
from bot.messages.cards import MARKS, STATES
from sandbox.demo.buttons import has
from sandbox.demo.outside import Looked, Outside
from sandbox.demo.stage import Shown, Stage
from sandbox.process import Process
from sandbox.slack.workspace import Message

PATIENCE = 120.0
"""Real seconds until the demo says that something did not happen. All takes far less."""

DECIDED: Mapping[str, Phase] = {
    "✅ Approved": Phase.AWAITING,
    "🔐": Phase.AWAITING,
    "⌛": Phase.REFUSED,
    "↪": Phase.REFUSED,
    "♻": Phase.REFUSED,
}
"""How a card begins while people decide about it, and when that ended without a deploy."""

_BEGINNINGS = {**DECIDED, **{mark: phase for phase, mark in MARKS.items()}}


class Untold(Exception):  # noqa: N818  # it names what became of the story
    """The story went another way; the sentence says which."""


@dataclass
class Asked:
    """A change that somebody asked for: its id, what it is about, and Git's head before it.

    *shown* counts the versions of its card that people saw, *looked* is what they saw last of its
    applications.
    """

    id: str
    what: Deploy | Promote | Rollback
    at: datetime
    head: str
    targets: tuple[Target, ...]
    shown: int = 0
    looked: dict[Application, Looked] = field(default_factory=dict)

    @property
    def applications(self) -> tuple[Application, ...]:
        """Return the applications of its targets, each once."""
        return tuple(dict.fromkeys(one.application for one in self.targets))


class Sight:
    """A running bot and its world, as the audience sees them. *channel* is where people type."""

    def __init__(
        self, stage: Stage, outside: Outside, catalog: Catalog, bot: Process, channel: str
    ) -> None:
        self.stage, self.outside, self.catalog, self.bot = stage, outside, catalog, bot
        self.slack, self.channel = outside.slack, channel
        self.failures: list[str] = []
        self.deployed: set[str] = set()
        workspace = self.slack.workspace
        self.names = {
            **{user.id: user.name for user in workspace.users.values()},
            **{channel.id: channel.name for channel in workspace.channels.values()},
        }
        self._first_head = self.head()

    # what is so

    def head(self) -> str:
        """Return the head of the GitOps branch."""
        return self.outside.github.head(self.outside.gitops, self.outside.branch)

    def commits(self, since: str | None = None) -> list[str]:
        """Return the GitOps commits after *since* (by default: of this scene), newest first."""
        return self._git("rev-list", f"{since or self._first_head}..{self.head()}").split()

    def sha(self, repo: str, ref: str) -> str:
        """Return the full SHA that *ref* names in *repo*."""
        return self.outside.git(repo, "rev-parse", f"{ref}^{{commit}}").strip()

    def card(self, asked: Asked) -> Message | None:
        """Return the card of a deploy as it stands now; None while there is none."""
        cards = self.cards(asked)
        return cards[-1] if cards else None

    def phase(self, asked: Asked) -> Phase | None:
        """Return the phase that the card of *asked* shows."""
        card = self.card(asked)
        return None if card is None else phase_of(card)

    def waits_for_approval(self, asked: Asked) -> bool:
        """Tell whether the card of *asked* asks people to decide."""
        return self.phase(asked) is Phase.AWAITING

    def offers(self, asked: Asked, action: str) -> bool:
        """Tell whether a button with the id *action* is on the card of *asked*."""
        card = self.card(asked)
        return card is not None and has(card.blocks, action)

    def holds(self, what: str, *, true: bool, otherwise: str = "") -> None:
        """Print that *what* is *true*, or what is so *otherwise*, and keep that as a failure."""
        said = what if true else otherwise or f"not so: {what}"
        self.stage.holds(said, true=true)
        if not true:
            self.failures.append(said)

    # what people see

    def dies(self, asked: Asked) -> None:
        """Show the deploy until the bot's process is gone."""
        self.follow(asked, lambda: self.bot.died(0))

    def is_single(self, asked: Asked) -> bool:
        """Tell whether *asked* has one commit and one card."""
        return len(self.commits(asked.head)) == 1 == len(self.cards(asked))

    def follow(
        self,
        asked: Asked,
        until: Callable[[], bool] | None = None,
    ) -> None:
        """Show the card and Argo CD as they change, *until* it is so, or the deploy has ended."""
        with self.stage.card_on_screen():
            if self.stage.edits_in_place:
                asked.shown = max(0, asked.shown - 1)  # what stands there comes on screen again
            while True:
                seen = self._seen(asked)
                self._show(asked)
                over = self._ended(asked)
                if over or (until is not None and until()):
                    return
                self._wait_for_news(asked, seen, until)

    def shows_the_end(self, asked: Asked) -> None:
        """Show the commit of *asked*, and look whether one commit and live images are all."""
        phase, commits = self.phase(asked), self.commits(asked.head)
        for sha in commits:
            shown = self._git("show", "--no-color", sha)
            self.stage.shows_commit(f"git show {sha[:8]}", shown)
        self.stage.console.print()
        self.holds(
            "the card says live",
            true=phase is Phase.LIVE,
            otherwise=f"the card says: {STATES[phase] if phase else 'nothing'}",
        )
        added, removed = self._changed_lines(commits)
        lines = _counted(len(added), "changed line" if removed else "new line")
        as_wished = are_as_wished([one.location.at for one in asked.targets], removed, added)
        if commits or phase is Phase.LIVE:
            what = f"{_counted(len(commits), 'commit')}, {lines}"
            self.holds(what, true=len(commits) == 1 and as_wished)
        proven: set[str] = set()
        for target in asked.targets if commits else ():
            self._look_at_images(target, added, proven)
        if len(self.cards(asked)) != 1:
            self.holds("it has one card", true=False)
        if phase is Phase.LIVE:
            self.deployed.update(asked.what.services)

    def settles(self, applications: Iterable[Application], seconds: float) -> bool:
        """Wait until *applications* are synced and healthy, or cannot be; tell if all are."""
        wanted = tuple(applications)

        def settled() -> bool:
            return all(self.outside.is_settled(one) for one in wanted)

        return self.slack.until(settled, seconds) and all(map(self.outside.is_healthy, wanted))

    def waits(self, true: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        """Wait until *true*.

        Raises:
            Untold: it did not come, or the bot died; with *what* it was.
        """
        for _ in range(int(seconds)):
            if self.slack.until(true, 1.0):
                return
            if self.bot.died(0):
                raise Untold(f"the bot's process ended by itself, and {what} did not come")
        raise Untold(f"{what} did not come within {seconds:.0f} s")

    # inside

    def _git(self, *words: str) -> str:
        return self.outside.git(self.outside.gitops, *words)

    def cards(self, asked: Asked) -> list[Message]:
        """Return the cards of *asked*: one, where all is well."""
        headline = f"{asked.id}:headline"
        return [card for card in self.slack.cards() if card.blocks[0].get("block_id") == headline]

    def _ended(self, asked: Asked) -> bool:
        phase = self.phase(asked)
        return phase is not None and phase.ended

    def _seen(self, asked: Asked) -> tuple[int, tuple[Looked, ...]]:
        card = self.card(asked)
        versions = len(card.versions) if card else 0
        return versions, tuple(self.outside.look(one) for one in asked.applications)

    def _wait_for_news(
        self,
        asked: Asked,
        seen: tuple[int, tuple[Looked, ...]],
        until: Callable[[], bool] | None,
    ) -> None:
        def news() -> bool:
            return self._seen(asked) != seen or (until is not None and until())

        self.waits(news, f"the end of {asked.id}")

    def _show(self, asked: Asked) -> None:
        """Print what is new of the applications, then of the card."""
        at = self.outside.clock.now() - asked.at
        for application in asked.applications:
            looks = self.outside.look(application)
            if _worded(looks) != _worded(asked.looked[application]):
                self.stage.happens(at, f"Argo CD {application.name}", _worded(looks))
            asked.looked[application] = looks
        card = self.card(asked)
        if card is None:
            return
        for number, version in enumerate(card.versions[asked.shown :], asked.shown):
            before = card.versions[number - 1] if number else None
            if before is None or (before.text, before.blocks) != (version.text, version.blocks):
                ended = number == len(card.versions) - 1 and self._ended(asked)
                shown = Shown(self.names[card.channel], version, before, ended)
                self.stage.shows_card(shown, self.names, version.at - asked.at)
        asked.shown = len(card.versions)

    def _changed_lines(self, commits: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the lines that *commits* added, and those that they removed."""
        shown = [self._git("show", "--no-color", "--format=", "-U0", sha) for sha in commits]
        lines = "\n".join(shown).splitlines()
        added = [line[1:] for line in lines if line.startswith("+") and line[:4] != "+++ "]
        removed = [line[1:] for line in lines if line.startswith("-") and line[:4] != "--- "]
        return added, removed

    def _look_at_images(self, target: Target, added: Sequence[str], proven: set[str]) -> None:
        """Look whether the image of *target* whose tag stands in one of *added* runs.

        *proven* are images found for other targets: two services may share a repository.
        """

        def new(images: Iterable[str]) -> str | None:
            found = (image for image in images if _is_new(image, target, added))
            image = next((one for one in found if one not in proven), None)
            proven.update([image] if image else [])
            return image

        running = self.outside.images(target.application)
        without_pods = all(_repository(image) != target.image for image in running)
        if image := new(running):
            self.holds(f"{image} runs", true=True)
        elif without_pods and (image := new(self.outside.applied_images(target.application))):
            self.holds(f"{image} is set, and has no Pods to run now", true=True)
        else:
            self.holds("", true=False, otherwise=f"no new image of {target.image} runs")


def are_as_wished(places: Sequence[At], removed: Sequence[str], added: Sequence[str]) -> bool:
    """Tell whether the lines of one commit are those of its tags at *places* alone.

    A line for each place: of several containers that move together one for each of them. New lines
    alone are an entry or a key that was missing.
    """
    if added and not removed:
        return True
    several = any(isinstance(at, Containers) for at in places)
    enough = len(added) >= len(places) if several else len(added) == len(places)
    return enough and len(added) == len(removed)


def phase_of(message: Message) -> Phase | None:
    """Return the phase that a card shows; None of any other message."""
    if not message.blocks or not re.match(r"D-\d+:headline", message.blocks[0].get("block_id", "")):
        return None
    words = message.blocks[0]["text"]["text"]
    return next(phase for mark, phase in _BEGINNINGS.items() if words.startswith(mark))


def _is_new(image: str, target: Target, added: Sequence[str]) -> bool:
    """Tell whether *image* is one of *target* whose tag stands in one of the *added* lines."""
    tag = image.rpartition(":")[2]
    whole = rf"(?<![\w.-]){re.escape(tag)}(?![\w.-])"
    return _repository(image) == target.image and any(re.search(whole, line) for line in added)


def _repository(image: str) -> str:
    return image.rpartition(":")[0]


def _worded(looks: Looked) -> str:
    sync, health, operation, revision = looks
    running = " · running" if operation == "Running" else ""
    return f"{sync} · {health}{running}" + (f" · at {revision}" if revision else "")


def _counted(number: int, thing: str) -> str:
    words = {1: "one", 2: "two", 3: "three"}
    return f"{words.get(number, number)} {thing}{'' if number == 1 else 's'}"
