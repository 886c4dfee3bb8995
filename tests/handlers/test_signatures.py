"""Slack's requests are let in by any secret of the moment, and never by another or too late."""

import hashlib
import hmac

import pytest
from slack_bolt import BoltRequest, BoltResponse
from structlog.testing import capture_logs

from handlers.signatures import WINDOW, Signed

NOW = 1_790_000_000
BODY = "command=%2Fship"


class Frozen:
    def now(self):
        return float(NOW)


@pytest.fixture
def secrets():
    return ["new", "old"]


@pytest.fixture
def signed(secrets):
    made = Signed(lambda: secrets)
    made._clock = Frozen()
    return made


def request(secret, age=0, mode="http"):
    stamp = str(NOW - age)
    text = f"v0:{stamp}:{BODY}".encode()
    signature = "v0=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": signature}
    return BoltRequest(body=BODY, headers=headers, mode=mode)


def answered(signed, asked):
    """Return the status of what becomes of a request."""
    let_in = BoltResponse(status=200)
    return signed.process(req=asked, resp=let_in, next=lambda: let_in).status


@pytest.mark.parametrize(
    ("secret", "age", "expected"),
    [
        pytest.param("new", 0, 200, id="the secret"),
        pytest.param("old", 0, 200, id="the one before"),
        pytest.param("other", 0, 401, id="another"),
        pytest.param("new", WINDOW, 200, id="five minutes old"),
        pytest.param("new", WINDOW + 1, 401, id="older"),
        pytest.param("new", -WINDOW - 1, 401, id="from the future"),
    ],
)
def test_who_is_let_in(signed, secret, age, expected):
    assert expected == answered(signed, request(secret, age))


def test_the_secrets_are_those_of_the_moment(signed, secrets):
    secrets[:] = ["newer"]
    assert (401, 200) == (answered(signed, request("new")), answered(signed, request("newer")))


def test_a_request_that_slack_signed_and_our_clock_refuses_says_so(signed):
    with capture_logs() as logged:
        answered(signed, request("new", 900))
        answered(signed, request("other", 900))
    (line,) = logged
    assert (900, True) == (line["seconds"], "clock of this machine" in line["why"])


def test_what_comes_by_our_own_socket_is_not_signed(signed):
    assert 200 == answered(signed, request("other", mode="socket_mode"))
