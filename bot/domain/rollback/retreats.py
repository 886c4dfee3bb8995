"""How far a rollback goes back, and what it leaves as it is."""

import posixpath
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.catalog import Target
from bot.domain.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Lost:
    """*total* commits that run now and would no longer; *authors* are those of the listed ones."""

    total: int
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """Files beside the tag's that changed since; with *more* not all of them are listed."""

    files: tuple[str, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Retreat:
    """One *service* goes back to *tag*, which came there at *since*; None: nobody knows when.

    *left* tells that somebody went back from it before. *beside* is what else changed for its
    application in the GitOps repository since then.
    """

    service: str
    tag: str
    since: datetime | None
    left: bool
    lost: Lost | Unknown
    beside: Beside | Unknown


def under(files: Iterable[str], folders: Collection[str], without: Collection[str]) -> list[str]:
    """Return which of *files* lie in one of *folders*, in order, *without* those named.

    A folder that is empty or a dot is the whole repository.
    """
    roots = [posixpath.normpath(folder or ".").lstrip("/") for folder in folders]
    found = {file for file in files if any(_lies(file, root) for root in roots)}
    return sorted(found - set(without))


def tags_of_others(every: Iterable[Target], going: Collection[Target]) -> frozenset[str]:
    """Return the files in which other applications than those of *going* alone have their tags.

    A values file for each environment in one folder is such: production does not read stage's.
    """
    ours = {target.application for target in going}
    places = {(target.location.repo, target.location.branch) for target in going}
    there = [one for one in every if (one.location.repo, one.location.branch) in places]
    read = {one.location.file for one in there if one.application in ours}
    return frozenset(one.location.file for one in there) - read


def _lies(file: str, root: str) -> bool:
    return root in {"", "."} or file == root or file.startswith(f"{root}/")
