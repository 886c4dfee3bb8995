import inspect
import re

import pytest

from bot.domain import problems as reasons
from bot.domain.edit.errors import EditCode
from bot.domain.problems import Problem, Reason
from bot.messages.problems import EDITS, WORDS, say
from bot.messages.replies import refused
from bot.messages.spans import mrkdwn
from bot.messages.templates import holes
from tests.messages.limits import assert_slack_takes
from tests.messages.reading import read

HOSTILE = ("<!channel>", "<https://evil.example|safe>", "`<@U1>`", "x" * 40_000, "&<>" * 5_000)

NOT_SAID = {Reason.UNEDITABLE: {"code", "candidates"}}
"""Facts that pick the words, or are said by the finer ones."""


def facts_of(reason: Reason) -> set[str]:
    """Return the names of the facts that the comment at *reason* promises."""
    lines = inspect.getsource(reasons).splitlines()
    place = next(n for n, text in enumerate(lines) if text.strip().startswith(f"{reason.name} ="))
    told = lines[place].partition("#")[2]
    while not told or (lines[place - 1].strip().startswith("#") and "=" not in lines[place]):
        place -= 1
        told = lines[place].strip().removeprefix("#") + told
    names = re.split(r"; who may: |[,;:]| or ", re.sub(r"\([^)]*\)", "", told))
    return {name.strip() for name in names} & holes_anywhere()


def holes_anywhere() -> set[str]:
    every = [*WORDS.values(), *EDITS.values()]
    return {hole for words in every for hole in holes(words.what) | holes(words.next)}


def test_every_reason_has_words():
    assert set(Reason) == set(WORDS)


def test_every_code_of_a_refused_edit_has_words():
    assert set(map(str, EditCode)) == set(EDITS)


@pytest.mark.parametrize("reason", list(Reason))
def test_it_says_each_fact_that_comes_with_the_reason(reason):
    told = WORDS[reason].what + WORDS[reason].next
    assert facts_of(reason) - NOT_SAID.get(reason, set()) <= holes(told)


def test_the_facts_are_read_from_the_comments():
    assert {"version", "repo", "elsewhere"} == facts_of(Reason.UNKNOWN_VERSION)
    assert {"app", "revision", "found"} <= facts_of(Reason.OVERTAKEN)


@pytest.mark.parametrize("reason", list(Reason))
def test_it_ends_in_something_to_do(reason):
    said = say(Problem(reason, {}))
    text = mrkdwn(said.next, 4_000)
    assert text.endswith(".")
    assert len(text) > 20
    assert mrkdwn(said.what, 4_000).endswith(".")


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda text: text[:20])
@pytest.mark.parametrize("reason", list(Reason))
def test_no_fact_is_read_as_markup(reason, hostile):
    message = refused(Problem(reason, dict.fromkeys(holes_anywhere(), hostile)))
    assert_slack_takes(message)
    assert "<!channel>" not in message.text
    assert "<http" not in message.text


@pytest.mark.parametrize("code", list(EditCode))
@pytest.mark.parametrize("hint", ["", "Write it on one line."])
def test_a_refused_edit_says_where_and_what_to_do(code, hint):
    facts = {
        "code": str(code),
        "file": "k8s/deployment.yaml",
        "line": "12",
        "path": "a.b",
        "candidates": "spec[0], spec[1]",
        "hint": hint,
    }
    text = read(refused(Problem(Reason.UNEDITABLE, facts)))
    assert "`k8s/deployment.yaml`" in text
    assert "Nothing was changed." in text
    assert hint in text


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        pytest.param(
            Problem(
                Reason.UNKNOWN_VERSION,
                {
                    "version": "a1b2c3d4",
                    "repo": "xiilab/astrago-backend",
                    "elsewhere": "xiilab/astrago-frontend",
                },
            ),
            "`xiilab/astrago-backend` has no commit, branch or tag `a1b2c3d4`; "
            "`xiilab/astrago-frontend` has one.\n"
            "Check the spelling, or push the commit first; then send the command again. "
            "Or name a service that is built from `xiilab/astrago-frontend`.",
            id="a commit of another repository",
        ),
        pytest.param(
            Problem(
                Reason.BRANCH_PROTECTED,
                {"repo": "a/b", "branch": "main", "detail": "Changes must be made through a PR."},
            ),
            "Branch `main` of `a/b` takes no direct commits: Changes must be made through a PR.\n"
            "Ask a platform engineer to set `change: pull_request` for the environment in "
            "`shipmate.yaml`, or to let the bot's GitHub App bypass the rule.",
            id="a protected branch",
        ),
        pytest.param(
            Problem(
                Reason.OVERTAKEN,
                {"app": "core", "revision": "f00dcafe", "found": "core-stage-b2c3d4e5"},
            ),
            "A later commit runs `core-stage-b2c3d4e5` of *core* in place of ours: `f00dcafe`.\n"
            "Find out who made that change; if your version is still wanted, "
            "send the command again.",
            id="somebody deployed after us",
        ),
        pytest.param(
            Problem(
                Reason.TOO_LATE,
                {
                    "app": "core",
                    "deadline": "2026-11-21T09:15:00+00:00",
                    "state": "not_observed",
                    "detail": "",
                },
            ),
            "*core* was not there by 09:15:00 UTC: not observed.\n"
            "It may still arrive: `/ship status` shows where it is. If it does not, "
            "look at *core* in Argo CD.",
            id="too late",
        ),
        pytest.param(
            Problem(Reason.VALUE_MOVED, {"file": "f.yaml", "expected": "", "found": "v2"}),
            "`f.yaml` changed after the plan was made: it said no tag, now it says `v2`.\n"
            "Nothing was committed. See who changed it; if your version is still wanted, "
            "send the command again.",
            id="a value that moved",
        ),
    ],
)
def test_it_reads(problem, expected):
    assert expected == read(refused(problem))
