"""The demo as a person runs it: what it prints, how it ends, and what it leaves alone."""

import re
import subprocess
import tempfile
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from bot.cli import app
from bot.config import load
from bot.domain.locations import Containers, Key, Kustomize
from sandbox.demo import clone as clones
from sandbox.demo import news
from sandbox.demo.clone import CloneUnfit
from sandbox.demo.drifting import PICTURE
from sandbox.demo.ground import with_addresses
from sandbox.demo.playing import NOT_AS_TOLD, play
from sandbox.demo.rehearsal import Unready, which_repository
from sandbox.demo.script import CHAPTERS, Chapter
from sandbox.demo.sight import Untold, are_as_wished
from sandbox.demo.stage import Shown, Stage
from sandbox.slack.workspace import Version
from sandbox.systems import systems
from tests.builders import NOON

FAST = "30"

VALUES = """\
# what runs where; please keep the comments
shop:
    web:
        image:
            repository: ghcr.io/acme/web   # never without a registry
            tag: "stage-0000000"           # CI: stage-{sha:7}
    api: { tag: v0.9.0, replicas: 2 }
"""

CONFIG = """\
argocd:
  main: {url: "https://argocd.example.com"}
  edge: {url: https://edge.example.com/argo}
gitops: {repo: acme/deployment, branch: main}
slack:
  channels: {deploys: C0SHOP}
github: {org: acme}
environments:
  stage: {}
permissions: {deploy: {stage: [devs]}}
people: {map: {U0DANA: dana}}
services:
  web:
    source: acme/web
    image: ghcr.io/acme/web
    tag: "{env}-{sha:7}"
    at: {file: shop/values.yaml, key: shop.web.image}
    argocd: {instance: main, app: shop}
  api:
    source: acme/deployment
    image: ghcr.io/acme/api
    tag: "{version}"
    at: {file: shop/values.yaml, key: shop.api.tag}
    argocd: {instance: edge, app: shop, namespace: edge-apps}
  job:
    source: acme/web
    image: ghcr.io/acme/job
    tag: "{sha}"
    at: {file: jobs/nightly.yaml, container: ghcr.io/acme/job}
    argocd: {instance: main}
  svc:
    source: acme/web
    image: ghcr.io/acme/svc
    tag: "{sha:7}"
    at: {file: svc/kustomization.yaml, kustomize: svc}
    argocd: {instance: main}
"""

NIGHTLY = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
          - {name: job, image: "ghcr.io/acme/job:v1.0.0"}
"""

REMOTE = """\
resources:
- https://github.com/acme/bases//svc?ref=main
images:
- name: svc
  newName: ghcr.io/acme/svc
  newTag: 1a2b3c4
"""


def git(folder, *words):
    return subprocess.run(
        [
            "git",
            "-C",
            str(folder),
            "-c",
            "user.name=Dana",
            "-c",
            "user.email=d@example.com",
            *words,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The folder that stands for the machine's temporary one."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("COLUMNS", "80")
    return folder


@pytest.fixture
def reader(tmp_path):
    """A reader's folder: a clone called ``deployment`` and a ``shipmate.yaml``."""
    clone = tmp_path / "deployment"
    files = {"shop/values.yaml": VALUES, "jobs/nightly.yaml": NIGHTLY}
    for path, content in {**files, "svc/kustomization.yaml": REMOTE}.items():
        (clone / path).parent.mkdir(parents=True)
        (clone / path).write_text(content)
    git(clone, "init", "--quiet", "--initial-branch=main")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message=Begin")
    (tmp_path / "shipmate.yaml").write_text(CONFIG)
    return tmp_path


def run(*words, typed=""):
    return CliRunner().invoke(app, ["demo", *map(str, words)], input=typed)


def rehearse(reader, *words, typed=""):
    config = ["--config", reader / "shipmate.yaml", "--speed", FAST]
    return run("--repo", reader / "deployment", *config, *words, typed=typed)


