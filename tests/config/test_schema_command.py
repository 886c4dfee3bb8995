"""``shipmate schema`` prints what editors check the file with."""

import json

from typer.testing import CliRunner

from bot import config
from bot.cli import app


def test_the_schema_is_printed_as_json():
    result = CliRunner().invoke(app, ["schema"])
    assert 0 == result.exit_code
    assert config.schema() == json.loads(result.stdout)
