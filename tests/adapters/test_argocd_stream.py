"""The stream against the pretended Argo CD: it triggers, survives, and stops at once."""

import json
import queue
import threading
from datetime import timedelta

import pytest
from werkzeug.wrappers import Response

from bot.adapters.argocd import ArgoCD, Timeouts
from bot.adapters.argocd_stream import Pace, Stream, _lines
from bot.clock import Clock
from bot.domain.catalog import Instance
from bot.domain.errors import Unavailable
from sandbox.wire import Fault
from tests.sandbox.argocd_ground import ground

WEB = ("main", "argocd", "web")
PACE = Pace(first_byte=5.0, silence=5.0, reconnect=timedelta(seconds=0.02))
RARELY = timedelta(hours=10)


class Heard:
    """What a stream told, in order."""

    def __init__(self):
        self.queue = queue.Queue()

    def __call__(self, *names):
        self.queue.put(names)

    def wait_for(self, names, seconds=10.0):
        while True:
            try:
                told = self.queue.get(timeout=seconds)
            except queue.Empty:
                raise AssertionError(f"never heard of {names}") from None
            if told == names:
                return

    def clear(self):
        while not self.queue.empty():
            self.queue.get_nowait()


@pytest.fixture
def world():
    with ground() as ground_:
        ground_.argocd.tempo.poll_interval = timedelta(hours=100)
        yield ground_


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def watch(world, heard):
    """Start streams that end with the test."""
    started = []

    def begin(pace=PACE, token=None, clock=None, **more):
        argo = ArgoCD(
            Instance("main", world.argocd.url),
            token or world.argocd.token,
            clock=clock or Clock(),
            timeouts=Timeouts(2.0, 5.0, 1.0),
        )
        stream = Stream(argo, heard, clock=clock or Clock(), pace=pace, chance=lambda: 0.0, **more)
        started.append((stream, argo))
        stream.start()
        return stream

    yield begin
    for stream, argo in started:
        assert stream.stop()
        argo.close()


def brought_live(world):
    """Bring something live; the pretended Argo CD does not look at Git by itself here."""
    sha = world.gitops.push_web("1")
    world.argocd.poll_now("web")
    return world.live(sha)


def eventually(true, seconds=10.0):
    for _ in range(int(seconds / 0.02)):
        if true():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it never came true")


def test_what_is_there_is_told_on_connecting(world, watch, heard):
    world.add_web()
    stream = watch()
    heard.wait_for(WEB)
    eventually(lambda: stream.state.connected_since is not None)
    assert ("", False, 1) == (
        stream.state.last_error, stream.state.refused, stream.state.connections,
    )  # fmt: skip


def test_a_change_is_told(world, watch, heard):
    world.add_web()
    brought_live(world)
    stream = watch(replace_list(RARELY))
    heard.wait_for(WEB)
    eventually(lambda: stream.state.last_listed is not None and world.argocd.open_streams() == 1)
    threading.Event().wait(0.2)
    heard.clear()
    world.gitops.push_web("2")
    world.argocd.poll_now("web")
    heard.wait_for(WEB)


def replace_list(every):
    return Pace(
        first_byte=PACE.first_byte,
        silence=PACE.silence,
        list_every=every,
        reconnect=PACE.reconnect,
    )


def test_an_event_that_got_lost_is_found_by_the_list(world, watch, heard):
    """Heartbeats wake the thread; each looks whether a list is due."""
    world.add_web()
    brought_live(world)
    watch(replace_list(timedelta(seconds=0.2)))
    heard.wait_for(WEB)
    eventually(lambda: world.argocd.open_streams() == 1)
    threading.Event().wait(0.3)
    heard.clear()
    world.argocd.drop_events(1000)
    world.gitops.push_web("2")
    world.argocd.poll_now("web")
    heard.wait_for(WEB)


