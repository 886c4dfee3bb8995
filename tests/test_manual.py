"""Every page of the manual: its links lead somewhere, what it shows loads, what it says parses."""

import json
import re
import shlex
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import typer
from click import UsageError
from PIL import Image
from ruamel.yaml import YAML

from bot.cli import app
from bot.config import ConfigInvalid, load
from bot.domain.commands import Misread, MisreadReason, parse
from bot.domain.edit import read_tag
from bot.settings import Settings
from bot.terminal.commands import EXAMPLES
from sandbox.demo.script import CHAPTERS
from sandbox.systems import system
from tests.manual import DOCS, ROOT, Page, pages

PAGES = pages()
BY_PATH = {page.path: page for page in PAGES}
PARTS = [pytest.param(page, id=page.path) for page in PAGES]
REAL = [one for one in PAGES if "decisions" not in one.path]
WRITTEN = [pytest.param(page, id=page.path) for page in REAL]


def read(text):
    return YAML(typ="safe", pure=True).load(text)


# links, pictures, the index


@pytest.mark.parametrize("page", PARTS)
def test_every_link_of_a_page_leads_to_something(page):
    lost = []
    for path, anchor in page.links:
        to = (page.folder / path).resolve() if path else ROOT / page.path
        known = BY_PATH.get(str(to.relative_to(ROOT)))
        if not to.exists() or (anchor and (known is None or anchor not in known.anchors)):
            lost.append(f"{path}#{anchor}")
    assert [] == lost


def test_every_page_is_reached_from_the_index():
    known = {to for page in PAGES for to in _reached(page)}
    assert {"docs/README.md"} <= set(_reached(BY_PATH["README.md"]))
    assert [] == [page.path for page in REAL if page.path not in known | {"README.md"}]
    named = {path for path, _ in BY_PATH["docs/README.md"].links}
    assert [] == [path.name for path in DOCS.glob("*.md") if path.name not in {*named, "README.md"}]


def _reached(page):
    for path, _ in page.links:
        to = (page.folder / path).resolve()
        yield str((to / "README.md" if to.is_dir() else to).relative_to(ROOT))


PICTURES = [pytest.param(path, id=path.name) for path in sorted((DOCS / "images").glob("*.png"))]


@pytest.mark.parametrize("path", PICTURES)
def test_every_picture_is_shown_with_words_and_small(path):
    shown = re.findall(rf"!\[([^\]]*)\]\([^)]*{path.name}\)", "".join(one.text for one in PAGES))
    assert shown
    assert all(len(words) > 20 for words in shown)
    assert path.stat().st_size < 100_000
    with Image.open(path) as picture:
        assert picture.width < 2_000


# configuration

WHOLE = """
github: {org: acme}
argocd:
  main: {url: https://argocd.example.com}
gitops: {repo: acme/gitops, branch: main}
slack:
  channels: {deploys: C0DEPLOY}
environments:
  dev:
  stage: {after: dev}
  staging: {after: dev}
  prod: {after: stage}
services:
"""
SERVICES = (
    *("core", "batch", "user-service", "web", "api", "gateway", "pay", "my-app"),
    *("payment-service", "ai-worker"),
)
SERVICE = """\
  {}:
    source: acme/backend
    image: ghcr.io/acme/{}
    tag: "{{sha:8}}"
    at: {{file: "values/{{env}}.yaml", key: app.{}.tag}}
"""
CONFIG = WHOLE + "".join(SERVICE.format(one, one, one) for one in SERVICES)


CATALOG = load(CONFIG).catalog


def blocks(of):
    return [
        pytest.param(block.text, id=f"{page.path}-{number}")
        for page in REAL
        if page.path != "docs/configuration.md"  # whose own test stands beside this one
        for number, block in enumerate(page.blocks)
        if block.of == of
    ]


def joined(whole, part):
    if isinstance(whole, dict) and isinstance(part, dict):
        return {**whole, **{key: joined(whole.get(key), part[key]) for key in part}}
    return part


