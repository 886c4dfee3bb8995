"""The form that `/deploy` opens: chosen, previewed, sent; and what must not work with it."""

import json
import time
from io import StringIO

import pytest
from rich.console import Console

from bot.domain.errors import Unavailable
from bot.domain.operations import Phase
from sandbox.slack.terminal import modal
from sandbox.wire import Fault, answer
from tests.scenarios.story import told_in

CODE = "flash-tickets/flash-tickets"
SERVICES, ENVIRONMENT = "form_services", "form_environment"
PICKED, WRITTEN, REASON = "form_picked", "form_written", "form_reason"
ALICE, BOB, MALLORY = "U0ALICE", "U0BOB", "U0MALLORY"
AWAY = Fault(answer=lambda: answer({"message": "away"}, 502))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    with told_in(tmp_path_factory.mktemp("form"), "flash_tickets", speed=60) as told:
        yield told


@pytest.fixture(autouse=True)
def tidy(told):
    yield
    told.github.disarm()
    told.slack.disarm()
    for person in (ALICE, BOB, MALLORY):
        with told.slack.lock:
            told.slack.views.clear(person)


def opened(told, by=ALICE):
    """Type `/deploy`, and wait until the form shows what it can without a choice."""
    reply = told.types("/deploy", by=by)
    assert (None, "") == (reply.error, reply.words)
    assert sees(told, lambda text: "Reading" not in text, by=by)
    return told.slack.modal(by)


def screen(told, by=ALICE):
    """Return the modal as *by* reads it."""
    view = told.slack.modal(by)
    if view is None:
        return ""
    console = Console(file=StringIO(), width=200)
    console.print(modal(view))
    return console.file.getvalue()


def sees(told, true, by=ALICE, seconds=30):
    found = told.world.until(lambda: bool(told.slack.modal(by)) and true(screen(told, by)), seconds)
    assert found, screen(told, by)
    return found


def options(told, field, by=ALICE):
    for block in told.slack.modal(by).content["blocks"]:
        element = block.get("element", {})
        if element.get("action_id") == field:
            groups = element.get("option_groups") or [element]
            return [one["value"] for group in groups for one in group["options"]]
    return None


def choose(told, by=ALICE, **chosen):
    for field, value in chosen.items():
        told.slack.choose(field, value, by=by)


def filled(told, by=ALICE, service="api", environment="dev", version=None):
    """Open a form and choose everything that a deploy needs; wait for the policy's word."""
    opened(told, by)
    sha = version or told.world.sha(CODE, "main")
    choose(told, by, form_services=service, form_environment=environment)
    sees(told, lambda text: options(told, PICKED, by), by)
    choose(told, by, form_picked=sha)
    sees(told, lambda text: f"To deploy {service} to {environment} at {sha}: " in text, by)
    return sha


def submit(told, by=ALICE, **values):
    told.slack.submit(by=by, **values)
    return told.slack.modal(by)


def errors(told, by=ALICE):
    """Return what stands at the fields, by the field's name."""
    view = told.slack.modal(by)
    return {block.partition(":")[0]: words for block, words in view.errors.items()}


def answered(told, number, by=ALICE):
    """Return what *by* alone read last, once there is more than before."""
    assert told.world.until(lambda: len(told.slack.ephemerals(by)) > number, 30)
    return told.slack.ephemerals(by)[-1]


def test_deploy_without_words_opens_a_form(told):
    view = opened(told)
    assert ["dev", "staging", "prod"] == options(told, ENVIRONMENT)
    assert {"channel": "C0DEPLOY"} == json.loads(view.content["private_metadata"])
    sha = told.world.sha(CODE, "main")
    assert sha == options(told, PICKED)[0]
    assert ["v1.3.0", "v1.2.3"] == options(told, PICKED)[-2:]


