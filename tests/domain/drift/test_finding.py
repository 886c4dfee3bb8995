from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.drift.finding import findings
from bot.domain.drift.items import AutoSyncOff, Behind, Stale, Unreadable
from bot.domain.drift.sight import Sighted, Unread
from bot.domain.observation import (
    Condition,
    Health,
    OperationPhase,
    OperationState,
    Ordered,
    Resource,
    Sync,
)
from bot.domain.rollback.emergency import ItemState, OpenItem
from tests.builders import NOON
from tests.domain.drift.ground import (
    CATALOG,
    DAY,
    HOUR,
    NEW,
    OLD,
    TARGETS,
    found,
    only,
    seen,
    sight,
)

CORE = next(one for one in TARGETS if one.name == "core/prod")
DEPLOYMENT = Resource("Deployment", "core", sync=Sync.OUT_OF_SYNC)
RUNNING = OperationState(OperationPhase.RUNNING)
FAILED = OperationState(OperationPhase.FAILED, message="field is immutable")
OPENED = OpenItem(
    number=1,
    operation="D-7",
    instance="main",
    namespace="argocd",
    app="core-prod",
    environment="prod",
    services={},
    saved={},
    owner="U0ALICE",
    since=NOON - DAY,
    deadline=NOON + DAY,
    state=ItemState.OFF,
)


def test_nothing_drifted():
    assert [] == found()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"sync": Sync.OUT_OF_SYNC, "resources": (DEPLOYMENT,)}, "out_of_sync", id="a"),
        pytest.param({"tags": (NEW,), "sync": Sync.SYNCED}, "wrong_image", id="b"),
        pytest.param({"tags": ("latest",)}, "moving_tag", id="f: it runs"),
        pytest.param({"tags": ("v9-rc",)}, "moving_tag", id="f: denied by the rules"),
        pytest.param({"health": Health.DEGRADED}, "unwell", id="e: degraded"),
        pytest.param({"health": Health.MISSING}, "unwell", id="e: missing"),
        pytest.param({"health": Health.UNKNOWN}, "unwell", id="e: unknown"),
        pytest.param({"sync": Sync.UNKNOWN}, "unwell", id="e: not compared"),
        pytest.param({"reconciled_at": NOON - HOUR}, "stale", id="e: an old verdict"),
        pytest.param({"reconciled_at": None}, "stale", id="e: no verdict at all"),
    ],
)
def test_each_kind_of_one_application(change, expected):
    kinds = {kind for kind, place, _ in found(apps={"core/prod": change}) if place == "prod"}
    assert expected in kinds
    assert kinds <= {expected, "wrong_image", "behind"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"health": Health.PROGRESSING, "tags": (OLD, NEW)}, id="it rolls out"),
        pytest.param({"health": Health.SUSPENDED}, id="a rollout waits"),
        pytest.param({"sync": Sync.OUT_OF_SYNC, "operation_state": RUNNING}, id="a sync runs"),
        pytest.param({"sync": Sync.OUT_OF_SYNC, "operation": Ordered()}, id="a sync is asked for"),
        pytest.param({"tags": (NEW,), "operation": Ordered()}, id="another image, a sync comes"),
        pytest.param({"tags": ()}, id="it runs nothing"),
        pytest.param({"reconciled_at": NOON - HOUR + timedelta(seconds=1)}, id="just not old"),
    ],
)
def test_what_is_on_its_way_did_not_drift(change):
    assert [] == [one for one in found(apps={"core/prod": change}) if one[0] != "behind"]


def test_what_an_operation_of_ours_changes_now_did_not_drift():
    apps = {"core/prod": {"sync": Sync.OUT_OF_SYNC, "tags": (NEW,)}}
    assert ["behind"] == [one[0] for one in found(apps=apps, busy=frozenset({"core/prod"}))]


def test_a_list_tells_nothing_of_how_old_a_verdict_is():
    assert [] == found(whole=False, apps={"core/prod": {"reconciled_at": None}})


def test_objects_out_of_sync_are_named_and_counted():
    many = tuple(replace(DEPLOYMENT, name=f"core-{n}") for n in range(8))
    hook = replace(DEPLOYMENT, name="migrate", hook=True)
    change = {"sync": Sync.OUT_OF_SYNC, "resources": (*many, hook), "operation_state": FAILED}
    what = only(apps={"core/prod": change}).what
    assert (5, 8, "field is immutable") == (len(what.objects), what.count, what.failed)
    assert "Deployment/core-0" == what.objects[0]


def test_a_degraded_application_says_why_and_since_when():
    condition = Condition("ComparisonError", "cannot render")
    change = {"health": Health.DEGRADED, "health_since": NOON - DAY, "conditions": (condition,)}
    one = only(apps={"core/prod": change})
    assert ("Degraded", "cannot render") == (one.what.state, one.what.detail)
    assert NOON - DAY == one.known_since


