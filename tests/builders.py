"""One builder for each noun, with good defaults; a test changes only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.catalog import Application, Catalog, Environment, Instance, Target
from bot.domain.locations import Key, Location
from bot.domain.operations import Change, Kind, Operation, Phase, Plan, Request
from bot.domain.tags import TagTemplate

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHA = "a1b2c3d4" + "0" * 32
VALUES = "helmfile/environments/customers/xiilab/values.yaml"


def request(**changes):
    return replace(
        Request(Kind.DEPLOY, ("core",), "stage", "a1b2c3d4", "U0ALICE", "C0DEPLOY"), **changes
    )


def target(service="core", environment="stage", **changes):
    made = Target(
        service=service,
        environment=environment,
        source="xiilab/astrago-backend",
        image="ghcr.io/xiilab/astrago-backend",
        location=Location(
            "xiilab/astrago-deployment", "main", VALUES, Key(f"astrago.{service}.imageTag")
        ),
        application=Application("main", "astrago"),
        tags=(TagTemplate.parse("{service}-{env}-{sha:8}"),),
    )
    return replace(made, **changes)


def environment(name="stage", **changes):
    return replace(Environment(name, "C0DEPLOY", timedelta(minutes=15)), **changes)


def catalog(targets=None, environments=None):
    targets = targets or [target("batch"), target("core")]
    environments = environments or [environment()]
    return Catalog(
        environments={one.name: one for one in environments},
        services=tuple(dict.fromkeys(one.service for one in targets)),
        targets={(one.service, one.environment): one for one in targets},
        instances={"main": Instance("main", "https://argocd.example.com")},
    )


def plan(**changes):
    made = Plan(
        repo="xiilab/astrago-deployment",
        branch="main",
        commit=SHA,
        title="Fix the login",
        author="Kim",
        source="xiilab/astrago-backend",
        changes=(Change("core", VALUES, "core-stage-ba01", "core-stage-a1b2c3d4", "b" * 40),),
    )
    return replace(made, **changes)


def operation(**changes):
    made = Operation(
        id="D-1", key="k" * 32, request=request(), phase=Phase.RECEIVED, requested_at=NOON
    )
    return replace(made, **changes)
