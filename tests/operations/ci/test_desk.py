"""Clicks on a note: what they come to, once, whoever clicks first and whatever GitHub answers."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from werkzeug.wrappers import Response

from bot.adapters.github.ci_events import workflow_run
from bot.adapters.github.collaborators import Collaborators
from bot.adapters.github.workflow_runs import WorkflowRuns
from bot.domain.catalog import Catalog
from bot.domain.ci.clicks import (
    AskedBefore,
    Muted,
    MuteWish,
    NoteId,
    NotReran,
    Overtaken,
    Reran,
    RerunWish,
    RunsAlready,
    Span,
    Unmuted,
)
from bot.domain.ci.failures import Audience, Rule
from bot.domain.ci.notes import Extent, Mute
from bot.domain.problems import Problem, Reason
from bot.domain.rights import (
    Actor,
    GitHubUser,
    Identified,
    Unidentified,
    Who,
    WhyNot,
)
from bot.domain.unknown import Unknown
from bot.operations.books.act_book import ActBook, Deed
from bot.operations.ci.claims import HELD
from bot.operations.ci.desk import CiDesk
from bot.operations.ci.mutes import mute_series
from bot.operations.ci.writers import Writers
from sandbox.github.actions import Work
from sandbox.github.actions_api import STALE, UNDER_WAY
from sandbox.wire import Fault, answer
from tests.operations.ci.ground import BROKEN, REPO, Ground

ALICE, BOB, MALLORY = "U0ALICE", "U0BOB", "U0MALLORY"
GREEN = Work("test")


class Anybody:
    """Lets everybody do it, but Mallory."""

    def may(self, user, repository):
        if user == MALLORY:
            facts = {"user": user, "login": "mallory", "repo": repository}
            return Problem(Reason.NOT_A_WRITER, facts)
        return Actor(user, GitHubUser(1, user.lower()))


def desk_of(replica):
    return CiDesk(
        replica.database,
        Catalog({}, (), {}),
        replica.book,
        replica.telling,
        WorkflowRuns(replica.github),
        Anybody(),
        ActBook(replica.database),
        replica.clock,
    )


class Told:
    """A workflow that failed, and desks to click at."""

    def __init__(self, ground):
        self.ground = ground
        self.desks = [desk_of(one) for one in ground.replicas]
        self.run = ground.fake.run_workflow(REPO, [BROKEN], tell=False)
        ground.hears(ground.says(self.run))
        ground.settles()

    def wish(self, run=None, attempt=1, note=NoteId(1, 1)):  # noqa: B008  # it is frozen
        return RerunWish(note, (run or self.run).id, attempt)

    def reruns(self, by=ALICE, asked="1", **words):
        return self.desks[0].rerun(self.wish(**words), by, asked)

    def mutes(self, extent=Extent.BRANCH, by=ALICE, span=Span.HOURS):
        return self.desks[0].mute(MuteWish(NoteId(1, 1), extent, span), by, f"{extent}{span}")

    def note(self):
        self.ground.settles()
        return self.ground.messages()[-1]

    def deeds(self):
        acts = ActBook(self.ground.replicas[0].database).latest()
        return [(one.what, one.by) for one in reversed(acts)]

    def asked(self):
        return sum(call.route == "rerun" for call in self.ground.fake.calls)


@contextmanager
def telling(folder, url, replicas=1):
    ground = Ground(folder, url, replicas)
    try:
        yield Told(ground)
    finally:
        ground.close()


@pytest.fixture
def told(tmp_path):
    with telling(tmp_path, f"sqlite:///{tmp_path / 'a.db'}") as told:
        yield told


def test_it_is_run_again_noted_and_shown(told):
    assert Reran(told.ground.says(told.run)["workflow_run"]["html_url"]) == told.reruns()
    assert [(Deed.CI_RERUN, ALICE)] == told.deeds()
    assert "let the failed jobs run again" in told.note()


def test_the_second_to_click_learns_who_was_first(told):
    told.reruns()
    assert AskedBefore(ALICE, told.desks[0]._clock.now()) == told.reruns(BOB, "2")
    assert 1 == told.asked()


def test_two_replicas_that_are_clicked_at_once_ask_once(tmp_path, postgres_server):
    with postgres_server.database() as url, telling(tmp_path, url, 2) as told:
        gate = Barrier(2)

        def click(number):
            gate.wait()
            return told.desks[number].rerun(told.wish(), (ALICE, BOB)[number], str(number))

        with ThreadPoolExecutor(2) as pool:
            answers = {type(one) for one in pool.map(click, range(2))}
        assert {Reran, AskedBefore} == answers
        assert (1, 2) == (told.asked(), len(told.run.attempts))


def test_the_next_attempt_may_be_asked_for_again(told):
    told.reruns()
    told.ground.fake.end_workflow(told.run, [BROKEN], tell=False)
    told.ground.hears(told.ground.says(told.run))
    told.ground.settles()
    assert isinstance(told.reruns(BOB, "2"), Overtaken), "that was the first attempt"
    assert isinstance(told.reruns(BOB, "3", attempt=2), Reran)


@pytest.mark.parametrize(
    "words",
    [{"attempt": 2}, {"note": NoteId(1, 2)}, {"note": NoteId(9, 1)}],
    ids=["another attempt", "another episode", "nobody's note"],
)
def test_a_button_of_another_message_does_nothing(told, words):
    assert Overtaken() == told.reruns(**words)
    assert 0 == told.asked()


def test_a_button_of_what_recovered_does_nothing(told):
    told.ground.hears(told.ground.runs(GREEN))
    told.ground.settles()
    assert Overtaken() == told.reruns()


@pytest.mark.parametrize("message", [STALE, UNDER_WAY])
def test_githubs_reason_is_told_and_it_may_be_asked_for_again(told, message):
    told.ground.fake.arm("rerun", Fault(answer=lambda: answer({"message": message}, 403)))
    refused = told.reruns()
    assert isinstance(refused, NotReran)
    assert (message, False) == (refused.detail, refused.again)
    assert "Re-run failed jobs" in told.note()
    assert isinstance(told.reruns(asked="2"), Reran)
    assert [Deed.REFUSED, Deed.CI_RERUN] == [what for what, _ in told.deeds()]


def test_after_a_lost_answer_the_next_click_sees_that_it_runs(told):
    told.ground.fake.arm("rerun", Fault(drop="after"))
    lost = told.reruns()
    assert isinstance(lost, NotReran)
    assert lost.again
    assert isinstance(told.reruns(BOB, "2"), RunsAlready)
    assert 2 == len(told.run.attempts)


def test_somebody_who_ran_it_again_on_github_was_first(told):
    told.ground.fake.rerun_workflow(told.run)
    assert isinstance(told.reruns(), RunsAlready)
    assert 0 == told.asked()

    assert "let the failed jobs run again" not in told.note(), "Alice started nothing"


# claims that nobody stands behind


class Dies(BaseException):
    """The process ends here."""


class Dying:
    """A GitHub before or after whose answer the process ends; *begins* tells which."""

    def __init__(self, runs, *, begins):
        self.runs, self.begins = runs, begins

    def newest(self, repo, run):
        return self.runs.newest(repo, run)

    def rerun_failed(self, repo, run):
        if self.begins:
            self.runs.rerun_failed(repo, run)
        raise Dies


def dies(told, *, begins):
    """Let Alice's click end with the process."""
    (desk,) = told.desks
    living, desk._runs = desk._runs, Dying(desk._runs, begins=begins)
    with pytest.raises(Dies):
        told.reruns()
    desk._runs = living
    assert "let the failed jobs run again" in told.note()


