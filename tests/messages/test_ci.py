"""The note of failing CI, as a person reads it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.ci.clicks import (
    AskedBefore,
    Muted,
    NoteId,
    NotReran,
    Overtaken,
    Reran,
    RunsAlready,
    Span,
    Unmuted,
    mute_value,
    read_mute,
    read_note,
    read_rerun,
    rerun_value,
)
from bot.domain.ci.episodes import Episode
from bot.domain.ci.findings import Annotation, Findings, Job, Waiting
from bot.domain.ci.notes import CiNote, Crowded, CrowdNote, Extent, Mute, Rerun
from bot.domain.ci.runs import Conclusion, Origin, Series
from bot.domain.problems import Problem, Reason
from bot.messages.cards import Links
from bot.messages.ci import crowd, failed_again, note, recovered
from bot.messages.ci_answers import answer
from bot.operations.ci.drawing import CiDrawing, crowd_state
from bot.operations.sql.codec import dump
from tests.domain.ci.runs import NOON, green, run
from tests.messages.limits import assert_slack_takes
from tests.messages.reading import read

TEST = Job(
    71,
    "test (3.12)",
    "failure",
    "https://github.com/acme/api/actions/runs/1001/job/71",
    ("Run pytest",),
    tail=("E   assert 401 == 200", "Process completed with exit code 1."),
)
LINT = Job(
    72,
    "lint",
    "failure",
    "https://github.com/acme/api/actions/runs/1001/job/72",
    ("Run ruff",),
    (Annotation("src/login.py", 7, "F401 `os` imported but unused"),),
)
FOUND = Findings((1, 1), (TEST, LINT), 0, "U0ALICE", (Waiting("core", "stage", 3),))
FAILED = CiNote("12.1", Episode(1, run(1), run(1)), FOUND)
MUTE = Mute(Extent.BRANCH, "U0BOB", NOON, NOON + timedelta(hours=24))
LINKS = Links("https://github.com")


def drawn(told):
    message = note(told, LINKS)
    assert_slack_takes(message)
    return message


def test_a_failure_tells_what_failed_where_and_what_waits_behind_it():
    assert f"""\
# 🔴 CI failed: ci on main · acme/api
Commit 1f3a9c02 <https://github.com/acme/api/commit/{run().sha}> Fix the login (#12) by @U0ALICE
test (3.12) <https://github.com/acme/api/actions/runs/1001/job/71> failed at `Run pytest`
    E   assert 401 == 200
Process completed with exit code 1.
lint <https://github.com/acme/api/actions/runs/1001/job/72> failed at `Run ruff`
• `src/login.py:7` F401 `os` imported but unused
Behind it: 3 commits of core wait for stage.
[Re-run failed jobs] [View run] [Mute …]""" == read(drawn(FAILED))


def test_the_text_for_phones_says_it_all():
    assert (
        "🔴 CI failed: ci on main · acme/api, at test (3.12) › Run pytest."
        " 1f3a9c02 Fix the login (#12) by Alice Kim."
    ) == drawn(FAILED).text.replace("`", "")


def test_at_first_it_says_that_it_is_reading():
    shown = read(drawn(replace(FAILED, findings=None)))
    assert "Reading which jobs failed …" in shown
    assert "by Alice Kim" in shown


def test_old_findings_are_not_shown_for_a_newer_failure():
    told = replace(FAILED, episode=Episode(1, run(1), run(2), failures=2))
    shown = read(drawn(told))
    assert "Reading which jobs failed" in shown
    assert "Failed 2 times since 2026-11-21 12:01 UTC, first at 1f3a9c02" in shown
    assert "Run pytest" not in shown


def test_a_recovery_is_short_and_green():
    cure = green(4, sha="ba5eba11" * 5, title="Mend the login", author="Bob Lee")
    told = replace(FAILED, episode=Episode(1, run(1), run(3), failures=3, recovery=cure))
    shown = read(drawn(told))
    commit = f"https://github.com/acme/api/commit/{cure.sha}"
    assert (
        f"""\
