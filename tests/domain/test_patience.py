from datetime import timedelta

import pytest

from bot.domain.patience import LONGEST, LONGEST_ASKED, next_try


@pytest.mark.parametrize(
    ("failures", "asked", "expected"),
    [
        pytest.param(1, None, 2, id="first"),
        pytest.param(3, None, 8, id="doubles"),
        pytest.param(50, None, LONGEST.total_seconds(), id="is bounded"),
        pytest.param(1, 30, 30, id="as long as asked"),
        pytest.param(9, 5, LONGEST.total_seconds(), id="longer than asked"),
        pytest.param(1, 86400, LONGEST_ASKED.total_seconds(), id="not as long as a day"),
    ],
)
def test_next_try(failures, asked, expected):
    span = None if asked is None else timedelta(seconds=asked)
    assert expected == next_try(failures, span).total_seconds()


def test_nothing_failed_is_a_mistake():
    with pytest.raises(ValueError, match="nothing failed"):
        next_try(0)
