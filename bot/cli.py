"""The ``shipmate`` command: what can be done from a shell."""

import json
import os
import sys
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from bot.garbage import kept
from bot.terminal import commands as terminal
from bot.terminal import editing

if TYPE_CHECKING:
    from bot.operations.identity.team_check import TeamCheck

PLUGINS = "shipmate.commands"
"""The entry-point group of further commands: each entry is a plain typer command function."""

REFUSED = 1
USAGE = 2
AWAY = 3


class Level(StrEnum):
    """How much is logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Lines(StrEnum):
    """How the log is written: readable where somebody looks at it, else as JSON."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


class Commands(TyperGroup):
    """Our commands, and those of installed plug-ins, which are imported when asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, ours first."""
        return [*super().list_commands(ctx), *sorted(_plugins().keys() - self.commands.keys())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of that name, or None."""
        plugin = _plugins().get(cmd_name)
        return super().get_command(ctx, cmd_name) or (plugin and _loaded(plugin))


def _plugins() -> dict[str, EntryPoint]:
    return {plugin.name: plugin for plugin in entry_points(group=PLUGINS)}


def _loaded(plugin: EntryPoint) -> Any:
    """Return the plug-in's command; one that only tells what is missing if it does not import."""
    single = typer.Typer(add_completion=False)
    try:
        single.command(plugin.name)(plugin.load())
    except ImportError as error:
        single.command(plugin.name, hidden=True, context_settings=_ANYTHING)(_absent(error))
    return typer.main.get_command(single)


_ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True}


def _absent(error: ImportError) -> Any:
    def tell(ctx: typer.Context) -> None:
        typer.echo(
            f"{ctx.info_name} needs {error.name or 'a package'}, which is not installed: "
            f"install Shipmate from its source with the development group.",
            err=True,
        )
        raise typer.Exit(REFUSED)

    return tell


