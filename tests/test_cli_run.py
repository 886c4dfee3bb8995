import pytest
from typer.testing import CliRunner

from bot.cli import app


@pytest.mark.parametrize("level", ["loud", "10", ""])
def test_a_level_that_is_none_is_told_with_those_that_are(level):
    told = CliRunner().invoke(app, ["run", "--level", level])
    assert 2 == told.exit_code
    assert "warning" in told.output.casefold()
    assert "Traceback" not in told.output


def test_a_level_may_be_written_small(monkeypatch, tmp_path):
    """It is read before the settings, whose absence is then what is told."""
    monkeypatch.setattr("os.environ", {"SHIPMATE_CONFIG": str(tmp_path / "none.yaml")})
    told = CliRunner().invoke(app, ["run", "--level", "debug"])
    assert 2 == told.exit_code
    assert "SLACK_BOT_TOKEN is missing" in told.output
