"""Who moved which Rollout when: a claim before each move, so that two clicks are one move.

A claim is an act like any other, and stays. What Argo CD did not take is written behind it; then
the next click may try again.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.domain.rollout import ONWARD, Move, Rollout
from bot.operations.books.act_book import Act, Deed, write_act
from bot.operations.books.rows import take_turns
from bot.operations.database import Database
from bot.operations.outbox import Letter, put
from bot.operations.tables import acts

EFFECT = timedelta(minutes=1)
"""How long a move may take to show. After it the same can be asked for again: whoever claimed it
may have died before asking."""

NOT_TAKEN = "not_taken"


@dataclass(frozen=True, slots=True)
class First:
    """Who did *move* to this version of a Rollout before: a Slack user id, and when."""

    by: str
    move: Move
    at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to ask for one move once; *mark* is its act's name."""

    mark: str


class MoveBook:
    """The claims in one database, by what a Rollout is: its target, uid and new version."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self, place: tuple[str, str], rollout: Rollout, move: Move, by: str, at: datetime
    ) -> Claim | First:
        """Take *move* of the *rollout* of *place* (service, environment), or say who was first.

        Onward moves are decided by one step, so one of them a step is taken; an abort outdoes
        them, and nothing goes onward right after it.
        """
        service, environment = place
        series = _series(place, rollout)
        with self._database.write() as connection:
            take_turns(connection, series)
            made = _made(connection, series)
            standing = [one for one in made if at - one.at < EFFECT and not _undone(one, made)]
            if (first := _before(standing, move, rollout)) is not None:
                return First(first.by, Move(first.detail["move"]), first.at)
            mark = f"{series}:{len(made)}"
            detail = {"move": move.value, "rollout": rollout.name, "state": rollout.state}
            detail |= {"revision": rollout.new.hash, "tags": ", ".join(rollout.new.images)[:200]}
            subject = f"{service}/{environment}"
            write_act(connection, Act(mark, at, by, Deed.ROLLOUT, subject, environment, detail))
            return Claim(mark)

    def release(self, claim: Claim, at: datetime, why: str) -> None:
        """Say that what was claimed did not happen, as far as anybody knows."""
        with self._database.write() as connection:
            row = connection.execute(sa.select(acts).where(acts.c.mark == claim.mark)).one()
            detail = {"move": row.detail["move"], NOT_TAKEN: why[:300]}
            mark = f"{claim.mark}:{NOT_TAKEN}"
            act = Act(mark, at, row.by, Deed.ROLLOUT, row.subject, row.environment, detail)
            write_act(connection, act)

    def told(self, letter: Letter, at: datetime) -> None:
        """Let the outbox say *letter* once."""
        with self._database.write() as connection:
            put(connection, [letter], at)

    def last(self, place: tuple[str, str], rollout: Rollout) -> First | None:
        """Return the last move of this version of *rollout* that was not undone, or None."""
        with self._database.read() as connection:
            made = _made(connection, _series(place, rollout))
        done = [one for one in made if NOT_TAKEN not in one.detail and not _undone(one, made)]
        return First(done[-1].by, Move(done[-1].detail["move"]), done[-1].at) if done else None


def _series(place: tuple[str, str], rollout: Rollout) -> str:
    """Return what all claims on one version of one Rollout have in common."""
    whole = "|".join((*place, rollout.name, rollout.uid, rollout.new.hash))
    return f"rollout:{hashlib.sha256(whole.encode()).hexdigest()[:24]}"


def _made(connection: sa.Connection, series: str) -> list[Act]:
    query = sa.select(acts).where(acts.c.mark.startswith(f"{series}:")).order_by(acts.c.id)
    return [
        Act(row.mark, row.at, row.by, Deed(row.what), row.subject, row.environment, row.detail)
        for row in connection.execute(query)
    ]


def _undone(claim: Act, made: list[Act]) -> bool:
    if NOT_TAKEN in claim.detail:
        return True
    return any(one.mark == f"{claim.mark}:{NOT_TAKEN}" for one in made)


def _before(standing: list[Act], move: Move, rollout: Rollout) -> Act | None:
    """Return the claim that *move* would repeat, or go against."""
    return next((one for one in standing if _bars(one, move, rollout)), None)


def _bars(claim: Act, move: Move, rollout: Rollout) -> bool:
    claimed, same_state = Move(claim.detail["move"]), claim.detail["state"] == rollout.state
    if move in ONWARD:
        return same_state and (claimed in ONWARD or claimed is Move.ABORT)
    return claimed is move and (same_state or move is Move.RESTART)
