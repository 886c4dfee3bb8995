"""Applications as Argo CD 2.12, 3.0 and 3.5 write them become the same nouns.

Written after the types of each version, with everything that differs: no fields were left out of
what these versions add to an application that has synced, failed and degraded.

Source: argo-cd ``pkg/apis/application/v1alpha1/types.go`` at v2.12.0, v3.0.0 and v3.5.1.
"""

import copy
from datetime import UTC, datetime

import pytest

from bot.adapters import argocd_answers as answers
from bot.domain.applications.events import first_sight, fresh
from bot.domain.applications.signs import sign_in, sign_of
from bot.domain.observation import Health, OperationPhase, OwnerKind, Sync

SHA, WET = "1f3870be274f6c49b3e31a0c6728957f4f6c49b3", "e" * 40
SOURCE = {
    "repoURL": "https://github.com/acme/gitops.git",
    "path": "apps/web/overlays/prod",
    "targetRevision": "main",
    "kustomize": {"images": ["ghcr.io/acme/web:1.2.3"]},
}
POLICY = {"prune": True, "selfHeal": True}
IMAGES = ["ghcr.io/acme/web:1.2.2", "ghcr.io/acme/web:1.2.3"]


def operation_state(**result):
    return {
        "operation": {
            "initiatedBy": {"automated": True},
            "retry": {"limit": 5},
            "sync": {"prune": True, "revision": SHA, "syncOptions": ["CreateNamespace=true"]},
        },
        "phase": "Succeeded",
        "message": "successfully synced (all tasks run)",
        "startedAt": "2026-01-01T00:00:01Z",
        "finishedAt": "2026-01-01T00:00:03Z",
        "syncResult": {"revision": SHA, "source": SOURCE, **result},
    }


def resource(**changes):
    return {
        "group": "apps",
        "version": "v1",
        "kind": "Deployment",
        "namespace": "web",
        "name": "web",
        "status": "Synced",
        **changes,
    }


def result(**changes):
    return {
        "group": "apps",
        "version": "v1",
        "kind": "Deployment",
        "namespace": "web",
        "name": "web",
        "status": "Synced",
        "message": "deployment.apps/web configured",
        "hookPhase": "Running",
        "syncPhase": "Sync",
        **changes,
    }


def document(policy, status, **metadata):
    return {
        "metadata": {
            "name": "web-prod",
            "namespace": "argocd",
            "uid": "b7f1d4f0-0d9b-4f3e-8f53-5f3f1f1a2b3c",
            "resourceVersion": "1234567",
            "generation": 42,
            "creationTimestamp": "2025-12-01T08:00:00Z",
            **metadata,
        },
        "spec": {
            "project": "web",
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "web"},
            "source": SOURCE,
            "syncPolicy": {"automated": policy},
        },
        "status": {
            "controllerNamespace": "argocd",
            "reconciledAt": "2026-01-01T00:01:31Z",
            "sourceType": "Kustomize",
            "summary": {"images": IMAGES},
            "sync": {
                "status": "Synced",
                "revision": SHA,
                "comparedTo": {
                    "source": SOURCE,
                    "destination": {"server": "https://kubernetes.default.svc", "namespace": "web"},
                },
            },
            "history": [
                {
                    "id": 7,
                    "revision": SHA,
                    "deployStartedAt": "2026-01-01T00:00:01Z",
                    "deployedAt": "2026-01-01T00:00:03Z",
                    "source": SOURCE,
                    "initiatedBy": {"automated": True},
                }
            ],
            **status,
        },
    }


V2_12 = document(
    POLICY,
    {
        # No lastTransitionTime of the application: that came with 2.14.
        "health": {"status": "Degraded"},
        "operationState": operation_state(resources=[result()]),
        # Health is stored in the object itself.
        "resources": [
            resource(
                health={
                    "status": "Degraded",
                    "message": 'Deployment "web" exceeded its progress deadline',
                }
            )
        ],
    },
    # Tracking by label, as was usual before 3.0.
    labels={"app.kubernetes.io/instance": "all-apps"},
)
V3_0 = document(
    POLICY,
    {
        "health": {"status": "Degraded", "lastTransitionTime": "2026-01-01T00:01:30Z"},
        "operationState": operation_state(resources=[result(images=IMAGES)]),
        # Health lives in the tree; GET fills it in.
        "resourceHealthSource": "appTree",
        "resources": [
            resource(
                health={
                    "status": "Degraded",
                    "message": 'Deployment "web" exceeded its progress deadline',
                    "lastTransitionTime": "2026-01-01T00:01:30Z",
                }
            )
        ],
    },
    annotations={
        "argocd.argoproj.io/tracking-id": "all-apps:argoproj.io/Application:argocd/web-prod"
    },
)
V3_5 = document(
    {**POLICY, "enabled": True},
    {
        "health": {"status": "Degraded", "lastTransitionTime": "2026-01-01T00:01:30Z"},
        "operationState": operation_state(
            resources=[result(images=IMAGES)], managedNamespaceMetadata={"labels": {"team": "web"}}
        ),
        "resourceHealthSource": "appTree",
        "resources": [
            resource(
                syncWave=1,
                requiresDeletionConfirmation=True,
                health={
                    "status": "Degraded",
                    "message": 'Deployment "web" exceeded its progress deadline',
                },
            )
        ],
    },
    annotations={
        "argocd.argoproj.io/tracking-id": "all-apps:argoproj.io/Application:argocd/web-prod"
    },
    finalizers=["resources-finalizer.argocd.argoproj.io"],
)
VERSIONS = [
    pytest.param(V2_12, id="2.12"),
    pytest.param(V3_0, id="3.0"),
    pytest.param(V3_5, id="3.5"),
]


