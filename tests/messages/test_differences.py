"""What lies between two places, as people read it."""

from dataclasses import replace

import pytest

from bot.domain.approving.approval_case import InBetween
from bot.domain.differences import Difference, Lying, Named, Place
from bot.domain.unknown import Unknown
from bot.messages.cards import Links
from bot.messages.differences import difference, looking
from tests.messages.limits import assert_slack_takes
from tests.messages.reading import read

COMMITS = (
    InBetween("c" * 40, "fix: 로그인 <30분>", "김서연", 12),
    InBetween("b" * 40, "feat: page", "이준호"),
    InBetween("a" * 40, "wip", "김서연"),
)
ONE = Difference(
    "core",
    "xiilab/astrago-backend",
    Place("prod", ("core-prod-aaaa1111",)),
    Place("stage", ("core-stage-cccc3333",)),
    Lying("aaaa1111", "c" * 40, 3, 0, COMMITS, ("a.py", "docs/b.md")),
)
GITHUB = "https://github.com/xiilab/astrago-backend"


def shown(**changes):
    message = difference(replace(ONE, **changes), Links())
    assert_slack_takes(message)
    return read(message)


def test_it_reads():
    assert f"""\
*core*: in *prod* runs `core-prod-aaaa1111`
and in *stage* runs `core-stage-cccc3333`
*3 commits* in stage, not in prod:
Compare them on GitHub <{GITHUB}/compare/aaaa1111...{"c" * 40}>
• *김서연*
cccccccc <{GITHUB}/commit/{"c" * 40}> fix: 로그인 <30분> (#12 <{GITHUB}/pull/12>)
aaaaaaaa <{GITHUB}/commit/{"a" * 40}> wip
• *이준호*
bbbbbbbb <{GITHUB}/commit/{"b" * 40}> feat: page
Files: `a.py` and `docs/b.md`""" == shown()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"lying": Lying("a", "b", 0, 0)}, "*It is the same commit*.", id="same"),
        pytest.param(
            {"lying": Lying("a", "b", 0, 1)}, "*1 commit* in prod, not in stage.", id="behind"
        ),
        pytest.param(
            {"lying": Unknown("GitHub <is> away")}, "is *unknown*: GitHub <is> away", id="unknown"
        ),
        pytest.param({"older": Place("prod", ())}, "in *prod* runs nothing", id="nothing runs"),
        pytest.param(
            {"older": Place("prod", Unknown("away"))}, "runs *unknown* (away)", id="not known"
        ),
        pytest.param(
            {"newer": Place("prod", ("v2",), in_git=True)}, "Git says of *prod* `v2`", id="Git"
        ),
        pytest.param(
            {"newer": Named("v1.2.3", "c" * 40)},
            "and `v1.2.3`, commit `cccccccc`\n*3 commits* in `v1.2.3`, not in prod:",
            id="a release",
        ),
        pytest.param(
            {"older": Named("aaaaaaaaa", "a" * 40)}, "core*: commit `aaaaaaaa`", id="a SHA"
        ),
        pytest.param(
            {"newer": Named("<main>", Unknown("GitHub is away"))},
            "and `<main>` is *unknown* (GitHub is away)",
            id="a version nobody could look up",
        ),
        pytest.param(
            {"lying": replace(ONE.lying, ahead=400)}, "and 397 more", id="more than are listed"
        ),
        pytest.param(
            {"lying": replace(ONE.lying, files=None)}, "More files differ", id="very many files"
        ),
        pytest.param(
            {"lying": replace(ONE.lying, files=("x",) * 13)}, "13 files differ.", id="many files"
        ),
    ],
)
def test_what_lies_between(changes, expected):
    assert expected in shown(**changes)


def test_the_longest_of_everything_fits():
    wild = "<!channel> *x* " + "ㅎ" * 400
    commits = tuple(InBetween(f"{n:040x}", wild, f"{n % 40} {wild}", 10**9) for n in range(250))
    lying = Lying("v" * 250, "c" * 40, 9_999, 9_999, commits, ("p" * 4_000,) * 12)
    place = Place("e" * 63, ("t" * 128,) * 30)
    said = shown(service="s" * 63, older=place, newer=place, lying=lying)
    assert "more" in said


@pytest.mark.parametrize(
    ("environments", "versions", "expected"),
    [
        pytest.param(["prod", "stage"], [], "in *prod* with *stage*;", id="two environments"),
        pytest.param(["prod"], [], "in *prod* with what Git says of it;", id="one"),
        pytest.param(["prod"], ["v1"], "in *prod* with `v1`;", id="with a version"),
        pytest.param([], ["a1b2c3d4", "v1"], "at `a1b2c3d4` with `v1`;", id="two versions"),
    ],
)
def test_what_is_said_first(environments, versions, expected):
    said = looking("core", environments, versions)
    assert_slack_takes(said)
    assert f"Comparing *core* {expected} the answer follows here." == read(said)
