"""The real bot as a process that kills itself at named points.

A point is ``[workflow/]step:occurrence:when``, such as ``write:1:between`` or
``D-2.hold.0/look:3:before``. Steps are those that workflows record; *occurrence* counts a step's
runs of one workflow from 1, with those recorded before a crash. *when* is ``before`` the effect,
``between`` effect and record, or ``after`` the record. The step ``start`` is the moment in which a
written request is handed to the engine, and ``wake`` the one in which a workflow is told that
somebody has decided. ``watched``, ``announced``, ``left`` and ``requested`` are what is written of
an automatic rollback; ``words``, ``approve`` and the like are errands, after their ack. The process
dies once at each point: a file named like the point says that it was there.
"""

import ctypes
import inspect
import multiprocessing
import os
import signal
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

from dbos import DBOS

from bot.operations.books.back_book import BackBook
from bot.operations.deliveries import inbox
from bot.operations.engine import Engine
from bot.operations.intake import Intake
from bot.operations.replicas import lease
from bot.operations.saying import outbox
from handlers import errands
from handlers.errands import Errands
from sandbox.process import Process, main

POINTS = "KILL_POINTS"
FOLDER = "KILL_FOLDER"
GRACE = "KILL_GRACE"


class Points:
    """The points that are left, and the files of those that were reached."""

    def __init__(self, points, folder):
        self._points, self._folder = points, folder

    def reach(self, workflow, step, occurrence, when):
        """Die here if this is a point and we have not died at it before."""
        here = f"{step}:{occurrence}:{when}"
        for point in {here, f"{workflow}/{here}"} & self._points:
            marker = self._folder / file_name(point)
            if not marker.exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)


def file_name(point):
    return point.replace("/", "@")


def wrap(points):
    """Make the engine pass by the points."""
    run_step, start, wake = Engine.step, Engine.start, Intake.wake
    runs = Counter()

    async def step(self, name, work, *args):
        workflow = DBOS.workflow_id
        runs[workflow, name] += 1
        occurrence, ran = runs[workflow, name], []

        def with_points(*given):
            points.reach(workflow, name, occurrence, "before")
            result = work(*given)
            return awaited(result) if inspect.isawaitable(result) else done(result)

        async def awaited(result):
            return done(await result)

        def done(outcome):
            ran.append(outcome)
            points.reach(workflow, name, occurrence, "between")
            return outcome

        outcome = await run_step(self, name, with_points, *args)
        if ran:  # else it was only read from the record of an earlier life
            points.reach(workflow, name, occurrence, "after")
        return outcome

    def start_points(self, name, workflow_id, *args):
        points.reach(workflow_id, "start", 1, "before")
        start(self, name, workflow_id, *args)
        points.reach(workflow_id, "start", 1, "after")

    def wake_points(self, operation_id):
        points.reach(operation_id, "wake", 1, "before")
        wake(self, operation_id)
        points.reach(operation_id, "wake", 1, "after")

    Engine.step, Engine.start, Intake.wake = step, start_points, wake_points
    wrap_automatic_rollbacks(points)
    wrap_errands(points)


def wrap_errands(points):
    """Make what was acked and is still to be done pass by the points, by the errand's name."""
    do = Errands._do

    def do_points(self, errand):
        points.reach("", errand.name, 1, "before")
        message = do(self, errand)
        points.reach("", errand.name, 1, "between")
        return message

    Errands._do = do_points


def wrap_automatic_rollbacks(points):
    """Make the watch of failed operations pass by the points, each named like what it writes."""
    write_line, request = BackBook.write, BackBook.request

    def write_points(self, operation_id, standing, *given):
        step = type(standing).__name__.lower()
        points.reach(operation_id, step, 1, "before")
        after = write_line(self, operation_id, standing, *given)
        points.reach(operation_id, step, 1, "after")
        return after

    def request_points(self, operation_id, *given):
        points.reach(operation_id, "requested", 1, "before")
        made = request(self, operation_id, *given)
        points.reach(operation_id, "requested", 1, "after")
        return made

    BackBook.write, BackBook.request = write_points, request_points


def live(environment, arguments, log):
    """Be the bot of *environment* in this process; everything it prints goes to the file *log*."""
    end_with_the_nursery()
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as output:
        os.dup2(output.fileno(), sys.stdout.fileno())
        os.dup2(output.fileno(), sys.stderr.fileno())
    sys.argv = [__name__, *arguments]
    wrap(Points(set(environment[POINTS].split()), Path(environment[FOLDER])))
    if grace := environment[GRACE]:
        lease.GRACE = timedelta(seconds=float(grace))
        outbox.HELD = timedelta(seconds=2)  # else the dead one's letters wait for two minutes
        inbox.HELD = timedelta(seconds=2)
        errands.ALONE = timedelta(seconds=1)
    main()


def end_with_the_nursery():
    """Let no life outlast tests that were themselves killed, where the system can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)


PARENT_DEATH_SIGNAL = 1
"""Source: man 2 prctl, PR_SET_PDEATHSIG."""


class Mortal(Process):
    """A bot process that passes by the points. It is forked from one that has imported all."""

    def __init__(self, environment, clock, log):
        super().__init__(environment, clock, log)
        self._life = None

    @property
    def pid(self):
        return self._life.pid

    def start(self, *, wait=True):
        arguments = (self._environment, self._command[3:], self.log)
        self._life = NURSERY.Process(target=live, args=arguments, daemon=True)
        self._life.start()
        if wait:
            self.wait_ready()

    def died(self, seconds):
        self._life.join(seconds)
        return self._life.exitcode is not None

    def kill(self):
        if self._life is not None:
            self._life.kill()
            self._life.join()

    def stop(self, seconds=20.0):
        self._life.terminate()
        return self._life.exitcode if self.died(seconds) else None


NURSERY = multiprocessing.get_context("forkserver")
NURSERY.set_forkserver_preload([__name__, "tests.durable.warm"])
