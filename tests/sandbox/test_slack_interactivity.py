"""Clicks, response_urls, trigger ids, modals and home tabs, through a real Bolt app."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from sandbox.slack import Slack
from tests.sandbox.slack_bot import ALICE, BOB, DEPLOYS, TestClock, bolt, client, slack_with


class Wall:
    """Real Unix time, as far as trigger ids know."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def slack(clock: TestClock, wall: Wall) -> Iterator[Slack]:
    slack = slack_with(clock=clock, wall=wall)
    yield slack
    slack.stop()


@pytest.fixture
def web(slack: Slack) -> WebClient:
    return client(slack)


def error_of(call: Any, *args: Any, **options: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(*args, **options)
    word: str = caught.value.response["error"]
    return word


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def buttons(*names: str) -> list[dict[str, Any]]:
    elements = [
        {"type": "button", "action_id": name, "text": plain(name), "value": f"v-{name}"}
        for name in names
    ]
    return [{"type": "actions", "block_id": "b", "elements": elements}]


# clicks: signatures are made by the wall, so these run on the real one


class Clicks:
    """A bot that hears every click."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    def listen(self, app: App) -> None:
        app.action({"block_id": "b"})(self.hear)

    def hear(self, ack: Any, body: dict[str, Any]) -> None:
        self.heard.append(body)
        ack()


@pytest.fixture
def clicks() -> Clicks:
    return Clicks()


@pytest.fixture
def live(clicks: Clicks) -> Iterator[Slack]:
    live = slack_with()
    with bolt(live, clicks.listen):
        yield live
    live.stop()
    assert [] == live.strange


def test_a_click_says_who_where_and_what(live, clicks):
    client(live).chat_postMessage(channel=DEPLOYS, text="x", blocks=buttons("yes", "no"))
    assert None is live.click("no", by=BOB).error
    [body] = clicks.heard
    [action] = body["actions"]
    assert ("no", "b", "v-no") == tuple(action[name] for name in ("action_id", "block_id", "value"))
    assert (BOB, DEPLOYS) == (body["user"]["id"], body["channel"]["id"])
    assert live.messages(DEPLOYS)[0].ts == body["container"]["message_ts"]
    assert body["message"]["text"] == "x"


def test_a_button_can_be_clicked_twice_and_by_two(live, clicks):
    client(live).chat_postMessage(channel=DEPLOYS, text="x", blocks=buttons("yes"))
    for person in (ALICE, ALICE, BOB):
        live.click("yes", by=person)
    assert [ALICE, ALICE, BOB] == [body["user"]["id"] for body in clicks.heard]
    assert 3 == len({body["trigger_id"] for body in clicks.heard})


def test_a_stale_message_can_still_be_clicked(live, clicks):
    web = client(live)
    ts = web.chat_postMessage(channel=DEPLOYS, text="old", blocks=buttons("yes"))["ts"]
    stale = live.messages(DEPLOYS)[0]
    web.chat_update(channel=DEPLOYS, ts=ts, text="new", blocks=[])
    with pytest.raises(LookupError):
        live.click("yes", by=ALICE)
    live.click("yes", by=ALICE, message=stale)
    assert ["old"] == [body["message"]["text"] for body in clicks.heard]


def test_a_choice_carries_its_option(live, clicks):
    options = [{"text": plain(name), "value": name} for name in ("dev", "prod")]
    element = {"type": "static_select", "action_id": "env", "options": options}
    blocks = [{"type": "actions", "block_id": "b", "elements": [element]}]
    client(live).chat_postMessage(channel=DEPLOYS, text="x", blocks=blocks)
    live.click("env", by=ALICE, value="prod")
    [body] = clicks.heard
    assert "prod" == body["actions"][0]["selected_option"]["value"]
    with pytest.raises(LookupError):
        live.click("env", by=ALICE, value="nowhere")


def test_a_click_nobody_handles_fails_for_the_person(live):
    blocks = [buttons("yes")[0] | {"block_id": "other"}]
    client(live).chat_postMessage(channel=DEPLOYS, text="x", blocks=blocks)
    reply = live.click("yes", by=ALICE)
    assert ("dispatch_failed", 404) == (reply.error, reply.outcome.status)


def test_an_ephemeral_is_changed_through_the_click_on_it(live, clicks):
    client(live).chat_postEphemeral(
        channel=DEPLOYS, user=ALICE, text="sure?", blocks=buttons("yes")
    )
    with pytest.raises(LookupError):
        live.click("yes", by=BOB)
    live.click("yes", by=ALICE)
    [body] = clicks.heard
    assert body["container"]["is_ephemeral"]
    assert "message" not in body
    WebhookClient(body["response_url"]).send(text="done", replace_original=True)
    assert ["done"] == [one.text for one in live.ephemerals(ALICE)]
    WebhookClient(body["response_url"]).send_dict({"delete_original": True})
    assert [] == live.ephemerals(ALICE)


# response_urls


@pytest.fixture
def respond(slack: Slack) -> WebhookClient:
    """The response_url of one command of alice."""
    with slack.lock:
        token = slack.response_urls.give(DEPLOYS, ALICE, None, slack.clock.now())
    return WebhookClient(f"{slack.url}/commands/{token}", retry_handlers=[])


def test_a_response_url_takes_five_answers(slack, respond):
    assert [200] * 5 == [respond.send(text=str(number)).status_code for number in range(5)]
    sixth = respond.send(text="x")
    assert (404, True) == (sixth.status_code, "used_url" in sixth.body)
    assert 5 == len(slack.ephemerals(ALICE))


def test_a_response_url_lives_thirty_minutes(slack, clock, respond):
    clock.move(minutes=30)
    assert 200 == respond.send(text="in time").status_code
    clock.move(seconds=1)
    late = respond.send(text="late")
    assert (404, True) == (late.status_code, "expired_url" in late.body)


def test_a_response_can_be_for_all(slack, respond):
    respond.send(text="hello all", response_type="in_channel")
    assert ["hello all"] == [one.text for one in slack.messages(DEPLOYS)]


def test_the_command_itself_cannot_be_replaced(slack, respond):
    respond.send(text="one")
    respond.send(text="two", replace_original=True)
    assert ["one", "two"] == [one.text for one in slack.ephemerals(ALICE)]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"text": ""}, 400, id="nothing"),
        pytest.param({"text": "x", "blocks": [{"type": "section"}]}, 400, id="bad blocks"),
    ],
)
def test_a_response_that_slack_refuses(slack, respond, body, status):
    assert status == respond.send_dict(body).status_code
    assert [] == slack.ephemerals(ALICE)


def test_an_unknown_field_in_a_response_is_remembered(slack, respond):
    assert 400 == respond.send_dict({"text": "x", "ephemeral": True}).status_code
    assert ["Slack: a response_url got unknown fields ['ephemeral']"] == slack.strange


# trigger ids and views


def modal(*names: str, **more: Any) -> dict[str, Any]:
    blocks = [
        {
            "type": "input",
            "block_id": f"b-{name}",
            "label": plain(name),
            "element": {"type": "plain_text_input", "action_id": name},
        }
        for name in names
    ]
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain("Deploy"),
        "submit": plain("Go"),
        "blocks": blocks,
        **more,
    }


def trigger(slack: Slack) -> str:
    with slack.lock:
        return slack.triggers.give(ALICE)


def test_a_trigger_opens_one_view(slack, web):
    given = trigger(slack)
    web.views_open(trigger_id=given, view=modal("service"))
    assert "form" == slack.modal(ALICE).content["callback_id"]
    assert "trigger_exchanged" == error_of(web.views_open, trigger_id=given, view=modal("x"))


def test_a_trigger_lives_three_seconds(slack, web, wall):
    given, late = trigger(slack), trigger(slack)
    wall.seconds += 3.0
    web.views_open(trigger_id=given, view=modal("service"))
    wall.seconds += 0.1
    assert "trigger_expired" == error_of(web.views_open, trigger_id=late, view=modal("service"))


def test_a_made_up_trigger_is_invalid(web):
    assert "invalid_trigger_id" == error_of(web.views_open, trigger_id="1.2.x", view=modal("x"))


def test_three_views_are_the_deepest(slack, web):
    web.views_open(trigger_id=trigger(slack), view=modal("one"))
    web.views_push(trigger_id=trigger(slack), view=modal("two"))
    web.views_push(trigger_id=trigger(slack), view=modal("three"))
    word = error_of(web.views_push, trigger_id=trigger(slack), view=modal("four"))
    assert "push_limit_reached" == word


def test_an_update_with_an_old_hash_conflicts(slack, web):
    view = web.views_open(trigger_id=trigger(slack), view=modal("one"))["view"]
    web.views_update(view_id=view["id"], hash=view["hash"], view=modal("two"))
    word = error_of(web.views_update, view_id=view["id"], hash=view["hash"], view=modal("three"))
    assert "hash_conflict" == word
    assert "two" == slack.modal(ALICE).content["blocks"][0]["label"]["text"]


def test_a_bad_view_is_refused(slack, web):
    bad = modal("one", title=plain("x" * 25))
    assert "invalid_arguments" == error_of(web.views_open, trigger_id=trigger(slack), view=bad)
    assert None is slack.modal(ALICE)


def test_an_update_of_a_closed_view_is_not_found(web):
    assert "not_found" == error_of(web.views_update, view_id="V9", view=modal("x"))


def test_a_home_tab_is_published_and_guarded_by_its_hash(slack, web):
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    view = web.views_publish(user_id=ALICE, view=home)["view"]
    web.views_publish(user_id=ALICE, view=home, hash=view["hash"])
    word = error_of(web.views_publish, user_id=ALICE, view=home, hash=view["hash"])
    assert "hash_conflict" == word
    assert "home" == slack.home(ALICE).content["type"]


def submitted(answer: Any) -> tuple[Slack, list[dict[str, Any]]]:
    """Let alice submit a form of one field to a bot that answers by *answer*."""
    slack = slack_with()
    states: list[dict[str, Any]] = []

    def listen(app: App) -> None:
        @app.view("form")
        def on_form(ack: Any, view: dict[str, Any]) -> None:
            states.append(view["state"]["values"])
            ack(**answer)

    with bolt(slack, listen):
        client(slack).views_open(trigger_id=trigger(slack), view=modal("service"))
        slack.submit(by=ALICE, service="core")
    slack.stop()
    return slack, states


def test_a_submission_carries_what_was_entered_and_closes_the_modal():
    slack, states = submitted({})
    entered = {"b-service": {"service": {"type": "plain_text_input", "value": "core"}}}
    assert [entered] == states
    assert None is slack.modal(ALICE)
    assert [] == slack.strange


def test_errors_stand_under_their_inputs():
    slack, _ = submitted({"response_action": "errors", "errors": {"b-service": "No such."}})
    assert {"b-service": "No such."} == slack.modal(ALICE).errors
    assert [] == slack.strange


def test_errors_for_no_input_are_a_bug_of_the_bot():
    slack, _ = submitted({"response_action": "errors", "errors": {"service": "No such."}})
    assert 1 == len(slack.strange)


@pytest.mark.parametrize("action", ["update", "push"])
def test_a_submission_can_lead_on(action):
    slack, _ = submitted({"response_action": action, "view": modal("next")})
    assert "next" == slack.modal(ALICE).content["blocks"][0]["label"]["text"]
    assert (action == "push") is (slack.modal(ALICE).previous is not None)


def test_a_submission_can_clear_all():
    slack, _ = submitted({"response_action": "clear"})
    assert None is slack.modal(ALICE)


def test_a_required_input_cannot_be_left_empty(slack, web):
    web.views_open(trigger_id=trigger(slack), view=modal("service"))
    with pytest.raises(LookupError):
        slack.submit(by=ALICE)
