"""The ground of the gathering's tests: the real adapters over pretended GitHub, Argo CD, registry.

Core lives in dev, stage and prod, batch in dev and prod, front in prod alone. What Argo CD says of
an application is its real answer with the parts changed that a test is about.
"""

import asyncio
import json
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

from bot.adapters.argocd import ArgoCD, Timeouts
from bot.adapters.github.checks import Checks
from bot.adapters.github.commits import Commits
from bot.adapters.github.comparison import Comparisons
from bot.adapters.github.file_history import FileHistory
from bot.adapters.github.versions import Versions
from bot.adapters.gitops import GitOps
from bot.adapters.registry import Registry
from bot.adapters.registry_auth import Host
from bot.clock import Clock
from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.catalog import Application, Catalog, Environment, Instance, Target
from bot.domain.environment_policy import EnvironmentPolicy
from bot.domain.locations import Kustomize, Location
from bot.domain.operations import Kind, Request
from bot.domain.rights import (
    Action,
    GitHubUser,
    Grant,
    Identified,
    Membership,
    Permissions,
    Standing,
    Who,
)
from bot.domain.tags import TagTemplate
from bot.operations.books.freeze_book import FreezeBook
from bot.operations.books.hold_book import HoldBook
from bot.operations.books.lock_book import LockBook
from bot.operations.books.open_items import OpenItemBook
from bot.operations.gathering.facts import Books, Gatherer, Outside
from bot.operations.gathering.histories import Histories
from bot.operations.store import Store
from bot.operations.threads import Threads
from sandbox.argocd import ArgoCD as FakeArgoCD
from sandbox.registry import Registry as FakeRegistry
from sandbox.wire import Fault, answer
from tests import databases
from tests.adapters.github_world import NOON, World
from tests.sandbox.argocd_ground import quick

CODE, OTHER, GITOPS = "acme/code", "acme/other", "acme/gitops"
HOMES = {"core": ("dev", "stage", "prod"), "batch": ("dev", "prod"), "front": ("prod",)}
RULE = ApprovalRule(1, frozenset({"sre"}))
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {service}}}
spec:
  replicas: 1
  template:
    spec: {{containers: [{{name: {service}, image: "registry/acme/{service}:0"}}]}}
