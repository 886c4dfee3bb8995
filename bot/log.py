"""The log: one structured line per fact, as JSON for machines or readable, with secrets taken out.

Whatever other libraries log goes the same way: Bolt writes whole request bodies when a signature
is wrong, and an HTTP client its headers.
"""

import logging
import re
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
LONGEST_TEXT = 4_000  # characters of one value; a traceback may have this much
_SHORTEST_SECRET = 6  # a shorter one would blank out ordinary words
_LONGEST_LOOKED_AT = 100_000
_DEEPEST = 6
_STRUCTLOGS_OWN = frozenset({"_record", "_from_structlog"})

_SECRET_KEY = re.compile(
    r"token|secret|passw|passphrase|authorization|private_?key|api_?key|cookie|signature|"
    r"credential|response_url|trigger_id|database_url|(?:^|_)dsn$",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"""
      xox[a-z]-[A-Za-z0-9-]+                                      # Slack's tokens
    | xapp-[A-Za-z0-9-]+
    | xoxe\.[A-Za-z0-9.-]+
    | gh[a-z]_[A-Za-z0-9_]+                                       # GitHub's
    | github_pat_[A-Za-z0-9_]+
    | eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?   # a JWT: Argo CD's, an App's
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z)
    | https://hooks\.slack\.com/[^\s"'<>]+                        # who has it may post
    | (?<=[Bb]earer[ ])[^\s"',]+
    | (?<=Basic[ ])[A-Za-z0-9+/=]{8,}
    | (?<=://)[^\s/@"'<>]+(?=@)                                   # user:password@ of an address
    """,
    re.VERBOSE | re.DOTALL,
)
_UNSEEN = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]"
)
"""What moves a terminal's cursor, ends a line or turns its direction. Tracebacks have lines."""

_SECRET_PART = re.compile(
    r"""
      ( [?&] [\w.-]* (?:token|secret|passw(?:or)?d|signature|credential|api_?key) = ) [^\s&"'<>]+
    | ( ["'] [\w.-]* (?:token|secret|passw(?:or)?d|authorization|api_?key|private_?key) ["'] \s* :
        \s* ) (?: "[^"]*" | '[^']*' )
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What an address's query, or JSON within a text, calls a secret; prose may speak of tokens."""

_QUIET = (
    "apscheduler",
    "httpcore",
    "httpx",
    "urllib3",
    "dbos",
    "alembic",
    "waitress",
    "github",
    "slack_sdk",
)

_SILENT = ("slack_bolt.App", "slack_sdk.web.base_client")
"""Bolt's App warns of SLACK_BOT_TOKEN, which it finds in the environment and is not to use; the
client tells each lost call that our adapter tells, too."""


OPERATION = "operation"
"""The key under which a line names its operation, by the id that card and commit bear, too."""


def about(operation: str) -> AbstractContextManager[None]:
    """Name *operation* (``D-12``) on each line that is logged within, whoever logs it.

    Tasks and ``asyncio.to_thread`` take it along by themselves, pools only as ``threads.Pool``.
    """
    return structlog.contextvars.bound_contextvars(**{OPERATION: operation})


def operation_at_hand() -> str | None:
    """Return the operation that the present work is about, as ``about`` was told, or None."""
    found = structlog.contextvars.get_contextvars().get(OPERATION)
    return found if isinstance(found, str) else None


class Redaction:
    """Takes secrets out of what is logged: by key, by their looks, and the given *secrets*."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._known: re.Pattern[str] | None = None
        self.hide(*secrets)

    def hide(self, *secrets: str) -> None:
        """Take *secrets*, too, out of whatever is logged from now on."""
        self._secrets |= {one for one in secrets if len(one) >= _SHORTEST_SECRET}
        known = sorted(self._secrets, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        """Return *event* with every secret replaced and long texts cut; a structlog processor."""
        return {
            key: value if key in _STRUCTLOGS_OWN else self._entry(key, value, 0)
            for key, value in event.items()
        }

    def text(self, text: str) -> str:
        """Return *text* without secrets, at most ``LONGEST_TEXT`` characters of it.

        What a terminal would obey is written out: much of what is logged comes from outside.
        """
        length, text = len(text), text[:_LONGEST_LOOKED_AT]
        if self._known:
            text = self._known.sub(HIDDEN, text)
        text = _UNSEEN.sub(_written_out, _without_parts(_SECRET_TEXT.sub(HIDDEN, text)))
        return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}… ({length})"

    def _entry(self, key: object, value: Any, depth: int) -> Any:
        if isinstance(key, str) and _SECRET_KEY.search(key) and value not in (None, ""):
            return HIDDEN
        return self._value(value, depth)

    def _value(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if depth >= _DEEPEST:
            return self.text(repr(value))
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): self._entry(key, each, depth + 1)
                for key, each in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(each, depth + 1) for each in value]
        return self.text(value if isinstance(value, str) else str(value))


_ours = Redaction()
"""That of this process's log; it grows when a secret changes."""


def hide(*secrets: str) -> None:
    """Hide *secrets* that became known after the log was set up."""
    _ours.hide(*secrets)


def configure(
    *,
    readable: bool | None = None,
    level: str = "INFO",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Set up the log of this process; a second call replaces the first.

    *readable* lines are for people; None means so if *stream* (standard error by default) is a
    terminal. *secrets* are hidden wherever they turn up, beside all that looks like one.
    """
    _ours.hide(*secrets)
    stream = stream or sys.stderr
    readable = stream.isatty() if readable is None else readable
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _ours,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(readable=readable, colours=stream.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    for name in _SILENT:
        logging.getLogger(name).addFilter(_is_critical)  # Bolt sets the level of its own anew


def _without_parts(text: str) -> str:
    return _SECRET_PART.sub(lambda found: f"{found[1] or found[2]}{HIDDEN}", text)


def _written_out(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def catch_the_rest() -> None:
    """Log, without secrets, what this process would else print as it is.

    That is whatever nobody catches, in any thread, and what libraries warn of.
    """
    rest = structlog.get_logger("rest")

    def tell(
        kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            rest.critical("nobody caught this", exc_info=(kind, error, trace))

    sys.excepthook = tell
    threading.excepthook = lambda last: tell(last.exc_type, last.exc_value, last.exc_traceback)
    logging.captureWarnings(capture=True)


def _is_critical(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.CRITICAL


def _renderer(*, readable: bool, colours: bool) -> Processor:
    if not readable:
        return structlog.processors.JSONRenderer(sort_keys=False, ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=colours, exception_formatter=structlog.dev.plain_traceback
    )
