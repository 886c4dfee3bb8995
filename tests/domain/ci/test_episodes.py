"""From the first failure to the recovery, whatever order the reports come in."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ci.episodes import News, Track, hear
from bot.domain.ci.runs import Conclusion, Verdict
from tests.domain.ci.runs import green, run


def told(*runs):
    """Return the news of each of *runs*, and the track after all of them."""
    track, news = Track(), []
    for one in runs:
        heard = hear(track, one)
        track = heard.track
        news.append(heard.news)
    return news, track


BEGAN, AGAIN, RECOVERED = News.BEGAN, News.AGAIN, News.RECOVERED
NOTHING, EARLIER = News.NOTHING, News.EARLIER


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        pytest.param([green(1)], [NOTHING], id="a success alone is no news"),
        pytest.param([run(1)], [BEGAN], id="the first failure"),
        pytest.param([run(1), run(1)], [BEGAN, NOTHING], id="the same twice"),
        pytest.param([run(1), run(2), run(3)], [BEGAN, AGAIN, AGAIN], id="further failures"),
        pytest.param([run(1), green(2)], [BEGAN, RECOVERED], id="the next push mends it"),
        pytest.param([run(1), green(1, 2)], [BEGAN, RECOVERED], id="a re-run mends it"),
        pytest.param([run(1), run(1, 2)], [BEGAN, AGAIN], id="a re-run fails again"),
        pytest.param([run(1), green(2), green(3)], [BEGAN, RECOVERED, NOTHING], id="stays green"),
        pytest.param([run(1), green(2), run(3)], [BEGAN, RECOVERED, BEGAN], id="a new episode"),
        pytest.param([green(2), run(1)], [NOTHING, NOTHING], id="the failure comes after the cure"),
        pytest.param([run(2), green(1)], [BEGAN, NOTHING], id="the success before it comes late"),
        pytest.param([run(2), run(1)], [BEGAN, EARLIER], id="an earlier failure comes late"),
        pytest.param([run(2), run(1), run(1)], [BEGAN, EARLIER, NOTHING], id="late, and twice"),
        pytest.param(
            [green(2), run(3), run(1)], [NOTHING, BEGAN, NOTHING], id="late, from before a success"
        ),
        pytest.param(
            [run(1), run(2), green(1, 2)], [BEGAN, AGAIN, NOTHING], id="an old run is mended"
        ),
        pytest.param(
            [run(1), green(2), run(1, 2)], [BEGAN, RECOVERED, NOTHING], id="an old run fails again"
        ),
        pytest.param(
            [run(1), green(2), run(2, 2)], [BEGAN, RECOVERED, BEGAN], id="what was green fails anew"
        ),
    ],
)
def test_what_is_news(runs, expected):
    assert expected == told(*runs)[0]


@pytest.mark.parametrize("silent", [one for one in Conclusion if one != "success"])
def test_only_a_success_ends_an_episode(silent):
    _, track = told(run(1), run(2, conclusion=silent))
    assert track.episode.stands


@pytest.mark.parametrize(
    ("conclusion", "red"),
    [
        ("failure", True),
        ("timed_out", True),
        ("startup_failure", True),
        ("action_required", True),
        ("cancelled", False),
        ("stale", False),
        ("neutral", False),
        ("skipped", False),
        ("unknown", False),
        ("success", False),
    ],
)
def test_which_conclusions_begin_one(conclusion, red):
    news, _ = told(run(1, conclusion=Conclusion(conclusion)))
    assert ([BEGAN] if red else [NOTHING]) == news


def test_an_episode_knows_its_first_its_last_and_its_cure():
    _, track = told(run(3), run(2), run(4), green(5))
    episode = track.episode
    assert (2, 4, 5) == (episode.first.number, episode.last.number, episode.recovery.number)
    assert (3, 1) == (episode.failures, episode.number)


RUNS = st.builds(
    run,
    st.integers(1, 5),
    st.integers(1, 3),
    st.sampled_from([Conclusion.SUCCESS, Conclusion.FAILURE, Conclusion.CANCELLED]),
)


@given(st.lists(RUNS, max_size=8, unique_by=lambda one: one.place), st.randoms())
def test_the_order_of_the_reports_does_not_decide_whether_the_branch_fails(runs, chance):
    shuffled = [*runs, *runs[:2]]
    chance.shuffle(shuffled)
    track = reduce(lambda track, one: hear(track, one).track, shuffled, Track())
    decisive = [one for one in runs if one.verdict is not Verdict.SILENT]
    newest = max(decisive, key=lambda one: one.place, default=None)
    failing = newest is not None and newest.verdict is Verdict.RED
    assert failing == (track.episode is not None and track.episode.stands)
    if failing:
        assert newest == track.episode.last
