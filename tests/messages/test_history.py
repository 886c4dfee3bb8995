"""A page of history as people read it: who, when, what, with whose word, and what came of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.approving.approvals import Approval, Override, Rejection
from bot.domain.history import PAGE, Cursor, Noted, Page, Told, Wanted, key_of
from bot.domain.operations import Change, Kind, Phase
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Actor, GitHubUser
from bot.domain.rollback.going_back import Past
from bot.domain.rollback.going_back import Told as Source
from bot.domain.unknown import Unknown
from bot.messages.acts import WORDS
from bot.messages.history import MOST_PAST, forgotten, history, looking
from bot.operations.books.act_book import Deed
from tests.messages.limits import assert_slack_takes
from tests.messages.operations import ASKED, PLAN, REQUEST, WRITTEN, after, operation
from tests.messages.reading import read

BOB, CAROL = Actor("U0BOB", GitHubUser(2, "bob")), Actor("U0CAROL", GitHubUser(3, "carol"))
WILD = "<!channel> *x* " + "ㅎ" * 600
LIVE = operation(Phase.LIVE, plan=PLAN, written=WRITTEN, ended_at=after(minutes=2))
BACK = operation(
    Phase.LIVE,
    id="D-4830",
    request=replace(REQUEST, kind=Kind.ROLLBACK, services=("core",), version="#1", reason="5xx"),
    plan=replace(
        PLAN,
        changes=(
            Change(
                "core", "f", "core-stage-a1b2c3d4", "core-stage-ba01", "b" * 40, undoes="D-4821"
            ),
        ),
    ),
    written=WRITTEN,
)
REFUSED = operation(
    Phase.REFUSED, id="D-9", problem=Problem(Reason.REJECTED_BY, {"by": "U0BOB", "detail": "no"})
)


def page(*told, **changes):
    return replace(Page(Wanted("core", "stage"), told), **changes)


def test_it_reads():
    approved = (Approval(BOB, ASKED, "d"), Override(CAROL, ASKED, "the shop is down"))
    message = history(page(Told(BACK), Told(LIVE, approved)))
    assert_slack_takes(message)
    assert """\
What happened to *core* in *stage*:
• `D-4830` *✅ Live*, 2026-11-21 09:00 UTC: @U0ALICE rolls back *core* in *stage* to `#1`
*core*  `core-stage-a1b2c3d4` → `core-stage-ba01`, takes back `D-4821`
GitOps commit f00dcafe <https://github.com/xiilab/astrago-deployment/commit/f00dcafe>
because: 5xx
• `D-4821` *✅ Live*, 2026-11-21 09:00 UTC: @U0ALICE deploys *batch* and *core* to *stage* at \
`a1b2c3d4`
*batch*  `batch-stage-ba01` → `batch-stage-a1b2c3d4`
*core*  `core-stage-ba01` → `core-stage-a1b2c3d4`
GitOps commit f00dcafe <https://github.com/xiilab/astrago-deployment/commit/f00dcafe>
approved by @U0BOB
glass broken by @U0CAROL: the shop is down""" == read(message)


def test_a_bad_end_says_why_and_who_said_no():
    said = read(history(page(Told(REFUSED, (Rejection(BOB, ASKED, "not now"),)))))
    assert "⛔ Refused, nothing was changed" in said
    assert "rejected by @U0BOB: not now" in said


PAST = (
    Past("core-stage-ba01", "", "D-7", ASKED, Source.OURS, verified=True),
    Past("core-stage-dead", "", "D-6", ASKED, Source.OURS, verified=False, left=True),
    Past("core-stage-0000", "", None, ASKED - timedelta(days=9), Source.GIT, verified=False),
)


def test_what_it_had_before_is_numbered_as_a_rollback_counts():
    message = history(page(Told(LIVE), past=PAST))
    assert_slack_takes(message)
    said = read(message)
    for row in (
        "*Versions before this one*, for `/rollback core stage #n`:",
        "#1  `core-stage-ba01`, 2026-11-21 09:00 UTC, by `D-7`",
        "#2  `core-stage-dead`, 2026-11-21 09:00 UTC, by `D-6`, *it was left",
        "#3  `core-stage-0000`, 2026-11-12 09:00 UTC, told by Git",
    ):
        assert row in said, said


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        pytest.param((), "It had no other version before", id="none"),
        pytest.param(Unknown("GitHub <is> away"), "is unknown*: GitHub <is> away", id="unknown"),
        pytest.param(PAST * 9, f"and {27 - MOST_PAST} older", id="many"),
    ],
)
def test_the_versions_before(past, expected):
    message = history(page(Told(LIVE), past=past))
    assert_slack_takes(message)
    assert expected in read(message)


def test_what_is_held_whole_shows_no_tag():
    whole = Noted(1, ASKED, "U0BOB", "held", "core/stage", detail={"tag": "*", "reason": "we look"})
    one = replace(whole, detail={"tag": "v1", "reason": "we look"})
    shown, beside = read(history(page(whole))), read(history(page(one)))
    assert "*✋ Held*, 2026-11-21 09:00 UTC: `core/stage` by @U0BOB\nbecause: we look" in shown
    assert "tag `v1`" in beside


def test_nothing_has_happened_yet():
    message = history(Page(Wanted("core"), ()))
    assert_slack_takes(message)
    assert "Nothing is known to *core*." == read(message)


def test_the_next_page_has_its_place_in_the_button():
    older = Cursor(Wanted("core"), key_of(Told(LIVE)))
    newer = replace(older, newer=True)
    message = history(page(Told(LIVE), older=older, newer=newer, first=False))
    assert_slack_takes(message)
    assert read(message).startswith("And before that")
    assert read(message).endswith("[Newer] [Older]")
    values = [one["value"] for one in message.blocks[-1]["elements"]]
    assert [str(newer), str(older)] == values


def test_whose_history_it_is_stands_above_it():
    wanted = Wanted("core", "prod", ASKED - timedelta(days=30), frozenset({"U0BOB"}))
    said = read(history(Page(wanted, (Told(LIVE),))))
    assert said.startswith(
        "What happened to *core* in *prod* by @U0BOB since 2026-10-22 09:00 UTC:"
    )


LOCKED = Noted(
    7,
    ASKED,
    "U0ALICE",
    "locked",
    "core/prod",
    "prod",
    ("core",),
    {"reason": "the <shop> is open", "until": "2026-11-21T18:00:00+00:00", "account": "12"},
)


def test_what_belongs_to_no_operation_is_told_with_who_when_and_why():
    message = history(page(LOCKED))
    assert_slack_takes(message)
    assert """\
