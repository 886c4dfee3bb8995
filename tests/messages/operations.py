"""One operation as tests change it: Alice deploys core and batch of Astrago to stage."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.operations import (
    Change,
    Kind,
    Operation,
    Phase,
    Plan,
    Progress,
    Request,
    Stage,
    Written,
)

ASKED = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SHA = "a1b2c3d4" + "0" * 32
ARGO = "https://argocd.example.com/applications/astrago"
FILE = "helmfile/environments/customers/xiilab/values.yaml"

REQUEST = Request(
    kind=Kind.DEPLOY,
    services=("batch", "core"),
    environment="stage",
    version="a1b2c3d4",
    requester="U0ALICE",
    channel="C0DEPLOY",
)
PLAN = Plan(
    repo="xiilab/astrago-deployment",
    branch="main",
    commit=SHA,
    title="fix(core): 로그인 세션 만료 <30분> & 재로그인",
    author="김서연",
    source="xiilab/astrago-backend",
    changes=(
        Change("batch", FILE, "batch-stage-ba01", "batch-stage-a1b2c3d4", "b" * 40),
        Change("core", FILE, "core-stage-ba01", "core-stage-a1b2c3d4", "b" * 40),
    ),
)
WRITTEN = Written(
    "f00dcafe" + "1" * 32, "https://github.com/xiilab/astrago-deployment/commit/f00dcafe", ASKED
)


def operation(phase: Phase = Phase.RECEIVED, **changes: Any) -> Operation:
    """Return D-4821 in *phase*, entered when it was asked for, with *changes*."""
    plain = Operation("D-4821", "k" * 26, REQUEST, phase, ASKED, entered={phase: ASKED})
    return replace(plain, **changes)


def following(*stages: Stage) -> tuple[Progress, ...]:
    """Return the progress of batch and core in these *stages*."""
    health = {Stage.LIVE: "Healthy", Stage.FAILED: "Degraded"}
    return tuple(
        Progress(service, "astrago", ARGO, stage, "Synced", health.get(stage, "Progressing"))
        for service, stage in zip(("batch", "core"), stages, strict=True)
    )


def after(**span: float) -> datetime:
    """Return the time so long after the request."""
    return ASKED + timedelta(**span)
