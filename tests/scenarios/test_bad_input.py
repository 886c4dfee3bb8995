"""Whatever people type, click or point us at: each is answered with what to do next."""

import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from sandbox.slack.delivery import End
from sandbox.wire import Fault, answer
from sandbox.world import GITHUB_TOKEN
from tests.scenarios.story import Story, told_in

BACKEND, FRONTEND, BRANCH = "xiilab/astrago-backend", "xiilab/astrago-frontend", "stabilize/1.0"
VALUES = "helmfile/environments/customers/xiilab/values.yaml"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with told_in(tmp_path_factory.mktemp("bad"), speed=60) as story:
        yield story


@pytest.fixture(autouse=True)
def all_is_well(told: Story) -> Iterator[None]:
    """Whatever a test does to the GitOps repository is put back."""
    before = told.github.file(told.system.gitops, "main", VALUES)
    yield
    for wire in told.world.wires:
        wire.disarm()
    told.github.unprotect(told.system.gitops)
    told.github.add_token(GITHUB_TOKEN, "shipmate-bot")
    if VALUES not in _files(told) or before != told.github.file(told.system.gitops, "main", VALUES):
        told.github.push(told.system.gitops, "main", {VALUES: before})


def _files(told: Story) -> list[str]:
    try:
        told.github.file(told.system.gitops, "main", VALUES)
    except KeyError:
        return []
    return [VALUES]


def to_copy(blocks) -> list[str]:
    """Return the lines that stand in boxes of their own."""
    parts = [part for block in blocks for part in block.get("elements", [])]
    boxes = [part for part in parts if part.get("type") == "rich_text_preformatted"]
    return ["".join(leaf["text"] for leaf in box["elements"]) for box in boxes]


def a_new_version(told: Story) -> str:
    number = len(told.github.log(BACKEND, BRANCH))
    return told.github.push(BACKEND, BRANCH, {"change.txt": f"{number}\n"}, message="fix")[:8]


# words that are no command

KNOWN = "Known services: `core`, `batch`, `monitor` and `frontend`."
EMPTY = (
    "`deploy` needs a service, a version and an environment. Send all three, in that order;"
    " `/ship help` explains them."
)
A_VERSION = "Name a commit (short or full SHA), a branch or a Git tag."
LEAVE_OUT = "Leave that out, or put your own words behind `because`."
SERVICES = ("core", "batch", "monitor", "frontend")

