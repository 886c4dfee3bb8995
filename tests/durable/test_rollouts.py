"""Killed (SIGKILL) in the middle of moving a Rollout: one move, one line, one message, or none."""

import pytest

from bot.domain.operations import Phase, Stage
from bot.operations.books.act_book import ActBook, Deed
from bot.operations.books.move_book import EFFECT
from sandbox.slack.contents import interactive
from sandbox.systems import system
from sandbox.wire import Fault
from sandbox.world import unguarded
from tests.durable.lives import Lives

pytestmark = pytest.mark.slow

SERVICE = "user-service"
APP = "user-service-dev"
PROMOTE, ABORT, RESTART = "rollout_promote", "rollout_abort", "rollout_restart"
ASKED = "application.action2"


class Moving(Lives):
    """A blue-green service of pinksea in dev, in a bot that dies while people move it."""

    def __init__(self, folder, url, *, points=()):
        super().__init__(folder, url, points=points, of=system("pinksea"), config=unguarded)

    def _is_healthy(self):
        status = self.argocd.application(APP)["status"]
        found = status["sync"].get("status"), status.get("health", {}).get("status")
        return found == ("Synced", "Healthy")

    def pauses(self):
        """Deploy, and wait until a person has to say how it goes on; return the id."""
        sha = self.world.sha("pinksea-ai/invokeai-saas", "develop")[:7]
        self.types(f"/deploy {SERVICE} {sha} dev")
        (operation,) = self.store.latest()
        self.until(lambda: self.is_paused(operation.id))
        return operation.id

    def is_paused(self, number):
        """Whether it is known to pause and its card, drawn a bit later, has the button."""
        stages = [one.stage for one in self.store.operation(number).progress]
        blocks = [block for card in self.cards(number) for block in card.blocks]
        buttons = [each for block in blocks for each in interactive(block)]
        return Stage.PAUSED in stages and PROMOTE in [each["action_id"] for each in buttons]

    def clicks(self, action, message, by="U0BOB"):
        self.slack.click(action, by=by, message=message)

    def dies(self, bot, when, action, message):
        """Let *bot* die before or after Argo CD takes what the click asks for."""
        self.argocd.arm(ASKED, Fault(kill=bot.pid, kill_when=when))
        self.clicks(action, message)
        assert bot.died(60)

    def shows(self):
        """Return a Rollout's own card, with buttons, for Bob."""
        seen = len(self.slack.ephemerals("U0BOB"))
        self.types(f"/ship rollout {SERVICE} dev", by="U0BOB")
        self.until(lambda: len(self.slack.ephemerals("U0BOB")) >= seen + 2)
        return self.slack.ephemerals("U0BOB")[-1]

    # what came of it

    def asked(self):
        """Return what Argo CD took, in order."""
        return [one.json()["action"] for one in self.argocd.calls if one.route == ASKED]

    def lines(self, number):
        lines = self.store.timeline(number)
        return [(one.detail["move"], one.by) for one in lines if "move" in one.detail]

    def messages(self):
        told = [one.words for one in self.slack.messages("C0DEV")]
        return [one for one in told if "the rollout of" in one]

    def not_taken(self):
        acts = ActBook(self.database).latest()
        return [one.detail["not_taken"] for one in acts if "not_taken" in one.detail]

    def claims(self):
        acts = ActBook(self.database).latest()
        return [one for one in acts if one.what is Deed.ROLLOUT and "not_taken" not in one.detail]


def test_killed_once_argo_cd_has_taken_it_the_line_is_written_later(tmp_path, postgres_server):
    """The deploy may be through by then; its timeline says whose promote it was all the same."""
    with postgres_server.database(filled=True) as address, Moving(tmp_path, address) as lives:
        bot = lives.alive()
        number = lives.pauses()
        lives.dies(bot, "after", PROMOTE, lives.cards(number)[0])
        assert [] == lives.lines(number)

        bot.start()
        lives.slack.connect(bot.url)
        lives.until(lambda: lives.is_over(number) and lives.lines(number) != [])

        assert Phase.LIVE is lives.phase(number)
        assert [("resume", "U0BOB")] == lives.lines(number)
        assert ["resume"] == lives.asked()
        assert [] == lives.messages()
        assert [] == lives.not_taken()


def test_killed_before_argo_cd_hears_of_it_the_next_life_asks_for_it_once(tmp_path):
    with Moving(tmp_path, f"sqlite:///{tmp_path / 'shipmate.db'}") as lives:
        bot = lives.alive()
        number = lives.pauses()
        lives.dies(bot, "before", PROMOTE, lives.cards(number)[0])

        bot.start()
        lives.slack.connect(bot.url)
        lives.until(lambda: lives.is_over(number))

        assert Phase.LIVE is lives.phase(number)
        assert [("resume", "U0BOB")] == lives.lines(number)
        assert ["resume"] * 2 == lives.asked()  # the first one before it had any effect
        assert [] == lives.not_taken()
        assert [] == lives.messages()

        # No operation follows it any more: what is done is told to the channel.
        shown = lives.shows()
        lives.dies(bot, "before", RESTART, shown)
        bot.start()
        lives.slack.connect(bot.url)
        lives.until(lambda: len(lives.messages()) == 1)
        assert ["restart"] * 2 == lives.asked()[2:]

        shows = lives.world.clock.now() + EFFECT  # the same is asked for again only then
        lives.until(lambda: lives.world.clock.now() > shows)
        lives.dies(bot, "after", RESTART, lives.shows())
        bot.start()
        lives.slack.connect(bot.url)
        lives.until(lambda: len(lives.messages()) == 2)
        assert ["restart"] * 3 == lives.asked()[2:]
        assert 3 == len(lives.claims())
        for said in lives.messages():
            assert "restarted the rollout of user-service in dev" in said
            assert "U0BOB" in said
