"""What GitHub tells us by webhook: proved, checked for being ours, and taken in.

Answered after one INSERT; what it means is worked off later, by
``bot/operations/deliveries/inbox.py``. GitHub waits ten seconds and never sends a delivery again by
itself.

Source: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn

import structlog

from bot.clock import Clock
from bot.config import Config
from bot.domain.errors import Unavailable
from bot.operations.deliveries.github_deliveries import at
from bot.operations.deliveries.inbox import Delivery
from bot.operations.identity.forgetting import FORGETTING, organizations

log = structlog.get_logger(__name__)

TRIES = 3
"""How often a delivery is tried to be written down: each waits two seconds at most, GitHub ten.
Measured on a machine whose disk was busy: a commit holds SQLite for up to a second then."""

SOURCE = "github"

DELIVERY = re.compile(r"[A-Za-z0-9-]{1,64}")
"""The GUID in ``X-GitHub-Delivery``; a redelivery has the one of the first."""


@dataclass(frozen=True, slots=True)
class Ours:
    """Whose events are for us, all names in lower case.

    *organization* is the one whose teams count, or None. *repositories* are those that services
    name, *follows* tells of any other whether something is configured for it. What else happens in
    repositories of *owners* is nothing to us; of those of others nothing is heard.
    *installation* is the App's, or None.
    """

    organization: str | None
    owners: frozenset[str]
    repositories: frozenset[str]
    follows: Callable[[str], bool]
    installation: int | None = None

    def names(self, repository: str) -> bool:
        """Tell whether something is configured for *repository*."""
        return repository in self.repositories or self.follows(repository)

    def owns(self, repository: str) -> bool:
        """Tell whether *repository* is of one of our owners, or named."""
        return repository.partition("/")[0] in self.owners or self.names(repository)


def ours(config: Config, installation: int | None) -> Ours:
    """Return whose events *config* is about; *installation* is our App's, or None."""
    homes = config.catalog.targets.values()
    named = {name.lower() for home in homes for name in (home.source, home.location.repo)}
    organization = config.organization and config.organization.lower()
    owners = {name.partition("/")[0] for name in named} | (
        {organization} if organization else set()
    )
    rules = config.failures.rules

    def follows(repository: str) -> bool:
        return any(rule.is_about(repository) for rule in rules)

    return Ours(organization, frozenset(owners), frozenset(named), follows, installation)


class GitHubEvents:
    """Hears webhooks that are *ours*, signed with one of the *secrets* of the moment.

    There may be two secrets while one takes the place of the other. *events* are those that
    somebody listens to. *take_in* writes a delivery down, *forget* is told at once of changes of
    teams: this process must not serve for a second longer what it remembers of them.
    """

    def __init__(
        self,
        secrets: Callable[[], Sequence[str]],
        ours: Ours,
        events: Collection[str],
        take_in: Callable[[Delivery], bool],
        forget: Callable[[Delivery], None],
        clock: Clock,
    ) -> None:
        self._secrets = secrets
        self._ours, self._events = ours, frozenset(events) | FORGETTING
        self._take_in, self._forget, self._clock = take_in, forget, clock

    def hear(  # noqa: PLR0911  # one line for each way in which a delivery is not for us
        self, event: str, delivery: str, signature: str, body: bytes
    ) -> HTTPStatus:
        """Take in one delivery and return the answer to it.

        *event* is ``X-GitHub-Event``, *delivery* ``X-GitHub-Delivery``, *signature*
        ``X-Hub-Signature-256``, each as it came, *body* the raw bytes that were signed. Without a
        secret nothing is heard: 404.
        """
        if not (secrets := self._secrets()):
            return HTTPStatus.NOT_FOUND
        if not _is_signed(signature, body, secrets):
            return _refused(HTTPStatus.UNAUTHORIZED, event, "it is not signed with our secret")
        payload = _parsed(body)
        if isinstance(payload, str):
            return _refused(HTTPStatus.BAD_REQUEST, event, payload)
        if not DELIVERY.fullmatch(delivery):
            return _refused(HTTPStatus.BAD_REQUEST, event, "it has no delivery id")
        if (why := self._foreign(event, payload)) is not None:
            return _refused(HTTPStatus.FORBIDDEN, event, why)
        if not self._is_heard(event, payload):
            return HTTPStatus.ACCEPTED
        return self._taken(Delivery(SOURCE, delivery, event, payload, self._clock.now()))

    def _taken(self, delivery: Delivery) -> HTTPStatus:
        if delivery.event in FORGETTING:
            self._forget(delivery)
        try:
            self._write_down(delivery)
        except Unavailable as away:
            why = f"it could not be written down: {away}"
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, delivery.event, why)
        except RecursionError:  # it was read a few calls nearer to the ground
            return _refused(HTTPStatus.BAD_REQUEST, delivery.event, "it is nested too deep")
        return HTTPStatus.OK

    def _write_down(self, delivery: Delivery) -> None:
        """Write it down, at the last of ``TRIES`` if the database is busy.

        What GitHub is told to have failed it never sends again by itself.
        """
        for _ in range(TRIES - 1):
            try:
                self._take_in(delivery)
            except Unavailable:
                continue
            return
        self._take_in(delivery)

    def _foreign(self, event: str, payload: Mapping[str, Any]) -> str | None:
        """Return why *payload* is not for us, or None."""
        ours = self._ours
        if event in FORGETTING and ours.organization not in organizations(payload):
            return "it is of another organization"
        installation = _in(payload, "installation", "id")
        if None not in (installation, ours.installation) and installation != ours.installation:
            return "it is of another installation of the App"
        if "repository" in payload and not ours.owns(_repository(payload)):
            return "it is of a repository of others"
        return None

    def _is_heard(self, event: str, payload: Mapping[str, Any]) -> bool:
        """Tell whether anybody listens to it; all else is taken and dropped."""
        followed = "repository" not in payload or self._ours.names(_repository(payload))
        return followed and event in self._events


def _is_signed(signature: str, body: bytes, secrets: Sequence[str]) -> bool:
    """Compare as bytes: as text, a letter that is not ASCII would be an error of ours."""
    given = signature.encode("latin-1", "replace")
    wanted = (
        b"sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
        for secret in secrets
    )
    return any(hmac.compare_digest(one, given) for one in wanted)


def _refused(status: HTTPStatus, event: str, why: str) -> HTTPStatus:
    log.warning("a webhook of GitHub was refused", hook=event[:40], why=why, status=status.value)
    return status


def _parsed(body: bytes) -> Mapping[str, Any] | str:
    """Return what *body* says, or why it cannot be read."""
    why = "it is no JSON: choose the content type application/json for the webhook"
    try:
        payload = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return why
    return payload if isinstance(payload, dict) else why


def _no_number(text: str) -> NoReturn:
    """Refuse ``NaN`` and its like, which Python would take for JSON."""
    raise ValueError(f"{text} is no JSON")


def _repository(payload: Mapping[str, Any]) -> str:
    return at(payload, "repository", "full_name").lower()


def _in(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
