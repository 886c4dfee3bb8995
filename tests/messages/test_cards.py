import string
from dataclasses import replace
from datetime import timedelta
from itertools import chain, product
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.lifecycle import CANCELLABLE
from bot.domain.operations import (
    Change,
    Kind,
    Operation,
    Phase,
    Plan,
    Progress,
    Pull,
    Request,
    Stage,
    Written,
)
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.undoing import undoing
from bot.messages.cards import CANCEL, DOING, MARKS, SENTENCES, STAGES, STATES, Links, card
from bot.messages.notices import ended_badly
from tests.messages.limits import assert_slack_takes
from tests.messages.operations import (
    ASKED,
    PLAN,
    REQUEST,
    SHA,
    WRITTEN,
    after,
    following,
    operation,
)
from tests.messages.reading import read

LINKS = Links()

SMALL_PRINT = (
    "(D-4821 · asked <!date^1795251600^{date_short_pretty} at {time}|2026-11-21 09:00 UTC>)"
)
COMMIT = (
    f"Commit a1b2c3d4 <https://github.com/xiilab/astrago-backend/commit/{SHA}> "
    "fix(core): 로그인 세션 만료 <30분> & 재로그인 by 김서연"
)
GITOPS = (
    "GitOps commit f00dcafe <https://github.com/xiilab/astrago-deployment/commit/f00dcafe>"
    " on `main` of `xiilab/astrago-deployment`"
)
PULL = Pull(
    12,
    "https://github.com/xiilab/astrago-deployment/pull/12",
    "shipmate/d-4821-kkkkkkkk",
    "f00dcafe" + "1" * 32,
)
PULL_REQUEST = (
    "Pull request #12 <https://github.com/xiilab/astrago-deployment/pull/12>"
    " into `main` of `xiilab/astrago-deployment`"
)
ARGO = "Argo CD astrago <https://argocd.example.com/applications/astrago>"
PHASES = [
    pytest.param(
        operation(Phase.RECEIVED),
        f"""\
        # 📥 Received: batch and core to stage
        @U0ALICE deploys *batch* and *core* to *stage* at `a1b2c3d4`
        *Written down; work on it starts now* · 10 s
        [Cancel this deploy]
        {SMALL_PRINT}""",
        id="received",
    ),
    pytest.param(
        operation(Phase.CHECKING, request=replace(REQUEST, reason="login is broken")),
        f"""\
        # 🔎 Checking: batch and core to stage
        @U0ALICE deploys *batch* and *core* to *stage* at `a1b2c3d4`
        Because: login is broken
        *Reading the version, the file and the applications* · 10 s
        [Cancel this deploy]
        {SMALL_PRINT}""",
        id="checking, with a reason",
    ),
    pytest.param(
        operation(
            Phase.CHECKING,
            problem=Problem(
                Reason.UNAVAILABLE,
                {
                    "system": "GitHub",
                    "doing": "read commit a1b2c3d4 of xiilab/astrago-backend",
                    "detail": "502 Bad Gateway",
                    "again": "2026-11-21T09:00:30+00:00",
                },
            ),
        ),
        f"""\
        # 🔎 Checking: batch and core to stage
        @U0ALICE deploys *batch* and *core* to *stage* at `a1b2c3d4`
        *Reading the version, the file and the applications* · 10 s
        *Why it waits: *GitHub gave no usable answer, so the bot could not read commit a1b2c3d4 of xiilab/astrago-backend (502 Bad Gateway).
        *Next: *It is tried again at 09:00:30 UTC; nothing to do unless it lasts.
        [Cancel this deploy]
        {SMALL_PRINT}""",  # noqa: E501  # as it reads
        id="checking, while GitHub is away",
    ),
    pytest.param(
        operation(Phase.AWAITING, plan=PLAN),
        f"""\
        # ✋ Waiting for approval: batch and core to stage
        @U0ALICE deploys *batch* and *core* to *stage* at `a1b2c3d4`
        {COMMIT}
        • *batch*  `batch-stage-ba01` → `batch-stage-a1b2c3d4`
        • *core*  `core-stage-ba01` → `core-stage-a1b2c3d4`
        *Waiting for people to approve it* · 10 s
        [Cancel this deploy]
        {SMALL_PRINT}""",
        id="awaiting approval",
    ),
    pytest.param(
        operation(Phase.QUEUED, plan=PLAN, ahead=("D-4819", "D-4820")),
        f"""\
        # ⏳ Waiting in line: batch and core to stage
        @U0ALICE deploys *batch* and *core* to *stage* at `a1b2c3d4`
        {COMMIT}
        • *batch*  `batch-stage-ba01` → `batch-stage-a1b2c3d4`
        • *core*  `core-stage-ba01` → `core-stage-a1b2c3d4`
        *Waiting in line* · 10 s
        Number 2 in line. It starts when `D-4819` and `D-4820` have ended.
        [Cancel this deploy]
        {SMALL_PRINT}""",
        id="queued",
    ),
    pytest.param(
        operation(Phase.COMMITTING, plan=PLAN),
        f"""\
        # 📝 Committing: batch and core to stage
        @U0ALICE deploys *batch* and *core* to *stage* at `a1b2c3d4`
        {COMMIT}
        • *batch*  `batch-stage-ba01` → `batch-stage-a1b2c3d4`
        • *core*  `core-stage-ba01` → `core-stage-a1b2c3d4`
        *Writing the commit* · 10 s
        {SMALL_PRINT}""",
        id="committing",
    ),
    pytest.param(
        operation(Phase.MERGING, plan=PLAN, pull=PULL),
        f"""\
        # 🔀 Waiting to be merged: batch and core to stage
        @U0ALICE deploys *batch* and *core* to *stage* at `a1b2c3d4`
        {COMMIT}
        • *batch*  `batch-stage-ba01` → `batch-stage-a1b2c3d4`
        • *core*  `core-stage-ba01` → `core-stage-a1b2c3d4`
        *Waiting for its pull request to be merged* · 10 s
        {PULL_REQUEST}, open since 2026-11-21 09:00 UTC. People merge it on GitHub.
        [Cancel this deploy]
        {SMALL_PRINT}""",
        id="merging",
    ),
    pytest.param(
        operation(
            Phase.MERGING,
            plan=PLAN,
            pull=replace(PULL, by_bot=True),
            problem=Problem(
                Reason.PULL_BLOCKED,
                {"pull": "#12", "detail": "At least 1 approving review is required."},
            ),
        ),
        f"""\
        # 🔀 Waiting to be merged: batch and core to stage
        @U0ALICE deploys *batch* and *core* to *stage* at `a1b2c3d4`
        {COMMIT}
        • *batch*  `batch-stage-ba01` → `batch-stage-a1b2c3d4`
        • *core*  `core-stage-ba01` → `core-stage-a1b2c3d4`
        *Waiting for its pull request to be merged* · 10 s
        {PULL_REQUEST}, open since 2026-11-21 09:00 UTC. The bot merges it when GitHub lets it.
        *Why it waits: *GitHub does not merge pull request #12 yet: At least 1 approving review is required.
        *Next: *Give it what it lacks on GitHub (a review, a green check); the bot tries again by itself. Or cancel it here.
        [Cancel this deploy]
        {SMALL_PRINT}""",  # noqa: E501  # as it reads
        id="merging, and GitHub does not yet",
    ),
    pytest.param(
        operation(
            Phase.FOLLOWING,
            plan=PLAN,
            written=replace(WRITTEN, attempts=3),
            progress=following(Stage.LIVE, Stage.ROLLING),
        ),
        f"""\
        # 🚚 Rolling out: batch and core to stage
        @U0ALICE deploys *batch* and *core* to *stage* at `a1b2c3d4`
        {COMMIT}
        • *batch*  `batch-stage-ba01` → `batch-stage-a1b2c3d4`  *live, Synced, Healthy* · {ARGO}
        • *core*  `core-stage-ba01` → `core-stage-a1b2c3d4`  *rolling out, Synced, Progressing* · {ARGO}
        *Argo CD brings it out: 1 of 2 live* · 10 s
        {GITOPS}, at try 3: others committed at the same time
        {SMALL_PRINT}""",  # noqa: E501  # as it reads
        id="following, half of it live",
    ),
    pytest.param(
        operation(
            Phase.LIVE,
            plan=PLAN,
            written=WRITTEN,
            progress=following(Stage.LIVE, Stage.LIVE),
            ended_at=after(minutes=3, seconds=25),
        ),
        f"""\
        # ✅ Live: batch and core to stage
        @U0ALICE deploys *batch* and *core* to *stage* at `a1b2c3d4`
        {COMMIT}
        • *batch*  `batch-stage-ba01` → `batch-stage-a1b2c3d4`  *live, Synced, Healthy* · {ARGO}
        • *core*  `core-stage-ba01` → `core-stage-a1b2c3d4`  *live, Synced, Healthy* · {ARGO}
        *Live* · after 3 min 25 s
        {GITOPS}
        {SMALL_PRINT}""",
        id="live",
    ),
    pytest.param(
        operation(
            Phase.REFUSED,
            ended_at=after(seconds=4),
            problem=Problem(
                Reason.AMBIGUOUS_VERSION, {"version": "a1b2c3d4", "repo": "xiilab/astrago-backend"}
            ),
        ),
        f"""\
        # ⛔ Refused, nothing was changed: batch and core to stage
        @U0ALICE deploys *batch* and *core* to *stage* at `a1b2c3d4`
        *Refused; nothing was changed* · after 4 s
        *What happened: *`a1b2c3d4` names more than one commit of `xiilab/astrago-backend`.
        *Next: *Send the command again with more characters of the SHA; all 40 always work.
        {SMALL_PRINT}""",
        id="refused",
    ),
    pytest.param(
        operation(
            Phase.REFUSED,
            plan=PLAN,
            pull=PULL,
            ended_at=after(minutes=4),
            problem=Problem(Reason.PULL_CONFLICTS, {"pull": "#12", "branch": "main"}),
        ),
        f"""\
        # ⛔ Refused, nothing was changed: batch and core to stage
        @U0ALICE deploys *batch* and *core* to *stage* at `a1b2c3d4`
        {COMMIT}
        • *batch*  `batch-stage-ba01` → `batch-stage-a1b2c3d4`
        • *core*  `core-stage-ba01` → `core-stage-a1b2c3d4`
        *Refused; nothing was changed* · after 4 min 0 s
        {PULL_REQUEST}
        *What happened: *Somebody changed the same lines on `main`, so pull request #12 can't be merged.
        *Next: *If your version is still wanted, ask for it again: a fresh plan starts from what stands there now.
        [Ask again with a fresh plan]
        {SMALL_PRINT}""",  # noqa: E501  # as it reads
        id="refused, its pull request conflicts",
    ),
    pytest.param(
        operation(
            Phase.CANCELLED,
            ended_at=after(seconds=31),
            problem=Problem(Reason.CANCELLED, {"by": "U0BOB"}),
        ),
        f"""\
        # 🚫 Cancelled, nothing was changed: batch and core to stage
        @U0ALICE deploys *batch* and *core* to *stage* at `a1b2c3d4`
        *Cancelled; nothing was changed* · after 31 s
        *What happened: *@U0BOB cancelled it before anything was changed.
        *Next: *Send the command again if it is wanted after all.
        {SMALL_PRINT}""",
        id="cancelled",
    ),
    pytest.param(
        operation(
            Phase.FAILED,
            plan=PLAN,
            written=WRITTEN,
            progress=following(Stage.LIVE, Stage.FAILED),
            ended_at=after(minutes=10),
            problem=Problem(
                Reason.DEGRADED,
                {
                    "app": "astrago",
                    "resource": "Deployment astrago-core",
                    "detail": "exceeded its progress deadline",
                },
            ),
        ),
        f"""\
        # ❌ Failed: batch and core to stage
        @U0ALICE deploys *batch* and *core* to *stage* at `a1b2c3d4`
        {COMMIT}
        • *batch*  `batch-stage-ba01` → `batch-stage-a1b2c3d4`  *live, Synced, Healthy* · {ARGO}
        • *core*  `core-stage-ba01` → `core-stage-a1b2c3d4`  *failed, Synced, Degraded* · {ARGO}
        *Failed* · after 10 min 0 s
        {GITOPS}. It stands: Git names the new tag.
        *What happened: *The new version of *astrago* does not come up: `Deployment astrago-core`, exceeded its progress deadline.
        *Next: *Look at the logs of its pods; fix it and deploy again, or go back with `/rollback`.
        *Way back: *a rollback in Git takes *core* to the last version that was well there. Git said `core-stage-ba01` before.
        [Roll back in stage]
        {SMALL_PRINT}""",  # noqa: E501  # as it reads
        id="failed",
    ),
]