def everything_in(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# the story


def test_the_script_has_a_chapter_for_each_system():
    names = [one.name for one in systems()]
    assert [*names, "guide-by-pull-request", "drift"] == [one.system for one in CHAPTERS]


@pytest.mark.parametrize(
    ("at", "removed", "added", "expected"),
    [
        pytest.param(Key("a"), 1, 1, True, id="one line"),
        pytest.param(Key("a"), 2, 2, False, id="a line too many"),
        pytest.param(Containers("r/a"), 2, 2, True, id="an init container besides"),
        pytest.param(Containers("r/a"), 1, 2, False, id="a line of another's"),
        pytest.param(Kustomize("a"), 0, 3, True, id="a new entry"),
    ],
)
def test_a_commit_changes_the_lines_of_its_tags_alone(at, removed, added, expected):
    assert expected is are_as_wished([at], ["-"] * removed, ["+"] * added)


def test_by_pull_request_a_person_merges_and_the_bot_follows():
    result = run("--script", "--only", "guide-by-pull-request", "--speed", FAST)

    assert 0 == result.exit_code, result.output
    for words in (
        "Waiting to be merged: my-app to prod",
        "✓ nothing is on the branch yet",
        "pull request #1 on GitHub",
        "│ Because: of the greeting",
        "bob merges pull request #1 on GitHub",
        "✓ one commit, one changed line",
        "merged; live",
    ):
        assert words in result.output, words
    assert "✗" not in result.output


def test_a_chapter_is_played_to_its_end_and_leaves_nothing_behind(temporary, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # of somebody's company; nobody is there
    result = run("--script", "--only", "guide", "--speed", FAST)

    assert 0 == result.exit_code, result.output
    for words in (
        "1  General guide",
        "alice  in #deploys  /deploy my-app ",
        "only alice sees",
        "│ Received as D-1: my-app to prod",
        "Waiting in line: my-app to prod",
        "alice  on the card of D-2  [ Cancel this deploy ]",
        "🚫 Cancelled, nothing was changed: my-app to prod",
        "Argo CD my-app  Synced · Healthy",
        "✅ Live: my-app to prod",
        "$ git show ",
        "-        image: my-app:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b # git sha",
        "✓ one commit, one changed line",
        "✓ the cancelled one made no commit",
        "live; one cancelled",
        "All of it ended as told",
    ):
        assert words in result.output, words
    assert "✗" not in result.output
    assert "\x1b" not in result.output, "without a terminal there are no colours"
    frames = [line for line in result.output.splitlines() if line.endswith(("│", "╮"))]
    assert frames
    assert all(cell_len(line) <= 80 for line in frames)
    assert [] == list(temporary.iterdir())


def test_production_is_approved_by_another_person_under_every_rule_of_its_owners():
    result = run("--script", "--only", "pingvas", "--speed", FAST)

    assert 0 == result.exit_code, result.output
    told = iter(result.output.splitlines())
    for words in (
        "the bot writes to mallory in person",
        "✓ mallory is refused, and nobody else was troubled",
        "│ 🔐 Waits for approval: user-service to prod",
        "✓ nothing is committed",
        "alice  on the card of D-2  [ Approve for prod ]",
        "│ @alice asked for this, and may not be the one who approves it.",
        "✓ her own yes does not count, and the card still waits",
        "bob  on the card of D-2  [ Approve for prod ]",
        "│ To prod: user-service abc123def",
        "│ Approved by you: D-2. It goes on by itself now.",
        "│ ✅ Live: user-service to prod",
        "│ Approved by @bob at ",
        "Approved-by: bob-lee",
        "✓ one commit, one changed line",
        "│ What happened: @bob holds the lock on payment-service in prod",
        "│ • ⛔ Lock refuses: @bob holds the lock",
        "✓ it was only a look",
        "│ 🧊 @bob froze prod until ",
        "│ Approved by you: D-4. It goes on by itself now.",
        "│ What happened: prod is frozen until ",
        "✓ it is stopped, and nothing was committed",
    ):
        assert any(words in line for line in told), f"{words}, after what stands before it"
    assert "✗" not in result.output


def test_a_bad_version_goes_back_by_one_commit_and_is_held_until_it_is_released():
    result = run("--script", "--only", "astrago", "--speed", FAST)

    assert 0 == result.exit_code, result.output
    told = iter(result.output.splitlines())
    for words in (
        "│ ✅ Live: batch and core to stage",
        "│ Next: If that is meant, send /rollback core stage.",
        "alice  in #deploys  /rollback core stage because logins fail",
        "│ ✅ Live: core back in stage",
        "│ Back: core to core-stage-",
        "Shipmate-Undoes: D-2",
        "✓ one commit, one changed line",
        "is held back from stage since",
        "✓ it is refused and changed nothing",
        "alice  in #deploys  /ship release core stage",
        "✓ the version is held no longer",
        "│ 🔴 CI failed: ci on stabilize/1.0 · xiilab/astrago-backend",
        "│ Behind it: 3 commits of core wait for stage",
        "✓ the password in the log is masked",
        "alice  on the note  [ Re-run failed jobs ]",
        "│ 🟢 CI is green again: ci on stabilize/1.0",
        "✓ it is the same message",
    ):
        assert any(words in line for line in told), f"{words}, after what stands before it"
    assert "✗" not in result.output


def test_rollouts_go_on_by_the_buttons_of_their_cards():
    result = run("--script", "--only", "pinksea", "--speed", FAST)

    assert 0 == result.exit_code, result.output
    told = iter(result.output.splitlines())
    for words in (
        "alice  on the card of D-1  [ Promote ]",
        "│ ✅ Live: user-service to prod",
        "paused at step 2 of 8, 20 % on the new",
        "alice  on the card of D-2  [ Promote ]",
        "paused at step 4 of 8, 40 % on the new",
        "carol  on the card of D-2  [ Promote fully ]",
        "│ ✅ Live: generation-service to prod",
        "✓ ghcr.io/pinksea-ai/generation-service:v1.2.3 runs",
    ):
        assert any(words in line for line in told), f"{words}, after what stands before it"
    assert "✗" not in result.output


def test_a_promote_survives_kill_9_before_the_audience():
    result = run("--script", "--only", "flash_tickets", "--speed", "20")

    assert 0 == result.exit_code, result.output
    assert (
        "│ 2 of 4 services would move from staging to prod. Nothing was started." in result.output
    )
    assert "alice  under the answer  [ Promote these 2 ]" in result.output
    assert "│ @alice promotes api and gateway from staging to prod" in result.output
    assert re.search(r"kill -9 \d+\n +✓ the commit stands in GitHub\n", result.output)
    assert "✓ no second commit, no second card" in result.output
    assert "live after kill -9" in result.output


def test_a_chapter_that_ends_otherwise_is_a_failure_with_a_log():
    def nothing_happens(_scene):
        raise Untold("the audience left")

    stage = Stage(Console(file=StringIO()))
    (row,), log = play(stage, [Chapter("guide", "It goes wrong.", nothing_happens)], 50)

    assert NOT_AS_TOLD == row.result
    assert ("General guide: the audience left",) == row.failures
    assert "# guide\n" in log.read_text()


def test_an_unknown_system_is_answered_with_the_nearest():
    result = run("--only", "pinksee")
    assert 2 == result.exit_code
    assert "Did you mean pinksea?" in result.output


# rehearsals


def test_a_rehearsal_deploys_each_service_and_leaves_the_clone_alone(reader, temporary):
    before = everything_in(reader)
    result = rehearse(reader)

    assert 0 == result.exit_code, result.output
    for words in (
        "dana  in #c0shop  /deploy web ",
        '-            tag: "stage-0000000"           # CI: stage-{sha:7}',
        "✓ ghcr.io/acme/web:stage-",
        "dana  in #c0shop  /deploy api v1.0.0-rehearsal stage",
        "-    api: { tag: v0.9.0, replicas: 2 }",
        "+    api: { tag: v1.0.0-rehearsal, replicas: 2 }",
        "✓ ghcr.io/acme/api:v1.0.0-rehearsal runs",
        "✓ ghcr.io/acme/job:",
        "is set, and has no Pods to run now",
        "Argo CD's svc-stage is played by plain Deployments: svc does not build here:",
        "✓ ghcr.io/acme/svc:",
        "✓ your clone is untouched",
        "Nothing was pushed anywhere.",
    ):
        assert words in result.output, words
    assert before == everything_in(reader)
    assert [] == list(temporary.iterdir())


def test_a_command_of_ones_own_is_rehearsed_and_its_refusal_shown(reader):
    result = rehearse(reader, "--command", "/deploy web a1b2c3d4 stage")

    assert 1 == result.exit_code
    assert "What happened: acme/web has no commit, branch or tag a1b2c3d4." in result.output
    assert "✗ the card says: Refused, nothing was changed" in result.output
    log = re.search(r"The bot's log: (\S+)", result.output)
    assert Path(log[1]).is_file()


def test_whoever_has_no_right_is_shown_what_they_were_told_in_person(reader):
    file = reader / "shipmate.yaml"
    file.write_text(CONFIG.replace("deploy: {stage: [devs]}", "lock: {stage: [devs]}"))

    result = rehearse(reader, "--command", "/deploy api v1.0.0-rehearsal stage")

    assert 1 == result.exit_code
    assert "the bot writes to dana in person" in result.output
    assert "permissions" in result.output
    assert "✗ refused; the reason stands above" in result.output


def test_an_approval_is_rehearsed_with_the_others_of_the_map(reader):
    asked = CONFIG.replace("stage: {}", "stage: {approvals: {count: 2, from: [leads]}}")
    (reader / "shipmate.yaml").write_text(asked)
    alone = rehearse(reader, "--command", "/deploy api v1.0.0-rehearsal stage")
    assert 1 == alone.exit_code
    assert "name them in people.map to rehearse their approval" in alone.output

    others = "map: {U0DANA: dana, U0EVE: eve, U0FINN: finn}"
    (reader / "shipmate.yaml").write_text(asked.replace("map: {U0DANA: dana}", others))
    result = rehearse(reader, "--command", "/deploy api v1.0.0-rehearsal stage")

    assert 0 == result.exit_code, result.output
    assert "eve  on the card of D-1  [ Approve for stage ]" in result.output
    assert "finn  on the card of D-1  [ Approve for stage ]" in result.output
    assert "✓ ghcr.io/acme/api:v1.0.0-rehearsal runs" in result.output


def test_whoever_types_is_answered_and_presses_buttons_by_their_numbers(reader, monkeypatch):
    monkeypatch.setattr(news, "QUIET", timedelta(seconds=0.3))
    asked = CONFIG.replace("stage: {}", "stage: {approvals: {count: 1, from: [leads]}}")
    others = "map: {U0DANA: dana, U0EVE: eve}"
    two = asked.replace("map: {U0DANA: dana}", others).partition("  job:")[0]
    (reader / "shipmate.yaml").write_text(two)
    lines = (
        "/deploy ap v1.0.0-rehearsal stage",  # a slip: only an answer
        "/deploy api v1.0.0-rehearsal stage",
        "7",
        "as ev",
        "as eve",
        "2",  # Reject, which asks in a dialog and then for the reason
        "",
        "not today",
    )

    result = rehearse(reader, "--type", typed="\n".join(lines))

    assert 0 == result.exit_code, result.output
    for words in (
        "only dana sees",
        "Did you mean",
        "Waits for approval: api to stage",
        "1 [ Approve for stage ]",
        "There is no button 7.",
        "Nobody here is called ev. Did you mean eve?",
        "Reject D-1?",
        "Why",
        "not today",
        "Rejected",
        "Nothing was pushed anywhere.",
    ):
        assert words in result.output, words


def test_mistakes_in_the_configuration_are_said_as_the_bot_says_them(reader):
    file = reader / "shipmate.yaml"
    file.write_text(CONFIG.replace("stage: {}", "stage: {sok: 5m}").replace("{env}-", "{evn}-"))

    result = rehearse(reader)

    assert 1 == result.exit_code
    assert (
        "✗ shipmate.yaml:9:11: environments.stage.sok: unknown key `sok`; did you mean `soak`?\n"
    ) in result.output
    assert "✗ shipmate.yaml:16:10: services.web.tag: {evn} is no variable" in result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--config", "x.yaml"], "need --repo", id="a configuration alone"),
        pytest.param(
            ["--repo", "{0}", "--type", "--command", "/deploy"], "two ways", id="two ways at once"
        ),
        pytest.param(["--repo", "{0}/none"], "is no folder", id="no such folder"),
        pytest.param(["--repo", "{0}"], "is not inside a Git clone", id="no clone"),
        pytest.param(
            ["--repo", "{0}/deployment", "--command", "deploy web"], "begins /deploy", id="no slash"
        ),
    ],
)
def test_what_cannot_be_rehearsed_is_said_at_once(reader, words, said):
    filled = [word.format(reader) for word in words]
    given = filled if "--config" in filled else [*filled, "--config", reader / "shipmate.yaml"]
    result = run(*given)
    assert 0 != result.exit_code
    assert said in result.output


