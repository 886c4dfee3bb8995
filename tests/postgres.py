"""A real PostgreSQL for tests: one server for each test process, one database for each test."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests import databases

MISSING = (
    "PostgreSQL's server programs (initdb, postgres) are not here. On Debian: "
    "apt-get install postgresql"
)

SETTINGS = (
    "max_connections=200",
    "fsync=off",  # nobody misses these data when the machine stops
    "synchronous_commit=off",
    "full_page_writes=off",
)
FILLED = "filled"
"""The database with all tables that others are copied from."""


def programs() -> Path | None:
    """Return the folder of PostgreSQL's server programs, or None."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


class Server:
    """A server in a temporary folder. As root it could not run, so root lends it a user."""

    def __init__(self, programs: Path, folder: Path, as_user: dict[str, int]) -> None:
        self._programs, self._folder, self._as_user = programs, folder, as_user
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self._has_filled = False

    def start(self) -> None:
        """Run, on the same port as before."""
        arguments = ["-D", self._folder / "data", "-p", str(self.port), "-k", self._folder]
        settings = ["-h", "127.0.0.1", *(part for one in SETTINGS for part in ("-c", one))]
        with (self._folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", *arguments, *settings],
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self._folder,
                **self._as_user,
            )
        _until_ready(self.port, self._process, self._folder)

    def stop(self) -> None:
        """Stop at once; whoever is connected loses its connection."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(20)
            self._process = None

    def address(self, database: str) -> str:
        return f"postgresql://shipmate@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def database(self, *, filled: bool = False) -> Iterator[str]:
        """Lend a fresh database, *filled* with all tables or empty; it is dropped afterwards."""
        name = f"t{uuid.uuid4().hex[:12]}"
        if filled and not self._has_filled:
            self._make(FILLED)
            databases.fill(self.address(FILLED))
            self._has_filled = True
        self._make(f"{name} TEMPLATE {FILLED}" if filled else name)
        try:
            yield self.address(name)
        finally:
            with psycopg.connect(self.address("postgres"), autocommit=True) as admin:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _make(self, database: str) -> None:
        with psycopg.connect(self.address("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {database}")


@contextmanager
def running() -> Iterator[Server]:
    """Run a server while the block lasts."""
    found = programs()
    assert found is not None, MISSING
    folder = Path(tempfile.mkdtemp(prefix="shipmate-postgres-", dir="/tmp"))
    user = _user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    as_user = {"user": user.pw_uid, "group": user.pw_gid} if user else {}
    try:
        subprocess.run(
            [
                found / "initdb",
                "-D",
                folder / "data",
                "-U",
                "shipmate",
                "-A",
                "trust",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale=C",
            ],
            check=True,
            capture_output=True,
            cwd=folder,
            **as_user,
        )
        server = Server(found, folder, as_user)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _until_ready(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(200):
        try:
            psycopg.connect(f"postgresql://shipmate@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError:
            if process.poll() is not None:
                raise AssertionError((folder / "log").read_text()) from None
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        else:
            return
    raise AssertionError((folder / "log").read_text())


def _user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
