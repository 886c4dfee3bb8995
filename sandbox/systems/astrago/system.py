"""Astrago (xiilab): one helmfile, one values file, one application for four components.

The seed's file is one customer's and its CI tags images ``…-stage-…`` only, so stage is the one
environment. The seed keeps ``repository: xiilab/astrago-posco`` untouched while CI pushes to
``ghcr.io/xiilab/astrago-backend``; here the chart therefore reads a ``registry`` key beside it.
"""

from sandbox.systems.nouns import (
    Application,
    Build,
    CodeCommit,
    CodeRepository,
    Deploy,
    Helmfile,
    System,
    Workload,
)
from sandbox.systems.people import CHANNELS, JIMIN, JUNHO, PEOPLE, SEOYEON, TEAMS

BACKEND, FRONTEND = "xiilab/astrago-backend", "xiilab/astrago-frontend"
BRANCH = "stabilize/1.0"
IMAGES = {
    "core": "ghcr.io/xiilab/astrago-backend",
    "batch": "ghcr.io/xiilab/astrago-backend",
    "monitor": "ghcr.io/xiilab/astrago-backend",
    "frontend": "ghcr.io/xiilab/astrago-frontend",
}

ASTRAGO = System(
    name="astrago",
    title="Astrago",
    package=__package__,
    gitops="xiilab/astrago-deployment",
    branch="main",
    code=(
        CodeRepository(
            BACKEND,
            BRANCH,
            (
                CodeCommit(BRANCH, *SEOYEON, "feat(core): 워크로드 목록 페이징"),
                CodeCommit(BRANCH, *JUNHO, "fix(batch): 정산 배치가 두 번 도는 문제 수정"),
                CodeCommit(
                    BRANCH, *SEOYEON, "fix(core): 로그인 세션 만료 <30분> & 재로그인\n\nAST-1182"
                ),
            ),
        ),
        CodeRepository(
            FRONTEND,
            BRANCH,
            (
                CodeCommit(BRANCH, *JIMIN, "chore: init"),
                CodeCommit(BRANCH, *JIMIN, "feat: GPU 사용량 차트"),
            ),
        ),
    ),
    applications=(
        Application(
            "astrago",
            "default",
            "https://github.com/xiilab/astrago-deployment.git",
            "helmfile",
            "main",
            "astrago",
            Helmfile(
                "helmfile/environments/customers/xiilab/values.yaml",
                tuple(
                    Workload("Deployment", f"astrago-{name}", image, f"astrago.{name}.imageTag")
                    for name, image in IMAGES.items()
                ),
            ),
        ),
    ),
    builds=tuple(
        Build(FRONTEND if name == "frontend" else BACKEND, image, BRANCH, f"{name}-stage-{{sha:8}}")
        for name, image in IMAGES.items()
    ),
    images=(
        "ghcr.io/xiilab/astrago-backend:core-stage-ba01",
        "ghcr.io/xiilab/astrago-backend:batch-stage-ba01",
        "ghcr.io/xiilab/astrago-backend:monitor-stage-ba01",
        "ghcr.io/xiilab/astrago-frontend:frontend-stage-ca02",
    ),
    deploys=(
        Deploy(("core", "batch"), "stage", BACKEND, f"{BRANCH}~1"),
        Deploy(("core",), "stage", BACKEND, BRANCH),
        Deploy(("monitor",), "stage", BACKEND, BRANCH),
        Deploy(("frontend",), "stage", FRONTEND, BRANCH),
    ),
    people=PEOPLE,
    teams=TEAMS,
    channels=CHANNELS,
)
