"""Where a bot lives and dies.

What kills have to do with the database, another process that takes over, or the same one that
starts again, is told on both kinds; what they have to do with the world, on one.
"""

from functools import partial

import pytest

from tests import databases
from tests.durable.lives import Lives


@pytest.fixture
def on_sqlite(tmp_path):
    """Begin lives on SQLite: ``with on_sqlite(points=…) as lives: …``."""
    return partial(Lives, tmp_path, databases.sqlite(tmp_path))
