"""``shipmate check``: a healthy world is well, and each fault is found with what mends it."""

import json
import os
import re
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot import checking
from bot.cli import app
from bot.clock import Clock
from bot.config import load
from bot.domain.doctor import HEARD_EVENTS, Area, State, state_of
from bot.domain.symptoms import Symptom
from bot.messages import doctor
from bot.messages.doctor import UNTOLD, Row
from bot.operations.sql.database import Database
from bot.reach import permissions_for
from sandbox.slack.workspace import Kind
from sandbox.systems import system
from sandbox.wire import Fault
from sandbox.world import (
    APP_TOKEN,
    BOT_TOKEN,
    GITHUB_TOKEN,
    GITHUB_WEBHOOK_SECRET,
    REGISTRY_PASSWORD,
    SIGNING_SECRET,
    World,
)
from tests.adapters.github_world import pem, public_pem

MANIFEST = Path(__file__).parent.parent / "manifest.yml"
SECRETS = (
    APP_TOKEN,
    BOT_TOKEN,
    GITHUB_TOKEN,
    GITHUB_WEBHOOK_SECRET,
    REGISTRY_PASSWORD,
    SIGNING_SECRET,
)
LEAST = frozenset(
    {"applications/get", "applications/sync", "applications/action", "applicationsets/get"}
)
ALL = LEAST | {"applications/update"}
EVENTS = HEARD_EVENTS - {"workflow_run"}
APP, INSTALLATION = 42, 7
PATIENT = checking.Patience(60)


class Patient:
    """A world to be examined: what is asked of it, and what was found."""

    def __init__(self, folder, name="astrago"):
        self.folder, self.world = folder, World(system(name), folder, clock=Clock(50))
        self.world.start()
        self.slack, self.github = self.world.slack, self.world.github
        self.argocd, self.registry = self.world.argocd, self.world.registry
        self.gitops = self.world.system.gitops
        self.manifest = MANIFEST
        self._environment = self.world.environment(
            f"sqlite:///{folder}/shipmate.db", socket_mode=True
        )
        self._config = Path(self._environment["SHIPMATE_CONFIG"]).read_text()
        self.permissions = permissions_for(load(self._config).catalog)
        self.github.add_app(APP, public_pem(), INSTALLATION, self.permissions, events=EVENTS)
        self.fresh()

    def fresh(self):
        self.environment, self.text = dict(self._environment), self._config
        self.manifest = MANIFEST

    @property
    def token(self):
        return self.github.state.access.tokens[GITHUB_TOKEN]

    @property
    def installation(self):
        return self.github.state.access.installations[INSTALLATION]

    def by_app(self):
        del self.environment["GITHUB_TOKEN"]
        self.environment |= {
            "GITHUB_APP_ID": str(APP),
            "GITHUB_APP_PRIVATE_KEY": pem(),
            "GITHUB_INSTALLATION_ID": str(INSTALLATION),
        }

    def rewrite(self, old, new):
        assert old in self.text
        self.text = self.text.replace(old, new, 1)

    def line(self, piece):
        """Return the number of the first line of the configuration that has *piece*."""
        return next(n for n, line in enumerate(self.text.splitlines(), 1) if piece in line)

    def rights(self, *rights, lasts=None):
        self.environment["ARGOCD_AUTH_TOKEN"] = self.argocd.issue_token(rights=rights, lasts=lasts)

    def shows(self, change):
        """Let Argo CD show its applications otherwise than they are."""

        def mangle(response):
            document = response.get_json()
            change(document)
            response.set_data(json.dumps(document))
            return response

        self.argocd.arm("application.get", Fault(mangle=mangle), times=None)

    def check(self, capsys):
        Path(self.environment["SHIPMATE_CONFIG"]).write_text(self.text)
        capsys.readouterr()
        code = checking.check(
            self.environment,
            self.manifest,
            as_json=True,
            clock=self.world.clock,
            patience=PATIENT,
        )
        said = capsys.readouterr().out
        assert UNTOLD not in said
        assert not [secret for secret in SECRETS if secret in said]
        return code, [json.loads(line) for line in said.splitlines()]