• *🔒 Locked*, 2026-11-21 09:00 UTC: `core/prod` by @U0ALICE
until 2026-11-21 18:00 UTC
because: the <shop> is open""" in read(message)


@pytest.mark.parametrize("deed", Deed, ids=str)
def test_every_deed_has_words_and_fits_whatever_its_details(deed):
    detail = dict.fromkeys(("reason", "owner", "tag", "operation", "until", "message"), WILD)
    wild = replace(LOCKED, what=deed.value, subject=("*/" + "e" * 250), detail=detail)
    message = history(page(*[wild] * PAGE))
    assert_slack_takes(message)
    assert deed.value in WORDS


def test_a_refusal_is_told_in_the_words_of_its_reason():
    detail = {"wish": "lock", "reason": "not_permitted", "user": "U0ALICE", "action": "lock"}
    said = read(history(page(replace(LOCKED, what="refused", detail=detail))))
    assert "*⛔ Refused*, 2026-11-21 09:00 UTC: @U0ALICE asked to lock `core/prod`\n" in said
    assert "may not lock" in said


def test_a_deed_without_words_is_told_by_its_name():
    assert "*Something new*" in read(history(page(replace(LOCKED, what="something_new"))))


def test_the_longest_page_fits():
    changes = tuple(Change("s" * 63, "f", "o" * 128, "n" * 128, "b" * 40) for _ in range(60))
    wild = replace(
        REFUSED,
        plan=replace(PLAN, changes=changes),
        written=WRITTEN,
        request=replace(
            REQUEST, services=tuple(f"{n:063}" for n in range(60)), reason=WILD, version="v" * 250
        ),
        problem=Problem(Reason.REJECTED_BY, {"by": "U0BOB", "detail": WILD}),
    )
    decided = tuple(Rejection(BOB, ASKED, WILD) for _ in range(5))
    past = tuple(replace(one, tag="t" * 128) for one in PAST * 9)
    cursor = Cursor(Wanted("s" * 63, "e" * 63, ASKED, frozenset({"U" * 60})), key_of(LOCKED))
    message = history(page(*[Told(wild, decided)] * PAGE, past=past, older=cursor, newer=cursor))
    assert_slack_takes(message)


def test_what_is_said_first_and_when_a_page_is_gone():
    for message in (looking("core", "stage"), looking(None, None), forgotten()):
        assert_slack_takes(message)
