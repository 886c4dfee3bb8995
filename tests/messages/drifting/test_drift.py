import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.drift.difference import Differences, Differing
from bot.domain.drift.items import (
    AutoSyncOff,
    Behind,
    Changed,
    DriftKind,
    Item,
    MovingTag,
    OutOfSync,
    Stale,
    Told,
    Unreadable,
    Unwell,
    WrongImage,
)
from bot.domain.drift.reporting import (
    MOST_GONE,
    MOST_QUIET,
    ROWS,
    Picture,
    Replied,
    Reply,
    Report,
    Row,
    Tally,
)
from bot.domain.drift.syncing import Bar, Barred
from bot.domain.unknown import Unknown
from bot.messages.drifting import drift, drift_answers, drift_rows
from tests.builders import NOON
from tests.messages.limits import assert_slack_takes, texts

GITHUB = "https://github.com"
NASTY = "<!channel> *x* `y` <https://evil.example|z>\n" + "w" * 5_000
NAME = "n" * 63
CHANGED = Changed("c" * 40, "https://github.com/a/b/commit/c", NASTY, NOON)
APP = drift_rows_app = None


def page(application):
    return f"https://argocd.example.com/applications/argocd/{application.name}"


def item(what, subject="core", services=("core",), **changes):
    from bot.domain.catalog import Application

    return replace(Item("prod", subject, services, what, Application("main", subject)), **changes)


WORST = (
    item(Unwell("Degraded", NASTY), NAME, (NAME, "b" * 63, "c" * 63)),
    item(WrongImage(("t" * 128, "u" * 128), "v" * 128), NAME),
    item(OutOfSync(("Deployment/" + "d" * 250,) * 5, 400, failed=NASTY, changed=CHANGED), NAME),
    item(AutoSyncOff("U0ALICE", "D-4821", NOON), NAME),
    item(Stale(NOON, refresh_pending=True), NAME),
    item(Unreadable(NASTY), NAME, application=None),
    item(MovingTag("m" * 128, in_git=True), NAME),
    item(
        Behind("stage", "r" * 128, "o" * 128, "a/b", "1" * 40, "2" * 40, 12, 3),
        NAME,
    ),
    item(Behind("stage", "r", "o", "a/b", "1" * 40, "2" * 40, why=NASTY), NAME),
)


def report(*items, **changes):
    rows = tuple(Row(n, one, NOON - timedelta(days=3)) for n, one in enumerate(items, 1))
    made = Report("daily", NOON, ("prod",), (Tally("prod", len(rows)),), rows)
    return replace(made, **changes)


def said(one):
    return " ".join(" ".join(texts(drift.report(one, GITHUB, page))).split())


def test_every_kind_has_words():
    assert set(DriftKind) == set(drift_rows.HEADINGS)
    assert set(DriftKind) == {one.kind for one in WORST}
    assert set(Bar) == set(drift_answers.BARS)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        pytest.param(Unwell("Degraded", "crash"), "core is degraded : crash", id="e"),
        pytest.param(Unwell("not compared"), "core is not compared", id="e: unknown"),
        pytest.param(WrongImage(("a", "b"), "c"), "core runs a and b , Git says c", id="b"),
        pytest.param(
            OutOfSync(("Deployment/x",), 4), "core : Deployment/x and 3 more", id="a: counted"
        ),
        pytest.param(
            OutOfSync((), 0, failed="immutable"), "the last sync failed : immutable", id="a: why"
        ),
        pytest.param(
            OutOfSync((), 0, auto_sync=True), "auto-sync is on and has not mended it", id="a: on"
        ),
        pytest.param(AutoSyncOff(), "Argo CD does not say who", id="d"),
        pytest.param(AutoSyncOff("U0A", "D-7", NOON), "since D-7 rolled it back for", id="d: ours"),
        pytest.param(
            AutoSyncOff("U0A", "D-7", NOON, ("v1",), ("v2",)),
            "; it runs v1 , Git says v2",
            id="d: ours, and what runs meanwhile",
        ),
        pytest.param(Stale(None), "was never compared", id="e: stale"),
        pytest.param(Unreadable("no answer"), "core : unknown : no answer", id="unknown"),
        pytest.param(MovingTag("latest", in_git=False), "core runs latest", id="f"),
        pytest.param(
            Behind("stage", "a", "b", "x/y", "1", "2", 1, 0), "stage b : 1 commit behind", id="c"
        ),
        pytest.param(
            Behind("stage", "a", "b", "x/y", "1", "2", 2, 1),
            "2 commits behind and 1 commit ahead",
            id="c: both ways",
        ),
        pytest.param(
            Behind("stage", "a", "b", "x/y", "1", "2", why="gone"),
            "the commits between are unknown : gone",
            id="c: unknown",
        ),
    ],
)
def test_what_drifted_in_words(what, words):
    assert words in said(report(item(what)))