@contextmanager
def patient_of(folder, name="astrago"):
    with pytest.MonkeyPatch.context() as patch:
        patient = Patient(folder, name)
        for variable, value in patient.environment.items():
            if variable.startswith("AWS"):
                patch.setitem(os.environ, variable, value)
        try:
            yield patient
            assert [] == patient.world.troubles()
        finally:
            patient.world.stop()


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    with patient_of(tmp_path_factory.mktemp("doctor")) as one:
        yield one


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("astrago", ALL),
        ("pingvas", ALL),
        ("flash_tickets", LEAST),
        ("pinksea", LEAST),
        ("guide", ALL),
    ],
)
def test_in_a_healthy_world_all_is_well(tmp_path, capsys, name, rights):
    with patient_of(tmp_path, name) as patient:
        patient.rights(*rights)
        code, found = patient.check(capsys)
        assert [] == [one for one in found if one["state"] != "ok"]
        assert {"settings", "Slack", "GitHub", "Argo CD", "registries", "database"} == {
            one["area"] for one in found
        }
        assert 0 == code


def test_an_app_with_exactly_what_it_needs_is_well(patient, capsys):
    patient.fresh()
    patient.by_app()
    code, found = patient.check(capsys)
    assert [] == [one for one in found if one["state"] != "ok"]
    assert {"permissions_held", "events_heard"} < {one["code"] for one in found}
    assert 0 == code


def test_a_guarded_branch_is_well_where_pull_requests_are_wanted(patient, capsys):
    patient.fresh()
    patient.rewrite("stage: {", "stage: {change: pull_request, ")
    with guarded(ruleset=True)(patient):
        _, found = patient.check(capsys)
    assert "branch_by_pull" in {one["code"] for one in found}
    assert [] == [one for one in found if one["area"] == "GitHub" and one["state"] != "ok"]


def test_without_a_token_for_sockets_slack_comes_by_http(patient, capsys):
    patient.fresh()
    del patient.environment["SLACK_APP_TOKEN"]
    code, found = patient.check(capsys)
    assert "hears_by_http" in {one["code"] for one in found}
    assert 0 == code


# the faults: each brings it about, and is undone when the check is done


@contextmanager
def setting(holder, name, value):
    before = getattr(holder, name)
    object.__setattr__(holder, name, value)  # some of what the fakes hold is frozen
    try:
        yield
    finally:
        object.__setattr__(holder, name, before)


def revoked_slack(p):
    return setting(p.slack.tokens, "bad", "token_revoked")


def no_scope(p):
    return setting(p.slack.app, "scopes", p.slack.app.scopes - {"files:write"})


def one_scope_more(p):
    return setting(p.slack.app, "scopes", p.slack.app.scopes | {"admin"})


def not_invited(p):
    return setting(p.slack.workspace.channels["C0DEPLOY"], "members", {"U0ALICE"})


def private_channel(p):
    place = p.slack.workspace.channels["C0DEPLOY"]
    hidden = type(place)(place.id, place.name, Kind.PRIVATE, {"U0ALICE"})
    return setting(p.slack.workspace, "channels", p.slack.workspace.channels | {place.id: hidden})


def no_socket(p):
    return setting(p.slack.tokens, "app_scopes", frozenset())


@contextmanager
def renamed_command(p):
    p.manifest = p.folder / "manifest.yml"
    p.manifest.write_text(MANIFEST.read_text().replace("command: /promote", "command: /advance"))
    yield


@contextmanager
def forgotten_event(p):
    p.manifest = p.folder / "manifest.yml"
    p.manifest.write_text(MANIFEST.read_text().replace("      - app_mention\n", ""))
    yield


@contextmanager
def undeclared_scope(p):
    p.manifest = p.folder / "manifest.yml"
    p.manifest.write_text(re.sub(r".*- files:write.*\n", "", MANIFEST.read_text()))
    yield


@contextmanager
def no_manifest(p):
    p.manifest = p.folder / "letter.yml"
    p.manifest.write_text("dear: colleague\n")
    yield


@contextmanager
def away(fake):
    fake.arm("*", Fault(drop="before"), times=None)
    yield
    fake.disarm()


def revoked_github(p):
    return setting(p.token, "revoked", True)


def narrow_token(p):
    return setting(p.token, "scopes", ("repo",))


def wide_token(p):
    return setting(p.token, "scopes", ("admin:org", "delete_repo", "repo"))


def administrator(p):
    return setting(p.token, "administers", True)


