"""Argo CD's JSON becomes nouns, whatever a newer or older server leaves out or adds."""

import copy
import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters import argocd_answers as answers
from bot.domain.errors import Garbled
from bot.domain.observation import (
    Condition,
    Deployed,
    Health,
    Hydrated,
    Listed,
    Observation,
    OperationPhase,
    OperationState,
    Ordered,
    Owner,
    OwnerKind,
    Resource,
    ResourceResult,
    Source,
    Sync,
    Windows,
    Workload,
)

SHA = "a" * 40
APP = {
    "metadata": {
        "name": "web",
        "namespace": "argocd",
        "uid": "u1",
        "resourceVersion": "812",
        "annotations": {"argocd.argoproj.io/refresh": "normal"},
        "ownerReferences": [{"kind": "ApplicationSet", "name": "webs"}],
    },
    "spec": {
        "project": "p",
        "source": {"repoURL": "https://github.com/a/b", "path": "web", "targetRevision": "main"},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True, "enabled": True}},
    },
    "operation": {
        "sync": {"revision": SHA},
        "initiatedBy": {"username": "proj:p:chatops"},
        "info": [{"name": "shipmate-operation", "value": "op-1"}],
    },
    "status": {
        "sync": {"status": "Synced", "revision": SHA, "revisions": None},
        "health": {"status": "Healthy", "lastTransitionTime": "2026-01-01T00:00:03Z"},
        "reconciledAt": "2026-01-01T00:00:04Z",
        "operationState": {
            "phase": "Failed",
            "message": "one or more tasks failed",
            "startedAt": "2026-01-01T00:00:01Z",
            "finishedAt": "2026-01-01T00:00:03Z",
            "operation": {
                "sync": {"revision": SHA, "dryRun": True, "resources": [{"kind": "Deployment"}]},
                "initiatedBy": {"automated": True},
            },
            "syncResult": {
                "revision": SHA,
                "resources": [
                    {
                        "kind": "Deployment",
                        "name": "web",
                        "group": "apps",
                        "status": "SyncFailed",
                        "message": "immutable",
                        "hookPhase": "Running",
                    },
                    {"kind": "Job", "name": "smoke", "hookType": "PostSync", "hookPhase": "Failed"},
                ],
            },
        },
        "history": [{"revision": SHA, "deployedAt": "2026-01-01T00:00:03Z", "source": {}}],
        "summary": {"images": ["r/web:1.2"]},
        "conditions": [{"type": "SyncError", "message": "no"}],
        "resources": [
            {
                "group": "apps",
                "version": "v1",
                "kind": "Deployment",
                "name": "web",
                "namespace": "web",
                "status": "OutOfSync",
                "health": {"status": "Degraded", "message": "no pods"},
                "requiresPruning": True,
            },
            {"kind": "ConfigMap", "name": "c", "version": "v1", "status": "Synced"},
        ],
    },
}


def at(second):
    return datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC)


def read(change=None):
    document = copy.deepcopy(APP)
    if change:
        change(document)
    return answers.observation("main", document)


def test_an_application_is_read_whole():
    results = (
        ResourceResult("Deployment", "web", "", "apps", "SyncFailed", "immutable"),
        ResourceResult("Job", "smoke", hook="PostSync", hook_phase="Failed"),
    )
    state = OperationState(
        OperationPhase.FAILED,
        "one or more tasks failed",
        at(1),
        at(3),
        (SHA,),
        dry_run=True,
        partial=True,
        automated=True,
        resources=results,
    )
    resources = (
        Resource(
            "Deployment",
            "web",
            "web",
            "apps",
            "v1",
            Sync.OUT_OF_SYNC,
            Health.DEGRADED,
            "no pods",
            requires_pruning=True,
        ),
        Resource("ConfigMap", "c", version="v1", sync=Sync.SYNCED),
    )
    expected = Observation(
        instance="main",
        namespace="argocd",
        name="web",
        uid="u1",
        project="p",
        sync=Sync.SYNCED,
        health=Health.HEALTHY,
        resource_version="812",
        sources=(Source("https://github.com/a/b", "web", "main"),),
        revisions=(SHA,),
        operation=Ordered((SHA,), "proj:p:chatops", infos={"shipmate-operation": "op-1"}),
        operation_state=state,
        reconciled_at=at(4),
        images=("r/web:1.2",),
        conditions=(Condition("SyncError", "no"),),
        resources=resources,
        history=(Deployed(0, (SHA,), at(3)),),
        auto_sync=True,
        self_heal=True,
        auto_prune=True,
        owner=Owner(OwnerKind.APPLICATION_SET, "webs"),
        refresh_pending=True,
        health_since=at(3),
    )
    assert expected == read()


