"""Who moved which Rollout when: a claim before each move, so that two clicks are one move.

A claim is an act like any other, and stays. What Argo CD did not take is written behind it; then
the next click may try again.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.rollout import ONWARD, Move, Rollout
from bot.messages.rollout import versions
from bot.operations.books.act_book import Act, Deed, write_act
from bot.operations.books.rows import take_turns
from bot.operations.saying.outbox import Letter, put
from bot.operations.sql.database import Database
from bot.operations.sql.tables import acts, outbox, timeline

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
    """The right to ask for one move once, and all that is told of it; *mark* is its act's name.

    *operation* is the id of the one that follows the Rollout, empty where none does. *revision*,
    *state* and *restarted* are the Rollout's, *versions* and *step* people's words for it, right
    before the move.
    """

    mark: str
    by: str
    service: str
    environment: str
    move: Move
    rollout: str
    revision: str
    state: str
    restarted: str = ""
    versions: str = ""
    step: str = ""
    operation: str = ""

    def shows_in(self, now: Rollout) -> bool:
        """Tell whether *now*, the same version later, is otherwise than right before the move."""
        if self.move is Move.RESTART:
            return self.restarted != now.restarted
        return self.state != now.state


class MoveBook:
    """The claims in one database, by what a Rollout is: its target, uid and new version."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self,
        place: tuple[str, str],
        rollout: Rollout,
        move: Move,
        by: str,
        at: datetime,
        operation: str = "",
        asked: str = "",
    ) -> Claim | First:
        """Take *move* of the *rollout* of *place* (service, environment), or say who was first.

        *operation* is the id of the one that follows the Rollout. *asked* is the click: repeated,
        it goes on with its claim where nothing came of that yet, and else was first itself.

        Onward moves are decided by one step, so one of them a step is taken; an abort outdoes
        them, and nothing goes onward right after it.
        """
        series = _series(place, rollout)
        with self._database.write() as connection:
            take_turns(connection, series)
            made = _made(connection, series)
            if (mine := _asked_before(made, asked)) is not None:
                return _claim(mine) if _is_open(mine, made, rollout) else _first(mine)
            standing = [one for one in made if at - one.at < EFFECT and not _undone(one, made)]
            if (first := _before(standing, move, rollout)) is not None:
                return _first(first)
            act = _act(f"{series}:{len(made)}", place, rollout, move, by, at, operation, asked)
            write_act(connection, act)
            return _claim(act)

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

    def untold(self, since: datetime, until: datetime) -> tuple[Claim, ...]:
        """Return what was claimed between both, not taken back, and told nowhere; oldest first."""
        undone = acts.alias()
        query = sa.select(acts).where(
            acts.c.what == Deed.ROLLOUT.value,
            acts.c.at.between(since, until),
            acts.c.mark.not_like(f"%:{NOT_TAKEN}"),
            ~sa.exists().where(undone.c.mark == acts.c.mark + f":{NOT_TAKEN}"),
            ~sa.exists().where(timeline.c.mark == acts.c.mark),
            ~sa.exists().where(outbox.c.key == acts.c.mark),
        )
        with self._database.read() as connection:
            return tuple(
                _claim(_read(row)) for row in connection.execute(query.order_by(acts.c.id))
            )

    def last(self, place: tuple[str, str], rollout: Rollout) -> First | None:
        """Return the last move of this version of *rollout* that was not undone, or None."""
        with self._database.read() as connection:
            made = _made(connection, _series(place, rollout))
        done = _done(made)
        return _first(done[-1]) if done else None


def _series(place: tuple[str, str], rollout: Rollout) -> str:
    """Return what all claims on one version of one Rollout have in common."""
    whole = "|".join((*place, rollout.name, rollout.uid, rollout.new.hash))
    return f"rollout:{hashlib.sha256(whole.encode()).hexdigest()[:24]}"


def _made(connection: sa.Connection, series: str) -> list[Act]:
    query = sa.select(acts).where(acts.c.mark.startswith(f"{series}:")).order_by(acts.c.id)
    return [_read(row) for row in connection.execute(query)]


def _read(row: Any) -> Act:
    return Act(row.mark, row.at, row.by, Deed(row.what), row.subject, row.environment, row.detail)


def _act(
    mark: str,
    place: tuple[str, str],
    rollout: Rollout,
    move: Move,
    by: str,
    at: datetime,
    operation: str,
    asked: str,
) -> Act:
    service, environment = place
    detail = {
        "move": move.value,
        "rollout": rollout.name,
        "state": rollout.state,
        "revision": rollout.new.hash,
        "restarted": rollout.restarted,
        "versions": versions(rollout),
        "step": "" if rollout.step is None else str(rollout.step + 1),
        "operation": operation,
        "asked": asked,
    }
    told = {name: value for name, value in detail.items() if value}
    return Act(mark, at, by, Deed.ROLLOUT, f"{service}/{environment}", environment, told)


def _claim(act: Act) -> Claim:
    service, _, environment = act.subject.partition("/")
    detail = act.detail
    return Claim(
        act.mark,
        act.by,
        service,
        environment,
        Move(detail["move"]),
        detail["rollout"],
        detail.get("revision", ""),
        detail["state"],
        detail.get("restarted", ""),
        detail.get("versions", ""),
        detail.get("step", ""),
        detail.get("operation", ""),
    )


def _first(claim: Act) -> First:
    return First(claim.by, Move(claim.detail["move"]), claim.at)


def _done(made: list[Act]) -> list[Act]:
    return [one for one in made if not _undone(one, made)]


def _asked_before(made: list[Act], asked: str) -> Act | None:
    """Return the claim of the click *asked* that stands, or None."""
    return next((one for one in _done(made) if asked and one.detail.get("asked") == asked), None)


def _is_open(claim: Act, made: list[Act], rollout: Rollout) -> bool:
    """Tell whether nothing came of *claim* yet: whoever made it may have died before asking."""
    return claim is _done(made)[-1] and not _claim(claim).shows_in(rollout)


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
