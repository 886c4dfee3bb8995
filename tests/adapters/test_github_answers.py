"""Each kind of answer leads to the one thing a caller should do about it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.github.answers import (
    LONGEST_PAUSE,
    SECONDARY_PAUSE,
    Answer,
    decoded,
    failure,
    full_sha,
    graph_failure,
    limit_pause,
    parsed,
)
from bot.domain.errors import (
    Ambiguous,
    BotError,
    BranchProtected,
    Conflict,
    Forbidden,
    Garbled,
    NotFound,
    Rejected,
    Unauthorized,
    Unavailable,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
IN_A_QUARTER = str(int((NOW + timedelta(minutes=15)).timestamp()))
PRIMARY = "API rate limit exceeded for installation ID 7."
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes."


def said(status, message="", headers=None, **more):
    return Answer(status, headers or {}, json.dumps({"message": message, **more}))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(said(301, "Moved Permanently"), Garbled, id="the address leads elsewhere"),
        pytest.param(said(307, "Moved Permanently"), Garbled, id="a write to a renamed repository"),
        pytest.param(said(400, "Problems parsing JSON"), Rejected, id="bad request"),
        pytest.param(said(401, "Bad credentials"), Unauthorized, id="token revoked"),
        pytest.param(
            said(403, "Resource not accessible by integration"), Forbidden, id="right missing"
        ),
        pytest.param(
            said(
                403,
                "Resource not accessible by integration",
                {"x-ratelimit-remaining": "0", "x-ratelimit-reset": IN_A_QUARTER},
            ),
            Forbidden,
            id="right missing, with the last request of the hour",
        ),
        pytest.param(said(403, PRIMARY), Unavailable, id="primary limit"),
        pytest.param(said(403, SECONDARY), Unavailable, id="secondary limit"),
        pytest.param(said(429, "whatever"), Unavailable, id="too many requests"),
        pytest.param(said(404, "Not Found"), NotFound, id="not there"),
        pytest.param(said(408, ""), Unavailable, id="request timeout"),
        pytest.param(said(409, "Git Repository is empty."), NotFound, id="empty repository"),
        pytest.param(said(409, "is at 1 but expected 2"), Conflict, id="moved"),
        pytest.param(
            said(409, "Repository rule violations found\n\nChanges must be made"),
            BranchProtected,
            id="a rule set says 409",
        ),
        pytest.param(
            said(409, "Protected branch update failed for refs/heads/main."),
            BranchProtected,
            id="a protected branch says 409",
        ),
        pytest.param(said(422, "Repository rule violations found"), BranchProtected, id="and 422"),
        pytest.param(said(405, "Repository rule violations found"), BranchProtected, id="and 405"),
        pytest.param(said(422, "Update is not a fast forward"), Conflict, id="ref moved"),
        pytest.param(said(422, "Update is not a fast-forward"), Conflict, id="with a hyphen"),
        pytest.param(said(422, "Reference does not exist"), Conflict, id="branch deleted"),
        pytest.param(said(422, "No commit found for SHA: a1b2c3d"), NotFound, id="no such sha"),
        pytest.param(said(422, "The SHA a1b2c3d is ambiguous"), Ambiguous, id="ambiguous sha"),
        pytest.param(said(422, "Invalid request."), Rejected, id="unprocessable"),
        pytest.param(said(451, "Repository access blocked"), Rejected, id="blocked by law"),
        pytest.param(said(500, "oops"), Unavailable, id="server error"),
        pytest.param(Answer(502, {}, "<html>Bad Gateway</html>"), Unavailable, id="html"),
        pytest.param(said(503, "", {"retry-after": "30"}), Unavailable, id="maintenance"),
    ],
)
def test_a_status_and_its_text_make_one_kind_of_error(answer, expected):
    error = failure(answer, "read main of acme/gitops", NOW)

    assert type(error) is expected
    assert str(error).startswith("GitHub could not read main of acme/gitops: ")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success_is_no_failure(status):
    assert failure(said(status), "read", NOW) is None


def test_what_rest_says_in_detail_is_kept():
    answer = said(422, "Validation Failed", errors=[{"message": "tree.sha is not valid"}, "and so"])

    error = failure(answer, "commit", NOW)

    assert error is not None
    assert "Validation Failed; tree.sha is not valid; and so" == error.detail


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param(
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": IN_A_QUARTER},
            timedelta(minutes=15),
            id="until the reset",
        ),
        pytest.param(
            {
                "retry-after": "90",
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": IN_A_QUARTER,
            },
            timedelta(seconds=90),
            id="as asked",
        ),
        pytest.param({}, SECONDARY_PAUSE, id="nothing said"),
        pytest.param(
            {"x-ratelimit-remaining": "12", "x-ratelimit-reset": IN_A_QUARTER},
            SECONDARY_PAUSE,
            id="a secondary limit while the hour's is not spent",
        ),
        pytest.param({"retry-after": "soon"}, SECONDARY_PAUSE, id="not a number"),
        pytest.param({"retry-after": "0"}, timedelta(seconds=1), id="at least a second"),
        pytest.param({"retry-after": "999999"}, LONGEST_PAUSE, id="at most an hour"),
        pytest.param(
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"},
            timedelta(seconds=1),
            id="a reset in the past",
        ),
    ],
)
def test_a_limit_says_how_long_to_stay_away(headers, expected):
    assert expected == limit_pause(headers, NOW)


def test_an_outage_repeats_only_a_pause_that_was_asked_for():
    asked = failure(said(503, "", {"retry-after": "30"}), "read", NOW)
    silent = failure(said(502), "read", NOW)

    assert isinstance(asked, Unavailable)
    assert isinstance(silent, Unavailable)
    assert (timedelta(seconds=30), None) == (asked.retry_after, silent.retry_after)


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        pytest.param([{"type": "STALE_DATA", "message": "Expected branch to point"}], Conflict),
        pytest.param([{"type": "RATE_LIMITED", "message": PRIMARY}], Unavailable),
        pytest.param(
            [{"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": "already exceeded"}],
            Unavailable,
        ),
        pytest.param([{"message": SECONDARY}], Unavailable, id="secondary without a type"),
        pytest.param(
            [{"type": "BRANCH_PROTECTION_RULE_VIOLATION", "message": "At least 1 review"}],
            BranchProtected,
        ),
        pytest.param(
            [{"type": "UNPROCESSABLE", "message": "Repository rule violations found\n\nno"}],
            BranchProtected,
            id="rule set",
        ),
        pytest.param(
            [{"type": "FORBIDDEN", "message": "Resource not accessible by integration"}], Forbidden
        ),
        pytest.param([{"type": "NOT_FOUND", "message": "Could not resolve"}], NotFound),
        pytest.param(
            [{"message": "Something went wrong while executing your query."}], Unavailable
        ),
        pytest.param([{"message": "Field 'x' doesn't exist on type 'Query'"}], Rejected),
        pytest.param(
            [{"message": "odd"}, {"type": "NOT_FOUND", "message": "no"}],
            NotFound,
            id="the known one of several",
        ),
        pytest.param(["only text"], Rejected, id="not even a mapping"),
        pytest.param([], Garbled, id="none at all"),
    ],
)
def test_graphql_refuses_with_http_200(errors, expected):
    assert type(graph_failure(errors, {}, "commit", NOW)) is expected


def test_an_answer_that_is_not_json_is_garbled():
    with pytest.raises(Garbled, match="not JSON"):
        parsed(Answer(200, {}, '{"cut'), "read")


@pytest.mark.parametrize("body", [{}, {"sha": None}, {"sha": "a1b2c3d"}, [], None, "text"])
def test_a_missing_or_odd_field_is_garbled(body):
    with pytest.raises(Garbled):
        decoded("read", lambda answer: full_sha(answer["sha"]), body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    st.integers(300, 599),
    JSON.map(json.dumps) | st.text(max_size=40),
    st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset"]),
        st.text(max_size=12),
    ),
)
def test_no_refusal_however_odd_goes_unsorted(status, body, headers):
    assert isinstance(failure(Answer(status, headers, body), "read", NOW), BotError)


@given(st.lists(JSON, max_size=3))
def test_no_graphql_error_however_odd_goes_unsorted(errors):
    assert isinstance(graph_failure(errors, {}, "read", NOW), BotError)
