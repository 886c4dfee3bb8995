"""The real bot as a process of its own, in a world: started, killed without warning, started again.

``python -m sandbox.process`` is that process. It differs from ``shipmate run`` only in its clock,
which runs as fast as the world's.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import httpx

from bot.clock import Clock
from bot.garbage import kept


def main() -> None:
    """Run the bot as the environment says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--speed", type=float, required=True)
    parser.add_argument("--epoch", type=datetime.fromisoformat, required=True)
    given = parser.parse_args()
    with kept():  # late: whoever only starts such processes needs none of it
        from bot.app import build
        from bot.config import load
        from bot.log import configure
        from bot.server import run
        from bot.settings import Settings
    settings = Settings.load()
    configure(secrets=settings.secrets())
    path = settings.shipmate_config
    config = load(path.read_text(encoding="utf-8"), path.name)
    run(build(settings, config, Clock(given.speed, given.epoch)), "127.0.0.1", settings.port)


AUTHORITIES = "SSL_CERT_FILE"
"""Whom TLS trusts; here nobody speaks it, and reading everybody's list takes each client 30 ms."""


class Process:
    """One bot process. *environment* is the world's; what it prints goes to *log*."""

    def __init__(
        self,
        environment: Mapping[str, str],
        clock: Clock,
        log: Path,
        module: str = "sandbox.process",
    ) -> None:
        self.port = free_port()
        self._environment = {
            **_inherited(),
            **environment,
            "PORT": str(self.port),
        }
        self._command = [
            sys.executable,
            "-m",
            module,
            "--speed",
            str(clock.speed),
            "--epoch",
            clock.epoch.isoformat(),
        ]
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return its base URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Return the id of the running process."""
        assert self._process is not None
        return self._process.pid

    def start(self, *, wait: bool = True) -> None:
        """Start it; with *wait*, return once it is ready."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=output, stderr=output
            )
        if wait:
            self.wait_ready()

    def wait_ready(self, seconds: float = 90.0) -> None:
        """Wait until it answers that it is ready.

        Raises:
            RuntimeError: it died, or was not ready in time; with the end of its log.
        """
        for _ in range(int(seconds / 0.05)):
            try:
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            if self.died(0.05):
                break
        raise RuntimeError(f"the bot is not ready: {self.log.read_text()[-3000:]}")

    def died(self, seconds: float) -> bool:
        """Wait at most *seconds* for its death; tell whether it came."""
        assert self._process is not None
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """Kill it without warning (SIGKILL)."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def stop(self, seconds: float = 20.0) -> int:
        """Ask it to stop (SIGTERM); return its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _inherited() -> dict[str, str]:
    """Return our environment without what would configure the bot from outside the world."""
    names = {"PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR", AUTHORITIES}
    return {name: value for name, value in os.environ.items() if name in names}


if __name__ == "__main__":
    main()
