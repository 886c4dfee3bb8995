"""The real apprise against a web page and a mail server of our own."""

import json
import logging
import socketserver
import sys
import threading
from dataclasses import replace

import pytest
import requests
from pydantic import SecretStr
from werkzeug.wrappers import Request, Response

from bot.adapters.other_channels import channels
from bot.domain.alerts import Alert, Happening, Severity
from bot.domain.errors import Unavailable
from bot.messages.alerts import spoken
from bot.settings import SettingsInvalid
from sandbox.wire import Fault, Wire, answer

SICK = Alert(
    Happening.DEGRADED,
    Severity.CRITICAL,
    "health/core/ü &?=+ prod",
    "core in prod is degraded",
    "CrashLoopBackOff <b>core</b>",
    "https://argocd.example.com/core?a=1&b=2",
    service="core",
    environment="prod",
)
WELL = replace(SICK, severity=Severity.INFO, happening=Happening.RECOVERED, resolves=True)
KEY = "a1b2c3d4" * 4


class Sink(Wire):
    """A web page that takes whatever is sent to it."""

    def __init__(self) -> None:
        super().__init__("sink")
        for path in ("/hook", "/v2/enqueue", "/workflows/<path:rest>"):
            self.route(path, ["POST"], path, self._taken)

    def _taken(self, _request: Request, **_path: str) -> Response:
        return answer({"status": "success"}, 202)

    @property
    def bodies(self):
        return [json.loads(call.body) for call in self.calls]


class Post(socketserver.StreamRequestHandler):
    """Takes one mail as RFC 5321 describes it."""

    def handle(self):
        self._say("220 here")
        for line in self.rfile:
            if line.upper().startswith(b"DATA"):
                self._say("354 go on")
                self.server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
            self._say("221 bye" if line.upper().startswith(b"QUIT") else "250 ok")

    def _say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Post)
        self.mails = []


@pytest.fixture(scope="module")
def started():
    sink = Sink()
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture
def sink(started, monkeypatch):
    """The sink, which stands in for every host whose name only the world knows."""
    started.calls.clear()
    send = requests.adapters.HTTPAdapter.send

    def here(adapter, request, **how):
        if "127.0.0.1" not in request.url:
            _, _, _, path = request.url.split("/", 3)
            request.url = f"{started.url}/{path}"
        return send(adapter, request, **how)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", here)
    return started


@pytest.fixture
def mail_server():
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def tell(url, *alerts):
    told = channels(["THERE"], {"THERE": SecretStr(url)})
    for alert in alerts:
        told.tell("THERE", alert, *spoken(alert))


def json_url(sink):
    return sink.url.replace("http://", "json://") + "/hook"


def test_each_call_is_counted_by_the_kind_of_receiver_and_never_by_its_address(sink):
    calls = []
    told = channels(
        ["THERE"], {"THERE": SecretStr(json_url(sink))}, lambda *call: calls.append(call)
    )
    told.tell("THERE", SICK, *spoken(SICK))
    sink.arm("/hook", Fault(answer=lambda: answer({}, 503)))
    with pytest.raises(Unavailable):
        told.tell("THERE", SICK, *spoken(SICK))
    assert [("apprise", "json", 200), ("apprise", "json", 503)] == [call[:3] for call in calls]


def test_pagerduty_opens_one_incident_and_resolves_it(sink):
    tell(f"pagerduty://{KEY}@unused/shipmate/deploys", SICK, WELL)
    opened, resolved = sink.bodies
    assert ["/v2/enqueue"] * 2 == [call.path for call in sink.calls]
    assert (KEY, "trigger", SICK.dedup, "critical") == (
        opened["routing_key"],
        opened["event_action"],
        opened["dedup_key"],
        opened["payload"]["severity"],
    )
    assert "core in prod is degraded" in opened["payload"]["summary"]
    assert [{"href": SICK.link}] == opened["links"]
    assert (KEY, "resolve", SICK.dedup) == (
        resolved["routing_key"],
        resolved["event_action"],
        resolved["dedup_key"],
    )


def test_a_summary_is_no_longer_than_pagerduty_takes(sink):
    tell(f"pagerduty://{KEY}@unused", replace(SICK, text=("x" * 400 + "\n") * 10))
    assert 1024 >= len(sink.bodies[0]["payload"]["summary"]) > 900


def test_a_webhook_gets_everything_as_json(sink):
    tell(json_url(sink), SICK)
    [body] = sink.bodies
    expected = {
        "title": "[CRITICAL] core in prod is degraded",
        "message": f"{SICK.text}\n{SICK.link}",
        "type": "failure",
        "happening": "degraded",
        "severity": "critical",
        "dedup": SICK.dedup,
        "resolves": "false",
        "link": SICK.link,
        "service": "core",
        "environment": "prod",
    }
    assert expected == {key: body[key] for key in expected}


def test_parameters_of_the_address_stay(sink):
    tell(f"{json_url(sink)}?:team=sre", WELL)
    [body] = sink.bodies
    assert ("sre", "true", "success") == (body["team"], body["resolves"], body["type"])


def test_teams_gets_a_card_with_the_words(sink):
    tell("workflows://here.example.com:443/643a8e1f/signature-of-the-flow/", SICK)
    said = json.dumps(sink.bodies[0])
    assert "core in prod is degraded" in said
    assert "CrashLoopBackOff" in said


def test_a_mail_arrives_and_its_outside_text_is_no_markup(mail_server):
    port = mail_server.server_address[1]
    tell(f"mailto://127.0.0.1:{port}?from=bot@example.com&to=sre@example.com&mode=insecure", SICK)
    [mail] = mail_server.mails
    assert "Subject: [CRITICAL] core in prod is degraded" in mail
    assert "CrashLoopBackOff" in mail
    assert "Content-Type: text/plain" in mail  # so that what came from outside is no markup


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        pytest.param({"answer": lambda: answer({}, 500)}, "answered 500", id="an error"),
        pytest.param({"answer": lambda: answer({}, 404)}, "answered 404", id="a wrong address"),
        pytest.param({"drop": "before"}, "no answer", id="no answer"),
    ],
)
def test_what_was_not_taken_is_told_without_the_address(sink, caplog, fault, why):
    sink.arm("/hook", Fault(**fault))
    with caplog.at_level(logging.DEBUG), pytest.raises(Unavailable, match=why) as caught:
        tell(f"{json_url(sink)}?token=hunter2", SICK)
    assert "hunter2" not in str(caught.value) + caplog.text
    assert "127.0.0.1" not in str(caught.value)


def refused(receivers, addresses):
    with pytest.raises(SettingsInvalid) as caught:
        channels(receivers, {name: SecretStr(url) for name, url in addresses.items()})
    return str(caught.value)


def test_who_has_no_address_is_named_before_anything_starts():
    said = refused(["PAGER", "MAIL", "PAGER"], {"MAIL": "json://localhost"})
    assert "NOTIFY_PAGER is missing: give the address, as a URL of apprise" == said


def test_an_address_that_is_none_is_refused_without_being_repeated():
    said = refused(["PAGER"], {"PAGER": "nonsense://hunter2"})
    assert "NOTIFY_PAGER is no address that apprise understands" == said


def test_without_apprise_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert "install shipmate[notify]" in refused(["PAGER"], {"PAGER": "json://localhost"})


def test_where_nobody_is_told_nothing_is_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert channels([], {"PAGER": SecretStr("json://localhost")}) is None
