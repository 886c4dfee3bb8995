"""docs/security.md names a test for each threat that something stops, and each of them exists."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "security.md").read_text(encoding="utf-8")
ROWS = PAGE.partition("## What people try")[2].partition("\n## ")[0].splitlines()[4:]
LINKS = re.findall(r"\[`(test_\w+)`\]\((\.\./tests/[\w/]+\.py)\)", PAGE)


@pytest.mark.parametrize("row", [row for row in ROWS if row], ids=lambda row: row[2:40])
def test_each_threat_has_a_test(row):
    assert 4 == len(row.split("|")[1:-1])
    assert "](../tests/" in row


@pytest.mark.parametrize(("test", "file"), LINKS, ids=[test for test, _ in LINKS])
def test_each_test_that_is_named_is_there(test, file):
    text = (DOCS / file).read_text(encoding="utf-8")
    assert re.search(rf"^(?:    )?def {test}\(", text, re.MULTILINE), f"{test} is not in {file}"


def test_every_secret_of_the_bot_is_on_the_page():
    from bot.settings import Settings

    ours = {
        name.upper()
        for name, field in Settings.model_fields.items()
        if "Secret" in str(field.annotation)
    }
    several = {"ARGOCD_AUTH_TOKENS", "NOTIFY_ADDRESSES"}
    ours = {one.removesuffix("S") for one in ours - several}
    assert [] == sorted(one for one in ours if f"`{one}`" not in PAGE)
