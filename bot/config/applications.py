"""The shape of ``applications``: what of Argo CD's doings is told, and in which channel."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from bot.config.problems import Unfit
from bot.config.values import Channel, Duration, Part, duration
from bot.domain.applications.events import What
from bot.domain.applications.tellings import Tellings, Wish
from bot.domain.suggestions import nearest

if TYPE_CHECKING:  # they are made of the models, which hold this one
    from bot.config.pieces import Pieces, Report
    from bot.domain.catalog import Catalog

LONGEST_PATTERN = 253


def _glob(text: str) -> str:
    if not text or not text.isprintable() or text != text.strip() or len(text) > LONGEST_PATTERN:
        hint = "write a name, or a pattern such as sandbox-*"
        raise Unfit(f"`{text[:80]}` is no pattern of an application's name", hint)
    return text


Glob = Annotated[str, AfterValidator(_glob)]


class Told(Part):
    """What is told. What is left out stays as the part before says."""

    channel: Channel | None = Field(
        default=None, description="Where; `slack.channels.failures` by default."
    )
    quiet: Duration | None = Field(
        default=None, description="How long Degraded lasts before it is told; `2m` by default."
    )
    degraded: bool | None = Field(
        default=None, description="Degraded, and well again; true by default."
    )
    sync_failed: bool | None = Field(
        default=None, description="A sync that failed, and that it is over; true by default."
    )
    sync_succeeded: bool | None = Field(
        default=None,
        description="Syncs of commits that are not Shipmate's, in one note a day for each "
        "application; false by default.",
    )
    auto_sync_changed: bool | None = Field(
        default=None, description="Auto-sync switched by somebody; true by default."
    )
    manual_sync: bool | None = Field(
        default=None, description="A sync by a person; by default in production only."
    )

    def wish(self) -> Wish:
        """Return what it means."""
        every = {
            What.DEGRADED: self.degraded,
            What.SYNC_FAILED: self.sync_failed,
            What.SYNC_SUCCEEDED: self.sync_succeeded,
            What.AUTO_SYNC_CHANGED: self.auto_sync_changed,
            What.MANUAL_SYNC: self.manual_sync,
        }
        said = {what: told for what, told in every.items() if told is not None}
        return Wish(self.channel, duration(self.quiet) if self.quiet else None, said)


class Applications(Told):
    """What is told of what Argo CD does without Shipmate: first for all, then for some."""

    environments: dict[str, Told | None] | None = Field(
        default=None, description="What is different in an environment."
    )
    apps: dict[Glob, Told | None] | None = Field(
        default=None,
        description="What is different for applications of that name, `sandbox-*` being a "
        "pattern; of several that fit the last one counts most.",
    )


def look_for_dead_names(pieces: "Pieces", report: "Report", catalog: "Catalog") -> None:
    """Note environments that are not there, and patterns that fit no application."""
    piece = pieces.applications
    if piece is None:
        return
    known = pieces.names("environments")
    for name in piece.environments or ():
        if name not in known:
            path = ("applications", "environments", name)
            report.unknown_key(path, "environment", name, known)
    if report.problems:
        return  # The catalog may lack applications, and one mistake is one problem.
    every = sorted({one.application.name for one in catalog.targets.values()})
    for glob in piece.apps or ():
        if not _fits(glob, every):
            report.at_key(
                ("applications", "apps", glob), f"`{glob}` fits no application", _meant(glob, every)
            )


def tellings_of(piece: Applications | None, channel: str) -> Tellings:
    """Return what is told, in *channel* unless the file says otherwise."""
    if piece is None:
        return Tellings(channel)
    return Tellings(
        channel,
        piece.wish(),
        {name: (one or Told()).wish() for name, one in (piece.environments or {}).items()},
        tuple((glob, (one or Told()).wish()) for glob, one in (piece.apps or {}).items()),
    )


def _fits(glob: str, names: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for name in names)


def _meant(glob: str, names: list[str]) -> str:
    near = nearest(glob, names, most=1)
    return f"did you mean `{near[0]}`?" if near else f"known: {', '.join(names[:8])}"
