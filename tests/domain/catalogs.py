"""A catalog for tests of what people type: three environments, services with dashes."""

from collections.abc import Mapping
from datetime import timedelta

from bot.domain.catalog import Application, Catalog, Environment, Target
from bot.domain.locations import Kustomize, Location
from bot.domain.tags import TagTemplate

HOMES = {
    "core": ("dev", "stage", "prod"),
    "batch": ("dev", "stage"),
    "user-service": ("dev", "prod"),
    "frontend": ("prod",),
}
ENVIRONMENTS = ("dev", "stage", "prod")


def catalog(
    homes: Mapping[str, tuple[str, ...]] = HOMES, environments: tuple[str, ...] = ENVIRONMENTS
) -> Catalog:
    """Return a catalog of the services in *homes*, each in its environments."""
    return Catalog(
        environments={
            name: Environment(name, "C0DEPLOY", timedelta(minutes=15), after=before)
            for name, before in zip(environments, (None, *environments), strict=False)
        },
        services=tuple(homes),
        targets={
            (service, environment): target(service, environment)
            for service, names in homes.items()
            for environment in names
        },
    )


def target(service: str, environment: str) -> Target:
    """Return a target of a kustomize overlay."""
    file = f"apps/{service}/overlays/{environment}/kustomization.yaml"
    return Target(
        service=service,
        environment=environment,
        source=f"acme/{service}",
        image=f"ghcr.io/acme/{service}",
        location=Location("acme/gitops", "main", file, Kustomize(service)),
        application=Application("main", f"{service}-{environment}"),
        tags=(TagTemplate.parse("{sha:7}"),),
    )
