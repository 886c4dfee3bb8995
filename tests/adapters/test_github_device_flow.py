"""A person proves by a code which account is theirs; of the token nothing is left."""

import gc
from dataclasses import replace
from datetime import timedelta

import pytest
from werkzeug.wrappers import Response

from bot.adapters.github.device_flow import Code, DeviceFlow, Ended, Linked, Pending, Why
from bot.domain.errors import Garbled, NotFound, Rejected, Unauthorized, Unavailable
from bot.domain.rights import GitHubUser
from sandbox.github import GitHub as Fake
from sandbox.wire import Fault, answer
from tests.adapters.github_world import HandClock

APP = "Iv1.sandbox"
FIVE = timedelta(seconds=5)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def fake(tmp_path, clock):
    fake = Fake(tmp_path, clock)
    fake.start()
    fake.allow_device_flow(APP)
    fake.add_user("alice", number=7)
    yield fake
    fake.stop()
    assert [] == fake.strange


@pytest.fixture
def flow(fake, clock):
    flow = DeviceFlow(APP, fake.api_url, clock=clock, timeout=1)
    yield flow
    flow.close()


def routes(fake):
    return [call.route for call in fake.calls]


def test_a_code_and_the_page_to_type_it_on_are_shown(fake, flow):
    code = flow.begin()

    expected = (f"{fake.url}/login/device", timedelta(minutes=15), FIVE)
    assert expected == (code.verification_uri, code.expires_in, code.interval)
    assert 9 == len(code.user_code)
    assert ["device_code"] == routes(fake)


def test_whoever_types_the_code_is_linked_by_number(fake, flow, clock):
    code = flow.begin()
    assert Pending(FIVE, code) == flow.poll(code)
    fake.approve_device(code.user_code, "alice")
    clock.move(FIVE)

    assert Linked(GitHubUser(7, "alice")) == flow.poll(code)
    assert ["device_code", "device_token", "device_token", "me"] == routes(fake)


def test_a_code_links_once(fake, flow, clock):
    code = flow.begin()
    fake.approve_device(code.user_code, "alice")
    flow.poll(code)
    clock.move(FIVE)

    assert Ended(Why.USED) == flow.poll(code)


def test_who_asks_too_soon_asks_slower_from_then_on(flow, clock):
    code = flow.begin()
    flow.poll(code)

    slower = flow.poll(code)

    ten = timedelta(seconds=10)
    assert Pending(ten, replace(code, interval=ten)) == slower
    clock.move(ten)
    assert Pending(ten, slower.code) == flow.poll(slower.code)


def test_a_slow_down_without_a_number_adds_five_seconds(fake, flow):
    code = flow.begin()
    fake.arm("device_token", Fault(answer=lambda: answer({"error": "slow_down"})))

    assert timedelta(seconds=10) == flow.poll(code).again


def test_a_cancelled_code_ends_denied(fake, flow):
    code = flow.begin()
    fake.deny_device(code.user_code)

    assert Ended(Why.DENIED) == flow.poll(code)


def test_a_code_nobody_typed_ends_expired(flow, clock):
    code = flow.begin()
    clock.move(code.expires_in)

    assert Ended(Why.EXPIRED) == flow.poll(code)


def test_a_code_of_somebody_else_is_none(flow):
    code = flow.begin()

    assert Ended(Why.USED) == flow.poll(replace(code, device_code="guessed"))


def test_an_app_that_may_not_says_what_to_switch_on(fake, flow):
    fake.allow_device_flow(APP, enabled=False)

    with pytest.raises(Unauthorized, match="settings have the device flow switched off"):
        flow.begin()


def test_an_unknown_app_is_said_to_be_unknown(fake, clock):
    flow = DeviceFlow("Iv1.other", fake.api_url, clock=clock)

    with pytest.raises(Unauthorized, match="no App with the configured client id"):
        flow.begin()
    with pytest.raises(Unauthorized, match="no App with the configured client id"):
        flow.poll(Code("x", "x", FIVE, FIVE, "x"))
    flow.close()


BROKEN = [
    pytest.param(Fault(drop="before"), Unavailable, id="cut"),
    pytest.param(Fault(delay=1.2), Unavailable, id="too late"),
    pytest.param(Fault(answer=lambda: Response("<html>", 502)), Unavailable, id="502"),
    pytest.param(Fault(answer=lambda: answer({"error": "x"}, 500)), Unavailable, id="500"),
    pytest.param(Fault(answer=lambda: answer({}, 429)), Unavailable, id="429"),
    pytest.param(
        Fault(answer=lambda: Response(status=302, headers={"Location": "https://evil.example"})),
        Garbled,
        id="a redirect",
    ),
    pytest.param(Fault(answer=lambda: Response("access_token=x")), Garbled, id="a form"),
    pytest.param(Fault(answer=lambda: answer([])), Garbled, id="a list"),
    pytest.param(Fault(answer=lambda: answer({})), Garbled, id="nothing in it"),
    pytest.param(Fault(answer=lambda: answer({"error": "brand_new"})), Rejected, id="a new word"),
    pytest.param(Fault(answer=lambda: answer({"error": ["x"]})), Rejected, id="no word"),
]


