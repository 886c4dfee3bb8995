"""What a rollback by Argo CD may be, to which entry it goes, and when it is done."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.observation import (
    Health,
    Hydrated,
    OperationPhase,
    OperationState,
    Ordered,
    Owner,
    OwnerKind,
    Resource,
    ResourceResult,
)
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.emergency import (
    Asked,
    Entry,
    OpenItem,
    SetRule,
    Stand,
    Unread,
    entry_for,
    is_on,
    revert_feared,
    skipped_hooks,
    stand_of,
    still_differs,
    stops_others,
    switched_off,
    switched_on,
    synced_by_itself,
)
from tests.domain.argocd_views import LIVE, NOW, OLDER, ended, running

SET, PARENT = Owner(OwnerKind.APPLICATION_SET, "apps"), Owner(OwnerKind.APPLICATION, "root")
POLICY = {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["CreateNamespace=true"]}
SPEC = {"source": {"repoURL": "u"}, "syncPolicy": POLICY}


@pytest.mark.parametrize(
    ("seen", "owner", "expected"),
    [
        pytest.param({}, None, None, id="nobody owns it"),
        pytest.param({"hydrated": Hydrated()}, None, Reason.HYDRATED, id="hydrated"),
        pytest.param({"owner": SET}, SetRule(keeps=True), None, id="a set that ignores it"),
        pytest.param({"owner": SET}, SetRule(keeps=False), Reason.REVERTED_BY_SET, id="a set"),
        pytest.param({"owner": SET}, Unread("no"), Reason.REVERTED_BY_SET, id="a set unread"),
        pytest.param({"owner": SET}, None, Reason.REVERTED_BY_SET, id="a set nobody asked"),
        pytest.param(
            {"owner": SET}, SetRule(keeps=True, rolls=True), Reason.ROLLED_BY_SET, id="RollingSync"
        ),
        pytest.param({"owner": PARENT}, replace(LIVE, self_heal=False), None, id="a calm parent"),
        pytest.param(
            {"owner": PARENT},
            replace(LIVE, self_heal=True),
            Reason.REVERTED_BY_PARENT,
            id="a parent that heals itself",
        ),
        pytest.param(
            {"owner": PARENT}, Unread("no"), Reason.REVERTED_BY_PARENT, id="a parent unread"
        ),
    ],
)
def test_who_would_switch_it_on_again(seen, owner, expected):
    found = revert_feared(replace(LIVE, **seen), owner)
    assert expected == (found and found.reason)


def ran(*hooks):
    results = tuple(ResourceResult("Job", f"{hook}-{n}", hook=hook) for n, hook in enumerate(hooks))
    plain = ResourceResult("Deployment", "web")
    return OperationState(OperationPhase.SUCCEEDED, resources=(plain, *results))


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param({"operation_state": None}, (), id="nothing ever ran"),
        pytest.param({"operation_state": ran()}, (), id="no hooks"),
        pytest.param({"operation_state": ran("PreSync")}, ("Job/PreSync-0",), id="before a sync"),
        pytest.param({"operation_state": ran("Sync", "PostSync")}, (), id="others do not matter"),
        pytest.param(
            {"operation_state": ran(), "resources": (Resource("Job", "migrate", hook=True),)},
            ("Job/migrate",),
            id="one that stands there, and nobody knows when it runs",
        ),
        pytest.param(
            {
                "operation_state": ran("PostSync"),
                "resources": (
                    Resource("Job", "PostSync-0", hook=True),
                    Resource("Deployment", "web"),
                ),
            },
            (),
            id="one that stands there and runs afterwards",
        ),
    ],
)
def test_what_a_rollback_by_argocd_leaves_out(seen, expected):
    assert expected == skipped_hooks(replace(LIVE, **{"resources": (), **seen}))


def entry(number, **tags):
    return Entry(number, (f"{number}" * 40,), tags)


ENTRIES = (
    entry(0, core="a", batch="x"),
    entry(1, core="b", batch="x"),
    entry(2, core="a", batch="y"),
    entry(3, core="c", batch="y"),
    entry(4, core="c"),
)


@pytest.mark.parametrize(
    ("wanted", "others", "expected"),
    [
        pytest.param({"core": "a"}, {"batch": "y"}, 2, id="the newest with that tag"),
        pytest.param({"core": "a"}, {"batch": "x"}, 0, id="not the newest: the others stay"),
        pytest.param({"core": "b"}, {"batch": "y"}, Reason.OTHERS_MOVE_ALONG, id="one moves"),
        pytest.param({"core": "c"}, {"batch": "x"}, Reason.OTHERS_MOVE_ALONG, id="or may move"),
        pytest.param({"core": "a"}, {"batch": None}, Reason.OTHERS_MOVE_ALONG, id="unknown now"),
        pytest.param({"core": "b", "batch": "x"}, {}, 1, id="both are meant"),
        pytest.param({"core": "z"}, {}, Reason.NOT_IN_ARGOCD_HISTORY, id="trimmed"),
    ],
)
def test_the_entry_is_chosen_by_what_stood_in_git_and_never_by_its_place(wanted, others, expected):
    found = entry_for(ENTRIES, wanted, others, "web")
    assert expected == (found.reason if isinstance(found, Problem) else found.id)


def test_who_would_move_along_is_told_with_both_tags_and_of_whom_that_is_not_known():
    found = entry_for(ENTRIES, {"core": "b"}, {"batch": "y", "monitor": "m", "web": None}, "app")
    assert ("batch: y → x", "monitor, web") == (found.facts["along"], found.facts["services"])


def test_an_empty_history_has_nothing():
    assert Reason.NO_ARGOCD_HISTORY is entry_for((), {"core": "a"}, {}, "web").reason


@pytest.mark.parametrize(
    ("version", "automated"),
    [
        pytest.param("v3.1.0", {**POLICY["automated"], "enabled": False}, id="says enabled"),
        pytest.param("v3.5.1+109ca7c", {**POLICY["automated"], "enabled": False}, id="newer"),
        pytest.param("v3.0.9", None, id="older: not there"),
        pytest.param("v2.14.2", None, id="much older"),
        pytest.param("no version", None, id="unknown: what all understand"),
    ],
)
def test_off_and_on_again_is_as_it_was(version, automated):
    off = switched_off(SPEC, version)
    assert automated == off["syncPolicy"].get("automated")
    assert not is_on(off["syncPolicy"])
    assert SPEC == switched_on(off, POLICY)
    assert off == switched_off(off, version)


def test_what_else_was_changed_meanwhile_stays():
    off = switched_off(SPEC, "v3.1.0")
    edited = {**off, "syncPolicy": {**off["syncPolicy"], "retry": {"limit": 2}}, "project": "p"}
    on = switched_on(edited, POLICY)
    assert {**POLICY, "retry": {"limit": 2}} == on["syncPolicy"]
    assert "p" == on["project"]


ASKED = Asked((OLDER,), NOW - timedelta(seconds=65), "bot")
OURS = {"revisions": (OLDER,), "username": "bot"}
RUNS = {"core": ("a",)}


@pytest.mark.parametrize(
    ("seen", "running_tags", "expected"),
    [
        pytest.param({"operation_state": ended()}, RUNS, Stand.NOT_BEGUN, id="another revision"),
        pytest.param({"operation_state": ended(**OURS)}, RUNS, Stand.DONE, id="done"),
        pytest.param(
            {"operation_state": ended(**OURS | {"username": "ann"})},
            RUNS,
            Stand.NOT_BEGUN,
            id="by a person",
        ),
        pytest.param(
            {"operation_state": ended(**OURS, started_at=NOW - timedelta(seconds=70))},
            RUNS,
            Stand.NOT_BEGUN,
            id="an older one of ours",
        ),
        pytest.param({"operation_state": running(**OURS)}, RUNS, Stand.GOING, id="under way"),
        pytest.param(
            {"operation": Ordered((OLDER,), "bot"), "operation_state": None},
            RUNS,
            Stand.GOING,
            id="taken, not begun",
        ),
        pytest.param(
            {"operation_state": running("Sync operation blocked by sync window", **OURS)},
            RUNS,
            Stand.BLOCKED,
            id="a window holds it",
        ),
        pytest.param(
            {"operation_state": ended(OperationPhase.FAILED, **OURS)},
            RUNS,
            Stand.FAILED,
            id="failed",
        ),
        pytest.param(
            {
                "operation_state": ended(**OURS),
                "reconciled_at": NOW - timedelta(seconds=61),
            },
            RUNS,
            Stand.ROLLING,
            id="the status is from before",
        ),
        pytest.param(
            {"operation_state": ended(**OURS), "health": Health.PROGRESSING},
            RUNS,
            Stand.ROLLING,
            id="pods follow",
        ),
        pytest.param(
            {"operation_state": ended(**OURS)},
            {"core": ("a", "b")},
            Stand.ROLLING,
            id="the bad one still runs",
        ),
        pytest.param({"operation_state": ended(**OURS)}, {}, Stand.ROLLING, id="nothing runs"),
    ],
)
def test_how_far_it_is(seen, running_tags, expected):
    assert expected is stand_of(replace(LIVE, **seen), ASKED, running_tags, {"core": "a"})


def test_a_sync_by_itself_is_noticed():
    since = NOW - timedelta(seconds=70)
    by_itself = replace(LIVE, operation_state=ended(automated=True))
    assert synced_by_itself(by_itself, since)
    assert not synced_by_itself(by_itself, NOW)
    assert synced_by_itself(replace(LIVE, operation=Ordered(automated=True)), NOW)
    assert not synced_by_itself(replace(LIVE, operation_state=ended()), since)


def test_auto_sync_waits_while_git_says_something_else_than_runs():
    assert None is still_differs({"core": "a"}, {"core": ("a",)})
    assert ("core", "b", "a") == still_differs({"core": "b"}, {"core": ("a",)})
    assert None is still_differs({"core": None}, {"core": ("a",)})


def test_only_a_change_of_what_was_rolled_back_goes_on_by_git():
    item = OpenItem(
        number=1,
        operation="D-3",
        instance="main",
        namespace="argocd",
        app="web",
        environment="stage",
        services={"core": "a"},
        saved=POLICY,
        owner="U0ALICE",
        since=NOW,
        deadline=NOW,
    )
    assert None is stops_others([], ["batch"])
    assert None is stops_others([item], ["core", "batch"])
    stopped = stops_others([item], ["batch"])
    assert (Reason.AUTO_SYNC_OFF, "core") == (stopped.reason, stopped.facts["service"])
