"""Somebody changed this and that past Git; one report tells of all of it, with a picture."""

import tempfile
from dataclasses import replace
from pathlib import Path

from bot.messages.drifting.drift import DIFF, SYNC
from sandbox.demo.scene import Scene
from sandbox.slack.workspace import Message
from sandbox.systems.people import CAROL

PICTURE = Path(tempfile.gettempdir()) / "shipmate-drift.png"
API = "flash-tickets-api"
AUTHOR = ("Minji Han", "minji@example.com")
WORDS = (
    "The cluster is not as Git says",
    "Another image runs than Git says",
    "Auto-sync is off",
    "A moving tag is in use",
    "Behind the environment before",
)


def reported(text: str) -> str:
    """Return *text* with a report that comes often enough for a demo."""
    report = '{name: morning, at: "*/3 * * * *", zone: Asia/Seoul}'
    return f"{text}\ndrift: {{reports: [{report}]}}\n"


def drift(scene: Scene) -> str:
    """What drifts in a week, in a minute; and the one message that tells of it."""
    scene.stage.tells("On Friday all is as it should be.")
    answer = scene.inquires(CAROL.id, "/ship drift prod")
    scene.holds("one line says so", true="nothing drifted in" in answer)
    _meddles(scene)
    scene.stage.tells("At its time one message comes, by weight and age. Nobody had to ask.")
    scene.waits(lambda: _whole(scene) is not None, "a report of all five")
    report = _whole(scene)
    assert report is not None
    scene.stage.announced(scene.names[scene.channel], report.versions[-1], scene.names)
    scene.holds("each of the five is in it", true=all(one in report.words for one in WORDS))

    scene.stage.tells("Carol may deploy to prod. First she looks what differs.")
    first = _row(report, DIFF)
    answer = scene.presses_on(CAROL.id, "under the row", first, DIFF)
    scene.holds("the seven replicas are nobody's in Git", true="replicas" in answer)
    scene.stage.tells("So Argo CD shall bring back what Git says.")
    answer = scene.presses_on(CAROL.id, "under the row", first, SYNC)
    scene.holds("the sync was asked for", true="was asked to sync" in answer)
    (argocd,) = scene.outside.argocd.values()

    def is_as_git_says() -> bool:
        return bool(argocd.application(API)["status"]["sync"]["status"] == "Synced")

    scene.waits(is_as_git_says, "api to be as Git says")

    scene.waits(lambda: _picture(scene, report) is not None, "the picture of the report")
    PICTURE.write_bytes(_picture(scene, report) or b"")
    scene.stage.names_file("The picture beside the words", PICTURE)
    return "told; one synced"


def _meddles(scene: Scene) -> None:
    """Let people do what people do."""
    (argocd,) = scene.outside.argocd.values()
    scene.stage.tells("Somebody scales api by hand in prod, and switches its auto-sync off for it.")
    spec = argocd.application(API)["spec"]
    argocd.change_spec(API, {**spec, "syncPolicy": {}})
    live = argocd.live(API, "Deployment", API).manifest
    argocd.edit_live(API, {**live, "spec": {**live["spec"], "replicas": 7}})
    scene.stage.tells("Argo CD hangs over web, so what was committed for it does not come.")
    argocd.hang_refresh("flash-tickets-web")
    _commit(scene, "web", "prod", "v1.3.0")
    scene.stage.tells("Pay runs `latest` in prod. And gateway was never promoted from staging.")
    _commit(scene, "pay", "prod", "latest")
    _commit(scene, "gateway", "staging", "v1.3.0")
    argocd.poll_now("flash-tickets-pay")
    argocd.poll_now("flash-tickets-gateway-staging")


def _commit(scene: Scene, service: str, environment: str, tag: str) -> None:
    outside, file = scene.outside, f"apps/{service}/overlays/{environment}/kustomization.yaml"
    text = outside.github.file(outside.gitops, outside.branch, file).decode()
    line = next(one for one in text.splitlines() if "newTag:" in one)
    indent = line.partition("newTag:")[0]
    changed = text.replace(line, f"{indent}newTag: {tag}")
    message = f"chore: {service} {tag}"
    outside.github.push(
        outside.gitops, outside.branch, {file: changed}, message=message, author=AUTHOR
    )
    scene.stage.happens(None, f"{AUTHOR[0]} commits {service} {tag} for {environment}")


def _whole(scene: Scene) -> Message | None:
    """Return the first report in the channel that tells of all five, if there is one."""
    said = scene.slack.messages(scene.channel)
    return next((one for one in said if all(each in one.words for each in WORDS)), None)


def _row(report: Message, action: str) -> Message:
    """Return *report* from the row of what differs on, so that its buttons come first."""
    blocks = list(report.blocks)
    start = next(n for n, one in enumerate(blocks) if WORDS[0] in str(one))
    assert action in str(blocks[start + 1]), action
    last = replace(report.versions[-1], blocks=tuple(blocks[start:]))
    return replace(report, versions=(*report.versions, last))


def _picture(scene: Scene, report: Message) -> bytes | None:
    """Return the picture that the *report* shows by now, if it does."""
    (now,) = (one for one in scene.slack.messages(scene.channel) if one.ts == report.ts)
    image = next((block for block in now.blocks if block["type"] == "image"), None)
    if image is None:
        return None
    return scene.slack.web.files.files[image["slack_file"]["id"]].content
