"""How we prove to GitHub who we are: a constant token, or a GitHub App's installation."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from github import Auth, GithubIntegration
from github.InstallationAuthorization import InstallationAuthorization

from bot.clock import Clock
from bot.settings import AppKey, Token

PERMISSIONS = {"contents": "write", "metadata": "read"}
"""What an installation token may do. Named, because an empty list means "all" to github.com.

Source: https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
"""

POLICY_PERMISSIONS = PERMISSIONS | {"checks": "read", "statuses": "read", "members": "read"}
"""What the rules about rights, checks and approvals need besides. An App that was not granted one
of them gets no token at all (422), so they are asked for only where such rules are kept.

Source: https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
"""

PULL_PERMISSIONS = {"pull_requests": "write"}
"""What changes by pull request need besides; an App that has none of them need not grant it."""

CI_PERMISSIONS = {"actions": "write"}
"""What reading failed jobs and running them again needs besides; an App of people who do not
configure ``failures`` need not have it."""

RENEW_BEFORE = timedelta(minutes=2)
"""A token is renewed this long before its end, so that none dies on the way to GitHub."""


@dataclass(frozen=True, slots=True)
class AppItself:
    """The App behind *key* and none of its installations: what GitHub keeps for the App alone."""

    key: AppKey


Credentials = Token | AppKey | AppItself


class BadKeyError(Exception):
    """The App's private key is no PEM key that could sign."""


class TokenRefusedError(Exception):
    """GitHub gave no installation token; the reason is the cause of this error."""


class QuietAppAuth(Auth.AppAuth):
    """App authentication that keeps its key to itself when the key is no good."""

    def create_jwt(self, expiration: int | None = None) -> str:
        """Return a signed JWT, valid for *expiration* seconds or else five minutes.

        Raises:
            BadKeyError: the key cannot sign. The cause is hidden, as it could quote the key.
        """
        try:
            return super().create_jwt(expiration)
        except (ValueError, TypeError, jwt.PyJWTError):
            raise BadKeyError from None


class SharedInstallationAuth(Auth.Auth):
    """One installation token for all threads: fetched by the first, renewed by one at a time.

    PyGithub's own class has no lock, and starting threads fetch a token each. *wall* is the
    wall's clock even in a rehearsal that runs fast: GitHub dates tokens by its own.
    """

    def __init__(
        self,
        integration: GithubIntegration,
        installation_id: int,
        wall: Clock,
        permissions: Mapping[str, str] = PERMISSIONS,
    ) -> None:
        self._integration = integration
        self._installation_id = installation_id
        self._wall = wall
        self._permissions = dict(permissions)
        self._guard = threading.Lock()
        self._granted: InstallationAuthorization | None = None

    @property
    def token_type(self) -> str:
        """Return the word before the token in the header."""
        return "token"

    @property
    def token(self) -> str:
        """Return a token that still lives.

        Raises:
            TokenRefusedError: GitHub gave none.
        """
        with self._guard:
            if self._granted is None or self._ends_soon(self._granted):
                self._granted = self._fetch()
            return self._granted.token

    def _ends_soon(self, granted: InstallationAuthorization) -> bool:
        return granted.expires_at - RENEW_BEFORE <= self._wall.now()

    def _fetch(self) -> InstallationAuthorization:
        try:
            granted = self._integration.get_access_token(self._installation_id, self._permissions)
            _check(granted.token, granted.expires_at)
        except BadKeyError:
            raise
        except Exception as error:
            # Whatever fails here fails the token, not the call that needed it; the client sorts it.
            raise TokenRefusedError from error
        return granted

    def close(self) -> None:
        """Close the connection that tokens are fetched by."""
        self._integration.close()


def _check(token: Any, expires_at: Any) -> None:
    """Distrust PyGithub's types: an absent field is None at run time, whatever they promise."""
    if not (isinstance(token, str) and isinstance(expires_at, datetime)):
        raise TypeError("an installation token without token or expires_at")