# auto-sync


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, [], id="it never was on: so it was meant"),
        pytest.param({"had": True}, ["auto_sync_off"], id="it was on when we saw it last"),
        pytest.param({"disabled": True}, ["auto_sync_off"], id="declared, and disabled"),
        pytest.param({"opened": True}, ["auto_sync_off"], id="a rollback of ours"),
    ],
)
def test_auto_sync_that_is_off(changes, expected):
    off = Sighted(seen(CORE, auto_sync=False), True, switched_off="disabled" in changes)
    kinds = found(
        apps={"core/prod": off},
        had_auto_sync=frozenset({CORE.application} if "had" in changes else ()),
        open_items=(OPENED,) if "opened" in changes else (),
    )
    assert expected == [kind for kind, _, _ in kinds]


def test_what_a_rollback_around_git_leaves_is_one_thing_not_three():
    """Nothing of it can be mended by a sync before auto-sync is resumed."""
    change = {"auto_sync": False, "sync": Sync.OUT_OF_SYNC}
    git = {("core", "prod"): NEW}
    one = only(git=git, apps={"core/prod": change}, open_items=(OPENED,))
    assert AutoSyncOff("U0ALICE", "D-7", NOON + DAY, (OLD,), (NEW,)) == one.what


def test_a_rollback_of_ours_is_named_with_its_owner_and_deadline():
    one = only(open_items=(OPENED,))
    assert AutoSyncOff("U0ALICE", "D-7", NOON + DAY) == one.what
    assert NOON - DAY == one.known_since
    other = replace(OPENED, namespace="team-a")
    named = replace(CORE.application, namespace="team-b")
    world = sight()
    apps = {**world.applications, named: world.applications[CORE.application]}
    catalog = replace(
        CATALOG, targets={**CATALOG.targets, ("core", "prod"): replace(CORE, application=named)}
    )
    every = findings(
        catalog, replace(world, applications=apps, open_items=(other,)), ["prod"], HOUR
    )
    assert () == every.items


# behind


def test_prod_is_behind_what_runs_before():
    one = only(git={("core", "stage"): NEW}, apps={"core/stage": {"tags": (NEW,)}})
    assert Behind("stage", OLD, NEW, "acme/core", OLD, NEW) == one.what
    assert ("prod", "core", ("core",)) == (one.environment, one.subject, one.services)


def test_a_tag_that_names_no_commit_is_counted_and_not_compared():
    git = {("core", "stage"): "nightly-7"}
    world = sight(git=git, apps={"core/stage": {"tags": ("nightly-7",)}})
    result = findings(CATALOG, world, ["prod"], HOUR)
    assert ((), {"core/prod"}) == (result.items, result.nameless)


def test_what_runs_nothing_is_counted():
    result = findings(CATALOG, sight(apps={"core/prod": {"tags": ()}}), ["prod"], HOUR)
    assert ((), {"core/prod"}) == (result.items, result.idle)


# unknown


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        pytest.param({"apps": {"core/prod": Unread("core-prod", "gone")}}, "core-prod", id="app"),
        pytest.param({"git": {("core", "prod"): Unread("core", "no file")}}, "core", id="file"),
    ],
)
def test_what_was_not_read_is_its_own_row(changes, subject):
    one = only(where=["prod"], **changes)
    assert (subject, ("core",)) == (one.subject, one.services)
    assert isinstance(one.what, Unreadable)


def test_an_argocd_that_is_away_is_one_row_for_each_environment():
    away = Unread("Argo CD main", "no answer in time")
    apps = {one.name: away for one in TARGETS}
    assert [
        ("unreadable", "stage", "Argo CD main"),
        ("unreadable", "prod", "Argo CD main"),
    ] == found(apps=apps)


def test_an_application_that_nobody_asked_for_is_unread_too():
    world = sight()
    fewer = {a: b for a, b in world.applications.items() if a != CORE.application}
    result = findings(CATALOG, replace(world, applications=fewer), ["prod"], HOUR)
    assert ["unreadable"] == [one.kind.value for one in result.items]


def test_only_the_environments_asked_for_are_told():
    apps = {name: {"health": Health.DEGRADED} for name in ("core/stage", "core/prod")}
    assert {"stage"} == {place for _, place, _ in found(where=["stage"], apps=apps)}


def test_a_stale_verdict_says_that_a_refresh_hangs():
    change = {"reconciled_at": NOON - DAY, "refresh_pending": True}
    what = only(apps={"core/prod": change}).what
    assert Stale(NOON - DAY, refresh_pending=True) == what
