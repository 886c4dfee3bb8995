"""Rollouts through the real client: read from the pretended Argo CD, and moved on old and new."""

import json
from dataclasses import replace

import pytest
from werkzeug.wrappers import Response

from bot.adapters.argocd_rollouts import Rollouts, rollout_of
from bot.domain.catalog import Application
from bot.domain.errors import Forbidden, Rejected, Unavailable
from bot.domain.rollout import Analysis, Move, Strategy, moves_now
from sandbox.wire import Fault
from tests.adapters.test_argocd import client, eventually
from tests.sandbox.argocd_ground import ground
from tests.sandbox.test_argocd_rollouts import BLUE_GREEN, CANARY, TIMED, deployed, paused

SHOP = Application("main", "shop", project="default")
V2, V1 = "/resource/actions/v2", "/resource/actions"


class Ground:
    """A Rollout ``web`` of the application ``shop``, on its way to its second version."""

    def __init__(self, world):
        self.world = world
        self.argocd = client(world.argocd)
        self.rollouts = Rollouts(self.argocd)

    def pauses(self, strategy, step=None):
        deployed(self.world, strategy)
        paused(self.world, step)
        return self.read()

    def read(self):
        (found,) = self.rollouts.read(SHOP, self.argocd.look(SHOP))
        return found

    def posts(self):
        calls = [one for one in self.world.argocd.calls if one.method == "POST"]
        return [one.path.rpartition("/shop")[2] for one in calls]


@pytest.fixture
def g():
    with ground() as world:
        yield Ground(world)


def test_a_canary_says_where_it_stands(g):
    found = g.pauses(CANARY, step=1)
    assert (Strategy.CANARY, 1, 4, 20) == (found.strategy, found.step, found.steps, found.weight)
    assert (("ghcr.io/acme/web:2",), ("ghcr.io/acme/web:1",)) == (
        found.new.images,
        found.stable.images,
    )
    assert 2 == found.desired
    (pause,) = found.pauses
    assert ("CanaryPauseStep", None) == (pause.reason, pause.ends)
    assert pause.since is not None
    assert found.waits
    assert found.observed
    assert {Move.PROMOTE, Move.PROMOTE_FULLY, Move.ABORT, Move.RESTART} == set(moves_now(found))


def test_a_pause_with_an_end_says_when(g):
    (pause,) = g.pauses(TIMED).pauses
    assert 20 == (pause.ends - pause.since).total_seconds()


def test_blue_green_has_no_steps(g):
    found = g.pauses(BLUE_GREEN)
    assert (Strategy.BLUE_GREEN, None, 0, None) == (
        found.strategy, found.step, found.steps, found.weight,
    )  # fmt: skip
    assert ["BlueGreenPause"] == [one.reason for one in found.pauses]
    assert (2, 4) == (found.updated, found.ready)


def test_disabled_actions_are_left_out(g):
    found = g.pauses(CANARY, step=1)
    assert "retry" not in found.offered
    assert {"resume", "abort", "promote-full", "restart"} <= found.offered


@pytest.mark.parametrize("strategy", [CANARY, BLUE_GREEN], ids=["canary", "blue-green"])
def test_an_abort_shows_and_can_be_retried(g, strategy):
    before = g.pauses(strategy)
    g.rollouts.act(SHOP, before, Move.ABORT)
    eventually(lambda: g.read().aborted)
    after = g.read()
    assert before.state != after.state
    assert "RolloutAborted" in after.message
    assert (Move.RETRY, Move.RESTART) == moves_now(after)
    g.rollouts.act(SHOP, after, Move.RETRY)
    eventually(lambda: g.read().waits)


def test_each_step_is_another_state(g):
    first = g.pauses(CANARY, step=1)
    g.rollouts.act(SHOP, first, Move.PROMOTE)
    eventually(lambda: g.read().step == 3 and g.read().waits)
    assert first.state != g.read().state
    g.rollouts.act(SHOP, g.read(), Move.PROMOTE_FULLY)
    eventually(lambda: g.read().is_through)


def test_a_new_server_is_asked_in_the_new_way_only(g):
    g.rollouts.act(SHOP, g.pauses(CANARY), Move.RESTART)
    assert [V2] == g.posts()


