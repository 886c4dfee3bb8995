"""The ``shipmate`` command: what can be done from a shell."""

import difflib
import json
import os
import shutil
import sys
import tempfile
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from bot.domain.edit import DROP, UNCHECKED, EditCode, Edited, EditError, set_tag
from bot.domain.locations import At, Container, Key, Kustomize
from bot.garbage import kept
from bot.terminal import commands as terminal

if TYPE_CHECKING:
    from bot.operations.identity.team_check import TeamCheck

PLUGINS = "shipmate.commands"
"""The entry-point group of further commands: each entry is a plain typer command function."""

REFUSED = 1
USAGE = 2
AWAY = 3
_STDIN = "-"
_COLOURS = {"+": typer.colors.GREEN, "-": typer.colors.RED, "@": typer.colors.CYAN}


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
        from bot.operations.lease import AlreadyRunningError
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


# what people ask of the running bot

terminal.register(app)


# edit


@app.command(
    epilog="Exit code: 0 if the tag was changed or stood there already, "
    "1 if the edit was refused, 2 if the command was wrong.",
)
def edit(
    file: Annotated[str, typer.Argument(help="The YAML file; - reads standard input.")],
    tag: Annotated[str, typer.Argument(help="The new image tag.")],
    kustomize: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The images entry of a kustomization, by its name."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="PATH", help='A scalar by its path: a.b, a."x.y", list\\[name=web].tag.'
        ),
    ] = None,
    container: Annotated[
        str | None,
        typer.Option(metavar="REPO", help="The image of a manifest, by its repository."),
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option(metavar="TAG", help="Refuse unless this tag stands there now."),
    ] = None,
    every: Annotated[  # noqa: FBT002  # flags are typer's way
        bool, typer.Option("--every", help="Change all containers that have the image.")
    ] = False,
    drop_digest: Annotated[  # noqa: FBT002  # flags are typer's way
        bool, typer.Option("--drop-digest", help="Take away a digest beside the tag.")
    ] = False,
    write: Annotated[  # noqa: FBT002  # flags are typer's way
        bool,
        typer.Option(
            "--write/--diff",
            help="Write the file (- prints it), or show what would change.",
        ),
    ] = False,
) -> None:
    """Change one image tag in a YAML file, and no other byte.

    For example:

        shipmate edit kustomization.yaml v1.2.3 --kustomize core

        shipmate edit values.yaml v1.2.3 --key core.imageTag --expect v1.2.2 --write
    """
    at = _place(kustomize, key, container)
    old = _read(file)
    try:
        edited = set_tag(
            old,
            file,
            at,
            tag,
            expected=UNCHECKED if expect is None else expect,
            every=every,
            digest=DROP if drop_digest else None,
        )
    except EditError as error:
        raise _refused(_words(error, at)) from error
    if write:
        _write(file, old, edited)
    else:
        _show(file, old, edited)


def _place(kustomize: str | None, key: str | None, container: str | None) -> At:
    given: list[At] = []
    if kustomize is not None:
        given.append(Kustomize(kustomize))
    if key is not None:
        given.append(Key(key))
    if container is not None:
        given.append(Container(container))
    if len(given) != 1:
        raise typer.BadParameter("Give one of --kustomize, --key and --container.")
    return given[0]


def _words(error: EditError, at: At) -> str:
    perhaps = [f"Perhaps: {', '.join(error.candidates)}"] if error.candidates else []
    return "\n  ".join([str(error), *perhaps, *_options(error, at)])


def _options(error: EditError, at: At) -> list[str]:
    """Return which option of ours helps, where one does."""
    if error.code is EditCode.DIGEST_PINNED:
        return ["--drop-digest takes it away."]
    if error.code is EditCode.AMBIGUOUS and isinstance(at, Container):
        return ["--key with one of these paths chooses it, --every changes all."]
    return []


def _refused(why: str) -> typer.Exit:
    typer.echo(why, err=True)
    return typer.Exit(REFUSED)


def _read(file: str) -> bytes:
    if file == _STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise _refused(f"{file} cannot be read: {error.strerror}. Check the path.") from error


def _write(file: str, old: bytes, edited: Edited) -> None:
    if file == _STDIN:
        sys.stdout.buffer.write(edited.text)
        sys.stdout.buffer.flush()
    elif edited.text == old:
        typer.echo(f"{file}: the tag is {edited.new} already.")
    else:
        try:
            _replace(Path(file).resolve(), edited.text)
        except OSError as error:
            raise _refused(
                f"{file} cannot be written: {error.strerror}. It was left as it is."
            ) from error
        typer.echo(f"{file}, {_change(edited)}")


def _change(edited: Edited) -> str:
    """Return where and what was changed; of several lines the old tags may have differed."""
    lines = ", ".join(map(str, edited.lines))
    if len(edited.lines) > 1:
        return f"lines {lines}: now {edited.new}"
    return f"line {lines}: {edited.old or 'no tag'} → {edited.new}"


def _replace(path: Path, content: bytes) -> None:
    """Put *content* in the place of the file in one step; its mode stays."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, name)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _show(file: str, old: bytes, edited: Edited) -> None:
    if edited.text == old:
        typer.echo(f"{file}: the tag is {edited.new} already.", err=True)
        return
    before, after = (text.decode().split("\n") for text in (old, edited.text))
    name = file.lstrip("/")
    for line in difflib.unified_diff(_ended(before), _ended(after), f"a/{name}", f"b/{name}"):
        if line.startswith(("---", "+++")):
            typer.secho(line, bold=True, nl=False)
        else:
            typer.secho(line, fg=_COLOURS.get(line[0]), nl=False)


def _ended(lines: list[str]) -> list[str]:
    """Give each line its end; the last one tells, as diffs do, if it has none."""
    *full, rest = lines
    ended = [f"{line}\n" for line in full]
    return [*ended, f"{rest}\n\\ No newline at end of file\n"] if rest else ended
