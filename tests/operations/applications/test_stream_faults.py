"""Whatever the stream does, what happened to an application is told, and told once."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from werkzeug.wrappers import Response

from bot.adapters.argocd import ArgoCD, Timeouts
from bot.adapters.argocd_stream import Pace, Stream
from bot.clock import Clock
from bot.domain.applications.events import What
from bot.domain.applications.tellings import Tellings
from bot.domain.catalog import Application, Instance
from bot.operations.applications.application_book import tellable
from bot.operations.sql.tables import applications
from bot.operations.sql.tables import notes as note_rows
from sandbox.wire import Fault
from tests import databases
from tests.builders import catalog, environment, target
from tests.operations.applications.ground import Replica
from tests.sandbox.argocd_ground import ground

SPEED = 150.0
LONG = timedelta(hours=10)
QUICK = Pace(
    first_byte=0.6,
    silence=0.6,
    list_every=timedelta(seconds=30),  # a fifth of a second on the wall
    reconnect=timedelta(seconds=0.5),
    refused=timedelta(seconds=5),
)


@pytest.fixture(scope="module")
def world():
    with ground(SPEED) as made:
        made.argocd.tempo.poll_interval = LONG
        yield made


class Watched:
    """One application, watched by a real stream, over a database of its own."""

    def __init__(self, world, name, folder):
        self.world, self.name, self.clock = world, name, Clock(SPEED)
        self.database = databases.opened(folder)
        self.argocd = ArgoCD(
            Instance("main", world.argocd.url),
            world.argocd.token,
            clock=self.clock,
            timeouts=Timeouts(2.0, 5.0, 1.0),
        )
        config = catalog([target("web", application=Application("main", name))], [environment()])
        made = Replica(self.database, self.argocd, self.clock, config, Tellings("C0CI"))
        self.watching = made.watching
        self.stream = Stream(self.argocd, lambda *_: None, clock=self.clock, pace=QUICK)
        self.stream.listen(self.watching)
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self._round)

    def _round(self):
        while not self.closing.wait(0.02):
            self.watching.round("main")

    def start(self):
        self.stream.start()
        self.thread.start()

    def close(self):
        assert self.stream.stop()
        self.closing.set()
        self.thread.join()
        self.watching.close()
        self.argocd.close()
        self.database.close()

    def is_known(self):
        with self.database.read() as connection:
            return connection.execute(sa.select(applications.c.subject)).first() is not None

    def tells(self):
        with self.database.read() as connection:
            rows = connection.execute(sa.select(note_rows).order_by(note_rows.c.id)).all()
        return [tellable(row.state).what for row in rows]


@contextmanager
def watched(world, name, folder):
    made = Watched(world, name, folder)
    made.start()
    try:
        yield made
    finally:
        made.close()


def eventually(true, seconds=15.0):
    for _ in range(int(seconds / 0.05)):
        if true():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it never came true")


def no_header(argocd):
    """No header comes, for as long as the stream is patient."""
    argocd.arm("applications.watch", Fault(delay=30.0), times=None)
    argocd.restart()


def refuse(argocd):
    argocd.arm("applications.list", Fault(answer=refused), times=3)
    argocd.arm("application.get", Fault(answer=refused), times=2)
    argocd.arm("applications.watch", Fault(answer=refused), times=2)
    argocd.restart()


def refused():
    return Response('{"error":"invalid session: token has expired","code":16}', 401)


FAULTS = {
    "nothing is wrong": lambda argocd: None,
    "no header comes": no_header,
    "it dies silently": lambda argocd: argocd.silent_stream(),
    "events are lost": lambda argocd: argocd.drop_events(1000),
    "events come twice": lambda argocd: argocd.duplicate_events(1000),
    "only the last of many comes": lambda argocd: argocd.coalesce_events(5),
    "what comes is late": lambda argocd: argocd.stale_list(3),
    "the server restarts": lambda argocd: argocd.restart(),
    "the server is cut off": lambda argocd: argocd.restart(cut=True),
    "our token expires for a while": refuse,
}


def mend(argocd):
    argocd.disarm()
    argocd.silent_stream(on=False)
    argocd.drop_events(0)
    argocd.duplicate_events(0)
    argocd.coalesce_events(0)
    argocd.stale_list(0)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_end_is_told_once(world, tmp_path, fault):
    name = f"web-{list(FAULTS).index(fault)}"
    world.add_web(name)
    world.until(
        lambda: world.argocd.application(name)["status"]["health"].get("status") == "Healthy"
    )
    with watched(world, name, tmp_path) as one:
        eventually(one.is_known)
        FAULTS[fault](world.argocd)
        world.argocd.fail_sync(name, times=100)
        world.gitops.push_web(name)
        world.argocd.poll_now(name)
        try:
            eventually(lambda: one.tells() == [What.SYNC_FAILED])
            world.argocd.fail_sync(name, times=0)
            world.gitops.push_web(f"{name}-mended")
            world.argocd.poll_now(name)
            eventually(lambda: one.tells() == [What.RECOVERED])
        finally:
            mend(world.argocd)
    world.argocd.delete_application(name)
