"""Sync windows: who is stopped where, and what hangs until a window opens."""

import pytest

from sandbox.argocd import Window
from sandbox.argocd.windows import can_sync
from tests.sandbox.argocd_ground import ground

DENY = Window("deny")
MANUAL = Window("deny", manual_sync=True)
ALLOW = Window("allow")
CLOSED = Window("allow", active=False)
CLOSED_MANUAL = Window("allow", active=False, manual_sync=True)


@pytest.fixture
def g():
    with ground() as started:
        yield started


def state(g):
    return g.argocd.application("web")["status"].get("operationState") or {}


@pytest.mark.parametrize(
    ("windows", "by_hand", "by_itself"),
    [
        pytest.param((), True, True, id="no windows"),
        pytest.param((DENY,), False, False, id="active deny"),
        pytest.param((MANUAL,), True, False, id="active deny that lets manual through"),
        pytest.param((MANUAL, DENY), False, False, id="one of two denies lets manual through"),
        pytest.param((Window("deny", active=False),), True, True, id="inactive deny"),
        pytest.param((ALLOW,), True, True, id="active allow"),
        pytest.param((ALLOW, DENY), False, False, id="deny beats allow"),
        pytest.param((CLOSED,), False, False, id="only inactive allows"),
        pytest.param((CLOSED_MANUAL,), True, False, id="inactive allow lets manual through"),
        pytest.param((CLOSED_MANUAL, CLOSED), False, False, id="one of two inactive allows"),
    ],
)
def test_what_windows_permit(windows, by_hand, by_itself):
    assert (by_hand, by_itself) == (
        can_sync(windows, manual=True),
        can_sync(windows, manual=False),
    )


def test_a_sync_in_a_closed_window_is_403_even_before_the_right_is_looked_at(g):
    g.add_web(auto_sync=False)
    g.argocd.sync_window("web", DENY)
    token = g.argocd.issue_token(rights=["applications/get"])
    for headers in ({}, {"Authorization": f"Bearer {token}"}):
        answer = g.client.post("/api/v1/applications/web/sync", json={}, headers=headers)
        assert (403, 7, "cannot sync: blocked by sync window") == (
            answer.status_code,
            answer.json()["code"],
            answer.json()["message"],
        )


def test_auto_sync_waits_for_the_window(g):
    sha = g.gitops.push_web("1")
    g.add_web()
    g.argocd.sync_window("web", DENY)
    assert "operation" not in g.get("/applications/web", refresh="normal").json()
    g.argocd.sync_window("web")
    g.live(sha)


def test_a_rollback_is_accepted_and_parked_in_running(g):
    g.add_web(auto_sync=False)
    g.post("/applications/web/sync", {})
    g.live(g.argocd.world.renderer.resolve("x", "main"))
    g.argocd.sync_window("web", DENY)
    assert 200 == g.post("/applications/web/rollback", {"id": 0}).status_code
    g.until(lambda: state(g).get("message") == "Sync operation blocked by sync window")
    assert "Running" == state(g)["phase"]
    g.argocd.sync_window("web")
    g.until(lambda: state(g).get("phase") == "Succeeded")


def test_terminating_under_a_closed_window_hangs_until_it_opens(g):
    g.add_web(auto_sync=False)
    g.argocd.stuck_operation("web")
    g.post("/applications/web/sync", {})
    g.until(lambda: state(g).get("phase") == "Running")
    g.argocd.sync_window("web", DENY)
    assert 200 == g.client.delete("/api/v1/applications/web/operation").status_code
    # The loop has looked by the time a refresh that was asked for later is through.
    for _ in range(3):
        g.get("/applications/web", refresh="normal")
    assert "Terminating" == state(g)["phase"]
    g.argocd.sync_window("web")
    g.until(lambda: state(g).get("phase") == "Failed")
    assert "Operation terminated" == state(g)["message"]
