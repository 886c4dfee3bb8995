"""``shipmate edit`` and how further commands come in, as a shell sees them."""

import os
import sys
from importlib.metadata import EntryPoint, version

import pytest
from typer.testing import CliRunner

from bot import cli

TEXT = "image:\n  tag: v1   # the bot's\n"


@pytest.fixture
def shell():
    return CliRunner()


@pytest.fixture
def values(tmp_path):
    path = tmp_path / "values.yaml"
    path.write_text(TEXT)
    path.chmod(0o640)
    return path


def test_it_shows_what_would_change_and_leaves_the_file(shell, values):
    result = shell.invoke(cli.app, ["edit", str(values), "--key", "image.tag", "1.10"])

    assert 0 == result.exit_code
    assert "-  tag: v1   # the bot's\n+  tag: \"1.10\"   # the bot's\n" in result.stdout
    assert values.read_text() == TEXT


def test_the_diff_is_coloured_on_a_terminal(shell, values):
    command = ["edit", str(values), "--key", "image.tag", "v2"]

    assert "\x1b[32m+  tag: v2" in shell.invoke(cli.app, command, color=True).stdout
    assert "\x1b" not in shell.invoke(cli.app, command).stdout


def test_write_changes_the_file_and_keeps_its_mode(shell, values):
    result = shell.invoke(cli.app, ["edit", str(values), "--key", "image.tag", "v2", "--write"])

    assert (0, f"{values}, line 2: v1 → v2\n") == (result.exit_code, result.stdout)
    assert TEXT.replace("v1", "v2") == values.read_text()
    assert 0o640 == values.stat().st_mode & 0o777
    assert [values] == list(values.parent.iterdir())


def test_write_goes_through_a_link(shell, values, tmp_path):
    link = tmp_path / "link.yaml"
    link.symlink_to(values)

    shell.invoke(cli.app, ["edit", str(link), "--key", "image.tag", "v2", "--write"])

    assert link.is_symlink()
    assert "v2" in values.read_text()


def test_the_same_tag_is_no_failure(shell, values):
    result = shell.invoke(cli.app, ["edit", str(values), "--key", "image.tag", "v1", "--write"])

    assert (0, f"{values}: the tag is v1 already.\n") == (result.exit_code, result.stdout)


def test_standard_input_comes_out_edited(shell):
    result = shell.invoke(
        cli.app, ["edit", "-", "--container", "r/a", "v2", "--write"], input=b"image: r/a:v1\r\n"
    )

    assert b"image: r/a:v2\r\n" == result.stdout_bytes


def test_a_kustomization_gets_its_entry(shell, tmp_path):
    path = tmp_path / "kustomization.yaml"
    path.write_text("images: []\n")

    result = shell.invoke(
        cli.app, ["edit", str(path), "--kustomize", "r/a", "v2", "--write", "--add"]
    )

    assert (0, f"{path}, lines 1, 2, 3: now v2\n") == (result.exit_code, result.stdout)
    assert "images:\n- name: r/a\n  newTag: v2\n" == path.read_text()