@contextmanager
def reading_token(p):
    held = dict.fromkeys(("contents", "members", "checks", "statuses"), "read")
    with setting(p.token, "permissions", held), setting(p.token, "scopes", None):
        yield


def rewritten(old, new):
    @contextmanager
    def fault(p):
        p.rewrite(old, new)
        yield

    return fault


VALUES = "helmfile/environments/customers/xiilab/values.yaml"
POD = """\
kind: Deployment
spec:
  initContainers: [{name: migrate, image: "acme/web:v1"}]
  containers: [{name: web, image: "acme/web:v1"}]
"""


def pushed(text, file, place):
    """Let the tag of the first service stand at *place* of a *file* that says *text*."""

    @contextmanager
    def fault(p):
        p.github.push(p.gitops, "main", {file: text})
        p.rewrite(f"{{file: {VALUES}, key: astrago.core.imageTag}}", f"{{file: {file}, {place}}}")
        yield
        p.github.push(p.gitops, "main", {file: None})

    return fault


def archived(p):
    return setting(p.github.repository(p.gitops), "archived", True)


def guarded(*, ruleset):
    def fault(p):
        return setting(p.github.repository(p.gitops), "protected", {"main": ruleset})

    return fault


@contextmanager
def renamed(p):
    p.github.rename("xiilab/astrago-frontend", "xiilab/astrago-web")
    yield
    p.github.rename("xiilab/astrago-web", "xiilab/astrago-frontend")


def app_with(name, change, *, registered=True):
    """Let the App's *name* be changed by *change*: of its registration, too, where *registered*."""

    @contextmanager
    def fault(p):
        p.by_app()
        value = change(getattr(p.installation, name))
        with setting(p.installation, name, value):
            if not registered:
                yield
                return
            with setting(p.installation.app, name, value):
                yield

    return fault


def without(name):
    return lambda held: {key: value for key, value in held.items() if key != name}


@contextmanager
def other_installation(p):
    p.by_app()
    p.environment["GITHUB_INSTALLATION_ID"] = "99"
    yield


def argocd_token(*rights, lasts=None):
    @contextmanager
    def fault(p):
        p.rights(*(rights or ALL), lasts=lasts)
        yield

    return fault


def shown(change, *rights):
    @contextmanager
    def fault(p):
        p.rights(*(rights or ALL))
        p.shows(change)
        yield
        p.argocd.disarm()

    return fault


def to_source(**fields):
    return lambda document: document["spec"]["source"].update(fields)


def by_hand(document):
    document["spec"].pop("syncPolicy")


