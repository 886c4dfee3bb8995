from datetime import timedelta

import pytest

from bot.messages.times import elapsed, lasted


@pytest.mark.parametrize(
    ("seconds", "running", "over"),
    [
        (-3, "a moment", "0 s"),
        (4.9, "a moment", "4 s"),
        (5, "5 s", "5 s"),
        (59, "55 s", "59 s"),
        (60, "1 min", "1 min 0 s"),
        (3_599, "59 min", "59 min 59 s"),
        (3_600, "1 h 0 min", "1 h 0 min"),
        (90_061, "25 h 1 min", "25 h 1 min"),
    ],
)
def test_a_span_reads(seconds, running, over):
    span = timedelta(seconds=seconds)
    assert (running, over) == (elapsed(span), lasted(span))