def test_the_command_is_answered_before_slack_has_opened_anything(told):
    told.slack.arm("views.open", Fault(delay=1.5))
    start = time.monotonic()
    reply = told.types("/deploy")
    assert (None, True) == (reply.error, time.monotonic() - start < 1.0)
    assert told.world.until(lambda: told.slack.modal(ALICE), 10)


def test_services_are_found_as_somebody_types(told):
    opened(told)
    calls = len(told.github.calls)
    assert ["gateway (dev, staging, prod)"] == told.slack.suggest(SERVICES, "gat", by=ALICE)
    assert ["pay (dev, staging, prod)"] == told.slack.suggest(SERVICES, "payy", by=ALICE)
    assert 4 == len(told.slack.suggest(SERVICES, "", by=ALICE))
    assert [] == told.slack.suggest(SERVICES, "<!channel>", by=ALICE)
    # What watches Git in the background reads files at its own times.
    assert [] == [one for one in told.github.calls[calls:] if one.route != "graphql"]


def test_versions_come_with_checks_and_authors(told):
    sha = told.world.sha(CODE, "main")
    told.github.report_check(CODE, sha, "ci", "completed", "failure")
    told.world.until(lambda: False, 0.5)  # the list of before is forgotten after 20 s, here 0.3
    opened(told)
    view = json.dumps(told.slack.modal(ALICE).content, ensure_ascii=False)
    assert f"{sha[:8]} refactor(gateway): rate limit per ticket" in view
    assert "⛔ checks red · alice-kim · 20" in view
    told.github.report_check(CODE, sha, "ci")


def test_the_policys_word_is_shown_before_and_changes_with_the_choice(told):
    filled(told, environment="dev")
    assert "it may start now." in screen(told)
    choose(told, form_environment="prod")
    sees(told, lambda text: "to prod at" in text)
    assert "it may not start." in screen(told)
    assert "Order refuses" in screen(told)
    assert () == told.store.latest()


def test_who_may_not_reads_so_before_they_send(told):
    filled(told, by=MALLORY)
    assert "it may not start." in screen(told, MALLORY)
    assert "Right refuses" in screen(told, MALLORY)


def test_what_is_typed_is_weighed_after_enter(told):
    opened(told)
    choose(told, form_services="api", form_environment="dev", form_written="nonsense")
    sees(told, lambda text: "it may not start." in text)
    assert "no commit, branch or tag nonsense" in screen(told)


def test_what_was_typed_stays_while_the_form_fills(told):
    opened(told)
    told.slack.choose(REASON, "because we can", by=ALICE)
    choose(told, form_services="api")
    sees(told, lambda text: "Reading" not in text)
    assert "because we can" in screen(told)


def test_sending_it_deploys_as_typing_does(told):
    sha = filled(told)
    number = len(told.slack.ephemerals(ALICE))
    assert None is submit(told, form_reason="fix & <!channel>")
    reply = answered(told, number)
    assert ("C0DEPLOY", ALICE) == (reply.channel, reply.only_for)
    operation = told.operation(reply)
    request = operation.request
    assert (("api",), "dev", sha, ALICE, "C0DEPLOY") == (
        request.services,
        request.environment,
        request.version,
        request.requester,
        request.channel,
    )
    assert "fix & <!channel>" == request.reason
    assert Phase.LIVE is told.ends(reply).phase


def test_sending_it_twice_is_one_operation(told):
    """At once, and again when the first has long ended: Slack's ack may have been lost."""
    filled(told, service="web", version=told.world.sha(CODE, "main~1"))
    before = {one.id for one in told.store.latest()}
    view = told.slack.modal(ALICE)
    for again in range(3):
        number = len(told.slack.ephemerals(ALICE))
        with told.slack.lock:
            told.slack.views._stacks[ALICE] = [view]
        submit(told, form_reason=f"time {again}")
        reply = answered(told, number)
        if again == 1:
            told.ends(reply)
    new = {one.id for one in told.store.latest()} - before
    assert {told.operation(reply).id} == new