def test_an_older_server_does_not_say_since_when_it_is_healthy():
    assert read(lambda app: app["status"]["health"].pop("lastTransitionTime")).health_since is None


def test_an_application_just_made_has_nothing_yet():
    bare = {"metadata": {"name": "w", "namespace": "n", "uid": "u"}, "spec": {}}
    observed = answers.observation("main", bare)
    assert (Sync.UNKNOWN, Health.UNKNOWN, (), None) == (
        observed.sync,
        observed.health,
        observed.revisions,
        observed.operation_state,
    )


def test_words_of_a_newer_server_are_unknown_not_an_error():
    def change(app):
        app["status"]["sync"]["status"] = "Drifting"
        app["status"]["health"]["status"] = "Fabulous"
        app["status"]["operationState"]["phase"] = "Pondering"
        app["status"]["novelty"] = {"deep": [1]}

    observed = read(change)
    assert (Sync.UNKNOWN, Health.UNKNOWN, OperationPhase.UNKNOWN) == (
        observed.sync,
        observed.health,
        observed.operation_state.phase,
    )


@pytest.mark.parametrize(
    ("automated", "expected"),
    [(None, False), ({}, True), ({"enabled": True}, True), ({"enabled": False}, False)],
)
def test_auto_sync_is_on_when_it_is_there_and_not_switched_off(automated, expected):
    def change(app):
        app["spec"]["syncPolicy"] = {"automated": automated}

    assert expected is read(change).auto_sync


def test_several_sources_have_several_revisions():
    def change(app):
        app["spec"].pop("source")
        app["spec"]["sources"] = [{"repoURL": "https://charts", "chart": "web"}, {"repoURL": "g"}]
        app["status"]["sync"] = {"status": "Synced", "revisions": ["1.2.3", SHA]}

    observed = read(change)
    assert ("1.2.3", SHA) == observed.revisions
    assert (Source("https://charts", chart="web"), Source("g")) == observed.sources


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, Owner()),
        (
            {"annotations": {answers.TRACKING_ANNOTATION: "root:argoproj.io/Application:a/web"}},
            Owner(OwnerKind.APPLICATION, "root"),
        ),
        ({"labels": {"app.kubernetes.io/instance": "root"}}, Owner(OwnerKind.APPLICATION, "root")),
        ({"labels": {"app.kubernetes.io/instance": "web"}}, Owner()),
    ],
)  # fmt: skip
def test_owners(metadata, expected):
    def change(app):
        app["metadata"].pop("ownerReferences")
        app["metadata"].update(metadata)

    assert expected == read(change).owner


def test_a_hydrated_application_names_both_commits():
    def change(app):
        app["spec"]["sourceHydrator"] = {"drySource": {}}
        app["status"]["sourceHydrator"] = {
            "lastSuccessfulOperation": {"drySHA": "d" * 40, "hydratedSHA": SHA}
        }

    assert Hydrated("d" * 40, SHA) == read(change).hydrated


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda app: app.pop("metadata"), id="no metadata"),
        pytest.param(lambda app: app["metadata"].pop("uid"), id="no uid"),
        pytest.param(lambda app: app["metadata"].update(name=""), id="an empty name"),
        pytest.param(lambda app: app.update(spec=[]), id="a list for a spec"),
        pytest.param(lambda app: app["status"].update(sync="Synced"), id="text for an object"),
        pytest.param(lambda app: app["status"].update(summary={"images": "x"}), id="no list"),
        pytest.param(lambda app: app["status"].update(reconciledAt="soon"), id="no time"),
        pytest.param(
            lambda app: app["status"].update(reconciledAt="2026-01-01T00:00:00"), id="no zone"
        ),
    ],
)
def test_a_wrong_shape_is_distrusted(change):
    with pytest.raises(Garbled):
        answers.decoded("Argo CD main", "show web", lambda: read(change))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
paths = st.sampled_from(
    [(key,) for key in APP]
    + [("status", key) for key in APP["status"]]
    + [("metadata", key) for key in APP["metadata"]]
    + [("status", "operationState", key) for key in APP["status"]["operationState"]]
)


@given(paths, json_values)
def test_whatever_stands_in_a_field(path, value):
    """Any JSON anywhere is read or distrusted, never a crash."""

    def change(app):
        *way, last = path
        for step in way:
            app = app[step]
        app[last] = value

    with suppress(Garbled):
        answers.decoded("Argo CD main", "show web", lambda: read(change))


