"""Pingvas Studio: kustomize; prod by one overlay a service, dev by one overlay for all of them.

The seed shows a dev overlay but no dev application; one overlay makes one: ``pingvas-dev``.
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

CODE = "pingvas/pingvas-studio"
GITOPS = "https://github.com/pingvas/pingvas-gitops.git"
ECR = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"
SUFFIX = {"ai-worker": "-cuda"}
OLD = {
    "user-service": "abc123def",
    "generation-service": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c",
    "payment-service": "77d0c1f26c3fa5d9a7a9f30b0f4a4e5b1c2d3e4f",
    "gallery-service": "abc123def",
    "ai-worker": "abc123def-cuda",
    "frontend": "abc123def",
}

PINGVAS = System(
    name="pingvas",
    title="Pingvas Studio",
    package=__package__,
    gitops="pingvas/pingvas-gitops",
    branch="main",
    code=(
        CodeRepository(
            CODE,
            "main",
            (
                CodeCommit("main", *SEOYEON, "feat(user): 소셜 로그인"),
                CodeCommit("develop", *JUNHO, "feat(generation): LCM 샘플러 (WIP)"),
                CodeCommit("main", *JIMIN, "fix(payment): Lemon Squeezy 웹훅 중복 처리"),
                CodeCommit("develop", *JUNHO, "feat(ai-worker): batch inference"),
                CodeCommit("main", *SEOYEON, "perf(gallery): thumbnail cache\n\nCloses #412"),
            ),
        ),
    ),
    applications=(
        Application(
            "pingvas-dev",
            "pingvas-dev",
            GITOPS,
            "apps/overlays/dev",
            "main",
            "pingvas-dev",
            Kustomized(),
        ),
        *(
            Application(
                f"{service}-prod",
                "pingvas-prod",
                GITOPS,
                f"apps/overlays/prod/{service}",
                "main",
                "pingvas-prod",
                Kustomized(),
                Owner("ApplicationSet", "pingvas-prod-apps"),
            )
            for service in OLD
        ),
    ),
    builds=tuple(
        Build(CODE, f"{ECR}/{service}", branch, f"{tag}{SUFFIX.get(service, '')}")
        for service in OLD
        for branch, tag in (("main", "{sha}"), ("develop", "develop-{sha:7}"))
    ),
    images=tuple(
        f"{ECR}/{service}:{tag}"
        for service, old in OLD.items()
        for tag in (old, f"develop-latest{SUFFIX.get(service, '')}")
    ),
    deploys=tuple(
        Deploy((service,), environment, CODE, ref)
        for environment, ref in (("dev", "develop"), ("prod", "main"))
        for service in OLD
    ),
    people=PEOPLE,
    teams=TEAMS,
    channels=CHANNELS,
)