# its parts


def test_on_a_terminal_the_card_is_edited_in_place():
    screen = StringIO()
    stage = Stage(Console(file=screen, force_terminal=True, width=60, color_system=None))
    versions = [Version(NOON, text, ()) for text in ("Checking", "Live")]
    with stage.card_on_screen():
        assert stage.edits_in_place
        for before, now in zip([None, *versions], versions, strict=False):
            stage.shows_card(Shown("deploys", now, before, ended=False), {}, timedelta())
    erased = "\x1b[2K"
    assert erased in screen.getvalue().rpartition("Checking")[2].rpartition("Live")[0]
    assert "card edited" not in screen.getvalue()


def test_elsewhere_only_what_changed_of_a_card_is_printed():
    screen = StringIO()
    stage = Stage(Console(file=screen, width=60))
    first = Version(NOON, "Deploy core\nChecking", ())
    second = Version(NOON, "Deploy core\nCommitting", ())
    with stage.card_on_screen():
        stage.shows_card(Shown("deploys", first, None, ended=False), {}, timedelta())
        stage.shows_card(Shown("deploys", second, first, ended=False), {}, timedelta(seconds=7))
    assert "    +7 s  card edited\n          │ Committing\n" in screen.getvalue()
    assert 1 == screen.getvalue().count("Deploy core")