@pytest.mark.parametrize(("shown", "expected"), PHASES)
def test_the_card_of_each_phase_reads(shown, expected):
    assert dedent(expected) == read(card(shown, LINKS, after(seconds=12), undo=undoing(shown)))


def test_the_table_above_shows_every_phase():
    assert set(Phase) == {row.values[0].phase for row in PHASES}


@pytest.mark.parametrize(("shown", "_expected"), PHASES)
def test_slack_takes_every_card(shown, _expected):
    assert_slack_takes(card(shown, LINKS, after(seconds=12), undo=undoing(shown)))


def test_a_failed_card_without_anything_known_good_offers_no_way_back():
    failed = operation(
        Phase.FAILED,
        plan=PLAN,
        written=WRITTEN,
        progress=following(Stage.LIVE, Stage.FAILED),
    )
    shown = read(card(failed, LINKS, after(seconds=12)))
    assert "Way back" not in shown
    assert "Roll back" not in shown


def test_every_phase_and_stage_has_words():
    assert set(Phase) == set(MARKS) == set(STATES) == set(SENTENCES) == set(DOING)
    assert set(Stage) == set(STAGES)


def test_a_screen_reader_hears_a_whole_sentence():
    failed = operation(
        Phase.REFUSED, problem=Problem(Reason.UNKNOWN_VERSION, {"version": "a1", "repo": "x/y"})
    )
    assert (
        "D-4821: <@U0ALICE> asked to deploy batch and core to stage at `a1b2c3d4`. "
        "It was refused and nothing was changed. `x/y` has no commit, branch or tag `a1`. "
        "Check the spelling, or push the commit first; then send the command again."
    ) == card(failed, LINKS, after(seconds=1)).text


