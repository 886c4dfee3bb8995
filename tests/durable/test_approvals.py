"""Production waits for people through kills and restarts: one yes, one commit, one card."""

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from bot.operations.sql.tables import outbox
from bot.shipmate import DRAIN
from sandbox.process import Process
from sandbox.slack.delivery import End
from sandbox.wire import Fault
from tests.durable.lives import SPEED, Lives

pytestmark = pytest.mark.slow

WHEN = ("before", "between", "after")
ASKED = (
    "check:1:between",
    "announce:1:between",
    *(f"wait:1:{when}" for when in WHEN),
)
DECIDED = (
    "wake:1:before",  # the yes is written down, and the workflow knows nothing of it
    *(f"wait:2:{when}" for when in WHEN),
    *(f"recheck:1:{when}" for when in WHEN),
)
"""What comes after it is as in any deploy."""


def guarded(text, expires="4h"):
    """Return the ``shipmate.yaml`` with a stage that is production: one of sre has to say yes."""
    rules = f"production: true, approvals: {{count: 1, from: [sre], expires: {expires}}}"
    assert "production: false" in text
    return text.replace("production: false", rules)


@pytest.fixture
def begin(on_sqlite):
    """Begin the lives of a bot whose stage asks for approval."""
    return partial(on_sqlite, config=guarded)


def waits(lives, operation):
    """Tell whether people can decide: it waits, and its card stands with both buttons."""
    card = lives.cards(operation) and lives.cards(operation)[0]
    has_buttons = card and any(block["type"] == "actions" for block in card.blocks)
    return lives.phase(operation) is Phase.AWAITING and has_buttons


def said(lives, operation):
    """Return who said yes, by what is written down."""
    told = lives.store.timeline(operation)
    return [entry.by for entry in told if entry.what == "approve"]


class Insistent:
    """Somebody who clicks Approve again, a second later, until their yes is taken."""

    def __init__(self, lives, operation, user="U0BOB"):
        self._lives, self._operation, self._user = lives, operation, user
        self._next = lives.world.clock.now()

    def has_approved(self):
        """Click if it is time; return whether the yes is written down."""
        now = self._lives.world.clock.now()
        if not said(self._lives, self._operation) and now >= self._next:
            self._next = now + timedelta(seconds=SPEED)
            self._lives.slack.click("approve_operation", by=self._user)
        return said(self._lives, self._operation) != []


def test_killed_at_every_point_of_an_approved_deploy(tmp_path, database_url):
    """The two databases wake those who wait each in its own way."""
    points = (*ASKED, *DECIDED)
    with Lives(tmp_path, database_url, points=points, config=guarded) as lives:
        bot = lives.alive()
        operation = lives.deploys()
        bob = Insistent(lives, operation)

        def is_over():
            if set(ASKED) <= set(lives.reached()) and waits(lives, operation):
                bob.has_approved()
            return lives.is_over(operation)

        lives.dies_and_lives_until(bot, is_over)

        lives.assert_done_once(operation, Phase.LIVE)
        assert ["U0BOB"] == said(lives, operation)
        assert "Approved by" in lives.cards(operation)[0].words
        assert [] == lives.direct_messages()


def test_it_expires_also_while_nobody_lives(begin):
    with begin(config=partial(guarded, expires="1m")) as lives:
        bot = lives.alive()
        operation = lives.deploys()
        lives.until(lambda: waits(lives, operation))
        bot.kill()
        over = lives.store.operation(operation).requested_at + timedelta(seconds=100)
        while lives.world.clock.now() < over:
            lives.slack.click("approve_operation", by="U0BOB")  # the bot is dead: nothing comes

        bot.start()
        lives.until(lambda: lives.is_over(operation))

        lives.assert_done_once(operation, Phase.REFUSED, commits=0, says="expired")
        assert Reason.APPROVAL_EXPIRED is lives.store.operation(operation).problem.reason
        (told,) = lives.direct_messages()
        assert operation in told.words