"""
PLACE = """\
resources: [deployment.yaml]
images: [{{name: registry/acme/{service}, newTag: "{tag}"}}]
"""
DOWN = Fault(answer=lambda: answer({"message": "oops"}, 500))
CUT = Fault(drop="before")
REFUSED = Fault(answer=lambda: answer({"message": "Resource not accessible"}, 403))
STRANGER = Fault(answer=lambda: answer({"message": "Bad credentials"}, 401))
NONSENSE = Fault(answer=lambda: answer({"odd": True}))


class Somebody:
    """People of whom everything is known, and what was asked about them."""

    def __init__(self):
        self.asked = []
        self.who_is = Who(Identified(GitHubUser(1, "alice")), {"release": Membership(Standing.YES)})

    def who(self, slack_user, slugs, *, live, in_emergency=False):
        self.asked.append((slack_user, frozenset(slugs), live))
        return self.who_is


class Ground:
    """The world, started once for a module; ``fresh`` gives each test its books and its calm."""

    def __init__(self, folder):
        self._stack = ExitStack()
        files = {
            f"{service}/{env}/{name}": text.format(service=service, tag=f"{env}-00000000").encode()
            for service, envs in HOMES.items()
            for env in envs
            for name, text in (("deployment.yaml", DEPLOYMENT), ("kustomization.yaml", PLACE))
        }
        self.world = self._stack.enter_context(World(folder / "github", files))
        self.github, self.clock = self.world.fake, self.world.clock
        self.github.create_repository(CODE, {"a": b"1"}, message="First")
        self.github.create_repository(OTHER, {"a": b"2"}, message="Another first")
        self.old, self.running, self.new = (self.push(n) for n in ("Old", "Run", "Fix (#7)"))
        self.github.tag(CODE, "v1.2.3", self.running)
        self.github.create_branch(CODE, "feature", self.new)
        self.registry = FakeRegistry(self.clock)
        self.registry.start()
        self._stack.callback(self.registry.stop)
        self.argocd = FakeArgoCD(Clock(100.0), lambda _url: self.github.path(GITOPS), tempo=quick())
        self.argocd.start()
        self._stack.callback(self.argocd.stop)
        self.names = [f"{service}-{env}" for service, envs in HOMES.items() for env in envs]
        for name in self.names:
            url = f"https://github.com/{GITOPS}"
            self.argocd.add_application(name, repo_url=url, path=name.replace("-", "/"))
        assert self.argocd.until(lambda: all(map(self._is_there, self.names)))
        self.door = self.world.door()
        self.threads = Threads("github"), Threads("others", 16)
        timeouts = Timeouts(connect=2, read=5)
        self.client = ArgoCD(
            Instance("main", self.argocd.url), self.argocd.token, clock=Clock(), timeouts=timeouts
        )

    def close(self):
        self.client.close()
        for threads in self.threads:
            threads.close()
        self._stack.close()

    def push(self, message, repo=CODE, branch="main"):
        self.clock.move(timedelta(minutes=1))
        change = {"n": f"{message} {self.clock.now()}"}
        author = ("Alice", "alice@example.com")
        return self.github.push(repo, branch, change, message=message, author=author)

    def _is_there(self, name):
        return self.argocd.application(name)["status"].get("health", {}).get("status") == "Healthy"

    # one test's world

    def fresh(self, folder):
        """Everything is as a good deploy of core to prod needs it."""
        self.calm()
        self.people = Somebody()
        self.database = databases.opened(folder)
        self.store = Store(self.database)
        locks, freezes = LockBook(self.database), FreezeBook(self.database)
        items = OpenItemBook(self.database, self.store.changed)
        self.books = Books(self.store, locks, freezes, HoldBook(self.database), items)
        self.says("core-dev", [f"dev-{self.new[:8]}"])
        self.says("core-stage", [f"stage-{self.new[:8]}"])
        self.says("core-prod", [f"prod-{self.running[:8]}"])
        self.says("batch-dev", [f"dev-{self.new[:8]}"])
        self.says("batch-prod", [f"prod-{self.running[:8]}"])
        for service in HOMES:
            self.registry.push(f"acme/{service}", f"prod-{self.new[:8]}")
            self.registry.push(f"acme/{service}", f"stage-{self.new[:8]}")
        self.github.report_check(CODE, self.new, "build")
        self.forget()

    def calm(self):
        for wire in (self.github, self.argocd, self.registry):
            wire.disarm()

    def forget(self):
        """Forget the calls so far."""
        for wire in (self.github, self.argocd, self.registry):
            wire.calls.clear()

    def calls(self):
        """Return what was asked, as ``system route``, in no order."""
        wires = {"github": self.github, "argocd": self.argocd, "registry": self.registry}
        return sorted(f"{name} {call.route}" for name, wire in wires.items() for call in wire.calls)

    def says(self, application, tags=(), since=NOON - timedelta(hours=1), **status):
        """Let Argo CD say that pods with *tags* run, with the health of *since*."""
        service = application.partition("-")[0]
        images = [tag if "/" in tag else f"{self.image(service)}:{tag}" for tag in tags]

        def mangle(response):
            document = json.loads(response.get_data())
            found = document["status"]
            found["summary"] = {"images": images}
            found["health"] = {"status": status.get("health", "Healthy")}
            if since is not None:
                found["health"]["lastTransitionTime"] = since.isoformat()
            found["sync"]["status"] = status.get("sync", "Synced")
            at = status.get("deployed", NOON - timedelta(hours=2))
            entries = [] if at is None else [at - timedelta(days=1), at]
            found["history"] = [
                {"id": number, "revision": "d" * 40, "deployedAt": each.isoformat()}
                for number, each in enumerate(entries)
            ]
            response.set_data(json.dumps(document))
            return response

        self.hears(application, Fault(mangle=mangle))

    def hears(self, application, fault):
        """Let looks at *application* go wrong by *fault*, whatever was said of it before."""
        with self.argocd.lock:
            armed = self.argocd._faults.get("application.get", [])
            armed[:] = [each for each in armed if not each.when(_Asked(application))]
        self.argocd.arm(
            "application.get",
            fault,
            times=None,
            when=lambda asked: asked.path.endswith(f"/{application}"),
        )

    # the bot's part

    def image(self, service):
        return f"{self.registry.url.removeprefix('http://')}/acme/{service}"

    def target(self, service, env, **changes):
        made = Target(
            service=service,
            environment=env,
            source=CODE,
            image=self.image(service),
            location=Location(
                GITOPS,
                "main",
                f"{service}/{env}/kustomization.yaml",
                Kustomize(f"registry/acme/{service}"),
            ),
            application=Application("main", f"{service}-{env}", project="default"),
            tags=(TagTemplate.parse("{env}-{sha:8}"), TagTemplate.parse("{version}")),
        )
        return replace(made, **changes)

    def catalog(self, *targets, **rules):
        made = {(s, env): self.target(s, env) for s, envs in HOMES.items() for env in envs}
        made |= {(one.service, one.environment): one for one in targets}
        prod = EnvironmentPolicy("prod", after="stage", soak=timedelta(minutes=30), approvals=RULE)
        return Catalog(
            environments={
                "dev": _environment("dev"),
                "stage": _environment("stage", after="dev"),
                "prod": _environment(
                    "prod", after="stage", production=True, rules=replace(prod, **rules)
                ),
            },
            services=tuple(HOMES),
            targets=made,
            permissions=Permissions(
                (
                    Grant(Action.DEPLOY, "prod", frozenset({"release"})),
                    Grant(Action.DEPLOY, "prod", frozenset({"batchers"}), "batch"),
                    Grant(Action.OVERRIDE, "prod", frozenset({"admins"})),
                )
            ),
        )

    def request(self, **changes):
        made = Request(Kind.DEPLOY, ("core",), "prod", self.new[:8], "U0ALICE", "C0DEPLOY")
        return replace(made, **changes)

    def gatherer(self, *targets, **rules):
        host = self.registry.url.removeprefix("http://")
        outside = Outside(
            Commits(self.door),
            Versions(self.door),
            Checks(self.door),
            Comparisons(self.door),
            GitOps(self.door),
            {"main": self.client},
            Registry({host: Host()}, clock=self.clock, connect=2, read=2),
            self.histories(),
            *self.threads,
        )
        catalog = self.catalog(*targets, **rules)
        return Gatherer(catalog, self.people, outside, self.books, HandAt(NOON))

    def histories(self):
        files, argocd = FileHistory(self.door), {"main": self.client}
        return Histories(self.store, self.books.holds, files, argocd, self.threads[0])

    def gather(self, *targets, rules=None, **changes):
        """Return what is gathered for a request with *changes*, *targets* configured so."""
        gatherer = self.gatherer(*targets, **(rules or {}))
        return asyncio.run(gatherer.gather(self.request(**changes)))

    def core(self, *targets, **changes):
        """Return the facts of the first target."""
        return self.gather(*targets, **changes).facts.targets[0]


class HandAt(Clock):
    """A clock that stands at *at*."""

    def __init__(self, at):
        super().__init__()
        self._at = at

    def now(self):
        return self._at


class _Asked:
    """A look at an application, as a fault sees it."""

    def __init__(self, application):
        self.path = f"/api/v1/applications/{application}"


def _environment(name, **changes):
    made = Environment(name, channel="C0DEPLOY", deadline=timedelta(minutes=15))
    return replace(made, **changes)
