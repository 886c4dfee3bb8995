"""The watch stream: silent until the first event, lossy, and ended by a plain EOF."""

import json
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest

from tests.sandbox.argocd_ground import ground

SSE = {"Accept": "text/event-stream"}


@pytest.fixture
def g():
    with ground() as started:
        yield started


@contextmanager
def watching(g, *, sse=True, **query):
    """Open a stream that is known to be subscribed once its first line has come."""
    headers = SSE if sse else {}
    with g.client.stream(
        "GET", "/api/v1/stream/applications", params=query, headers=headers
    ) as response:
        yield response


def events(response):
    for line in response.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))["result"]
        elif line.startswith("{"):
            yield json.loads(line)["result"]


def settled(g, name="web"):
    """Wait until the fake has nothing more to say of an application without auto-sync."""
    g.until(lambda: "reconciledAt" in g.argocd.application(name)["status"])


def change(g, name="web"):
    spec = g.argocd.application(name)["spec"]
    spec["revisionHistoryLimit"] = spec.get("revisionHistoryLimit", 10) + 1
    g.argocd.change_spec(name, spec)


def test_it_begins_with_what_is_there_and_goes_on_with_changes(g):
    g.add_web(auto_sync=False)
    settled(g)
    with watching(g) as response:
        assert "text/event-stream" == response.headers["Content-Type"]
        found = events(response)
        first = next(found)
        assert ("ADDED", "web") == (first["type"], first["application"]["metadata"]["name"])
        g.until(lambda: g.argocd.open_streams() == 1)
        change(g)
        second = next(found)
        assert "MODIFIED" == second["type"]
        g.argocd.delete_application("web")
        assert "DELETED" in (each["type"] for each in found)


def test_sse_frames_have_their_exact_shape(g):
    g.add_web(auto_sync=False)
    with watching(g) as response:
        chunk = next(response.iter_raw())
    assert chunk.startswith(b'data: {"result": {')
    assert chunk.endswith(b"} \n\n\n")


def test_without_sse_it_is_one_json_object_a_line(g):
    g.add_web(auto_sync=False)
    with watching(g, sse=False) as response:
        assert "application/json" == response.headers["Content-Type"]
        assert "ADDED" == next(events(response))["type"]


def test_not_even_headers_come_before_the_first_event(g):
    with pytest.raises(httpx.ReadTimeout), httpx.Client(base_url=g.argocd.url) as client:
        client.get(
            "/api/v1/stream/applications",
            headers=SSE | {"Authorization": f"Bearer {g.argocd.token}"},
            timeout=0.5,
        )


def test_heartbeats_come_only_after_the_first_event(g):
    g.add_web(auto_sync=False)
    settled(g)
    with watching(g) as response:
        lines = [line for line, _ in zip(response.iter_lines(), range(5), strict=False) if line]
    assert lines[0].startswith("data: ")
    assert [":", ":"] == lines[1:]


def test_ndjson_has_no_heartbeat(g):
    g.argocd.tempo.heartbeat = timedelta(milliseconds=100)
    g.add_web(auto_sync=False)
    settled(g)
    with watching(g, sse=False) as response:
        lines = response.iter_lines()
        next(lines)
        g.until(lambda: g.argocd.open_streams() == 1)
        g.argocd.restart()
        assert [] == list(lines)


@pytest.mark.parametrize("sse", [True, False], ids=["SSE", "NDJSON"])
def test_a_restart_is_a_plain_end(g, sse):
    g.add_web(auto_sync=False)
    settled(g)
    with watching(g, sse=sse) as response:
        found = events(response)
        next(found)
        g.until(lambda: g.argocd.open_streams() == 1)
        g.argocd.restart()
        assert [] == list(found)
    g.until(lambda: g.argocd.open_streams() == 0)


def test_a_crash_cuts_it(g):
    g.add_web(auto_sync=False)
    settled(g)
    with watching(g) as response:
        found = events(response)
        next(found)
        g.until(lambda: g.argocd.open_streams() == 1)
        g.argocd.restart(cut=True)
        with pytest.raises(httpx.RemoteProtocolError):
            list(found)


def test_a_client_that_leaves_is_noticed(g):
    g.add_web(auto_sync=False)
    settled(g)
    with watching(g) as response:
        next(events(response))
        g.until(lambda: g.argocd.open_streams() == 1)
    g.until(lambda: g.argocd.open_streams() == 0)


def test_what_is_written_between_the_list_and_the_subscription_is_lost(g):
    g.add_web(auto_sync=False)
    g.add_web("other", auto_sync=False)
    settled(g)
    settled(g, "other")
    g.argocd.tempo.reconcile_delay = timedelta(hours=9)  # Only our own writes from here on.
    g.argocd.subscribe_gap(360000)
    with watching(g) as response:
        found = events(response)
        next(found), next(found)
        change(g)
        g.argocd.subscribe_gap(0)
        g.until(lambda: g.argocd.open_streams() == 1)
        change(g, "other")
        assert "other" == next(found)["application"]["metadata"]["name"]


