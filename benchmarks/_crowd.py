"""A company of a thousand services in one GitOps repository, for what depends on how many wait."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks._callers import command
from sandbox.systems.guide.system import GUIDE
from sandbox.systems.nouns import Application, Plain, System

CODE, REPO, IMAGE = "org/my-app", "org/gitops-repo", "my-app"
OLD = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"


@dataclass(frozen=True, slots=True)
class Crowd(System):
    """The general guide with *services* of them, each with a manifest and an application."""

    services: int = 0

    def files(self) -> Mapping[str, bytes]:
        """Return the GitOps tree."""
        return {path(number): _manifest(number) for number in range(self.services)}

    def config(self, argocd: str = "https://argocd.example.com") -> str:
        """Return the configuration."""
        head, _, _ = super(Crowd, self).config(argocd).partition("services:\n")
        return f"{head}services:\n{''.join(_service(number) for number in range(self.services))}"


def crowd(services: int) -> Crowd:
    """Return a company of so many services."""
    guide = {name: getattr(GUIDE, name) for name in GUIDE.__dataclass_fields__}
    applications = tuple(_application(number) for number in range(services))
    return Crowd(**{**guide, "applications": applications, "deploys": ()}, services=services)


def name(number: int) -> str:
    """Return what a service is called."""
    return f"service-{number:04}"


def path(number: int) -> str:
    """Return where its tag stands."""
    return f"apps/{name(number)}/deployment.yaml"


def deploys(services: int, version: str, first: int = 1) -> list[dict[str, str]]:
    """Return the forms of a deploy of each service; their numbers begin at *first*."""
    return [
        command("/deploy", f"{name(number)} {version} prod", first + number)
        for number in range(services)
    ]


def _application(number: int) -> Application:
    repo, at = f"https://github.com/{REPO}.git", f"apps/{name(number)}"
    return Application(name(number), "default", repo, at, "main", name(number), Plain())


def _manifest(number: int) -> bytes:
    text = f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name(number)}
spec:
  replicas: 1
  selector:
    matchLabels: {{app: {name(number)}}}
  template:
    metadata:
      labels: {{app: {name(number)}}}
    spec:
      containers:
      - name: app
        image: {IMAGE}:{OLD}
"""
    return text.encode()


def _service(number: int) -> str:
    return f"""  {name(number)}:
    source: {CODE}
    image: {IMAGE}
    tag: "{{sha}}"
    at: {{file: {path(number)}, container: {IMAGE}}}
    argocd: {{instance: main, app: {name(number)}}}
"""
