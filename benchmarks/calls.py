"""Who is asked how often for one command, from the word to the commit, through the whole bot.

The real bot in the sandbox's Flash Tickets, everybody 50 ms away each way: a deploy to staging, one
to production with every rule but an approval, and one with an approval, too. Beside it the calls by
which a person or a script learns the same facts with command line tools, one after the other.
"""

import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from benchmarks import _by_hand
from benchmarks._bot import QUICK, Bot, in_world, running, until
from benchmarks._journal import Asked, Journal
from benchmarks._latency import LatencyProxy
from sandbox.slack.workspace import Message
from sandbox.systems.flash_tickets.system import CODE
from sandbox.world import World

DELAY = 0.050
"""Seconds each way to everybody."""

GOAL = 8
"""Requests before the commit, for a deploy of one service to production with all rules on."""

RELEASE = "v1.3.0"
CHANNEL, ASKER, APPROVER = "C0DEPLOY", "U0ALICE", "U0BOB"
SOAK = 5.0
"""Seconds to wait for the soak, which asks for one; Argo CD's times are whole seconds."""

READING, AT_ONCE = 20.0, 1.0
"""Seconds until the approver clicks. People need more; after 15 the bot reads all facts anew."""

PARTS = {
    "decide": "until it is decided",
    "click": "at the click",
    "turn": "right before the commit",
}
APPROVALS = re.compile(r"    approvals: .*\n")


@dataclass(frozen=True, slots=True)
class Way:
    """One command's way: its calls by part, and the seconds that the bot needed in all."""

    name: str
    calls: Mapping[str, list[Asked]]
    seconds: float

    @property
    def asked(self) -> int:
        """Return how many calls learned something."""
        return sum(not one.tells for calls in self.calls.values() for one in calls)


def run(console: Console) -> None:
    """Measure and print."""
    stage, alone, named = _measure_without_approval()
    approved, by_hand = _measure_with_approval()
    ways = (stage, alone, named, approved)
    for way in ways:
        console.print(_table(way))
    console.print(_summary(ways, by_hand))
    for way in (alone, approved):
        reached = "reached" if way.asked <= GOAL else "MISSED"
        console.print(
            f"{way.name}: {way.asked} requests before the commit, goal ≤ {GOAL}: {reached}"
        )


def _all_rules(text: str, approvals: str) -> str:
    """Return Flash Tickets' configuration with *approvals*, a soak of one second, and a freeze."""
    text = APPROVALS.sub(approvals, text)
    freeze = '    freeze: [{dates: ["2020-12-24..2021-01-02"], zone: Asia/Seoul}]\n'
    return text.replace("    soak: 5m\n", f"    soak: 1s\n{freeze}")


def _measure_without_approval() -> tuple[Way, Way, Way]:
    """Return the ways to staging, to production, and to production by a release's name."""
    with _bot_far_away(partial(_all_rules, approvals="")) as (bot, journal, _):
        sha = _second_version(bot, journal)
        stage = _deploy(bot, journal, f"api {sha} staging", "stage")
        alone = _deploy(bot, journal, f"api {sha} prod", "prod, every rule but approval")
        for environment in ("dev", "staging"):
            _deploy(bot, journal, f"web {RELEASE} {environment}")
        return stage, alone, _deploy(bot, journal, f"web {RELEASE} prod", "the same by a release")


def _measure_with_approval() -> tuple[Way, _by_hand.Way]:
    """Return the way to production that one person has to approve, and the same facts by hand."""
    approvals = "    approvals: {count: 1, from: [sre]}\n"
    with _bot_far_away(partial(_all_rules, approvals=approvals)) as (bot, journal, far):
        sha = _second_version(bot, journal)
        _deploy(bot, journal, f"api {sha} staging")
        by_hand = _by_hand.measure(bot.world, far, RELEASE)
        name = "prod, every rule, one approval"
        return _deploy(bot, journal, f"api {sha} prod", name, READING), by_hand


@contextmanager
def _bot_far_away(
    config: Callable[[str], str],
) -> Iterator[tuple[Bot, Journal, dict[str, str]]]:
    """Yield a bot, the journal of its calls, and the far addresses of all fakes by their names."""
    with ExitStack() as stack:
        world, folder = stack.enter_context(in_world("flash_tickets", QUICK, config))
        far = {
            wire.name: stack.enter_context(LatencyProxy(urlsplit(wire.url).port or 0, DELAY)).url
            for wire in world.wires
        }
        bot = stack.enter_context(running(world, folder, **distant(world, folder, far)))
        yield bot, Journal(world), far


