"""One deploy of core to prod that every rule lets through; a test changes what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

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
    Actor,
    GitHubUser,
    Grant,
    Identified,
    Membership,
    Permissions,
    Standing,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHA = "a1b2c3d4" + "0" * 32
TAG = "core-prod-a1b2c3d4"
ALICE = Actor("U0ALICE", GitHubUser(1, "alice"))
BOB = Actor("U0BOB", GitHubUser(2, "bob"))
CAROL = Actor("U0CAROL", GitHubUser(3, "carol"))
DAVE = Actor("U0DAVE", GitHubUser(4, "dave"))

IN, OUT = Membership(Standing.YES), Membership(Standing.NO)
PENDING = Membership(Standing.PENDING)
UNREAD = Membership(Standing.UNKNOWN, "GitHub gave no answer")
TWO_OF_SRE = ApprovalRule(2, frozenset({"sre"}), authors_ok=False)

PERMISSIONS = Permissions(
    (
        Grant(Action.DEPLOY, "prod", frozenset({"release"})),
        Grant(Action.ROLLBACK, "prod", frozenset({"release", "oncall"})),
        Grant(Action.OVERRIDE, "prod", frozenset({"admins"})),
    )
)


def proposal(**changes):
    made = Proposal(Action.DEPLOY, ("core",), "prod", "a1b2c3d4", "U0ALICE")
    return replace(made, **changes)


def policy(**changes):
    made = EnvironmentPolicy(
        "prod", after="stage", soak=timedelta(minutes=30), approvals=TWO_OF_SRE
    )
    return replace(made, **changes)


def target_facts(**changes):
    made = TargetFacts(
        service="core",
        environment="prod",
        homes=("dev", "stage", "prod"),
        image_repository="ghcr.io/xiilab/astrago-backend",
        source="xiilab/astrago-backend",
        commit=Resolved(SHA, "Fix the login"),
        tag=TAG,
        checks=Green(12),
        image=ImageFound("sha256:" + "d" * 64),
        in_git="core-prod-ba01",
        runs=RunsNow(("core-prod-ba01",), "Healthy", "Synced"),
        before=RanBefore(
            "stage", True, ("core-stage-a1b2c3d4",), "Healthy", NOON - timedelta(minutes=30)
        ),
        ancestry=Ancestry(Relation.AHEAD, ahead=3),
        ran_here=False,
        locks=(),
        holds=(),
    )
    return replace(made, **changes)


def facts(*targets, **changes):
    made = Facts(
        at=NOON,
        who=Identified(ALICE.github),
        memberships={"release": IN, "oncall": OUT, "admins": OUT, "sre": OUT},
        permissions=PERMISSIONS,
        environments=("dev", "stage", "prod"),
        policy=policy(),
        targets=targets or (target_facts(),),
    )
    return replace(made, **changes)
