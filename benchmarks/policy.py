"""The whole policy, judged: every rule over the facts of one service, ten, a hundred."""

import platform
import time
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.checks import Green
from bot.domain.environment_policy import EnvironmentPolicy
from bot.domain.facts import (
    Ancestry,
    Facts,
    ImageFound,
    Proposal,
    RanBefore,
    Relation,
    Resolved,
    RunsNow,
    TargetFacts,
)
from bot.domain.rights import (
    Action,
    GitHubUser,
    Grant,
    Identified,
    Membership,
    Permissions,
    Standing,
)
from bot.domain.rules import RULES, NeedsApproval, judge
from bot.domain.stops.freezes import calendar_freeze

SERVICES = (1, 10, 100)
SECONDS = 1.0
"""How long each size is measured, in processor time."""

AT = datetime(2026, 11, 18, 12, tzinfo=UTC)
SHA = "a1b2c3d4" + "0" * 32


def run(console: Console) -> None:
    """Measure and print."""
    table = Table("services", "decisions a second", "one decision (ms)", "rulings in it")
    for number in SERVICES:
        proposal, facts = _asked(number)
        judged = judge(proposal, facts)
        assert isinstance(judged.decision, NeedsApproval), judged.decision
        rate = _rate(proposal, facts)
        table.add_row(str(number), f"{rate:,.0f}", f"{1000 / rate:.3f}", str(len(judged.rulings)))
    console.print(f"[bold]policy[/]: {len(RULES)} rules · Python {platform.python_version()}")
    console.print(table)


def _rate(proposal: Proposal, facts: Facts) -> float:
    """Return how many decisions are made in a second of processor time."""
    start, count = time.process_time(), 0
    while (spent := time.process_time() - start) < SECONDS:
        judge(proposal, facts)
        count += 1
    return count / spent


def _asked(number: int) -> tuple[Proposal, Facts]:
    """Return a deploy of *number* services to production, and facts that every rule passes."""
    names = tuple(f"service-{n}" for n in range(number))
    freeze = calendar_freeze("Asia/Seoul", "sat-sun", (), "17:00", "")
    sre = frozenset({"sre"})
    policy = EnvironmentPolicy(
        "prod", "stage", timedelta(minutes=30), ApprovalRule(1, sre), freezes=(freeze,)
    )
    facts = Facts(
        at=AT,
        who=Identified(GitHubUser(1, "alice")),
        memberships={"release": Membership(Standing.YES)},
        permissions=Permissions((Grant(Action.DEPLOY, "prod", frozenset({"release"})),)),
        environments=("dev", "stage", "prod"),
        policy=policy,
        targets=tuple(_target(name) for name in names),
    )
    return Proposal(Action.DEPLOY, names, "prod", "a1b2c3d4", "U0ALICE"), facts


def _target(service: str) -> TargetFacts:
    return TargetFacts(
        service=service,
        environment="prod",
        homes=("dev", "stage", "prod"),
        image_repository=f"ghcr.io/acme/{service}",
        source=f"acme/{service}",
        commit=Resolved(SHA, "Fix the login"),
        tag=f"{service}-prod-a1b2c3d4",
        checks=Green(12),
        image=ImageFound("sha256:" + "d" * 64),
        in_git=f"{service}-prod-00000000",
        runs=RunsNow((f"{service}-prod-00000000",), "Healthy", "Synced"),
        before=RanBefore(
            "stage",
            same=True,
            tags=(f"{service}-stage-a1b2c3d4",),
            health="Healthy",
            healthy_since=AT - timedelta(hours=1),
        ),
        ancestry=Ancestry(Relation.AHEAD, ahead=3),
        ran_here=False,
        locks=(),
        holds=(),
    )
