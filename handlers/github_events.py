"""What GitHub tells us by webhook: somebody's teams have changed, or a pull request of ours.

A webhook only ever makes us forget or look. What it says is never believed instead of asking, so
one that is lost costs five minutes and one that is forged costs a request.

Source: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog

from bot.adapters.github.membership_cache import MembershipCache
from bot.domain.pull_requests import operation_of

log = structlog.get_logger(__name__)

MEMBERSHIP = "membership"
OF_THE_ORGANIZATION = frozenset({"team", "organization"})
"""Events at which the rights of anybody may have changed."""


BRANCHES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "pull_request": (("pull_request", "head", "ref"),),
    "pull_request_review": (("pull_request", "head", "ref"),),
    "check_suite": (("check_suite", "head_branch"),),
    "push": (("ref",),),
}
"""Events after which a pull request may stand otherwise, and where they name its branch."""


class GitHubEvents:
    """Hears webhooks of one *organization* (None: no team counts), signed with one of *secrets*.

    There may be two secrets while one takes the place of the other. *wake* makes an operation look
    at its pull request; ids that are none are ignored.
    """

    def __init__(
        self,
        secrets: Sequence[str],
        organization: str | None,
        memberships: MembershipCache,
        wake: Callable[[str], None],
    ) -> None:
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._organization, self._memberships = organization, memberships
        self._wake = wake

    def hear(self, event: str, signature: str, body: bytes) -> HTTPStatus:
        """Take in one delivery and return the answer to it.

        *event* is ``X-GitHub-Event``, *signature* ``X-Hub-Signature-256`` as it came, *body* the
        raw bytes that were signed. Without a secret nothing is heard: 404.
        """
        if not self._secrets:
            return HTTPStatus.NOT_FOUND
        if not self._is_signed(signature, body):
            return _refused(HTTPStatus.UNAUTHORIZED, event, "it is not signed with our secret")
        payload = _parsed(body)
        if payload is None:
            why = "it is no JSON: choose the content type application/json for the webhook"
            return _refused(HTTPStatus.BAD_REQUEST, event, why)
        if event == MEMBERSHIP or event in OF_THE_ORGANIZATION:
            return self._forget(event, payload)
        for path in BRANCHES.get(event, ()):
            if (operation := operation_of(_at(payload, *path))) is not None:
                log.info("a pull request changed", hook=event, operation=operation)
                self._wake(operation)
                return HTTPStatus.OK
        return HTTPStatus.ACCEPTED

    def _is_signed(self, signature: str, body: bytes) -> bool:
        """Compare as bytes: as text, a letter that is not ASCII would be an error of ours."""
        given = signature.encode("latin-1", "replace")
        wanted = (
            b"sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
            for secret in self._secrets
        )
        return any(hmac.compare_digest(one, given) for one in wanted)

    def _forget(self, event: str, payload: Mapping[str, Any]) -> HTTPStatus:
        if self._organization is None or self._organization.lower() not in _organizations(payload):
            return _refused(HTTPStatus.FORBIDDEN, event, "it is of another organization")
        login = _at(payload, "member", "login")
        if event == MEMBERSHIP and login:
            self._memberships.drop_user(self._organization, login)
        else:
            self._memberships.drop_organization(self._organization)
        log.info("teams changed on GitHub", hook=event, action=_at(payload, "action"))
        return HTTPStatus.OK


def _refused(status: HTTPStatus, event: str, why: str) -> HTTPStatus:
    log.warning("a webhook of GitHub was refused", hook=event[:40], why=why, status=status.value)
    return status


def _parsed(body: bytes) -> Mapping[str, Any] | None:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def _organizations(payload: Mapping[str, Any]) -> set[str]:
    """Return the organization's login and, where it was renamed, the one before."""
    return {
        _at(payload, "organization", "login").lower(),
        _at(payload, "changes", "login", "from").lower(),
    }


def _at(value: Any, *path: str) -> str:
    """Return the text at *path*; empty where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""
