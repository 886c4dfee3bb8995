"""People at a terminal of a pretended world: their own tokens, and what they read there."""

import io
import json
from dataclasses import dataclass
from functools import partial

from rich.console import Console

from bot.terminal import decisions, drift, looks, orders, stops
from bot.terminal.ends import End
from bot.terminal.orders import Waiting
from bot.terminal.out import Out
from bot.terminal.running import run

ORDERS = ("deploy", "promote", "rollback")
WORKS = {
    "approve": decisions.approve,
    "reject": decisions.reject,
    "cancel": decisions.cancel,
    "status": looks.show_status,
    "why": looks.show_why,
    "diff": looks.show_diff,
    "drift": drift.show_drift,
    "rollout": looks.show_rollout,
    "whoami": looks.show_whoami,
}
ALICE, BOB, CAROL, MALLORY = "alice-kim", "bob-lee", "carol-park", "mallory"
SLACKS = ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN", "SLACK_API_URL")


@dataclass
class Told:
    """How a command ended, and what was read."""

    end: End
    text: str

    @property
    def rows(self):
        return [json.loads(line) for line in self.text.splitlines()]


class Terminals:
    """A terminal for each person; nothing of Slack's is in their environment."""

    def __init__(self, world, database_url):
        self.world = world
        given = world.environment(database_url)
        self.environment = {name: one for name, one in given.items() if name not in SLACKS}
        for login in (ALICE, BOB, CAROL, MALLORY):
            world.github.add_token(f"ghp_own-{login}", login)

    def types(self, words, by=ALICE, as_json=False, waiting=None, **environment):
        """Type *words* behind ``shipmate``; return how it ended, and what *by* read."""
        verb, *rest = words if isinstance(words, list) else words.split()
        told = io.StringIO()
        out = Out(Console(file=told, width=200), as_json=as_json)
        theirs = {**self.environment, "SHIPMATE_AS": f"ghp_own-{by}", **environment}
        end = run(out, partial(self._work, verb, rest, waiting), theirs, self.world.clock)
        return Told(end, told.getvalue())

    def _work(self, verb, rest, waiting, on):
        if verb in ORDERS:
            return orders.order(on, verb, rest, waiting or Waiting())
        if verb == "follow":
            return decisions.again(on, rest, waiting.most if waiting else None)
        work = WORKS.get(verb)
        return work(on, rest) if work else stops.stop(on, verb, rest)
