"""A webhook is taken in when it is GitHub's own and ours, and leaves no trace when it is not."""

import json

import pytest
from structlog.testing import capture_logs

from bot.adapters.github.membership_cache import MembershipCache
from bot.adapters.github.teams import Teams
from bot.domain.errors import Unavailable
from bot.operations.deliveries.github_deliveries import (
    BRANCHES,
    GitHubDeliveries,
    PullRequestsOfOurs,
)
from bot.operations.deliveries.inbox import Delivery, Inbox
from bot.operations.identity.forgetting import Forgetting
from handlers.github_events import GitHubEvents, Ours
from sandbox.github.webhooks import signature
from tests.adapters.github_world import NOON, HandClock, World

SECRET, OLD_SECRET = "new-secret", "old-secret"
ACME = {"organization": {"login": "Acme"}}
REMOVED = ACME | {"action": "removed", "member": {"login": "Alice"}, "team": {"slug": "sre"}}
OURS = Ours(
    "acme",
    frozenset({"acme"}),
    frozenset({"acme/api", "acme/gitops"}),
    lambda repository: repository == "partner/lib",
    installation=7,
)
GUID = "0b989ba4-242f-11e5-81e1-c7b6966d2516"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("github"), {"a": b"1"}) as world:
        world.fake.add_team("acme", "sre", ["alice", "bob"])
        yield world


def filled(world):
    cache = MembershipCache(Teams(world.door()), world.clock)
    for login in ("alice", "bob"):
        cache.account("acme", login, ["sre"])
    world.fake.calls.clear()
    return cache


class Taken:
    """An inbox's mouth."""

    def __init__(self):
        self.deliveries, self.faults = [], []

    def take_in(self, delivery):
        if self.faults:
            raise self.faults.pop()
        self.deliveries.append(delivery)
        return True


@pytest.fixture
def taken():
    return Taken()


@pytest.fixture
def cache(world):
    return filled(world)


def made(taken, cache=None, secrets=(SECRET, OLD_SECRET), ours=OURS):
    forgetting = Forgetting(None, cache, HandClock())
    return GitHubEvents(
        lambda: secrets, ours, BRANCHES, taken.take_in, forgetting.hear, HandClock()
    )


@pytest.fixture
def events(taken, cache):
    return made(taken, cache)


def forgotten(world, cache):
    """Return who has to be asked for anew."""
    found = set()
    for login in ("alice", "bob"):
        before = len(world.fake.calls)
        cache.account("acme", login, ["sre"])
        if len(world.fake.calls) > before:
            found.add(login)
    return found


def hear(events, event, payload, secret=SECRET, guid=GUID):
    body = json.dumps(payload).encode()
    return events.hear(event, guid, signature(secret, body), body)


def test_it_is_signed_as_github_documents(taken):
    """The vector of GitHub's own page, so that our fake and we are not wrong together."""
    events = made(taken, secrets=("It's a Secret to Everybody",))
    hexes = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    assert 400 == events.hear("ping", GUID, f"sha256={hexes}", b"Hello, World!")  # it is no JSON
    assert 401 == events.hear("ping", GUID, f"sha256={hexes}", b"Hello, World?")


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


PUSH = {"ref": "refs/heads/main", "repository": {"full_name": "Acme/API"}}


@pytest.mark.parametrize("name", ["acme/api", "ACME/Api", "acme/gitops", "Partner/Lib"])
def test_what_somebody_listens_to_is_taken_in_whole(events, taken, name):
    repository = {"repository": {"full_name": name}}
    payload = repository | {"ref": "refs/heads/main", "installation": {"id": 7}}
    assert 200 == hear(events, "push", payload)
    [one] = taken.deliveries
    assert ("github", GUID, "push", payload) == (one.source, one.id, one.event, one.body)
    assert one.received_at == NOON


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        pytest.param("ping", {"zen": "Keep it."}, id="the first one"),
        pytest.param("star", PUSH, id="an event nobody listens to"),
        pytest.param("no_such_event", {}, id="an event nobody knows"),
        pytest.param("", {}, id="no event"),
        pytest.param(
            "push", {"repository": {"full_name": "acme/site"}}, id="another repository of ours"
        ),
    ],
)
def test_what_nobody_listens_to_is_taken_and_dropped_without_a_word(
    world, cache, events, taken, event, payload
):
    with capture_logs() as logs:
        assert 202 == hear(events, event, payload)
    assert ([], []) == (taken.deliveries, logs)
    assert set() == forgotten(world, cache)


def test_while_the_database_is_away_github_is_told_so(events, taken):
    taken.faults = [Unavailable("database", "write")] * 3
    assert 503 == hear(events, "push", PUSH)


def test_a_database_that_is_busy_for_a_moment_loses_nothing(events, taken):
    taken.faults = [Unavailable("database", "write")] * 2
    assert 200 == hear(events, "push", PUSH)
    assert 1 == len(taken.deliveries)


