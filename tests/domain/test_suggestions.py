"""The names a person may have meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.suggestions import LONGEST, nearest

NAMES = ("core", "batch", "monitor", "frontend", "user-service", "user-worker")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("cor", ("core",), id="a letter is missing"),
        pytest.param("coree", ("core",), id="a letter too many"),
        pytest.param("croe", ("core",), id="letters swapped"),
        pytest.param("CORE", ("core",), id="in capitals"),
        pytest.param("user-servce", ("user-service", "user-worker"), id="best first"),
        pytest.param("front", ("frontend",), id="cut short"),
        pytest.param("user", ("user-service", "user-worker"), id="equals in the given order"),
        pytest.param("zzz", (), id="nothing is near"),
        pytest.param("", (), id="nothing typed"),
        pytest.param("core" * LONGEST, (), id="too long for a typo"),
    ],
)
def test_the_nearest_names_come_best_first(word, expected):
    assert expected == nearest(word, NAMES)


def test_no_more_than_asked_for():
    assert ("web-1", "web-2") == nearest("web", ("web-1", "web-2", "web-3"), most=2)


def test_the_long_form_of_a_short_name_is_near():
    assert ("prod",) == nearest("production", ("dev", "stage", "prod"))


@given(st.text(), st.lists(st.text(max_size=10), max_size=8))
def test_only_given_names_are_named(word, names):
    assert set(nearest(word, names)) <= set(names)
