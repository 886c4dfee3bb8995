"""How registries ask who we are, and whom we believe when they do. Pure.

Source: https://distribution.github.io/distribution/spec/auth/token/
"""

import base64
import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.secret_files import look_again

USUAL_LIFE = timedelta(seconds=60)
"""How long a token lives that does not say. Source: as above."""

LONGEST_LIFE = timedelta(hours=1)
"""However long a token says it lives, it is asked for anew after this."""

ADDRESSES: Mapping[str, str] = {"docker.io": "registry-1.docker.io"}
"""Registries that are reached by another name than images are called by.

Source: https://distribution.github.io/distribution/recipes/mirror/
"""

REALMS: Mapping[str, str] = {"docker.io": "auth.docker.io"}
"""Registries whose tokens come from another host than their own. Source: as above."""

_PAIR = re.compile(r'([A-Za-z_]{1,30})="([^"]{0,1000})"')
_LONGEST_CHALLENGE = 4000


@dataclass(frozen=True, slots=True)
class Login:
    """A *user* and a *password* or token. For ghcr.io a classic token that may read packages."""

    user: str
    password: SecretStr

    @property
    def header(self) -> str:
        """Return the value of an Authorization header."""
        return self._header(self.password.get_secret_value())

    def is_another(self, refused: str) -> bool:
        """Read the password again; tell whether *refused*, its header before, is not ours now."""
        if not refused.startswith("Basic "):
            return False
        before = self.password.get_secret_value()
        if refused == self._header(before):
            return look_again(self.password, before)
        return True

    def _header(self, password: str) -> str:
        pair = f"{self.user}:{password}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"


@dataclass(frozen=True, slots=True)
class Host:
    """A registry that the configuration names, and how to log in there; None: as anybody.

    *realms* are further hosts (with ``:port`` where it is not the usual one) that may give tokens
    for it, and so may be shown the login. *url* is where it answers, without a last slash; None:
    where its name says.
    """

    login: Login | None = None
    realms: frozenset[str] = frozenset()
    url: str | None = None

    def known(self) -> frozenset[str]:
        """Return who may give tokens for it, besides those that its name says."""
        return self.realms if self.url is None else self.realms | {urlsplit(self.url).netloc}

    def hides_logins(self) -> bool:
        """Tell whether nobody on the way to it can read a login."""
        return self.url is None or is_hidden(self.url)


@dataclass(frozen=True, slots=True)
class Bearer:
    """The registry wants a token of *realm*, an address, for its *service*."""

    realm: str
    service: str


@dataclass(frozen=True, slots=True)
class Basic:
    """The registry wants the login itself."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the moment until which it is used."""

    value: str = field(repr=False)
    until: datetime

    @property
    def header(self) -> str:
        """Return the value of an Authorization header."""
        return f"Bearer {self.value}"


def challenge(headers: Iterable[str]) -> Bearer | Basic | None:
    """Return what the ``WWW-Authenticate`` *headers* of a 401 ask for, a token if they do."""
    basic: Basic | None = None
    for header in headers:
        scheme, _, rest = header[:_LONGEST_CHALLENGE].strip().partition(" ")
        words = {key.lower(): value for key, value in _PAIR.findall(rest)}
        if scheme.lower() == "bearer" and "realm" in words:
            return Bearer(words["realm"], words.get("service", ""))
        if scheme.lower() == "basic":
            basic = Basic()
    return basic


def decoded_token(body: Any, now: datetime) -> Token:
    """Return the token in the JSON *body* that was asked for at *now*.

    Raises:
        ValueError: there is none.
    """
    said = body if isinstance(body, dict) else {}
    value = said.get("token") or said.get("access_token")
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise ValueError("no token")
    return Token(value, now + _life(said.get("expires_in")))


def _life(said: Any) -> timedelta:
    if not isinstance(said, int) or isinstance(said, bool) or said <= 0:
        return USUAL_LIFE
    return timedelta(seconds=min(said, int(LONGEST_LIFE.total_seconds())))


def address(host: str) -> str:
    """Return where the registry *host* is reached: by https, on this machine by http."""
    name = ADDRESSES.get(host, host)
    return f"{'http' if is_loopback(name) else 'https'}://{name}"


def may_have_login(realm: str, host: str, also: Collection[str]) -> bool:
    """Tell whether the address *realm* belongs to the registry *host*, or to one of *also*.

    Only such an address is asked for a token at all: who answers in the registry's place must not
    learn the login, nor make us call other machines.
    """
    try:
        parts = urlsplit(realm)
        port = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.password is not None:
        return False
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    place = name if port is None or port == usual else f"{name}:{port}"
    known = {host, ADDRESSES.get(host, host), REALMS.get(host, host), *also}
    return is_hidden(realm) and place in {one.lower() for one in known}


def is_hidden(url: str) -> bool:
    """Tell whether nobody on the way to *url* can read what is sent: it is https, or this machine.

    Raises:
        ValueError: *url* is no address.
    """
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc))


def is_loopback(place: str) -> bool:
    """Tell whether *place* (``host`` or ``host:port``) is this machine."""
    try:
        name = urlsplit(f"//{place}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