def read(document):
    return answers.observation("main", copy.deepcopy(document))


@pytest.mark.parametrize("document", VERSIONS)
def test_every_version_says_the_same(document):
    seen = read(document)
    assert (Sync.SYNCED, Health.DEGRADED, (SHA,)) == (seen.sync, seen.health, seen.revisions)
    state = seen.operation_state
    assert (OperationPhase.SUCCEEDED, True, (SHA,)) == (
        state.phase,
        state.automated,
        state.revisions,
    )
    (wounded,) = seen.resources
    assert (Health.DEGRADED, True) == (wounded.health, "progress deadline" in wounded.message)
    assert (True, True, True) == (seen.auto_sync, seen.self_heal, seen.auto_prune)
    assert (OwnerKind.APPLICATION, "all-apps") == (seen.owner.kind, seen.owner.name)
    assert tuple(IMAGES) == seen.images
    assert ("1234567", 7) == (seen.resource_version, seen.history[0].id)
    assert fresh(seen)
    assert first_sight(seen).excused


def test_since_when_it_is_degraded_is_known_since_2_14():
    assert None is read(V2_12).health_since
    for one in (V3_0, V3_5):
        assert datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC) == read(one).health_since


def test_auto_sync_that_is_disabled_is_off_since_3_1_and_absent_before():
    for policy in ({**POLICY, "enabled": False}, None):
        changed = copy.deepcopy(V3_5)
        changed["spec"]["syncPolicy"]["automated"] = policy
        assert not read(changed).auto_sync
    assert read(V2_12).auto_sync


@pytest.mark.parametrize("document", VERSIONS)
def test_a_list_of_every_version_has_the_sign_of_a_look(document):
    shown = copy.deepcopy(document)
    shown["metadata"] = {key: shown["metadata"][key] for key in ("name", "namespace")}
    status = shown["status"]
    kept = ("phase", "startedAt", "finishedAt")
    shown["status"] = {
        "sync": {"status": status["sync"]["status"]},
        "health": {"status": status["health"]["status"]},
        "summary": status["summary"],
        "operationState": {key: status["operationState"][key] for key in kept},
    }
    (listed,) = answers.listed({"items": [shown]})
    assert sign_in(listed) == sign_of(read(document))


def test_several_sources_and_hydrated_ones_name_their_revisions():
    several = copy.deepcopy(V3_5)
    del several["spec"]["source"]
    several["spec"]["sources"] = [SOURCE, {"repoURL": "https://charts.example.com", "chart": "web"}]
    several["status"]["sync"] = {"status": "Synced", "revisions": [SHA, "1.2.3"]}
    several["status"]["operationState"]["syncResult"] = {
        "revision": "",
        "revisions": [SHA, "1.2.3"],
    }
    seen = read(several)
    assert (SHA, "1.2.3") == seen.revisions == seen.operation_state.revisions
    assert ["", "web"] == [source.chart for source in seen.sources]

    hydrated = copy.deepcopy(V3_5)
    hydrated["spec"]["sourceHydrator"] = {
        "drySource": {},
        "syncSource": {"targetBranch": "env/prod"},
    }
    hydrated["status"]["sourceHydrator"] = {
        "lastSuccessfulOperation": {"drySHA": SHA, "hydratedSHA": WET}
    }
    assert (SHA, WET) == (read(hydrated).hydrated.dry, read(hydrated).hydrated.wet)


@pytest.mark.parametrize("document", VERSIONS)
def test_what_is_null_is_read_as_absent(document):
    """Go writes empty lists and objects as null, where it writes them at all."""
    bare = copy.deepcopy(document)
    for key in ("resources", "history", "conditions", "summary", "operationState"):
        bare["status"][key] = None
    seen = read(bare)
    assert ((), (), (), None) == (seen.resources, seen.history, seen.images, seen.operation_state)
