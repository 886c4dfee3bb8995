"""The door for Slack's requests: what is not Slack's, not now, or not for us is turned away."""

import gc
import json
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from structlog.testing import capture_logs

from bot.domain.errors import Rejected, Unauthorized
from bot.server import LARGEST_BODY, run
from sandbox.slack.delivery import End, Sent
from tests.scenarios.story import Story, told_in


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with told_in(tmp_path_factory.mktemp("server"), speed=60) as story:
        yield story


@pytest.fixture(autouse=True)
def nothing_is_started(told: Story) -> Iterator[None]:
    """What is turned away leaves no trace."""
    before = told.store.latest()
    yield
    assert before == told.store.latest()


@pytest.fixture
def form(told: Story) -> dict[str, str]:
    """A command that would be obeyed if it came from Slack."""
    sha = told.world.sha("xiilab/astrago-backend", "stabilize/1.0")
    return {
        "command": "/deploy",
        "text": f"core {sha} stage",
        "user_id": "U0ALICE",
        "channel_id": "C0DEPLOY",
        "team_id": "T0SHIP",
        "api_app_id": told.slack.app.id,
        "trigger_id": "1.2.forged",
        "response_url": f"{told.slack.url}/commands/none",
    }


def assert_refused(outcome, status: int) -> None:
    assert (End.REFUSED, status) == (outcome.end, outcome.status)
    assert not outcome.said or "text" not in outcome.said


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"secret": "not-the-secret"}, id="signed with another secret"),
        pytest.param({"age": 301.0}, id="five minutes old"),
        pytest.param({"age": -302.0}, id="five minutes ahead"),
        pytest.param({"headers": {"X-Slack-Signature": None}}, id="unsigned"),
        pytest.param({"headers": {"X-Slack-Signature": ""}}, id="an empty signature"),
        pytest.param({"headers": {"X-Slack-Signature": "v0=ü"}}, id="a signature not in ASCII"),
        pytest.param({"headers": {"X-Slack-Request-Timestamp": None}}, id="no timestamp"),
        pytest.param({"headers": {"X-Slack-Request-Timestamp": "now"}}, id="a timestamp in words"),
        pytest.param({"headers": {"X-Slack-Request-Timestamp": "-1"}}, id="a negative timestamp"),
        pytest.param({"headers": {"X-Slack-Request-Timestamp": "1e9"}}, id="a float timestamp"),
        pytest.param({"headers": {"X-Slack-Request-Timestamp": "9" * 400}}, id="a huge timestamp"),
        pytest.param({"headers": {"X-Slack-Request-Timestamp": "²"}}, id="a digit that is none"),
    ],
)
def test_what_slack_did_not_sign_now_is_refused(told: Story, form: dict[str, str], wrong):
    assert_refused(told.slack.forge(form, **wrong), 401)


def test_a_body_changed_on_the_way_is_refused(told: Story, form: dict[str, str]):
    told.types("/ship help")
    sent = told.slack._http.sent[-1]
    changed = Sent(sent.body.replace(b"text=help", b"text=status"), sent.headers)
    assert sent.body != changed.body
    assert_refused(told.slack._http.post(changed), 401)


def test_a_recorded_request_is_answered_once(told: Story):
    """A command that was refused starts nothing; its copy is not even read."""
    told.types("/deploy cor a1b2c3d4 stage")
    assert_refused(told.slack.replay(), 401)


def test_another_workspace_is_turned_away(told: Story, form: dict[str, str]):
    """Signed rightly, as a shared secret or another installation of the app would do."""
    assert_refused(told.slack.forge(form | {"team_id": "T0OTHER"}), 403)


def test_a_click_from_another_workspace_is_turned_away(told: Story):
    payload = {
        "type": "block_actions",
        "team": {"id": "T0OTHER"},
        "user": {"id": "U0ALICE"},
        "actions": [{"action_id": "cancel_operation", "value": "D-1", "type": "button"}],
    }
    assert_refused(told.slack.forge({"payload": json.dumps(payload)}), 403)


