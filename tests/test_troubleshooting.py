"""docs/troubleshooting.md has every message that people and operators can meet, as it stands."""

import ast
import re
from pathlib import Path

import pytest

from bot.domain.edit import EditCode
from bot.domain.problems import Problem, Reason
from bot.messages import misread
from bot.messages.drifting.drift_answers import BARS
from bot.messages.problems import EDITS, WORDS
from bot.messages.spans import mrkdwn
from bot.messages.templates import fill, holes

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
CODE = [*sorted((ROOT / "bot").rglob("*.py")), *sorted((ROOT / "handlers").glob("*.py"))]

OPTIONAL = re.compile(r"\[([^\[\]|]*)\|?([^\[\]]*)\]")
LOUD = {"warning", "error", "exception"}


def rows(head):
    """Return what stands in all tables whose first column is called *head*, by its codes."""
    found = {}
    for table in re.findall(rf"^\| {head} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE):
        for row in table.splitlines():
            first, *others = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
            for code in re.findall(r"`([^`]+)`", first):
                assert code not in found, f"{code} stands twice"
                found[code] = others
    return found


def as_said(template):
    """Return what people read of *template*, in each of its two ways, with … for each fact."""
    plain, said, otherwise = "", set(), set()
    for found in OPTIONAL.finditer(template):
        first, second = found[1], found[2]
        if "|" in found[0]:
            said |= holes(first)
            otherwise |= holes(second)
    plain = holes(OPTIONAL.sub("", template))
    ways = [_shown(template, plain | said), _shown(template, plain | otherwise)]
    return " *or* ".join(dict.fromkeys(one for one in ways if "(unknown)" not in one))


def _shown(template, facts):
    """Return *template* as it reads; commands are marked as such and nothing else is."""
    commands = re.findall(r"`[^`]*`", template)
    text = mrkdwn(fill(template, dict.fromkeys(facts, "…")), 4_000).replace("`", "")
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("*", "")
    for command in commands:
        bare = re.sub(r"\{\w+\}", "…", command.strip("`"))
        text = text.replace(bare, f"`{bare}`", 1)
    return text


def expected(words):
    return {str(code): as_said(one.what) for code, one in words.items()}


@pytest.mark.parametrize(
    ("head", "said"),
    [
        pytest.param("reason", expected(WORDS), id="reasons"),
        pytest.param("edit", expected(EDITS), id="refused edits"),
        pytest.param("misread", expected(misread.WORDS), id="misread words"),
        pytest.param(
            "no sync", {str(bar): as_said(one) for bar, one in BARS.items()}, id="no sync"
        ),
    ],
)
def test_every_message_stands_on_the_page_as_the_bot_says_it(head, said):
    shown = {code: cells[0] for code, cells in rows(head).items()}
    assert said == shown


def test_nothing_that_is_asked_of_the_words_is_empty():
    assert set(map(str, Reason)) == set(rows("reason"))
    assert set(map(str, EditCode)) == set(rows("edit"))
    assert all(len(cells[-1]) > 20 for head in ("reason", "edit") for cells in rows(head).values())
    text = mrkdwn(fill(WORDS[Reason.LOCKED].what, Problem(Reason.LOCKED, {"by": "U1"}).facts), 99)
    assert "holds the lock" in text


def events():
    """Return what the log says at warning and above: the first argument of each such call."""
    found = set()
    texts = (file.read_text(encoding="utf-8") for file in CODE)
    for text in texts:
        if not re.search(r"log\.(?:warning|error|exception)\(", text):
            continue
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="log"), attr=level), args=[event, *_]
                ) if level in LOUD:
                    found |= {one.value for one in _ways(event) if isinstance(one.value, str)}
    return found


def _ways(event):
    """Return the constants that *event* may be."""
    match event:
        case ast.Constant():
            return [event]
        case ast.IfExp(body=first, orelse=second):
            return [*_ways(first), *_ways(second)]
    raise AssertionError(f"line {event.lineno}: the words of a line are not written out")


def test_every_line_that_the_log_warns_of_is_on_the_page_and_no_other():
    assert events() == set(rows("log"))


def constants(function, file):
    """Return the texts that *function* of *file* builds, with … for what is filled in."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    (body,) = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == function]
    parts = [
        part
        for joined in ast.walk(body)
        if isinstance(joined, ast.JoinedStr)
        for part in ast.walk(joined)
    ]
    whole = [_text(n) for n in ast.walk(body) if isinstance(n, ast.JoinedStr)]
    plain = [
        n.value
        for n in ast.walk(body)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and n not in parts
    ]
    documentation = ast.get_docstring(body, clean=False)
    return {one for one in (*whole, *plain) if one.strip() and one != documentation}


def _text(joined):
    return "".join(one.value if isinstance(one, ast.Constant) else "…" for one in joined.values)


@pytest.mark.parametrize("function", ["troubles", "worries", "hung"])
def test_every_reason_not_to_be_ready_is_on_the_page(function):
    told = constants(function, "bot/shipmate.py") - {" "}
    whole = " ".join(" ".join([code, *cells]) for code, cells in rows("readyz").items())
    assert [] == sorted(one for one in told if one not in whole)


def refusals():
    """Return how what is said of a wrong environment begins, each that the settings can say."""
    tree = ast.parse((ROOT / "bot" / "settings.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="_problem"), args=[_, said]):
                pass
            case ast.Call(func=ast.Name(id="SettingProblem"), args=[_, said]):
                pass
            case _:
                continue
        match said:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr():
                yield _text(said)


def test_every_refusal_of_the_environment_is_on_the_page():
    shown = set(rows("environment"))
    told = {re.split(r"[:;(…]", text)[0].strip() for text in refusals()} - {""}
    assert told, "the settings say nothing?"
    assert [] == sorted(one for one in told if not any(one in row for row in shown))