MISREAD = {
    "nothing but a reason": (
        "/deploy because it burns",
        EMPTY,
        ["/deploy core <version> stage because it burns"],
    ),
    "unknown service": (
        "/deploy cor a1b2c3d4 stage",
        "There is no service cor. Did you mean `core`?",
        ["/deploy core a1b2c3d4 stage"],
    ),
    "no service like it": (
        "/deploy billing a1b2c3d4 stage",
        f"There is no service billing. {KNOWN}",
        [],
    ),
    "one of two services unknown": (
        "/deploy core,bach a1b2c3d4 stage",
        "There is no service bach. Did you mean `batch`?",
        ["/deploy batch,core a1b2c3d4 stage"],
    ),
    "unknown environment": (
        "/deploy core a1b2c3d4 stag",
        "There is no environment stag. Did you mean `stage`?",
        ["/deploy core a1b2c3d4 stage"],
    ),
    "no environment like it": (
        "/deploy core a1b2c3d4 prod",
        "There is no environment prod. Known environments: `stage`.",
        ["/deploy core a1b2c3d4 stage"],
    ),
    "no version": (
        "/deploy core stage",
        f"No version was named for core. {A_VERSION}",
        ["/deploy core <version> stage"],
    ),
    "no environment": (
        "/deploy core a1b2c3d4",
        (
            "No environment was named for core at `a1b2c3d4`; it is never guessed."
            " Name one of `stage`."
        ),
        ["/deploy core a1b2c3d4 stage"],
    ),
    "no service": (
        "/deploy a1b2c3d4 stage",
        f"No service was named. {KNOWN}",
        [f"/deploy {name} a1b2c3d4 stage" for name in SERVICES],
    ),
    "10 kB of one word": (
        "/deploy core " + "x" * 10_000,
        (
            "That text has 10005 characters; commands are read up to 2000."
            " Send only the command: a service, a version and an environment."
        ),
        [],
    ),
    "10 kB of words": (
        "/deploy " + "core " * 2_000,
        (
            "That text has 9999 characters; commands are read up to 2000."
            " Send only the command: a service, a version and an environment."
        ),
        [],
    ),
    "a word too many": (
        "/deploy core a1b2c3d4 stage extra",
        f"`deploy` has no place for `extra`. {LEAVE_OUT}",
        ["/deploy core a1b2c3d4 stage because extra"],
    ),
    "a person and a channel": (
        "/deploy @bob #deploys stage",
        f"No service was named. {KNOWN}",
        [f"/deploy {name} <version> stage" for name in SERVICES],
    ),
    "a link for a version": (
        "/deploy core https://evil.example/x stage",
        (
            "`https://evil.example/x` cannot be a version: no commit, branch or tag is written so."
            f" {A_VERSION}"
        ),
        [],
    ),
    "a range for a version": (
        "/deploy core main~1 stage",
        f"`main~1` cannot be a version: no commit, branch or tag is written so. {A_VERSION}",
        [],
    ),
    "a path for a version": (
        "/deploy core ../../etc stage",
        f"`../../etc` cannot be a version: no commit, branch or tag is written so. {A_VERSION}",
        [],
    ),
    "an announcement for a service": (
        "/deploy <!channel> a1b2c3d4 stage",
        f"There is no service &lt;!channel&gt;. {KNOWN}",
        [],
    ),
    "an unknown verb": (
        "/ship stauts",
        "There is no command `stauts`. Did you mean `status`?",
        ["/ship status", "/ship help"],
    ),
    "a verb like none": (
        "/ship frobnicate",
        (
            "There is no command `frobnicate`. "
            "Known commands: `deploy`, `promote`, `rollback`, `why`, `status`, `history`, `diff`,"
            " `drift`, `rollout`, `cancel`, `lock`, `unlock` and 9 more."
        ),
        ["/ship help"],
    ),
    "a lock without a reason": (
        "/ship lock core stage for 2h",
        (
            "`lock` needs a reason: others will want to know why."
            " Put it behind `because`, in your own words."
        ),
        ["/ship lock core stage for 2h because <reason>"],
    ),
    "an override without a reason": (
        "/deploy core a1b2c3d4 stage override",
        (
            "`override` needs a reason: others will want to know why."
            " Put it behind `because`, in your own words."
        ),
        ["/deploy core a1b2c3d4 stage override because <reason>"],
    ),
    "a look ahead at a typo": (
        "/ship why /deploy cor a1b2c3d4 stage",
        "There is no service cor. Did you mean `core`?",
        ["/ship why core a1b2c3d4 stage"],
    ),
    "cancel without an id": (
        "/ship cancel",
        (
            "No operation was named. Ids look like `D-4821` and stand on each card; `/ship status`"
            " shows what is under way."
        ),
        [],
    ),
    "cancel of no id": (
        "/ship cancel that",
        (
            "`that` is no operation id. Ids look like `D-4821` and stand on each card;"
            " `/ship status` shows what is under way."
        ),
        [],
    ),
    "status of an unknown service": (
        "/ship status cor",
        "There is no service cor. Did you mean `core`?",
        ["/ship status core"],
    ),
}


@pytest.mark.parametrize(("typed", "text", "copies"), MISREAD.values(), ids=MISREAD)
def test_words_that_are_no_command(told: Story, typed: str, text: str, copies: list[str]):
    """The answer is for the person alone, and starts nothing."""
    before = told.store.latest()
    reply = told.types(typed)
    assert not reply.public
    assert text == re.sub(r" To copy(, with your .*)?: .*", "", reply.text)
    assert copies == to_copy(reply.blocks)
    assert before == told.store.latest()


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("/deploy “core” {} stage", id="smart quotes"),
        pytest.param("/deploy core\u00a0{}\u202fstage", id="no-break spaces"),
        pytest.param("/deploy \u200bcore {}\ufeff stage", id="zero-width characters"),
        pytest.param("/deploy `core` *{}* _stage_", id="pasted formatting"),
        pytest.param("/deploy CORE {} Stage", id="capitals"),
        pytest.param("/deploy {} stage core", id="another order"),
        pytest.param("/deploy deploy core {} stage", id="the verb twice"),
        pytest.param("/deploy core {} stage because don't “wait” -- now", id="a reason"),
    ],
)
def test_what_keyboards_make_of_a_command_is_understood(told: Story, typed: str):
    version = a_new_version(told)
    reply = told.slack.type(typed.format(version), by="U0ALICE", channel="C0DEPLOY", keyboard="mac")
    assert f": core to stage at `{version}`." in reply.text
    assert Phase.LIVE is told.ends(reply).phase


