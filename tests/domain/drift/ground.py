"""A world to find drift in: builders with good defaults; a test changes only what it is about."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.catalog import Application
from bot.domain.drift.finding import findings
from bot.domain.drift.items import Item, Unwell
from bot.domain.drift.reporting import Row
from bot.domain.drift.sight import Sight, Sighted
from bot.domain.environment_policy import EnvironmentPolicy
from bot.domain.locations import Kustomize, Location
from bot.domain.moving_tags import TagRule
from bot.domain.observation import Health, Observation, Sync
from bot.domain.tags import TagTemplate
from tests.builders import NOON, catalog, environment, target

IMAGE = "ghcr.io/acme/{}"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STRICT = EnvironmentPolicy("prod", tags=TagRule(deny=("*-rc",)))
OLD, NEW = "a" * 40, "b" * 40


def home(service, place, application=None):
    return target(
        service,
        place,
        source=f"acme/{service}",
        image=IMAGE.format(service),
        location=Location("acme/gitops", "main", f"{place}/{service}.yaml", Kustomize(service)),
        application=application or Application("main", f"{service}-{place}"),
        tags=(TagTemplate.parse("{sha}"), TagTemplate.parse("{version}")),
    )


def places(**prod):
    return [
        environment("stage", rules=EnvironmentPolicy("stage", tags=TagRule(moving_ok=True))),
        environment("prod", after="stage", production=True, **{"rules": STRICT, **prod}),
    ]


TARGETS = [home(service, place) for service in ("core", "web") for place in ("stage", "prod")]
CATALOG = catalog(TARGETS, places())


def seen(one, tags=(OLD,), **changes):
    made = Observation(
        instance="main",
        namespace="argocd",
        name=one.application.name,
        uid="u",
        project="default",
        sync=Sync.SYNCED,
        health=Health.HEALTHY,
        images=tuple(f"{one.image}:{tag}" for tag in tags),
        auto_sync=True,
        reconciled_at=NOON - timedelta(minutes=2),
    )
    return replace(made, **changes)


def sight(whole=True, git=None, **changes):
    """Everything is in order, but for *changes*: by the name of a target, what is seen there."""
    of = {one.name: one for one in TARGETS}
    applications = {one.application: Sighted(seen(one), whole=whole) for one in TARGETS}
    for name, change in changes.pop("apps", {}).items():
        one = of[name]
        applications[one.application] = (
            Sighted(seen(one, **change), whole=whole) if isinstance(change, dict) else change
        )
    tags = {(one.service, one.environment): OLD for one in TARGETS} | (git or {})
    return Sight(NOON, applications, tags, **changes)


def found(where=("stage", "prod"), **changes):
    """Return what drifted, as (kind, environment, subject)."""
    every = findings(CATALOG, sight(**changes), where, HOUR).items
    return [(one.kind.value, one.environment, one.subject) for one in every]


def only(where=("stage", "prod"), **changes):
    (one,) = findings(CATALOG, sight(**changes), where, HOUR).items
    return one


def row(number=1, **changes):
    item = Item("prod", "core-prod", ("core",), Unwell("Degraded"))
    return replace(Row(number, item, NOON - DAY), **changes)
