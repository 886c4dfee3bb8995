"""The ConfigMap for Argo CD's notifications: its triggers decide, and its bodies are heard."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot.clock import Clock
from handlers.argocd_events import EVENTS, ArgoCDEvents

FILE = Path(__file__).parents[2] / "deploy/argocd/argocd-notifications-cm.yaml"


@pytest.fixture(scope="module")
def data():
    return YAML(typ="safe").load(FILE.read_text())["data"]


def parsed(text):
    return YAML(typ="safe").load(text)


def app(**changes):
    status = {
        "sync": {"status": "Synced"},
        "health": {"status": "Healthy"},
        "operationState": {
            "phase": "Succeeded",
            "startedAt": "2026-01-01T00:00:01Z",
            "finishedAt": "2026-01-01T00:00:02Z",
        },
    }
    metadata = {"name": "core-prod", "namespace": "argocd", "uid": "u-1", "resourceVersion": "8"}
    return {
        "metadata": metadata,
        "spec": {"syncPolicy": {"automated": {}}},
        "status": {name: one for name, one in (status | changes).items() if one is not None},
    }


RUNNING = {"phase": "Running", "startedAt": "2026-01-01T00:00:01Z"}


class Nil:
    """Nothing, which may only be asked further by ``?.``."""

    def __getattr__(self, name):
        if name.startswith("maybe_"):
            return self
        raise AssertionError(f"cannot fetch {name} from <nil>")

    def __eq__(self, other):
        return other is None or isinstance(other, Nil)

    __hash__ = None


class Value:
    """An object of the application, read as the triggers' language does."""

    def __init__(self, of):
        self.of = of

    def __getattr__(self, name):
        found = self.of.get(name.removeprefix("maybe_"), Nil())
        return Value(found) if isinstance(found, dict) else found


def holds(condition, document):
    python = condition.replace("?.", ".maybe_")
    names = {"app": Value(document), "nil": None, "false": False}
    return eval(python, {"__builtins__": {}}, names)


def sent(data, document):
    """Return the events that the triggers send of *document*."""
    conditions = parsed(data["trigger.shipmate"])
    return {
        template.removeprefix("shipmate-")
        for one in conditions
        if holds(one["when"], document)
        for template in one["send"]
    }


def rendered(template, dot, root):
    """Return *template* with what ``with``, ``else`` and ``toJson`` make of *dot*."""
    out, rest = "", template
    while found := re.search(r"\{\{(.*?)\}\}", rest):
        out, word = out + rest[: found.start()], found[1].strip()
        rest = rest[found.end() :]
        if word.startswith("toJson "):
            out += json.dumps(at(word.split()[1], dot, root))
            continue
        assert word.startswith("with "), word
        inside, otherwise, rest = branches(rest)
        value = at(word.split()[1], dot, root)
        out += rendered(inside, value, root) if value else rendered(otherwise, dot, root)
    return out + rest


def branches(text):
    depth, parts, start = 1, [], 0
    for found in re.finditer(r"\{\{(with .*?|else|end)\}\}", text):
        depth += {"w": 1, "e": 0}[found[1][0]] if found[1] != "end" else -1
        if (found[1] == "else" and depth == 1) or depth == 0:
            parts.append(text[start : found.start()])
            start = found.end()
        if depth == 0:
            return parts[0], parts[1] if len(parts) > 1 else "", text[start:]
    raise AssertionError("a block without an end")


def at(path, dot, root):
    value = root if path.startswith((".app", ".context")) else dot
    for name in path.strip(".").split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def test_every_event_that_is_heard_has_a_trigger_and_a_template(data):
    templates = {name.removeprefix("template.shipmate-") for name in data if "template." in name}
    conditions = parsed(data["trigger.shipmate"])
    assert EVENTS == templates
    assert EVENTS == {name.removeprefix("shipmate-") for one in conditions for name in one["send"]}
    (subscription,) = parsed(data["subscriptions"])
    assert {"recipients": ["shipmate"], "triggers": ["shipmate"]} == subscription


def test_operations_are_told_by_their_times_and_never_by_a_revision(data):
    text = data["trigger.shipmate"]
    assert "revision" not in text
    for one in parsed(text):
        told_once = one.get("oncePer", "").rpartition(".")[2]
        expected = {"Running": "startedAt", "Succeeded": "finishedAt", "Failed": "finishedAt"}
        phase = next((phase for phase in expected if f"'{phase}'" in one["when"]), None)
        assert (expected[phase] if phase else "") == told_once


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(app(), {"sync-succeeded", "healthy", "auto-sync-on"}, id="all is well"),
        pytest.param(
            app(operationState=None, health={}), {"auto-sync-on"}, id="never synced"
        ),
        pytest.param(
            {"metadata": {}, "spec": {}}, {"auto-sync-off"}, id="just made, without a status"
        ),
        pytest.param(
            app(operationState={"phase": "Running"}, health={"status": "Progressing"}),
            {"sync-running", "auto-sync-on"},
            id="syncing",
        ),
        pytest.param(
            app(operationState={"phase": "Error"}, health={"status": "Degraded"}),
            {"sync-failed", "degraded", "auto-sync-on"},
            id="all is bad",
        ),
        pytest.param(
            app() | {"spec": {"syncPolicy": {"automated": {"enabled": False}}}},
            {"sync-succeeded", "healthy", "auto-sync-off"},
            id="auto-sync is disabled",
        ),
        pytest.param(
            app(sync={"status": "Unknown"}),
            {"sync-succeeded", "sync-unknown", "healthy", "auto-sync-on"},
            id="Git cannot be read",
        ),
    ],
)  # fmt: skip
def test_the_triggers_send_what_is_so_and_never_stumble(data, document, expected):
    assert expected == sent(data, document)


@pytest.mark.parametrize("event", sorted(EVENTS))
@pytest.mark.parametrize(
    "document",
    [
        pytest.param(app(), id="all there"),
        pytest.param(app(operationState=RUNNING), id="no end"),
        pytest.param(app(operationState=None), id="no operation"),
        pytest.param({**app(), "status": None}, id="no status"),
    ],
)  # fmt: skip
def test_every_body_is_heard_by_our_webhook(data, event, document):
    template = parsed(data[f"template.shipmate-{event}"])["webhook"]["shipmate"]
    assert "POST" == template["method"]
    root = {"app": document, "context": parsed(data["context"])}
    body = rendered(template["body"], root, root)
    heard = []
    token = parsed(data["service.webhook.shipmate"])["headers"][1]["value"]
    assert "Bearer $shipmate-token" == token
    hears = ArgoCDEvents(
        lambda: ["t"], ["main"], lambda one: not heard.append(one), Clock(epoch=EPOCH)
    )
    assert 200 == hears.hear(token.replace("$shipmate-token", "t"), body.encode()).value, body
    assert (event, "core-prod") == (heard[0].event, heard[0].body["name"])


EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
