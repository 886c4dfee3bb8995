"""The command ``shipmate demo``: what may be asked of it, and its exit code."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.config import ConfigInvalid
from bot.domain.suggestions import nearest
from sandbox.demo.by_hand import SYSTEM, type_in
from sandbox.demo.clone import CloneUnfit
from sandbox.demo.playing import BROKEN, interruptible, play, without_proxies
from sandbox.demo.rehearsal import Unready, Wanted, rehearse
from sandbox.demo.script import CHAPTERS, Chapter
from sandbox.demo.stage import Row, Stage

FAILED = 1
INTERRUPTED = 130
SPEED = 20.0


def demo(
    script: Annotated[  # noqa: FBT002  # flags are typer's way
        bool,
        typer.Option(
            "--script", help="Do not wait for Enter; without a terminal nothing waits anyway."
        ),
    ] = False,
    typed: Annotated[  # noqa: FBT002
        bool, typer.Option("--type", help="Type the commands and press the buttons yourself.")
    ] = False,
    only: Annotated[
        str | None,
        typer.Option(metavar="SYSTEM", help="Play one system's chapter only, or type in it."),
    ] = None,
    speed: Annotated[
        float,
        typer.Option(min=1.0, max=100.0, help="How many times faster time runs in the sandbox."),
    ] = SPEED,
    repo: Annotated[
        Path | None, typer.Option(metavar="CLONE", help="Rehearse on your own GitOps clone.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your shipmate.yaml, with --repo.")
    ] = None,
    command: Annotated[
        str | None,
        typer.Option(metavar='"/deploy …"', help="The one command to rehearse, with --repo."),
    ] = None,
) -> None:
    """Show the bot at work on this machine: no account, no server, no network.

    Without --repo it plays the story of five systems.

    With --repo and --config it rehearses on a copy of your own clone, which stays as it is.

    With --type you are the people in Slack, in one of the systems or over your own clone.

    For example:

        shipmate demo --only pingvas

        shipmate demo --repo ~/gitops --config shipmate.yaml --type
    """
    if repo is None and (config is not None or command is not None):
        raise typer.BadParameter("--config and --command need --repo, the path of your clone.")
    if typed and command is not None:
        raise typer.BadParameter("--type and --command are two ways; give one of them.")
    by_hand = not script and sys.stdin.isatty() and sys.stdout.isatty()
    stage = Stage.standard(by_hand=by_hand)
    try:
        with interruptible(), without_proxies():
            if repo is not None:
                file = config or Path("shipmate.yaml")
                _rehearse(stage, repo, file, Wanted(command, typed=typed), speed)
            elif typed:
                _type(stage, only or SYSTEM, speed)
            else:
                _play(stage, only, speed)
    except KeyboardInterrupt:
        stage.ends("Stopped. Nothing is left behind.")
        raise typer.Exit(INTERRUPTED) from None


def _type(stage: Stage, system: str, speed: float) -> None:
    _opens(stage, "Shipmate: type in a pretended Slack", speed)
    try:
        type_in(stage, _chapters(system)[0], speed)
    except BROKEN as error:
        stage.ends("It stopped.", [str(error) or type(error).__name__])
        raise typer.Exit(FAILED) from error
    stage.ends("Nothing is left behind.")


def _chapters(only: str | None) -> list[Chapter]:
    chapters = [one for one in CHAPTERS if only in {None, one.system}]
    if not chapters:
        names = [one.system for one in CHAPTERS]
        near = nearest(only or "", names, most=1)
        meant = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(names)}."
        raise typer.BadParameter(f"There is no system {only}. {meant}")
    return chapters


def _opens(stage: Stage, title: str, speed: float) -> None:
    stage.opens(
        title,
        "The bot is the real one, and so are the Git repositories. Slack, GitHub and",
        f"Argo CD are pretended on this machine, where time runs {speed:g} times as fast:",
        "what the bot itself needs looks that much longer.",
    )


def _play(stage: Stage, only: str | None, speed: float) -> None:
    chapters = _chapters(only)
    _opens(stage, "Shipmate: one deploy, from Slack to the cluster", speed)
    rows, logs = play(stage, chapters, speed)
    stage.table("What happened", "system", rows)
    good = "All of it ended as told: each card, each commit, what runs."
    finish(stage, rows, logs, good, "Not all of it ended as told.")


def _rehearse(stage: Stage, repo: Path, file: Path, wanted: Wanted, speed: float) -> None:
    try:
        rehearsed = rehearse(stage, repo, file, wanted, speed)
    except ConfigInvalid as invalid:
        stage.ends(f"{file} cannot be used. Correct it, then rehearse again.", _of(invalid))
        raise typer.Exit(FAILED) from invalid
    except (CloneUnfit, Unready) as unfit:
        stage.ends("Nothing was rehearsed.", [str(unfit)])
        raise typer.Exit(FAILED) from unfit
    if wanted.typed and not rehearsed.rows:
        stage.ends("Nothing was pushed anywhere.")
        return
    stage.table("What happened", "target", rehearsed.rows)
    good = "All of it ended live. Nothing was pushed anywhere."
    bad = "Not all of it went live. Nothing was pushed anywhere."
    finish(stage, rehearsed.rows, rehearsed.logs, good, bad)


def _of(invalid: ConfigInvalid) -> list[str]:
    """Return each mistake as the bot itself says it: file, line, column, what and what to do."""
    return [f"{invalid.name}:{problem}" for problem in invalid.problems]


def finish(stage: Stage, rows: list[Row], logs: Path | None, good: str, bad: str) -> None:
    """Print the last words about *rows*, *good* or *bad* ones; then also where the *logs* are.

    Raises:
        typer.Exit: not all ended as told.
    """
    failures = [failure for row in rows for failure in row.failures]
    if not failures:
        stage.ends(good)
        return
    stage.ends(bad, failures)
    stage.names_file("The bot's log", logs)
    raise typer.Exit(FAILED)
