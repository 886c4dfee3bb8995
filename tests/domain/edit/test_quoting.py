"""What a YAML reader would take for a number, a boolean, a date or nothing."""

import pytest

from bot.domain.edit import set_tag
from bot.domain.edit.quoting import reads_as_string
from bot.domain.locations import Key

# fmt: off
OTHERS = [
    "1.10", "0123456", "12345678", "1e10", "1234e567", "1E5", "0x1F", "0X1F", "0o17", "0O7",
    "0b1", "0B1", "1_000", "0_X7", "0_", "0x_", "1.", "1.e5", "1_0.5", "08", "00", "2024-01-01",
    "2024-1-2", "on", "On", "ON", "off", "y", "Y", "n", "N", "yes", "No", "TRUE", "true",
    "False", "null", "Null", "NULL",
]
STRINGS = [
    "v1", "v1.2.3", "1.2.3", "a1b2c3d4", "0x", "0xg", "1e", "1e1x", "e10", "_1", "latest",
    "develop-latest", "main-a1b2c3d", "oN", "nO", "nuLL", "yEs", "2024-01", "2024-01-01-rc",
    "20240101-1", "1-2", "1.2-rc", "0b2", "0o8", "inf", "nan", "NaN", "Infinity", "1e-x",
    "12e34f", "core-stage-a1b2c3d4",
]
# fmt: on


@pytest.mark.parametrize("tag", OTHERS)
def test_a_tag_that_looks_like_something_else_gets_quotes(tag):
    assert not reads_as_string(tag)
    assert f'tag: "{tag}" # c\n'.encode() == set_tag(b"tag: v1 # c\n", "v", Key("tag"), tag).text


@pytest.mark.parametrize("tag", STRINGS)
def test_a_tag_that_every_reader_takes_for_a_string_stays_plain(tag):
    assert reads_as_string(tag)
    assert f"tag: {tag} # c\n".encode() == set_tag(b"tag: old # c\n", "v", Key("tag"), tag).text


@pytest.mark.parametrize(
    "plain", ["", "~", ".inf", "-.INF", ".nan", "1:30", "190:20:30", "=", "<<"]
)
def test_what_no_tag_can_be_is_known_too(plain):
    assert not reads_as_string(plain)