def test_a_mention_in_a_channel_a_thread_and_a_direct_message(told: Story):
    """Each answer goes to where it was asked, to the person alone."""
    root = told.slack.say("why is core slow?", by="U0BOB", channel="C0DEPLOY")

    told.slack.mention("deploy cor a1b2c3d4 stage", by="U0ALICE", channel="C0DEPLOY")
    assert whispered(told, 1).thread is None
    told.slack.mention(
        "deploy cor a1b2c3d4 stage", by="U0ALICE", channel="C0DEPLOY", thread=root.ts
    )
    assert root.ts == whispered(told, 2).thread
    told.slack.direct("deploy cor a1b2c3d4 stage", by="U0ALICE")
    last = whispered(told, 3)

    assert "D0ALICE" == last.channel
    assert "There is no service cor. Did you mean `core`?" in last.text
    assert ["@shipmate deploy core a1b2c3d4 stage"] == to_copy(last.blocks)


def whispered(told: Story, count: int):
    """Return the newest message that answers a mention, once there are *count*."""

    def heard():
        said = told.slack.ephemerals("U0ALICE")
        return [one for one in said if "@shipmate" in one.words]

    assert told.world.until(lambda: len(heard()) >= count)
    return heard()[-1]


# words that are put on cards


def test_markup_in_a_reason_is_shown_and_never_obeyed(told: Story):
    reason = "<!channel> see <http://evil.example|safe> & *now* <@U0BOB> @here"
    version = a_new_version(told)
    reply = told.types(f"/deploy core {version} stage because {reason}")

    ended = told.goes_live(reply)

    assert ended.request.reason is not None
    for said in told.card(ended.id).versions:
        for text in mrkdwn_of([*said.blocks, {"type": "mrkdwn", "text": said.text}]):
            assert "<!channel" not in text
            assert "<http://evil" not in text
            assert "<@U0BOB" not in text
        leaves = json.dumps(said.blocks)
        assert '"type": "broadcast"' not in leaves
        assert '"user_id": "U0BOB"' not in leaves
        assert "http://evil.example" not in [one.get("url") for one in leaves_of(said.blocks)]
    because = [one["text"] for one in leaves_of(told.card(ended.id).blocks) if "text" in one]
    assert any("<!channel> see" in text for text in because)


def mrkdwn_of(value) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from mrkdwn_of(one)
    elif isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        for one in value.values():
            yield from mrkdwn_of(one)


def leaves_of(value) -> Iterator[dict]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from leaves_of(one)
    elif isinstance(value, dict):
        if value.get("type") in {"text", "link", "user"}:
            yield value
        for one in value.values():
            yield from leaves_of(one)


# versions and places that are not there


def refused(told: Story, version: str, reason: Reason, *words: str) -> None:
    """Deploy *version* and see it refused by *reason*; the card says *words*."""
    before = told.commits()
    ended = told.ends(told.types(f"/deploy core {version} stage"))
    assert (Phase.REFUSED, reason) == (ended.phase, ended.problem.reason)
    assert before == told.commits()
    said = told.card(ended.id).text
    for one in ("It was refused and nothing was changed.", *words):
        assert one in said


def test_an_unknown_version(told: Story):
    refused(
        told,
        "deadbeef",
        Reason.UNKNOWN_VERSION,
        f"`{BACKEND}` has no commit, branch or tag `deadbeef`.",
        "Check the spelling, or push the commit first; then send the command again.",
    )


def test_a_version_of_another_repository_names_that_repository(told: Story):
    sha = told.world.sha(FRONTEND, BRANCH)[:8]
    refused(
        told,
        sha,
        Reason.UNKNOWN_VERSION,
        f"`{BACKEND}` has no commit, branch or tag `{sha}`; `{FRONTEND}` has one.",
        f"Or name a service that is built from `{FRONTEND}`.",
    )


