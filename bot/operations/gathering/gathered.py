"""What gathering brings home: the facts that are judged, and what a plan is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.adapters.github.commits import Commit
from bot.adapters.github.comparison import Comparison
from bot.adapters.gitops import Snapshot
from bot.domain.catalog import Application
from bot.domain.errors import BotError
from bot.domain.facts import Facts
from bot.domain.observation import Observation
from bot.domain.problems import Problem
from bot.domain.rollback.going_back import Past
from bot.domain.rollback.retreats import Retreat
from bot.domain.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Aim:
    """What a target shall come to: the *tag*, and the *commit* it is made of, or None.

    *past* is what a rollback goes back to.
    *undoes* is the operation that brought what stands there now, where that is taken back. *old* is
    what it takes the place of, where no file was read that says so.
    """

    tag: str
    commit: Commit | None
    undoes: str | None = None
    past: Past | None = None
    old: str | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """The world of one request, read at one moment.

    *aims* are by service, of those whose tag is known. *between* is by source repository: what
    lies between what runs and the new commits. Where nothing runs it has nothing; where services
    of one repository run different versions it is the longest way. *observations* are those of the
    request's own targets. *trouble* is a definite no that no rule words; *troubles* are those that
    are about one service, by service. *away* is the first
    system that did not answer, and may be asked again. *read_at* is when the outside was asked;
    ``facts.at`` may be later, where rights, locks and freezes were read anew. *retreats* are there
    once somebody asked how far a rollback goes back. *rights_as_of* is as in ``Who``.
    """

    facts: Facts
    aims: Mapping[str, Aim]
    snapshot: Snapshot | None
    observations: Mapping[Application, Observation]
    between: Mapping[str, Comparison | Unknown]
    trouble: Problem | None
    away: BotError | None
    read_at: datetime
    retreats: tuple[Retreat, ...] = ()
    troubles: Mapping[str, Problem] = field(default_factory=dict)
    rights_as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Freshness:
    """What an approval is bound to, as it stands now: *aims* by service, and the files.

    *trouble* also says where the version no longer names one commit.
    """

    aims: Mapping[str, Aim]
    snapshot: Snapshot | None
    trouble: Problem | None
    away: BotError | None
