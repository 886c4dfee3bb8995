import pytest
import typer
from typer.testing import CliRunner

from bot.adapters.github.teams import Teams
from bot.cli import _look_for_teams, app
from bot.domain.rights import Action, Grant, Permissions
from bot.operations.identity.team_check import TeamCheck
from sandbox.wire import Fault
from tests.adapters.github_world import World


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


@pytest.mark.parametrize("name", ["LOG_LEVEL", "LOG_FORMAT"])
def test_the_log_is_set_by_the_environment_too(monkeypatch, tmp_path, name):
    monkeypatch.setattr("os.environ", {"SHIPMATE_CONFIG": str(tmp_path / "none.yaml")})
    told = CliRunner().invoke(app, ["run"], env={name: "loud"})
    assert 2 == told.exit_code
    assert name in told.output
    unset = CliRunner().invoke(app, ["run"], env={name: ""})
    assert "SLACK_BOT_TOKEN is missing" in unset.output


@pytest.fixture
def check(tmp_path):
    with World(tmp_path, {"a": b"1"}) as world:
        world.fake.add_team("acme", "sre")

        def naming(*slugs, down=False):
            if down:
                world.fake.arm("team", Fault(drop="before"), times=None)
            grants = (Grant(Action.DEPLOY, "prod", frozenset(slugs)),)
            return TeamCheck(Teams(world.door()), "acme", Permissions(grants))

        yield naming


def test_a_team_that_does_not_exist_ends_the_start_as_a_wrong_configuration_does(check, capsys):
    with pytest.raises(typer.Exit) as ended:
        _look_for_teams(check("sre", "sree", "srre"))
    assert 2 == ended.value.exit_code
    lines = capsys.readouterr().err.splitlines()
    assert ["the team `sree`", "the team `srre`"] == [line[:15] for line in lines]


def test_with_every_team_there_the_start_goes_on_in_silence(check, capsys):
    _look_for_teams(check("sre"))
    assert "" == capsys.readouterr().err


def test_while_github_cannot_be_asked_the_start_goes_on_with_a_warning(check, capsys):
    _look_for_teams(check("sree", down=True))
    said = capsys.readouterr().err
    assert said.startswith("warning: it is not known whether the configured teams are there")
    assert "asks again until it knows" in said