def going(document):
    document["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"


@contextmanager
def hidden_application(p):
    p.rewrite("app: astrago}", "app: astrago, project: default}")
    p.rights("applications/sync")
    yield


def of_a_set(document):
    document["metadata"]["ownerReferences"] = [{"kind": "ApplicationSet", "name": "gone"}]


@contextmanager
def revoked_argocd(p):
    p.rights(*ALL)
    p.argocd.revoke_token(p.environment["ARGOCD_AUTH_TOKEN"])
    yield


@contextmanager
def wrong_password(p):
    p.environment["REGISTRY_GHCR_IO_PASSWORD"] = "of-somebody-else"
    yield


@contextmanager
def lost_image(p):
    images = p.registry._images["xiilab/astrago-backend"]
    with setting(images, "tags", {**images.tags, "core-stage-ba01": "sha256:" + "0" * 64}):
        yield


def database(url):
    @contextmanager
    def fault(p):
        p.environment["DATABASE_URL"] = url.format(folder=p.folder)
        yield

    return fault


@contextmanager
def newer_database(p):
    url = f"sqlite:///{p.folder}/newer.db"
    opened = Database(url)
    opened.migrate()
    with opened.write() as connection:
        connection.exec_driver_sql("UPDATE shipmate_version SET version_num = '9999'")
    opened.close()
    p.environment["DATABASE_URL"] = url
    yield


@contextmanager
def no_database(p):
    file = p.folder / "letter.db"
    file.write_text("Dear colleague, this is no database at all. " * 50)
    p.environment["DATABASE_URL"] = f"sqlite:///{file}"
    yield


def dated(name, **off):
    """Let a system's clock be *off* by so much."""

    @contextmanager
    def fault(p):
        with setting(getattr(p, name), "clock_off", timedelta(**off)):
            yield

    return fault


@contextmanager
def token_ends(p):
    def mangle(response):
        ends = p.world.clock.now() + timedelta(days=6, hours=1)
        response.headers["GitHub-Authentication-Token-Expiration"] = f"{ends:%Y-%m-%d %H:%M:%S} UTC"
        return response

    p.github.arm("me", Fault(mangle=mangle), times=None)
    yield
    p.github.disarm()


FAULTS = {
    # Slack: code, its state, where it is mended, a piece of how
    "Slack's token was revoked": (revoked_slack, "login_refused", "SLACK_BOT_TOKEN", "a fresh one"),
    "a scope is missing": (no_scope, "scope_missing", "SLACK_BOT_TOKEN", "add files:write"),
    "a scope too many": (one_scope_more, "scope_unused", "SLACK_BOT_TOKEN", "take admin away"),
    "nobody invited the bot": (not_invited, "not_in_channel", "@C0DEPLOY", "/invite @shipmate"),
    "a channel is hidden": (private_channel, "channel_missing", "@C0DEPLOY", "/invite @shipmate"),
    "the socket's token may not": (
        no_socket,
        "socket_refused",
        "SLACK_APP_TOKEN",
        "connections:write",
    ),
    "the manifest lacks a command": (renamed_command, "command_missing", "", "add /promote"),
    "a command that nobody answers": (renamed_command, "command_unheard", "", "take /advance out"),
    "the manifest lacks an event": (forgotten_event, "subscription_missing", "", "add app_mention"),
    "the manifest lacks a scope": (undeclared_scope, "scope_undeclared", "", "add files:write"),
    "another file for the manifest": (no_manifest, "manifest_unreadable", "", "--manifest"),
    "Slack is away": (lambda p: away(p.slack), "no_answer", "SLACK_BOT_TOKEN", "again"),
    # GitHub
    "GitHub's token was revoked": (revoked_github, "login_refused", "GITHUB_TOKEN", "a fresh one"),
    "a token too narrow": (narrow_token, "scope_missing", "GITHUB_TOKEN", "add read:org"),
    "a token too wide": (wide_token, "login_wide", "GITHUB_TOKEN", "repo and read:org alone"),
    "a token of an administrator": (
        administrator,
        "login_administers",
        "GITHUB_TOKEN",
        "the role Write",
    ),
    "a token that only reads": (reading_token, "read_only", "GITHUB_TOKEN", "read and write"),
    "no such branch": (
        rewritten("branch: main", "branch: release"),
        "branch_missing",
        "@branch: release",
        "gitops.branch",
    ),
    "no such GitOps repository": (
        rewritten("repo: xiilab/astrago-deployment", "repo: xiilab/astrago-deploy"),
        "repository_hidden",
        "@repo: xiilab/astrago-deploy",
        "correct the name",
    ),
    "an archived repository": (archived, "repository_archived", "@gitops:", "unarchive"),
    "a ruleset": (guarded(ruleset=True), "branch_wants_pull", "@stage: {", "change: pull_request"),
    "a protected branch": (
        guarded(ruleset=False),
        "protection_unsaid",
        "@stage: {",
        "change: pull_request",
    ),
    "no such team": (
        rewritten("lock: {stage: [sre]}", "lock: {stage: [srre]}"),
        "team_missing",
        "@srre",
        "correct the slug",
    ),
    "no such file": (
        rewritten("xiilab/values.yaml, key: astrago.core", "xiilab/value.yaml, key: astrago.core"),
        "file_missing",
        "@xiilab/value.yaml",
        "at.file",
    ),
    "no such key": (
        rewritten("astrago.core.imageTag", "astrago.kore.imageTag"),
        "place_missing",
        "@kore",
        "correct `at`",
    ),
    "one image in two containers": (
        pushed(POD, "k8s/web.yaml", "container: acme/web"),
        "image_twice",
        "@container: acme/web",
        "write `containers: acme/web` in place of `container: …`",
    ),
    "an init container that is left behind": (
        pushed(POD, "k8s/web.yaml", 'key: "spec.containers[name=web].image"'),
        "left_behind",
        "@spec.containers",
        "write `containers: acme/web` in place of `key: …`",
    ),
    "a slip in the name of an entry": (
        pushed(
            "images: [{name: acme/web, newTag: v1}]\n", "k8s/kustomization.yaml", "kustomize: web"
        ),
        "entry_missing",
        "@kustomize: web",
        "if one of these is meant (acme/web), write it under `kustomize`",
    ),
    "no such source": (
        rewritten("source: xiilab/astrago-frontend", "source: xiilab/astrago-front"),
        "repository_hidden",
        "@source: xiilab/astrago-front",
        "correct the name",
    ),
    "a renamed source": (
        renamed,
        "repository_renamed",
        "@source: xiilab/astrago-frontend",
        "xiilab/astrago-web",
    ),
    "GitHub is away": (lambda p: away(p.github), "no_answer", "GITHUB_TOKEN", "again"),
    "an App without a permission": (
        app_with("permissions", without("members")),
        "permission_missing",
        "GITHUB_APP_ID",
        "set members to read",
    ),
    "a permission that nobody accepted": (
        app_with("permissions", without("checks"), registered=False),
        "permission_not_accepted",
        "GITHUB_APP_ID",
        "accepts it",
    ),
    "an App that may read no team": (
        app_with("permissions", without("members")),
        "teams_unreadable",
        "@deploy: {stage",
        "Members: read",
    ),
    "an App that administers": (
        app_with("permissions", lambda held: {**held, "administration": "write"}),
        "permission_unused",
        "GITHUB_APP_ID",
        "set administration to none",
    ),
    "an App that does not hear": (
        app_with("events", lambda held: held - {"membership"}),
        "event_missing",
        "GITHUB_APP_ID",
        "subscribe to membership",
    ),
    "an App that hears too much": (
        app_with("events", lambda held: held | {"issues"}),
        "event_unheard",
        "GITHUB_APP_ID",
        "take issues away",
    ),
    "a suspended App": (
        app_with("suspended", lambda _: True, registered=False),
        "app_suspended",
        "GITHUB_INSTALLATION_ID",
        "an owner",
    ),
    "another installation": (
        other_installation,
        "login_refused",
        "GITHUB_INSTALLATION_ID",
        "a fresh one",
    ),
    # Argo CD
    "Argo CD's token ended": (
        argocd_token(lasts=timedelta(days=-1)),
        "login_ended",
        "ARGOCD_AUTH_TOKEN",
        "create-token",
    ),
    "Argo CD's token ends soon": (
        argocd_token(lasts=timedelta(days=3)),
        "login_ends_soon",
        "ARGOCD_AUTH_TOKEN",
        "create-token",
    ),
    "Argo CD's token was revoked": (
        revoked_argocd,
        "login_refused",
        "ARGOCD_AUTH_TOKEN",
        "a fresh one",
    ),
    "no such application": (
        rewritten("app: astrago}", "app: astragoo}"),
        "application_missing",
        "@astragoo",
        "argocd.app",
    ),
    "an application of another repository": (
        shown(to_source(repoURL="https://github.com/xiilab/elsewhere.git")),
        "other_repository",
        "@repo: xiilab",
        "gitops.repo",
    ),
    "an application of another branch": (
        shown(to_source(targetRevision="develop")),
        "other_branch",
        "@branch: main",
        "targetRevision",
    ),
    "a tag outside the application's path": (
        shown(to_source(path="helmfile/elsewhere")),
        "file_outside",
        "@key: astrago.core",
        "correct `at`",
    ),
    "nobody may sync": (
        shown(by_hand, "applications/get"),
        "may_not_sync",
        "@app: astrago",
        "applications, sync",
    ),
    "an application that is being deleted": (
        shown(going),
        "application_goes",
        "@app: astrago",
        "takes its place",
    ),
    "an application that may not be seen": (
        hidden_application,
        "application_forbidden",
        "@app: astrago",
        "applications, get",
    ),
    "a token that may delete": (
        argocd_token(*ALL, "applications/delete"),
        "may_delete",
        "ARGOCD_AUTH_TOKEN",
        "`delete`",
    ),
    "a token that may change specs in vain": (
        shown(of_a_set),
        "update_unused",
        "ARGOCD_AUTH_TOKEN",
        "`update`",
    ),
    "Argo CD is away": (lambda p: away(p.argocd), "no_answer", "@url:", "again"),
    # registries and the database
    "a wrong password of a registry": (
        wrong_password,
        "image_hidden",
        "REGISTRY_GHCR_IO_PASSWORD",
        "a login that may pull",
    ),
    "the image that runs is gone": (lost_image, "image_gone", "@image:", "push it again"),
    "a registry is away": (lambda p: away(p.registry), "no_answer", "@image:", "again"),
    "no folder for the database": (
        database("sqlite:///{folder}/none/shipmate.db"),
        "database_refused",
        "DATABASE_URL",
        "writable",
    ),
    "GitHub's token ends soon": (
        token_ends,
        "personal_token_ends",
        "GITHUB_TOKEN",
        "make a new one at GitHub",
    ),
    "our clock is ahead of GitHub's": (
        dated("github", seconds=-95),
        "clock_off",
        "",
        "timedatectl set-ntp true",
    ),
    "our clock is behind Slack's": (
        dated("slack", seconds=310),
        "clock_off",
        "",
        "timedatectl set-ntp true",
    ),
    "our clock is ahead of Argo CD's": (
        dated("argocd", seconds=-40),
        "clock_off",
        "",
        "timedatectl set-ntp true",
    ),
    "a file that is no database": (no_database, "database_refused", "DATABASE_URL", "correct"),
    "a database of a newer version": (
        newer_database,
        "database_ahead",
        "DATABASE_URL",
        "the newer Shipmate",
    ),
    "a database that is away": (
        database("postgresql://bot:of-somebody-else@127.0.0.1:1/none"),
        "no_answer",
        "DATABASE_URL",
        "again",
    ),
}

WIDER = {
    "scope_unused",
    "login_wide",
    "login_administers",
    "permission_unused",
    "event_unheard",
    "repository_renamed",
    "login_ends_soon",
    "personal_token_ends",
    "file_outside",
    "left_behind",
    "entry_missing",
    "may_delete",
    "update_unused",
}
UNSURE = {"no_answer", "protection_unsaid"}


@pytest.mark.parametrize(("fault", "code", "where", "mend"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_found_with_what_mends_it(patient, capsys, fault, code, where, mend):
    patient.fresh()
    with fault(patient):
        exit_code, found = patient.check(capsys)
    hits = [one for one in found if one["code"] == code and mend in one["mend"]]
    assert hits, [one for one in found if one["state"] != "ok"]
    if where.startswith("@"):
        place = f"shipmate.yaml:{patient.line(where[1:])} "
        assert [one for one in hits if place in one["where"]], [one["where"] for one in hits]
    else:
        assert where in {one["where"] for one in hits}
    state = "warn" if code in WIDER else "unknown" if code in UNSURE else "problem"
    assert {state} == {one["state"] for one in hits}
    others = {one["state"] for one in found}
    assert exit_code == (1 if "problem" in others else 3 if "unknown" in others else 0)


def test_at_least_25_faults_are_told_apart():
    assert len(FAULTS) >= 25
    assert len({code for _, code, _, _ in FAULTS.values()}) >= 25


def test_what_is_half_configured_is_told_at_once(patient, capsys):
    patient.fresh()
    del patient.environment["SLACK_BOT_TOKEN"]
    patient.rewrite("image: ghcr.io/xiilab/astrago-frontend", "imagge: ghcr.io/x/y")
    before = len(patient.slack.calls) + len(patient.github.calls)
    code, found = patient.check(capsys)
    assert 2 == code
    assert {"setting_wrong", "configuration_wrong"} == {one["code"] for one in found}
    assert any("SLACK_BOT_TOKEN is missing" in one["what"] for one in found)
    assert any("imagge" in one["what"] for one in found)
    assert before == len(patient.slack.calls) + len(patient.github.calls)


def test_a_mistake_is_mended_by_words_of_its_own(patient, capsys):
    """What to do stands on the second line and there alone, for each mistake as it needs."""
    patient.fresh()
    del patient.environment["SLACK_BOT_TOKEN"]
    patient.environment["PORT"] = "x"
    patient.rewrite("image: ghcr.io/xiilab/astrago-frontend", "imagge: ghcr.io/x/y")
    told = {one["subject"]: one for one in patient.check(capsys)[1]}
    token, port = told["SLACK_BOT_TOKEN"], told["PORT"]
    wrong = next(one for one in told.values() if one["code"] == "configuration_wrong")
    assert "SLACK_BOT_TOKEN is missing" == token["what"]
    assert token["mend"].startswith("copy the Bot User OAuth Token from the app's page")
    assert ("PORT is no number", "correct PORT") == (port["what"], port["mend"])
    assert wrong["what"].endswith("unknown key `imagge`")
    assert "did you mean `image`?" == wrong["mend"]


def test_what_mends_several_mistakes_is_told_once_below_them():
    rows = [
        Row(State.PROBLEM, Area.SLACK, name, "gone", "mend it", where)
        for name, where in (("A", ""), ("B", ""), ("C", "elsewhere"))
    ]
    lines = [line.split("  ")[-1].strip() for line in doctor.as_lines(doctor.told_once(rows))]
    assert ["gone", "gone", "→ mend it", "gone", "→ mend it [elsewhere]"] == lines[:-1]


def test_nothing_outside_is_changed(patient, capsys):
    patient.fresh()
    marks = [len(one.calls) for one in patient.world.wires]
    patient.check(capsys)
    calls = [
        call for one, n in zip(patient.world.wires, marks, strict=True) for call in one.calls[n:]
    ]
    written = {call.route for call in calls if call.method not in {"GET", "HEAD"}}
    assert written <= {
        "auth.test",
        "conversations.history",
        "apps.connections.open",
        "graphql",
        "ecr",
    }
    assert not [call for call in calls if b"mutation" in call.body]
    assert not (patient.folder / "shipmate.db").exists()


def test_off_a_terminal_lines_are_plain(patient, capsys):
    patient.fresh()
    with not_invited(patient):
        code = checking.check(
            patient.environment, MANIFEST, clock=patient.world.clock, patience=PATIENT
        )
    said = capsys.readouterr().out
    assert 1 == code
    assert "\x1b" not in said
    told = re.search(r"^PROBLEM +Slack +C0DEPLOY +(.*)\n +→ (.*)$", said, re.MULTILINE)
    assert told
    assert "the bot is not in the channel" == told[1]
    assert told[2].startswith("write /invite @shipmate in the channel [")
    assert said.splitlines()[-1].endswith("1 problem, 0 unknown")


def test_on_a_terminal_a_place_in_brackets_is_no_markup():
    row = Row(State.PROBLEM, Area.SLACK, "[red]C0", "[bold]gone", "mend it", "shipmate.yaml:8 [x]")
    drawn = Console(width=100, record=True, file=StringIO())
    drawn.print(checking.table((row,)))
    said = drawn.export_text()
    for piece in ("[red]C0", "[bold]gone", "→ mend it [shipmate.yaml:8 [x]]", "PROBLEM"):
        assert piece in said


def test_the_command_ends_with_the_code(patient, monkeypatch):
    patient.fresh()
    monkeypatch.setattr("os.environ", {**os.environ, **patient.environment})
    with not_invited(patient):
        told = CliRunner().invoke(app, ["check", "--json", "--patience", "60"])
    assert 1 == told.exit_code, told.output
    assert {one.value for one in State} >= {
        json.loads(line)["state"] for line in told.output.splitlines()
    }


PAGE = (Path(__file__).parent.parent / "docs" / "check.md").read_text(encoding="utf-8")


def test_the_page_shows_what_is_really_printed(tmp_path, capsys):
    with patient_of(tmp_path, "guide") as patient:
        rights = ("applications/delete", *ALL)
        patient.rights(*rights, lasts=timedelta(days=10, hours=1))
        place = patient.slack.workspace.channels["C0DEPLOY"]
        place.members.discard(patient.slack.workspace.bot)
        patient.github.protect(patient.gitops, ruleset=True)
        checking.check(patient.environment, MANIFEST, clock=patient.world.clock, patience=PATIENT)
        said = capsys.readouterr().out
        said = said.replace(f"{tmp_path}/", "").replace(str(MANIFEST), "manifest.yml")
        said = said.replace(patient.argocd.url, "https://argocd.example.com")
    said = "\n".join(re.sub(r" {2,}", "  ", line).rstrip() for line in said.splitlines())
    shown = PAGE.partition("$ shipmate check\n")[2].partition("```")[0].strip()
    shown = "\n".join(re.sub(r" {2,}", "  ", line).rstrip() for line in shown.splitlines())
    assert shown == said


def test_the_page_names_every_code():
    named = set(re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE))
    assert {one.value for one in Symptom if state_of(one) is not State.OK} == named
