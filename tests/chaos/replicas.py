"""Several processes of one bot behind a load balancer, and who kills them."""

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

import httpx

from sandbox.process import Process
from tests.durable import runner

BALANCER_SECONDS = 5.0
MOST_ALONE = 1
"""How many of those that are ready are left alone."""


class Aged(Process):
    """A process of an older Shipmate, whose code lies in the folder *code*."""

    def __init__(self, environment, clock, log, code):
        super().__init__(environment, clock, log)
        self._code = code

    def start(self, *, wait=True):
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, env=self._environment, cwd=self._code, stdout=output, stderr=output
            )
        if wait:
            self.wait_ready()


@dataclass
class Replica:
    """One place for a process: it is started again there, unless it is to stay away."""

    name: str
    process: Process
    comes_back: bool = True
    old: bool = False
    up: bool = False
    moving: bool = False
    lives: int = 0
    deaths: list = field(default_factory=list)  # times of the wall

    def is_ready(self):
        """Tell whether it answers that it is ready; the load balancer asks the same."""
        try:
            answer = httpx.get(f"{self.process.url}/readyz", timeout=BALANCER_SECONDS)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200


class Replicas:
    """The replicas. ``pick`` is the load balancer; ``run`` kills one of them now and then."""

    def __init__(self, environment, clock, folder, chance, *, count=3, pace=1.0, code=None):
        self._chance, self._pace = chance, pace
        self._environment, self._clock, self._code = environment, clock, code
        self.all = []
        for number in range(count):
            log = folder / f"replica-{number}.log"
            log.touch()
            process = self._new(log) if code is None else Aged(environment, clock, log, code)
            self.all.append(Replica(f"replica {number}", process, old=code is not None))
        self.all[0].comes_back = False
        self.kills = 0
        self.faults = []
        self._over, self._dying = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._tend, name="replicas", daemon=True)

    def _new(self, log):
        return runner.Mortal(self._environment, self._clock, log)

    @property
    def are_older(self):
        """Tell whether any of them is of the older code."""
        return any(one.old for one in self.all)

    def start(self):
        """Start all, and let the load balancer know them."""
        for one in self.all:
            self._begin(one)
        for one in self.all:
            one.process.wait_ready(120)
            one.up = True
        self._thread.start()

    def begin_to_die(self):
        """Start the killing."""
        self._dying.set()

    def rest(self):
        """Kill no more."""
        self._dying.clear()

    def stop(self):
        """End everything."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(10)
        for one in self.all:
            one.process.kill()

    def pick(self):
        """Return the address of one that was ready a moment ago, or None."""
        with self._lock:
            up = [one for one in self.all if one.up]
        return self._chance.choice(up).process.url if up else None

    def renew(self):
        """Put a process of today's code in the place of one of older code, as an upgrade does.

        Returns how long the old one took to stop, in seconds; None where it was dead.
        """
        one = next((one for one in self.all if one.old and one.lives), None)
        if one is None:
            return None
        with self._lock:
            was_up = one.up
            one.up, one.old, one.moving = False, False, True
        asked, dead = time.monotonic(), one.process.died(0.01)
        if not dead:
            one.deaths.append(time.time())
        code = one.process.stop(40)
        if was_up and not dead and code != 0:  # while it starts, the signal itself ends it
            self.faults.append(f"{one.name} did not stop in peace ({code})")
        one.process = self._new(one.process.log)
        self._begin(one)
        one.moving = False
        return None if dead else time.monotonic() - asked

    def _begin(self, one):
        one.lives += 1
        one.process.start(wait=False)

    def _tend(self):
        """Keep the load balancer's list, start again what has died, and kill when it is time."""
        due = time.monotonic()
        while not self._over.wait(0.1):
            try:
                for one in self.all:
                    if one.lives and not one.moving:
                        self._look_after(one)
                if self._dying.is_set() and time.monotonic() >= due and self._kill():
                    due = max(due + self._pace, time.monotonic())
            except Exception as fault:  # noqa: BLE001  # the edge of this thread
                self.faults.append(f"the replicas are looked after no more: {fault!r}")
                return

    def _look_after(self, one):
        if one.process.died(0.01):
            self._bury(one)
        elif not one.up and one.is_ready():
            with self._lock:
                one.up = True

    def _bury(self, one):
        with self._lock:
            one.up = False
        if len(one.deaths) < one.lives:  # nobody killed it
            one.deaths.append(time.time())
            self.faults.append(f"{one.name} ended by itself: {one.process.log.read_text()[-600:]}")
        if one.comes_back and not self._over.is_set():
            self._begin(one)
        else:
            one.lives, one.comes_back = 0, False

    def _kill(self):
        """Kill one of those that are ready, but not the last; tell whether there was one.

        On a machine that is busy a start takes longer than the time between two kills: nobody
        would ever be there to be asked, and nothing be shown.
        """
        with self._lock:
            ready = [one for one in self.all if one.up and not one.moving]
            if len(ready) < MOST_ALONE + 1:
                return False
            one = self._chance.choice(ready)
            one.up = False
            one.deaths.append(time.time())
        one.process.kill()
        self.kills += 1
        return True

    def lines(self):
        """Return what all of them logged, as (replica, line)."""
        for one in self.all:
            for line in one.process.log.read_text("utf-8", "replace").splitlines():
                if line.startswith("{"):
                    try:
                        yield one, json.loads(line)
                    except ValueError:  # it died while it wrote
                        continue


def worktree(ref, folder):
    """Check *ref* of this repository out beside it; return the folder."""
    code = folder / "older"
    command = ["git", "worktree", "add", "--detach", "--force", str(code), ref]
    subprocess.run(command, check=True, capture_output=True)
    return code


def end_worktree(code):
    """Take the folder of ``worktree`` away again."""
    command = ["git", "worktree", "remove", "--force", str(code)]
    subprocess.run(command, check=True, capture_output=True, stdin=sys.stdin)
