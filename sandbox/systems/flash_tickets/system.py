"""Flash Tickets: kustomize, one overlay a service and environment, under an app-of-apps.

The seed names only the prod applications (``flash-tickets-api``); those of dev and staging carry
the environment's name behind. ``your-org`` of the seed is ``flash-tickets`` here.
"""

from dataclasses import replace

from sandbox.systems.nouns import (
    Application,
    Build,
    CodeCommit,
    CodeRepository,
    Deploy,
    Kustomized,
    Owner,
    System,
)
from sandbox.systems.people import CHANNELS, JIMIN, JUNHO, PEOPLE, SEOYEON, TEAMS

CODE = "flash-tickets/flash-tickets"
GITOPS = "https://github.com/flash-tickets/flash-tickets-gitops"
ECR = "210987654321.dkr.ecr.ap-northeast-2.amazonaws.com"
SERVICES = ("api", "gateway", "pay", "web")
OLD = {"dev": "latest", "staging": "8c2f41d", "prod": "v1.2.3"}


def _old(service: str, environment: str) -> str:
    return "1.10" if (service, environment) == ("pay", "prod") else OLD[environment]


def _application(service: str, environment: str) -> Application:
    name = f"flash-tickets-{service}"
    return Application(
        name if environment == "prod" else f"{name}-{environment}",
        "flash-tickets-prod" if environment == "prod" else "default",
        GITOPS,
        f"apps/{service}/overlays/{environment}",
        "HEAD",
        f"flash-tickets-{environment}",
        Kustomized(),
        Owner("Application", "flash-tickets-apps"),
    )


FLASH_TICKETS = System(
    name="flash_tickets",
    title="Flash Tickets",
    package=__package__,
    gitops="flash-tickets/flash-tickets-gitops",
    branch="main",
    code=(
        CodeRepository(
            CODE,
            "main",
            (
                CodeCommit("main", *JUNHO, "feat(api): 좌석 선점 TTL", tag="v1.2.3"),
                CodeCommit("main", *JIMIN, "feat(web): 대기열 화면"),
                CodeCommit("main", *JUNHO, "fix(pay): 결제 취소 멱등 키", tag="v1.3.0"),
                CodeCommit("main", *SEOYEON, "refactor(gateway): rate limit per ticket"),
            ),
        ),
    ),
    applications=tuple(
        _application(service, environment) for service in SERVICES for environment in OLD
    ),
    builds=tuple(
        Build(CODE, f"{ECR}/flash-tickets-{service}", "main", tag)
        for service in SERVICES
        for tag in ("{sha}", "{version}")
    ),
    images=tuple(
        f"{ECR}/flash-tickets-{service}:{_old(service, environment)}"
        for service in SERVICES
        for environment in OLD
    ),
    deploys=tuple(
        Deploy((service,), environment, CODE, ref)
        for environment, ref in (
            ("dev", "v1.3.0"),
            ("staging", "v1.3.0"),
            ("prod", "v1.3.0"),
            ("dev", "main"),
        )
        for service in SERVICES
    ),
    people=PEOPLE,
    teams=TEAMS,
    channels=CHANNELS,
)

FLASH_TICKETS_MONDAY = replace(FLASH_TICKETS, name="drift", title="Flash Tickets, a Monday")