@pytest.mark.parametrize(
    ("entered", "field", "words"),
    [
        pytest.param(
            {WRITTEN: "a b"},
            WRITTEN,
            "a b cannot be a version: no commit, branch or tag is written so. Name a commit "
            "(short or full SHA), a branch or a Git tag.",
            id="no version",
        ),
        pytest.param(
            {},
            WRITTEN,
            "No version was named for api. Name a commit (short or full SHA), a branch or a Git "
            "tag.",
            id="none",
        ),
        pytest.param(
            {PICKED: "v1.3.0", WRITTEN: "main"},
            WRITTEN,
            "One command is of one version, and several were named: v1.3.0 and main. Leave one of "
            "them.",
            id="two",
        ),
    ],
)
def test_what_would_be_misread_is_told_at_its_field(told, entered, field, words):
    opened(told)
    before = told.store.latest()
    choose(told, form_services="api", form_environment="dev")
    sees(told, lambda text: "Reading" not in text)
    submit(told, **entered)
    assert {field: words} == errors(told)
    assert before == told.store.latest()


def test_a_form_that_opens_too_late_gives_the_typed_line(told):
    number = len(told.slack.ephemerals(ALICE))
    told.slack.arm(
        "views.open", Fault(answer=lambda: answer({"ok": False, "error": "trigger_expired"}))
    )
    told.types("/deploy")
    reply = answered(told, number)
    assert "The form did not open: trigger_expired" in reply.text
    assert "/deploy <service>[,<service>…] <version> <env> because <reason>" in reply.words
    assert None is told.slack.modal(ALICE)


def test_without_github_a_version_can_still_be_written(told):
    told.world.until(lambda: False, 0.5)
    told.github.arm("graphql", AWAY, times=None)
    told.types("/deploy")
    sees(told, lambda text: "The newest commits could not be read." in text)
    choose(told, form_services="api", form_environment="dev", form_written="main")
    sees(told, lambda text: "To deploy api to dev at main: it may not start." in text)
    assert "unknown, so no" in screen(told)


def without_intake(told, error):
    """Send a whole form while nothing can be written down; return what the person sees."""
    filled(told, service="pay")
    view = told.slack.modal(ALICE)
    intake = told.inside.shipmate.intake

    def fail(*_):
        raise error

    receive, intake.receive = intake.receive, fail
    try:
        reply = told.slack.submit(by=ALICE)
    finally:
        intake.receive = receive
    assert view.state == told.slack.modal(ALICE).state
    return reply


def test_without_a_database_nothing_is_lost(told):
    without_intake(told, Unavailable("The database", "write it down"))
    assert "Press Deploy again in a minute." in errors(told)[SERVICES]


def test_after_a_fault_of_ours_the_form_still_stands(told):
    """A 200 would close it, and the person would take it for sent."""
    assert "dispatch_failed" == without_intake(told, RuntimeError("a bug")).error


def test_a_choice_that_is_overtaken_is_not_shown(told):
    """The slow word on the first choice comes after the second one was made."""
    opened(told)
    choose(told, form_services="api", form_environment="dev")
    told.github.arm("graphql", Fault(delay=1.0))
    choose(told, form_written="main")
    choose(told, form_environment="staging")
    sees(told, lambda text: "to staging at main: " in text)
    assert not told.world.until(lambda: "to dev at" in screen(told), 2)


def test_the_newest_choice_is_shown_although_the_form_changed_under_it(told):
    """Its hash is that of before the first choice was shown: Slack calls that a conflict."""
    opened(told)
    choose(told, form_services="api", form_written="main")
    sees(told, lambda text: "Reading" not in text)
    told.world.until(lambda: False, 0.5)
    told.slack.arm("views.update", Fault(delay=0.4), times=2)
    choose(told, form_environment="dev")
    choose(told, form_environment="staging")
    sees(told, lambda text: "To deploy api to staging at main: " in text)
    sees(told, lambda text: "[ staging ]" in text)