@pytest.mark.parametrize(
    "touch",
    [
        pytest.param(lambda clone: (clone / "new").touch(), id="a new file"),
        pytest.param(lambda clone: (clone / "shop/values.yaml").write_text(""), id="a changed one"),
        pytest.param(lambda clone: git(clone, "branch", "other"), id="a branch"),
        pytest.param(
            lambda clone: git(clone, "commit", "--allow-empty", "-qm", "x"), id="a commit"
        ),
    ],
)
def test_a_touched_clone_is_noticed(reader, touch):
    clone = clones.read(reader / "deployment")
    assert clone.is_untouched()
    touch(clone.path)
    assert not clone.is_untouched()


def test_the_copy_has_every_branch_that_is_configured(reader, tmp_path):
    clone = reader / "deployment"
    git(clone, "branch", "prod")
    git(clone, "checkout", "--quiet", "-b", "work")
    git(clone, "commit", "--quiet", "--allow-empty", "--message=Go on")
    known = clones.read(clone)

    alone = known.copy(tmp_path / "one.git", ["main"])
    both = known.copy(tmp_path / "two.git", ["prod", "work", "absent"])

    old, new = git(clone, "rev-parse", "prod"), known.head
    assert new == git(alone, "rev-parse", "main")
    assert [old, new, new] == git(both, "rev-parse", "prod", "work", "absent").split()


