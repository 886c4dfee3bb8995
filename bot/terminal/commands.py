"""The commands that people give the bot from a shell; what each does is imported when it is given.

Their words are those of Slack, read by the same grammar, so that nothing is learned twice.
"""

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.terminal.ends import End
    from bot.terminal.ground import Ground


def _complete(context: typer.Context, begun: str) -> list[str]:
    """Return what a shell may offer at this place; nothing where it goes wrong."""
    from bot.terminal.completing import offered

    before = [str(word) for word in context.params.get("words") or ()]
    return offered(context.info_name or "", before, begun, os.environ)


Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="WORDS…", help="As behind the command in Slack.", autocompletion=_complete
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on each line.")]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Do not follow it; the exit code is 4 then.")
]
Most = Annotated[
    float | None,
    typer.Option("--timeout", min=0, help="Follow it for so many seconds at most; it goes on."),
]

CODES = (
    "Exit code: 0 done, or live; 1 refused, rejected, cancelled or failed; 2 misread words or a"
    " half-configured environment; 3 the database, GitHub or Argo CD is away; 4 still under way;"
    " 130 interrupted (what was asked for goes on)."
)
WHO = (
    "You are who your own GitHub token says: SHIPMATE_AS, else GH_TOKEN, else GITHUB_TOKEN"
    " where the bot is an App, else what `gh auth login` keeps."
)

MOVE_CODES = (
    "Exit code: 0 all is there; 1 refused, and nothing was moved; 2 the addresses were wrong; 3 one"
    " of both databases is away; 130 interrupted, and nothing was moved."
)
MOVES = (
    "--from sqlite:///shipmate.db --to postgresql://shipmate@db.example/shipmate --dry-run",
    "--from sqlite:///shipmate.db --to postgresql://shipmate@db.example/shipmate",
)
_MOVE = (
    "Move the whole history from SQLite to an empty PostgreSQL database, with what is under way."
    " No bot may run on either. The SQLite file is only read."
)

EXAMPLES = {
    "deploy": (
        'deploy core a1b2c3d4 stage because "the login fix"',
        "deploy core,batch v1.2.3 prod --json",
    ),
    "promote": ("promote core prod", "promote all stage prod"),
    "rollback": ("rollback core prod", "rollback core prod D-4821", "rollback core prod '#2'"),
    "follow": ("follow D-4821",),
    "approve": ("approve D-4821",),
    "reject": ('reject D-4821 because "not on a Friday"',),
    "cancel": ("cancel D-4821",),
    "status": ("status", "status core prod", "status core --json"),
    "why": ("why deploy core a1b2c3d4 prod", "why rollback core prod"),
    "diff": ("diff core stage prod",),
    "drift": ("drift", "drift prod --json"),
    "rollout": ("rollout core prod",),
    "whoami": ("whoami",),
    "lock": ('lock core prod for 2h because "the migration"',),
    "unlock": ("unlock core prod",),
    "freeze": ('freeze prod until 18:00 because "the sale"',),
    "unfreeze": ("unfreeze prod",),
}  # fmt: skip

Work = Callable[["Ground"], "End"]


def register(app: typer.Typer) -> None:
    """Add every command to *app*."""
    for verb, about in (
        ("deploy", "Deploy services, and follow it until it is live."),
        ("promote", "Promote what runs in the environment before, and follow it."),
        ("rollback", "Go back to the last good version, or to the one named, and follow it."),
    ):
        app.command(verb, help=_help(verb, about), epilog=CODES)(_order(verb))
    app.command("follow", help=_help("follow", "Follow what somebody asked for anywhere."),
                epilog=CODES)(_follow)  # fmt: skip
    for verb, about in _AT_ONCE.items():
        app.command(verb, help=_help(verb, about), epilog=CODES)(_at_once(verb))
    _move(app)


def _move(app: typer.Typer) -> None:
    lines = "\n\n".join(f"    shipmate move-database {line}" for line in MOVES)
    app.command("move-database", help=f"{_MOVE}\n\nExamples:\n\n{lines}", epilog=MOVE_CODES)(
        _moving
    )


def _moving(
    source: Annotated[
        str, typer.Option("--from", metavar="URL", help="The SQLite file: sqlite:///shipmate.db")
    ],
    target: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="URL", help="The empty PostgreSQL database; by default DATABASE_URL's."
        ),
    ] = None,
    dry_run: Annotated[  # noqa: FBT002
        bool, typer.Option("--dry-run", help="Look whether it would go well, and write nothing.")
    ] = False,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    from rich.console import Console

    from bot.terminal.moving import Ordered, move_database
    from bot.terminal.out import Out

    out = Out(Console(file=sys.stdout), as_json=as_json)
    raise typer.Exit(int(move_database(out, Ordered(source, target, dry_run), os.environ)))


_AT_ONCE = {
    "approve": "Approve a plan that waits; the checks are those of a click.",
    "reject": "Reject a plan that waits, and say why.",
    "cancel": "Cancel what was asked for, where that is still possible.",
    "status": "Show what Git says, what runs, and what is under way.",
    "why": "Show what every rule says of a command; nothing is started.",
    "diff": "Show what lies between two environments or versions.",
    "drift": "Show what runs otherwise than Git says.",
    "rollout": "Show how far a service has rolled out.",
    "whoami": "Show who you are here, and what you may.",
    "lock": "Let nobody else change services.",
    "unlock": "Let others change services again.",
    "freeze": "Stop every change of an environment.",
    "unfreeze": "Lift a freeze that people put on.",
}


def _help(verb: str, about: str) -> str:
    lines = "\n\n".join(f"    shipmate {line}" for line in EXAMPLES[verb])
    return f"{about}\n\nExamples:\n\n{lines}\n\n{WHO}"


def _order(verb: str) -> Callable[..., None]:
    def ordered(
        words: Words = None,
        as_json: AsJson = False,  # noqa: FBT002  # flags are typer's way
        no_wait: NoWait = False,  # noqa: FBT002
        timeout: Most = None,
    ) -> None:
        from bot.terminal import orders  # late, as everywhere here: help is quick without it

        waiting = orders.Waiting(not no_wait, _span(timeout))
        _run(as_json, lambda on: orders.order(on, verb, words or (), waiting))

    return ordered


def _follow(words: Words = None, as_json: AsJson = False, timeout: Most = None) -> None:  # noqa: FBT002
    from bot.terminal import decisions

    _run(as_json, lambda on: decisions.again(on, words or (), _span(timeout)))


def _at_once(verb: str) -> Callable[..., None]:
    def done(words: Words = None, as_json: AsJson = False) -> None:  # noqa: FBT002
        _run(as_json, lambda on: _do(on, verb, words or []))

    return done


def _do(on: "Ground", verb: str, words: list[str]) -> "End":
    from bot.terminal import decisions, drift, looks, stops

    works: dict[str, Callable[[Ground, list[str]], End]] = {
        "approve": decisions.approve,
        "reject": decisions.reject,
        "cancel": decisions.cancel,
        "status": looks.show_status,
        "why": looks.show_why,
        "diff": looks.show_diff,
        "drift": drift.show_drift,
        "rollout": looks.show_rollout,
        "whoami": looks.show_whoami,
    }
    work = works.get(verb)
    return work(on, words) if work is not None else stops.stop(on, verb, words)


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _run(as_json: bool, work: Work) -> None:  # noqa: FBT001
    from rich.console import Console

    from bot.terminal.out import Out
    from bot.terminal.running import run

    out = Out(Console(file=sys.stdout), as_json=as_json)
    raise typer.Exit(int(run(out, work, os.environ)))
