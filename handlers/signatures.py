"""Whether a request is of Slack: signed with a secret of ours, and of these minutes.

Source: https://docs.slack.dev/authentication/verifying-requests-from-slack/
"""

from collections.abc import Callable, Sequence

import structlog
from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.middleware.request_verification import RequestVerification
from slack_sdk.signature import Clock, SignatureVerifier

log = structlog.get_logger(__name__)

WINDOW = 300
"""Seconds that a request may be older or newer than our clock. Source: as above."""


class Signed(RequestVerification):
    """Bolt's own check, with *secrets* that are asked for each time: they may change."""

    def __init__(self, secrets: Callable[[], Sequence[str]]) -> None:
        super().__init__("never used")
        self._secrets, self._clock = secrets, Clock()

    def process(
        self,
        *,
        req: BoltRequest,
        resp: BoltResponse,
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name for it
    ) -> BoltResponse:
        """Let a request pass that is signed, or came through our own socket; refuse any other."""
        del resp
        if self._can_skip(req.mode, req.body):
            return next()
        stamp = req.headers.get("x-slack-request-timestamp", ["0"])[0]
        signature = req.headers.get("x-slack-signature", [""])[0]
        off = self._clock.now() - int(stamp)
        for secret in self._secrets():
            verifier = SignatureVerifier(secret, _Still(int(stamp)))
            if verifier.is_valid(req.raw_body, stamp, signature):
                return next() if abs(off) <= WINDOW else self._late(off)
        return self._build_error_response()

    def _late(self, off: float) -> BoltResponse:
        """Refuse what Slack signed at another time; a copy of long ago looks just so."""
        log.warning(
            "a request to /slack/events was refused",
            why="it is signed, but not of these five minutes: is the clock of this machine right?",
            seconds=round(off),
        )
        return self._build_error_response()


class _Still(Clock):
    """A clock that shows the moment of the request, so that only the signature is judged."""

    def __init__(self, at: int) -> None:
        self._at = at

    def now(self) -> float:
        return self._at