def test_a_payload_without_a_workspace_is_turned_away(told: Story, form: dict[str, str]):
    assert_refused(told.slack.forge({**form, "team_id": ""}), 403)


def test_a_body_too_large_for_slack_is_not_read(told: Story):
    response = httpx.post(f"{told.inside.url}/slack/events", content=b"x" * (LARGEST_BODY + 1))
    assert 413 == response.status_code


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/slack/events", 405),
        ("POST", "/slack/commands", 404),
        ("GET", "/", 404),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
    ],
)
def test_other_addresses(told: Story, method: str, path: str, status: int):
    assert status == httpx.request(method, f"{told.inside.url}{path}").status_code


def test_nothing_inside_is_told_to_strangers(told: Story, form: dict[str, str]):
    response = httpx.post(f"{told.inside.url}/slack/events", data=form)
    assert (401, b"") == (response.status_code, response.content)
    assert "server" not in {name.lower() for name in response.headers}


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # waitress leaves its own open
@pytest.mark.parametrize(
    ("host", "why"),
    [
        pytest.param("127.0.0.1", "Address already in use", id="the port is taken"),
        pytest.param("nowhere.invalid", "this is no address here", id="no such host"),
    ],
)
def test_where_it_cannot_listen_is_told(told: Story, host: str, why: str):
    shipmate, port = told.inside.shipmate, int(told.inside.url.rpartition(":")[2])
    assert shipmate is not None
    with pytest.raises(Rejected, match=f"listen on {host}:{port}: {why}; set another PORT"):
        run(shipmate, host, port)
    gc.collect()


# GitHub's webhooks


def test_a_webhook_that_github_signed_is_heard(told: Story):
    assert 202 == told.github.deliver("ping", {"zen": "Speak like a human."}).status


def test_a_webhook_that_github_did_not_sign_is_not(told: Story):
    answer = httpx.post(f"{told.inside.url}/webhooks/github", json={"organization": {}})
    assert (401, "") == (answer.status_code, answer.text)


def test_a_webhook_larger_than_we_read_is_turned_away(told: Story):
    body = b'{"zen": "' + b"x" * LARGEST_BODY + b'"}'
    with capture_logs() as logs:
        answer = httpx.post(f"{told.inside.url}/webhooks/github", content=body)
    assert 413 == answer.status_code
    assert ["it is too large"] == [one["why"] for one in logs if "refused" in one["event"]]


def readyz(told: Story) -> tuple[int, dict[str, str], dict[str, str]]:
    answer = httpx.get(f"{told.inside.url}/readyz")
    return answer.status_code, answer.json()["troubles"], answer.json()["worries"]


def test_a_clock_that_is_off_is_a_worry_with_what_mends_it(told, monkeypatch):
    monkeypatch.setattr(told.argocd, "clock_off", timedelta(seconds=95))
    name = next(iter(told.inside.shipmate.streams))
    clock = f"clock (Argo CD {name})"
    assert told.world.until(lambda: clock in readyz(told)[2])
    status, troubles, worries = readyz(told)
    assert (200, {}) == (status, troubles)
    assert re.match(r"Our clock is 1 min 3\d s behind that of Argo CD", worries[clock])
    assert "timedatectl set-ntp true" in worries[clock]
    monkeypatch.undo()
    assert told.world.until(lambda: clock not in readyz(told)[2])


def test_while_slack_refuses_our_token_we_are_not_ready_and_say_why(told, monkeypatch):
    monkeypatch.setattr(told.slack.tokens, "bad", "token_revoked")
    with pytest.raises(Unauthorized):
        told.inside.shipmate.slack.asked_who()
    status, troubles, _ = readyz(told)
    assert 503 == status
    assert (
        "Slack does not take our login: token_revoked. Put a fresh one into SLACK_BOT_TOKEN."
        == troubles["slack"]
    )
    page = httpx.get(f"{told.inside.url}/metrics").text
    assert 'shipmate_login_refused{system="Slack"} 1.0' in page
    monkeypatch.undo()
    assert told.world.until(lambda: readyz(told)[0] == 200)