BODY = json.dumps(REMOVED).encode()
GOOD = signature(SECRET, BODY)


NOT_NUMBERS = b'{"n": NaN}'
OTHER = json.dumps({"organization": {"login": "other"}}).encode()
STRANGE = json.dumps({"organization": "acme"}).encode()
DEEP = b"[" * 99_999


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
            signature(SECRET, NOT_NUMBERS), NOT_NUMBERS, 400, "no JSON", id="a number that is none"
        ),
        pytest.param(signature(SECRET, DEEP), DEEP, 400, "no JSON", id="a deep hole"),
        pytest.param(
            signature(SECRET, OTHER), OTHER, 403, "another organization", id="another organization"
        ),
        pytest.param(
            signature(SECRET, STRANGE),
            STRANGE,
            403,
            "another organization",
            id="an organization of a strange shape",
        ),
    ],
)
def test_what_is_refused_is_logged_once_and_changes_nothing(
    world, cache, events, taken, given, body, status, why
):
    with capture_logs() as logs:
        assert status == events.hear("membership", GUID, given, body)
    assert [(True, "warning")] == [(why in one["why"], one["log_level"]) for one in logs]
    assert set() == forgotten(world, cache)
    assert [] == taken.deliveries


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        pytest.param({"repository": {"full_name": "evil/api"}}, "others", id="another owner"),
        pytest.param({"repository": {"full_name": "acme"}}, "", id="half a name"),
        pytest.param({"repository": {"full_name": 7}}, "others", id="a number for a name"),
        pytest.param({"repository": None}, "others", id="no repository"),
        pytest.param(PUSH | {"installation": {"id": 8}}, "installation", id="another installation"),
        pytest.param(PUSH | {"installation": {"id": "7"}}, "installation", id="a strange number"),
    ],
)
def test_what_is_not_ours_is_refused(events, taken, payload, why):
    with capture_logs() as logs:
        status = hear(events, "push", payload)
    assert (403 if why else 202) == status
    assert ([True] if why else []) == [why in one["why"] for one in logs]
    assert [] == taken.deliveries


@pytest.mark.parametrize("guid", ["", "x" * 65, "a b", "a\nb", "é"])
def test_a_delivery_without_a_good_id_is_refused(events, taken, guid):
    assert 400 == hear(events, "push", PUSH, guid=guid)
    assert [] == taken.deliveries


def test_without_a_secret_nothing_is_heard(world, cache, taken):
    unsigned = made(taken, cache, secrets=())
    assert 404 == unsigned.hear("membership", GUID, signature("", BODY), BODY)
    assert set() == forgotten(world, cache)


def test_without_an_organization_no_team_is_ours(cache, taken):
    events = made(taken, cache, ours=Ours(None, OURS.owners, OURS.repositories, OURS.follows))
    assert 403 == events.hear("membership", GUID, GOOD, BODY)


def test_every_replica_forgets(world, database):
    """One is told; the others read it in the inbox, each once, and whoever starts later too."""
    clock = HandClock()
    caches = [filled(world), filled(world)]
    inboxes = [Inbox(database, {"github": lambda _: None}, clock) for _ in caches]
    told, other = (
        Forgetting(inbox, cache, clock) for inbox, cache in zip(inboxes, caches, strict=True)
    )
    events = GitHubEvents(lambda: (SECRET,), OURS, (), inboxes[0].take_in, told.hear, clock)
    assert 200 == hear(events, "membership", REMOVED)
    inboxes[0].work()

    assert {"alice"} == forgotten(world, caches[0])
    assert set() == forgotten(world, caches[1])
    other.look()
    assert {"alice"} == forgotten(world, caches[1])
    other.look()
    assert set() == forgotten(world, caches[1])
    for inbox in inboxes:
        inbox.close()


# what becomes of it

BRANCH = "shipmate/d-4821-1f3a9c02"
PULL = {"action": "closed", "pull_request": {"head": {"ref": BRANCH}}}


def woken_by(event, payload):
    woken = []
    deliveries = GitHubDeliveries({event: (PullRequestsOfOurs(woken.append).hear,)})
    deliveries.hear(Delivery("github", GUID, event, payload, NOON))
    return woken


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        pytest.param("pull_request", PULL, id="merged, closed, or pushed to"),
        pytest.param("pull_request_review", PULL, id="reviewed"),
        pytest.param("check_suite", {"check_suite": {"head_branch": BRANCH}}, id="checked"),
        pytest.param("push", {"ref": f"refs/heads/{BRANCH}"}, id="a push to its branch"),
    ],
)
def test_what_happens_to_a_pull_request_of_ours_wakes_its_operation(event, payload):
    assert ["D-4821"] == woken_by(event, payload)


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
def test_what_happens_to_other_branches_is_nothing_to_us(ref):
    assert [] == woken_by("pull_request", {"pull_request": {"head": {"ref": ref}}})
