"""Client and decision table together: commits followed to their end."""

import subprocess
import threading
from contextlib import suppress
from datetime import timedelta

import pytest

from bot.adapters.argocd import ArgoCD, Refresh, Timeouts
from bot.clock import Clock
from bot.domain.catalog import Application, Instance
from bot.domain.errors import Conflict, NotFound
from bot.domain.following import judge, revisions_to_relate
from bot.domain.observation import Absence, Absent
from bot.domain.operations import Stage
from bot.domain.problems import Reason
from bot.domain.verdict import Ask, Evidence, Expectation, Relation, Watched
from sandbox.argocd import Window
from tests.sandbox.argocd_ground import KUSTOMIZATION, SPEED, ground

WEB = Application("main", "web")
IMAGE = "ghcr.io/acme/web"


class Follower:
    """Looks as the workflow does: makes the request that was asked for, looks, judges."""

    def __init__(self, world):
        self.world = world
        self.clock = Clock(SPEED)
        self.argocd = ArgoCD(
            Instance("main", world.argocd.url),
            world.argocd.token,
            clock=self.clock,
            timeouts=Timeouts(2.0, 5.0, 5.0),
        )
        self.stages: list[Stage] = []
        self.rows: list[str] = []
        self.reasons: set[Reason] = set()

    def follow(self, sha, tag, *, deadline=timedelta(minutes=10), on=None):
        """Follow until the end; *on* is called with each verdict that is none."""
        now = self.clock.now()
        wanted = Expectation(sha, IMAGE, tag, now, now + deadline, key="op-1")
        watched, ask = Watched(), Ask.NOTHING
        for _ in range(400):
            what, evidence = self._see(ask)
            known = {} if isinstance(what, Absent) else self._relate(sha, what)
            verdict, watched = judge(what, wanted, known, watched, self.clock.now(), evidence)
            self.stages.append(verdict.stage)
            self.rows.append(verdict.row)
            if verdict.problem:
                self.reasons.add(verdict.problem.reason)
            if verdict.final:
                return verdict
            if on:
                on(verdict)
            ask = verdict.ask
            threading.Event().wait(self.clock.pause(verdict.again))
        raise AssertionError(f"no end: {self.rows[-20:]}")

    def _see(self, ask):
        if ask is Ask.SYNC:
            with suppress(Conflict):
                self.argocd.sync(WEB, "op-1")
        refresh = {Ask.REFRESH: Refresh.NORMAL, Ask.HARD_REFRESH: Refresh.HARD}
        try:
            seen = self.argocd.look(WEB, refresh=refresh.get(ask, Refresh.NONE))
        except NotFound as gone:
            return Absent(Absence.GONE, gone.detail, "web", "main"), None
        return seen, Evidence(
            self.argocd.workloads(WEB, seen) if ask is Ask.WORKLOADS else None,
            self.argocd.windows(WEB) if ask is Ask.WINDOWS else None,
        )

    def _relate(self, sha, seen):
        return {one: self._relation(sha, one) for one in revisions_to_relate(seen)}

    def _relation(self, sha, revision):
        if sha == revision:
            return Relation.SAME
        if self._is_ancestor(sha, revision):
            return Relation.CONTAINS
        return Relation.OLDER if self._is_ancestor(revision, sha) else Relation.DIVERGED

    def _is_ancestor(self, one, other):
        words = ["git", "merge-base", "--is-ancestor", one, other]
        bare = self.world.gitops.bare
        return subprocess.run(words, cwd=bare, check=False, capture_output=True).returncode == 0


@pytest.fixture
def world():
    with ground() as ground_:
        yield ground_


@pytest.fixture
def follower(world):
    world.add_web()
    world.live(world.gitops.push_web("1"))
    world.argocd.tempo.poll_interval = timedelta(hours=10)
    found = Follower(world)
    yield found
    found.argocd.close()


def test_a_commit_goes_live_in_the_order_people_expect(world, follower):
    sha = world.gitops.push_web("2")
    verdict = follower.follow(sha, "2")
    assert (Stage.LIVE, "8a") == (verdict.stage, verdict.row)
    assert "5a" == follower.rows[0]
    assert world.argocd.is_live("web", sha)


def test_old_pods_that_take_long_to_end_do_not_make_it_late(world, follower):
    world.argocd.tempo.termination_grace = timedelta(minutes=20)
    sha = world.gitops.push_web("2")
    assert Stage.LIVE is follower.follow(sha, "2").stage
    assert "8b.mixed" in follower.rows


def test_a_broken_image_is_degraded_and_named(world, follower):
    world.argocd.break_image(IMAGE, "2", "CrashLoopBackOff")
    verdict = follower.follow(world.gitops.push_web("2"), "2")
    assert (Stage.FAILED, Reason.DEGRADED) == (verdict.stage, verdict.problem.reason)
    assert "Deployment/web" == verdict.problem.facts["resource"]