WEB = Resource("Deployment", "web", "web", "apps", "v1")


def live(spec, status=None, generation=1):
    manifest = {"metadata": {"generation": generation}, "spec": spec, "status": status or {}}
    return {"manifest": json.dumps(manifest)}


POD = {"spec": {"containers": [{"image": "web:2"}], "initContainers": [{"image": "init:1"}]}}


@pytest.mark.parametrize(
    ("kind", "answer", "expected"),
    [
        pytest.param(
            "Deployment",
            live({"template": POD, "replicas": 3}, {"updatedReplicas": 2, "observedGeneration": 1}),
            (3, 2, True),
            id="Deployment",
        ),
        pytest.param("Deployment", live({"template": POD}), (1, 0, False), id="just made"),
        pytest.param(
            "Rollout",
            live({"template": POD, "replicas": 0}, {"observedGeneration": "4"}, generation=4),
            (0, 0, True),
            id="Rollouts write a string",
        ),
        pytest.param(
            "Rollout",
            live({"template": POD, "replicas": 0}, {"observedGeneration": "3"}, generation=4),
            (0, 0, False),
            id="a Rollout not observed",
        ),
        pytest.param(
            "DaemonSet",
            live(
                {"template": POD},
                {
                    "desiredNumberScheduled": 5,
                    "updatedNumberScheduled": 5,
                    "observedGeneration": 1,
                },
            ),
            (5, 5, True),
            id="DaemonSet",
        ),
        pytest.param(
            "CronJob",
            live({"jobTemplate": {"spec": {"template": POD}}}),
            (None, None, True),
            id="CronJob",
        ),
    ],
)
def test_workloads(kind, answer, expected):
    resource = Resource(kind, "web", "web", "apps", "v1")
    assert Workload(kind, "web", "web", "apps", ("init:1", "web:2"), *expected) == (
        answers.workload(resource, answer)
    )


def test_a_workload_is_the_same_object_as_its_resource():
    assert WEB.key == answers.workload(WEB, live({"template": POD})).key


@pytest.mark.parametrize(
    ("active", "assigned", "manual", "expected"),
    [
        pytest.param([], [], True, (True, True), id="none"),
        pytest.param(["deny"], ["deny"], True, (True, False), id="deny lets manual through"),
        pytest.param(["deny"], ["deny"], False, (False, False), id="deny"),
        pytest.param([], ["allow"], False, (False, False), id="an allow not yet open"),
        pytest.param(["allow"], ["allow"], True, (True, True), id="an open allow"),
        pytest.param([], ["deny"], True, (True, True), id="a deny not active"),
    ],
)
def test_windows(active, assigned, manual, expected):
    def rows(kinds):
        return [{"kind": kind, "schedule": "0 22 * * *", "duration": "1h"} for kind in kinds]

    answer = {"activeWindows": rows(active), "assignedWindows": rows(assigned), "canSync": manual}
    found = answers.windows(answer)
    assert expected == (found.manual, found.automatic)
    assert ("0 22 * * * for 1h" in found.detail) is bool(assigned)


def test_no_windows_at_all_may_be_null():
    assert Windows(manual=True, automatic=True) == answers.windows(
        {"activeWindows": None, "assignedWindows": None, "canSync": True}
    )


def test_the_pods_say_why():
    tree = {
        "nodes": [
            {"kind": "ReplicaSet", "name": "web-1", "health": {"status": "Degraded"}},
            {
                "kind": "Pod",
                "name": "web-1-a",
                "health": {"status": "Degraded", "message": "back-off 40s"},
                "info": [
                    {"name": "Status Reason", "value": "CrashLoopBackOff"},
                    {"name": "Restart Count", "value": "4"},
                ],
            },
            {"kind": "Pod", "name": "web-1-b", "health": {"status": "Healthy"}},
        ]
    }
    assert "Pod/web-1-a: CrashLoopBackOff, 4 restarts (back-off 40s)" == answers.wounds(tree)
    assert "" == answers.wounds({"nodes": None})


def test_a_list_is_read_for_changes():
    assert (
        Listed(
            namespace="argocd",
            name="web",
            project="p",
            sync="Synced",
            health="Healthy",
            phase="Failed",
            started_at="2026-01-01T00:00:01Z",
            finished_at="2026-01-01T00:00:03Z",
            images=("r/web:1.2",),
            revision=SHA,
            auto_sync=True,
        ),
    ) == answers.listed({"items": [APP]})
    assert () == answers.listed({"items": None})
