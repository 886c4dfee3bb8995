"""READS: secrets that stand in files and are read anew when their files change.

Kubernetes and Docker mount secrets as files. Kubernetes changes one by turning a link to another
folder, others write over it; either way the file is another one then, by its number, size or time.
"""

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from pydantic import SecretStr

from bot import log as logs

log = structlog.get_logger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at a file, however often its secret is used. A look costs 2 µs."""

OVERLAP = 600.0
"""Seconds for which the secret before is still good where others prove themselves by it: what was
signed with it is on the way, and they may change theirs later than we do."""

Stamp = tuple[int, int, int, int]


class UnusableError(Exception):
    """The file holds nothing that can be used. The text says why, and quotes nothing of it."""


class FileSecret(SecretStr):
    """The secret of the variable *name*, which stands in the file *path* and follows it.

    *read* returns what the file holds now, as it was first read and checked, or raises
    ``UnusableError``; then the secret stays what it was. A change is believed when two looks see
    the same file, so that none is read while it is written. *steady* are seconds that never run
    back. For any thread.
    """

    def __init__(
        self,
        value: str,
        name: str,
        path: Path,
        read: Callable[[], str],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(value)
        self.name, self.path = name, path
        self._read, self._steady = read, steady
        self._guard = threading.Lock()
        self._seen = self._changing = self._stamp()
        self._next_look = steady() + LOOK_EVERY
        self._before, self._before_until = "", 0.0
        self._trouble = ""
        self._followers: list[Callable[[], object]] = []

    def follow(self, tell: Callable[[], object]) -> None:
        """Call *tell* after each change, in the thread that saw it."""
        self._followers.append(tell)

    def get_secret_value(self) -> str:
        """Return the secret as it is now."""
        if self._steady() >= self._next_look:
            self.look()
        return self._secret_value

    def accepted(self) -> tuple[str, ...]:
        """Return the secret, and for ``OVERLAP`` after a change also the one before."""
        now = self.get_secret_value()
        old = self._before if self._steady() < self._before_until else ""
        return (now, old) if old else (now,)

    def look(self) -> None:
        """Take over what the file holds, if it has changed and is not being written."""
        self._next_look = self._steady() + LOOK_EVERY
        with self._guard:
            stamp, changed = self._stamp(), False
            if stamp != self._seen and stamp == self._changing:
                changed = self._take(stamp)
            self._changing = stamp
        if changed:
            self._tell()

    def look_again(self, refused: str | None = None) -> bool:
        """Read the file at once: *refused*, by default the secret as it is, was not taken.

        Return whether there is another one to try now.
        """
        tried = self._secret_value if refused is None else refused
        with self._guard:
            changed = self._take(self._stamp())
        if changed:
            self._tell()
        return self._secret_value != tried

    def _take(self, stamp: Stamp | None) -> bool:
        """Read the file; tell whether it holds another secret. The caller holds the guard."""
        self._seen = self._changing = stamp
        try:
            value = self._read()
        except UnusableError as why:
            self._note(str(why))
            return False
        self._trouble = ""
        if value == self._secret_value:
            return False
        logs.hide(value, *re.split(r"[,\n]", value))
        self._before, self._before_until = self._secret_value, self._steady() + OVERLAP
        self._secret_value = value
        return True

    def _note(self, why: str) -> None:
        if why != self._trouble:
            log.warning("the file of a secret was not taken over", variable=self.name, why=why)
        self._trouble = why

    def _tell(self) -> None:
        log.info("a secret was read anew", variable=self.name)
        for tell in self._followers:
            try:
                tell()
            except Exception as error:  # one listener must not keep the secret from the others
                log.exception("who follows a secret failed", variable=self.name, error=str(error))

    def _stamp(self) -> Stamp | None:
        with contextlib.suppress(OSError):
            there = os.stat(self.path)  # noqa: PTH116  # follows links, as a Path's does, at once
            return there.st_dev, there.st_ino, there.st_size, there.st_mtime_ns
        return None


def current(secret: SecretStr | str) -> str:
    """Return *secret* as text, as it is now."""
    return secret if isinstance(secret, str) else secret.get_secret_value()


def look_again(secret: SecretStr | str, refused: str) -> bool:
    """Tell whether another secret than *refused*, which was not taken, can be had now."""
    if isinstance(secret, FileSecret):
        return secret.look_again(refused)
    return False


def accepted(secret: SecretStr | None) -> tuple[str, ...]:
    """Return what proves others to us: *secret*, and the one before it for a while."""
    if secret is None:
        return ()
    if isinstance(secret, FileSecret):
        return secret.accepted()
    return (secret.get_secret_value(),)


def follow(secret: SecretStr | None, tell: Callable[[], object]) -> None:
    """Call *tell* whenever *secret* changes; one that stands in no file never does."""
    if isinstance(secret, FileSecret):
        secret.follow(tell)
