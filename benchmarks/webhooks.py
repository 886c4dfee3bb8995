"""200 failing CI runs told by GitHub at one moment, and one of them twenty times more.

Timed is how long GitHub waits for the answer to each webhook, and how long it takes until all are
worked off; counted is what Slack hears of it. The real bot is a process of its own; 32 deliveries
are under way at once, each on a connection of its own.
"""

import json
import os
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks._bot import Bot, in_world, running
from benchmarks._figures import Figure
from sandbox.github.actions import Work
from sandbox.github.webhooks import signature
from sandbox.world import GITHUB_WEBHOOK_SECRET, World

REPOSITORY = "xiilab/astrago-backend"
RUNS, WORKFLOWS, AGAIN = 200, 10, 20
AT_ONCE = 32
GOAL = 1.0
"""Seconds that any answer may take; GitHub itself waits for ten."""

FAILING = Work("test", fails_at="Run tests", says=("expected 200, got 500",))


@dataclass(frozen=True, slots=True)
class Sent:
    """One webhook as it goes out."""

    delivery: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """How many *seconds* GitHub waited, and whether the delivery was taken."""

    seconds: float
    taken: bool


def run(console: Console, *, quick: bool = False) -> Sequence[Figure]:  # noqa: ARG001  # it always is
    """Measure, print, and return the figures of the one table."""
    with in_world("astrago") as (world, folder), running(world, folder) as bot:
        webhooks = _failures(world)
        posts, edits = _said(world)
        began = time.perf_counter()
        answered = _send(bot, webhooks + webhooks[:1] * AGAIN)
        _until_worked_off(bot)
        took = time.perf_counter() - began
        rows = bot.ask("SELECT count(*), sum(set_aside) FROM deliveries")[0]
        posts, edits = _said(world)[0] - posts, _said(world)[1] - edits
    answers = sorted(one.seconds for one in answered)
    refused = str(sum(not one.taken for one in answered))
    table = Table("answers", "median ms", "p99 ms", "slowest ms", "not taken")
    shown = (f"{each * 1000:.0f}" for each in _figures(answers))
    table.add_row(str(len(answers)), *shown, refused)
    console.print(table)
    slowest = answers[-1]
    console.print(
        f"{RUNS} failing runs of {WORKFLOWS} workflows and {AGAIN} repeats of one: {rows[0]} rows, "
        f"{rows[1]} set aside, worked off in {took:.1f} s; Slack heard {posts} posts and {edits} "
        f"edits meanwhile. Slowest answer {slowest * 1000:.0f} ms, goal < {GOAL:.0f} s: "
        f"{'reached' if slowest < GOAL else 'missed'}. "
        f"The machine's load was {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
    )
    middle, late, last = (f"{each * 1000:.0f}" for each in _figures(answers))
    return [
        Figure(
            f"webhook answers, {AT_ONCE} at once, p50 / p99 / slowest",
            f"{middle} / {late} / {last} ms",
            "GitHub waits 10 s",
            goal=f"slowest < {GOAL:.0f} s",
            reached=slowest < GOAL,
        )
    ]


def _failures(world: World) -> list[Sent]:
    """Return the webhooks of all runs; nothing has been sent yet."""
    kept: list[Mapping[str, Any]] = []
    world.github.deliver = lambda _event, payload, _guid=None: kept.append(payload)
    for number in range(RUNS):
        world.github.run_workflow(REPOSITORY, [FAILING], workflow=f"ci-{number % WORKFLOWS}")
    return [Sent(str(uuid.uuid4()), json.dumps(payload).encode()) for payload in kept]


def _send(bot: Bot, webhooks: Sequence[Sent]) -> list[Answer]:
    """Send all of them; return the answers."""

    def send(one: Sent) -> Answer:
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "workflow_run",
            "X-GitHub-Delivery": one.delivery,
            "X-Hub-Signature-256": signature(GITHUB_WEBHOOK_SECRET, one.body),
        }
        url = f"{bot.process.url}/webhooks/github"
        began = time.perf_counter()
        answer = client.post(url, content=one.body, headers=headers)
        took = time.perf_counter() - began
        return Answer(took, answer.is_success)

    alone = httpx.Limits(max_keepalive_connections=0)
    with (
        httpx.Client(verify=False, timeout=60, limits=alone) as client,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        return list(pool.map(send, webhooks))


def _until_worked_off(bot: Bot) -> None:
    waits = "SELECT count(*) FROM deliveries WHERE settled_at IS NULL"
    while bot.ask(waits)[0][0]:
        threading.Event().wait(0.05)


def _said(world: World) -> tuple[int, int]:
    return world.slack.count("chat.postMessage"), world.slack.count("chat.update")


def _figures(answers: Sequence[float]) -> tuple[float, float, float]:
    return answers[len(answers) // 2], answers[int(0.99 * (len(answers) - 1))], answers[-1]
