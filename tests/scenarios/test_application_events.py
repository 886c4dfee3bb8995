"""What Argo CD does without Shipmate, as the channel reads it. One world, one story in order."""

import json

import httpx
import pytest
import sqlalchemy as sa

from bot.operations.sql.tables import applications
from sandbox.world import ARGOCD_WEBHOOK_TOKEN, unguarded
from tests.scenarios.story import told_in

APP, FILE = "user-service-prod", "apps/overlays/prod/user-service/kustomization.yaml"
GITOPS, CODE = "pingvas/pingvas-gitops", "pingvas/pingvas-studio"
ECR = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"
CONFIGURED = """
applications:
  channel: C0DEPLOY
  quiet: 30s
  environments: {prod: {sync_succeeded: true}}
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("applications")
    with told_in(
        folder, "pingvas", speed=60.0, config=lambda text: unguarded(text) + CONFIGURED
    ) as story:
        assert story.world.until(lambda: every_application_is_known(story), 30)
        yield story


def every_application_is_known(told):
    with told.inside.shipmate.database.read() as connection:
        known = connection.execute(sa.select(sa.func.count()).select_from(applications)).scalar()
    return known == len(told.system.applications)


def notes(told, words):
    """Return what stands in the channel with *words* in it, as people read it."""
    return [text for one in told.slack.messages("C0DEPLOY") if words in (text := shown(one.blocks))]


def shown(block):
    """Return the words of *block*: sections on lines of their own."""
    if isinstance(block, list | tuple):
        return "\n".join(filter(None, map(shown, block)))
    if block.get("type") == "rich_text_section":
        return "".join(map(element, block["elements"]))
    if block.get("type") == "rich_text_list":
        return "\n".join(f"• {shown(one)}" for one in block["elements"])
    if "elements" in block:
        return shown(block["elements"])
    text = block.get("text", "")
    return text if isinstance(text, str) else text["text"]


def element(one):
    return one.get("text") or one.get("fallback") or ""


def reads(told, words, seconds=60):
    assert told.world.until(lambda: notes(told, words) != [], seconds), (
        words, [shown(one.blocks) for one in told.slack.messages("C0DEPLOY")],
    )  # fmt: skip
    (found,) = notes(told, words)
    return found


def pushes(told, tag, message="chore: bump user-service", file=FILE):
    """Let somebody else commit another tag of user-service."""
    text = told.github.file(GITOPS, "main", file).decode()
    old = next(line for line in text.splitlines() if "newTag:" in line)
    sha = told.github.push(
        GITOPS,
        "main",
        {file: text.replace(old, f'    newTag: "{tag}"')},
        message=message,
        author=("Jimin Park", "jimin@example.com"),
    )
    told.argocd.poll_now(APP)
    return sha


def test_a_commit_of_somebody_else_that_breaks_it_is_told_once_it_stays_broken(told):
    told.argocd.break_image(f"{ECR}/user-service", "bad1")
    sha = pushes(told, "bad1")
    note = reads(told, "💔 Degraded: user-service in prod")
    print(f"\n{note}")
    assert f"Commit {sha[:8]} chore: bump user-service by Jimin Park" in note
    assert "Image user-service  abc123def → bad1" in note
    assert "Deployment/user-service" in note
    assert "ImagePullBackOff" in note
    assert "/rollback user-service prod" in note


def test_the_same_note_turns_green_when_it_is_well_again(told):
    sha = pushes(told, "abc123def", message="revert: back to abc123def")
    note = reads(told, "✅ Well again: user-service in prod")
    print(f"\n{note}")
    assert "It was degraded for" in note
    assert sha[:8] in note
    assert [] == notes(told, "Degraded: user-service")


def test_a_sync_that_somebody_elses_commit_caused_is_one_quiet_note(told):
    told.argocd.repair_image(f"{ECR}/user-service", "bad1")
    for number in range(3):
        sha = pushes(told, f"good{number}", message=f"chore: bump to good{number}")
        assert told.world.until(lambda sha=sha: notes(told, sha[:8]) != [], 60), number
    note = reads(told, "🔁 Synced: user-service in prod")
    print(f"\n{note}")
    assert "Image user-service  good1 → good2" in note


def test_a_sync_that_fails_is_told_with_what_failed(told):
    told.argocd.fail_sync(APP, times=100)
    pushes(told, "good3")
    note = reads(told, "❌ Sync failed: user-service in prod")
    print(f"\n{note}")
    assert "field is immutable" in note
    told.argocd.fail_sync(APP, times=0)
    pushes(told, "good4")
    print(reads(told, "✅ Well again: user-service in prod"))
    assert 1 == len(notes(told, "Well again")), "so soon after the last trouble it is the same note"


def test_auto_sync_that_somebody_switches_is_told_until_it_is_on_again(told):
    app = "pingvas-dev"
    spec = told.argocd.application(app)["spec"]
    told.argocd.change_spec(app, spec | {"syncPolicy": {}})
    note = reads(told, "⏸️ Auto-sync is OFF")
    print(f"\n{note}")
    assert "in dev" in note
    told.argocd.change_spec(app, spec)
    print(reads(told, "▶️ Auto-sync is on"))
    assert [] == notes(told, "Auto-sync is OFF")


def test_a_person_who_syncs_in_production_is_named(told):
    token = told.argocd.issue_token("kim@example.com")
    httpx.post(
        f"{told.argocd.url}/api/v1/applications/{APP}/sync",
        json={"revision": "", "project": "pingvas-prod"},
        headers={"Authorization": f"Bearer {token}"},
    ).raise_for_status()
    note = reads(told, "🖐️ Synced by hand: user-service in prod")
    print(f"\n{note}")
    assert "By kim@example.com" in note


def test_what_shipmate_itself_brings_out_is_on_its_card_alone(told):
    before = len(told.slack.messages("C0DEPLOY"))
    sha = told.world.sha(CODE, "main")
    told.goes_live(told.types(f"/deploy user-service {sha[:10]} prod"))
    told.world.until(lambda: False, 2)
    assert before + 1 == len(told.slack.messages("C0DEPLOY")), "its card"
    assert sha not in reads(told, "🔁 Synced: user-service in prod")


def test_a_failed_deploy_of_ours_is_on_its_card_alone(told):
    sha = told.world.sha(CODE, "main~1")
    told.argocd.break_image(f"{ECR}/payment-service", sha)
    ended = told.ends(told.types(f"/deploy payment-service {sha[:10]} prod"), 120)
    assert ended.problem is not None
    told.world.until(lambda: False, 2)
    assert [] == notes(told, "Degraded: payment-service")
    assert [] == notes(told, "Sync failed: payment-service")


def test_a_notification_is_taken_as_a_hint_and_answered_at_once(told):
    document = told.argocd.application(APP)["metadata"]
    body = {
        "v": 1, "instance": "main", "event": "degraded", "name": APP, "ns": "argocd",
        "uid": document["uid"], "rv": document["resourceVersion"], "project": "p", "op": None,
    }  # fmt: skip
    before = len(told.slack.messages("C0DEPLOY"))
    answers = [
        httpx.post(
            f"{told.inside.url}/webhooks/argocd",
            content=json.dumps(body),
            headers={"Authorization": f"Bearer {ARGOCD_WEBHOOK_TOKEN}"},
        )
        for _ in range(20)
    ]
    assert {200} == {answer.status_code for answer in answers}
    assert max(answer.elapsed.total_seconds() for answer in answers) < 1
    told.world.until(lambda: False, 1)
    assert before == len(told.slack.messages("C0DEPLOY")), (
        "the application is well, whatever it says"
    )