def test_an_ambiguous_sha(told: Story):
    said = {"message": "The short SHA1 a1b2c3d is ambiguous"}
    told.github.arm("commit", Fault(answer=lambda: answer(said, 422)))
    refused(
        told,
        "a1b2c3d",
        Reason.AMBIGUOUS_VERSION,
        f"`a1b2c3d` names more than one commit of `{BACKEND}`.",
        "Send the command again with more characters of the SHA; all 40 always work.",
    )


def test_a_tag_and_a_branch_of_one_name(told: Story):
    told.github.tag(BACKEND, "release", told.world.sha(BACKEND, BRANCH))
    told.github.create_branch(BACKEND, "release", told.github.log(BACKEND, BRANCH)[1].sha)
    words = f"`release` names more than one commit of `{BACKEND}`."
    refused(told, "release", Reason.AMBIGUOUS_VERSION, words)


def test_the_file_is_missing(told: Story):
    told.github.push(told.system.gitops, "main", {VALUES: None})
    refused(
        told,
        a_new_version(told),
        Reason.FILE_MISSING,
        f"`{told.system.gitops}` has no file `{VALUES}` on branch `main`.",
        "Ask a platform engineer to correct the service's `at.file` in `shipmate.yaml`",
    )


def test_the_key_is_missing_and_the_nearest_is_named(told: Story):
    text = told.github.file(told.system.gitops, "main", VALUES)
    told.github.push(told.system.gitops, "main", {VALUES: text.replace(b"imageTag:", b"imageTga:")})
    refused(
        told,
        a_new_version(told),
        Reason.UNEDITABLE,
        f"In `{VALUES}` there is no `astrago.core.imageTag`",
        "astrago.core.imageTga",
        "Nothing was changed.",
    )


def test_the_file_is_no_yaml(told: Story):
    text = told.github.file(told.system.gitops, "main", VALUES)
    told.github.push(told.system.gitops, "main", {VALUES: text + b"\nbroken: [1, 2\nmore: }\n"})
    refused(
        told,
        a_new_version(told),
        Reason.UNEDITABLE,
        f"`{VALUES}` is not valid YAML: line ",
        "Nothing was changed.",
    )


def test_the_branch_is_protected(told: Story):
    told.github.protect(told.system.gitops)
    refused(
        told,
        a_new_version(told),
        Reason.BRANCH_PROTECTED,
        f"Branch `main` of `{told.system.gitops}` takes no direct commits",
        "Ask a platform engineer to set `change: pull_request` for the environment in",
        "or to let the bot's GitHub App bypass the rule.",
    )


def test_the_branch_is_missing(told: Story):
    head = told.github.head(told.system.gitops)
    told.github.delete_branch(told.system.gitops, "main")
    try:
        ended = told.ends(told.types(f"/deploy core {a_new_version(told)} stage"))
    finally:
        told.github.create_branch(told.system.gitops, "main", head)
    assert (Phase.REFUSED, Reason.BRANCH_MISSING) == (ended.phase, ended.problem.reason)
    assert f"`{told.system.gitops}` has no branch `main`." in told.card(ended.id).text


def test_the_repository_is_hidden_from_us(told: Story):
    told.github.add_token(GITHUB_TOKEN, "shipmate-bot", repositories=[BACKEND, FRONTEND])
    refused(
        told,
        a_new_version(told),
        Reason.REPOSITORY_MISSING,
        f"There is no repository `{told.system.gitops}`, or the bot may not see it.",
    )


def test_the_token_has_expired(told: Story):
    told.github.expire(GITHUB_TOKEN)
    refused(
        told,
        a_new_version(told),
        Reason.TOKEN_REFUSED,
        "GitHub no longer accepts the bot's token",
        "Ask a platform engineer to renew the bot's token for GitHub",
    )


# people


def test_somebody_who_may_not_deploy_is_told_who_may(told: Story):
    heard, before = len(told.slack.dm("U0MALLORY")), told.commits()
    reply = told.types(f"/deploy core {a_new_version(told)} stage", by="U0MALLORY")
    number = told.operation(reply).id
    assert told.world.until(lambda: told.store.operation(number).phase.ended)
    assert Reason.NOT_PERMITTED is told.store.operation(number).problem.reason
    assert told.world.until(lambda: len(told.slack.dm("U0MALLORY")) > heard)
    said = told.slack.dm("U0MALLORY")[-1].words
    assert "may not deploy core in stage" in said
    assert "Ask a member of sre to do it" in said
    assert before == told.commits()