@pytest.mark.parametrize("phase", list(Phase))
def test_only_what_can_still_be_cancelled_has_the_button(phase):
    actions = [b for b in card(operation(phase), LINKS, ASKED).blocks if b["type"] == "actions"]
    if phase in CANCELLABLE:
        (button,) = actions[0]["elements"]
        assert (CANCEL, "D-4821", "danger") == (
            button["action_id"],
            button["value"],
            button["confirm"]["style"],
        )
    else:
        assert actions == []


@pytest.mark.parametrize(
    ("seconds", "same"),
    [(10, 14.9), (60, 119), (121, 179), (7_200, 7_259)],
)
def test_a_card_does_not_change_with_every_second(seconds, same):
    shown = operation(Phase.FOLLOWING, plan=PLAN, written=WRITTEN)
    first = card(shown, LINKS, after(seconds=seconds))
    assert first == card(shown, LINKS, after(seconds=same))
    assert first != card(shown, LINKS, after(seconds=same + 61))


def test_block_ids_stay_while_the_operation_goes_on():
    before = card(operation(Phase.COMMITTING, plan=PLAN), LINKS, after(seconds=1))
    later = card(operation(Phase.LIVE, plan=PLAN, written=WRITTEN), LINKS, after(minutes=1))
    assert [b["block_id"] for b in before.blocks] == [b["block_id"] for b in later.blocks]


