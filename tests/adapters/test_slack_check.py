"""What the doctor asks Slack, over the wire."""

from datetime import timedelta

import pytest
from werkzeug.wrappers import Response

from bot.adapters.slack_check import SlackCheck
from bot.clock import Clock
from bot.domain.errors import Forbidden, Garbled, NotFound, Unauthorized, Unavailable
from sandbox.slack import Slack
from sandbox.wire import Fault

SECONDS = timedelta(seconds=10)


@pytest.fixture(scope="module")
def fake():
    slack = Slack(Clock(50), signing_secret="s", bot_token="xoxb-1", app_token="xapp-1")
    slack.start()
    slack.add_user("U0ALICE", "alice")
    slack.add_channel("C0DEPLOY", "deploys", "U0ALICE")
    yield slack
    slack.stop()


def check(fake, token="xoxb-1"):
    return SlackCheck(token, fake.api_url, SECONDS)


def test_the_scopes_are_those_of_the_header(fake):
    held = check(fake).whoami()
    assert fake.app.scopes == held.scopes
    assert ("shipmate", "Ship") == (held.bot, held.team)


def test_without_the_header_the_scopes_are_not_known_and_not_none_at_all(fake):
    def without(response):
        del response.headers["X-OAuth-Scopes"]
        return response

    fake.arm("auth.test", Fault(mangle=without))
    assert check(fake).whoami().scopes is None


def test_a_foreign_token_is_refused_and_not_quoted(fake):
    with pytest.raises(Unauthorized) as refused:
        check(fake, "xoxb-of-somebody-else").whoami()
    assert "xoxb-of-somebody-else" not in str(refused.value)


def test_only_a_member_reads_a_channel(fake):
    check(fake).read("C0DEPLOY")
    with pytest.raises(NotFound):
        check(fake).read("C0NONE")
    members = fake.workspace.channels["C0DEPLOY"].members
    members.discard(fake.workspace.bot)
    with pytest.raises(Forbidden, match="not_in_channel"):
        check(fake).read("C0DEPLOY")
    members.add(fake.workspace.bot)


def test_a_bot_token_opens_no_socket(fake):
    check(fake).open_socket("xapp-1")
    with pytest.raises(Unauthorized):
        check(fake).open_socket("xoxb-1")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(drop="before"), Unavailable),
        (Fault(answer=lambda: Response("<html>", 502)), Unavailable),
        (Fault(answer=lambda: Response("<html>", 200)), Garbled),
        (
            Fault(answer=lambda: Response('{"ok": true}', content_type="application/json")),
            Garbled,
        ),
    ],
    ids=["no answer", "a broken gateway", "a page", "an answer without a user"],
)
def test_what_is_no_answer_is_none(fake, fault, expected):
    fake.arm("auth.test", fault)
    with pytest.raises(expected):
        check(fake).whoami()
