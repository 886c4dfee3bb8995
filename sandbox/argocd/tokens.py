"""Who asks, and what they may: API tokens that look like JWTs, and a small RBAC."""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.argocd.refusals import UNAUTHENTICATED, Refusal

CHATOPS = frozenset(
    {
        "applications/get",
        "applications/sync",
        "applications/update",
        "applications/action",
        "applicationsets/get",
    }
)
"""What the bot's role is granted when everything it can do is switched on."""


@dataclass
class Account:
    """One token's owner. *projects* None means all of them; *expires* None means never."""

    subject: str
    rights: frozenset[str] = CHATOPS
    projects: frozenset[str] | None = None
    issued: int = 0
    expires: datetime | None = None
    revoked: bool = False
    denied: set[tuple[str, str, str]] = field(default_factory=set)

    def may(self, right: str, project: str, namespace: str, name: str) -> bool:
        """Tell whether *right* (``applications/get``) is granted on an application."""
        if right not in self.rights:
            return False
        if self.projects is not None and project not in self.projects:
            return False
        return (right, namespace, name) not in self.denied


def make_token(subject: str, issued: int, expires: int | None = None) -> str:
    """Return a JWT of *subject* with a signature that says it is pretended."""
    claims: dict[str, object] = {
        "iss": "argocd",
        "sub": subject,
        "iat": issued,
        "nbf": issued,
        "jti": f"sandbox-{issued}",
    }
    if expires is not None:
        claims["exp"] = expires
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    return ".".join([*(_part(json.dumps(part)) for part in parts), _part("pretended")])


def _part(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def bearer(header: str | None) -> str | None:
    """Return the token of an Authorization header; None when it does not look like a JWT."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or len(token.split(".")) != 3:
        return None
    return token


def authenticate(header: str | None, accounts: dict[str, Account], now: datetime) -> Account:
    """Return whose token *header* carries.

    Raises:
        Refusal: 401, in Argo CD's words, for none, an unknown, a revoked or an expired one.
    """
    token = bearer(header)
    if token is None:
        raise Refusal(UNAUTHENTICATED, "no session information")
    account = accounts.get(token)
    if account is None:
        raise Refusal(UNAUTHENTICATED, "invalid session: token signature is invalid")
    if account.revoked:
        raise Refusal(UNAUTHENTICATED, "invalid session: token is revoked, please re-login")
    if account.expires is not None and now >= account.expires:
        raise Refusal(
            UNAUTHENTICATED, "invalid session: token has invalid claims: token is expired"
        )
    return account
