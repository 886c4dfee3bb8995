"""One line per fact, for machines or people, and no secret in any."""

import asyncio
import io
import json
import logging
import sys
import threading
import warnings

import pytest
import structlog

from bot.log import (
    HIDDEN,
    LONGEST_TEXT,
    Redaction,
    about,
    catch_the_rest,
    configure,
    operation_at_hand,
)
from bot.operations.threads import Pool

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIhunter2\n-----END RSA PRIVATE KEY-----"


@pytest.fixture(autouse=True)
def _loggers_as_before():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_fact_is_one_line_of_json():
    stream = io.StringIO()
    configure(stream=stream)
    structlog.get_logger("bot.app").info("committed", operation="D-1", attempts=2)
    (line,) = logged(stream)
    assert ("committed", "D-1", 2) == (line["event"], line["operation"], line["attempts"])
    assert ("info", "bot.app") == (line["level"], line["logger"])
    assert line["timestamp"].endswith("Z")


def test_a_fact_is_readable_where_people_look():
    stream = io.StringIO()
    configure(stream=stream, readable=True)
    structlog.get_logger("bot").warning("Slack does not answer", token="hunter2")
    assert "Slack does not answer" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_what_is_bound_to_the_operation_is_on_its_lines():
    stream = io.StringIO()
    configure(stream=stream)
    with structlog.contextvars.bound_contextvars(operation="D-7"):
        structlog.get_logger().info("synced")
    assert "D-7" == logged(stream)[0]["operation"]


def test_other_libraries_log_the_same_way_and_keep_no_secrets():
    stream = io.StringIO()
    configure(stream=stream, secrets=["hunter2-signing"])
    logging.getLogger("slack_bolt").info(
        "Invalid request signature (%s)", "hunter2-signing xoxb-1-a"
    )
    (line,) = logged(stream)
    assert f"Invalid request signature ({HIDDEN} {HIDDEN})" == line["event"]
    assert "slack_bolt" == line["logger"]


@pytest.mark.parametrize("name", ["urllib3.connectionpool", "httpx", "apscheduler.scheduler"])
def test_chatty_libraries_say_only_what_worries(name):
    stream = io.StringIO()
    configure(stream=stream)
    logging.getLogger(name).info("GET https://x")
    logging.getLogger(name).warning("lost")
    assert ["lost"] == [line["event"] for line in logged(stream)]


@pytest.mark.parametrize("name", ["slack_bolt.App", "slack_sdk.web.base_client"])
def test_what_our_own_words_tell_better_is_not_told_twice(name):
    stream = io.StringIO()
    configure(stream=stream)
    logging.getLogger(name).error("Failed to send a request to Slack API server")
    assert [] == logged(stream)


def refuse(why):
    raise RuntimeError(why)


def test_a_traceback_stands_on_the_line_without_its_secrets():
    stream = io.StringIO()
    configure(stream=stream)
    try:
        refuse("Bearer hunter2-token refused")
    except RuntimeError:
        structlog.get_logger().exception("failed")
        logging.getLogger("other").exception("failed too")
    ours, other = logged(stream)
    for line in (ours, other):
        assert f"RuntimeError: Bearer {HIDDEN} refused" in line["exception"]
        assert "hunter2" not in line["exception"]


def test_what_nobody_catches_is_logged_without_its_secrets(monkeypatch):
    """In any thread; and what libraries warn of."""
    for holder, name in ((sys, "excepthook"), (threading, "excepthook"), (warnings, "showwarning")):
        monkeypatch.setattr(holder, name, getattr(holder, name))
    logging.captureWarnings(capture=False)  # who ran before may have left it on
    stream = io.StringIO()
    configure(stream=stream)
    try:
        catch_the_rest()
        thread = threading.Thread(target=refuse, args=("Bearer hunter2-token refused",))
        thread.start()
        thread.join()
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("xoxb-1-a is deprecated", stacklevel=1)
    finally:
        logging.captureWarnings(capture=False)
    fault, warning = logged(stream)
    assert ("critical", "nobody caught this") == (fault["level"], fault["event"])
    assert f"RuntimeError: Bearer {HIDDEN} refused" in fault["exception"]
    assert f"{HIDDEN} is deprecated" in warning["event"]
    assert "hunter2" not in stream.getvalue()


def test_a_line_is_about_the_operation_at_hand_in_every_thread():
    stream = io.StringIO()
    configure(stream=stream)
    log = structlog.get_logger()
    with Pool(1) as pool:
        with about("D-7"):
            assert "D-7" == operation_at_hand()
            pool.submit(log.info, "for it").result()
            asyncio.run(asyncio.to_thread(log.info, "for it, too"))
            log.info("of another", operation="D-8")
        pool.submit(log.info, "for none").result()
    lines = [(line["event"], line.get("operation")) for line in logged(stream)]
    assert lines == [
        ("for it", "D-7"),
        ("for it, too", "D-7"),
        ("of another", "D-8"),
        ("for none", None),
    ]
    assert operation_at_hand() is None