def test_what_did_not_fit_is_counted_and_what_failed_is_shown():
    changes = tuple(Change(f"service-{n}", "f", "old" * 40, "new" * 40, "b") for n in range(50))
    progress = tuple(
        Progress(f"service-{n}", f"app-{n}", "https://a/b", Stage.FAILED if n == 49 else Stage.LIVE)
        for n in range(50)
    )
    shown = operation(
        Phase.FAILED, plan=replace(PLAN, changes=changes), written=WRITTEN, progress=progress
    )
    text = read(card(shown, LINKS, ASKED))
    assert "• *service-49*" in text
    assert " more: " in text
    assert " live" in text.split(" more: ")[1]


def test_a_target_that_keeps_its_tag_says_so():
    same = replace(PLAN, changes=(Change("core", "f", "v1", "v1", "b"),))
    text = read(card(operation(Phase.FOLLOWING, plan=same), LINKS, ASKED))
    assert "• *core*  `v1` (as it was)" in text


def test_a_commit_on_an_enterprise_server_is_linked_there():
    text = read(card(operation(Phase.LIVE, plan=PLAN), Links("https://git.example.com"), ASKED))
    assert f"<https://git.example.com/xiilab/astrago-backend/commit/{SHA}>" in text


def test_nothing_is_said_to_stand_that_somebody_replaced():
    replaced = Problem(Reason.OVERTAKEN, {"app": "core", "revision": "f00", "found": "v9"})
    shown = operation(Phase.FAILED, plan=PLAN, written=WRITTEN, problem=replaced)
    assert "stands" not in read(card(shown, LINKS, ASKED))
    assert "stands" not in read(ended_badly(shown))


