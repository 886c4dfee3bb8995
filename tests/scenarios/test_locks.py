"""Who holds what, and what stands still: typed in Slack, told where people look."""

from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
import sqlalchemy as sa

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from bot.operations.books.act_book import ActBook, Deed
from bot.operations.books.lock_book import LockBook
from bot.operations.sql.tables import locks
from sandbox.wire import Fault

BACKEND, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"
CHECKING = "Checking your rights"


@pytest.fixture
def people(story):
    @contextmanager
    def told(**options):
        with story("astrago", speed=60.0, **options) as world:
            yield People(world)

    return told


class People:
    """What people say to the bot about locks, and what they read."""

    def __init__(self, told):
        self.told, self.slack = told, told.slack
        self.database = told.inside.shipmate.database

    def says(self, text, by="U0ALICE"):
        """Type *text*; return the answer that follows the first one."""
        seen = {one.ts for one in self.slack.ephemerals(by)}
        first = self.told.types(text, by=by)
        assert CHECKING in first.words, first.words

        def answers():
            new = (one for one in self.slack.ephemerals(by) if one.ts not in seen)
            return [one.words for one in new if CHECKING not in one.words]

        assert self.told.world.until(lambda: answers() != [], 20)
        return answers()[-1]

    def channel(self):
        return [one.words for one in self.slack.messages("C0DEPLOY")]

    def reads(self, words, user=None):
        """Wait until *words* stand in the channel or in the person's own; return that message."""

        def found():
            place = self.channel() if user is None else [m.words for m in self.slack.dm(user)]
            return [one for one in place if words in one]

        assert self.told.world.until(lambda: found() != [], 20), (words, user)
        assert 1 == len(found()), found()
        return found()[0]

    def holders(self):
        now = self.told.world.clock.now()
        return [
            (one.target, one.lock.owner.github.login)
            for one in LockBook(self.database).standing(now)
        ]

    def deeds(self):
        """Return what was done and refused, oldest first; accounts seen first are no matter."""
        acts = reversed(ActBook(self.database).latest())
        return [(one.what.value, one.by) for one in acts if one.what is not Deed.LINKED]


def test_a_lock_keeps_others_out_until_it_is_taken_from_its_holder(people):
    with people() as they:
        told, sha = they.told, they.told.world.sha(BACKEND, BRANCH)[:8]

        said = they.says("/ship lock core stage for 2h because load test", by="U0BOB")
        assert "Locked core" in said.replace("\n", "")
        assert "/ship unlock core stage" in said
        they.reads("<@U0BOB> locked core in stage until")

        refused = told.ends(told.types(f"/deploy core {sha} stage"))
        assert (Phase.REFUSED, Reason.LOCKED) == (refused.phase, refused.problem.reason)
        shown = told.card(refused.id).words
        assert "<@U0BOB> holds the lock" in shown
        assert "load test" in shown
        assert "/ship unlock core stage" in shown

        held = they.says("/ship lock core stage because hotfix")
        assert "<@U0BOB> holds the lock on core in stage since" in held
        assert "/ship lock core stage steal because hotfix" in held
        assert [("core/stage", "bob-lee")] == they.holders()

        they.says("/ship lock core stage steal because hotfix")
        assert [("core/stage", "alice-kim")] == they.holders()
        they.reads("<@U0ALICE> locked core in stage, taken from <@U0BOB>: hotfix.")
        they.reads("<@U0ALICE> took your lock on core in stage: hotfix.", "U0BOB")

        told.goes_live(told.types(f"/deploy core {sha} stage"))
        they.says("/ship unlock core stage", by="U0BOB")
        they.reads("<@U0BOB> ended your lock on core in stage: hotfix.", "U0ALICE")
        assert ["locked", "refused", "stolen", "unlocked"] == [what for what, _ in they.deeds()]


def test_who_lacks_the_right_is_refused_and_learns_who_has_it(people):
    with people() as they:
        for text in (
            "/ship lock all stage because mine",
            "/ship lock core stage steal because mine",
            "/ship unlock core stage",
            "/ship freeze stage because mine",
            "/ship unfreeze stage",
        ):
            said = they.says(text, by="U0MALLORY")
            assert "<@U0MALLORY> may not" in said, (text, said)
            assert "sre" in said, (text, said)

        assert [] == they.holders()
        assert [("refused", "U0MALLORY")] * 5 == they.deeds()
        assert [] == they.channel()


def test_the_same_command_delivered_again_changes_nothing(people):
    with people() as they:
        they.says("/ship lock core stage because first", by="U0BOB")
        form = dict(parse_qsl(they.slack._http.sent[-1].body.decode()))
        they.says("/ship lock core stage steal because second")
        they.reads("taken from <@U0BOB>")

        # Signed anew at another second: a repeated request is not even read.
        assert 200 == they.slack.forge(form, age=30.0).status
        they.says("/ship lock batch stage because another")  # the pool has had its turn by then
        they.reads("<@U0ALICE> locked batch in stage")

        assert [("core/stage", "alice-kim"), ("batch/stage", "alice-kim")] == they.holders()
        assert ["locked", "stolen", "locked"] == [what for what, _ in they.deeds()]
        assert 3 == len(they.channel())


