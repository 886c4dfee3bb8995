"""``history``: how long what happened is kept."""

import json
import re
from datetime import timedelta

import pytest

from bot.config import load, schema
from bot.config.history import History
from tests.config.test_config import GOOD, problems


def test_without_a_word_everything_is_kept():
    assert load(GOOD).keep is None
    assert load(GOOD + "history: {}\n").keep is None


@pytest.mark.parametrize(("text", "days"), [("30d", 30), ("400d", 400), ("36500d", 36_500)])
def test_it_is_kept_for_so_many_days(text, days):
    assert timedelta(days=days) == load(GOOD + f"history: {{keep: {text}}}\n").keep
    pattern = schema()["$defs"][History.__name__]["properties"]["keep"]
    assert re.search(json.loads(json.dumps(pattern))["anyOf"][0]["pattern"], text)


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("400", "`400` has no unit"),
        *((one, "at least 30d") for one in ("29d", "0d", "36501d", "1y", "12h", "-40d", "٤٠٠d")),
        ('"400d "', "at least 30d"),
        ("true", "must be a text"),
        ("[400d]", "must be a text"),
    ],
)
def test_what_is_no_such_time_is_told(keep, expected):
    (told,) = problems(GOOD + f"history:\n  keep: {keep}\n")
    assert expected in str(told)


def test_a_mistyped_key_is_told():
    (told,) = problems(GOOD + "history: {kep: 400d}\n")
    assert "keep" in str(told)
