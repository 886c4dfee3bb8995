"""CI fails and recovers: what people read of it, and what they do. One world, one story."""

import pytest

from bot.operations.books.act_book import ActBook, Deed
from sandbox.github.actions import Annotation, Work
from sandbox.github.actions_api import STALE
from sandbox.wire import Fault, answer
from tests.scenarios.story import told_in

BACKEND, FRONTEND, BRANCH = "xiilab/astrago-backend", "xiilab/astrago-frontend", "stabilize/1.0"
CHANNEL = "C0DEPLOY"
BROKEN = Work(
    "test",
    fails_at="Run ./gradlew test",
    says=("LoginTest > session FAILED", "  expected 200, token=ghp_0123456789abcdefghij0123"),
)
NOTED = Work(
    "lint", fails_at="Run ktlint", annotations=(Annotation("src/Login.kt", 12, "no wildcard"),)
)
RERUN, MUTE, UNMUTE = "shipmate.ci.rerun", "shipmate.ci.mute", "shipmate.ci.unmute"
RULES = """
failures:
  - repositories: [xiilab/astrago-frontend]
    to: author
  - {}
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ci")
    with told_in(folder, "astrago", speed=60.0, config=lambda text: text + RULES) as told:
        for login in ("alice-kim", "bob-lee"):
            told.github.let(BACKEND, login, "write")
        yield told


def notes(told, place=CHANNEL):
    return [one for one in told.slack.messages(place) if "CI " in one.words]


def newest(told):
    found = notes(told)
    return found[-1] if found else None


def reads(told, words):
    """Wait until the newest note in the channel says *words*; return it."""
    seen = told.world.until(lambda: newest(told) is not None and words in newest(told).words, 30)
    assert seen, newest(told)
    return newest(told)


def replies(told):
    return [one.words for one in told.slack.messages(CHANNEL, thread=newest(told).ts)]


def clicks(told, action, by, value=None):
    return told.reads_after(lambda: told.slack.click(action, by=by, value=value), by)


def fails(told, *works, **words):
    return told.github.run_workflow(BACKEND, [Work("build"), *(works or (BROKEN,))], **words)


def deeds(told):
    acts = ActBook(told.inside.shipmate.database).latest()
    return [one.what for one in acts if one.what is not Deed.LINKED]


RUNS = []


def test_a_failure_is_told_with_its_jobs_log_author_and_what_waits(told):
    RUNS.append(fails(told, BROKEN, NOTED))
    note = reads(told, "LoginTest > session FAILED")
    assert 1 == len(notes(told))
    assert "🔴 CI failed: ci on stabilize/1.0 · xiilab/astrago-backend" in note.words
    assert "U0ALICE" in str(note.blocks)
    assert "src/Login.kt:12" in note.words
    assert "token=***" in note.words
    assert "ghp_0123" not in note.words
    assert "Behind it" not in note.words  # what runs is of before our time: nobody can tell


def test_a_stranger_to_the_repository_may_not_run_it_again(told):
    said = clicks(told, RERUN, "U0MALLORY")
    assert "may not push to" in said
    assert 1 == len(RUNS[0].attempts)
    assert Deed.REFUSED is deeds(told)[0]


def test_failed_jobs_are_run_again_once_for_each_attempt(told):
    old = newest(told)
    assert "The failed jobs run again" in clicks(told, RERUN, "U0ALICE")
    assert 2 == len(RUNS[0].attempts)
    note = reads(told, "let the failed jobs run again")
    assert "Re-run" not in note.words
    click = lambda: told.slack.click(RERUN, by="U0BOB", message=old)  # noqa: E731
    assert "asked for the same" in told.reads_after(click, "U0BOB")
    assert 2 == len(RUNS[0].attempts)
    assert Deed.CI_RERUN is deeds(told)[0]


def test_a_further_failure_changes_the_message_and_is_told_in_its_thread(told):
    told.github.end_workflow(RUNS[0], [Work("build"), BROKEN])
    reads(told, "Failed 2 times since")
    assert told.world.until(lambda: len(replies(told)) == 1, 20)
    assert "Failed again" in replies(told)[0]
    assert 1 == len(notes(told))


def test_githubs_own_reason_is_shown_and_the_button_stays(told):
    reads(told, "LoginTest > session FAILED")
    told.github.arm("rerun", Fault(answer=lambda: answer({"message": STALE}, 403)))
    assert STALE in clicks(told, RERUN, "U0BOB")
    assert "Re-run failed jobs" in reads(told, "Re-run").words


def test_the_same_message_turns_green(told):
    green = fails(told, Work("test"))
    RUNS.append(green)
    reads(told, "🟢 CI is green again")
    assert 1 == len(notes(told))
    assert told.world.until(lambda: len(replies(told)) == 2, 20)
    assert "Green again after" in replies(told)[1]


def test_what_comes_late_or_twice_changes_nothing(told):
    before = [one.words for one in notes(told)]
    for run in RUNS:
        told.github.tell_of_run(run)
    told.github.run_workflow(BACKEND, [BROKEN], branch=BRANCH, conclusion="cancelled")
    settled(told)
    assert before == [one.words for one in notes(told)]


def settled(told):
    """Wait until everything that was delivered is worked off."""
    inbox = told.inside.shipmate.unasked.hearing.inbox
    assert told.world.until(lambda: not inbox._due(), 20)


def test_another_branch_is_nobodys_news(told):
    told.github.create_branch(BACKEND, "fix/login", BRANCH)
    fails(told, branch="fix/login")
    settled(told)
    assert 1 == len(notes(told))


def test_a_muted_workflow_is_told_to_nobody_until_it_is_unmuted(told):
    fails(told)
    reads(told, "LoginTest > session FAILED")
    assert 2 == len(notes(told)), "a new failure is a new episode"
    value = next(
        option["value"]
        for block in newest(told).blocks
        for element in block.get("elements", ())
        for option in element.get("options", ())
        if "all branches for a day" in option["text"]["text"]
    )
    assert "is muted on all branches" in clicks(told, MUTE, "U0ALICE", value)
    reads(told, "🔕 Muted for all branches")
    before = len(replies(told))
    fails(told)
    reads(told, "Failed 2 times")
    assert before == len(replies(told))
    assert "is told of again" in clicks(told, UNMUTE, "U0BOB")
    assert [Deed.CI_UNMUTED, Deed.CI_MUTED] == deeds(told)[:2]
    assert "Muted" not in reads(told, "Mute …").words
    fails(told, Work("test"))
    reads(told, "🟢")


def test_only_the_author_is_told_where_the_rules_say_so(told):
    before = len(notes(told))
    told.github.run_workflow(FRONTEND, [BROKEN])
    own = told.slack.dm
    assert told.world.until(lambda: any("LoginTest" in one.words for one in own("U0CAROL")), 30), (
        own("U0CAROL")
    )
    assert before == len(notes(told))
    told.github.run_workflow(FRONTEND, [Work("test")])
    assert told.world.until(lambda: any("🟢" in one.words for one in own("U0CAROL")), 30)


def test_other_ci_systems_are_told_the_same_way(told):
    told.github.end_suite(BACKEND, "circleci-checks", [("build", "failure"), ("e2e", "success")])
    reads(told, "Circleci Checks on")
    note = reads(told, "build")
    assert "e2e" not in note.words
    assert "Re-run" not in note.words
    told.github.push(BACKEND, BRANCH, {"a.txt": "a"})
    told.github.end_suite(BACKEND, "circleci-checks", [("build", "success")])
    reads(told, "🟢")


def test_what_waits_behind_it_is_counted(told):
    sha = told.world.sha(BACKEND, BRANCH)
    told.github.run_workflow(BACKEND, workflow="other", tell=False)
    told.goes_live(told.types(f"/deploy core {sha[:8]} stage"))
    for number in range(3):
        told.github.push(BACKEND, BRANCH, {"b.txt": f"{number}"}, message=f"feat: {number}")
    fails(told)
    assert "3 commits of core wait for stage" in reads(told, "Behind it").words