HOSTILE = [
    "<!channel>",
    "<https://evil.example|safe>",
    "<@U0BOB> <!subteam^S1>",
    "a & b &lt; c",
    "`code` *bold* _it_ ~no~ :tada: @here #general https://evil.example",
    "x" * 40_000,
    "<" * 40_000,
    "&" * 40_000,
    "line\none\r\ntwo\u2028three\x00\x1b[31m",
    "\u202egnp.exe \u200b\u2066zero",
    "half \ud800 pair",
    "",
    "   ",
    "😀" * 5_000,
]
text = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))
url = st.one_of(st.just("https://argocd.example.com/a"), text)
word = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=60)
FACTS = [
    "version",
    "repo",
    "elsewhere",
    "service",
    "template",
    "environment",
    "environments",
    "repos",
    "user",
    "allowed",
    "tag",
    "branch",
    "file",
    "code",
    "line",
    "path",
    "candidates",
    "hint",
    "expected",
    "found",
    "detail",
    "tries",
    "app",
    "instance",
    "resource",
    "image",
    "revision",
    "deadline",
    "state",
    "system",
    "doing",
    "again",
    "by",
]  # thirty names read better so
problem = st.none() | st.builds(
    Problem, st.sampled_from(Reason), st.dictionaries(st.sampled_from(FACTS), text, max_size=6)
)
progress = st.builds(Progress, word, text, url, st.sampled_from(Stage), text, text, problem)
changes = st.lists(st.builds(Change, word, text, st.none() | text, text, text), max_size=50).map(
    tuple
)
operations = st.builds(
    Operation,
    id=st.integers(1, 10**9).map(lambda number: f"D-{number}"),
    key=text,
    request=st.builds(
        Request,
        kind=st.just(Kind.DEPLOY),
        services=st.lists(st.one_of(word, text), min_size=1, max_size=8).map(tuple),
        environment=st.one_of(word, text),
        version=text,
        requester=st.one_of(st.just("U0ALICE"), text),
        channel=text,
        reason=st.none() | text,
    ),
    phase=st.sampled_from(Phase),
    requested_at=st.just(ASKED),
    plan=st.none() | st.builds(Plan, text, text, text, text, text, text, changes),
    written=st.none() | st.builds(Written, text, url, st.just(ASKED), st.integers(1, 99)),
    progress=st.lists(progress, max_size=8).map(tuple),
    ahead=st.lists(word, max_size=60).map(tuple),
    problem=problem,
    ended_at=st.none() | st.just(after(minutes=5)),
)


LONG = "<&" * 20_000


def test_slack_takes_fifty_targets_of_the_longest_text():
    problem = Problem(Reason.SYNC_FAILED, dict.fromkeys(FACTS, LONG))
    names = tuple(f"{n:02}{LONG}" for n in range(50))
    worst = Operation(
        "D-4821",
        LONG,
        replace(REQUEST, services=names, environment=LONG, version=LONG, reason=LONG),
        Phase.FOLLOWING,
        ASKED,
        plan=Plan(*[LONG] * 6, tuple(Change(name, LONG, LONG, LONG, LONG) for name in names)),
        written=Written(LONG, f"https://{LONG}", ASKED, 99),
        progress=tuple(
            Progress(name, LONG, f"https://{LONG}", stage, LONG, LONG, problem)
            for name, stage in zip(names, list(Stage) * 10, strict=False)
        ),
        ahead=tuple(f"D-{n}" for n in range(200)),
    )
    for phase, reason in chain(
        product(Phase, [Reason.SYNC_FAILED]), product([Phase.FAILED], Reason)
    ):
        shown = replace(worst, phase=phase, problem=Problem(reason, problem.facts))
        assert_slack_takes(card(shown, LINKS, ASKED, undo=undoing(shown)))
        assert_slack_takes(ended_badly(shown, "https://slack.example/p1"))


def test_a_commit_that_was_not_needed_is_not_called_ours():
    nothing = replace(WRITTEN, attempts=0)
    failed = operation(Phase.FAILED, plan=PLAN, written=nothing)
    shown = read(card(failed, LINKS, ASKED))
    assert "Git said so already, at" in shown
    assert "It stands" not in shown
    assert "stands in Git" not in read(ended_badly(failed))


@settings(max_examples=200, deadline=None)
@given(operations, st.integers(0, 100_000))
def test_slack_takes_the_card_of_any_operation(shown, seconds):
    assert_slack_takes(card(shown, LINKS, ASKED + timedelta(seconds=seconds)))


@settings(max_examples=100, deadline=None)
@given(operations)
def test_slack_takes_the_notices_of_any_operation(shown):
    assert_slack_takes(ended_badly(shown, "https://slack.example/p1"))


@settings(max_examples=15, deadline=None)
@given(operations)
def test_equal_operations_give_equal_cards(shown):
    assert card(shown, LINKS, ASKED) == card(replace(shown), LINKS, ASKED)