def test_an_event_sent_twice_is_told_once(watch, world, heard):
    event = {
        "result": {
            "type": "MODIFIED",
            "application": {
                "metadata": {"name": "web", "namespace": "argocd", "resourceVersion": "9"}
            },
        }
    }
    line = f"data: {json.dumps(event)} \n\n"
    world.argocd.arm("applications.watch", Fault(answer=lambda: sse(line * 3)))
    world.argocd.arm("applications.watch", Fault(answer=lambda: Response("no", 503)), times=None)
    stream = watch(replace_list(RARELY))
    eventually(lambda: world.argocd.count("applications.watch") >= 2)
    assert [WEB] == list(heard.queue.queue)
    assert 1 == stream.state.connections


def sse(text):
    return Response(text, content_type="text/event-stream")


def test_a_restart_of_the_server_is_survived(world, watch, heard):
    world.add_web()
    brought_live(world)
    stream = watch(replace_list(RARELY))
    eventually(lambda: world.argocd.open_streams() == 1)
    for count, cut in ((2, False), (3, True)):
        heard.clear()
        world.argocd.restart(cut=cut)
        eventually(lambda count=count: stream.state.connections == count)
        heard.wait_for(WEB)
        eventually(lambda: world.argocd.open_streams() == 1)


def test_a_stream_that_died_silently_is_noticed(world, watch):
    """Before the first byte we are patient, after it a silence is soon a death."""
    world.add_web()
    world.argocd.tempo.heartbeat = timedelta(hours=10)
    brought_live(world)
    stream = watch(Pace(first_byte=30.0, silence=0.4, reconnect=timedelta(seconds=0.02)))
    eventually(lambda: stream.state.connections >= 2)


def test_heartbeats_keep_a_quiet_stream(world, watch):
    world.add_web()
    brought_live(world)
    world.argocd.tempo.heartbeat = timedelta(seconds=5)  # a tenth of a second on the wall
    stream = watch(Pace(first_byte=30.0, silence=1.0))
    eventually(lambda: stream.state.connected_since is not None)
    threading.Event().wait(2.0)
    assert 1 == stream.state.connections


def test_no_header_for_long_is_waited_for_and_meanwhile_nothing_is_wrong(world, watch):
    stream = watch()
    eventually(lambda: world.argocd.open_streams() == 1)
    assert (None, "") == (stream.state.connected_since, stream.state.last_error)
    world.add_web()
    eventually(lambda: stream.state.connected_since is not None)


def test_no_header_for_too_long_still_lists(world, watch, heard):
    world.add_web()
    brought_live(world)
    world.argocd.silent_stream()
    world.argocd.arm("applications.watch", Fault(delay=30.0), times=None)
    stream = watch(Pace(first_byte=0.3, reconnect=timedelta(seconds=0.02)))
    heard.wait_for(WEB)
    assert "heard for too long" in stream.state.last_error
    assert 0 == stream.state.connections


@pytest.mark.parametrize("how", ["expired", "unknown"])
def test_a_refused_token_is_told(world, watch, how):
    if how == "expired":
        world.argocd.expire_token()
    stream = watch(token="not.a.token" if how == "unknown" else None)
    eventually(lambda: stream.state.refused)
    assert "invalid session" in stream.state.last_error


def test_a_token_revoked_while_streaming_is_told_by_the_list(world, watch):
    world.add_web()
    brought_live(world)
    world.argocd.tempo.heartbeat = timedelta(seconds=5)
    stream = watch(replace_list(timedelta(seconds=0.2)))
    eventually(lambda: stream.state.connected_since is not None)
    world.argocd.revoke_token(world.argocd.token)
    eventually(lambda: stream.state.refused)