def test_a_clone_without_commits_is_refused(tmp_path):
    git(tmp_path, "init", "--quiet")
    with pytest.raises(CloneUnfit, match="has no commit yet"):
        clones.read(tmp_path)


def test_of_several_repositories_the_origin_tells_which(reader):
    several = CONFIG.replace(
        "    at: {file: shop/values.yaml, key: shop.api.tag}",
        "    gitops: {repo: acme/other}\n    at: {file: shop/values.yaml, key: shop.api.tag}",
    )
    config, clone = load(several), reader / "deployment"
    with pytest.raises(Unready, match="several GitOps repositories"):
        which_repository(config, clones.read(clone))
    git(clone, "remote", "add", "origin", "git@github.com:acme/other.git")
    assert "acme/other" == which_repository(config, clones.read(clone))


def test_only_the_addresses_of_the_configuration_change():
    written = with_addresses(CONFIG, {"main": "http://127.0.0.1:1", "edge": "http://127.0.0.1:2"})
    expected = CONFIG.replace('"https://argocd.example.com"', '"http://127.0.0.1:1"').replace(
        "https://edge.example.com/argo", '"http://127.0.0.1:2"'
    )
    assert expected == written


def test_the_report_of_drift_and_its_picture():
    result = run("--script", "--only", "drift", "--speed", FAST)
    assert 0 == result.exit_code, result.output
    for said in (
        "✓ one line says so",
        "✓ each of the five is in it",
        "✓ the sync was asked for",
        "The picture beside the words",
    ):
        assert said in result.output
    assert PICTURE.read_bytes().startswith(b"\x89PNG")
