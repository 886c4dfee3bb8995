from datetime import timedelta

from bot.operations.cards import BUCKET, REFILL_PER_SECOND, Budget


def test_a_burst_is_bounded_and_then_refills_at_slacks_pace():
    budget = Budget(at=0.0)
    assert BUCKET == sum(budget.take(0.0) for _ in range(100))
    assert not budget.take(0.5)
    assert budget.take(1 / REFILL_PER_SECOND + 0.1)


def test_in_any_minute_fewer_than_fifty_are_sent():
    """Slack's Tier 3: ``chat.update`` allows about 50 a minute for the whole workspace."""
    budget = Budget(at=0.0)
    sent = [tick / 4 for tick in range(4 * 300) if budget.take(tick / 4)]
    assert max(sum(start <= one < start + 60 for one in sent) for start in sent) < 50


def test_when_slack_asks_for_silence_nothing_is_sent():
    budget = Budget(at=0.0)
    budget.close(0.0, timedelta(seconds=30))
    assert not budget.take(29.0)
    assert budget.take(30.0)
