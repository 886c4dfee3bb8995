"""pinksea invokeai-saas: manifests beside the code, Rollouts blue-green and canary.

Both environments are read from ``main``, as the seed's applications do; images of dev come from
``develop``. The seed's ``worker`` has no application, so nobody deploys it.
"""

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

REPO = "pinksea-ai/invokeai-saas"
OLD = {
    "user-service": ("develop-abc123", "main-def456"),
    "payment-service": ("develop-abc123", "v1.2.2"),
    "generation-service": ("develop-9d8e7f6", "main-def456"),
    "gallery-service": ("develop-abc123", "main-def456"),
    "model-service": ("develop-1234567", "main-0b5a9e1"),
}
SETS = {"dev": "microservices-dev", "prod": "microservices"}

PINKSEA = System(
    name="pinksea",
    title="pinksea invokeai-saas",
    package=__package__,
    gitops=REPO,
    branch="main",
    code=(
        CodeRepository(
            REPO,
            "main",
            (
                CodeCommit("main", *SEOYEON, "feat(user): 워크스페이스 초대", tag="v1.2.2"),
                CodeCommit("develop", *JUNHO, "feat(model): LoRA 업로드"),
                CodeCommit("main", *JIMIN, "fix(gallery): 썸네일 회전", tag="v1.2.3"),
                CodeCommit("develop", *JUNHO, "feat(generation): SDXL turbo"),
                CodeCommit("main", *SEOYEON, "fix(payment): retry webhooks once"),
            ),
        ),
    ),
    applications=tuple(
        Application(
            f"{service}-{environment}",
            "default",
            f"https://github.com/{REPO}.git",
            f"k8s/overlays/{environment}/{service}",
            "main",
            environment,
            Kustomized(),
            Owner("ApplicationSet", made_by),
        )
        for environment, made_by in SETS.items()
        for service in OLD
    ),
    builds=tuple(
        Build(REPO, f"ghcr.io/pinksea-ai/{service}", branch, tag)
        for service in OLD
        for branch, tag in (
            ("main", "main-{sha:7}"),
            ("main", "{version}"),
            ("develop", "develop-{sha:7}"),
        )
    ),
    images=tuple(
        f"ghcr.io/pinksea-ai/{service}:{tag}" for service, tags in OLD.items() for tag in tags
    ),
    deploys=(
        *(Deploy((service,), "dev", REPO, "develop") for service in OLD),
        Deploy(("gallery-service",), "prod", REPO, "v1.2.3"),
        *(Deploy((service,), "prod", REPO, "main") for service in OLD),
    ),
    people=PEOPLE,
    teams=TEAMS,
    channels=CHANNELS,
)
