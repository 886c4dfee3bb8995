"""Builders for the decision table's tests: a good application, changed by what a test is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.observation import (
    Health,
    Observation,
    OperationPhase,
    OperationState,
    Resource,
    Sync,
)
from bot.domain.verdict import Expectation, Relation

T = "a" * 40
NEWER, OLDER, OTHER = "b" * 40, "c" * 40, "d" * 40
RELATIONS = {NEWER: Relation.CONTAINS, OLDER: Relation.OLDER, OTHER: Relation.DIVERGED}
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DEADLINE = timedelta(minutes=10)
IMAGE = "ghcr.io/acme/web"

EXPECTED = Expectation(
    commit=T,
    image=IMAGE,
    tag="2",
    committed_at=NOW,
    deadline=NOW + DEADLINE,
    key="op-1",
)

WEB = Resource("Deployment", "web", "web", "apps", "v1", sync=Sync.SYNCED, health=Health.HEALTHY)
ROLLOUT = replace(WEB, kind="Rollout", group="argoproj.io", version="v1alpha1")


def ended(phase: OperationPhase = OperationPhase.SUCCEEDED, **changes: object) -> OperationState:
    """Return an operation of T that ended a minute ago."""
    state = OperationState(
        phase,
        message="successfully synced (all tasks run)",
        started_at=NOW - timedelta(seconds=65),
        finished_at=NOW - timedelta(seconds=60),
        revisions=(T,),
    )
    return replace(state, **changes)  # type: ignore[arg-type]


def running(message: str = "", **changes: object) -> OperationState:
    """Return an operation of T under way."""
    changes = {"phase": OperationPhase.RUNNING, "finished_at": None, "message": message} | changes
    return ended(**changes)  # type: ignore[arg-type]


LIVE = Observation(
    instance="main",
    namespace="argocd",
    name="web",
    uid="u1",
    project="default",
    sync=Sync.SYNCED,
    health=Health.HEALTHY,
    revisions=(T,),
    operation_state=ended(),
    reconciled_at=NOW - timedelta(seconds=30),
    images=(f"{IMAGE}:2", "envoy:1.30"),
    resources=(WEB,),
    auto_sync=True,
)


def seen(**changes: object) -> Observation:
    """Return a live application with *changes*."""
    return replace(LIVE, **changes)  # type: ignore[arg-type]
