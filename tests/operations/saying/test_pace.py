from datetime import timedelta

from bot.operations.saying.pace import ALL_POSTS, POSTS, POSTS_SPAN, Pace, Window
from tests.operations.standing_ground import Standing

SECOND = timedelta(seconds=1)


def test_a_channel_takes_a_short_burst_and_then_about_one_a_second():
    clock = Standing()
    pace = Pace(clock)
    assert POSTS == sum(pace.take_post("C0") for _ in range(50))
    sent = 0
    for _ in range(60):
        clock.at += SECOND
        sent += sum(pace.take_post("C0") for _ in range(50))
    assert 50 <= sent <= 60


def test_one_channel_does_not_slow_down_another_but_the_workspace_has_an_end():
    pace = Pace(Standing())
    assert pace.take_post("C0")
    sent = sum(pace.take_post(f"C{number}") for number in range(1000))
    assert ALL_POSTS - 1 == sent


def test_what_somebody_waits_for_is_sent_at_once_and_counted():
    clock = Standing()
    pace = Pace(clock)
    for _ in range(POSTS):
        pace.count_post("C0")
    assert not pace.take_post("C0")
    clock.at += POSTS_SPAN
    assert pace.take_post("C0")


def test_when_slack_asks_for_silence_updates_and_posts_have_their_own():
    clock = Standing()
    pace = Pace(clock)
    pace.close_posts(30 * SECOND)
    assert pace.take_update()
    assert not pace.take_post("C0")
    pace.close_updates(40 * SECOND)
    clock.at += 30 * SECOND
    assert pace.take_post("C0")
    assert not pace.take_update()
    assert 10.0 == pace.update_wait()
    clock.at += 10 * SECOND
    assert pace.take_update()


def test_in_any_window_no_more_than_allowed_pass():
    window = Window(5, timedelta(seconds=5))
    passed = []
    for tick in range(400):
        now = tick / 10
        if window.is_open(now):
            window.count(now)
            passed.append(now)
    assert max(sum(start <= one < start + 5 for one in passed) for start in passed) == 5
    assert len(passed) >= 39
