"""A system of many services that share one values file: what a race is about."""

from dataclasses import replace

from sandbox.systems import system
from sandbox.systems.nouns import Application, Build, Helmfile, System, Workload

VALUES = "deploy/values.yaml"
CODE, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"


class Many(System):
    """*services* beside each other in one file, under one application."""

    __slots__ = ()

    def files(self):
        lines = ["# Everybody's tags; people edit the rest by hand", "services:"]
        for name in names(self):
            lines += [f"  {name}:", f"    tag: old-{name}   # set by the bot", "    replicas: 1"]
        return {VALUES: ("\n".join(lines) + "\n").encode(), "README.md": b"# GitOps\n"}

    def config(self, argocd="https://argocd.example.com"):
        head = f"""\
github: {{org: xiilab}}
argocd:
  main: {{url: "{argocd}"}}
gitops: {{repo: {self.gitops}, branch: {self.branch}}}
slack:
  channels: {{deploys: C0DEPLOY}}
environments:
  stage: {{channel: C0DEPLOY, deadline: 12h, production: false}}
permissions: {{deploy: {{stage: [sre]}}}}
people: {{map: {{U0ALICE: alice-kim, U0BOB: bob-lee, U0CAROL: carol-park}}}}
defaults:
  argocd: {{instance: main, app: many}}
services:
"""
        services = [
            f"  {name}: {{source: {CODE}, image: ghcr.io/many/{name}, "
            f"tag: '{{service}}-{{sha:8}}', at: {{file: {VALUES}, key: services.{name}.tag}}}}\n"
            for name in names(self)
        ]
        return head + "".join(services)


def names(many):
    return [workload.name for workload in many.applications[0].renderer.workloads]


def many(count):
    """Return a system of *count* services, ``s00`` and so on."""
    services = [f"s{number:02}" for number in range(count)]
    workloads = tuple(
        Workload("Deployment", name, f"ghcr.io/many/{name}", f"services.{name}.tag")
        for name in services
    )
    astrago = system("astrago")
    application = Application(
        "many",
        "default",
        "https://github.com/xiilab/many.git",
        "deploy",
        "main",
        "many",
        Helmfile(VALUES, workloads),
    )
    made = replace(
        astrago,
        name="many",
        gitops="xiilab/many",
        branch="main",
        applications=(application,),
        builds=tuple(
            Build(CODE, f"ghcr.io/many/{name}", BRANCH, f"{name}-{{sha:8}}") for name in services
        ),
    )
    return Many(**{field: getattr(made, field) for field in System.__slots__})