def later(told, span=HELD):
    told.ground.clock.at += span
    told.desks[0].end_expired()


def test_a_claim_that_was_lost_in_a_crash_is_let_go_of(told):
    dies(told, begins=False)
    later(told)
    assert "let the failed jobs run again" not in told.note()
    assert "Re-run failed jobs" in told.note()
    assert isinstance(told.reruns(BOB, "2"), Reran)


def test_a_claim_that_was_lost_after_github_took_it_stays(told):
    dies(told, begins=True)
    for _ in range(3):
        later(told)
    assert "let the failed jobs run again" in told.note()
    assert isinstance(told.reruns(BOB, "2"), AskedBefore)
    asked = [call.route for call in told.ground.fake.calls].count("workflow_run")
    later(told)
    assert asked == [call.route for call in told.ground.fake.calls].count("workflow_run")


def test_a_fresh_claim_is_left_alone(told):
    dies(told, begins=False)
    told.desks[0].end_expired()
    assert "let the failed jobs run again" in told.note()


def test_while_github_is_away_a_claim_stays(told):
    dies(told, begins=False)
    told.ground.fake.arm("workflow_run", Fault(drop="before"), times=3)
    later(told)
    assert "let the failed jobs run again" in told.note()
    later(told)
    assert "Re-run failed jobs" in told.note()


def test_what_github_took_is_not_asked_about(told):
    told.reruns()
    before = len(told.ground.fake.calls)
    later(told)
    assert before == len(told.ground.fake.calls)


def test_who_may_not_is_told_why_and_written_down(told):
    refused = told.reruns(MALLORY)
    assert Reason.NOT_A_WRITER is refused.reason
    assert Reason.NOT_A_WRITER is told.mutes(by=MALLORY).reason
    assert [(Deed.REFUSED, MALLORY)] * 2 == told.deeds()
    assert 0 == told.asked()


# mutes


def test_a_mute_shows_on_the_note_and_ends_by_itself(told):
    muted = told.mutes()
    assert isinstance(muted, Muted)
    assert timedelta(hours=4) == muted.mute.until - muted.mute.at
    assert "🔕 Muted for this branch" in told.note()
    told.ground.clock.at += timedelta(hours=4, minutes=1)
    told.desks[0].end_expired()
    assert "Muted" not in told.note()


