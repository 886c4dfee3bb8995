"""What the tests of the GitHub adapter share: a clock set by hand, a key, a wire of few routes."""

import subprocess
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from threading import Barrier
from typing import Self, TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from bot.adapters.github import AppKey, GitHub, Token
from bot.adapters.gitops import GitOps
from bot.clock import Clock
from sandbox.github import Commit as FakeCommit
from sandbox.github import GitHub as Fake

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

T = TypeVar("T")


class HandClock(Clock):
    """A clock that stands until somebody moves it."""

    def __init__(self, at: datetime = NOON) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, span: timedelta) -> None:
        self.at += span


@cache
def _key() -> rsa.RSAPrivateKey:
    """Return a key, made once: it takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem() -> str:
    return (
        _key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def pem() -> str:
    return (
        _key()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        .decode()
    )


def token(value: str = "ghp_secret") -> Token:
    return Token(SecretStr(value))


def app_key(installation_id: int = 7, key: str | None = None) -> AppKey:
    return AppKey("42", SecretStr(key or pem()), installation_id)


def github(url, credentials=None, *, clock=None, timeout=5, on_call=None) -> GitHub:
    clock = clock or HandClock()
    return GitHub(
        credentials or token(),
        url,
        timeout=timeout,
        clock=clock,
        wall=clock,
        on_call=on_call,
    )


def at_once(number: int, do: Callable[[int], T]) -> list[T]:
    """Return what *do* returned in each of *number* threads that started together."""
    gate = Barrier(number)

    def run(n: int) -> T:
        gate.wait()
        return do(n)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


class World:
    """A pretended GitHub with one GitOps repository, and the real adapter before it.

    *permissions* are those of the login; None allows everything. *by_app* logs in as an App.
    """

    def __init__(
        self,
        root: Path,
        files: Mapping[str, bytes],
        *,
        executable: Collection[str] = (),
        permissions: Mapping[str, str] | None = None,
        by_app: bool = False,
    ) -> None:
        self.clock = HandClock()
        self.born = self.clock.now()
        self.fake = Fake(root, self.clock)
        self.fake.keeps_connections = True
        self.fake.start()
        self.repo = "acme/gitops"
        self._now = self.repo
        self.fake.create_repository(self.repo, files, executable=executable)
        if by_app:
            self.fake.add_app(42, public_pem(), 7, permissions or {"contents": "write"})
        else:
            self.fake.add_token("ghp_secret", "shipmate", permissions)
        self._credentials = app_key() if by_app else token()
        self._doors: list[GitHub] = []
        self.gitops = GitOps(self.door())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for door in self._doors:
            door.close()
        self.fake.stop()
        if error is None:
            assert [] == self.fake.strange

    def door(self, *, timeout: int = 5) -> GitHub:
        """Return a door of its own; *timeout* in seconds."""
        made = GitHub(self._credentials, self.fake.api_url, timeout=timeout, clock=self.clock)
        self._doors.append(made)
        return made

    # what somebody else does

    def push(self, files: Mapping[str, bytes]) -> str:
        return self.fake.push(self._now, "main", files)

    def rename(self, name: str) -> None:
        self.fake.rename(self._now, name)
        self._now = name

    # what is there

    def head(self, branch: str = "main") -> str:
        return self.fake.head(self._now, branch)

    def text(self, file: str, branch: str = "main") -> bytes:
        return self.fake.file(self._now, branch, file)

    def mode(self, file: str) -> str:
        return self.fake.mode(self._now, "main", file)

    def newest(self) -> FakeCommit:
        return self.fake.log(self._now)[0]

    def count_commits(self) -> int:
        return len(self.fake.log(self._now))

    def changed(self) -> list[str]:
        """Return the files that the newest commit changed, as Git tells it."""
        return self.git("diff", "--name-only", "main~1", "main").split()

    def git(self, *words: str) -> str:
        path = self.fake.path(self._now)
        done = subprocess.run(["git", "-C", path, *words], capture_output=True, check=True)
        return done.stdout.decode()

    # what was asked

    def routes(self) -> list[str]:
        return [call.route for call in self.fake.calls]

    def mutations(self) -> int:
        return sum(b"mutation(" in call.body for call in self.fake.calls)