def test_a_yes_at_one_replica_wakes_the_workflow_in_the_other(tmp_path, postgres_server):
    with (
        postgres_server.database() as address,
        Lives(tmp_path, address, config=guarded) as lives,
    ):
        lives.alive()
        operation = lives.deploys()
        lives.until(lambda: waits(lives, operation))
        other = lives.bot()
        other.start()
        lives.slack.connect(other.url)

        clicked = lives.world.clock.now()
        lives.slack.click("approve_operation", by="U0BOB")
        lives.until(lambda: lives.phase(operation) is not Phase.AWAITING)
        span = lives.real(lives.world.clock.now() - clicked)
        lives.until(lambda: lives.is_over(operation))

        print(f"it went on {span:.1f} s after the click at the other replica")
        assert span < 15  # by itself it would look after half a minute
        lives.assert_done_once(operation, Phase.LIVE)


def test_asked_to_stop_it_goes_at_once_and_what_is_clicked_meanwhile_is_clicked_again(
    begin, tmp_path
):
    with begin() as lives:
        bot = Process(lives.environment, lives.world.clock, tmp_path / "plain.log")
        try:
            bot.start()
            lives.slack.connect(bot.url)
            operation = lives.deploys()
            lives.until(lambda: waits(lives, operation))
            asked = lives.world.clock.now()
            assert 0 == bot.stop(30), bot.log.read_text("utf-8")
            span = lives.real(lives.world.clock.now() - asked)
            print(f"stopped {span:.1f} s after it was asked")
            assert span < DRAIN.total_seconds()
        finally:
            bot.kill()

        reply = lives.slack.click("approve_operation", by="U0BOB")
        assert End.UNREACHED is reply.outcome.end
        lives.alive()
        assert [] == said(lives, operation)
        assert waits(lives, operation)

        lives.slack.click("approve_operation", by="U0BOB")
        lives.until(lambda: lives.is_over(operation))
        lives.assert_done_once(operation, Phase.LIVE)
        assert ["U0BOB"] == said(lives, operation)


def breakable(text):
    """Return the guarded ``shipmate.yaml``, and let carol's team deploy as well."""
    assert "deploy: {stage: [sre]}" in text
    return guarded(text).replace("[sre]}\n", "[sre, platform-admins]}\n", 1)


def test_an_override_is_announced_once_whenever_the_bot_dies(begin):
    """Between writing it down and the engine's record, and when Slack had just taken it."""
    with begin(config=breakable, points=["check:1:between"]) as lives:
        bot = lives.alive()
        dies_announcing(lives, bot)
        words = f"/deploy core {lives.version()} stage override because the shop is down"
        lives.types(words, by="U0CAROL")
        (operation,) = [one.id for one in lives.store.latest()]
        announced = f"{lives.store.operation(operation).key}.override"
        assert bot.died(60)
        lives.slack.disarm()
        bot.start(wait=False)
        if announced not in keys(lives):
            dies_announcing(lives, bot)
            assert bot.died(60)
            bot.start(wait=False)

        lives.dies_and_lives_until(bot, lambda: lives.is_over(operation) and is_empty(lives))

        lives.assert_done_once(operation, Phase.LIVE)
        assert [announced] == [one for one in keys(lives) if one.endswith(".override")]


def dies_announcing(lives, bot):
    """Let *bot* die as soon as Slack has taken the announcement."""
    lives.slack.arm(
        "chat.postMessage",
        Fault(kill=bot.pid, kill_when="after"),
        when=lambda request: b".override" in request.data,
    )


def keys(lives):
    """Return the keys of the bot's messages in all channels."""
    return [message.metadata["event_payload"]["key"] for message in lives.slack.cards()]


def is_empty(lives):
    """Tell whether every letter is settled."""
    with lives.database.read() as connection:
        waiting = sa.select(outbox.c.id).where(outbox.c.settled_at.is_(None))
        return connection.execute(waiting).first() is None
