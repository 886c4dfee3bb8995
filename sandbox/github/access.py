"""Who calls: App JWTs, installation tokens, personal tokens, and what each may do."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
from werkzeug.wrappers import Request, Response

from sandbox.github.accounts import Account, simple
from sandbox.github.rest import Asked, Refused, Route, missing, stamp
from sandbox.wire import answer

if TYPE_CHECKING:
    from sandbox.github.state import State

LIFETIME = timedelta(hours=1)
LEVELS = ("none", "read", "write", "admin")


@dataclass
class App:
    """A GitHub App: its *key* checks the JWTs that its private half signed.

    *permissions* and *events* are those it is registered with; an installation has what its
    organization accepted of them.
    """

    id: int
    slug: str
    key: str
    bot: Account
    permissions: Mapping[str, str] = field(default_factory=dict)
    events: frozenset[str] = frozenset()


@dataclass
class Installation:
    """An App in an organization. *repositories* None: all of them."""

    id: int
    app: App
    permissions: Mapping[str, str]
    repositories: frozenset[str] | None = None
    suspended: bool = False
    events: frozenset[str] = frozenset()
    owner: Account | None = None


@dataclass
class Token:
    """A credential: whose it is, what it may, until when (None: for ever).

    *permissions* None: everything. *installation* None: a personal token. *scopes* are those of a
    classic one, None for the other kinds; *administers* that its person is a repository's admin.
    """

    value: str = field(repr=False)
    account: Account
    permissions: Mapping[str, str] | None
    installation: Installation | None = None
    repositories: frozenset[str] | None = None
    expires: datetime | None = None
    revoked: bool = False
    scopes: tuple[str, ...] | None = None
    administers: bool = False

    def may(self, permission: str, level: str) -> bool:
        """Tell whether it holds *permission* at *level* or above."""
        if self.permissions is None or permission == "metadata":
            return True
        held = self.permissions.get(permission, "none")
        return LEVELS.index(held) >= LEVELS.index(level)

    def sees(self, full_name: str) -> bool:
        """Tell whether the repository exists for it."""
        return self.repositories is None or full_name in self.repositories

    @property
    def whose(self) -> str:
        """Return how a rate limit's text names it."""
        if self.installation is not None:
            return f"installation ID {self.installation.id}"
        return f"user ID {self.account.id}"

    def refusal(self) -> str:
        """Return GitHub's text for a permission it lacks."""
        kind = "integration" if self.installation is not None else "personal access token"
        return f"Resource not accessible by {kind}"


class Access:
    """The Apps, installations and tokens. Credentials live by the wall's clock, as JWTs do."""

    def __init__(self) -> None:
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.tokens: dict[str, Token] = {}

    def token(self, request: Request, now: datetime) -> Token | None:
        """Return the caller's token; None without credentials.

        Raises:
            Refused: 401, the token is unknown, revoked or expired.
        """
        header = request.headers.get("Authorization")
        if not header:
            return None
        scheme, _, value = header.partition(" ")
        token = self.tokens.get(value.strip()) if scheme.lower() in {"bearer", "token"} else None
        if token is None or token.revoked or (token.expires is not None and now >= token.expires):
            raise Refused(401, "Bad credentials")
        return token

    def app(self, request: Request) -> App:
        """Return the App whose JWT the request bears.

        Raises:
            Refused: 401, there is no JWT, or it is not a valid one.
        """
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Refused(401, "A JSON web token could not be decoded")
        try:
            claimed = jwt.decode(value, options={"verify_signature": False})
            app = self.apps[int(claimed["iss"])]
            claims = jwt.decode(
                value, app.key, algorithms=["RS256"], options={"require": ["exp", "iat"]}
            )
        except (jwt.PyJWTError, KeyError, ValueError, TypeError):
            raise Refused(401, "A JSON web token could not be decoded") from None
        if claims["exp"] - claims["iat"] > 660:
            raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
        return app

    def issue(
        self,
        installation: Installation,
        permissions: Mapping[str, str],
        repositories: frozenset[str] | None,
        now: datetime,
    ) -> Token:
        """Make a token that lives one hour; it is long, as they are since April 2026."""
        token = Token(
            f"ghs_{installation.app.id}_{'.'.join(secrets.token_urlsafe(60) for _ in range(3))}",
            installation.app.bot,
            permissions,
            installation,
            repositories,
            now + LIFETIME,
        )
        self.tokens[token.value] = token
        return token


def _installation_token(state: "State", asked: Asked) -> Response:
    app = state.access.app(asked.request)
    installation = state.access.installations.get(asked.path["installation"])
    if installation is None or installation.app is not app:
        raise missing()
    if installation.suspended:
        raise Refused(403, "This installation has been suspended")
    body = asked.body()
    permissions = _granted(installation, body.get("permissions") or {})
    repositories = _chosen(state, installation, body.get("repositories") or ())
    token = state.access.issue(installation, permissions, repositories, state.wall.now())
    assert token.expires is not None
    shown = {
        "token": token.value,
        "expires_at": stamp(token.expires),
        "permissions": dict(permissions),
        "repository_selection": "all" if repositories is None else "selected",
    }
    return answer(shown, 201)


def _granted(installation: Installation, wanted: Mapping[str, str]) -> Mapping[str, str]:
    """Return what the token may do: all that was granted when nothing is named."""
    for name, level in wanted.items():
        held = installation.permissions.get(name, "read" if name == "metadata" else "none")
        if level not in LEVELS or LEVELS.index(level) > LEVELS.index(held):
            raise Refused(422, "The permissions requested are not granted to this installation.")
    return wanted or installation.permissions


def _chosen(
    state: "State", installation: Installation, names: Collection[str]
) -> frozenset[str] | None:
    if not names:
        return installation.repositories
    chosen = {one.full_name for one in state.repositories.all() if one.name in names}
    if len(chosen) < len(names):
        raise Refused(
            422,
            "There is at least one repository that does not exist or is not accessible to the "
            "parent installation.",
        )
    return frozenset(chosen)


def _app(state: "State", asked: Asked) -> Response:
    app = state.access.app(asked.request)
    shown: dict[str, Any] = {
        "id": app.id,
        "slug": app.slug,
        "name": app.slug,
        "permissions": {"metadata": "read", **app.permissions},
        "events": sorted(app.events),
    }
    return answer(shown)


def _installation(state: "State", asked: Asked) -> Response:
    app = state.access.app(asked.request)
    found = state.access.installations.get(asked.path["installation"])
    if found is None or found.app is not app:
        raise missing()
    owner = found.owner or state.accounts.add("acme", "Organization")
    shown: dict[str, Any] = {
        "id": found.id,
        "account": simple(owner, state.api),
        "app_id": app.id,
        "app_slug": app.slug,
        "target_type": "Organization",
        "repository_selection": "all" if found.repositories is None else "selected",
        "permissions": {"metadata": "read", **found.permissions},
        "events": sorted(found.events),
        "suspended_at": stamp(state.wall.now()) if found.suspended else None,
    }
    return answer(shown)


ROUTES = (
    Route(
        "installation_token",
        "POST",
        "/app/installations/<int:installation>/access_tokens",
        _installation_token,
        of_repository=False,
        jwt=True,
    ),
    Route("app", "GET", "/app", _app, of_repository=False, jwt=True),
    Route(
        "installation",
        "GET",
        "/app/installations/<int:installation>",
        _installation,
        of_repository=False,
        jwt=True,
    ),
)