def test_a_sync_that_fails_is_told_with_its_words(world, follower):
    world.argocd.fail_sync("web", 50, message="field is immutable")
    verdict = follower.follow(world.gitops.push_web("2"), "2")
    assert Reason.SYNC_FAILED is verdict.problem.reason
    assert "field is immutable" in verdict.problem.facts["detail"]


def test_manifests_that_do_not_render_are_told(world, follower):
    sha = world.gitops.push({"web/kustomization.yaml": "resources: [missing.yaml]\n"})
    verdict = follower.follow(sha, "2")
    assert Reason.CANNOT_RENDER is verdict.problem.reason


def test_without_auto_sync_we_ask_for_the_sync(world):
    world.add_web(auto_sync=False)
    sha = world.gitops.push_web("2")
    follower = Follower(world)
    assert Stage.LIVE is follower.follow(sha, "2").stage
    assert Reason.NEEDS_SYNC in follower.reasons
    assert 1 == world.argocd.count("application.sync")


def test_a_closed_window_is_waited_for_past_the_deadline(world):
    world.add_web(auto_sync=False)
    world.argocd.sync_window("web", Window("deny"))
    follower = Follower(world)

    def open_when_late(verdict):
        if verdict.late:
            world.argocd.sync_window("web")

    sha = world.gitops.push_web("2")
    verdict = follower.follow(sha, "2", deadline=timedelta(minutes=1), on=open_when_late)
    assert Stage.LIVE is verdict.stage
    assert Reason.WINDOW_CLOSED in follower.reasons


def test_an_older_operation_is_waited_for_and_named(world, follower):
    world.argocd.stuck_operation("web")
    world.gitops.push_web("2")
    follower.argocd.look(WEB, refresh=Refresh.NORMAL)
    world.until(lambda: world.argocd.world.named("web").get("operation") is not None)
    sha = world.gitops.push_web("3")

    def free(verdict):
        if verdict.row == "3c":
            world.argocd.stuck_operation("web", on=False)

    world.until(
        lambda: world.argocd.world.named("web")["status"]["operationState"]["phase"] == "Running"
    )
    assert Stage.LIVE is follower.follow(sha, "3", on=free).stage
    assert Reason.QUEUED_BEHIND in follower.reasons


def test_somebody_who_deploys_over_us_is_seen(world, follower):
    sha = world.gitops.push_web("2")
    newer = world.gitops.push_web("3")
    verdict = follower.follow(sha, "2")
    assert (Reason.OVERTAKEN, newer, "3") == (
        verdict.problem.reason, verdict.problem.facts["revision"], verdict.problem.facts["found"],
    )  # fmt: skip


def test_a_newer_commit_with_ours_brings_it_out(world, follower):
    sha = world.gitops.push_web("2")
    newer = world.gitops.push({"other.txt": "x"})
    verdict = follower.follow(sha, "2")
    assert (Stage.LIVE, newer) == (verdict.stage, verdict.newer)


def test_an_application_taken_away_is_missing(world, follower):
    sha = world.gitops.push_web("2")
    world.argocd.delete_application("web")
    assert Reason.APP_MISSING is follower.follow(sha, "2").problem.reason


def test_a_controller_that_does_nothing_is_too_late(world, follower):
    world.argocd.hang_refresh("web")
    follower.argocd._timeouts = Timeouts(2.0, 5.0, 0.2)
    sha = world.gitops.push_web("2")
    verdict = follower.follow(sha, "2", deadline=timedelta(minutes=2))
    assert Reason.TOO_LATE is verdict.problem.reason
    assert "not_observed" == verdict.problem.facts["state"]


ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
spec:
  replicas: 2
  strategy:
    canary:
      steps:
        - setWeight: 50
        - pause: {}
  template:
    spec:
      containers:
        - name: web
          image: ghcr.io/acme/web:1
"""


def test_a_paused_rollout_waits_for_a_person_and_then_goes_live(world):
    world.gitops.push({"web/deployment.yaml": ROLLOUT})
    world.add_web()
    world.until(
        lambda: "Healthy" == world.argocd.application("web")["status"]["health"].get("status")
    )
    follower = Follower(world)
    sha = world.gitops.push({"web/kustomization.yaml": (KUSTOMIZATION.format(tag="2"))}, "web 2")
    query = {
        "namespace": world.argocd.application("web")["status"]["resources"][0]["namespace"],
        "resourceName": "web",
        "version": "v1alpha1",
        "kind": "Rollout",
        "group": "argoproj.io",
        "project": "default",
    }

    def promote_when_late(verdict):
        if verdict.stage is Stage.PAUSED and verdict.late:
            world.post("/applications/web/resource/actions", "resume", **query)

    deadline = timedelta(minutes=2)
    verdict = follower.follow(sha, "2", deadline=deadline, on=promote_when_late)
    assert Stage.LIVE is verdict.stage
    assert {Stage.PAUSED, Stage.ROLLING} <= set(follower.stages)
    assert Reason.PAUSED in follower.reasons