def test_time_ends_a_lock_and_old_ones_are_reminded_of(people):
    with people() as they:
        they.says("/ship lock core stage for 1m because quick")
        they.reads("The time of the lock on core in stage is over; <@U0ALICE> had it.")
        over = they.reads("The time of your lock on core in stage is over", "U0ALICE")
        assert "/ship lock core stage because" in over
        assert [] == they.holders()

        they.says("/ship lock all stage because audit", by="U0BOB")
        yesterday = they.told.world.clock.now() - timedelta(hours=25)
        with they.database.write() as connection:
            standing = sa.update(locks).where(locks.c.ended_at.is_(None))
            connection.execute(standing.values(since=yesterday))

        said = they.reads("You have held the lock on all in stage for 25 h", "U0BOB")
        assert "/ship unlock all stage" in said


def test_a_freeze_stops_the_line_until_it_is_lifted(people):
    with people() as they:
        told, sha = they.told, they.told.world.sha(BACKEND, BRANCH)[:8]

        they.says("/ship freeze stage because incident 42", by="U0BOB")
        they.reads("<@U0BOB> froze stage: incident 42.")
        refused = told.ends(told.types(f"/deploy core {sha} stage"))
        assert (Phase.REFUSED, Reason.FROZEN) == (refused.phase, refused.problem.reason)
        assert "incident 42" in told.card(refused.id).words

        told.types("/ship status stage", by="U0ALICE")
        assert told.world.until(
            lambda: any(
                "stage is frozen, with no end in sight. <@U0BOB> froze it" in one.words
                for one in they.slack.ephemerals("U0ALICE")
            ),
            20,
        )

        said = they.says("/ship unfreeze stage")
        assert "incident 42" in said
        they.reads("<@U0ALICE> lifted the freeze of stage, frozen by <@U0BOB>.")
        told.goes_live(told.types(f"/deploy core {sha} stage"))


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        pytest.param("/ship freeze prod because the fair", Reason.FROZEN, id="freeze"),
        pytest.param(
            "/ship lock user-service prod steal because mine", Reason.LOCKED, id="stolen lock"
        ),
    ],
)
def test_what_waits_for_approval_is_stopped_too(story, stop, reason):
    with story("pingvas", speed=60.0) as told:
        they, before = People(told), told.commits()
        they.says("/ship lock user-service prod because my deploy")
        sha = told.world.sha("pingvas/pingvas-studio", "main")
        number = told.operation(told.types(f"/deploy user-service {sha} prod because login")).id
        assert told.world.until(lambda: told.waits(number)), told.timeline(number)

        they.says(stop, by="U0BOB")
        told.slack.click("approve_operation", by="U0BOB")

        ended = told.ends_with_id(number)
        assert (Phase.REFUSED, reason) == (ended.phase, ended.problem.reason)
        assert before == told.commits()


def test_a_freeze_stops_what_waits_in_line_and_not_what_is_committed(story):
    with story("astrago") as told:
        they = People(told)
        first, second = (told.world.sha(BACKEND, f"{BRANCH}~{n}")[:8] for n in (1, 0))
        leading, waiting = (told.types(f"/deploy core {sha} stage") for sha in (first, second))
        assert told.world.until(lambda: told.operation(leading).written is not None)

        they.says("/ship freeze stage because incident", by="U0BOB")

        told.goes_live(leading)
        stopped = told.ends(waiting)
        assert (Phase.REFUSED, Reason.FROZEN) == (stopped.phase, stopped.problem.reason)
        assert 1 == sum("Shipmate-Operation" in message for _, message in told.commits())


def test_a_reason_is_shown_as_the_text_it_is(people):
    with people() as they:
        they.says("/ship lock core stage because <!channel> see <https://evil.example|our wiki>")
        they.reads("locked core")
        message = they.slack.cards("C0DEPLOY")[-1]
        assert "<!channel>" not in message.text
        leaves = [
            leaf
            for block in message.blocks
            for part in block["elements"]
            for leaf in part["elements"]
        ]
        assert {"text", "user"} == {leaf["type"] for leaf in leaves}


def test_slack_being_away_loses_no_announcement_and_stops_no_lock(people):
    with people() as they:
        they.slack.arm("chat.postMessage", Fault(drop="after"), times=2)
        they.says("/ship lock core stage because away")
        assert [("core/stage", "alice-kim")] == they.holders()
        # The first try reached Slack and was not answered: it is found, not said again.
        they.reads("<@U0ALICE> locked core in stage: away.")
        they.says("/ship unlock core stage")
        they.reads("<@U0ALICE> unlocked core in stage.")
        assert 2 == len(they.channel())
