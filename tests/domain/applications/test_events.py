"""What has happened to an application: what was told before and a look in, events out."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.applications.events import (
    SETTLED,
    WELL_FOR,
    OurOperation,
    Ours,
    What,
    first_sight,
    judge,
)
from bot.domain.applications.signs import ImageChange, image_changes, sign_in, sign_of
from bot.domain.observation import Health, Listed, OperationPhase, Resource, ResourceResult, Sync
from tests.domain.argocd_views import IMAGE, NEWER, NOW, OTHER, WEB, T, ended, seen

QUIET = timedelta(minutes=2)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
AGO = NOW - HOUR
KIM = {"automated": False, "username": "kim"}
AUTO = {"automated": True}
BROKEN = replace(WEB, health=Health.DEGRADED, message="exceeded its progress deadline")


class Story:
    """Looks at one application, one after the other; versions grow by themselves."""

    def __init__(self, **first):
        self.version, self.now = 100, NOW
        self.remembered, self.told, self.again, self.replaced = None, [], None, False
        self.sees(**first)

    def sees(self, after=SECOND, ours=None, **changes):
        self.version += 1
        self.now += after
        version = changes.pop("resource_version", str(self.version))
        reconciled = changes.pop("reconciled_at", self.now)
        look = seen(resource_version=version, reconciled_at=reconciled, **changes)
        judged = judge(self.remembered, look, ours or Ours(), QUIET, self.now)
        self.remembered, self.again = judged.after, judged.again
        self.replaced = judged.replaced
        self.told += judged.events
        return [event.what for event in judged.events]


def synced(revision, at, phase=OperationPhase.SUCCEEDED, **changes):
    """An operation of *revision* that took a second and ended *at*."""
    changes = AUTO | changes
    return ended(phase, revisions=(revision,), started_at=at - SECOND, finished_at=at, **changes)


def degraded(**changes):
    return {"health": Health.DEGRADED, "resources": (BROKEN,), **changes}


def test_the_first_sight_of_an_application_is_no_event():
    for changes in ({}, degraded(), {"auto_sync": False}, {"sync": Sync.OUT_OF_SYNC}):
        assert [] == Story(**changes).told


def test_what_was_degraded_before_we_came_is_not_told_and_neither_is_its_end():
    story = Story(**degraded())
    assert [] == story.sees(after=HOUR, **degraded())
    assert [] == story.sees(after=HOUR)
    assert [] == story.sees(after=SECOND, **degraded())
    assert [What.DEGRADED] == story.sees(after=QUIET, **degraded())


def test_degraded_is_told_once_it_has_lasted():
    story = Story()
    assert [] == story.sees(**degraded())
    assert story.again == story.now + QUIET
    assert [] == story.sees(after=QUIET - SECOND, **degraded())
    assert [What.DEGRADED] == story.sees(after=SECOND, **degraded())
    event = story.told[0]
    assert ("Deployment/web", "exceeded its progress deadline") == (event.resource, event.message)
    assert NOW + 2 * SECOND == event.since
    assert [] == story.sees(after=HOUR, **degraded())


def test_what_passes_within_the_quiet_time_is_no_event():
    story = Story()
    for _ in range(20):
        story.sees(**degraded())
        story.sees(after=QUIET / 2, health=Health.PROGRESSING)
        story.sees()
    assert [] == story.told


def test_a_spell_goes_on_while_new_pods_are_tried():
    story = Story()
    for _ in range(4):
        story.sees(after=QUIET / 4, **degraded())
        story.sees(after=QUIET / 4, health=Health.PROGRESSING)
    assert [What.DEGRADED] == [event.what for event in story.told]


def test_argocd_says_since_when_it_is_degraded():
    story = Story()
    assert [What.DEGRADED] == story.sees(**degraded(health_since=NOW - HOUR))
    assert NOW - HOUR == story.told[0].since


def test_it_has_recovered_once_it_stays_well():
    story = Story()
    story.sees(**degraded())
    story.sees(after=QUIET, **degraded())
    assert [] == story.sees(health=Health.PROGRESSING)
    assert [] == story.sees()
    assert story.again == story.now + WELL_FOR
    well = story.now
    assert [What.RECOVERED] == story.sees(after=WELL_FOR)
    assert well == story.told[-1].since
    assert [] == story.sees(after=HOUR)


def test_a_moment_of_health_is_no_recovery():
    story = Story()
    story.sees(**degraded())
    story.sees(after=QUIET, **degraded())
    for _ in range(5):
        story.sees()
        story.sees(after=WELL_FOR - SECOND, **degraded())
    assert [What.DEGRADED] == [event.what for event in story.told]


def test_a_verdict_from_before_the_sync_ended_is_not_believed():
    story = Story()
    at = story.now + SECOND
    story.sees(operation_state=synced(NEWER, at), revisions=(NEWER,), reconciled_at=at - SECOND)
    assert [] == story.told
    story.sees(operation_state=synced(NEWER, at), revisions=(NEWER,))
    assert [What.SYNC_SUCCEEDED] == [event.what for event in story.told]


def test_a_sync_is_told_with_the_images_it_changed_when_all_is_well():
    story = Story()
    at = story.now
    both = {"images": (f"{IMAGE}:2", f"{IMAGE}:3", "envoy:1.30"), "revisions": (NEWER,)}
    state = {"operation_state": synced(NEWER, at)}
    assert [] == story.sees(health=Health.PROGRESSING, **both, **state)
    done = both | {"images": (f"{IMAGE}:3", "envoy:1.30")}
    assert [What.SYNC_SUCCEEDED] == story.sees(**done, **state)
    assert (ImageChange(IMAGE, "2", "3"),) == story.told[0].images
    assert (NEWER,) == story.told[0].revisions
    assert [] == story.sees(after=HOUR, **done, **state)


def test_a_failed_sync_is_told_with_what_failed():
    story = Story()
    result = ResourceResult("Deployment", "web", status="SyncFailed", message="field is immutable")
    failed = synced(NEWER, story.now, OperationPhase.FAILED, resources=(result,), message="one")
    looks = {"operation_state": failed, "sync": Sync.OUT_OF_SYNC, "revisions": (NEWER,)}
    assert [What.SYNC_FAILED] == story.sees(**looks)
    assert ("Deployment/web", "field is immutable") == (
        story.told[0].resource, story.told[0].message,
    )  # fmt: skip
    assert [] == story.sees(after=HOUR, **looks)
    repaired = {"operation_state": synced(OTHER, story.now), "revisions": (OTHER,)}
    assert [] == story.sees(**repaired)
    assert [What.RECOVERED] == story.sees(after=WELL_FOR, **repaired)


def test_a_failed_hook_is_not_over_because_the_objects_are_synced():
    story = Story()
    hook = ResourceResult("Job", "smoke", hook="PostSync", hook_phase="Failed", message="502")
    failed = synced(NEWER, story.now, OperationPhase.FAILED, resources=(hook,))
    looks = {"operation_state": failed, "revisions": (NEWER,)}
    assert [What.SYNC_FAILED] == story.sees(**looks)
    assert [] == story.sees(after=HOUR, **looks)
    assert [] == story.sees(operation_state=failed, revisions=(OTHER,))  # a commit without a sync
    assert [What.RECOVERED] == story.sees(after=HOUR, operation_state=failed, revisions=(OTHER,))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"phase": OperationPhase.RUNNING}, id="it waits to try again"),
        pytest.param({"dry_run": True}, id="a rehearsal"),
    ],
)
def test_what_is_no_end_of_a_sync_is_not_told(changes):
    story = Story()
    state = synced(NEWER, story.now, OperationPhase.FAILED)
    assert [] == story.sees(operation_state=replace(state, **changes), sync=Sync.OUT_OF_SYNC)


def test_self_heal_is_routine():
    story = Story()
    assert [] == story.sees(operation_state=synced(T, story.now, partial=True))


def test_a_person_syncs():
    story = Story()
    assert [What.MANUAL_SYNC] == story.sees(operation_state=synced(T, story.now, **KIM))
    assert "kim" == story.told[0].by
    robot = {"automated": False, "username": "applicationset-controller"}
    assert [What.SYNC_SUCCEEDED] == story.sees(operation_state=synced(T, story.now, **robot))


def test_a_persons_sync_that_fails_is_told_as_a_failure_of_theirs():
    story = Story()
    state = synced(T, story.now, OperationPhase.ERROR, message="ComparisonError", **KIM)
    assert [What.SYNC_FAILED] == story.sees(operation_state=state)
    assert ("kim", "ComparisonError") == (story.told[0].by, story.told[0].message)


def test_auto_sync_was_switched():
    story = Story()
    assert [] == story.sees(auto_sync=False)
    assert [What.AUTO_SYNC_CHANGED] == story.sees(after=SETTLED, auto_sync=False)
    assert False is story.told[0].auto_sync
    assert [] == story.sees(after=HOUR, auto_sync=False)
    story.sees()
    assert [What.AUTO_SYNC_CHANGED] == story.sees(after=SETTLED)
    assert True is story.told[1].auto_sync


def test_a_spec_that_its_owner_puts_back_at_once_was_not_switched():
    story = Story()
    story.sees(auto_sync=False)
    story.sees()
    assert [] == story.sees(after=HOUR)


def test_auto_sync_that_our_rollback_switches_is_told_by_the_rollback():
    story = Story()
    ours = Ours(auto_sync=True)
    assert [] == story.sees(ours=ours, auto_sync=False)
    assert [] == story.sees(after=HOUR, auto_sync=False)
    assert [] == story.sees(ours=ours)


def test_what_lay_between_two_looks_is_not_missed():
    story = Story()
    at = story.now + HOUR
    looks = {"operation_state": synced(NEWER, at, OperationPhase.FAILED), "auto_sync": False}
    told = story.sees(after=2 * HOUR, **degraded(health_since=NOW + HOUR), **looks)
    assert [What.SYNC_FAILED, What.DEGRADED] == told
    assert [What.AUTO_SYNC_CHANGED] == story.sees(after=SETTLED, **degraded(**looks))


@pytest.mark.parametrize(
    "late",
    [
        pytest.param({"resource_version": "50", "reconciled_at": NOW}, id="an older version"),
        pytest.param({"resource_version": "", "reconciled_at": NOW}, id="no version, older"),
    ],
)
def test_an_older_look_changes_nothing(late):
    story = Story()
    story.sees(after=HOUR, **degraded())
    before = story.remembered
    assert [] == story.sees(**late)
    assert before == story.remembered


def test_a_restored_cluster_counts_anew_and_is_believed():
    story = Story()
    story.sees(resource_version="5", **degraded())
    assert [What.DEGRADED] == story.sees(after=QUIET, resource_version="6", **degraded())


def test_another_application_of_the_same_name_is_seen_for_the_first_time():
    story = Story()
    story.sees(**degraded())
    assert [] == story.sees(after=QUIET, uid="u2", auto_sync=False, operation_state=None)
    assert story.replaced
    assert [] == story.sees(after=HOUR, uid="u2", auto_sync=False, operation_state=None)


# what we ourselves do


def our(**changes):
    made = OurOperation("D-7", "key-7", NEWER, since=NOW - SECOND)
    return Ours((replace(made, **changes),))


@pytest.mark.parametrize(
    ("ours", "state"),
    [
        pytest.param({}, {}, id="our commit"),
        pytest.param({"ended": NOW - SECOND}, {}, id="our commit, later, by itself"),
        pytest.param({}, KIM, id="our commit, which a person helps along meanwhile"),
        pytest.param({"commit": "e" * 40, "within": frozenset({NEWER})}, {}, id="a newer commit"),
        pytest.param({"commit": "e" * 40}, {"infos": {"x": "key-7"}}, id="a sync we asked for"),
        pytest.param({"commit": "", "around": True}, KIM, id="a rollback by Argo CD"),
    ],
)
@pytest.mark.parametrize("phase", [OperationPhase.SUCCEEDED, OperationPhase.FAILED])
def test_a_sync_that_we_caused_is_told_on_our_card_alone(ours, state, phase):
    story = Story()
    looks = {"operation_state": synced(NEWER, story.now + SECOND, phase, **state)}
    assert [] == story.sees(ours=our(**ours), revisions=(NEWER,), **looks)
    assert [] == story.sees(after=HOUR, revisions=(NEWER,), **looks)


@pytest.mark.parametrize(
    ("ours", "state"),
    [
        pytest.param({"commit": OTHER}, {}, id="another line"),
        pytest.param({"ended": NOW - HOUR}, KIM, id="a person syncs our commit again"),
        pytest.param(
            {"commit": OTHER, "within": frozenset({NEWER}), "since": AGO, "ended": NOW - QUIET},
            {},
            id="a newer commit after our end",
        ),
    ],
)  # fmt: skip
def test_a_sync_of_others_is_told(ours, state):
    story = Story()
    failed = synced(NEWER, story.now + SECOND, OperationPhase.FAILED, **state)
    assert [What.SYNC_FAILED] == story.sees(ours=our(**ours), operation_state=failed)


def test_degraded_waits_for_the_end_of_our_operation():
    story = Story()
    looks = degraded(revisions=(NEWER,))
    for _ in range(5):
        assert [] == story.sees(after=QUIET, ours=our(), **looks)
        assert story.again is not None
    failed = our(ended=story.now, failed=True)
    assert [] == story.sees(ours=failed, **looks), "its card has said so"
    assert [] == story.sees(after=HOUR, **looks)
    assert [] == story.sees(after=HOUR, revisions=(NEWER,))


def test_what_turns_bad_after_we_said_live_is_told():
    story = Story()
    live = our(ended=NOW + SECOND)
    story.sees(after=HOUR, ours=live, **degraded(revisions=(NEWER,)))
    assert [What.DEGRADED] == story.sees(after=QUIET, ours=live, **degraded(revisions=(NEWER,)))


def test_a_late_wound_of_a_commit_that_failed_is_on_its_card():
    story = Story()
    failed = our(ended=NOW + SECOND, failed=True)
    story.sees(after=HOUR, ours=failed, **degraded(revisions=(NEWER,)))
    assert [] == story.sees(after=QUIET, ours=failed, **degraded(revisions=(NEWER,)))


def test_trouble_that_was_told_ends_also_where_our_rollback_ended_it():
    story = Story()
    story.sees(**degraded())
    story.sees(after=QUIET, **degraded())
    story.sees(ours=our(), revisions=(NEWER,))
    assert [What.RECOVERED] == story.sees(after=WELL_FOR, ours=our(), revisions=(NEWER,))


# images and signs


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(["a:1"], ["a:1"], (), id="as before"),
        pytest.param(["a:1"], ["a:1", "a:2"], [("docker.io/library/a", "1", "2")], id="both"),
        pytest.param(["a:1"], ["a:1", "r.io/b:2"], [("r.io/b", "", "2")], id="new"),
        pytest.param([], ["r.io/a:2"], [], id="nobody knows what there was"),
        pytest.param(["r.io/a:1"], [], (), id="none any more"),
        pytest.param(["a:1", "??"], ["a:2", "<x>"], [("docker.io/library/a", "1", "2")], id="odd"),
    ],
)
def test_images_are_compared_by_repository(before, now, expected):
    assert tuple(ImageChange(*one) for one in expected) == image_changes(before, now)


def test_a_list_and_a_look_have_the_same_sign():
    look = seen(operation_state=ended(), images=("b:2", "a:1"))
    one = Listed(
        "argocd", "web", "default", "Synced", "Healthy", "Succeeded",
        "2026-03-01T11:58:55Z", "2026-03-01T11:59:00Z", ("a:1", "b:2"), auto_sync=True,
    )  # fmt: skip
    assert sign_in(one) == sign_of(look)
    for changes in ({"health": "Degraded"}, {"auto_sync": False}, {"images": ("a:1",)}):
        assert sign_in(replace(one, **changes)) != sign_of(look)


HEALTHS = st.sampled_from(Health)
PHASES = st.sampled_from(OperationPhase)


@settings(deadline=None)
@given(st.lists(st.tuples(HEALTHS, PHASES, st.booleans(), st.integers(0, 300)), max_size=25))
def test_whatever_is_seen_the_end_state_is_what_was_told_last(looks):
    """After a quiet hour: trouble that was told stands exactly while something is amiss."""
    story = Story()
    for health, phase, auto_sync, seconds in looks:
        state = synced(NEWER, story.now, phase)
        story.sees(
            after=timedelta(seconds=seconds + 1), health=health, auto_sync=auto_sync,
            operation_state=state,
        )  # fmt: skip
    last = synced(OTHER, story.now)
    for _ in range(4):
        story.sees(after=HOUR, operation_state=last, revisions=(OTHER,))
    troubles = [
        e.what for e in story.told if e.what in {What.DEGRADED, What.RECOVERED, What.SYNC_FAILED}
    ]
    assert not troubles or troubles[-1] is What.RECOVERED
    switches = [e.auto_sync for e in story.told if e.what is What.AUTO_SYNC_CHANGED]
    assert all(one is not other for one, other in pairwise(switches))
    assert not switches or switches[-1] is True
    assert story.remembered.trouble is None


def test_what_is_remembered_says_nothing_of_a_resource_without_health():
    bare = Resource("ConfigMap", "web")
    assert None is first_sight(seen(resources=(bare,))).unwell_since