KUSTOMIZATION = """\
images:
- name: acme/frontend
- {name: acme/core, newName: ghcr.io/acme/core, newTag: v1}
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            KUSTOMIZATION,
            "{file}, line 2: no entry of images has the name acme/cor. Correct the name, or add it."
            "\n  Perhaps: acme/core, ghcr.io/acme/core, acme/frontend"
            "\n  --add writes a new entry.\n",
            id="a slip in the name",
        ),
        pytest.param(
            "images: []\n",
            "{file}, line 1: no entry of images has the name acme/cor. Correct the name, or add it."
            "\n  --add writes a new entry.\n",
            id="no entry at all",
        ),
    ],
)
def test_a_name_that_is_not_there_is_refused(shell, tmp_path, text, said):
    """A slip in the name would write an entry that no manifest uses."""
    path = tmp_path / "kustomization.yaml"
    path.write_text(text)

    result = shell.invoke(cli.app, ["edit", str(path), "--kustomize", "acme/cor", "v2", "--write"])

    assert (1, said.format(file=path)) == (result.exit_code, result.stderr)
    assert text == path.read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["--key", "image.tga"], "line 2: there is no key tga", id="no such key"),
        pytest.param(["--key", "image.tga"], "Perhaps: image.tag", id="nearest key"),
        pytest.param(["--container", "r/a"], "no image of r/a is there", id="no such image"),
        pytest.param(
            ["--key", "image.tag", "--expect", "v0"], "the tag is v1, not v0", id="not expected"
        ),
    ],
)
def test_a_refusal_says_where_and_what_to_do(shell, values, options, said):
    result = shell.invoke(cli.app, ["edit", str(values), *options, "v2", "--write"])

    assert 1 == result.exit_code
    assert said in result.stderr
    assert values.read_text() == TEXT


TWICE = "a:\n- image: r/a:v1\n- image: r/a:v2\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("image: r/a:v1@sha256:" + "0" * 64, "--drop-digest", id="a digest"),
        pytest.param(TWICE, "a[0].image (line 2), a[1].image (line 3)\n  --key", id="twice"),
    ],
)
def test_a_refusal_names_the_option_that_helps(shell, values, text, said):
    values.write_text(text)

    result = shell.invoke(cli.app, ["edit", str(values), "--container", "r/a", "v3"])

    assert 1 == result.exit_code
    assert said in result.stderr


def test_every_tells_the_lines_whatever_stood_there(shell, values):
    values.write_text(TWICE)
    command = ["edit", str(values), "--container", "r/a", "v3", "--every", "--write"]

    assert f"{values}, lines 2, 3: now v3\n" == shell.invoke(cli.app, command).stdout
    assert "a:\n- image: r/a:v3\n- image: r/a:v3\n" == values.read_text()


def test_the_version_is_told(shell):
    result = shell.invoke(cli.app, ["--version"])

    assert (0, f"shipmate {version('shipmate')}\n") == (result.exit_code, result.stdout)


def test_a_file_that_is_not_there_is_named(shell, tmp_path):
    result = shell.invoke(cli.app, ["edit", str(tmp_path / "no.yaml"), "--key", "a", "v2"])

    assert 1 == result.exit_code
    assert "no.yaml cannot be read: No such file or directory." in result.stderr


@pytest.mark.parametrize("options", [[], ["--key", "a", "--container", "b"]])
def test_exactly_one_place_must_be_given(shell, values, options):
    result = shell.invoke(cli.app, ["edit", str(values), *options, "v2"])

    assert 2 == result.exit_code
    assert "Give one of" in result.stderr


def test_a_write_that_fails_leaves_the_file_and_no_other(shell, values, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = shell.invoke(cli.app, ["edit", str(values), "--key", "image.tag", "v2", "--write"])

    assert 1 == result.exit_code
    assert "No space left on device" in result.stderr
    assert [values] == list(values.parent.iterdir())
    assert values.read_text() == TEXT


def test_the_help_tells_the_exit_codes(shell):
    result = shell.invoke(cli.app, ["edit", "--help"])

    assert "Exit code: 0 if the tag was changed" in result.stdout
    assert "list[name=web].tag" in result.stdout


# plug-ins


def hello(name: str) -> None:
    """Say hello."""
    sys.stdout.write(f"hello {name}\n")


@pytest.fixture
def plugins(monkeypatch):
    """Two plug-ins, of which one cannot be imported."""
    found = [
        EntryPoint("hello", f"{__name__}:hello", cli.PLUGINS),
        EntryPoint("absent", "no_such_package:command", cli.PLUGINS),
    ]
    monkeypatch.setattr(cli, "entry_points", lambda group: found if group == cli.PLUGINS else [])


@pytest.mark.usefixtures("plugins")
def test_a_plugin_brings_a_command(shell):
    assert "hello you\n" == shell.invoke(cli.app, ["hello", "you"]).stdout


@pytest.mark.usefixtures("plugins")
def test_a_plugin_that_is_not_installed_is_not_offered_and_says_so(shell):
    offered = shell.invoke(cli.app, ["--help"]).stdout
    result = shell.invoke(cli.app, ["absent", "--anything"])

    assert "Say hello." in offered
    assert "absent" not in offered
    assert 1 == result.exit_code
    assert "absent needs no_such_package, which is not installed" in result.stderr