ELSEWHERE = {"scrape_configs"}
"""Keys of files that are not ours."""


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_piece_of_configuration_loads_by_itself_or_in_a_whole_file(text):
    if text.startswith("# values.yaml"):
        known = read((ROOT / "deploy/chart/values.yaml").read_text())
        assert set(read(text)) <= set(known)
        return
    shown = read(text)
    if set(shown) <= ELSEWHERE or "apiVersion" in shown:  # an object of Kubernetes is not ours
        return
    whole = shown if "services" in shown else joined(read(CONFIG), shown)
    try:
        assert load(json.dumps(whole)).catalog.targets  # JSON is YAML
    except ConfigInvalid as wrong:
        pytest.fail("\n".join(map(str, wrong.problems)))


def test_configuration_does_not_hide_in_blocks_that_no_test_reads():
    keys = "|".join((*read(CONFIG), "applications", "failures", "drift", "notify", "permissions"))
    others = [(page.path, one.text) for page in REAL for one in page.blocks if one.of != "yaml"]
    assert [] == [path for path, text in others if re.match(rf"(?:{keys}):\s", text)]


# the layouts

LAYOUTS = {
    "helm-values": "astrago",
    "kustomize-shared-overlay": "pingvas",
    "kustomize-overlays": "flash_tickets",
    "beside-the-code": "pinksea",
    "plain-manifests": "guide",
    "pull-requests": "guide-by-pull-request",
}


def layout(name):
    """The configuration of a layout's page, and the system that it describes."""
    found = [one.text for one in BY_PATH[f"docs/services/{name}.md"].blocks if one.of == "yaml"]
    described = system(LAYOUTS[name])
    shown = [load(text) for text in found if "services:" in text]
    return next(one for one in shown if described.gitops in {*_repos(one)}), described


def _repos(config):
    return (one.location.repo for one in config.catalog.targets.values())


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_configured_as_the_system_that_is_deployed_in_the_sandbox(name):
    shown, described = layout(name)
    real = load(described.config())
    assert () == shown.warnings
    assert shown.catalog.targets.items() <= real.catalog.targets.items()
    assert shown.catalog.environments == real.catalog.environments
    assert shown.catalog.permissions == real.catalog.permissions
    assert shown.people == real.people


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_tag_of_a_layout_stands_where_its_page_says(name):
    shown, described = layout(name)
    files = described.files()
    applications = {one.name for one in described.applications}
    for target in shown.catalog.targets.values():
        place = target.location
        assert read_tag(files[place.file], place.file, place.at)
        assert target.application.name in applications


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_the_tree_and_the_difference_of_a_layout_show_is_in_its_repository(name):
    _, described = layout(name)
    files = described.files()
    page = BY_PATH[f"docs/services/{name}.md"]
    tree = next((one.text for one in page.blocks if one.of == "text"), "")
    names = re.findall(r"([\w<>./-]+\.(?:yaml|gotmpl))", tree)
    everything = "\n".join(files)
    assert [] == [one for one in names if one.rpartition("/")[2] not in everything]
    lines = {line for text in files.values() for line in text.decode().splitlines()}
    diff = next((one.text for one in page.blocks if one.of == "diff"), "")
    old = [line[1:] for line in diff.splitlines() if line[:1] in {" ", "-"}]
    stripped = {line.strip() for line in lines}
    assert [] == [line for line in old if line.strip() not in stripped]


# commands

UNSAID = re.compile(r"…|<|>|\||ORG|PROJECT|PATH|NAME")
"""Words in place of which people write their own."""


def slash_lines(page):
    """Every slash command that a page shows, and whether in a block; else in a sentence."""
    shown = [line for block in page.blocks for line in block.text.splitlines()]
    for line, whole in (*((one, True) for one in shown), *((one, False) for one in page.code)):
        found = re.match(r"(?:\w+ +in #\S+ +>? ?)?(/(?:deploy|promote|rollback|ship)\b.*)", line)
        if found:
            yield re.split(r" {2,}|  *#(?!\d)", found[1])[0].strip(), whole


