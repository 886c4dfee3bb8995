"""The ground of the tests of applications: an Argo CD that says what it is told to, and counts."""

import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from bot.clock import Clock
from bot.domain.applications.events import What
from bot.domain.applications.tellings import QUIET, Tellings, Wish
from bot.domain.catalog import Application
from bot.domain.errors import NotFound
from bot.domain.observation import Health, Listed, OperationPhase, OperationState, Source, Sync
from bot.messages.cards import Links
from bot.operations.applications.application_book import ApplicationBook
from bot.operations.applications.explaining import Explaining
from bot.operations.applications.our_doing import OurDoing
from bot.operations.applications.served import Serving
from bot.operations.applications.watching import Watching
from bot.operations.saying.alerts import Alerts
from bot.operations.store import Store
from tests.builders import NOON, SHA, catalog, environment, target
from tests.domain.argocd_views import WEB, seen

SECOND = timedelta(seconds=1)
OLD = "c" * 40
GITOPS = "https://github.com/xiilab/astrago-deployment.git"


class Time(Clock):
    """A clock that stands until it is moved."""

    def __init__(self):
        super().__init__(epoch=NOON)
        self.at = NOON

    def now(self):
        return self.at

    def passes(self, span):
        self.at += span


class ArgoCD:
    """Says of each application what it was told, and counts what it was asked."""

    system = "Argo CD main"

    def __init__(self, clock):
        self.clock, self.asked, self.away, self.meanwhile = clock, Counter(), None, None
        self.applications, self.version = {}, 800
        self.lock = threading.Lock()

    def is_so(self, name, namespace="argocd", **changes):
        """Let the application *name* be a good one with *changes*."""
        with self.lock:
            self.version += 1
            self.applications[namespace, name] = replace(
                seen(),
                namespace=namespace,
                name=name,
                uid=changes.pop("uid", f"uid-{namespace}-{name}"),
                resource_version=str(self.version),
                reconciled_at=self.clock.now(),
                sources=(Source(GITOPS),),
                images=changes.pop("images", ("ghcr.io/xiilab/astrago-backend:core-stage-1",)),
                operation_state=changes.pop("operation_state", None),
                **changes,
            )

    def look(self, application):
        with self.lock:
            self.asked["look"] += 1
            if self.away is not None:
                raise self.away
            found = self.applications.get((application.namespace or "argocd", application.name))
        if self.meanwhile is not None:
            self.meanwhile()
        if found is None:
            raise NotFound(self.system, f"show {application.name}")
        return found

    def page(self, application, namespace=""):
        return f"https://argocd.example.com/applications/{namespace}/{application.name}"

    def why_degraded(self, application):
        self.asked["tree"] += 1
        return "Pod/web-1: CrashLoopBackOff, 4 restarts"

    def call(self, application, doing, path, method="GET", *, parameters=None, body=None):
        self.asked["revision"] += 1
        return {"author": "Kim <kim@example.com>", "message": "Fix the login\n\nmore"}

    def listing(self):
        return tuple(map(shown, self.applications.values()))


def shown(one):
    """Return an application as a list shows it."""
    state = one.operation_state
    return Listed(
        one.namespace,
        one.name,
        one.project,
        one.sync.value,
        one.health.value,
        state.phase.value if state else "",
        f"{state.started_at:%Y-%m-%dT%H:%M:%SZ}" if state and state.started_at else "",
        f"{state.finished_at:%Y-%m-%dT%H:%M:%SZ}" if state and state.finished_at else "",
        one.images,
        auto_sync=one.auto_sync,
    )


class NoCommits:
    """Nobody is to be asked how commits lie."""

    def relation(self, repo, base, head):
        raise AssertionError("nothing of ours is under way")


class Replica:
    """One bot's watching over a database that it may share with others."""

    def __init__(self, database, argocd, clock, config=None, tellings=None, alerts=None):
        self.database, self.argocd, self.clock = database, argocd, clock
        self.catalog = config or several(1)
        serving = Serving(self.catalog)
        tellings = tellings or Tellings("C0CI")
        self.book = ApplicationBook(database, (alerts or Alerts()).put)
        self.store = Store(database)
        ours = OurDoing(database, self.store, NoCommits(), clock)
        clients = {"main": argocd}
        explaining = Explaining(serving, clients, tellings, Links(), clock)
        self.watching = Watching(serving, clients, self.book, ours, explaining, clock)

    def hears(self, *names, namespace="argocd"):
        """Hear of *names* by the stream, as they are now."""
        for name in names:
            found = self.argocd.applications.get((namespace, name))
            if found is None:
                self.watching.left("main", namespace, name)
            else:
                self.watching.heard("main", shown(found))

    def lists(self):
        self.watching.listed("main", self.argocd.listing())

    def looks(self):
        """Look at what is due, a good while after it was heard of."""
        self.clock.passes(10 * SECOND)
        self.watching.round("main")

    def close(self):
        with suppress(Exception):
            self.watching.close()


def several(count, production=False, **changes):
    """A catalog with *count* services, each with an application ``s0-stage`` of its own."""
    targets = [
        target(f"s{number}", application=Application("main", f"s{number}-stage"), **changes)
        for number in range(count)
    ]
    return catalog(targets, [environment(production=production)])


def degraded(**changes):
    wounded = replace(WEB, health=Health.DEGRADED, message="exceeded its progress deadline")
    return {"health": Health.DEGRADED, "resources": (wounded,), **changes}


def failed(clock, revision=SHA, **changes):
    ended = clock.now() - SECOND
    state = OperationState(
        OperationPhase.FAILED,
        "one or more objects failed to apply",
        started_at=ended - SECOND,
        finished_at=ended,
        revisions=(revision,),
        automated=True,
    )
    return {
        "operation_state": replace(state, **changes),
        "sync": Sync.OUT_OF_SYNC,
        "revisions": (revision,),
    }


def everything(channel="C0CI"):
    return Tellings(channel, Wish(events=dict.fromkeys(What, True)))


__all__ = ["QUIET", "SECOND", "ArgoCD", "Replica", "Time"]
