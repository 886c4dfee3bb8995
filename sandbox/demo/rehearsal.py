"""``shipmate demo --repo``: the reader's own configuration and GitOps clone, rehearsed.

The clone is copied; the bot works on the copy. Code repositories are played by stand-ins.
"""

import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.clock import Clock
from bot.config import Config, load
from bot.domain.catalog import Target
from bot.domain.commands import Deploy, parse
from bot.messages.approval_card import APPROVE
from sandbox.demo import clone as clones
from sandbox.demo.buttons import FULLY, ONE_STEP
from sandbox.demo.clone import Clone
from sandbox.demo.ground import READER, Ground
from sandbox.demo.playing import BROKEN, keep_logs
from sandbox.demo.prompt import Prompt
from sandbox.demo.scene import Scene
from sandbox.demo.sight import Asked, Untold
from sandbox.demo.stage import Row, Stage
from sandbox.process import Process

FIRST_SYNC = 20.0
"""Real seconds that the applications have to come up; one that does not is the bot's to tell."""

MOST_CLICKS = 10
"""How often an approver clicks once more while Slack is a moment behind with the card."""


class Unready(Exception):  # noqa: N818  # it names what is true of the rehearsal
    """Nothing can be rehearsed so; the sentence says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is rehearsed: a command, who types it, and what the last table calls it."""

    name: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the reader wants rehearsed: one *command*, what they type, or else each service."""

    command: str | None = None
    typed: bool = False


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What became of it. *logs* is where the bot's log stays, None when all went well."""

    rows: list[Row]
    logs: Path | None


def rehearse(stage: Stage, repo: Path, file: Path, wanted: Wanted, speed: float) -> Rehearsed:
    """Deploy each service once to its first environment, or do what is *wanted*.

    Raises:
        Unready: *repo* and *file* do not fit each other.
        CloneUnfit: there is no clone at *repo*.
        ConfigInvalid: *file* has mistakes.
    """
    text = _read(file)
    config, clone = load(text, file.name), clones.read(repo)
    gitops = which_repository(config, clone)
    wishes = [_wish(wanted.command, config)] if wanted.command else []
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="shipmate-rehearsal-"))
        )
        ground = Ground(folder, config, clone, gitops, Clock(speed))
        stack.callback(ground.stop)
        ground.start()
        _introduce(stage, config, clone, ground, speed)
        bot = Process(
            ground.environment(text, f"sqlite:///{folder / 'shipmate.db'}"),
            ground.clock,
            folder / "bot.log",
        )
        stack.callback(bot.stop)
        bot.start()
        ground.slack.connect(bot.url)
        if not wanted.typed:
            wishes = wishes or _wishes(config, ground)
        _settle(stage, config, ground, bot)
        if wanted.typed:
            people = {name: person for person, name in ground.people.items()}
            Prompt(_scene(stage, config, ground, bot, ground.branches[0]), people).run()
        rows = [_play(stage, config, ground, bot, wish) for wish in wishes]
        rows += _afterwards(stage, clone, ground)
        failed = any(row.failures for row in rows)
        return Rehearsed(rows, keep_logs(folder) if failed else None)


def which_repository(config: Config, clone: Clone) -> str:
    """Return the GitOps repository of *config* that *clone* is.

    Raises:
        Unready: there are several, and the clone's origin is none of them.
    """
    repos = sorted({target.location.repo for target in config.catalog.targets.values()})
    if len(repos) == 1:
        return repos[0]
    if not repos:
        raise Unready("The configuration has no service that can be deployed anywhere.")
    if clone.origin in repos:
        return clone.origin
    raise Unready(
        f"The configuration names several GitOps repositories ({', '.join(repos)}). A rehearsal is "
        f"for one of them, and the origin of {clone.path} tells none: give it such an origin."
    )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        why = error.strerror or "it is no file"
        raise Unready(f"{file} cannot be read: {why}. Give it with --config.") from error
    except UnicodeDecodeError as error:
        raise Unready(f"{file} is no text in UTF-8.") from error


# before


def _introduce(stage: Stage, config: Config, clone: Clone, ground: Ground, speed: float) -> None:
    branch = clone.branch or "no branch"
    stage.opens(
        f"Rehearsal of {ground.gitops}",
        f"A copy of {clone.path} ({branch} at {clone.head[:8]}) plays",
        "the repository on GitHub. Nothing is pushed anywhere; your clone is only read.",
        f"Slack, GitHub and Argo CD are pretended, and time runs {speed:g} times as fast.",
    )
    for line in _remarks(config, clone, ground):
        stage.remarks(line)
    stage.tells("Versions that may be named here:")
    for one in ground.versions.values():
        who = "a stand-in" if one.stands_in else "your clone"
        stage.remarks(f"{one.repo} ({who}): {one.sha[:8]}, {one.branch}, {one.release}")


def _remarks(config: Config, clone: Clone, ground: Ground) -> list[str]:
    remarks = [f"shipmate.yaml:{warning}" for warning in config.warnings]
    if clone.uncommitted:
        remarks.append(f"Uncommitted files are not part of it: {clone.uncommitted}.")
    if clone.branch not in ground.branches:
        remarks.append(f"What your clone has checked out plays {', '.join(ground.branches)}.")
    others = {one.location.repo for one in config.catalog.targets.values()} - {ground.gitops}
    if others:
        remarks.append(f"Services of other GitOps repositories are left out: {', '.join(others)}.")
    remarks += [
        f"Argo CD's {name} is played by plain Deployments: {why}."
        for name, why in ground.stood_in.items()
    ]
    return remarks


