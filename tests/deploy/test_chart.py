"""The chart: what a cluster would be given for several sets of values, and what is refused."""

import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

CHART = Path(__file__).parents[2] / "deploy" / "chart"
OURS = {"ExternalSecret", "ServiceMonitor"}
"""Kinds of other projects, which Kubernetes' own schemas do not hold."""

pytestmark = pytest.mark.skipif(
    shutil.which("helm") is None,
    reason="helm is not here: go install helm.sh/helm/v3/cmd/helm@v3.19.0",
)

CONFIG = {"config": {"github": {"org": "acme"}}}
SECRETS = ["DATABASE_URL", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"]
POSTGRESQL = {
    **CONFIG,
    "replicas": 3,
    "database": {"kind": "postgresql"},
    "secrets": {"keys": SECRETS},
}
EVERYTHING = {
    **POSTGRESQL,
    "image": {"digest": "sha256:" + "a" * 64},
    "secrets": {
        "keys": SECRETS,
        "external": {
            "enabled": True,
            "store": {"kind": "ClusterSecretStore", "name": "vault"},
            "data": {name: {"key": f"shipmate/{name}"} for name in SECRETS},
        },
    },
    "ingress": {"enabled": True, "className": "nginx", "host": "ship.example.com"},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "networkPolicy": {"from": [{"podSelector": {"matchLabels": {"app": "ingress"}}}]},
    "env": {"GITHUB_APP_ID": 42},
    "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x"}},
    "tolerations": [{"key": "spot", "operator": "Exists"}],
}
OWN_OBJECTS = {
    "existingConfigMap": "mine",
    "serviceAccount": {"create": False, "name": "mine"},
    "database": {"volume": {"existingClaim": "mine"}},
    "networkPolicy": {"enabled": False},
}


def helm(values, folder):
    """Return what helm says to *values*: its exit code, the objects, and its complaint."""
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    done = subprocess.run(
        ["helm", "template", "ship", CHART, "--kube-version", "1.31.0", "--values", file],
        capture_output=True,
        text=True,
        check=False,
    )
    objects = [one for one in yaml.safe_load_all(done.stdout) if one]
    return done.returncode, {one["kind"]: one for one in objects}, done.stderr


VALUES = {
    "the least": (CONFIG, {"PersistentVolumeClaim"}, {"PodDisruptionBudget", "Ingress"}),
    "PostgreSQL": (POSTGRESQL, {"PodDisruptionBudget"}, {"PersistentVolumeClaim"}),
    "everything": (EVERYTHING, {"Ingress", "ExternalSecret", "ServiceMonitor"}, set()),
    "objects of one's own": (
        OWN_OBJECTS,
        {"Deployment"},
        {"ConfigMap", "ServiceAccount", "PersistentVolumeClaim", "NetworkPolicy"},
    ),
}


@pytest.mark.parametrize(("values", "with_", "without"), VALUES.values(), ids=VALUES.keys())
def test_kubernetes_takes_every_object(tmp_path, values, with_, without):
    code, objects, said = helm(values, tmp_path)
    assert code == 0, said
    assert with_ <= objects.keys()
    assert not without & objects.keys()
    for kind, one in objects.items():
        if kind not in OURS:
            kubernetes_validate.validate(one, "1.31", strict=True)


@pytest.mark.parametrize("values", [CONFIG, EVERYTHING], ids=["the least", "everything"])
def test_the_pod_runs_with_nothing_it_does_not_need(tmp_path, values):
    pod = helm(values, tmp_path)[1]["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    # No secret stands in the environment: only the paths of files that hold one.
    assert not any("valueFrom" in one for one in container["env"])
    paths = {one["value"] for one in container["env"] if one["name"].endswith("_FILE")}
    assert all(path.startswith("/etc/shipmate/secrets/") for path in paths)


def test_two_processes_never_share_a_sqlite_file(tmp_path):
    alone = helm(CONFIG, tmp_path)[1]["Deployment"]["spec"]
    several = helm(POSTGRESQL, tmp_path)[1]["Deployment"]["spec"]
    assert alone["strategy"]["type"] == "Recreate"
    assert several["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


REFUSED = {
    "no configuration": ({}, "set config"),
    "several replicas on SQLite": ({**CONFIG, "replicas": 2}, "database.kind: postgresql"),
    "PostgreSQL without an address": (
        {**CONFIG, "database": {"kind": "postgresql"}},
        "add DATABASE_URL to secrets.keys",
    ),
    "a database we do not know": ({**CONFIG, "database": {"kind": "mysql"}}, "database"),
    "a value that is none": ({**CONFIG, "replica": 2}, "replica"),
    "an external secret without a place": (
        {**CONFIG, "secrets": {"external": {"enabled": True}}},
        "secrets.external.data has no SLACK_BOT_TOKEN",
    ),
}


@pytest.mark.parametrize(("values", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_would_run_half_is_refused_with_what_to_set(tmp_path, values, said):
    code, _, complaint = helm(values, tmp_path)
    assert code != 0
    assert said in complaint
