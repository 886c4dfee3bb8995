"""The decision table, row by row, and what holds for all rows."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bot.domain.following import judge, revisions_to_relate
from bot.domain.image_proof import Proof, by_pods, by_workloads
from bot.domain.observation import (
    Absence,
    Absent,
    Condition,
    Health,
    Hydrated,
    Observation,
    OperationPhase,
    Ordered,
    Resource,
    ResourceResult,
    Sync,
    Windows,
    Workload,
)
from bot.domain.operations import Stage
from bot.domain.problems import Reason
from bot.domain.verdict import Ask, Evidence, Relation, Watched
from tests.domain.argocd_views import (
    DEADLINE,
    EXPECTED,
    IMAGE,
    LIVE,
    NEWER,
    NOW,
    OLDER,
    OTHER,
    RELATIONS,
    ROLLOUT,
    WEB,
    T,
    ended,
    running,
    seen,
)

OUT = {"sync": Sync.OUT_OF_SYNC}
OLD_IMAGE = {"images": (f"{IMAGE}:1",)}
CONFIG = Resource("ConfigMap", "web", "web", "", "v1", sync=Sync.OUT_OF_SYNC)
CRON = replace(WEB, kind="CronJob", group="batch", health=Health.SUSPENDED)
DEGRADED = replace(WEB, health=Health.DEGRADED, message="no pods are ready")
PVC = Resource("PersistentVolumeClaim", "disk", "web", "", "v1", health=Health.DEGRADED)
TEMPLATE = Workload("Deployment", "web", "web", "apps", (f"{IMAGE}:2",), desired=2, updated=2)
HOOK = ResourceResult("Job", "smoke", message="exit 1", hook="PostSync", hook_phase="Failed")


class Watch:
    """Looks again and again, remembering from look to look as a workflow does."""

    def __init__(self, expectation=EXPECTED, relations=RELATIONS):
        self.expectation, self.relations = expectation, relations
        self.now, self.watched = NOW, Watched()

    def look(self, observation, *, after=0.0, evidence=None):
        self.now += timedelta(seconds=after)
        verdict, self.watched = judge(
            observation, self.expectation, self.relations, self.watched, self.now, evidence
        )
        return verdict

    def hold(self, observation, seconds, *, evidence=None, step=5.0):
        """Look every *step* seconds for that long; return the last verdict."""
        verdict = self.look(observation, evidence=evidence)
        for _ in range(int(seconds / step)):
            verdict = self.look(observation, after=step, evidence=evidence)
        return verdict


def first(observation, **context):
    return Watch(**context).look(observation)


@pytest.mark.parametrize(
    ("state", "stops"),
    [
        pytest.param(running(revisions=(OLDER,)), True, id="an older one runs"),
        pytest.param(running("Retrying", finished_at=NOW, revisions=(OLDER,)), True, id="retries"),
        pytest.param(running(revisions=(T,)), False, id="ours runs"),
        pytest.param(running(revisions=(NEWER,)), False, id="a newer one with ours runs"),
        pytest.param(running(revisions=("e" * 40,)), False, id="nobody knows which runs"),
    ],
)
def test_a_rollback_stops_the_sync_of_what_it_takes_back_and_nothing_else_does(state, stops):
    back = Watch(replace(EXPECTED, goes_back=True))
    view = seen(operation_state=state)
    assert stops is (back.look(view).ask is Ask.TERMINATE)
    assert Ask.TERMINATE is not back.look(view, after=5).ask, "it was asked for just now"
    assert stops is (back.look(view, after=20).ask is Ask.TERMINATE)
    assert Ask.TERMINATE is not first(view).ask, "a deploy waits for its turn"


@pytest.mark.parametrize(
    ("changes", "row", "stage", "reason", "ask"),
    [
        pytest.param({"deleting": True}, "2", Stage.FAILED, Reason.APP_DELETING, None, id="2"),
        pytest.param(
            {"operation_state": running("Retrying attempt #2 at 12:00", finished_at=NOW)},
            "3b", Stage.SYNCING, Reason.RETRYING, None, id="3b retrying ours",
        ),
        pytest.param(
            {"operation_state": running("Retrying", finished_at=NOW, revisions=(OLDER,))},
            "3b", Stage.WAITING, Reason.QUEUED_BEHIND, None, id="3b retrying an older one",
        ),
        pytest.param(
            {"operation": Ordered((OLDER,)), "operation_state": None},
            "3c", Stage.WAITING, Reason.QUEUED_BEHIND, None, id="3c ordered, not picked up",
        ),
        pytest.param(
            {"operation_state": running(revisions=(OTHER,))},
            "3c", Stage.WAITING, Reason.QUEUED_BEHIND, None, id="3c another line runs",
        ),
        pytest.param(
            {"operation_state": running(revisions=("e" * 40,))},
            "3c", Stage.WAITING, None, None, id="3c nobody knows the revision",
        ),
        pytest.param(
            {"operation_state": running("waiting for hook batch/Job/migrate")},
            "3d", Stage.SYNCING, None, None, id="3d ours runs",
        ),
        pytest.param(
            {"operation_state": running(revisions=(NEWER,))},
            "3d", Stage.SYNCING, None, None, id="3d a newer one with ours runs",
        ),
        pytest.param(
            {"operation": Ordered((), infos={"shipmate-operation": "op-1"})},
            "3d", Stage.SYNCING, None, None, id="3d our own order, revision unsaid",
        ),
        pytest.param(
            {"operation_state": running(phase=OperationPhase.TERMINATING)},
            "3d", Stage.SYNCING, None, None, id="3d terminating is in flight",
        ),
        pytest.param(
            {"conditions": (Condition("ComparisonError", "kustomize build failed"),)},
            "4", Stage.WAITING, Reason.CANNOT_RENDER, Ask.REFRESH, id="4 condition",
        ),
        pytest.param(
            {"sync": Sync.UNKNOWN}, "4", Stage.WAITING, Reason.CANNOT_RENDER, Ask.REFRESH,
            id="4 unknown",
        ),
        pytest.param(
            {"revisions": (OLDER,)}, "5a", Stage.WAITING, Reason.NOT_OBSERVED, Ask.REFRESH,
            id="5a Synced and Healthy at the commit before",
        ),
        pytest.param(
            {"revisions": ()}, "5a", Stage.WAITING, Reason.NOT_OBSERVED, Ask.REFRESH,
            id="5a never compared",
        ),
        pytest.param(
            {"revisions": ("e" * 40,)}, "5u", Stage.WAITING, None, Ask.REFRESH,
            id="5u nobody could relate it",
        ),
        pytest.param(
            {"revisions": (OTHER,)}, "5b", Stage.WAITING, Reason.NOT_OBSERVED, Ask.REFRESH,
            id="5b another line, may be old news",
        ),
        pytest.param(
            OUT | {"operation_state": ended(OperationPhase.FAILED)},
            "6a", Stage.FAILED, Reason.SYNC_FAILED, None, id="6a",
        ),
        pytest.param(
            OUT | {"operation_state": ended(OperationPhase.ERROR, revisions=(NEWER,))},
            "6a", Stage.FAILED, Reason.SYNC_FAILED, None, id="6a a newer one with ours failed",
        ),
        pytest.param(
            OUT | {"operation_state": ended(OperationPhase.FAILED), "reconciled_at": None},
            "7", Stage.SYNCING, None, Ask.REFRESH, id="7 before 6a while not fresh",
        ),
        pytest.param(
            OUT | {"operation_state": ended(OperationPhase.FAILED, dry_run=True)},
            "6c", Stage.WAITING, None, None, id="6c a failed rehearsal is no failed sync",
        ),
        pytest.param(
            OUT | {"auto_sync": False, "operation_state": None},
            "6b", Stage.WAITING, Reason.NEEDS_SYNC, Ask.SYNC, id="6b",
        ),
        pytest.param(
            OUT | {"auto_sync": False, "operation_state": ended(partial=True)},
            "6b", Stage.WAITING, Reason.NEEDS_SYNC, Ask.SYNC, id="6b one object was synced",
        ),
        pytest.param(
            OUT | {"auto_sync": False, "reconciled_at": NOW - timedelta(hours=1)},
            "7", Stage.SYNCING, None, Ask.REFRESH, id="7 not 6b right after our sync",
        ),
        pytest.param(
            OUT | {"operation_state": ended(revisions=(OLDER,))},
            "6c", Stage.WAITING, None, None, id="6c",
        ),
        pytest.param(OUT, "6d", Stage.SYNCING, None, None, id="6d may be a status not yet written"),
        pytest.param(
            {"operation_state": ended(OperationPhase.FAILED, resources=(HOOK,))},
            "6e", Stage.FAILED, Reason.SYNC_FAILED, None, id="6e the smoke test said no",
        ),
        pytest.param(
            {"reconciled_at": NOW - timedelta(seconds=61)}, "7", Stage.SYNCING, None, Ask.REFRESH,
            id="7",
        ),
        pytest.param(
            {"operation_state": ended(OperationPhase.UNKNOWN)}, "7", Stage.SYNCING, None,
            Ask.REFRESH, id="7 a phase nobody knows",
        ),
        pytest.param(
            {"reconciled_at": NOW - timedelta(seconds=60)}, "8a", Stage.ROLLING, None, None,
            id="8a the same second is fresh",
        ),
        pytest.param(
            {"operation_state": None, "reconciled_at": None}, "8a", Stage.ROLLING, None, None,
            id="8a no operation at all",
        ),
        pytest.param(
            {"operation_state": ended(OperationPhase.FAILED, dry_run=True), "reconciled_at": None},
            "8a", Stage.ROLLING, None, None, id="8a a rehearsal says nothing on freshness",
        ),
        pytest.param({"revisions": (NEWER,)}, "8a", Stage.ROLLING, None, None, id="8a with newer"),
        pytest.param(
            {"revisions": ("1.2.3", T)}, "8a", Stage.ROLLING, None, None, id="8a two sources",
        ),
        pytest.param(OLD_IMAGE, "8b", Stage.ROLLING, None, Ask.WORKLOADS, id="8b"),
        pytest.param({"images": ()}, "8b", Stage.ROLLING, None, Ask.WORKLOADS, id="8b no pods"),
        pytest.param(
            {"images": (f"{IMAGE}:1", f"{IMAGE}:2")}, "8b.mixed", Stage.ROLLING, None,
            Ask.WORKLOADS, id="8b old pods still end",
        ),
        pytest.param(
            {"health": Health.PROGRESSING}, "8c", Stage.ROLLING, None, None, id="8c",
        ),
        pytest.param(
            {
                "health": Health.SUSPENDED,
                "resources": (replace(ROLLOUT, health=Health.SUSPENDED),),
            },
            "8d", Stage.PAUSED, Reason.PAUSED, None, id="8d",
        ),
        pytest.param(
            {"health": Health.SUSPENDED, "resources": (CRON,)}, "8a", Stage.ROLLING, None, None,
            id="8e a suspended CronJob is as it should be",
        ),
        pytest.param(
            {"health": Health.SUSPENDED, "resources": (replace(WEB, health=Health.SUSPENDED),)},
            "8e", Stage.PAUSED, Reason.PAUSED, None, id="8e a paused Deployment",
        ),
        pytest.param(
            {"health": Health.SUSPENDED, "resources": ()}, "8e", Stage.PAUSED, Reason.PAUSED,
            None, id="8e nobody says what",
        ),
        pytest.param(
            {"health": Health.DEGRADED, "resources": (DEGRADED,)}, "8f", Stage.ROLLING,
            Reason.DEGRADED, None, id="8f may pass",
        ),
        pytest.param({"health": Health.MISSING}, "8g", Stage.ROLLING, None, None, id="8g missing"),
        pytest.param({"health": Health.UNKNOWN}, "8g", Stage.ROLLING, None, None, id="8g unknown"),
    ],
)  # fmt: skip
def test_the_first_look(changes, row, stage, reason, ask):
    verdict = first(seen(**changes))
    assert row == verdict.row
    assert stage is verdict.stage
    assert reason is (verdict.problem.reason if verdict.problem else None)
    assert (ask or Ask.NOTHING) is verdict.ask
    assert (stage is Stage.FAILED) is verdict.final


# row 1


@pytest.mark.parametrize(
    ("why", "reason"),
    [(Absence.GONE, Reason.APP_MISSING), (Absence.FORBIDDEN, Reason.APP_FORBIDDEN)],
)
def test_what_is_not_there_is_looked_for_anew_once(why, reason):
    watch, absent = Watch(), Absent(why, "permission denied", "web", "main")
    look = watch.look(absent)
    assert ("1", False, Ask.RESOLVE) == (look.row, look.final, look.ask)
    look = watch.look(absent, after=5)
    assert (True, Stage.FAILED, Ask.NOTHING) == (look.final, look.stage, look.ask)
    assert reason is look.problem.reason
    assert {"app": "web", "instance": "main", "detail": "permission denied"} == look.problem.facts


def test_what_comes_back_is_followed_again():
    watch, gone = Watch(), Absent(Absence.GONE)
    watch.look(gone)
    watch.look(seen(health=Health.PROGRESSING), after=5)
    look = watch.look(gone, after=5)
    assert (False, Ask.RESOLVE) == (look.final, look.ask)


# rows 3


def test_a_closed_window_is_told_after_it_may_have_flashed():
    watch = Watch()
    blocked = seen(operation_state=running("Sync operation blocked by sync window"))
    assert "3d" == watch.look(blocked).row
    assert "3d" == watch.look(blocked, after=14).row
    look = watch.look(blocked, after=1)
    assert ("3a", Stage.WAITING, False) == (look.row, look.stage, look.final)
    assert Reason.WINDOW_CLOSED is look.problem.reason


def test_the_hook_that_a_sync_waits_for_is_shown():
    state = running("waiting for completion of hook batch/Job/migrate")
    assert (
        "waiting for completion of hook batch/Job/migrate"
        == first(seen(operation_state=state)).detail
    )
    unsaid = running(resources=(ResourceResult("Job", "migrate", hook_phase="Running"),))
    assert "Job/migrate: Running" == first(seen(operation_state=unsaid)).detail


def test_an_operation_that_argo_cd_lost_is_asked_for_again():
    watch, lost = Watch(), seen(operation_state=running())
    assert Ask.NOTHING is watch.hold(lost, 115).ask
    look = watch.look(lost, after=5)
    assert ("3e", Ask.SYNC) == (look.row, look.ask)
    assert Ask.NOTHING is watch.look(lost, after=5).ask


def test_an_operation_still_ordered_is_not_lost():
    watch, ordered = Watch(), seen(operation=Ordered((T,)), operation_state=running())
    assert "3d" == watch.hold(ordered, 300).row


# row 4


def test_manifests_that_do_not_render_fail_after_three_refreshes():
    watch = Watch()
    broken = seen(sync=Sync.UNKNOWN, conditions=(Condition("ComparisonError", "no such file"),))
    asked = [watch.look(broken, after=10).ask for _ in range(6)]
    assert [Ask.REFRESH, Ask.NOTHING] * 3 == asked
    look = watch.look(broken, after=10)
    assert (True, Reason.CANNOT_RENDER) == (look.final, look.problem.reason)
    assert "no such file" == look.problem.facts["detail"]


def test_a_repo_server_out_of_reach_is_waited_for():
    watch = Watch()
    detail = "rpc error: code = Unavailable desc = connection refused"
    broken = seen(sync=Sync.UNKNOWN, conditions=(Condition("ComparisonError", detail),))
    assert not watch.hold(broken, 500).final


def test_a_warning_is_no_error():
    assert "8a" == first(seen(conditions=(Condition("OrphanedResourceWarning", "3"),))).row


# rows 5


def test_an_unseen_commit_is_asked_for_once_a_minute():
    watch, old = Watch(), seen(revisions=(OLDER,))
    asked = [watch.look(old, after=15).ask for _ in range(6)]
    assert [True, False, False, False, True, False] == [ask is Ask.REFRESH for ask in asked]


def test_a_rewritten_branch_is_an_end_only_after_a_refresh():
    watch, other = Watch(), seen(revisions=(OTHER,))
    assert Ask.REFRESH is watch.look(other).ask
    assert not watch.look(other, after=20).final
    look = watch.look(other, after=10)
    assert (True, Reason.OVERTAKEN, OTHER) == (
        look.final, look.problem.reason, look.problem.facts["revision"],
    )  # fmt: skip


def test_a_hydrated_application_is_judged_by_the_commit_people_pushed():
    wet = "f" * 40
    hydrated = seen(
        revisions=(wet,), operation_state=ended(revisions=(wet,)), hydrated=Hydrated(T, wet)
    )
    assert (T,) == revisions_to_relate(hydrated)
    assert "8a" == first(hydrated).row
    assert "5u" == first(replace(hydrated, hydrated=Hydrated(T, "9" * 40))).row


# rows 6


def test_a_failed_sync_names_its_objects():
    results = (
        ResourceResult("Service", "web", status="Synced", message="configured"),
        ResourceResult("Deployment", "web", status="SyncFailed", message="field is immutable"),
    )
    state = ended(OperationPhase.FAILED, resources=results)
    problem = first(seen(operation_state=state, **OUT)).problem
    assert {"app": "web", "detail": "field is immutable", "resource": "Deployment/web"} == (
        problem.facts
    )


def test_a_sync_that_does_not_start_asks_for_the_windows_then_again():
    watch, off = Watch(), seen(auto_sync=False, operation_state=None, **OUT)
    assert Ask.SYNC is watch.look(off).ask
    assert Ask.WINDOWS is watch.look(off, after=5).ask
    closed = Evidence(windows=Windows(manual=False, automatic=False, detail="deny 0 22 * * *"))
    look = watch.look(off, after=5, evidence=closed)
    assert (Reason.WINDOW_CLOSED, Ask.WINDOWS) == (look.problem.reason, look.ask)
    opened = Evidence(windows=Windows(manual=True, automatic=True))
    assert Ask.SYNC is watch.look(off, after=60, evidence=opened).ask


def test_auto_sync_gets_a_minute_then_the_windows_are_read():
    watch, pending = Watch(), seen(operation_state=ended(revisions=(OLDER,)), **OUT)
    assert Ask.NOTHING is watch.hold(pending, 55).ask
    assert Ask.WINDOWS is watch.look(pending, after=5).ask
    closed = Evidence(windows=Windows(manual=True, automatic=False, detail="deny"))
    look = watch.look(pending, after=5, evidence=closed)
    assert Reason.WINDOW_CLOSED is look.problem.reason


def test_auto_sync_that_refuses_our_revision_is_an_end():
    message = f"Failed last sync attempt to [{T}]: one or more objects failed to apply"
    pending = seen(
        operation_state=ended(OperationPhase.FAILED, dry_run=True),
        conditions=(Condition("SyncError", message),),
        **OUT,
    )
    watch = Watch()
    assert not watch.hold(pending, 55).final
    look = watch.look(pending, after=5)
    assert (True, Reason.SYNC_FAILED) == (look.final, look.problem.reason)
    assert message == look.problem.facts["detail"]


def test_what_only_waits_for_pruning_is_live_with_drift():
    left = seen(
        operation_state=ended(revisions=(OLDER,)),
        resources=(WEB, replace(CONFIG, requires_pruning=True)),
        **OUT,
    )
    look = Watch().hold(left, 5)
    assert (Stage.LIVE, True, True) == (look.stage, look.final, look.drift)


def test_deployed_with_drift_is_live_and_says_so():
    watch = Watch()
    drifted = seen(resources=(WEB, CONFIG), **OUT)
    assert "6d" == watch.look(drifted).row
    assert "8a" == watch.look(drifted, after=10).row
    look = watch.look(drifted, after=3)
    assert (Stage.LIVE, True, True) == (look.stage, look.final, look.drift)


def test_a_drift_that_comes_after_success_does_not_undo_the_hook_rule():
    state = ended(OperationPhase.FAILED, resources=(replace(HOOK, hook=""),))
    assert "8a" == first(seen(operation_state=state)).row


# row 8


def test_live_is_believed_when_seen_twice():
    watch = Watch()
    look = watch.look(LIVE)
    assert ("8a", Stage.ROLLING, False, timedelta(seconds=3)) == (
        look.row, look.stage, look.final, look.again,
    )  # fmt: skip
    assert not watch.look(LIVE, after=1).final
    look = watch.look(LIVE, after=1)
    assert ("8a", Stage.LIVE, True) == (look.row, look.stage, look.final)


def test_two_good_ends_that_differ_are_not_the_same_twice():
    watch = Watch()
    watch.look(LIVE)
    later = seen(operation_state=ended(finished_at=NOW - timedelta(seconds=45)))
    assert not watch.look(later, after=3).final
    assert watch.look(later, after=3).final


def test_a_good_end_interrupted_starts_over():
    watch = Watch()
    watch.look(LIVE)
    watch.look(seen(health=Health.PROGRESSING), after=3)
    assert not watch.look(LIVE, after=3).final


def test_a_newer_commit_with_ours_is_named():
    look = Watch().hold(seen(revisions=(NEWER,)), 5)
    assert (Stage.LIVE, NEWER) == (look.stage, look.newer)
    assert "" == Watch().hold(LIVE, 5).newer


def test_old_pods_that_still_end_do_not_hide_a_settled_template():
    watch, mixed = Watch(), seen(images=(f"{IMAGE}:1", f"{IMAGE}:2"))
    assert Ask.WORKLOADS is watch.look(mixed).ask
    settling = Evidence(workloads=(replace(TEMPLATE, updated=1),))
    assert Stage.ROLLING is watch.look(mixed, after=2, evidence=settling).stage
    settled = Evidence(workloads=(TEMPLATE,))
    watch.look(mixed, after=2, evidence=settled)
    assert Stage.LIVE is watch.look(mixed, after=3, evidence=settled).stage


def test_zero_replicas_are_live_by_their_template():
    none = Evidence(workloads=(replace(TEMPLATE, desired=0, updated=0),))
    assert Stage.LIVE is Watch().hold(seen(images=()), 5, evidence=none).stage


@pytest.mark.parametrize(("revision", "reason"), [(T, Reason.NOT_LIVE), (NEWER, Reason.OVERTAKEN)])
def test_another_tag_is_believed_after_a_hard_refresh(revision, reason):
    watch, other = Watch(), seen(revisions=(revision,), **OLD_IMAGE)
    evidence = Evidence(workloads=(replace(TEMPLATE, images=(f"{IMAGE}:1",)),))
    assert Ask.WORKLOADS is watch.look(other).ask
    assert Ask.HARD_REFRESH is watch.look(other, after=2, evidence=evidence).ask
    assert not watch.look(other, after=20, evidence=evidence).final
    look = watch.look(other, after=10, evidence=evidence)
    assert (True, reason, "1") == (look.final, look.problem.reason, look.problem.facts["found"])


def test_workloads_that_may_not_be_read_leave_the_pods_to_decide():
    look = Watch().hold(seen(**OLD_IMAGE), 60, evidence=Evidence(workloads=()))
    assert (True, Reason.NOT_LIVE) == (look.final, look.problem.reason)


def test_a_rollout_of_another_service_may_be_paused_beside_ours():
    paused = replace(ROLLOUT, name="api", health=Health.SUSPENDED)
    beside = seen(health=Health.SUSPENDED, resources=(paused, WEB))
    watch = Watch()
    look = watch.look(beside)
    assert (Stage.ROLLING, Ask.WORKLOADS) == (look.stage, look.ask)
    assert Stage.LIVE is watch.hold(beside, 5, evidence=Evidence(workloads=(TEMPLATE,))).stage


def test_our_own_paused_rollout_is_paused_whatever_else_there_is():
    paused = replace(ROLLOUT, health=Health.SUSPENDED)
    template = replace(TEMPLATE, kind="Rollout", group="argoproj.io")
    look = Watch().hold(
        seen(health=Health.SUSPENDED, resources=(paused, replace(WEB, name="api"))),
        5,
        evidence=Evidence(workloads=(template,)),
    )
    assert (Stage.PAUSED, "Rollout/web") == (look.stage, look.problem.facts["resource"])


def test_degraded_is_an_end_after_a_while():
    watch = Watch()
    sick = seen(health=Health.DEGRADED, resources=(DEGRADED,))
    assert not watch.hold(sick, 85).final
    look = watch.look(sick, after=5)
    assert (True, Reason.DEGRADED) == (look.final, look.problem.reason)
    assert {"app": "web", "resource": "Deployment/web", "detail": "no pods are ready"} == (
        look.problem.facts
    )


@pytest.mark.parametrize(
    "message",
    [
        'Deployment "web" exceeded its progress deadline',
        "RolloutAborted: Rollout aborted update to revision 2",
        "back-off 40s restarting failed container (CrashLoopBackOff)",
    ],
)
def test_what_does_not_heal_by_itself_is_an_end_sooner(message):
    watch = Watch()
    sick = seen(health=Health.DEGRADED, resources=(replace(DEGRADED, message=message),))
    assert not watch.look(sick).final
    assert watch.look(sick, after=15).final


def test_degraded_that_heals_starts_over():
    watch = Watch()
    sick = seen(health=Health.DEGRADED, resources=(DEGRADED,))
    watch.hold(sick, 85)
    watch.look(seen(health=Health.PROGRESSING), after=5)
    assert not watch.look(sick, after=5).final


def test_degraded_without_a_name_is_an_end_too():
    assert Watch().hold(seen(health=Health.DEGRADED, resources=(WEB,)), 90).final


def test_what_was_degraded_before_does_not_fail_ours():
    expectation = replace(EXPECTED, degraded_before=frozenset({PVC.key}))
    watch = Watch(expectation)
    sick = seen(health=Health.DEGRADED, resources=(PVC, WEB))
    assert ("8f.before", Ask.WORKLOADS) == ((look := watch.look(sick)).row, look.ask)
    look = watch.hold(sick, 5, evidence=Evidence(workloads=(TEMPLATE,)))
    assert Stage.LIVE is look.stage


def test_our_own_object_degraded_before_must_heal_by_the_deadline():
    expectation = replace(EXPECTED, degraded_before=frozenset({DEGRADED.key}))
    watch, evidence = Watch(expectation), Evidence(workloads=(TEMPLATE,))
    sick = seen(health=Health.DEGRADED, resources=(DEGRADED,))
    assert not watch.hold(sick, 300, evidence=evidence).final
    look = watch.hold(sick, 320, evidence=evidence)
    assert (True, Reason.DEGRADED) == (look.final, look.problem.reason)


# the deadline


def late(observation, **context):
    watch = Watch()
    watch.now = EXPECTED.deadline
    look = watch.look(observation, **context)
    return look, watch.look(observation, after=5, **context)


def test_past_the_deadline_it_is_asked_once_more_then_told():
    before, after = late(seen(health=Health.PROGRESSING))
    assert (False, True, Ask.REFRESH) == (before.final, before.late, before.ask)
    assert (True, Reason.TOO_LATE) == (after.final, after.problem.reason)
    assert "Synced, Progressing" == after.problem.facts["state"]


def test_too_late_says_what_it_waited_for():
    _, after = late(seen(operation_state=running("hook", revisions=(OLDER,))))
    assert ("queued_behind", "hook") == (
        after.problem.facts["state"], after.problem.facts["detail"],
    )  # fmt: skip


def test_another_image_at_the_deadline_is_told_as_such():
    _, after = late(seen(**OLD_IMAGE), evidence=Evidence(workloads=()))
    assert (Reason.NOT_LIVE, "1") == (after.problem.reason, after.problem.facts["found"])


def test_live_seen_at_the_deadline_is_confirmed_not_cut_off():
    before, after = late(LIVE)
    assert (False, Stage.ROLLING) == (before.final, before.stage)
    assert (True, Stage.LIVE) == (after.final, after.stage)


def test_a_bot_that_was_away_reads_the_workloads_before_it_judges():
    watch = Watch()
    watch.now = EXPECTED.deadline + timedelta(hours=1)
    zero = seen(images=())
    assert Ask.WORKLOADS is watch.look(zero).ask
    template = Evidence(workloads=(replace(TEMPLATE, desired=0, updated=0),))
    assert Stage.LIVE is watch.hold(zero, 10, evidence=template).stage


@pytest.mark.parametrize(
    "waiting",
    [
        pytest.param(
            seen(health=Health.SUSPENDED, resources=(replace(ROLLOUT, health=Health.SUSPENDED),)),
            id="paused",
        ),
        pytest.param(
            seen(operation_state=running("Sync operation blocked by sync window")), id="window"
        ),
    ],
)
def test_a_persons_or_a_windows_time_does_not_count(waiting):
    watch = Watch()
    watch.hold(waiting, 30)
    look = watch.look(waiting, after=3600)
    assert (False, True) == (look.final, look.late)
    rolling = seen(health=Health.PROGRESSING)
    look = watch.look(rolling, after=5)
    assert (False, Ask.NOTHING) == (look.final, look.ask)
    assert Reason.TOO_LATE is watch.hold(rolling, DEADLINE.total_seconds() + 30).problem.reason


# all rows


def test_an_application_made_anew_is_followed_from_the_start():
    watch = Watch()
    watch.look(LIVE)
    look = watch.look(seen(uid="u2"), after=3)
    assert (False, True) == (look.final, look.recreated)
    look = watch.look(seen(uid="u2"), after=3)
    assert (True, False) == (look.final, look.recreated)


def test_looks_get_rarer_when_nothing_moves():
    watch, rolling = Watch(), seen(health=Health.PROGRESSING)
    assert timedelta(seconds=5) == watch.look(rolling).again
    assert timedelta(seconds=15) == watch.look(rolling, after=120).again


def test_only_commits_are_related_and_each_once():
    observed = seen(
        revisions=("1.2.3", T, "main"),
        operation=Ordered((NEWER,)),
        operation_state=running(revisions=(T, OLDER)),
    )
    assert (T, NEWER, OLDER) == revisions_to_relate(observed)


def test_what_is_remembered_survives_json():
    watch = Watch()
    watch.look(seen(revisions=(OLDER,)))
    watch.look(LIVE, after=5)
    adapter = TypeAdapter(Watched)
    assert watch.watched == adapter.validate_json(adapter.dump_json(watch.watched))


revisions = st.lists(st.sampled_from([T, NEWER, OLDER, OTHER, "1.2.3", ""]), max_size=2).map(tuple)
moments = st.integers(-100, 900).map(lambda seconds: NOW + timedelta(seconds=seconds))
states = st.builds(
    ended,
    st.sampled_from(OperationPhase),
    message=st.sampled_from(["", "Sync operation blocked by sync window", "Retrying attempt #1"]),
    finished_at=st.none() | moments,
    revisions=revisions,
    dry_run=st.booleans(),
    partial=st.booleans(),
    infos=st.sampled_from([{}, {"shipmate-operation": "op-1"}]),
    resources=st.sampled_from([(), (HOOK,)]),
)
resources = st.lists(
    st.builds(
        lambda kind, name, sync, health, message: Resource(
            kind, name, "web", "apps", "v1", sync, health, message
        ),
        st.sampled_from(["Deployment", "Rollout", "CronJob", "ConfigMap"]),
        st.sampled_from(["web", "api"]),
        st.sampled_from(Sync),
        st.none() | st.sampled_from(Health),
        st.sampled_from(["", "CrashLoopBackOff"]),
    ),
    max_size=3,
).map(tuple)
observations = st.builds(
    Observation,
    instance=st.just("main"),
    namespace=st.just("argocd"),
    name=st.just("web"),
    uid=st.sampled_from(["u1", "u1", "u1", "u2"]),
    project=st.just("default"),
    sync=st.sampled_from(Sync),
    health=st.sampled_from(Health),
    deleting=st.sampled_from([False, False, False, True]),
    revisions=revisions,
    operation=st.none() | st.none() | st.builds(Ordered, revisions),
    operation_state=st.none() | states,
    reconciled_at=st.none() | moments,
    images=st.lists(st.sampled_from([f"{IMAGE}:1", f"{IMAGE}:2", "redis:7"]), max_size=2).map(
        tuple
    ),
    conditions=st.sampled_from([(), (), (), (Condition("SyncError", T),)]),
    resources=resources,
    auto_sync=st.booleans(),
    hydrated=st.none() | st.none() | st.just(Hydrated(T, NEWER)),
)
workloads = st.builds(
    lambda kind, name, tag, updated: Workload(
        kind, name, "web", "apps", (f"{IMAGE}:{tag}",), 1, updated
    ),
    st.sampled_from(["Deployment", "Rollout"]),
    st.sampled_from(["web", "api"]),
    st.sampled_from(["1", "2"]),
    st.sampled_from([0, 1]),
)
evidences = st.none() | st.builds(
    Evidence,
    st.none() | st.lists(workloads, max_size=2).map(tuple),
    st.none() | st.builds(Windows, st.booleans(), st.booleans()),
)
expectations = st.sampled_from(
    [EXPECTED, replace(EXPECTED, degraded_before=frozenset({WEB.key, ROLLOUT.key, "?"}))]
)
steps = st.tuples(observations, evidences, st.sampled_from([0, 1, 5, 30, 90, 700]))


@given(expectations, st.lists(steps, min_size=1, max_size=4), st.integers(1, 4))
def test_whatever_is_seen(expectation, seen_steps, repeats):
    """Judging never raises; LIVE has its proofs; an end stays when the same is seen again."""
    watch = Watch(expectation)
    for observation, evidence, seconds in seen_steps:
        for _ in range(repeats):
            verdict = watch.look(observation, after=seconds, evidence=evidence)
            assert verdict.final is (verdict.stage in {Stage.LIVE, Stage.FAILED})
            assert verdict.problem or verdict.stage is not Stage.FAILED
            if verdict.final:
                assert_live_is_proven(expectation, observation, evidence, verdict)
                again = watch.look(observation, after=5, evidence=evidence)
                assert (verdict.stage, True) == (again.stage, again.final)


def assert_live_is_proven(expectation, observation, evidence, verdict):
    if verdict.stage is not Stage.LIVE:
        return
    read = (evidence and evidence.workloads) or ()
    proofs = {by_pods(observation.images, expectation).proof, by_workloads(read, expectation).proof}
    assert Proof.PROVEN in proofs
    state = observation.operation_state
    synced = observation.sync is Sync.SYNCED
    brought = state is not None and state.phase is OperationPhase.SUCCEEDED
    assert synced or (verdict.drift and brought)
    beside = observation.degraded <= expectation.degraded_before and bool(read)
    suspended = observation.health is Health.SUSPENDED
    assert observation.health is Health.HEALTHY or suspended or beside
    known = {Relation.SAME, Relation.CONTAINS}
    related = {T: Relation.SAME, **RELATIONS}
    mapped = observation.hydrated
    shown = [mapped.dry if mapped and one == mapped.wet else one for one in observation.revisions]
    assert known & {related.get(one, Relation.UNKNOWN) for one in shown}