SLASH = [
    pytest.param(line, whole, id=f"{page.path}: {line}")
    for page in REAL
    for line, whole in dict.fromkeys(slash_lines(page))
]


@pytest.mark.parametrize(("line", "whole"), SLASH)
def test_every_slash_command_is_understood(line, whole):
    verb, _, rest = line.removeprefix("/").partition(" ")
    if UNSAID.search(rest) or " " not in rest:  # a command's name
        first = rest.partition(" ")[0] if verb == "ship" else ""
        said = parse("ship", first or "help", CATALOG)
        unknown = isinstance(said, Misread) and said.reason is MisreadReason.UNKNOWN_VERB
        assert UNSAID.search(first) or not unknown
        return
    said = parse(verb, rest.replace("@alice", "<@U0ALICE|alice>"), CATALOG)
    begun = isinstance(said, Misread) and said.reason.startswith("missing")
    assert not isinstance(said, Misread) or (begun and not whole), said


COMMAND = typer.main.get_command(app)


def shell_lines(page):
    """Every line for a shell that begins with ``shipmate``, in a block or in a sentence."""
    shown = [line for block in page.blocks for line in block.text.splitlines()]
    said = [line.removeprefix("$ ") for line in shown if line.startswith("$ ")]
    for line in (*said, *page.code):
        bare = line.removeprefix(".venv/bin/")
        if re.match(r"shipmate (?!\d)", bare):
            yield bare


SHELL = [
    pytest.param(line, id=f"{page.path}: {line}")
    for page in REAL
    for line in dict.fromkeys(shell_lines(page))
]


@pytest.mark.parametrize("line", SHELL)
def test_every_line_for_a_shell_names_a_command_with_its_options(line):
    words = shlex.split(re.split(r" [|>] |  *#", line)[0])[1:]
    for name in words[0].split("|"):
        if name.startswith("--"):
            assert name in {option for one in COMMAND.params for option in one.opts} | {"--help"}
            continue
        command = COMMAND.get_command(typer.Context(COMMAND), name)
        assert command is not None, f"there is no shipmate {name}"
        _parses(command, name, words[1:])


def _parses(command, name, words):
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    options = [word for word in words if word.startswith("--") and word != "--help"]
    assert [] == [word for word in options if word not in known]
    if any(UNSAID.search(word) for word in words) or not words or "--help" in words:
        return
    try:
        with command.make_context(name, list(words)) as context:
            said = context.params.get("words")
    except (UsageError, typer.Exit) as wrong:
        pytest.fail(f"{wrong}")
    if said and name in {"deploy", "promote", "rollback", *_SHIP_LIKE}:
        verb, rest = (name, said) if name not in _SHIP_LIKE else ("ship", [name, *said])
        assert not isinstance(parse(verb, " ".join(rest), CATALOG), Misread)


_SHIP_LIKE = {"status", "why", "diff", "drift", "rollout", "lock", "unlock", "freeze", "unfreeze"}


def test_the_examples_of_the_help_are_examples_of_what_exists():
    for name, lines in EXAMPLES.items():
        for line in lines:
            words = shlex.split(line)
            assert name == words[0]
            _parses(COMMAND.get_command(typer.Context(COMMAND), name), name, words[1:])


@pytest.mark.parametrize("page", WRITTEN)
def test_every_make_target_is_one(page):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    shown = [line for block in page.blocks for line in block.text.splitlines()]
    named = [one.removeprefix("$ ") for one in (*shown, *page.code)]
    asked = [one.split()[1] for one in named if re.match(r"make [a-z]+\b", one)]
    assert set(asked) <= set(targets)


def test_the_chapters_of_the_demo_are_those_of_the_page():
    shown = cells("docs/try-it.md", "Watch")
    assert [chapter.system for chapter in CHAPTERS] == [_quoted(cell)[0] for cell in shown]


