"""``shipmate edit``: one image tag in one file, without a bot."""

import difflib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bot.domain.edit import DROP, UNCHECKED, EditCode, Edited, EditError, set_tag
from bot.domain.locations import At, Container, Key, Kustomize
from bot.terminal.ends import End

_STDIN = "-"
_COLOURS = {"+": typer.colors.GREEN, "-": typer.colors.RED, "@": typer.colors.CYAN}
_CODES = (
    "Exit code: 0 if the tag was changed or stood there already, "
    "1 if the edit was refused, 2 if the command was wrong."
)


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command("edit", epilog=_CODES)(_edit)


def _edit(
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
    add: Annotated[  # noqa: FBT002  # flags are typer's way
        bool, typer.Option("--add", help="Add the images entry if there is none of that name.")
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
            add=add,
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
    if error.code is EditCode.NOT_FOUND and isinstance(at, Kustomize):
        return ["--add writes a new entry."]
    return []


def _refused(why: str) -> typer.Exit:
    typer.echo(why, err=True)
    return typer.Exit(int(End.REFUSED))


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