def test_a_second_call_replaces_the_first():
    first, second = io.StringIO(), io.StringIO()
    configure(stream=first)
    configure(stream=second, level="WARNING")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("heard")
    assert "" == first.getvalue()
    assert ["heard"] == [line["event"] for line in logged(second)]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("slack_bot_token", "x", id="token"),
        pytest.param("Authorization", "x", id="header"),
        pytest.param("privateKey", "x", id="private key"),
        pytest.param("response_url", "x", id="an address that lets post"),
        pytest.param("secret", ["x"], id="a list"),
        pytest.param("password", 12345, id="a number"),
    ],
)
def test_what_a_key_calls_secret_is_hidden(key, value):
    assert {key: HIDDEN} == Redaction()(None, "info", {key: value})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("got xoxb-12-ab and xapp-1-A", f"got {HIDDEN} and {HIDDEN}", id="Slack"),
        pytest.param(
            "ghp_abcDEF123 ghs_a github_pat_11A_b", f"{HIDDEN} {HIDDEN} {HIDDEN}", id="GitHub"
        ),
        pytest.param("eyJhbGciOi.eyJzdWIi.c2ln!", f"{HIDDEN}!", id="JWT"),
        pytest.param(f"key {PEM} end", f"key {HIDDEN} end", id="private key"),
        pytest.param("-----BEGIN PRIVATE KEY-----\nMII", HIDDEN, id="private key, cut"),
        pytest.param(
            "Authorization: Bearer abc.def", f"Authorization: Bearer {HIDDEN}", id="bearer"
        ),
        pytest.param("Basic dXNlcjpwYXNz", f"Basic {HIDDEN}", id="basic"),
        pytest.param("postgresql://bot:pw@db/x", f"postgresql://{HIDDEN}@db/x", id="address"),
        pytest.param("https://hooks.slack.com/commands/T/1/x", HIDDEN, id="response address"),
        pytest.param("core a1b2c3d4 on stage", "core a1b2c3d4 on stage", id="nothing secret"),
        pytest.param("a basic question", "a basic question", id="an ordinary word"),
        pytest.param(
            "GET https://x/y?a=1&access_token=hunter2&b=2",
            f"GET https://x/y?a=1&access_token={HIDDEN}&b=2",
            id="the query of an address",
        ),
        pytest.param(
            "https://x/y?X-Amz-Signature=hunter2", f"https://x/y?X-Amz-Signature={HIDDEN}", id="AWS"
        ),
        pytest.param(
            'said {"id": 1, "client_secret": "hunter2", "token":"x"}',
            f'said {{"id": 1, "client_secret": {HIDDEN}, "token":{HIDDEN}}}',
            id="JSON in a text",
        ),
        pytest.param("{'password': 'hunter2'}", f"{{'password': {HIDDEN}}}", id="a dictionary"),
        pytest.param("bad token: expired", "bad token: expired", id="prose"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text, expected):
    assert expected == Redaction().text(text)


@pytest.mark.parametrize("readable", [True, False], ids=["readable", "JSON"])
def test_what_is_logged_neither_moves_a_cursor_nor_begins_a_line(readable):
    """Branch names, errors and headers come from outside, and somebody reads them in a terminal."""
    stream = io.StringIO()
    configure(stream=stream, readable=readable)
    outside = "\x1b[2Jgone\x9b31m\rover\u2028next\u202eback\x85"
    structlog.get_logger("bot").warning("refused", hook=outside, seen={outside: "x\ny"})
    logging.getLogger("waitress").error("bad header %s", outside)
    written = stream.getvalue()
    assert 2 == len(written.splitlines()), written
    assert [] == [one for one in written if not one.isprintable() and one != "\n"]
    assert r"\x1b" in written


def test_given_secrets_are_hidden_at_any_depth_and_as_keys():
    redaction = Redaction(["hunter2", "abc", "hunter2-longer"])
    event = {"a": [{"b hunter2": ("x hunter2-longer",)}], "c": ValueError("hunter2"), "d": "abc"}
    assert {
        "a": [{f"b {HIDDEN}": [f"x {HIDDEN}"]}],
        "c": HIDDEN,
        "d": "abc",  # too short to be told from words
    } == redaction(None, "info", event)


def test_depth_and_length_have_an_end():
    deep = {"hunter2-x": 1}
    for _ in range(50):
        deep = {"a": deep}
    assert "hunter2-x" not in str(Redaction(["hunter2-x"])(None, "info", deep))
    assert f"{'x' * LONGEST_TEXT}… (9999)" == Redaction().text("x" * 9999)


def test_numbers_and_nothing_stay_what_they_are():
    event = {"n": 1, "f": 0.5, "b": True, "none": None, "token": None}
    assert event == Redaction()(None, "info", event)
