"""Holds in words, in every place where people read of them."""

from dataclasses import replace

import pytest

from bot.domain.facts import Hold
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.going_back import GitValue
from bot.domain.status import InGit, Running, StatusRow
from bot.domain.stops.holds import WHOLE, Held, Kept, NothingHeld, Released
from bot.domain.stops.locking import Refused
from bot.domain.stops.standstills import Standstill
from bot.messages.spans import words
from bot.messages.status import status
from bot.messages.stops import holding
from tests.messages.limits import assert_slack_takes
from tests.messages.reading import read
from tests.messages.standing import ALICE, BOB, NOON

HOLD = Hold("core-prod-bad", ALICE, "leaks memory.", NOON, "D-7")
SINCE = "since 2026-11-21 12:00 UTC"
ROW = StatusRow(
    "core", "prod", InGit("v1"), Running("Synced", "Healthy", ("v1",), "https://x.example")
)
HOSTILE = "<!channel> `<@U1>` & *b* " + "x" * 40_000


def held(service="core", number=1, **changes):
    return Held(number, f"{service}/prod", replace(HOLD, **changes))


def whole(service="core", **changes):
    return held(service, tag=WHOLE, reason="audit", operation=None, **changes)


ANSWERS = [
    pytest.param(
        holding.hold_answer((Kept(held()),)),
        "Held: `core-prod-bad` does not come to *core* in *prod* until somebody releases it.\n"
        "To end it:\n"
        "    /ship release core prod core-prod-bad",
        id="a version",
    ),
    pytest.param(
        holding.hold_answer((Kept(whole("batch")), Kept(whole()))),
        "Held: nobody deploys or promotes *batch* and *core* in *prod* until somebody releases"
        " it.\nTo end it:\n    /ship release batch,core prod",
        id="two whole targets",
    ),
    pytest.param(
        holding.hold_answer((Kept(held(by=BOB), new=False),)),
        f"It was held before: `core-prod-bad` is held back from *core* in *prod* {SINCE}, rolled"
        " back by `D-7`, by @U0BOB: leaks memory.\n"
        "To end it:\n"
        "    /ship release core prod core-prod-bad",
        id="held before",
    ),
    pytest.param(
        holding.release_answer(Released((held(),)), "U0ALICE"),
        "Released: `core-prod-bad` of *core* in *prod*.",
        id="released",
    ),
    pytest.param(
        holding.release_answer(Released((held(),), (whole(by=BOB),)), "U0BOB"),
        "Released: `core-prod-bad` of *core* in *prod*.\n"
        "@U0ALICE held it, and is told.\n"
        f"Still: *core* in *prod* is held as it is {SINCE}, by @U0BOB: audit.\n"
        "    /ship release core prod",
        id="released another's, and one stays",
    ),
    pytest.param(
        holding.release_answer(NothingHeld(("core/prod",), None, (whole("batch"),)), "U0BOB"),
        "Nobody holds *core* in *prod*. Nothing was changed.\n"
        f"*batch* in *prod* is held as it is {SINCE}, by @U0ALICE: audit.\n"
        "    /ship release batch prod",
        id="nothing held",
    ),
    pytest.param(
        holding.announced([held(operation=None)]),
        "📌 @U0ALICE holds `core-prod-bad` back from *core* in *prod*: leaks memory.\n"
        "`/ship release core prod core-prod-bad` lets it come.",
        id="announced: a version",
    ),
    pytest.param(
        holding.announced([whole()]),
        "📌 @U0ALICE holds *core* in *prod* as it is: audit.\n"
        "Nobody deploys or promotes there; a rollback goes on. `/ship release core prod` lets it"
        " go on.",
        id="announced: a whole target",
    ),
    pytest.param(
        holding.announced_end([held(), whole("batch")], BOB),
        "📌 @U0BOB released `core-prod-bad` of *core* in *prod*; *batch* in *prod*, held by"
        " @U0ALICE.",
        id="announced: the end",
    ),
    pytest.param(
        holding.ended_for_you([held()], BOB),
        "@U0BOB released what you held: `core-prod-bad` of *core* in *prod*.\n"
        "If it has to be held all the same, send `/ship hold core prod core-prod-bad because …`.",
        id="told its holder",
    ),
]


@pytest.mark.parametrize(("message", "expected"), ANSWERS)
def test_the_words(message, expected):
    assert_slack_takes(message)
    assert expected == read(message)


def test_a_refusal_is_said_as_everywhere():
    problem = Problem(Reason.NOT_PERMITTED, {"user": "U0BOB", "action": "lock", "teams": "sre"})
    for message in (
        holding.hold_answer(Refused(problem)),
        holding.release_answer(Refused(problem), "U0BOB"),
    ):
        assert "@U0BOB" in read(message)


def test_what_came_back_is_told_with_its_commit_and_two_ways_out():
    url = "https://github.example/acme/gitops/commit/" + "c" * 40
    message = holding.returned(held(), GitValue("core-prod-bad", "c" * 40, NOON, "updater"), url)
    assert_slack_takes(message)
    assert url in str(message.blocks)
    text = read(message)
    assert "`core-prod-bad` stands in Git again for *core* in *prod*" in text
    assert "by `updater`" in text
    assert "rolled back by `D-7`, by @U0ALICE: leaks memory." in text
    assert "`/rollback core prod because …`" in text
    assert "`/ship release core prod core-prod-bad`" in text


def test_status_shows_what_is_held_once_for_all_that_is_held_alike():
    still = Standstill("prod", holds=(whole("batch"), whole(), held()))
    text = read(status([ROW], NOON, still=[still]))
    assert f"*batch* and *core* in *prod* is held as it is {SINCE}" in text
    assert "`core-prod-bad` is held back from *core* in *prod*" in text


def test_a_card_has_few_words():
    assert "core-prod-bad is held back, rolled back by D-7, by U0ALICE: leaks memory" == (
        words(holding.brief(HOLD)).replace("@", "")
    )
    assert "held as it is, by U0ALICE" == words(
        holding.brief(replace(HOLD, tag=WHOLE, reason="", operation=None))
    ).replace("@", "")


def test_no_outside_text_is_read_as_markup():
    odd = held(reason=HOSTILE, tag="x" * 128)
    many = [replace(odd, hold=replace(odd.hold, tag=f"{n:0128}")) for n in range(40)]
    value = GitValue(odd.hold.tag, "c" * 40, NOON, HOSTILE)
    for message in (
        holding.hold_answer((Kept(odd),)),
        holding.release_answer(Released(tuple(many), tuple(many)), "U0BOB"),
        holding.announced([odd]),
        holding.announced_end(many, BOB),
        holding.ended_for_you(many, BOB),
        holding.returned(odd, value, "https://x.example"),
    ):
        assert_slack_takes(message)
        assert "<!channel>" not in message.text
