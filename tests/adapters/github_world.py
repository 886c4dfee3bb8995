"""What the tests of the GitHub adapter share: a clock set by hand, a key, a wire of few routes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Barrier
from typing import TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from bot.adapters.github import AppKey, GitHub, Token
from bot.clock import Clock

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
def pem() -> str:
    """Return a private key, made once: it takes a while."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


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