def test_a_token_that_works_again_is_told_too(world, watch):
    world.add_web()
    error = {"error": {"grpc_code": 16, "http_code": 401, "message": "invalid session: revoked"}}
    refused = Fault(answer=lambda: Response(f"data: {json.dumps(error)} \n\n", 401))
    world.argocd.arm("applications.watch", refused)
    stream = watch(Pace(refused=timedelta(seconds=0.3), reconnect=timedelta(seconds=0.02)))
    eventually(lambda: stream.state.refused)
    eventually(lambda: not stream.state.refused and stream.state.connected_since)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('data: {"error": {"grpc_code": 14, "message": "gone"}} \n\n', id="error"),
        pytest.param("data: {broken \n\n", id="garbled"),
        pytest.param("data: [1] \n\n", id="a list"),
        pytest.param('data: {"result": {"application": null}} \n\n', id="no name"),
        pytest.param('data: {"result": 3} \n\n', id="a number"),
        pytest.param("", id="nothing at all"),
    ],
)
def test_what_is_odd_on_the_stream_does_not_end_watching(world, watch, heard, body):
    world.argocd.arm("applications.watch", Fault(answer=lambda: sse(body)))
    world.add_web()
    watch()
    eventually(lambda: world.argocd.open_streams() == 1)
    heard.wait_for(WEB)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(drop="before"), id="cut"),
        pytest.param(Fault(answer=lambda: Response("<title>502</title>", 502)), id="HTML 502"),
        pytest.param(
            Fault(answer=lambda: Response("<title>Sign in</title>", 200, content_type="text/html")),
            id="a login page",
        ),
    ],
)
def test_what_goes_wrong_on_connecting_is_tried_again(world, watch, heard, fault):
    world.add_web()
    world.argocd.arm("applications.watch", fault, times=3)
    watch()
    heard.wait_for(WEB)
    eventually(lambda: world.argocd.open_streams() == 1)
    assert world.argocd.count("applications.watch") >= 3


def test_a_list_that_fails_does_not_end_the_stream(world, watch, heard):
    world.add_web()
    world.argocd.arm("applications.list", Fault(answer=lambda: Response("no", 503)), times=None)
    stream = watch()
    heard.wait_for(WEB)
    eventually(lambda: "list its applications" in stream.state.last_error)
    assert 1 == stream.state.connections


def test_a_listener_that_fails_does_not_end_the_stream(world, heard):
    told = []

    def break_once(*names):
        told.append(names)
        if len(told) == 1:
            raise RuntimeError("boom")

    world.add_web()
    argo = ArgoCD(Instance("main", world.argocd.url), world.argocd.token, clock=Clock())
    stream = Stream(argo, break_once, clock=Clock(), pace=PACE)
    stream.start()
    eventually(lambda: len(told) >= 2)
    assert stream.stop()


def test_only_wanted_projects_are_watched(world, watch, heard):
    world.add_web("other", project="other")
    world.add_web(project="default")
    watch(projects=["default"])
    heard.wait_for(WEB)
    eventually(lambda: world.argocd.count("applications.list"))
    assert ("main", "argocd", "other") not in list(heard.queue.queue)
    assert "default" == next(
        one.query["projects"] for one in world.argocd.calls if one.route == "applications.list"
    )


@pytest.mark.parametrize("when", ["before the first byte", "in the middle", "between connections"])
def test_it_stops_at_once(world, watch, when):
    if when == "between connections":
        world.argocd.arm("*", Fault(answer=lambda: Response("no", 503)), times=None)
    elif when == "in the middle":
        world.add_web()
    pace = Pace(reconnect=timedelta(seconds=30), longest=timedelta(seconds=30))
    stream = watch(pace)
    if when == "between connections":
        eventually(lambda: stream.state.last_error)
    else:
        eventually(lambda: world.argocd.open_streams() == 1)
    noted = stream.state.last_error
    assert stream.stop(within=timedelta(seconds=1))
    assert noted == stream.state.last_error  # Our own leaving is no error.


def test_failures_make_it_wait_longer_up_to_a_bound(world):
    argo = ArgoCD(Instance("main", world.argocd.url), world.argocd.token, clock=Clock())
    stream = Stream(argo, lambda *_names: None, clock=Clock(), chance=lambda: 1.0)
    waits = [stream._delay(failures).total_seconds() for failures in (0, 1, 2, 10, 1000)]
    assert [1.0, 2.0, 4.0, 60.0, 60.0] == waits


def test_lines_end_at_a_line_feed_alone():
    pieces = iter([b"data: a\xc2", b"\x85b\n\nda", b"ta: c\nrest"])
    assert ["data: a\x85b", "", "data: c", "rest"] == [one.decode() for one in _lines(pieces)]


def test_a_line_without_end_is_given_up():
    with pytest.raises(Unavailable):
        list(_lines(iter([b"x" * 1024 * 1024] * 9)))
