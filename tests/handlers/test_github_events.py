"""A webhook makes us forget or look, and only GitHub's own about our own organization does."""

import json

import pytest
from structlog.testing import capture_logs

from bot.adapters.github.membership_cache import MembershipCache
from bot.adapters.github.teams import Teams
from handlers.github_events import GitHubEvents
from sandbox.github.webhooks import signature
from tests.adapters.github_world import World

SECRET, OLD_SECRET = "new-secret", "old-secret"
ACME = {"organization": {"login": "Acme"}}
REMOVED = ACME | {"action": "removed", "member": {"login": "Alice"}, "team": {"slug": "sre"}}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("github"), {"a": b"1"}) as world:
        world.fake.add_team("acme", "sre", ["alice", "bob"])
        yield world


@pytest.fixture
def cache(world):
    cache = MembershipCache(Teams(world.door()), world.clock)
    for login in ("alice", "bob"):
        cache.account("acme", login, ["sre"])
    world.fake.calls.clear()
    return cache


@pytest.fixture
def woken():
    """The operations that were told to look up."""
    return []


@pytest.fixture
def events(cache, woken):
    return GitHubEvents((SECRET, OLD_SECRET), "acme", cache, woken.append)


def forgotten(world, cache):
    """Return who has to be asked for anew."""
    found = set()
    for login in ("alice", "bob"):
        before = len(world.fake.calls)
        cache.account("acme", login, ["sre"])
        if len(world.fake.calls) > before:
            found.add(login)
    return found


def hear(events, event, payload, secret=SECRET):
    body = json.dumps(payload).encode()
    return events.hear(event, signature(secret, body), body)


def test_it_is_signed_as_github_documents():
    """The vector of GitHub's own page, so that our fake and we are not wrong together."""
    events = GitHubEvents(("It's a Secret to Everybody",), None, None, nobody)
    hexes = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    assert 400 == events.hear("ping", f"sha256={hexes}", b"Hello, World!")  # signed, and no JSON
    assert 401 == events.hear("ping", f"sha256={hexes}", b"Hello, World?")


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
@pytest.mark.parametrize(
    ("event", "payload", "expected"),
    [
        pytest.param("membership", REMOVED, {"alice"}, id="somebody taken out of a team"),
        pytest.param("membership", ACME, {"alice", "bob"}, id="nobody knows who"),
        pytest.param("team", ACME | {"action": "edited"}, {"alice", "bob"}, id="a team"),
        pytest.param(
            "organization", ACME | {"action": "member_removed"}, {"alice", "bob"}, id="a member"
        ),
        pytest.param(
            "organization",
            {"organization": {"login": "acme2"}, "changes": {"login": {"from": "acme"}}},
            {"alice", "bob"},
            id="the organization was renamed",
        ),
    ],
)
def test_a_change_of_teams_is_forgotten_at_once(
    world, cache, events, event, payload, expected, secret
):
    assert 200 == hear(events, event, payload, secret)
    assert expected == forgotten(world, cache)


@pytest.mark.parametrize("event", ["push", "workflow_run", "ping", "", "no_such_event"])
def test_what_is_not_about_teams_is_taken_and_changes_nothing(world, cache, events, event):
    assert 202 == hear(events, event, ACME)
    assert set() == forgotten(world, cache)


BODY = json.dumps(REMOVED).encode()
GOOD = signature(SECRET, BODY)


@pytest.mark.parametrize(
    ("given", "body", "status", "why"),
    [
        pytest.param("", BODY, 401, "not signed", id="unsigned"),
        pytest.param(signature("guessed", BODY), BODY, 401, "not signed", id="another secret"),
        pytest.param(signature("", BODY), BODY, 401, "not signed", id="the empty secret"),
        pytest.param(GOOD, BODY + b" ", 401, "not signed", id="another body"),
        pytest.param(GOOD.removeprefix("sha256="), BODY, 401, "not signed", id="no prefix"),
        pytest.param(GOOD.upper(), BODY, 401, "not signed", id="in capitals"),
        pytest.param(GOOD[:-1] + "é", BODY, 401, "not signed", id="a letter not in ASCII"),
        pytest.param("sha256=\U0001f600", BODY, 401, "not signed", id="a letter not in Latin 1"),
        pytest.param(signature(SECRET, b"{"), b"{", 400, "no JSON", id="half a JSON"),
        pytest.param(signature(SECRET, b"[]"), b"[]", 400, "no JSON", id="a list"),
        pytest.param(signature(SECRET, b"\xff"), b"\xff", 400, "no JSON", id="no text"),
        pytest.param(
            signature(SECRET, b"[" * 99_999), b"[" * 99_999, 400, "no JSON", id="a deep hole"
        ),
        pytest.param(
            signature(SECRET, b'{"organization": {"login": "other"}}'),
            b'{"organization": {"login": "other"}}',
            403,
            "another organization",
            id="another organization",
        ),
        pytest.param(
            signature(SECRET, b'{"organization": "acme"}'),
            b'{"organization": "acme"}',
            403,
            "another organization",
            id="an organization of a strange shape",
        ),
    ],
)
def test_what_is_refused_is_logged_once_and_changes_nothing(
    world, cache, events, given, body, status, why
):
    with capture_logs() as logs:
        assert status == events.hear("membership", given, body)
    assert [(True, "warning")] == [(why in one["why"], one["log_level"]) for one in logs]
    assert set() == forgotten(world, cache)


def test_without_a_secret_nothing_is_heard(world, cache):
    unsigned = GitHubEvents((), "acme", cache, nobody)
    assert 404 == unsigned.hear("membership", signature("", BODY), BODY)
    assert set() == forgotten(world, cache)


def test_without_an_organization_no_team_is_ours(cache):
    events = GitHubEvents((SECRET,), None, cache, nobody)
    assert 403 == events.hear("membership", GOOD, BODY)


def nobody(operation):
    raise AssertionError(f"{operation} was woken")


OURS = "shipmate/d-4821-1f3a9c02"
PULL = {"action": "closed", "pull_request": {"head": {"ref": OURS}}}


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        pytest.param("pull_request", PULL, id="merged, closed, or pushed to"),
        pytest.param("pull_request_review", PULL, id="reviewed"),
        pytest.param("check_suite", {"check_suite": {"head_branch": OURS}}, id="checked"),
        pytest.param("push", {"ref": f"refs/heads/{OURS}"}, id="a push to its branch"),
    ],
)
def test_what_happens_to_a_pull_request_of_ours_wakes_its_operation(events, woken, event, payload):
    assert 200 == hear(events, event, payload)
    assert ["D-4821"] == woken


@pytest.mark.parametrize(
    "ref",
    [
        "feature",
        "shipmate/x",
        "shipmate/d-1",
        "shipmate/d-١-1f3a9c02",
        "shipmate/d-1-1f3a9c02-x",
        7,
    ],
)
def test_what_happens_to_other_branches_is_nothing_to_us(events, woken, ref):
    assert 202 == hear(events, "pull_request", {"pull_request": {"head": {"ref": ref}}})
    assert [] == woken


def test_what_is_not_signed_wakes_nobody(events, woken):
    assert 401 == hear(events, "pull_request", PULL, "another secret")
    assert [] == woken