app = typer.Typer(
    cls=Commands,
    help="Deploy by GitOps, from Slack.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


def _tell_version(asked: bool) -> None:  # noqa: FBT001  # typer's callbacks take the value
    if asked:
        typer.echo(f"shipmate {version('shipmate')}")
        raise typer.Exit


@app.callback()
def shipmate(
    _version: Annotated[  # noqa: FBT002  # flags are typer's way
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Deploy by GitOps, from Slack."""


def main() -> None:
    """Run the command line of this process."""
    app()


# run


@app.command(
    epilog="Exit code: 0 after SIGTERM or Ctrl-C, 1 if something outside was not as it must be, "
    "2 if the environment or shipmate.yaml was wrong, also in a team that GitHub does not have.",
)
def run(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "0.0.0.0",  # noqa: S104  # a container's port is opened by whoever runs it
    level: Annotated[
        Level,
        typer.Option(
            case_sensitive=False, envvar="LOG_LEVEL", help="The least level that is logged."
        ),
    ] = Level.INFO,
    lines: Annotated[
        Lines,
        typer.Option(
            "--log-format",
            case_sensitive=False,
            envvar="LOG_FORMAT",
            help="JSON for machines, text for people; auto: text on a terminal.",
        ),
    ] = Lines.AUTO,
) -> None:
    """Run the bot until it is told to stop.

    Secrets and addresses come from the environment, what to deploy from shipmate.yaml.

    For example:

        shipmate run

        shipmate run --host 127.0.0.1 --level debug
    """
    with kept():
        from bot import app as root  # late: the other commands start faster without it
        from bot import log, server
        from bot.domain.errors import BotError
        from bot.operations.replicas.lease import AlreadyRunningError
        from bot.settings import SettingsInvalid
        from bot.startup import SetupInvalid, read

    try:
        setup = read(os.environ)
        settings, config = setup.settings, setup.config
        readable = None if lines is Lines.AUTO else lines is Lines.TEXT
        log.configure(readable=readable, level=level.value, secrets=settings.secrets())
        log.catch_the_rest()
        for warning in config.warnings:
            typer.echo(f"warning: {warning}", err=True)
        shipmate = root.build(settings, config)
    except (SetupInvalid, SettingsInvalid) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(USAGE) from error
    except (AlreadyRunningError, BotError) as error:
        raise _refused(str(error)) from error
    _look_for_teams(shipmate.rights.check)
    try:
        server.run(shipmate, host, settings.port)
    except BotError as error:
        raise _refused(str(error)) from error


def _look_for_teams(check: "TeamCheck") -> None:
    """Tell of every configured team that nobody can be found in, and end if there is one."""
    check.ask()
    if check.unknown:
        typer.echo(f"warning: {check.unknown}", err=True)
    for problem in check.problems:
        typer.echo(problem, err=True)
    if check.problems:
        raise typer.Exit(USAGE)


# check


@app.command(
    epilog="Exit code: 0 if all is well or only warned of, 1 for a problem, 2 if the environment "
    "or shipmate.yaml was wrong, 3 if somebody did not answer and nothing else is wrong.",
)
def check(
    manifest: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="The Slack app's manifest; manifest.yml by default, where there is one.",
        ),
    ] = None,
    as_json: Annotated[  # noqa: FBT002  # flags are typer's way
        bool, typer.Option("--json", help="Print one JSON object a line.")
    ] = False,
    patience: Annotated[
        int, typer.Option(min=1, max=120, help="Seconds that one question may take.")
    ] = 10,
) -> None:
    """Ask Slack, GitHub, Argo CD, registries and the database whether all is as it must be.

    Nothing is changed anywhere. Each problem is printed with where it is mended, and how.

    For example:

        shipmate check

        shipmate check --json --patience 30
    """
    from bot import checking  # late: the other commands start faster without it

    patient = checking.Patience(patience)
    raise typer.Exit(checking.check(os.environ, manifest, as_json=as_json, patience=patient))


# schema


@app.command()
def schema() -> None:
    """Print the JSON Schema of shipmate.yaml, for editors.

    For example:

        shipmate schema > shipmate.schema.json
    """
    from bot.config import schema as published  # late: `edit` starts faster without it

    typer.echo(json.dumps(published(), indent=2))


# history


class Format(StrEnum):
    """How the history is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@app.command(
    epilog="Exit code: 0, also if nothing happened; 1 if the database cannot be used; "
    "2 if the command was wrong, also for a service that nobody knows; 3 if the database is away.",
)
def history(
    service: Annotated[str | None, typer.Option(help="Of one service.")] = None,
    environment: Annotated[str | None, typer.Option(help="In one environment.")] = None,
    since: Annotated[
        str | None, typer.Option(help="30d, 12h, or a day such as 2026-11-01 (UTC).")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="By one person: a Slack user id, or a GitHub login.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="The newest so many; a table shows 50 by default.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How it is printed.")] = Format.TABLE,
    as_json: Annotated[  # noqa: FBT002  # flags are typer's way
        bool, typer.Option("--json", help="One JSON object on each line, an entry each.")
    ] = False,
) -> None:
    """Print what happened, newest first, from the database alone; nothing is written.

    The database is the one in DATABASE_URL; the bot may run or not.

    For example:

        shipmate history --service core --environment prod --since 30d

        shipmate history --by alice-kim --format csv
    """
    from bot import printing  # late: the other commands start faster without it
    from bot.domain.errors import BotError, Unavailable

    asked = printing.Asked(
        service, environment, since, by, limit, "lines" if as_json else form.value
    )
    try:
        for line in printing.lines(asked, os.environ):
            sys.stdout.write(line)
    except printing.UsageError as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(USAGE) from wrong
    except Unavailable as away:
        typer.echo(f"{away}. Try again in a moment.", err=True)
        raise typer.Exit(AWAY) from away
    except BotError as error:
        raise _refused(str(error)) from error


# what people ask of the running bot, and what needs none

terminal.register(app)
editing.register(app)


def _refused(why: str) -> typer.Exit:
    typer.echo(why, err=True)
    return typer.Exit(REFUSED)