def test_the_stream_lags_behind_get(g):
    g.add_web(auto_sync=False)
    settled(g)
    g.argocd.tempo.reconcile_delay = timedelta(hours=9)  # Only our own writes from here on.
    g.argocd.stale_list(30)
    change(g)
    now = g.get("/applications/web").json()["spec"]["revisionHistoryLimit"]
    with watching(g) as response:
        found = events(response)
        first, second = next(found), next(found)
        assert ("ADDED", "MODIFIED") == (first["type"], second["type"])
        assert "revisionHistoryLimit" not in first["application"]["spec"]
        assert now == second["application"]["spec"]["revisionHistoryLimit"]


def test_events_get_lost(g):
    g.add_web(auto_sync=False)
    g.add_web("other", auto_sync=False)
    settled(g)
    settled(g, "other")
    g.argocd.tempo.reconcile_delay = timedelta(hours=9)  # Only our own writes from here on.
    with watching(g) as response:
        found = events(response)
        next(found), next(found)
        g.until(lambda: g.argocd.open_streams() == 1)
        g.argocd.drop_events(1)
        change(g)
        change(g, "other")
        assert "other" == next(found)["application"]["metadata"]["name"]


def test_changes_close_together_become_one(g):
    g.add_web(auto_sync=False)
    settled(g)
    g.argocd.coalesce_events(3)
    with watching(g) as response:
        found = events(response)
        next(found)
        g.until(lambda: g.argocd.open_streams() == 1)
        for _ in range(5):
            change(g)
        only = next(found)["application"]
    assert 15 == only["spec"]["revisionHistoryLimit"]


def test_an_equal_payload_is_not_sent_again_but_a_duplicate_can_be_forced(g):
    g.add_web(auto_sync=False)
    settled(g)
    fields = "result.type,result.application.metadata.name,result.application.spec.project"
    with watching(g, fields=fields) as response:
        found = events(response)
        next(found)
        g.until(lambda: g.argocd.open_streams() == 1)
        change(g)
        assert "MODIFIED" == next(found)["type"]
        change(g)  # Nothing that was asked for changed: not a word.
        g.argocd.duplicate_events()
        spec = g.argocd.application("web")["spec"]
        g.argocd.change_spec("web", spec | {"project": "new"})
        projects = [next(found)["application"]["spec"]["project"] for _ in range(2)]
    assert ["new", "new"] == projects


def test_a_silent_stream_stays_open_and_says_nothing(g):
    g.argocd.tempo.heartbeat = timedelta(milliseconds=100)
    g.add_web(auto_sync=False)
    settled(g)
    with watching(g) as response:
        lines = response.iter_lines()
        next(lines)
        g.until(lambda: g.argocd.open_streams() == 1)
        g.argocd.silent_stream()
        change(g)
        g.argocd.restart()
        assert not any(line.startswith("data: ") for line in lines)


@pytest.mark.parametrize("sse", [True, False], ids=["SSE", "NDJSON"])
def test_a_bad_token_is_told_in_the_stream_s_own_shape(g, sse):
    answer = g.client.get(
        "/api/v1/stream/applications",
        headers={"Authorization": ""} | (SSE if sse else {}),
    )
    assert 401 == answer.status_code
    assert {
        "error": {
            "grpc_code": 16,
            "http_code": 401,
            "message": "no session information",
            "http_status": "Unauthorized",
        }
    } == json.loads(answer.text.removeprefix("data: "))


@pytest.mark.parametrize(("fields", "expected"), [("result.type", {}), ("result.type,error", None)])
def test_fields_without_error_make_an_error_empty(g, fields, expected):
    answer = g.client.get(
        "/api/v1/stream/applications", headers={"Authorization": ""}, params={"fields": fields}
    )
    assert (expected == answer.json()) == (expected is not None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({}, ["ADDED"], id="all that is there"),
        pytest.param({"resourceVersion": "99999"}, [], id="nothing from the past"),
        pytest.param({"name": "web"}, ["ADDED"], id="by name"),
        pytest.param({"appNamespace": "elsewhere"}, ["ADDED"], id="namespace needs a name"),
    ],
)
def test_which_applications_begin_a_stream(g, query, expected):
    g.add_web(auto_sync=False)
    settled(g)
    if expected:
        with watching(g, **query) as response:
            assert expected == [next(events(response))["type"]]
    else:
        with pytest.raises(httpx.ReadTimeout):
            g.client.get("/api/v1/stream/applications", params=query, timeout=0.4)


def test_an_expired_token_does_not_end_an_open_stream(g):
    g.add_web(auto_sync=False)
    settled(g)
    with watching(g) as response:
        found = events(response)
        next(found)
        g.until(lambda: g.argocd.open_streams() == 1)
        g.argocd.expire_token()
        change(g)
        assert "MODIFIED" == next(found)["type"]