@pytest.mark.parametrize(("fault", "error"), BROKEN)
def test_whatever_goes_wrong_at_the_start_is_told(fake, flow, fault, error):
    fake.arm("device_code", fault)

    with pytest.raises(error):
        flow.begin()


@pytest.mark.parametrize(("fault", "error"), BROKEN)
def test_whatever_goes_wrong_while_waiting_is_told_and_links_nobody(fake, flow, fault, error):
    code = flow.begin()
    fake.arm("device_token", fault)

    with pytest.raises(error):
        flow.poll(code)


WHOLE = {
    "device_code": "d",
    "user_code": "AB-CD",
    "verification_uri": "{}/login/device",
    "expires_in": 900,
    "interval": 5,
}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            {"verification_uri": "https://evil.example/login/device"}, id="a foreign page"
        ),
        pytest.param({"verification_uri": "javascript:alert(1)"}, id="no page"),
        pytest.param({"verification_uri": None}, id="no page at all"),
        pytest.param({"interval": "5"}, id="an interval of text"),
        pytest.param({"expires_in": -1}, id="a negative life"),
        pytest.param({"user_code": 7}, id="a code that is no text"),
    ],
)
def test_a_code_that_makes_no_sense_is_shown_to_nobody(fake, flow, change):
    body = WHOLE | {"verification_uri": f"{fake.url}/login/device"} | change
    fake.arm("device_code", Fault(answer=lambda: answer(body)))

    with pytest.raises(Garbled):
        flow.begin()


@pytest.mark.parametrize(
    ("said", "expected"), [(0, timedelta(seconds=1)), (10**12, timedelta(hours=1))]
)
def test_spans_stay_within_reason(fake, flow, said, expected):
    body = WHOLE | {"verification_uri": f"{fake.url}/login/device", "interval": said}
    fake.arm("device_code", Fault(answer=lambda: answer(body)))

    assert expected == flow.begin().interval


def approved(fake, flow, login="alice"):
    code = flow.begin()
    fake.approve_device(code.user_code, login)
    return code


def test_a_person_who_could_not_be_read_is_asked_for_again(fake, flow):
    """The code is used up by then: giving up would send the person through it all again."""
    fake.arm("me", Fault(answer=lambda: answer({}, 502)), times=2)

    assert Linked(GitHubUser(7, "alice")) == flow.poll(approved(fake, flow))
    assert 3 == fake.count("me")


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        pytest.param({}, 503, Unavailable, id="an outage"),
        pytest.param({"message": "Bad credentials"}, 401, Unauthorized, id="a dead token"),
        pytest.param({"message": "SAML"}, 403, Rejected, id="a refusal"),
        pytest.param({"id": 7, "login": "a", "type": "Bot"}, 200, NotFound, id="a bot"),
        pytest.param({"login": "a", "type": "User"}, 200, Garbled, id="no number"),
        pytest.param([], 200, Garbled, id="a list"),
    ],
)
def test_an_account_that_could_not_be_read_links_nobody(fake, flow, body, status, error):
    fake.arm("me", Fault(answer=lambda: answer(body, status)), times=None)

    with pytest.raises(error):
        flow.poll(approved(fake, flow))


def test_a_bot_cannot_be_linked(fake, flow):
    fake.state.accounts.add("robot", "Bot")

    with pytest.raises(NotFound, match="no person"):
        flow.poll(approved(fake, flow, "robot"))


@pytest.mark.parametrize("token", ["", "a\r\nX-Evil: 1", "é", 7, None, ["ghu_secret"]])
def test_what_is_no_token_is_sent_nowhere(fake, flow, token):
    code = flow.begin()
    fake.arm("device_token", Fault(answer=lambda: answer({"access_token": token})))

    with pytest.raises(Garbled) as caught:
        flow.poll(code)
    assert "ghu_secret" not in str(caught.value)
    assert 0 == fake.count("me")


def test_the_token_is_shown_to_nobody_and_kept_nowhere(fake, flow):
    flow.poll(approved(fake, flow))
    (token,) = [token.value for token in fake.tokens() if token.value.startswith("ghu_")]
    gc.collect()

    assert token not in repr(vars(flow))
    assert token not in repr(flow._http.headers)
    assert "Authorization" not in fake.calls[1].headers  # only the question "who" bears it
    assert f"Bearer {token}" == fake.calls[-1].headers["Authorization"]


def test_an_error_after_the_token_came_does_not_hold_it(fake, flow):
    said = Fault(answer=lambda: answer({"message": f"{fake.tokens()[-1].value} is bad"}, 422))
    fake.arm("me", said, times=None)

    with pytest.raises(Rejected) as caught:
        flow.poll(approved(fake, flow))
    (token,) = [token.value for token in fake.tokens() if token.value.startswith("ghu_")]
    assert token not in f"{caught.value!r} {caught.value}"


def test_the_device_code_is_in_no_repr(flow):
    code = flow.begin()

    assert code.device_code not in repr(Pending(FIVE, code))


def test_every_call_is_told_to_whoever_counts(fake, clock):
    told = []
    flow = DeviceFlow(APP, fake.api_url, clock=clock, on_call=lambda *call: told.append(call[1:3]))
    flow.poll(approved(fake, flow))
    flow.close()

    assert [("device code", 200), ("device token", 200), ("me", 200)] == told
