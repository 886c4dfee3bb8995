"""Opens deploy forms and fills them in the background: in a bounded pool, and never raising.

Each choice of a person makes what the form shows stale. Only the newest one is worth showing, and
it may be overtaken while GitHub is asked: so each filling asks, before it speaks, whether it still
is the newest.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from threading import BoundedSemaphore, Event, Lock

import structlog
from cachetools import LRUCache

from bot.adapters.slack import Opened, Slack
from bot.clock import Clock
from bot.domain.catalog import Catalog
from bot.domain.commands import Deploy
from bot.domain.errors import BotError, Conflict, NotFound, Unavailable
from bot.domain.form import Choices, read
from bot.domain.form_filling import Filling, Waiting
from bot.domain.message import Message
from bot.domain.operations import Request
from bot.domain.patience import next_try
from bot.domain.problems import Problem
from bot.messages import deploy_form, replies
from bot.operations.looking.form import FormReader

log = structlog.get_logger(__name__)

AT_ONCE = 4
MOST_WAITING = 64
"""Forms that may wait to be opened or filled; further ones are told so, or stay as they are."""
MOST_FORMS = 1_000
"""Open forms whose newest choice is remembered; nobody tells us when one is closed."""

TRIES = 3
LONGEST_PAUSE = timedelta(seconds=10)

RequestOf = Callable[[Deploy], Request]


@dataclass(frozen=True, slots=True)
class Seen:
    """A form as a person sees it: its view's *id* and *hash*, and what it carries along."""

    view: Opened
    metadata: str


class Forms:
    """Every open form. One for the process; every method is for any thread."""

    def __init__(
        self,
        catalog: Catalog,
        reader: FormReader,
        outsider: Callable[[str], Problem | None],
        slack: Slack,
        clock: Clock,
    ) -> None:
        self._catalog, self._reader, self._slack, self._clock = catalog, reader, slack, clock
        self._outsider = outsider
        self._closing = Event()
        self._room = BoundedSemaphore(MOST_WAITING)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="forms")
        self._lock = Lock()
        self._numbers = count(1)
        self._newest: LRUCache[str, int] = LRUCache(MOST_FORMS)

    @property
    def catalog(self) -> Catalog:
        """Return what can be chosen."""
        return self._catalog

    def open(
        self, trigger: str, metadata: str, user: str, failed: Callable[[Message], None]
    ) -> None:
        """Open an empty form for *user*, who caused *trigger*; *failed* is told if none opens.

        It shows the newest commits, so it is for full members of the workspace.
        """
        if not self._submit(lambda: self._open(trigger, metadata, user, failed)):
            failed(deploy_form.not_opened("too many forms are being opened"))

    def fill(self, seen: Seen, choices: Choices, request_of: RequestOf) -> None:
        """Show what *choices* lead to; *request_of* makes the request that they stand for."""
        number = self._is_now_newest(seen.view.id)
        self._submit(lambda: self._fill(seen, choices, request_of, number))

    def close(self) -> None:
        """Finish what is being shown; forget what waits."""
        self._closing.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    # in the pool

    def _open(
        self, trigger: str, metadata: str, user: str, failed: Callable[[Message], None]
    ) -> None:
        if (why := self._outsider(user)) is not None:
            failed(replies.refused(why))
            return
        choices = Choices()
        first = Filling(self._reader.known(choices))
        view = deploy_form.form(choices, first, self._catalog, metadata)
        try:
            opened = self._slack.open_view(trigger, view)  # Never twice: it may have opened.
        except BotError as error:
            log.warning("a form did not open", error=str(error))
            failed(deploy_form.not_opened(error.detail))
            return
        if first.versions is not Waiting.READING:
            return
        number = self._is_now_newest(opened.id)
        filling = Filling(self._reader.versions(choices))
        self._show(Seen(opened, metadata), choices, filling, number)

    def _fill(self, seen: Seen, choices: Choices, request_of: RequestOf, number: int) -> None:
        """Show at once what is known, then what has to be asked for."""
        command = read(choices, self._catalog) if choices.are_whole else Waiting.CHOICE
        weighs = isinstance(command, Deploy)
        first = Filling(
            self._reader.known(choices), Waiting.READING if isinstance(command, Deploy) else command
        )
        shown = self._show(seen, choices, first, number)
        if shown is None or (first.versions is not Waiting.READING and not weighs):
            return
        versions = self._reader.versions(choices)
        verdict = (
            self._reader.weigh(request_of(command)) if isinstance(command, Deploy) else command
        )
        self._show(Seen(shown, seen.metadata), choices, Filling(versions, verdict), number)

    def _show(self, seen: Seen, choices: Choices, filling: Filling, number: int) -> Opened | None:
        """Update the view; return it as it is now, or None where that is nobody's wish any more.

        A conflict means that the view was updated since the person saw it. By a filling that was
        under way when they chose: then ours is newer and replaces it. By another instance of the
        bot that heard a later choice: it cannot be told apart from here, and what is shown then
        names what it is about, and is read again when the form is sent.
        """
        view = deploy_form.form(choices, filling, self._catalog, seen.metadata)
        expected: str | None = seen.view.hash
        for tried in range(1, TRIES + 1):
            if not self._is_newest(seen.view.id, number):
                return None
            try:
                return self._slack.update_view(seen.view.id, view, expected)
            except Conflict:
                expected = None
            except NotFound:
                return None  # They closed it.
            except Unavailable as away:
                pause = next_try(tried, away.retry_after)
                if tried == TRIES or pause > LONGEST_PAUSE:
                    raise
                if self._closing.wait(self._clock.pause(pause)):
                    return None
        return None

    # who is newest

    def _is_now_newest(self, view_id: str) -> int:
        with self._lock:
            number = next(self._numbers)
            self._newest[view_id] = number
            return number

    def _is_newest(self, view_id: str, number: int) -> bool:
        with self._lock:
            return self._newest.get(view_id, number) <= number

    # the pool

    def _submit(self, work: Callable[[], None]) -> bool:
        """Do *work* soon; False when there is no room for it."""
        if not self._room.acquire(blocking=False):
            log.warning("too many forms wait; one was left as it is")
            return False
        try:
            self._pool.submit(self._run, work)
        except RuntimeError:  # shutting down
            self._room.release()
            return False
        return True

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BotError as error:
            log.warning("a form was not filled", error=str(error))
        except Exception:
            log.exception("a form failed")
        finally:
            self._room.release()