# 🟢 CI is green again: ci on main · acme/api
Commit ba5eba11 <{commit}> Mend the login by Bob Lee
It was broken for 3 min 0 s, 3 failures.
[View run]"""
        == shown
    )


def test_whoever_wrote_what_a_re_run_mended_is_still_known():
    told = replace(FAILED, episode=Episode(1, run(1), run(1), recovery=green(1, 2)))
    assert "by @U0ALICE" in read(drawn(told))


def buttons(told):
    return [
        element["action_id"].rpartition(".")[2]
        for block in drawn(told).blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


SUITE = Series("acme/api", Origin.CHECKS, "circleci-checks", "main")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(FAILED, ["rerun", "open", "mute"], id="a failure"),
        pytest.param(replace(FAILED, mute=MUTE), ["rerun", "open", "unmute"], id="muted"),
        pytest.param(
            replace(FAILED, rerun=Rerun((1, 1), "U0BOB", NOON)), ["open", "mute"], id="asked for"
        ),
        pytest.param(
            replace(FAILED, rerun=Rerun((0, 1), "U0BOB", NOON)),
            ["rerun", "open", "mute"],
            id="an older attempt was asked for",
        ),
        pytest.param(
            replace(FAILED, episode=Episode(1, run(series=SUITE), run(series=SUITE))),
            ["open", "mute"],
            id="another CI system",
        ),
        pytest.param(
            replace(
                FAILED,
                episode=Episode(1, run(), run(conclusion=Conclusion.STARTUP_FAILURE)),
            ),
            ["open", "mute"],
            id="no job was started",
        ),
    ],
)
def test_which_buttons_there_are(told, expected):
    assert expected == buttons(told)


def test_who_asked_and_who_muted_stand_on_it():
    told = replace(FAILED, rerun=Rerun((1, 1), "U0BOB", NOON), mute=MUTE)
    shown = read(drawn(told))
    assert "@U0BOB let the failed jobs run again, 2026-11-21 12:00 UTC." in shown
    assert "🔕 Muted for this branch until 2026-11-22 12:00 UTC by @U0BOB." in shown


def test_many_jobs_are_named_and_the_rest_is_counted():
    jobs = tuple(replace(TEST, id=n, name=f"shard {n}", tail=()) for n in range(10))
    shown = read(drawn(replace(FAILED, findings=replace(FOUND, jobs=jobs, hidden=240))))
    assert "shard 9" in shown
    assert "and 240 more" in shown


def test_what_could_not_be_read_is_said():
    found = replace(FOUND, jobs=(), trouble="GitHub could not read the jobs: answered 502")
    shown = read(drawn(replace(FAILED, findings=found)))
    assert "Not all could be read: GitHub could not read the jobs: answered 502." in shown
    none = read(drawn(replace(FAILED, findings=replace(FOUND, jobs=()))))
    assert "GitHub names no job that failed; the run's page may." in none


NASTY = "<!channel> *bold* `tick` <https://evil.example|GitHub> &amp; \u202egnp.exe " + "é" * 4000


def test_nothing_from_outside_is_read_as_markup_and_all_is_cut():
    job = Job(1, NASTY, NASTY, "javascript:alert(1)", (NASTY,) * 9, tail=(NASTY,) * 12)
    noted = replace(job, tail=(), annotations=(Annotation(NASTY, 1, NASTY),) * 50)
    worst = run(name=NASTY, title=NASTY, author=NASTY, url="https://x/" + "y" * 5000)
    worst = replace(worst, series=replace(worst.series, branch=NASTY, repository=NASTY))
    found = Findings((1, 1), (job, noted, *[job] * 8), 90, None, (Waiting(NASTY, NASTY, 1),) * 9)
    told = CiNote("1.1", Episode(1, worst, worst, failures=7), found, mute=MUTE)
    message = drawn(told)
    assert "<!channel>" not in message.text
    assert "\u202e" not in read(message)
    drawn(replace(told, findings=replace(found, jobs=(), trouble=NASTY)))


def test_equal_states_give_equal_notes_from_the_store_as_well():
    draw = CiDrawing(LINKS).draw
    first, second = (draw(dump(CiNote, FAILED), NOON + timedelta(hours=n)) for n in range(2))
    assert note(FAILED, LINKS) == first == second


def test_replies_say_one_sentence():
    again, over = (
        failed_again(Episode(1, run(1), run(2, 3))),
        recovered(Episode(1, run(1), run(2), recovery=green(4))),
    )
    for message in (again, over):
        assert_slack_takes(message)
    assert "Failed again: `1f3a9c02` Fix the login (#12) by Alice Kim. It was attempt 3." in read(
        again
    )
    assert "🟢 Green again after 3 min 0 s: `1f3a9c02` Fix the login" in read(over)


def members(failing, mended):
    return tuple(
        Crowded("ci", f"acme/r{n:03}", "main", "https://github.com/x", n < failing)
        for n in range(failing + mended)
    )


def test_a_crowd_is_one_message_that_shrinks():
    told = CrowdNote(NOON, members(40, 2), failing=150)
    message = crowd(told, "ci:crowd:C0CI:1.1")
    assert_slack_takes(message)
    shown = read(message)
    assert "# 🔴 190 more workflows failed at about the same time" in shown
    assert "190 fail, 2 are green again." in shown
    assert "and 162 more" in shown
    assert not told.ended
    over = CrowdNote(NOON, members(0, 12))
    shown = read(crowd(over, "ci:crowd:C0CI:1.1"))
    assert "# 🟢 All 12 of them are green again" in shown
    assert over.ended
    nasty = replace(told.members[0], name=NASTY, repository=NASTY, branch=NASTY)
    assert_slack_takes(crowd(replace(told, members=(nasty,) * 100), "ci:crowd:C0CI:1.1"))
    draw = CiDrawing(LINKS).draw
    assert message == draw(crowd_state("ci:crowd:C0CI:1.1", told), NOON)


# clicks


def test_what_buttons_hold_is_read_back():
    made = read_rerun(rerun_value("12.3", 16_000_000_001, 2))
    assert (NoteId(12, 3), 16_000_000_001, 2) == (made.note, made.run, made.attempt)
    muted = read_mute(mute_value("12.3", Extent.WORKFLOW, Span.WEEK))
    assert (Extent.WORKFLOW, timedelta(days=7)) == (muted.extent, muted.span.length)


@pytest.mark.parametrize(
    "value",
    ["", "1", "x.y", "1.1:all:24h", "1.1:branch:999h", "1.1:2", "9" * 400, "1.1:branch:24h "],
)
def test_what_nobody_wrote_is_read_as_nothing(value):
    assert read_rerun(value) is None
    assert read_mute(value) is None
    assert read_note(f"{value}!") is None


@pytest.mark.parametrize(
    ("clicked", "expected"),
    [
        (Reran("https://x"), "The failed jobs run again; the run's page"),
        (AskedBefore("U0BOB", NOON), "@U0BOB asked for the same, 2026-11-21 12:00 UTC."),
        (RunsAlready("https://x"), "It is running again already"),
        (NotReran("because it was created over a month ago", "https://x"), "GitHub says: because"),
        (NotReran("answered 502", "https://x", again=True), "Click once more in a while"),
        (Overtaken(), "That is over"),
        (Muted(MUTE, "ci", "main"), "*ci* is muted on *main* until 2026-11-22 12:00 UTC."),
        (Unmuted(was=True, workflow="ci"), "*ci* is told of again."),
        (Unmuted(was=False, workflow="ci"), "*ci* was not muted."),
        (
            Problem(Reason.NOT_A_WRITER, {"user": "U0MAL", "login": "mal", "repo": "acme/api"}),
            "@U0MAL is mal on GitHub and may not push to `acme/api`.",
        ),
    ],
)
def test_what_people_read_who_click(clicked, expected):
    message = answer(clicked)
    assert_slack_takes(message)
    assert expected in read(message)
