"""What an older Shipmate left in the middle goes on in this one, each operation by its own flow."""

import gzip
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clock import Clock
from bot.domain.operations import Phase
from sandbox.ci import Verdict
from tests.durable.lives import BACKEND, BRANCH, SPEED, Lives

pytestmark = pytest.mark.slow

STORED = Path(__file__).with_name("stored")


class Stored(Lives):
    """A fresh world with the database and the repositories of a world that was left."""

    def __init__(self, folder, name):
        database = folder / "shipmate.db"
        database.write_bytes(gzip.decompress((STORED / f"{name}.db.gz").read_bytes()))
        super().__init__(folder, f"sqlite:///{database}", epoch=epoch_for(left_at(database)))
        self._name = name

    def __enter__(self):
        super().__enter__()
        gitops = self.world.system.gitops
        for repository, kind in ((gitops, "deployment"), (BACKEND, "backend")):
            bundle = str(STORED / f"{self._name}.{kind}.bundle")
            path = str(self.github.path(repository))
            kept = "+refs/heads/*:refs/heads/*"
            subprocess.run(["git", "-C", path, "fetch", "--quiet", bundle, kept], check=True)
        self._is_built()
        return self

    def _is_built(self):
        """Let CI have reported on what stands in the repository now; nobody asked for it then."""
        for commit in self.github.log(BACKEND, BRANCH):
            self.world.ci.says(BACKEND, commit.sha, Verdict.GREEN)
            for build in self.world.system.builds:
                self.world.images.put(build.of(commit.sha))


def left_at(database):
    """Return when the bot that wrote *database* last wrote something down."""
    connection = sqlite3.connect(database)
    (at,) = connection.execute("SELECT max(at) FROM timeline").fetchone()
    connection.close()
    return datetime.fromisoformat(at).replace(tzinfo=UTC)


def epoch_for(left):
    """Return the epoch of a fast clock that shows *left* at this moment, whatever day it is."""
    now = Clock().now()
    return now + (now - left) / (SPEED - 1)


def flows(lives):
    return {lives.store.flow(one.id) for one in lives.store.latest()}


def goes_live(lives, *operations):
    for operation in operations:
        lives.until(lambda one=operation: lives.is_over(one))
    for operation in operations:
        lives.assert_done_once(operation, Phase.LIVE)
    assert {1} == flows(lives), "they went on by the flow that they began with"


def test_one_is_followed_one_waits_in_line_and_one_beside_them(tmp_path):
    with Stored(tmp_path, "following") as lives:
        lives.alive()
        goes_live(lives, "D-1", "D-2", "D-3")
        wished = [f"core-stage-{lives.version(back)}" for back in (1, 0)]
        assert ["core-stage-ba01", *wished] == lives.tags()


def test_the_commit_was_being_tried_while_github_was_away(tmp_path):
    with Stored(tmp_path, "writing") as lives:
        lives.alive()
        goes_live(lives, "D-1")


def test_it_was_being_checked_while_github_was_away(tmp_path):
    """It is judged by the rules of today."""
    with Stored(tmp_path, "checking") as lives:
        lives.alive()
        goes_live(lives, "D-1")
