"""From a change in Argo CD to the card that says so: the stream beside looking every ten seconds.

The real bot follows one deploy after the other. Two events of each are timed, from the moment the
pretended Argo CD has them to the moment the pretended Slack has taken the edit: the new Pods begin
to roll, and the application becomes Healthy. The second says "live"
only after another look, two to three seconds later, as Argo CD is known to say Healthy too early.
"""

import statistics
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks._bot import Bot, in_world, running, until
from sandbox.argocd import Tempo
from sandbox.world import World

DEPLOYS = 6
GOAL = 1.0
POLL = 10.0
"""Seconds between two looks of a bot that polls, as many deploy scripts do."""

APPLICATION = "my-app"
NEXT = "the world's next move"
AT_ONCE = 0.003
"""Seconds within which a change is seen by who measures."""

REST = 1.0
"""Seconds between two deploys. Slack's limit on edits is 50 a minute, and ours is below that."""

TEMPO = Tempo(
    reconcile_delay=timedelta(seconds=0.2),
    # Long enough that the pause of 2.5 s after the card's edit before is over.
    operation_delay=timedelta(seconds=3.5),
    status_gap=timedelta(seconds=0.2),
    rollout_duration=timedelta(seconds=1),
    termination_grace=timedelta(seconds=0.2),
)


@dataclass(frozen=True, slots=True)
class Told:
    """One event: seconds until the card showed it, and until a poller would have looked."""

    card: float
    poller: float


def run(console: Console) -> None:
    """Measure and print."""
    with in_world("guide", TEMPO) as (world, folder), running(world, folder) as bot:
        _deploy(world, bot, 0, time.perf_counter())  # connects everything; does not count
        began = time.perf_counter()
        pairs = [_deploy(world, bot, number, began) for number in range(1, DEPLOYS + 1)]
    rolling, live = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    console.print(_table(rolling, live))
    median, worst = _middle(rolling), max(one.card for one in rolling)
    console.print(
        f"event → card edited: median {median * 1000:.0f} ms, slowest {worst * 1000:.0f} ms, goal "
        f"< {GOAL:.0f} s: {'reached' if worst < GOAL else 'missed'}. Live is said "
        f"{_middle(live):.1f} s after the event, confirmed by a second look; the poller has none."
    )


def _deploy(world: World, bot: Bot, number: int, began: float) -> tuple[Told, Told]:
    """Deploy a new commit; return when the card told that it rolls, and that it is live."""
    application = _Application(world)
    sha = world.github.push("org/my-app", "main", {"n.txt": f"{number}"}, message=f"n {number}")
    said = world.slack.type(f"/deploy my-app {sha[:8]} prod", by="U0ALICE", channel="C0DEPLOY")
    assert "D-" in said.words, said
    application.becomes("Progressing")
    rolls = time.perf_counter()
    edits = world.slack.count("chat.update")
    until(lambda: world.slack.count("chat.update") > edits, NEXT, pause=AT_ONCE)
    rolling = Told(time.perf_counter() - rolls, POLL - (rolls - began) % POLL)
    application.becomes("Healthy")
    healthy = time.perf_counter()
    until(lambda: world.slack.card().text.endswith("It is live."), NEXT, pause=AT_ONCE)
    live = Told(time.perf_counter() - healthy, POLL - (healthy - began) % POLL)
    until(lambda: not bot.under_way(), NEXT, pause=AT_ONCE)
    threading.Event().wait(REST)
    return rolling, live


class _Application:
    """What the pretended Argo CD says of the application, once it has synced a new commit."""

    def __init__(self, world: World) -> None:
        self._argocd = world.argocd
        self._before = self._status()["sync"].get("revision")

    def becomes(self, health: str) -> None:
        """Return as soon as it is synced to the new commit and *health*."""
        until(lambda: self._is(health), NEXT, pause=AT_ONCE)

    def _is(self, health: str) -> bool:
        status = self._status()
        sync = status["sync"]
        is_new = sync["status"] == "Synced" and sync.get("revision") != self._before
        return bool(is_new and status["health"].get("status") == health)

    def _status(self) -> Any:
        return self._argocd.application(APPLICATION)["status"]


def _middle(told: list[Told]) -> float:
    return statistics.median(one.card for one in told)


def _table(rolling: list[Told], live: list[Told]) -> Table:
    title = f"event in Argo CD → card edited, {DEPLOYS} deploys (s: median / slowest)"
    table = Table("event", "Shipmate", f"looking every {POLL:.0f} s, the wait alone", title=title)
    for name, told in {
        "new Pods begin to roll": rolling,
        "healthy": live,
    }.items():
        polls = [one.poller for one in told]
        table.add_row(
            name,
            f"{_middle(told):.2f} / {max(one.card for one in told):.2f}",
            f"{statistics.median(polls):.1f} / {max(polls):.1f}",
        )
    return table
