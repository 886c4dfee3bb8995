"""One world, and one bot in it that dies and lives again; told in what people and Git see."""

import re
import subprocess
from datetime import timedelta

from dbos import DBOSClient

from bot.clock import Clock
from bot.operations.sql.database import Database
from bot.operations.store import Store
from sandbox.systems import system
from sandbox.world import World
from tests.durable import runner

SPEED = 20.0
APPLICATION = "astrago"
BACKEND, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"
QUICK_GRACE = "0.5"
"""Real seconds after which a dead replica's work is taken over, where a test has many deaths."""


class Lives:
    """Fakes that go on, a database, and the processes of one bot after another."""

    def __init__(
        self,
        folder,
        database_url,
        *,
        points=(),
        grace=QUICK_GRACE,
        of=None,
        config=None,
        epoch=None,
    ):
        self.folder, self.database_url = folder, database_url
        self.world = World(
            of or system("astrago"), folder, clock=Clock(SPEED, epoch), config=config
        )
        self.slack, self.github, self.argocd = (
            self.world.slack,
            self.world.github,
            self.world.argocd,
        )
        self.points, self._grace = tuple(points), grace
        self._markers = folder / "points"
        self._processes = []

    def __enter__(self):
        self._markers.mkdir()
        self.world.start()
        assert self.world.until(self._is_healthy)
        self.environment = self.world.environment(self.database_url)
        config = self.folder / "shipmate.yaml"
        # Many deaths take longer than a deploy should; the deadline is not what is tested.
        config.write_text(config.read_text("utf-8").replace("15m", "12h"), "utf-8")
        self.environment |= {
            runner.POINTS: " ".join(self.points),
            runner.FOLDER: str(self._markers),
            runner.GRACE: self._grace,
        }
        self.database = Database(self.database_url)
        self.store = Store(self.database)
        return self

    def __exit__(self, kind, error, trace):
        for process in self._processes:
            process.kill()
        self.database.close()
        self.world.stop()
        if kind is None:
            assert [] == self.world.troubles()
        for process in self._processes if kind is not None else ():
            print(process.log.read_text("utf-8")[-6000:])

    def _is_healthy(self):
        (application,) = self.world.system.applications
        status = self.argocd.application(application.name)["status"]
        found = status["sync"].get("status"), status.get("health", {}).get("status")
        return found == ("Synced", "Healthy")

    # the bot's lives

    def bot(self):
        """Return a new process of the bot, not started."""
        log = self.folder / f"bot-{len(self._processes)}.log"
        log.touch()
        process = runner.Mortal(self.environment, self.world.clock, log)
        self._processes.append(process)
        return process

    def alive(self):
        """Start a bot that Slack talks to, and return it."""
        process = self.bot()
        process.start()
        self.slack.connect(process.url)
        return process

    def reached(self):
        """Return the points at which it died so far."""
        names = {runner.file_name(point): point for point in self.points}
        return [names[marker.name] for marker in self._markers.iterdir()]

    def dies_and_lives_until(self, process, done, seconds=180.0):
        """Start *process* again whenever it has died, until it did so at every point and *done*.

        Prints for each death how long the life before it was: what was resumed, and how soon.
        """
        began, before = self.world.clock.now(), []
        for _ in range(int(seconds / 0.05)):
            if process.died(0.05):
                here = [point for point in self.reached() if point not in before]
                self._tell(f"died at {', '.join(here)}", began)
                began, before = self.world.clock.now(), self.reached()
                process.start(wait=False)
            elif done() and set(self.points) == set(self.reached()):
                self._tell("done", began)
                return
        raise AssertionError((set(self.points) - set(self.reached()), self.told()))

    def _tell(self, what, began):
        print(f"{what}: {self.real(self.world.clock.now() - began):.1f} s after its start")

    def real(self, span: timedelta):
        return self.world.clock.pause(span)

    # people

    def version(self, back=0):
        return self.world.sha(BACKEND, f"{BRANCH}~{back}")[:8]

    def types(self, text, by="U0ALICE"):
        return self.slack.type(text, by=by, channel="C0DEPLOY")

    def deploys(self, version=None, service="core"):
        """Type a deploy; return the operation's id, also where the answer got lost."""
        before = {one.id for one in self.store.latest()}
        self.types(f"/deploy {service} {version or self.version()} stage")
        (new,) = {one.id for one in self.store.latest()} - before
        return new

    # what is true

    def phase(self, operation_id):
        return self.store.operation(operation_id).phase

    def until(self, true, seconds=120.0):
        assert self.world.until(true, seconds), self.told()

    def told(self):
        """Return all that is known, for a test that fails."""
        known = [(one, self.store.timeline(one.id)) for one in self.store.latest()]
        return known, self.store.cards.stale(), self.unfinished()

    def is_over(self, operation_id):
        """Tell whether it ended, its card shows the end, and the engine has nothing left to do."""
        if not self.phase(operation_id).ended or self.store.cards.stale():
            return False
        return not self.unfinished()

    def unfinished(self):
        """Return the workflows that the engine has not ended, as (id, status)."""
        client = DBOSClient(system_database_url=self.database.url.render_as_string(False))
        try:
            found = client.list_workflows(load_input=False, load_output=False)
            return [(one.workflow_id, one.status) for one in found if one.status != "SUCCESS"]
        finally:
            client.destroy()

    def commits(self, operation_id):
        """Return the commits that name the operation, by a count in the repository itself."""
        key = self.store.operation(operation_id).key
        path = str(self.github.path(self.world.system.gitops))
        shown = subprocess.run(
            ["git", "-C", path, "log", "--format=%H", f"--grep=^Shipmate-Key: {key}$", "main"],
            check=True,
            capture_output=True,
            text=True,
        )
        return shown.stdout.split()

    def tags(self, service="core"):
        """Return the tags that *service* has had in Git, in the order of their commits."""
        path = str(self.github.path(self.world.system.gitops))
        shown = subprocess.run(
            ["git", "-C", path, "log", "--reverse", "--format=", "-p", "-U0", "main"],
            check=True,
            capture_output=True,
            text=True,
        )
        return re.findall(rf"^\+ +imageTag: \"({service}-stage-\w+)\"", shown.stdout, re.MULTILINE)

    def cards(self, operation_id):
        """Return the messages in the channel that carry the operation's key."""
        key = self.store.operation(operation_id).key
        return [m for m in self.slack.cards() if m.metadata["event_payload"]["key"] == key]

    def direct_messages(self, user="U0ALICE"):
        return self.slack.dm(user)

    def assert_done_once(self, operation_id, phase, *, commits=1, says=None):
        assert phase is self.phase(operation_id), self.told()
        assert commits == len(self.commits(operation_id))
        (card,) = self.cards(operation_id)
        assert (says or phase.value) in card.words.lower(), card.words
