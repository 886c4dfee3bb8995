"""The real client against the pretended Argo CD: looks, refreshes, syncs, and every kind of no."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.wrappers import Response

from bot.adapters.argocd import CORRELATION, ArgoCD, Refresh, Timeouts, expiry
from bot.clock import Clock
from bot.domain.catalog import Application, Instance
from bot.domain.errors import (
    Conflict,
    Forbidden,
    Garbled,
    NotFound,
    Rejected,
    Unauthorized,
    Unavailable,
)
from bot.domain.observation import Health, OperationPhase, Owner, OwnerKind, Sync
from sandbox.argocd import ApplicationSet, Window
from sandbox.argocd.tokens import make_token
from sandbox.wire import Fault, answer
from tests.sandbox.argocd_ground import ground

WEB = Application("main", "web")
RUNNING = OperationPhase.RUNNING
QUICK = Timeouts(connect=2.0, read=5.0, refresh=0.4)


def client(argocd, token=None, timeouts=QUICK):
    return ArgoCD(
        Instance("main", argocd.url), token or argocd.token, clock=Clock(), timeouts=timeouts
    )


def eventually(true, seconds=20.0):
    """Ask the client again and again; it may not be asked while the fake holds its breath."""
    for _ in range(int(seconds / 0.05)):
        if true():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it never came true")


@pytest.fixture
def world():
    with ground() as ground_:
        yield ground_


@pytest.fixture
def argo(world):
    """A client whose fake has ``web`` live."""
    world.add_web()
    world.live(world.gitops.push_web("1"))
    with_client = client(world.argocd)
    yield with_client
    with_client.close()


def test_it_says_what_it_sees(world, argo):
    seen = argo.look(WEB)
    assert ("main", "argocd", "web", "default") == (
        seen.instance, seen.namespace, seen.name, seen.project,
    )  # fmt: skip
    assert (Sync.SYNCED, Health.HEALTHY) == (seen.sync, seen.health)
    assert ("ghcr.io/acme/web:1",) == seen.images
    assert seen.auto_sync
    assert world.argocd.application("web")["metadata"]["uid"] == seen.uid


def test_the_version_needs_no_token(world):
    assert client(world.argocd, token="none").version().startswith("v3.5.1")


def test_a_root_path_belongs_to_every_address():
    with ground(root_path="/argo") as world:
        world.add_web()
        argo = client(world.argocd)
        assert "web" == argo.look(WEB).name
        assert f"{world.argocd.url}/applications/argocd/web" == argo.page(WEB, "argocd")
        assert f"{world.argocd.url}/applications/web" == argo.page(WEB)


def test_the_project_is_learnt_from_the_first_look_and_then_always_sent(world, argo):
    argo.look(WEB)
    argo.look(WEB)
    argo.windows(WEB)
    calls = [one.query for one in world.argocd.calls if one.route.startswith("application.")]
    sent = [query.get("project") for query in calls[-3:]]
    assert [None, "default", "default"] == sent


def test_a_configured_project_is_sent_at_once(world, argo):
    argo.look(replace(WEB, project="default"))
    assert "default" == world.argocd.calls[-1].query["project"]


def test_missing_or_hidden_cannot_be_told_apart_without_a_project(argo):
    with pytest.raises(NotFound, match="not there, or our token may not see it"):
        argo.look(Application("main", "nothing"))


def test_missing_and_forbidden_are_told_apart_with_a_project(world, argo):
    with pytest.raises(NotFound, match='"nothing" not found'):
        argo.look(Application("main", "nothing", project="default"))
    with pytest.raises(NotFound):
        argo.look(replace(WEB, project="other"))
    argo.look(WEB)
    world.argocd.forbid("web")
    token = world.argocd.issue_token(subject="x", projects=["other"])
    with pytest.raises(Forbidden):
        client(world.argocd, token).look(replace(WEB, project="default"))


def test_an_application_that_moved_to_another_project_is_found_again(world, argo):
    argo.look(WEB)
    spec = world.argocd.application("web")["spec"] | {"project": "other"}
    world.argocd.change_spec("web", spec)
    assert "other" == argo.look(WEB).project


def test_one_name_in_two_namespaces_is_two_applications(world, argo):
    world.add_web(namespace="teams")
    assert "teams" == argo.look(replace(WEB, namespace="teams")).namespace
    assert argo.look(WEB).uid != argo.look(replace(WEB, namespace="teams")).uid


def test_owners_are_seen(world, argo):
    world.add_web("made", owner=ApplicationSet("webs"))
    owner = argo.look(Application("main", "made")).owner
    assert Owner(OwnerKind.APPLICATION_SET, "webs") == owner


# refresh


def test_a_refresh_brings_the_new_commit(world, argo):
    world.argocd.tempo.poll_interval = timedelta(hours=1)
    sha = world.gitops.push_web("2")
    bounded = client(world.argocd, timeouts=Timeouts(refresh=20.0))
    assert (sha,) == bounded.look(WEB, refresh=Refresh.NORMAL).revisions
    call = [one for one in world.argocd.calls if one.route == "application.get"][-1]
    assert ("normal", "20S") == (call.query["refresh"], call.headers["Grpc-Timeout"])


@pytest.mark.parametrize("refresh", [Refresh.NORMAL, Refresh.HARD])
def test_a_refresh_that_hangs_counts_as_asked_for(world, argo, refresh):
    world.argocd.hang_refresh("web")
    seen = argo.look(WEB, refresh=refresh)
    assert (True, "web") == (seen.refresh_pending, seen.name)


def test_a_refresh_that_never_answers_is_given_up_by_us(world, argo):
    slow = Fault(delay=4.0)
    world.argocd.arm("application.get", slow, when=lambda request: "refresh" in request.args)
    assert "web" == argo.look(WEB, refresh=Refresh.NORMAL).name


# sync and terminate


def test_a_sync_carries_our_key(world, argo):
    world.add_web("manual", auto_sync=False)
    manual = Application("main", "manual")
    eventually(lambda: argo.look(manual).sync is Sync.OUT_OF_SYNC)
    seen = argo.sync(manual, "op-1")
    assert {CORRELATION: "op-1"} == dict(seen.operation.infos)
    body = next(one for one in world.argocd.calls if one.route == "application.sync").json()
    assert ("", "default", False) == (body["revision"], body["project"], body["prune"])
    eventually(lambda: argo.look(manual).operation_state is not None)
    assert {CORRELATION: "op-1"} == dict(argo.look(manual).operation_state.infos)


def test_a_sync_of_ours_under_way_is_found_not_asked_for_again(world, argo):
    world.add_web("manual", auto_sync=False)
    manual = Application("main", "manual")
    world.argocd.stuck_operation("manual")
    eventually(lambda: argo.look(manual).sync is Sync.OUT_OF_SYNC)
    argo.sync(manual, "op-1")
    argo.sync(manual, "op-1")
    assert 1 == world.argocd.count("application.sync")
    with pytest.raises(Conflict, match="another operation is already in progress"):
        argo.sync(manual, "op-2")


def test_a_sync_of_ours_that_has_brought_what_git_says_is_not_asked_for_again(world, argo):
    """As who died right after asking does after the take-over; hooks would run twice."""
    world.add_web("manual", auto_sync=False)
    manual = Application("main", "manual")
    eventually(lambda: argo.look(manual).sync is Sync.OUT_OF_SYNC)
    argo.sync(manual, "op-1")
    eventually(lambda: argo.look(manual).sync is Sync.SYNCED)
    argo.sync(manual, "op-1")
    assert 1 == world.argocd.count("application.sync")
    argo.sync(manual, "op-2")
    assert 2 == world.argocd.count("application.sync")


def test_a_closed_window_is_a_conflict_and_can_be_read(world, argo):
    world.argocd.sync_window("web", Window("deny"))
    with pytest.raises(Conflict, match="blocked by sync window"):
        argo.sync(WEB, "op-1")
    found = argo.windows(WEB)
    assert (False, False, "deny 0 22 * * * for 1h") == (found.manual, found.automatic, found.detail)


def test_a_right_that_lacks_is_named(world, argo):
    world.argocd.forbid("web", "applications/sync")
    with pytest.raises(Forbidden, match="applications, sync, default/web"):
        argo.sync(WEB, "op-1")


def test_terminate_ends_an_operation_and_says_when_there_is_none(world, argo):
    with pytest.raises(Conflict, match="No operation is in progress"):
        argo.terminate(WEB)
    world.argocd.stuck_operation("web")
    world.gitops.push_web("2")
    argo.look(WEB, refresh=Refresh.NORMAL)
    eventually(lambda: (state := argo.look(WEB).operation_state) and state.phase is RUNNING)
    argo.terminate(WEB)
    eventually(lambda: argo.look(WEB).operation_state.message == "Operation terminated")


# lists, workloads, pods


def test_a_list_has_what_we_may_see(world, argo):
    world.add_web("other", project="other")
    eventually(lambda: 2 == len(argo.applications()))
    assert ["web"] == [one.name for one in argo.applications(["default"])]
    assert "Healthy" == argo.applications(["default"])[0].health


def test_workloads_are_read_from_the_cluster(argo):
    (web,) = argo.workloads(WEB)
    assert ("Deployment", "web", ("ghcr.io/acme/web:1",), True) == (
        web.kind, web.name, web.images, web.settled,
    )  # fmt: skip
    assert web.key == next(one.key for one in argo.look(WEB).resources if one.kind == web.kind)


def test_a_workload_that_went_away_is_left_out(argo):
    seen = argo.look(WEB)
    gone = replace(seen.resources[0], kind="Deployment", group="apps", name="gone")
    assert ["web"] == [
        one.name for one in argo.workloads(WEB, replace(seen, resources=(*seen.resources, gone)))
    ]


def test_pods_say_why_they_are_not_well(world, argo):
    world.argocd.break_image("ghcr.io/acme/web", "2", "CrashLoopBackOff")
    world.gitops.push_web("2")
    argo.look(WEB, refresh=Refresh.NORMAL)
    eventually(lambda: "CrashLoopBackOff" in argo.why_degraded(WEB))


# tokens


@pytest.mark.parametrize("how", ["none", "revoked", "expired"])
def test_a_refused_token_is_our_own_fault(world, argo, how):
    token = world.argocd.token
    if how == "revoked":
        world.argocd.revoke_token(token)
    if how == "expired":
        world.argocd.expire_token(token)
    other = client(world.argocd, "not-a-jwt" if how == "none" else token)
    with pytest.raises(Unauthorized):
        other.look(WEB)


def test_a_token_says_when_it_ends():
    ends = datetime(2026, 5, 1, tzinfo=UTC)
    token = make_token("proj:p:chatops", 1, int(ends.timestamp()))
    argo = ArgoCD(Instance("main", "http://localhost"), token, clock=Clock())
    assert ends == argo.token_ends
    assert ends - argo.token_left <= argo._clock.now()
    assert expiry(make_token("proj:p:chatops", 1)) is None
    assert expiry("no token") is None
    assert expiry("a.b.c") is None


def test_the_token_is_in_no_text(world, argo):
    echo = Fault(answer=lambda: Response(f"bad token {world.argocd.token}", 400))
    world.argocd.arm("application.get", echo)
    with pytest.raises(Rejected) as told:
        argo.look(WEB)
    assert world.argocd.token not in str(told.value)
    assert world.argocd.token not in repr(argo)


# the wire


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(Fault(drop="before"), Unavailable, id="cut before"),
        pytest.param(Fault(drop="after"), Unavailable, id="cut after"),
        pytest.param(
            Fault(answer=lambda: Response("<title>502 Bad Gateway</title>", 502)),
            Unavailable,
            id="HTML 502",
        ),
        pytest.param(
            Fault(answer=lambda: Response("<title>Sign in</title>", 200)),
            Garbled,
            id="a login page with 200",
        ),
        pytest.param(Fault(answer=lambda: Response("{ not json", 200)), Garbled, id="garbled JSON"),
        pytest.param(Fault(answer=lambda: answer([])), Garbled, id="a list"),
        pytest.param(Fault(answer=lambda: answer({})), Garbled, id="an empty object"),
        pytest.param(
            Fault(answer=lambda: answer({}, 307, {"Location": "https://elsewhere"})),
            Rejected,
            id="a redirect is not followed",
        ),
        pytest.param(Fault(answer=lambda: Response(b"\xff\xfe", 200)), Garbled, id="no text"),
        pytest.param(
            Fault(answer=lambda: Response(b"plain", 200, headers={"Content-Encoding": "gzip"})),
            Garbled,
            id="a wrong encoding",
        ),
    ],
)
def test_what_goes_wrong_on_the_wire_has_a_meaning(world, argo, fault, error):
    world.argocd.arm("application.get", fault)
    with pytest.raises(error):
        argo.look(WEB)
    assert "web" == argo.look(WEB).name


def test_a_slow_answer_is_given_up(world, argo):
    world.argocd.arm("application.get", Fault(delay=1.5))
    hasty = client(world.argocd, timeouts=Timeouts(connect=1.0, read=0.2))
    with pytest.raises(Unavailable, match="no answer in time"):
        hasty.look(WEB)


def test_nobody_listening_is_unavailable():
    argo = ArgoCD(Instance("main", "http://127.0.0.1:9"), "a.b.c", clock=Clock(), timeouts=QUICK)
    with pytest.raises(Unavailable):
        argo.look(WEB)


def test_an_answer_with_more_than_we_know_is_read(world, argo):
    def more(response):
        document = json.loads(response.get_data())
        document["status"]["novelty"] = {"deep": [1, {"x": None}]}
        document["spec"]["syncPolicy"]["somethingNew"] = 3
        return answer(document)

    world.argocd.arm("application.get", Fault(mangle=more))
    assert Sync.SYNCED is argo.look(WEB).sync
