"""What was acked survives its process: a lock, and a yes, killed before and after they are done."""

import pytest

from bot.domain.operations import Phase
from bot.operations.books.lock_book import LockBook
from tests.durable.lives import Lives
from tests.durable.test_approvals import guarded, said, waits

pytestmark = pytest.mark.slow


def test_a_lock_killed_after_its_ack_stands_once_and_its_owner_reads_so(tmp_path, database_url):
    points = ("words:1:before", "words:1:between")
    with Lives(tmp_path, database_url, points=points) as lives:
        bot = lives.alive()
        lives.types("/ship lock core stage because of a migration")

        lives.dies_and_lives_until(bot, lambda: answered(lives))

        (lock,) = LockBook(lives.database).standing(lives.world.clock.now())
        assert "core/stage" == lock.target
        assert 1 == len(
            [one for one in lives.slack.messages("C0DEPLOY") if "locked" in one.words.lower()]
        )


def answered(lives):
    return any("Locked" in one.words for one in lives.slack.ephemerals("U0ALICE"))


def test_a_click_on_approve_killed_after_its_ack_counts_once(tmp_path, database_url):
    points = ("approve:1:before", "approve:1:between")
    with Lives(tmp_path, database_url, points=points, config=guarded) as lives:
        bot = lives.alive()
        operation = lives.deploys()
        lives.until(lambda: waits(lives, operation))
        lives.slack.click("approve_operation", by="U0BOB")

        lives.dies_and_lives_until(bot, lambda: lives.is_over(operation))

        lives.assert_done_once(operation, Phase.LIVE)
        assert ["U0BOB"] == said(lives, operation)
