"""What was brought where, a page at a time, newest first."""

import re
from dataclasses import dataclass

from bot.domain.approvals import Decision
from bot.domain.catalog import Catalog
from bot.domain.going_back import Past
from bot.domain.operations import Operation
from bot.domain.unknown import Unknown

PAGE = 8
"""Operations on one page: with their changes and approvals a message has room for no more."""

_CURSOR = re.compile(r"([^|]*)\|([^|]*)\|(D-[1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class Told:
    """One *operation*, and what people *decided* about it."""

    operation: Operation
    decided: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: right below the operation *before*. Names are None for all."""

    service: str | None
    environment: str | None
    before: str

    def __str__(self) -> str:
        """Return it as a button's value."""
        return f"{self.service or ''}|{self.environment or ''}|{self.before}"


@dataclass(frozen=True, slots=True)
class Page:
    """One page. *older* is where the next begins, None where there is none.

    *past* is what the one target had before, in the order in which ``/rollback … #n`` counts; None
    unless one service and environment were named, and on later pages.
    """

    service: str | None
    environment: str | None
    told: tuple[Told, ...]
    older: Cursor | None = None
    past: tuple[Past, ...] | Unknown | None = None
    first: bool = True


def read_cursor(text: str, catalog: Catalog) -> Cursor | None:
    """Return what a button carried; None where it is none, or names what is not there any more."""
    found = _CURSOR.fullmatch(text) if len(text) <= 300 else None  # noqa: PLR2004  # two names
    if found is None:
        return None
    service, environment = found[1] or None, found[2] or None
    if service is not None and service not in catalog.services:
        return None
    if environment is not None and environment not in catalog.environments:
        return None
    return Cursor(service, environment, found[3])