def test_the_same_wish_twice_is_one_operation(told: Story):
    command = f"/deploy core {a_new_version(told)} stage"
    first, second = told.types(command), told.types(command, by="U0BOB")
    number = told.operation(first).id
    assert number == told.operation(second).id
    assert f"Already under way as `{number}`, asked by <@U0ALICE>" in second.text
    assert Phase.LIVE is told.ends(first).phase


def test_one_event_delivered_three_times_is_one_operation(told: Story):
    """Copies of the same second are refused as replays and come again; then they are known."""
    version, before = a_new_version(told), len(told.store.latest(limit=1000))
    brought = told.slack.mention(
        f"deploy core {version} stage", by="U0ALICE", channel="C0DEPLOY", copies=3
    )
    told.slack.events.settle()
    last = dict(enumerate(told.slack.events.outcomes))
    assert End.ACKED is brought.outcomes[0].end
    assert End.ACKED is last[max(last)][2].end
    assert 1 == len(told.store.latest(limit=1000)) - before
    assert Phase.LIVE is told.ends_with_id(told.store.latest(limit=1)[0].id).phase


def test_cancelling_what_is_not_ones_own_what_is_over_and_what_never_was(told: Story):
    told.argocd.slow_render("astrago", 20)
    reply = told.types(f"/deploy core {a_new_version(told)} stage")
    number = told.operation(reply).id
    assert told.world.until(lambda: told.store.operation(number).written)

    stranger = told.types(f"/ship cancel {number}", by="U0MALLORY")
    late = told.types(f"/ship cancel {number}")
    told.argocd.slow_render("astrago", 0)
    assert Phase.LIVE is told.ends(reply).phase
    ended = told.types(f"/ship cancel {number.lower()}")
    unknown = told.types("/ship cancel D-999999")

    assert "Checking your rights; the answer follows here." == stranger.text
    assert told.world.until(lambda: "may not cancel" in told.slack.ephemerals("U0MALLORY")[-1].text)
    assert (
        f"<@U0MALLORY> may not cancel `{number}`. Nothing was changed."
        " <@U0MALLORY> may not deploy core in stage."
        " Ask <@U0ALICE>, or a member of sre, to cancel it."
    ) == told.slack.ephemerals("U0MALLORY")[-1].text
    undo = "To undo it, send `/rollback` with the service and the environment."
    assert (
        f"`{number}` can no longer be cancelled: its commit stands in Git, and Argo CD is bringing"
        f" it out. {undo}"
    ) == late.text
    assert f"`{number}` can no longer be cancelled: it is live. {undo}" == ended.text
    assert unknown.text.startswith(f"There is no operation `D-999999`. The latest are `{number}`")


# systems that are away


def test_status_while_argocd_is_away_says_what_is_not_known(told: Story):
    told.argocd.arm("*", Fault(answer=lambda: answer({"message": "down"}, 503)), times=None)
    told.types("/ship status core stage")

    def answered():
        return [one.words for one in told.slack.ephemerals("U0ALICE") if "unknown" in one.words]

    assert told.world.until(lambda: bool(answered()))
    assert "core-stage-" in answered()[-1]


def test_the_database_is_locked(told: Story):
    """Three people at once are told within Slack's three seconds, and nothing is half done."""
    version, before = a_new_version(told), told.store.latest()
    replies = {}
    file = told.world.folder / "shipmate.db"

    def type_it(service):
        replies[service] = told.types(f"/deploy {service} {version} stage")

    with closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        people = [threading.Thread(target=type_it, args=(one,)) for one in SERVICES[:3]]
        for person in people:
            person.start()
        for person in people:
            person.join()
        other.execute("ROLLBACK")

    words = (
        "Nothing was started: the bot could not write your request down."
        " Please send the same command again in a minute."
    )
    assert [words] * 3 == [replies[one].text for one in SERVICES[:3]]
    assert before == told.store.latest()
    assert Phase.LIVE is told.ends(told.types(f"/deploy core {version} stage")).phase
