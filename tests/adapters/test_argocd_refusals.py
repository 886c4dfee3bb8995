"""Argo CD's refusals, told apart by their texts."""

import json
from datetime import timedelta

import pytest

from bot.adapters.argocd_refusals import meaning, plain, refusal, stream_refusal
from bot.domain.errors import (
    Conflict,
    Forbidden,
    NotFound,
    Rejected,
    Unauthorized,
    Unavailable,
)


def told(status, code, message, project="p"):
    body = json.dumps({"error": message, "code": code, "message": message})
    return meaning("Argo CD main", "sync web", refusal(status, body, {}), project=project)


@pytest.mark.parametrize(
    ("status", "code", "message", "project", "expected"),
    [
        (401, 16, "no session information", "p", Unauthorized),
        (401, 16, "invalid session: token is expired", "p", Unauthorized),
        (403, 7, "permission denied", None, NotFound),
        (403, 7, "permission denied", "p", Forbidden),
        (404, 5, 'applications.argoproj.io "x" not found', "p", NotFound),
        (403, 7, "permission denied: applications, sync, p/x, sub: s, iat: 1", "p", Forbidden),
        (403, 7, "permission denied: applications, sync, p/x, sub: s, iat: 1", None, Forbidden),
        (403, 7, "cannot sync: blocked by sync window", "p", Conflict),
        (400, 3, 'app is not allowed in project "p", or the project does not exist', "p", Rejected),
        (400, 9, "rollback cannot be initiated when auto-sync is enabled", "p", Conflict),
        (400, 3, "application argocd/x does not have deployment with id 7", "p", Rejected),
        (400, 9, "another operation is already in progress", "p", Conflict),
        (400, 9, "Cannot sync to abc: auto-sync currently set to main", "p", Conflict),
        (400, 9, "application is deleting", "p", Conflict),
        (400, 9, "error resolving repo revision: unknown revision", "p", Rejected),
        (400, 3, "Unable to terminate operation. No operation is in progress", "p", Conflict),
        (504, 4, "context deadline exceeded", "p", Unavailable),
        (500, 2, "application refresh deadline exceeded", "p", Unavailable),
        (400, 3, "application spec for x is invalid: InvalidSpecError: …", "p", Rejected),
        (500, 13, "Failed to update application. Too many conflicts", "p", Unavailable),
        (
            500,
            13,
            'grpc: error while marshaling: proto: required field "id" not set',
            "p",
            Rejected,
        ),
        (501, 12, "Method Not Implemented", "p", Rejected),
        (503, 14, "no healthy upstream", "p", Unavailable),
        (408, 1, "context canceled", "p", Unavailable),
        (409, 10, "the object has been modified", "p", Conflict),
    ],
)
def test_each_text_has_its_meaning(status, code, message, project, expected):
    error = told(status, code, message, project)
    assert expected is type(error)
    assert message[:40] in str(error)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        pytest.param(415, "Invalid content type\n", Rejected, id="415"),
        pytest.param(404, "Not Found", Rejected, id="unknown path is no missing app"),
        pytest.param(405, "Method Not Allowed", Rejected, id="unknown method"),
        pytest.param(403, "<html><title>Sign in</title></html>", Rejected, id="a login page"),
        pytest.param(307, "", Rejected, id="plain HTTP to a TLS server"),
        pytest.param(502, "<html><title>502 Bad Gateway</title></html>", Unavailable, id="proxy"),
        pytest.param(429, "slow down", Unavailable, id="a proxy's limit"),
        pytest.param(400, '["a list"]', Rejected, id="JSON of no known shape"),
        pytest.param(500, "", Unavailable, id="nothing at all"),
    ],
)
def test_what_is_not_argo_cds_own_is_never_taken_for_it(status, body, expected):
    error = meaning("Argo CD main", "show web", refusal(status, body, {}), project=None)
    assert expected is type(error)
    assert f"HTTP {status}" in str(error) or "Invalid content type" in str(error)


def test_a_limit_says_how_long_to_stay_away():
    said = refusal(429, "slow down", {"retry-after": "30"})
    error = meaning("Argo CD main", "show web", said, project=None)
    assert isinstance(error, Unavailable)
    assert timedelta(seconds=30) == error.retry_after
    assert refusal(503, "", {"retry-after": "Wed, 21 Oct 2026"}).retry_after is None
    assert refusal(503, "", {"retry-after": "9" * 40}).retry_after is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            {"grpc_code": 16, "http_code": 401, "message": "invalid session"},
            (401, "invalid session"),
        ),
        ({"grpc_code": 7, "message": "permission denied"}, (403, "permission denied")),
        ({}, (500, "an error without words")),
        ("boom", (500, "boom")),
    ],
)
def test_a_streams_error_has_a_shape_of_its_own(error, expected):
    said = stream_refusal(error)
    assert expected == (said.status, said.text)


def test_a_stream_refused_before_its_first_event_is_read_all_the_same():
    chunk = {"error": {"grpc_code": 16, "http_code": 401, "message": "no session information"}}
    for body in (json.dumps(chunk), f"data: {json.dumps(chunk)} \n\n"):
        said = refusal(401, body, {})
        assert ("no session information", True) == (said.text, said.by_argo)


def test_a_page_becomes_one_line():
    assert "502 Bad Gateway" == plain("<html><head><title>502\n Bad Gateway</title></head>")
    assert "just words" == plain("<p>just</p>\n words")