def test_what_began_while_it_was_muted_is_told_when_that_is_over(told):
    told.mutes(Extent.WORKFLOW)
    told.ground.fake.create_branch(REPO, "master", "main")
    told.ground.hears(told.ground.runs(BROKEN, branch="master"))
    told.ground.settles()
    assert 1 == len(told.ground.messages())
    told.ground.clock.at += timedelta(hours=5)
    told.desks[0].end_expired()
    told.ground.settles()
    shown = told.ground.messages()
    assert 2 == len(shown)
    assert "on master" in shown[1]
    assert "FAIL login" in shown[1]


def test_unmuting_ends_it_at_once(told):
    told.mutes()
    told.mutes(Extent.WORKFLOW, span=Span.WEEK)
    assert Unmuted(was=True, workflow="ci") == told.desks[0].unmute(NoteId(1, 1), BOB, "u")
    assert "Muted" not in told.note()
    assert Unmuted(was=False, workflow="ci") == told.desks[0].unmute(NoteId(1, 1), BOB, "v")
    expected = [(Deed.CI_MUTED, ALICE), (Deed.CI_MUTED, ALICE), (Deed.CI_UNMUTED, BOB)]
    assert expected == told.deeds()


def test_a_mute_that_is_repeated_after_others_ended_it_does_not_begin_anew(told):
    """Another replica does it half a minute later, where the first died right after it."""
    told.mutes()
    told.desks[0].unmute(NoteId(1, 1), BOB, "u")
    told.ground.clock.at += timedelta(seconds=30)
    assert isinstance(told.mutes(), Muted)
    assert "Muted" not in told.note()
    assert [(Deed.CI_MUTED, ALICE), (Deed.CI_UNMUTED, BOB)] == told.deeds()


def test_an_unmute_that_is_repeated_does_not_end_the_next_mute(told):
    told.mutes()
    told.desks[0].unmute(NoteId(1, 1), BOB, "u")
    told.mutes(span=Span.WEEK)
    assert Unmuted(was=True, workflow="ci") == told.desks[0].unmute(NoteId(1, 1), BOB, "u")
    assert "Muted" in told.note()


def test_crowds_of_several_channels_are_taken_in_one_order(tmp_path, postgres_server):
    """Who has the first channel and wants the second never waits for who does it the other way."""
    channels = {"ci-1": "C0ZOO", "ci-2": "C0ANT"}
    rules = [
        Rule(("acme/*",), None, (name,), Audience.CHANNEL, channel)
        for name, channel in channels.items()
    ]
    with postgres_server.database() as url:
        ground = Ground(tmp_path, url, rules=rules)
        (one,), now = ground.replicas, ground.clock.now()
        bodies = [ground.runs(BROKEN, workflow=name) for name in channels]
        with one.database.write() as connection:
            for body in bodies:
                mute = Mute(Extent.BRANCH, ALICE, now, now + timedelta(hours=1))
                mute_series(connection, workflow_run(body).series, mute)
        for body in bodies:
            ground.hears(body)
        one.inbox.work()
        ground.clock.at += timedelta(hours=1)
        with ThreadPoolExecutor(1) as pool:
            with one.database.write() as connection:
                one.book.turn_in(connection, "C0ANT")
                ending = pool.submit(desk_of(one).end_expired)
                until_somebody_waits(one.database)
                one.book.turn_in(connection, "C0ZOO")
            ending.result()
        told = {one.book.find(number).channel for number in (1, 2)}
        assert set(channels.values()) == told
        ground.close()


def until_somebody_waits(database):
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    for _ in range(5_000):
        with database.read() as connection:
            if connection.execute(waiting).scalar_one():
                return
    raise AssertionError("nobody waits")


# who may


class People:
    """Says of everybody the same."""

    def __init__(self, identity):
        self.identity, self.asked = identity, []

    def who(self, user, slugs, *, live):
        self.asked.append((user, tuple(slugs), live))
        return Who(self.identity)


def test_who_may_push_may_and_is_asked_about_live(told):
    github, account = told.ground.replicas[0].github, told.ground.fake.add_user("alice-kim")
    people = People(Identified(GitHubUser(account.id, "alice-kim")))
    writers = Writers(people, Collaborators(github))
    assert Reason.NOT_A_WRITER is writers.may(ALICE, REPO).reason
    told.ground.fake.let(REPO, "alice-kim", "write")
    assert Actor(ALICE, people.identity.user) == writers.may(ALICE, REPO)
    assert {(ALICE, (), True)} == set(people.asked)


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        (Unidentified(WhyNot.NOT_LINKED), Reason.NOT_LINKED),
        (Unidentified(WhyNot.GUEST), Reason.OUTSIDER),
        (Unknown("GitHub gave no answer"), Reason.NOT_ANSWERED),
    ],
)
def test_whoever_is_not_known_may_not(told, identity, reason):
    writers = Writers(People(identity), Collaborators(told.ground.replicas[0].github))
    assert reason is writers.may(ALICE, REPO).reason


def test_where_github_does_not_say_nobody_may(told):
    told.ground.fake.arm("permission", Fault(answer=lambda: Response(status=502)), times=5)
    writers = Writers(
        People(Identified(GitHubUser(1, "alice-kim"))),
        Collaborators(told.ground.replicas[0].github),
    )
    assert Reason.NOT_ANSWERED is writers.may(ALICE, REPO).reason
