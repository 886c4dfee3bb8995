"""The facts of a deploy to production as people learn them today: one tool's call after another.

What ``gh api``, ``aws ecr describe-images`` and ``argocd app get`` ask, each by a connection of its
own as each is a process of its own. It flatters them: no process starts, no TLS is spoken, and
``argocd`` is counted with one request, though it makes more. Nobody judges the answers, either.
"""

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sandbox.ecr import JSON, TARGET
from sandbox.systems.flash_tickets.system import CODE, ECR
from sandbox.systems.people import ALICE
from sandbox.world import GITHUB_TOKEN, World

SIGNED = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/ap-northeast-2/ecr/aws4_request, Signature=0"
"""What the sandbox's ECR takes for a signature; making a real one takes no time that counts."""


@dataclass(frozen=True, slots=True)
class Way:
    """How many requests were made, and the seconds that they took."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Call:
    at: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: str | None = field(default=None)


def measure(world: World, far: Mapping[str, str], version: str) -> Way:
    """Ask everything about api of Flash Tickets going to production at *version*."""
    calls = _calls(world, far, version)
    start = time.perf_counter()
    for call in calls:
        _ask(call)
    return Way(len(calls), time.perf_counter() - start)


def _calls(world: World, far: Mapping[str, str], version: str) -> list[_Call]:
    sha, gitops = world.sha(CODE, version), world.system.gitops
    overlay = "apps/api/overlays/prod/kustomization.yaml"
    paths = (
        f"/repos/{CODE}/commits/{version}",
        f"/repos/{CODE}/commits/{sha}/check-runs",
        f"/repos/{CODE}/commits/{sha}/status",
        f"/repos/{CODE}/compare/v1.2.3...{version}",
        f"/orgs/{world.system.organization}/teams/release/memberships/{ALICE.login}",
        f"/repos/{gitops}/contents/{overlay}",
    )
    prefix = urlsplit(world.github.api_url).path
    gh = {"Authorization": f"Bearer {GITHUB_TOKEN}", "User-Agent": "gh"}
    argocd = {"Authorization": f"Bearer {world.argocd.token}"}
    applications = ("flash-tickets-api", "flash-tickets-api-staging")
    image = {
        "registryId": ECR.partition(".")[0],
        "repositoryName": "flash-tickets-api",
        "imageIds": [{"imageTag": version}],
    }
    aws = {"X-Amz-Target": TARGET, "Content-Type": JSON, "Authorization": SIGNED}
    return [
        *(_Call(far[world.github.name], "GET", f"{prefix}{path}", gh) for path in paths),
        _Call(far[world.ecr.name], "POST", "/", aws, json.dumps(image)),
        *(
            _Call(far[world.argocd.name], "GET", f"/api/v1/applications/{name}", argocd)
            for name in applications
        ),
    ]


def _ask(call: _Call) -> None:
    """Make one call; the measurement is worth nothing if it was refused."""
    connection = http.client.HTTPConnection(urlsplit(call.at).netloc, timeout=30)
    try:
        connection.request(call.method, call.path, call.body, dict(call.headers))
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    assert answer.status == http.client.OK, f"{call.path} answered {answer.status}"