def _wishes(config: Config, ground: Ground) -> list[Wish]:
    """Return a deploy of each service to the first environment it has here."""
    wishes = []
    for service in config.catalog.services:
        here = [one for one in ground.targets if one.service == service]
        if here:
            wishes.append(_deploy(config, ground, here[0]))
    return wishes


def _deploy(config: Config, ground: Ground, target: Target) -> Wish:
    versions = ground.versions[target.source]
    by_name = all(template.needs_version for template in target.tags)
    version = versions.release if by_name else versions.sha[:8]
    text = f"/deploy {target.service} {version} {target.environment}"
    return Wish(target.name, _somebody(config), text)


def _wish(command: str, config: Config) -> Wish:
    said = command.strip()
    if not said.startswith("/deploy "):
        raise Unready("Only a deploy is rehearsed: give --command a line that begins /deploy.")
    return Wish(said, _somebody(config), said)


def _somebody(config: Config) -> str:
    """Return the first of the map, who is in every team here, or the reader."""
    return next(iter(config.people.logins), READER)


# the play


def _settle(stage: Stage, config: Config, ground: Ground, bot: Process) -> None:
    """Wait until what is in Git runs. Where it does not come up, the bot will tell why."""
    scene = _scene(stage, config, ground, bot, ground.branches[0])
    scene.settles({target.application for target in ground.targets}, FIRST_SYNC)


def _scene(stage: Stage, config: Config, ground: Ground, bot: Process, branch: str) -> Scene:
    return Scene(stage, ground.outside(branch), config.catalog, bot, config.channels.deploys)


def _play(stage: Stage, config: Config, ground: Ground, bot: Process, wish: Wish) -> Row:
    understood = parse("deploy", wish.text.removeprefix("/deploy "), config.catalog)
    branch = ground.branches[0]
    if isinstance(understood, Deploy):
        target = config.catalog.target(understood.services[0], understood.environment)
        branch = target.location.branch if target is not None else branch
    scene = _scene(stage, config, ground, bot, branch)
    begun = time.monotonic()
    result = "not live"
    try:
        result = _act(scene, wish, tuple(config.people.logins))
    except BROKEN as error:
        scene.failures.append(str(error) or type(error).__name__)
    took = timedelta(seconds=time.monotonic() - begun)
    failures = tuple(f"{wish.name}: {failure}" for failure in scene.failures)
    return Row(wish.name, len(scene.deployed), len(scene.commits()), took, result, failures)


def _act(scene: Scene, wish: Wish, people: tuple[str, ...]) -> str:
    """Deploy as wished to the end, approved by others of *people*; return the end in a word."""
    asked = scene.asks(wish.by, wish.text)
    scene.follow(asked, lambda: _waits(scene, asked) or scene.is_turned_away(wish.by, asked))
    if scene.is_turned_away(wish.by, asked):
        if not scene.gets_a_card(asked):
            scene.reads_in_person(wish.by, asked.id)
            scene.holds("", true=False, otherwise="refused; the reason stands above")
            return "refused"
        scene.follow(asked, lambda: _waits(scene, asked))
    if scene.waits_for_approval(asked):
        _approve(scene, asked, [one for one in people if one != wish.by])
        scene.follow(asked, lambda: scene.offers(asked, ONE_STEP))
    if scene.offers(asked, ONE_STEP):
        scene.stage.tells("A Rollout waits for a person. Here somebody promotes it at once.")
        scene.presses(wish.by, asked, FULLY)
        scene.follow(asked)
    scene.shows_the_end(asked)
    return scene.phase(asked) or "without a card"


def _waits(scene: Scene, asked: Asked) -> bool:
    return scene.waits_for_approval(asked) or scene.offers(asked, ONE_STEP)


def _approve(scene: Scene, asked: Asked, others: Sequence[str]) -> None:
    """Let as many of *others* approve as are asked for; all of them are in every team here.

    Raises:
        Untold: there are too few.
    """
    scene.stage.tells("It waits for approval. Here others of your map say yes at once.")
    for person in others:
        said, clicks = scene.presses(person, asked, APPROVE), 1
        while "Click once more" in said and clicks <= MOST_CLICKS:
            said, clicks = scene.presses(person, asked, APPROVE), clicks + 1
        if "It goes on by itself" in said:
            return
    raise Untold("it waits for more people: name them in people.map to rehearse their approval")


def _afterwards(stage: Stage, clone: Clone, ground: Ground) -> list[Row]:
    """Look whether the clone is untouched, and whether the fakes understood everything."""
    stage.console.print()
    untouched = clone.is_untouched()
    stage.holds(f"your clone is untouched, at {clone.head[:8]} as before", true=untouched)
    troubles = [odd for wire in ground.outside("").wires() for odd in wire.strange]
    failures = troubles if untouched else [*troubles, f"{clone.path} is not as it was"]
    return (
        [Row("the sandbox", 0, 0, timedelta(), "in trouble", tuple(failures))] if failures else []
    )
