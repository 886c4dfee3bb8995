"""Argo CD's notifications: proved by a token, read strictly, taken in once, and never an error."""

import json
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.clock import Clock
from bot.domain.errors import Unavailable
from handlers.argocd_events import EVENTS, LARGEST, ArgoCDEvents

NEW, OLD = "new-token", "old-token"
BEARER = f"Bearer {NEW}"
SAID = {
    "v": 1,
    "event": "sync-failed",
    "instance": "main",
    "ns": "argocd",
    "name": "core-prod",
    "uid": "4f4c1f9e-8a0f-4f6f-9a55-0d7f4d9a3c11",
    "rv": "812",
    "op": {"phase": "Failed", "startedAt": "2026-01-01T00:00:01Z", "finishedAt": None},
}


class Inbox:
    """Takes everything in once."""

    def __init__(self):
        self.taken = {}

    def __call__(self, delivery):
        new = delivery.id not in self.taken
        self.taken[delivery.id] = delivery
        return new


def away(_delivery):
    raise Unavailable("our database", "write")


@pytest.fixture
def inbox():
    return Inbox()


def hears(inbox, authorization=BEARER, body=None, tokens=(NEW, OLD), **changes):
    events = ArgoCDEvents(
        lambda: tokens, {"main", "eu"}, inbox, Clock(epoch=datetime(2026, 1, 1, tzinfo=UTC))
    )
    said = json.dumps(SAID | changes).encode() if body is None else body
    return events.hear(authorization, said)


@pytest.mark.parametrize("token", [NEW, OLD])
def test_a_notification_with_one_of_our_tokens_is_taken_in(inbox, token):
    assert HTTPStatus.OK == hears(inbox, f"Bearer {token}")
    (delivery,) = inbox.taken.values()
    assert ("argocd", "sync-failed", "core-prod") == (
        delivery.source, delivery.event, delivery.body["name"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", NEW, f"bearer {NEW}", f"Bearer {NEW} ", f"Basic {NEW}", "Bearer nëw",
     "Bearer \udcff", f"Bearer {NEW}{OLD}"],
)  # fmt: skip
def test_whoever_has_not_our_token_is_refused_with_one_line(inbox, authorization):
    with capture_logs() as logs:
        assert HTTPStatus.UNAUTHORIZED == hears(inbox, authorization)
    assert 1 == len(logs)
    assert NEW not in str(logs)
    assert {} == inbox.taken


def test_without_a_token_nothing_is_heard(inbox):
    assert HTTPStatus.NOT_FOUND == hears(inbox, "Bearer ", tokens=())


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"v": 2}, id="another version"),
        pytest.param({"v": True}, id="no number"),
        pytest.param({"instance": "us"}, id="no Argo CD of ours"),
        pytest.param({"event": "party"}, id="no event"),
        pytest.param({"name": "core\nprod"}, id="a strange name"),
        pytest.param({"name": "x" * 254}, id="a long name"),
        pytest.param({"ns": None}, id="no namespace"),
        pytest.param({"uid": 7}, id="a number"),
        pytest.param({"op": []}, id="no operation"),
        pytest.param({"op": {"phase": "Failed", "startedAt": {}}}, id="a strange time"),
        pytest.param({"op": {}}, id="no phase"),
    ],
)
def test_what_our_templates_do_not_write_is_refused(inbox, changes):
    with capture_logs() as logs:
        assert HTTPStatus.BAD_REQUEST == hears(inbox, **changes)
    assert 1 == len(logs)
    assert {} == inbox.taken


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 10_000, b'"x"'])
def test_what_is_no_object_is_refused(inbox, body):
    assert HTTPStatus.BAD_REQUEST == hears(inbox, body=body)


def test_what_is_too_large_is_refused_unread(inbox):
    assert HTTPStatus.REQUEST_ENTITY_TOO_LARGE == hears(inbox, body=b"[" * (LARGEST + 1))


def test_what_is_nested_as_deep_as_can_just_be_read_is_no_error_of_ours():
    answers = {
        hears(
            lambda one: json.dumps(one.body),
            body=json.dumps(SAID).encode()[:-1] + b', "x": ' + b"[" * deep + b"]" * deep + b"}",
        )
        for deep in range(800, 1000)
    }
    assert {HTTPStatus.OK, HTTPStatus.BAD_REQUEST} == answers


def test_argocd_tries_again_while_our_database_is_away():
    assert HTTPStatus.SERVICE_UNAVAILABLE == hears(away)


def test_one_event_told_twice_is_one_delivery(inbox):
    for version in ("812", "813"):
        hears(inbox, rv=version)
    assert 1 == len(inbox.taken)
    hears(inbox, event="degraded", rv="812")
    hears(inbox, event="degraded", rv="813")
    hears(inbox, instance="eu")
    hears(inbox, uid="another")
    hears(inbox, op=SAID["op"] | {"startedAt": "2026-01-01T00:00:02Z"})
    assert 6 == len(inbox.taken)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    said=st.fixed_dictionaries(
        {}, optional=dict.fromkeys(SAID, JSON) | {"event": st.sampled_from(sorted(EVENTS))}
    ),
    authorization=st.sampled_from([BEARER, "", "Bearer \x00"]) | st.text(max_size=20),
    garbage=st.none() | st.binary(max_size=50),
)
def test_nothing_that_is_sent_is_an_error_of_ours(said, authorization, garbage):
    body = json.dumps(SAID | said).encode() if garbage is None else garbage
    assert hears(Inbox(), authorization, body).value in {200, 400, 401, 413}
