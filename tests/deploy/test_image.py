"""The image's recipe and what starts it on one machine: read only, no engine is needed."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from bot.settings import Settings

ROOT = Path(__file__).parents[2]
STEPS = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
LAST = STEPS.rpartition("\nFROM ")[2]
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
BOT = COMPOSE["services"]["shipmate"]


def test_the_last_stage_takes_what_was_built_and_builds_nothing():
    assert "COPY --from=build" in LAST
    assert not re.search(r"\b(pip|apt-get|gcc|curl)\b", LAST)
    assert "pip uninstall --yes --quiet pip" in STEPS


def test_both_stages_stand_on_the_base_that_is_named_by_its_digest():
    assert re.findall(r"^FROM (\S+)", STEPS, re.MULTILINE) == ["${BASE}", "${BASE}"]
    assert re.search(r"^ARG BASE=python:3\.11-slim$", STEPS, re.MULTILINE)


def test_it_runs_as_somebody_by_number_whom_the_cluster_can_tell_from_root():
    (user,) = re.findall(r"^USER (\S+)", LAST, re.MULTILINE)
    chart = (ROOT / "deploy" / "chart" / "templates" / "deployment.yaml").read_text()
    assert f"runAsUser: {user}" in chart
    assert LAST.index("USER ") < LAST.index("ENTRYPOINT")


def test_it_looks_after_itself_and_says_what_it_is():
    assert re.search(r"^HEALTHCHECK .*/healthz", LAST, re.MULTILINE)
    for label in ("title", "description", "version", "revision"):
        assert f"org.opencontainers.image.{label}=" in LAST


def test_what_is_installed_is_named_with_its_hashes():
    assert "--require-hashes -r requirements/run.txt" in STEPS
    wanted = (ROOT / "requirements" / "run.txt").read_text()
    assert "--hash=sha256:" in wanted


def test_it_holds_what_a_cluster_may_be_configured_to_need():
    """All that ``pip install .`` brings, and what images in ECR and other channels want besides."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert {"ecr", "notify"} == extras.keys()
    needed = [*project["dependencies"], *extras["ecr"], *extras["notify"]]
    lines = (ROOT / "requirements" / "run.txt").read_text()
    pinned = set(re.findall(r"^([\w.-]+)==", lines, re.MULTILINE))
    names = {re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", one)[0]).lower() for one in needed}
    assert names - pinned == set()


def test_everything_that_it_copies_is_sent_to_whoever_builds_it():
    ignored = (ROOT / ".dockerignore").read_text().split()
    for line in re.findall(r"^COPY (?!--)(.+)$", STEPS, re.MULTILINE):
        for name in line.split()[:-1]:
            assert (ROOT / name).exists(), name
            assert not any(fnmatch(name, pattern) for pattern in ignored), name


def test_no_secret_and_nothing_that_pretends_is_sent():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", "sandbox", "tests"} <= set(ignored)


# deploy/compose.yaml


def test_every_variable_is_one_that_the_bot_reads():
    known = {name.upper() for name in Settings.model_fields}
    assert {name.removesuffix("_FILE") for name in BOT["environment"]} <= known


def test_each_secret_is_a_file_that_is_mounted():
    files = {v for name, v in BOT["environment"].items() if name.endswith("_FILE")}
    assert files == {f"/run/secrets/{name}" for name in BOT["secrets"]}
    assert set(BOT["secrets"]) <= COMPOSE["secrets"].keys()
    told = (ROOT / "deploy" / "compose.yaml").read_text().partition("\nname:")[0]
    assert [name for name in COMPOSE["secrets"] if name not in told] == []


def test_it_writes_nowhere_and_may_nothing():
    assert BOT["read_only"] is True
    assert BOT["tmpfs"] == ["/tmp"]
    assert BOT["cap_drop"] == ["ALL"]
    assert BOT["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in BOT["ports"])


def test_it_waits_for_its_database_and_may_take_its_time_to_stop():
    assert BOT["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "healthcheck" in COMPOSE["services"]["database"]
    assert BOT["stop_grace_period"] == "30s"


# deploy/argocd/project-role.yaml

ROLE = (ROOT / "deploy" / "argocd" / "project-role.yaml").read_text()
(POLICIES,) = (role["policies"] for role in yaml.safe_load(ROLE)["spec"]["roles"])


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_is_of_the_project_alone(policy):
    kind, subject, resource, action, target, effect = policy.split(", ")
    assert (kind, subject, resource, effect) == (
        "p",
        "proj:PROJECT:shipmate",
        "applications",
        "allow",
    )
    assert target == "PROJECT/*"
    assert action in {"get", "sync", "action/argoproj.io/Rollout/*"}


def test_what_lets_anything_be_changed_is_left_out_until_somebody_wants_it():
    assert not any("update" in policy or "delete" in policy for policy in POLICIES)
    assert "# - p, proj:PROJECT:shipmate, applications, update, PROJECT/*, allow" in ROLE