def test_a_form_closed_meanwhile_troubles_nobody(told):
    opened(told)
    told.github.arm("graphql", Fault(delay=0.5))
    choose(told, form_services="api", form_environment="dev", form_written="main")
    told.slack.dismiss(by=ALICE)
    assert not told.world.until(lambda: told.slack.modal(ALICE), 2)
    assert [] == told.world.troubles()


# what must not work


def forged(told, by=ALICE, **changes):
    """Send a form that Slack never showed; return what the bot answered."""
    with told.slack.lock:
        view = told.slack.views.top(by)
        shown = told.slack._shown(view)
        payload = told.slack._payloads.submission(told.slack._person(by), shown, "1.1.x")
    for name, value in changes.items():
        payload["view"][name] = value
    return told.slack.forge({"payload": json.dumps(payload)})


def state(**values):
    entries = {
        SERVICES: {"selected_options": [{"value": values.get("service", "api")}]},
        ENVIRONMENT: {"selected_option": {"value": values.get("environment", "dev")}},
        WRITTEN: {"value": values.get("version", "main")},
    }
    return {"values": {name: {name: entry} for name, entry in entries.items()}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"state": state(service="root")}, "There is no service root.", id="service"),
        pytest.param(
            {"state": state(environment="moon")}, "There is no environment moon.", id="environment"
        ),
        pytest.param(
            {"state": state(), "private_metadata": '{"channel": "<!channel>"}'},
            "This form does not say where it was opened.",
            id="a channel that is none",
        ),
        pytest.param(
            {"state": state(), "private_metadata": "x" * 3000},
            "This form does not say where it was opened.",
            id="luggage of another kind",
        ),
        pytest.param(
            {"state": state(), "id": "../../x"},
            "This form does not say where it was opened.",
            id="a view that is none",
        ),
        pytest.param({"state": None}, "No service was named.", id="no state"),
        pytest.param({"state": {"values": {"a": {"b": [1]}}}}, "No service was named.", id="junk"),
    ],
)
def test_a_forged_form_is_refused(told, changes, words):
    opened(told)
    before = told.store.latest()
    outcome = forged(told, **changes)
    assert ("errors", 200) == (outcome.said["response_action"], outcome.status)
    assert words in " ".join(outcome.said["errors"].values())
    assert before == told.store.latest()


def test_a_form_is_answered_to_its_sender_alone_wherever_it_says(told):
    """The channel in it is somebody else's conversation: nobody there reads anything."""
    with told.slack.lock:
        bobs = told.slack.workspace.direct_channel(BOB).id
    opened(told)
    luggage = json.dumps({"channel": bobs})
    forged(told, state=state(service="gateway", version="v1.3.0"), private_metadata=luggage)
    with told.slack.lock:
        mine = told.slack.workspace.direct_channel(ALICE).id
    assert told.world.until(lambda: told.slack.messages(mine), 30)
    assert "Received as" in told.slack.messages(mine)[-1].text
    assert [] == [one.text for one in told.slack.messages(bobs)]
    assert [] == told.slack.ephemerals(BOB)
    told.ends(told.slack.messages(mine)[-1])


def test_a_form_of_another_workspace_is_turned_away(told):
    opened(told)
    with told.slack.lock:
        shown = told.slack._shown(told.slack.views.top(ALICE))
        payload = told.slack._payloads.submission(told.slack._person(ALICE), shown, "1.1.x")
    payload["team"]["id"] = "T0OTHER"
    assert 403 == told.slack.forge({"payload": json.dumps(payload)}).status


def test_a_form_sent_by_somebody_without_the_right_starts_nothing(told):
    filled(told, by=MALLORY)
    commits = told.commits()
    number = len(told.slack.ephemerals(MALLORY))
    submit(told, by=MALLORY)
    reply = answered(told, number, MALLORY)
    number = told.operation(reply).id
    assert told.world.until(lambda: told.store.operation(number).phase.ended, 60)
    assert Phase.REFUSED is told.store.operation(number).phase
    assert commits == told.commits()