# variables

OURS = re.compile(
    r"\b(?:SLACK|GITHUB|ARGOCD|REGISTRY|NOTIFY|DATABASE|SHIPMATE)_[A-Z0-9_]+[A-Z0-9](?:_FILE)?\b"
)
OPEN = re.compile(
    r"ARGOCD_AUTH_TOKEN_\w+|REGISTRY_\w+_(?:USERNAME|PASSWORD)|NOTIFY_\w+|GITHUB_OUTPUT"
)
MORE = {"GITHUB_WEBHOOK_SECRET", "ARGOCD_WEBHOOK_TOKEN", "SHIPMATE_AS"}
SLIPS = {"SLACK_BOTTOKEN", "GITHUB_PRIVATE_KEY"}
"""Slips of the pen, shown as such."""


@pytest.mark.parametrize("page", WRITTEN)
def test_every_variable_is_one_that_is_read(page):
    known = {name.upper() for name in Settings.model_fields} | MORE
    named = {one.removesuffix("_FILE") for one in OURS.findall(page.text)}
    assert set() == {one for one in named - known - SLIPS if not OPEN.fullmatch(one)}


# rights: what the pages ask for is what the files of deploy/ ask for


def cells(page, heading):
    table = BY_PATH[page].text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| (.+?) \|", table, re.MULTILINE)[1:]


def test_the_scopes_are_those_of_the_manifest():
    shown = [one for cell in cells(SLACK, "What each scope is for") for one in _quoted(cell)]
    manifest = read((ROOT / "manifest.yml").read_text())
    assert sorted(manifest["oauth_config"]["scopes"]["bot"]) == sorted(shown)


SLACK, GITHUB, ARGOCD = (f"docs/connect-{name}.md" for name in ("slack", "github", "argocd"))


def _quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


APP = json.loads((ROOT / "deploy/github-app.json").read_text())["default_permissions"]


def test_the_address_for_a_new_app_asks_for_the_permissions_of_its_manifest():
    (address,) = re.findall(r"https://github.com/organizations/ORG/\S+", BY_PATH[GITHUB].text)
    asked = dict(parse_qsl(urlsplit(address).query))
    others = {"name", "url", "public", "webhook_active"}
    assert APP == {name: level for name, level in asked.items() if name not in others}


def test_the_table_tells_of_each_permission_of_the_manifest():
    said = " ".join(cells(GITHUB, "What each permission is for"))
    levels = {"write": "read and write", "read": "read"}
    words = {"statuses": "Commit statuses", "pull_requests": "Pull requests"}
    for name, level in APP.items():
        assert f"{words.get(name, name.title())}: {levels[level]}" in said


def test_the_rights_at_argo_cd_are_those_of_the_role():
    role = (ROOT / "deploy/argocd/project-role.yaml").read_text()
    granted = re.findall(r"- p, \S+, (applications, [^,]+),", role)
    shown = [_quoted(cell)[0] for cell in cells(ARGOCD, "What each right is for")]
    assert granted == shown


FILES = {
    f"/{path.relative_to(ROOT)}"
    for room in ("bot", "handlers", "sandbox", "deploy", "tests")
    for path in (ROOT / room).rglob("*")
}


@pytest.mark.parametrize("page", WRITTEN)
def test_every_file_of_ours_that_a_page_names_is_there(page):
    """A path may leave out the room that the paragraph is about."""
    named = [one for one in page.code if re.fullmatch(r"[a-z_/]+\.py|(?:bot|deploy)/[\w./-]+", one)]
    ours = [one.rstrip("/") for one in named]
    assert [] == [one for one in ours if not any(path.endswith(f"/{one}") for path in FILES)]


def test_there_are_pages():
    assert len(PAGES) > 40
    assert Page("docs/README.md") in PAGES
    assert Path(DOCS / "images").is_dir()