def test_the_fullest_report_is_taken_by_slack():
    replied = Replied(Reply.ACKNOWLEDGED, "U0ALICE", NOON, NOON + timedelta(days=1), NASTY)
    rows = tuple(Row(n, one, NOON, new=True) for n, one in enumerate((*WORST, *WORST)[:ROWS], 1))
    quiet = tuple(Row(90 + n, WORST[0], NOON, replied=replied) for n in range(MOST_QUIET))
    told = tuple(Told(f"out_of_sync/prod/{NAME}{n}", (NAME,)) for n in range(MOST_GONE))
    full = report(
        rows=rows,
        quiet=quiet,
        gone=told,
        hidden=990,
        idle=7,
        nameless=9,
        tallies=tuple(Tally(f"{n}{NAME}"[:63], 99, 9, 9) for n in range(6)),
        picture=Picture("F0SHIP0001", "a" * 950),
        name=NAME,
    )
    message = drift.report(full, GITHUB, page)
    assert_slack_takes(message)
    assert_slack_takes(drift.report(replace(full, name=""), GITHUB, page))
    assert "and 990 more : /ship drift prod" in " ".join(" ".join(texts(message)).split())


def test_nothing_drifted_is_one_line():
    calm = report(tallies=(Tally("prod"), Tally("stage", quiet=2)))
    message = drift.report(calm, GITHUB, page)
    assert 1 == len(message.blocks)
    assert "nothing drifted in prod and stage (2 kept quiet) ." in said(calm)


def test_a_row_says_that_it_is_new_and_its_buttons_carry_only_its_id():
    row = Row(17, WORST[2], NOON, new=True)
    message = drift.report(report(rows=(row,)), GITHUB, page)
    (actions,) = [one for one in message.blocks if one["type"] == "actions"]
    assert {"17"} == {one["value"] for one in actions["elements"]}
    assert "· new ·" in said(report(rows=(row,)))


@pytest.mark.parametrize(
    ("what", "offered"),
    [
        (WORST[2], [drift.SYNC, drift.DIFF]),
        (WORST[1], [drift.SYNC, drift.DIFF]),
        (WORST[0], []),
        (WORST[7], []),
        (replace(WORST[2], application=None), []),
    ],
)
def test_only_what_a_sync_may_mend_offers_one(what, offered):
    message = drift.report(report(what), GITHUB, page)
    (actions,) = [one for one in message.blocks if one["type"] == "actions"]
    ids = [one["action_id"] for one in actions["elements"]]
    assert [*offered, drift.ACKNOWLEDGE, drift.DAY, drift.WEEK] == ids


def test_what_was_said_to_a_row_stands_under_it_and_takes_the_buttons_away():
    until = NOON + timedelta(days=1)
    replied = Replied(Reply.ACKNOWLEDGED, "U0ALICE", NOON, until, "the vendor mends it")
    one = report(WORST[0]).with_reply(1, replied)
    message = drift.report(one, GITHUB, page)
    assert not [block for block in message.blocks if block["type"] == "actions"]
    assert "the vendor mends it" in said(one)
    synced = report(WORST[2]).with_reply(1, Replied(Reply.SYNCED, "U0ALICE", NOON))
    ids = json.dumps(drift.report(synced, GITHUB, page).blocks)
    assert drift.SYNC not in ids
    assert drift.DIFF in ids


def test_a_section_is_headed_once():
    text = said(report(WORST[0], replace(WORST[0], subject="b"), WORST[1]))
    assert 1 == text.count("Degraded or unknown")
    assert 1 == text.count("Another image runs than Git says")


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(), "just now"),
        (timedelta(minutes=14, seconds=50), "14 min"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=-1), "just now"),
    ],
)
def test_how_old_it_is(span, words):
    assert words == drift_rows.since(Row(1, WORST[0], NOON - span), NOON).text


# answers


@pytest.mark.parametrize("bar", Bar)
def test_every_refusal_of_a_sync_is_taken_by_slack(bar):
    facts = dict.fromkeys(("app", "operation", "service", "environment", "by", "detail"), NASTY)
    assert_slack_takes(drift_answers.barred(Barred(bar, facts)))
    assert_slack_takes(drift_answers.barred(Barred(bar)))


def test_a_difference_is_shown_cut_and_without_secrets():
    lines = tuple("+" + "x" * 900 for _ in range(60))
    found = Differences((Differing("Deployment/web", lines), Differing("Secret/s", (), True)), 9, 4)
    message = drift_answers.difference(Row(1, WORST[2], NOON), found)
    text = " ".join(texts(message))
    assert "secrets are not shown" in text
    assert "26 more lines and 4 more objects stand in Argo CD" in text
    assert_slack_takes(message)
    unknown = drift_answers.difference(Row(1, WORST[2], NOON), Unknown(NASTY))
    assert_slack_takes(unknown)
    assert_slack_takes(drift_answers.difference(Row(1, WORST[2], NOON), Differences(())))


@pytest.mark.parametrize("reply", Reply)
def test_every_reply_has_words(reply):
    until = None if reply is Reply.SYNCED else NOON
    row = Row(1, WORST[0], NOON, replied=Replied(reply, "U0ALICE", NOON, until, NASTY))
    assert_slack_takes(drift_answers.done(row))
    assert_slack_takes(drift_answers.over())
    assert_slack_takes(drift.looking("prod"))


def test_the_form_carries_the_id_and_nothing_that_is_believed():
    view = drift_answers.form(Row(17, WORST[2], NOON), "C0DEPLOY")
    assert "17:C0DEPLOY" == view["private_metadata"]
    assert 24 >= len(view["title"]["text"])
