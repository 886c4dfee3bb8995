"""The tail of a log, and that no secret is in it."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ci.excerpts import LINES, LONGEST, MOST, Tail, Window, masked, plain

LOG = """\
2026-11-21T12:00:01.0000000Z ##[group]Run actions/checkout@v4
2026-11-21T12:00:02.0000000Z checked out
2026-11-21T12:00:05.1000000Z ##[group]Run npm test
2026-11-21T12:00:05.1000000Z npm test
2026-11-21T12:00:05.1000000Z shell: /usr/bin/bash -e {0}
2026-11-21T12:00:05.2000000Z ##[endgroup]
2026-11-21T12:00:06.2000000Z \x1b[31mFAIL\x1b[0m src/login.test.ts
  a line of the same message
2026-11-21T12:00:07.3000000Z ##[error]Process completed with exit code 1.
2026-11-21T12:00:07.9000000Z Post job cleanup.
2026-11-21T12:00:09.9000000Z Cleaning up orphan processes
""".splitlines()


def at(second):
    return datetime(2026, 11, 21, 12, 0, second, tzinfo=UTC)


def tail(lines, window=None, most=LINES):
    kept = Tail(window or Window(), most)
    for line in lines:
        kept.add(line)
    return kept.lines()


def test_the_lines_of_the_failing_step_end_with_its_error():
    assert (
        "FAIL src/login.test.ts",
        "  a line of the same message",
        "Process completed with exit code 1.",
    ) == tail(LOG, Window(at(5), at(7)))


def test_without_its_times_the_last_error_ends_it():
    assert "Process completed with exit code 1." == tail(LOG)[-1]


def test_what_comes_after_the_step_is_not_even_looked_at():
    kept = Tail(Window(at(5), at(6)))
    for line in LOG:
        kept.add(line)
    assert kept.is_over


def test_only_the_last_lines_are_kept():
    lines = [f"2026-11-21T12:00:01.0Z line {n}" for n in range(10_000)]
    assert tuple(f"line {n}" for n in range(10_000 - LINES, 10_000)) == tail(lines)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x07click\x1b]8;;\x07", "click"),
        ("\x1b]0;title\x1b\\shown", "shown"),
        ("10%\r50%\r100%", "100%"),
        ("a\x00b\x08c\x9b31md", "abcd"),
        ("\ttabbed", "    tabbed"),
        ("##[error]it broke", "it broke"),
        ("windows\r\n", "windows"),
    ],
)
def test_what_a_line_reads_like(line, expected):
    assert expected == plain(line)


def test_a_long_line_is_cut_and_no_half_of_a_secret_is_left():
    token = "ghp_" + "a1B2" * 9
    (shown,) = tail(["x" * (LONGEST - 10) + " " + token + "y" * 5000])
    assert len(shown) <= LONGEST
    assert "ghp_" not in shown


# Made here, from pieces, so that no scanner takes them for real ones.
@pytest.mark.parametrize(
    "secret",
    [
        "ghp_" + "a1B2" * 9,
        "ghs_" + "42_eyJ" + "a1B2" * 9,
        "github_pat_" + "11ABC" * 8,
        "xoxb-" + "123456789-abcdefghij",
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxIn0" + ".c2lnbmF0dXJl",
        "npm_" + "a1B2" * 9,
        "glpat-" + "a1B2c3D4e5F6g7H8i9J0",
        "sk_live_" + "a1B2" * 6,
        "https://hooks.slack.com/services/" + "T0/B0/abc",
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "remote: {} denied", '"{}"', "x={}", "https://{}@github.com"]
)
def test_what_looks_like_a_secret_is_masked_wherever_it_stands(secret, around):
    assert secret not in masked(around.format(secret))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("DB_PASSWORD=hunter2 go", "DB_PASSWORD=*** go"),
        ('{"api_key": "abc123"}', '{"api_key": ***}'),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: *** ***"),
        ("curl -H 'x: Bearer abcdefgh12345678'", "curl -H 'x: Bearer ***'"),
        ("postgres://app:s3cret@db/x", "postgres://app:***@db/x"),
        ("12 tests passed, 1 failed", "12 tests passed, 1 failed"),
        ("AssertionError: 1f3a9c02 != a1b2c3d4", "AssertionError: 1f3a9c02 != a1b2c3d4"),
    ],
)
def test_what_is_called_a_secret_is_masked_and_nothing_else(line, expected):
    assert expected == masked(line)


def test_our_own_secrets_are_masked():
    assert "we said *** aloud" == masked("we said correct horse aloud", ["correct horse", ""])


def test_a_private_key_is_masked_line_by_line():
    key = [
        "-----BEGIN RSA PRIVATE " + "KEY-----",
        "MIIEowIBAAKCAQEA",
        "-----END RSA PRIVATE KEY-----",
    ]
    shown = tail(["before", *key, "after"])
    assert "MIIEowIBAAKCAQEA" not in "".join(shown)
    assert ("before", "***", "***", "***", "after") == shown


def test_a_key_that_begins_before_the_step_is_masked_too():
    lines = ["2026-11-21T12:00:01.0Z -----BEGIN PRIVATE " + "KEY-----"]
    lines += ["2026-11-21T12:00:05.0Z MIIEowIBAAKCAQEA"]
    assert ("***",) == tail(lines, Window(at(5), at(7)))


@given(st.lists(st.text(max_size=400), max_size=30))
def test_whatever_a_log_holds_a_few_short_printable_lines_come_out(lines):
    shown = tail(lines)
    assert len(shown) <= LINES
    assert all(len(one) <= LONGEST for one in shown)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for one in shown for c in one)


@given(st.text(max_size=2000))
def test_masking_never_fails(text):
    masked(text)


@pytest.mark.parametrize("word", ["password", "a", "eyJ-", "token ", "://a:", "x=", '"', "auth-"])
def test_whoever_writes_a_message_cannot_keep_us_busy(word):
    begun = time.process_time()
    shown = masked(word * 60_000)
    assert time.process_time() - begun < 1  # one careless pattern took minutes, and all threads
    assert len(shown) <= 2 * MOST


def test_a_private_key_in_one_message_is_masked_to_its_end():
    key = (
        "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEowIBAAKCAQEA\nabc\n-----END RSA PRIVATE KEY-----"
    )
    assert "it said *** here" == masked(f"it said {key} here")
    assert "MIIE" not in masked(key.partition("abc")[0])
