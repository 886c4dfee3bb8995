"""Killed (SIGKILL) at any moment, a bad version goes back by itself once, and is told of once."""

import pytest

from bot.domain.operations import Phase
from bot.operations.books.hold_book import HoldBook
from tests.durable.lives import Lives

pytestmark = pytest.mark.slow

IMAGE = "ghcr.io/xiilab/astrago-backend"
BAD, BACK = "D-2", "D-3"
LINES = ("watched", "announced", "requested")
EVERYWHERE = (
    *(f"{BAD}/{line}:1:{when}" for line in LINES for when in ("before", "after")),
    f"{BACK}/start:1:before",
    f"{BACK}.hold.0/write:1:between",
)
"""A request that is written and not handed to the engine is found by the next start."""


def by_itself(text):
    """Return the ``shipmate.yaml`` of a stage in which bad versions go back."""
    place = "production: false}"
    assert place in text
    back = "rollback: {auto: true, after: 90s, grace: 10s}"
    return text.replace(place, f"production: false, {back}}}")


def goes_wrong(lives):
    """Bring a good version live and let a bad one fail; return the bot and both tags."""
    bot = lives.alive()
    first = lives.deploys(lives.version(1))
    lives.until(lambda: lives.is_over(first))
    good, bad = (f"core-stage-{lives.version(back)}" for back in (1, 0))
    lives.argocd.tempo.progress_deadline /= 4
    lives.argocd.break_image(IMAGE, bad, "CrashLoopBackOff")
    assert BAD == lives.deploys(lives.version())
    return bot, good, bad


def assert_back_once(lives, good, bad):
    assert Phase.FAILED is lives.phase(BAD)
    lives.assert_done_once(BACK, Phase.LIVE)
    assert [good, bad, good] == lives.tags()[-3:]
    (hold,) = [one.hold for one in HoldBook(lives.database).standing(targets=["core/stage"])]
    assert (bad, BACK, "shipmate") == (hold.tag, hold.operation, hold.by.slack)
    assert [BACK, BAD, "D-1"] == [one.id for one in lives.store.latest()]
    (card,) = lives.cards(BAD)
    told = [one.words for one in lives.slack.messages(card.channel, thread=card.ts)]
    assert ["goes back by itself", "takes"] == [
        next(word for word in ("goes back by itself", "takes") if word in one) for one in told
    ]
    in_person = [one.words for one in lives.direct_messages()]
    assert 1 == sum("goes back by itself" in one for one in in_person)


def is_over(lives):
    """Tell whether it went back, and everybody has been told."""
    operation = lives.store.operation(BACK)
    if operation is None or not lives.is_over(BACK):
        return False
    (card,) = lives.cards(BAD)
    return len(lives.slack.messages(card.channel, thread=card.ts)) > 1


def test_killed_at_every_point_of_an_automatic_rollback(tmp_path):
    url = f"sqlite:///{tmp_path / 'shipmate.db'}"
    with Lives(tmp_path, url, points=EVERYWHERE, config=by_itself) as lives:
        bot, good, bad = goes_wrong(lives)
        lives.dies_and_lives_until(bot, lambda: is_over(lives))
        assert_back_once(lives, good, bad)


def test_another_replica_goes_on_and_nothing_is_done_twice(tmp_path, postgres_server):
    """The first one dies when it has announced it; the second one was there all the time."""
    point = f"{BAD}/announced:1:after"
    with (
        postgres_server.database() as address,
        Lives(tmp_path, address, points=[point], config=by_itself) as lives,
    ):
        bot, good, bad = goes_wrong(lives)
        second = lives.bot()
        second.start()
        lives.until(lambda: is_over(lives))
        assert bot.died(0) or second.died(0)
        assert_back_once(lives, good, bad)