def test_an_old_server_is_asked_in_the_old_way_and_that_is_remembered():
    with ground(version="v3.0.5") as world:
        g = Ground(world)
        found = g.pauses(CANARY, step=1)
        g.rollouts.act(SHOP, found, Move.PROMOTE)
        eventually(lambda: g.read().step == 3)
        g.rollouts.act(SHOP, g.read(), Move.RESTART)
        assert [V2, V1, V1] == g.posts()


def test_a_missing_right_is_told_and_nothing_is_tried_in_the_old_way(g):
    found = g.pauses(CANARY)
    g.world.argocd.forbid("shop", "applications/action")
    with pytest.raises(Forbidden, match=r"action/argoproj\.io/Rollout/resume"):
        g.rollouts.act(SHOP, found, Move.PROMOTE)
    assert [V2] == g.posts()


def test_a_lost_answer_is_not_asked_again(g):
    found = g.pauses(CANARY)
    g.world.argocd.arm("application.action2", Fault(lambda: Response("away", 503)))
    with pytest.raises(Unavailable):
        g.rollouts.act(SHOP, found, Move.PROMOTE)
    assert [V2] == g.posts()


def test_what_is_not_there_is_refused(g):
    found = replace(g.pauses(CANARY), name="gone")
    with pytest.raises(Rejected, match="not found as part of application"):
        g.rollouts.act(SHOP, found, Move.RESTART)


# what the pretended Argo CD does not show


LIVE = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Rollout",
    "metadata": {"name": "web", "namespace": "shop", "uid": "u1", "generation": 7},
    "spec": {
        "strategy": {"canary": {"steps": [{"setWeight": 20}, {"pause": {"duration": "1h"}}]}},
        "template": {"spec": {"containers": [{"image": "ghcr.io/acme/web:2"}]}},
    },
    "status": {"observedGeneration": "7", "currentPodHash": "b2", "stableRS": "a1",
               "currentStepIndex": 1},
}  # fmt: skip


def decoded(*, status=None, spec=None, nodes=(), actions=()):
    live = {
        **LIVE,
        "status": {**LIVE["status"], **(status or {})},
        "spec": {**LIVE["spec"], **(spec or {})},
    }
    return rollout_of(
        {"manifest": json.dumps(live)}, {"actions": list(actions)}, {"nodes": list(nodes)}
    )


def test_analysis_runs_come_from_the_tree_newest_first():
    def run(name, created, health, owner="web"):
        return {
            "kind": "AnalysisRun", "name": name, "createdAt": created, "health": health,
            "parentRefs": [{"kind": "Rollout", "name": owner}],
        }  # fmt: skip

    nodes = [
        run("web-1", "2026-01-01T00:00:00Z", {"status": "Healthy"}),
        run("web-2", "2026-01-02T00:00:00Z", {"status": "Degraded", "message": "metric < 1"}),
        run("other", "2026-01-03T00:00:00Z", {"status": "Healthy"}, owner="api"),
        run("web-3", "2026-01-03T00:00:00Z", None),
    ]
    assert (
        Analysis("web-3", ""),
        Analysis("web-2", "Degraded", "metric < 1"),
        Analysis("web-1", "Healthy"),
    ) == decoded(nodes=nodes).analyses


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param({}, 20, id="what the steps ask for"),
        pytest.param({"canary": {"weights": {"canary": {"weight": 15}}}}, 15, id="as routed"),
        pytest.param({"currentStepIndex": 2}, 100, id="through"),
        pytest.param({"abort": True}, 0, id="aborted"),
        pytest.param({"promoteFull": True}, 100, id="fully"),
        pytest.param({"currentStepIndex": None}, None, id="not said"),
    ],
)
def test_the_weight(status, expected):
    assert expected == decoded(status=status).weight


def test_a_status_of_an_older_spec_is_told():
    assert not decoded(status={"observedGeneration": "6"}).observed
    assert decoded().observed


def test_a_pause_by_hand_is_in_the_spec():
    assert decoded(spec={"paused": True}).stopped


def test_pods_of_the_stable_replica_set_tell_its_images():
    def pod(owner, image):
        parents = [{"kind": "ReplicaSet", "name": owner}]
        return {"kind": "Pod", "parentRefs": parents, "images": [image]}

    nodes = [pod("web-a1", "ghcr.io/acme/web:1"), pod("web-b2", "ghcr.io/acme/web:2")]
    assert ("ghcr.io/acme/web:1",) == decoded(nodes=nodes).stable.images
    assert () == decoded().stable.images
