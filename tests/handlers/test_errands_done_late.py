"""An errand over the real books, by a second replica where the first died before or after it."""

import pytest

from bot.domain.commands.nouns import Lock, Unlock
from bot.messages.stops.locking import lock_answer, unlock_answer
from handlers.errands import ALONE, Errand, Errands, Reply, asked_at
from tests.handlers.test_errands import Replica, Workspace, acked, dies_after_the_ack
from tests.operations.standing_ground import Ground

ALICE, BOB = "U0ALICE", "U0BOB"
UNLOCK = Unlock(("core",), "prod")
MINE = Lock(("core",), "prod", None, "mine")
STEAL = Lock(("core",), "prod", None, "mine", steal=True)
THEIRS = Lock(("core",), "prod", None, "theirs")


@pytest.fixture
def ground(database):
    return Ground(database)


@pytest.fixture
def replicas(ground, database):
    both = [Replica(database, Workspace(), ground.clock, []) for _ in range(2)]
    for one in both:
        one.errands = Errands(
            doers(ground), one.inbox, one.speaker, one.speaker._slack, ground.clock
        )
    yield both
    for one in both:
        one.close()


def doers(ground):
    def lock(wish):
        return lambda facts: lock_answer(
            ground.locking.lock(wish, ALICE, facts["asked"], asked_at(facts))
        )

    def unlock(facts):
        answer = ground.locking.unlock(UNLOCK, ALICE, facts["asked"], asked_at(facts))
        return unlock_answer(answer, ALICE)

    return {"lock": lock(MINE), "steal": lock(STEAL), "unlock": unlock}


@pytest.mark.parametrize("done", [False, True], ids=["died before it", "died right after it"])
@pytest.mark.parametrize("name", ["unlock", "lock", "steal"])
def test_what_others_locked_since_stays_theirs(ground, replicas, name, done):
    first, second = replicas
    errand = Errand(name, "command:1", Reply(ALICE, channel="C1"), {"asked": "command:1"})
    dies_after_the_ack(first, errand)
    if done:
        first.errands._do(errand)
    ground.locking.unlock(UNLOCK, ALICE, "command:2")
    ground.clock.at += ALONE / 2
    ground.locking.lock(THEIRS, BOB, "command:3")
    ground.clock.at += ALONE / 2
    second.inbox.work()
    (standing,) = ground.lock_book.standing(ground.clock.now())
    assert BOB == standing.lock.owner.slack


def test_an_unlock_that_was_done_at_once_says_the_same_when_it_is_repeated(ground, replicas):
    first, second = replicas
    ground.locking.lock(THEIRS, BOB, "command:0")
    errand = Errand("unlock", "command:1", Reply(ALICE, channel="C1"), {"asked": "command:1"})
    first.errands.run(errand, acked)
    first.speaker.close()
    again = second.errands._do(errand)
    assert again.text == first.speaker._slack.said[0][-1]
    assert () == ground.lock_book.standing(ground.clock.now())
