"""What a shell offers behind a command."""

import subprocess
import sys

import pytest

from bot.terminal.completing import offered, offers
from sandbox.systems import system

SERVICES, PLACES = ("core", "batch", "core-web"), ("dev", "stage", "prod")

OFFERS = [
    ("deploy", "", "co", ["core", "core-web"]),
    ("deploy", "", "core,", ["batch", "core-web"]),
    ("deploy", "core", "", []),  # a version, which nobody can foresee
    ("deploy", "core v1", "", ["dev", "stage", "prod"]),
    ("deploy", "core v1 prod because", "d", []),
    ("promote", "core", "s", ["stage"]),
    ("diff", "core stage", "", ["dev", "prod"]),
    ("why", "", "r", ["rollback"]),
    ("why", "rollback core", "p", ["prod"]),
    ("freeze", "", "", ["dev", "stage", "prod"]),
    ("freeze", "prod", "", []),
    ("approve", "", "D", []),
]


@pytest.mark.parametrize(("verb", "before", "begun", "expected"), OFFERS)
def test_what_fits_there_is_offered(verb, before, begun, expected):
    found = offers(verb, before.split(), begun, SERVICES, PLACES)
    assert [begun.rpartition(",")[0] + "," * ("," in begun) + one for one in expected] == found


def test_without_a_configuration_nothing_is_offered(tmp_path):
    (tmp_path / "odd.yaml").write_text("services: [", encoding="utf-8")
    for name in ("none.yaml", "odd.yaml"):
        assert [] == offered("deploy", (), "", {"SHIPMATE_CONFIG": str(tmp_path / name)})


def test_a_shell_is_offered_the_configured_names(tmp_path):
    """Through the very program, as bash calls it."""
    (tmp_path / "shipmate.yaml").write_text(system("astrago").config(), encoding="utf-8")
    asked = {
        "COMP_WORDS": "shipmate lock core st",
        "COMP_CWORD": "3",
        "_SHIPMATE_COMPLETE": "complete_bash",
        "SHIPMATE_CONFIG": str(tmp_path / "shipmate.yaml"),
    }
    program = "from bot.cli import app; app(prog_name='shipmate')"
    told = subprocess.run(
        [sys.executable, "-c", program], env=asked, capture_output=True, text=True, check=True
    )
    assert (["stage"], "") == (told.stdout.split(), told.stderr)
