"""The move itself: everything in one transaction, which is committed when all was read again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
import structlog

from bot.clock import Clock
from bot.domain.database_move import Counted, Hindered, Hindrance, Moved, Outcome, Stage, TableMoved
from bot.domain.errors import Rejected
from bot.operations.engine import make_tables
from bot.operations.replicas.lease import AlreadyRunningError, FileLease
from bot.operations.sql.database import DATABASE, Database, sqlite_path
from bot.operations.sql.moved_away import leave_note
from bot.operations.sql.schema import revision
from bot.operations.to_postgresql.filling import RefusedRowError, Target, filling, looking
from bot.operations.to_postgresql.pairs import Pair, engines, ours
from bot.operations.to_postgresql.reading import Source, reading
from bot.operations.to_postgresql.schemas import unfit_source, unfit_target
from bot.operations.to_postgresql.sole_lease import SoleLease
from bot.operations.to_postgresql.tally import Tally

log = structlog.get_logger(__name__)

Tell = Callable[[Stage, str, int, int], None]
"""Is told what is done with a table, its name, with how many of its rows, and of how many."""


class _Stopped(Exception):  # noqa: N818  # it is no error of ours
    """Ends the transaction without a commit, for the reason it carries."""

    def __init__(self, hindered: Hindered) -> None:
        self.hindered = hindered
        super().__init__(hindered.why)


class Move:
    """Moves the history in the file *source* into *target*; both are addresses of databases."""

    def __init__(self, source: str, target: str, tell: Tell, clock: Clock) -> None:
        path = sqlite_path(source)
        assert path is not None, "a history is moved from a file"
        self._path, self._tell, self._clock = path, tell, clock
        self._source = Database(source, read_only=True)
        self._target = Database(target)

    def close(self) -> None:
        """Close both databases."""
        self._source.close()
        self._target.close()

    def look(self) -> Moved | Hindered:
        """Return what a move would bring, or what hinders it. Nothing is written anywhere.

        Raises:
            Rejected: the file cannot be read.
            Unavailable: one of both does not answer.
        """
        return self._while_no_bot_runs(self._looked)

    def move(self) -> Moved | Hindered:
        """Move everything, or nothing.

        Raises:
            Rejected: the file cannot be read, or a newer Shipmate made the target's tables.
            Unavailable: one of both does not answer. Nothing was moved, unless it was at the very
                end: another move finds that out.
        """
        return self._while_no_bot_runs(self._moved)

    def _while_no_bot_runs(self, work: Callable[[Source], Moved | Hindered]) -> Moved | Hindered:
        try:
            with _leased(self._path, self._target), reading(self._source) as source:
                unfit = unfit_source(revision(source.connection)) or self._unfit_target()
                return unfit or work(source)
        except _Stopped as stopped:
            return stopped.hindered
        except RefusedRowError as refused:
            facts = {"table": refused.table, "why": refused.why}
            return Hindered(Hindrance.REFUSED_ROW, facts)

    def _unfit_target(self) -> Hindered | None:
        with self._target.read() as connection:
            return unfit_target(revision(connection))

    def _looked(self, source: Source) -> Moved:
        pairs = _pairs(source)
        with looking(self._target) as target:
            if held := target.held(pairs):
                return self._there_already(source, target, pairs, held)
        tables = tuple(TableMoved(one.name, self._read(source, one)) for one in pairs)
        return _moved(source, tables, Outcome.WOULD_MOVE)

    def _moved(self, source: Source) -> Moved:
        pairs = _pairs(source)
        self._target.migrate()
        make_tables(self._target.url)
        with filling(self._target) as target:
            target.close_to_others(pairs)
            held = target.held(pairs)
            moved = (
                self._there_already(source, target, pairs, held)
                if held
                else self._filled(source, target, pairs)
            )
            if source.has_changed():
                raise _Stopped(Hindered(Hindrance.CHANGED_MEANWHILE))
            # Before the commit: a note without a history is cleared up by the next move, but a
            # file that may still be worked on after its history has moved is not.
            self._leave_note()
        log.info("moved", rows=sum(one.here.rows for one in moved.tables))
        return moved

    def _filled(self, source: Source, target: Target, pairs: tuple[Pair, ...]) -> Moved:
        read = [(pair, self._read(source, pair, target)) for pair in pairs]
        tables = tuple(self._again(target, pair, here) for pair, here in read)
        if odd := [one.name for one in tables if not one.is_the_same]:
            raise _Stopped(Hindered(Hindrance.NOT_THE_SAME, {"tables": ", ".join(odd)}))
        for pair in pairs:
            if pair.serial is not None:
                target.count_on_from(pair, source.highest(pair))
        return _moved(source, tables, Outcome.MOVED)

    def _read(self, source: Source, pair: Pair, into: Target | None = None) -> Counted:
        """Return what stands in one table of the source, once it is written down *into* another."""
        tally, of = Tally(), source.count(pair)
        for rows in source.batches(pair):
            for row in rows:
                tally.add(row)
            if into is not None:
                into.take(pair, rows)
            self._tell(Stage.READING, pair.name, tally.rows, of)
        return tally.counted()

    def _again(self, target: Target, pair: Pair, here: Counted) -> TableMoved:
        self._tell(Stage.COMPARING, pair.name, 0, here.rows)
        return TableMoved(pair.name, here, target.counted(pair))

    def _there_already(
        self, source: Source, target: Target, pairs: tuple[Pair, ...], held: tuple[str, ...]
    ) -> Moved:
        """Return that an earlier move brought everything.

        Raises:
            _Stopped: something else stands there.
        """
        nothing = Tally().counted()
        tables = []
        for pair in pairs:
            there = target.counted(pair) if pair.name in held else nothing
            tables.append(TableMoved(pair.name, self._read(source, pair), there))
        if not all(one.is_the_same for one in tables):
            stands = ", ".join(held)
            raise _Stopped(Hindered(Hindrance.TARGET_HOLDS, {"tables": stands}))
        return _moved(source, tuple(tables), Outcome.ALREADY_THERE)

    def _leave_note(self) -> None:
        leave_note(self._path, shown(self._target.url), self._clock.now())


def shown(url: sa.URL) -> str:
    """Return *url* for people: without a login."""
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or ''}{port}/{url.database or ''}"


def _pairs(source: Source) -> tuple[Pair, ...]:
    return (*ours(), *engines(source.connection))


def _moved(source: Source, tables: tuple[TableMoved, ...], outcome: Outcome) -> Moved:
    operations = next(pair for pair in ours() if pair.name == "operations")
    following = source.highest(operations) + 1
    return Moved(outcome, tables, source.under_way(), following, source.mended)


@contextmanager
def _leased(path: Path, target: Database) -> Iterator[None]:
    """Keep bots from both sides while the block lasts.

    Raises:
        _Stopped: one runs.
        Rejected: the file beside the source, by which bots are kept away, cannot be written.
    """
    try:
        lease = FileLease(path)
    except AlreadyRunningError as running:
        owner = _lock_of(path).read_text(encoding="utf-8").strip()
        facts = {"process": owner or "unknown"}
        raise _Stopped(Hindered(Hindrance.BOT_ON_SOURCE, facts)) from running
    except OSError as closed:
        said = f"{_lock_of(path)}: {closed.strerror}; bots are kept away by it"
        raise Rejected(DATABASE, "be kept for the move", said) from closed
    try:
        with _alone(target):
            yield
    finally:
        lease.release()


@contextmanager
def _alone(target: Database) -> Iterator[None]:
    try:
        sole = SoleLease(target.url)
    except AlreadyRunningError as running:
        raise _Stopped(Hindered(Hindrance.BOT_ON_TARGET)) from running
    try:
        yield
    finally:
        sole.release()


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")