def _second_version(bot: Bot, journal: Journal) -> str:
    """Bring a first version of api out everywhere and a second one to dev; return that.

    So connections are open and tokens known, and what runs names its commit, as it usually does.
    """
    sha = bot.world.sha(CODE, "main")[:12]
    for environment in ("dev", "staging", "prod"):
        _deploy(bot, journal, f"api {sha} {environment}")
    second = bot.world.github.push(CODE, "main", {"n.txt": "2\n"}, message="fix: a second")[:12]
    _deploy(bot, journal, f"api {second} dev")
    return second


def distant(world: World, folder: Path, far: Mapping[str, str]) -> dict[str, str]:
    """Return what makes the bot see everybody from afar."""
    world.environment("sqlite://")
    text = (folder / "shipmate.yaml").read_text(encoding="utf-8")
    place = folder / "distant.yaml"
    for wire in world.wires:
        text = text.replace(wire.url, far[wire.name])
    place.write_text(text, encoding="utf-8")
    return {
        "SHIPMATE_CONFIG": str(place),
        "GITHUB_API_URL": far[world.github.name] + urlsplit(world.github.api_url).path,
        "SLACK_API_URL": far[world.slack.name] + urlsplit(world.slack.api_url).path,
        "AWS_ENDPOINT_URL_ECR": far[world.ecr.name],
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "ap-northeast-2"),
    }


def _deploy(bot: Bot, journal: Journal, what: str, name: str = "", reading: float = AT_ONCE) -> Way:
    if what.endswith(" prod"):
        threading.Event().wait(SOAK)
    world, start = bot.world, bot.world.clock.now()
    text = f"/deploy {what}"
    said = world.slack.type(text, by=ASKER, channel=CHANNEL)
    found = re.search(r"D-\d+", said.words)
    assert found, said
    clicked = _approved(bot, found[0], reading)
    until(lambda: bot.under_way() == 0, f"the end of {text}, {bot.problem(found[0])},")
    entered = bot.entered(found[0])
    assert "live" in entered, f"{text} ended otherwise: {bot.problem(found[0])}"
    calls = journal.until_the_commit(start)
    decided = entered.get("awaiting", entered["queued"])
    waited = clicked - decided if clicked is not None else timedelta()
    took = entered["following"] - start - waited
    return Way(name, _by_part(calls, decided, entered["queued"]), took.total_seconds())


def _approved(bot: Bot, operation: str, reading: float) -> datetime | None:
    """Approve *operation* if it asks for that; return when that was."""
    until(
        lambda: {"awaiting", "queued", "refused"} & set(bot.entered(operation)),
        "the decision",
        pause=0.01,
    )
    if "awaiting" not in bot.entered(operation):
        return None
    world = bot.world
    until(lambda: _button(world, operation), "the approvers' card")
    threading.Event().wait(reading)
    message = _button(world, operation)
    clicked = world.clock.now()
    said = world.slack.click("approve_operation", by=APPROVER, message=message)
    assert said.error is None, said
    return clicked


def _button(world: World, operation: str) -> Message | None:
    """Return the card of *operation*, once it can be approved."""
    for card in world.slack.cards(CHANNEL):
        for block in card.blocks:
            if block.get("block_id") == f"{operation}:decide":
                return card
    return None


def _by_part(calls: list[Asked], decided: datetime, queued: datetime) -> dict[str, list[Asked]]:
    """Return *calls* by the part they belong to."""
    return {
        "decide": [one for one in calls if one.at <= decided],
        "click": [one for one in calls if decided < one.at <= queued],
        "turn": [one for one in calls if one.at > max(decided, queued)],
    }


def _table(way: Way) -> Table:
    table = Table(
        "asked", *PARTS.values(), title=f"{way.name}: outbound requests before the commit"
    )
    counts = {part: Counter(_called(one) for one in calls) for part, calls in way.calls.items()}
    every = {what for count in counts.values() for what in count}
    for what in sorted(every, key=lambda one: (one.startswith("told"), one)):
        table.add_row(what, *(str(counts[part][what] or "") for part in PARTS))
    return table


def _called(one: Asked) -> str:
    return f"told in {one.system}" if one.tells else f"{one.system}: {one.what}"


def _summary(ways: tuple[Way, ...], by_hand: _by_hand.Way) -> Table:
    title = (
        f"command → commit, everybody {DELAY * 1000:.0f} ms away each way, people's time left out"
    )
    table = Table("way", "requests", "seconds", title=title)
    for way in ways:
        table.add_row(way.name, str(way.asked), f"{way.seconds:.2f}")
    table.add_row(
        "the facts of prod alone, by hand", str(by_hand.requests), f"{by_hand.seconds:.2f}"
    )
    return table
