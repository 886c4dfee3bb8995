"""The words scenario tests are written in: what people do, and what they then see."""

import re
import subprocess
from contextlib import contextmanager

import httpx

from bot.clock import Clock
from bot.domain.operations import Phase, Stage
from bot.operations.books.hold_book import HoldBook
from sandbox.inside import Inside
from sandbox.systems import system
from sandbox.world import SPEED, World
from tests import databases


@contextmanager
def told_in(
    folder,
    name="astrago",
    *,
    socket_mode=False,
    database_url=None,
    prepare=None,
    speed=SPEED,
    patience=None,
    config=None,
    manifest=None,
):
    """Tell a story about the system *name*, its world and database below *folder*.

    *config* rewrites its ``shipmate.yaml``: ``sandbox.world.unguarded`` asks nobody for approval.
    *manifest* is the text of the Slack app's, where it is not the usual one.
    """
    world = World(system(name), folder, clock=Clock(speed), config=config, manifest=manifest)
    world.start()
    if prepare is not None:
        prepare(world)
    url = database_url or databases.sqlite(folder)
    try:
        with Inside(world, url, socket_mode=socket_mode, patience=patience) as inside:
            told = Story(world, inside)
            told.everything_is_healthy()
            yield told
        assert [] == world.troubles()
    finally:
        world.stop()


class Story:
    """One world with one bot; people type, and the story waits for what they would wait for."""

    def __init__(self, world, inside):
        self.world, self.inside = world, inside
        self.slack, self.github, self.argocd = world.slack, world.github, world.argocd
        self.system = world.system
        self.paused = set()

    @property
    def store(self):
        return self.inside.shipmate.store

    def everything_is_healthy(self):
        def healthy():
            documents = [self.argocd.application(a.name) for a in self.system.applications]
            return all(
                (one["status"]["sync"]["status"], one["status"]["health"].get("status"))
                == ("Synced", "Healthy")
                for one in documents
            )

        assert self.world.until(healthy), [
            (a.name, self.argocd.application(a.name)["status"]["sync"])
            for a in self.system.applications
        ]

    def types(self, text, by="U0ALICE", channel="C0DEPLOY"):
        """Type a command; return what the person sees at once."""
        return self.slack.type(text, by=by, channel=channel)

    def answer_to(self, text, by="U0ALICE", seconds=20):
        """Type *text*; return the message that follows the first answer.

        What was asked before may still be answered before that.
        """
        seen = len(self.slack.ephemerals(by))
        first = self.types(text, by=by).text

        def after():
            said = self.slack.ephemerals(by)[seen:]
            at = next((n for n, one in enumerate(said) if first in one.words), len(said))
            return said[at + 1 :]

        assert self.world.until(lambda: after() != [], seconds)
        return after()[-1]

    def operation(self, reply):
        """Return the operation that *reply* names."""
        found = re.search(r"D-\d+", reply.words)
        assert found, reply.words
        return self.store.operation(found[0])

    def ends(self, reply, seconds=60):
        """Wait for the operation's end, and until its card shows it; return the operation."""
        return self.ends_with_id(self.operation(reply).id, seconds)

    def ends_with_id(self, number, seconds=60):
        assert self.world.until(
            lambda: (
                self.store.operation(number).phase.ended or self.somebody_promotes_what_pauses()
            ),
            seconds,
        ), self.store.operation(number)
        assert self.world.until(lambda: self.card_is_up_to_date(number), 30)
        return self.store.operation(number)

    def card_is_up_to_date(self, number):
        known = self.store.cards.of(number)
        return known and known.ts and self.card(number) and not self.store.cards.stale()

    def somebody_promotes_what_pauses(self):
        """Answer every Rollout that waits for a person, as ``kubectl argo rollouts`` does."""
        for operation in self.store.under_way():
            for progress in operation.progress:
                if progress.stage is Stage.PAUSED:
                    self.paused.add(progress.service)
                    kind, _, name = progress.problem.facts["resource"].partition("/")
                    self.resume(progress.application, kind, name)
        return False

    def resume(self, application, kind, name):
        namespace = self.argocd.application(application)["spec"]["destination"]["namespace"]
        httpx.post(
            f"{self.argocd.url}/api/v1/applications/{application}/resource/actions",
            params={
                "namespace": namespace,
                "resourceName": name,
                "kind": kind,
                "group": "argoproj.io",
                "version": "v1alpha1",
                "project": self.argocd.application(application)["spec"]["project"],
            },
            json="resume",
            headers={"Authorization": f"Bearer {self.argocd.token}"},
        ).raise_for_status()

    def goes_live(self, reply, seconds=60):
        ended = self.ends(reply, seconds)
        assert Phase.LIVE is ended.phase, (ended.problem, self.store.timeline(ended.id))
        return ended

    def card(self, operation_id):
        """Return the operation's card, or None while there is none."""
        key = self.store.operation(operation_id).key
        cards = [c for c in self.slack.cards() if c.metadata["event_payload"]["key"] == key]
        assert len(cards) <= 1, "one operation has one card"
        return cards[0] if cards else None

    def waits(self, operation_id):
        """Tell whether the operation waits for approval and its card says so."""
        operation = self.store.operation(operation_id)
        assert not operation.phase.ended, operation.problem
        return operation.phase is Phase.AWAITING and self.card_is_up_to_date(operation_id)

    def timeline(self, operation_id):
        """Return what happened to the operation, a line each."""
        return [(entry.what, dict(entry.detail)) for entry in self.store.timeline(operation_id)]

    def held(self, target):
        """Return the tags that are held at *target* (``core/stage``)."""
        book = HoldBook(self.inside.shipmate.database)
        return [one.hold.tag for one in book.standing(targets=[target])]

    def buttons(self, operation_id):
        """Return the action ids on the operation's card."""
        return [
            element["action_id"]
            for block in self.card(operation_id).blocks
            if block["type"] == "actions"
            for element in block["elements"]
        ]

    def reads_after(self, act, user):
        """Return the words of what *user* alone is shown next, once *act* is done."""
        seen = len(self.slack.ephemerals(user))
        act()
        assert self.world.until(lambda: len(self.slack.ephemerals(user)) > seen, 20)
        return self.slack.ephemerals(user)[-1].words

    def commits(self):
        """Return the GitOps branch's commits, newest first, as (sha, message)."""
        log = self.github.log(self.system.gitops, self.system.branch)
        return [(commit.sha, commit.message) for commit in log]

    def diff(self, sha):
        """Return the changed lines of a commit, as (removed, added)."""
        path = str(self.github.path(self.system.gitops))
        shown = subprocess.run(
            ["git", "-C", path, "show", "--format=", "-U0", sha],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.splitlines()
        removed = [line[1:] for line in shown if line.startswith("-") and line[:3] != "---"]
        added = [line[1:] for line in shown if line.startswith("+") and line[:3] != "+++"]
        return removed, added
