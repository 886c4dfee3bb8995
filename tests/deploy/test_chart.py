"""The chart: what a cluster would be given for several sets of values, and what is refused."""

import json
import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

CHART = Path(__file__).parents[2] / "deploy" / "chart"
OURS = {"ExternalSecret", "ServiceMonitor", "PrometheusRule"}
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
    "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
    "dashboards": {"enabled": True},
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
    return done.returncode, {_called(one): one for one in objects}, done.stderr


def _called(one):
    """Return the object's kind, and what it is for where there are two of one kind."""
    _, _, rest = one["metadata"]["name"].partition("ship-shipmate-")
    return f"{one['kind']} {rest}" if rest else one["kind"]


VALUES = {
    "the least": (CONFIG, {"PersistentVolumeClaim"}, {"PodDisruptionBudget", "Ingress"}),
    "PostgreSQL": (POSTGRESQL, {"PodDisruptionBudget"}, {"PersistentVolumeClaim"}),
    "everything": (
        EVERYTHING,
        {"Ingress", "NetworkPolicy", "ConfigMap dashboards", *OURS},
        {"PersistentVolumeClaim"},
    ),
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


def container(values, folder):
    pod = helm(values, folder)[1]["Deployment"]["spec"]["template"]["spec"]
    return pod["containers"][0]


def test_a_long_number_comes_to_the_bot_as_it_was_written(tmp_path):
    """Helm has numbers as floats: an App's id of seven digits would become 1.234567e+06."""
    numbers = {"GITHUB_APP_ID": 1234567, "GITHUB_INSTALLATION_ID": "87654321", "PORT_OF": 42}
    given = container(CONFIG | {"env": numbers}, tmp_path)["env"]
    seen = {one["name"]: one["value"] for one in given if one["name"] in numbers}
    assert seen == {name: str(number) for name, number in numbers.items()}


def test_a_manifest_with_other_names_reaches_the_bot(tmp_path):
    text = "features:\n  slash_commands:\n    - command: /acme-deploy\n"
    _, objects, said = helm({**CONFIG, "slackManifest": text}, tmp_path)
    assert text.strip() == objects["ConfigMap"]["data"]["manifest.yml"].strip(), said
    one = container({**CONFIG, "slackManifest": text}, tmp_path)
    told = {each["name"]: each.get("value") for each in one["env"]}["SLACK_MANIFEST"]
    assert told in {mount["mountPath"] for mount in one["volumeMounts"]}


def test_only_what_hangs_is_started_anew_and_what_is_not_ready_gets_no_requests(tmp_path):
    """A probe of liveness that asked for the database would restart us whenever that is away."""
    probes = container(CONFIG, tmp_path)
    assert probes["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert probes["startupProbe"]["httpGet"]["path"] == "/healthz"
    assert probes["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_what_slack_sends_while_a_pod_stops_is_still_answered(tmp_path):
    """The pod goes on until the cluster sends it nothing more; what we ask for is not sent."""
    assert "lifecycle" not in container(POSTGRESQL, tmp_path)
    stop = container(EVERYTHING, tmp_path)["lifecycle"]["preStop"]["exec"]["command"]
    assert stop == ["sleep", "5"]
    at_once = container({**EVERYTHING, "drainSeconds": 0}, tmp_path)
    assert "lifecycle" not in at_once


def test_replicas_stand_on_several_nodes_unless_somebody_knows_better(tmp_path):
    def spread(values):
        spec = helm(values, tmp_path)[1]["Deployment"]["spec"]["template"]["spec"]
        return spec.get("topologySpreadConstraints")

    assert spread(CONFIG) is None
    (ours,) = spread(POSTGRESQL)
    assert ours["topologyKey"] == "kubernetes.io/hostname"
    theirs = {**ours, "topologyKey": "topology.kubernetes.io/zone"}
    assert spread({**POSTGRESQL, "topologySpreadConstraints": [theirs]}) == [theirs]


def test_prometheus_and_grafana_are_given_what_stands_beside_the_chart(tmp_path):
    """The rules with their own braces, and the label that would be another's name otherwise."""
    objects = helm(EVERYTHING, tmp_path)[1]
    rules = (CHART.parent / "prometheus" / "rules.yaml").read_text()
    assert objects["PrometheusRule"]["spec"] == yaml.safe_load(rules)
    (endpoint,) = objects["ServiceMonitor"]["spec"]["endpoints"]
    assert endpoint["honorLabels"] is True
    shown = objects["ConfigMap dashboards"]
    assert shown["metadata"]["labels"]["grafana_dashboard"] == "1"
    for file in (CHART.parent / "grafana").glob("*.json"):
        assert json.loads(shown["data"][f"shipmate-{file.name}"]) == json.loads(file.read_text())


def test_an_external_secret_holds_what_is_mounted_and_nothing_else(tmp_path):
    objects = helm(EVERYTHING, tmp_path)[1]
    spec = objects["ExternalSecret"]["spec"]
    volumes = objects["Deployment"]["spec"]["template"]["spec"]["volumes"]
    mounted = next(one["secret"] for one in volumes if one["name"] == "secrets")
    assert mounted["secretName"] == spec["target"]["name"]
    made = [one["secretKey"] for one in spec["data"]]
    assert made == [one["key"] for one in mounted["items"]] == SECRETS


def test_the_bot_reaches_only_names_https_and_its_database(tmp_path):
    def ports(values):
        rules = helm(values, tmp_path)[1]["NetworkPolicy"]["spec"]["egress"]
        return {port["port"] for rule in rules for port in rule["ports"]}

    assert ports(CONFIG) == {53, 443}
    assert ports(POSTGRESQL) == {53, 443, 5432}


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
