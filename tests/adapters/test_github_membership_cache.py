"""What is remembered of teams is young, and never more than GitHub said."""

from datetime import timedelta

import pytest

from bot.adapters.github.membership_cache import ALLOW_FOR, DENY_FOR, MembershipCache
from bot.adapters.github.teams import Teams
from bot.domain.rights import GitHubUser, Membership, Standing
from bot.domain.unknown import Unknown
from sandbox.wire import Fault, answer
from tests.adapters.github_world import World, at_once

YES, NO, PENDING = map(Membership, (Standing.YES, Standing.NO, Standing.PENDING))
SECOND = timedelta(seconds=1)
DOWN = Fault(answer=lambda: answer({"message": "down"}, 500))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with World(tmp_path_factory.mktemp("github"), {"a": b"1"}) as home:
        yield home


@pytest.fixture
def world(home):
    """The world as each test finds it: alice in sre below platform, ivy invited."""
    fake = home.fake
    fake.disarm()
    for team in fake.state.teams.of("acme"):
        if fake.state.teams.get("acme", team.slug):
            fake.remove_team("acme", team.slug)
    fake.add_team("acme", "platform")
    fake.add_team("acme", "sre", ["alice"], parent="platform")
    fake.add_team("acme", "release", ["bob"])
    fake.add_member("acme", "sre", "ivy", state="pending")
    fake.calls.clear()
    return home


@pytest.fixture
def cache(world):
    return MembershipCache(Teams(world.door()), world.clock)


@pytest.mark.parametrize(
    ("login", "life", "expected"),
    [
        pytest.param("alice", ALLOW_FOR, YES, id="a yes"),
        pytest.param("bob", DENY_FOR, NO, id="a no"),
        pytest.param("ivy", DENY_FOR, PENDING, id="an invitation"),
    ],
)
def test_an_answer_serves_until_its_life_is_over(world, cache, login, life, expected):
    assert expected == cache.membership("acme", "sre", login)
    world.clock.move(life - SECOND)
    assert expected == cache.membership("acme", "SRE", login.upper())
    assert 1 == len(world.routes())

    world.clock.move(SECOND)
    assert expected == cache.membership("acme", "sre", login)
    assert 2 == len(world.routes())


def test_an_answer_of_the_future_is_no_answer(world, cache):
    cache.membership("acme", "sre", "alice")
    world.clock.move(-SECOND)

    cache.membership("acme", "sre", "alice")

    assert 2 == len(world.routes())


def test_live_asks_although_something_is_remembered(world, cache):
    assert YES == cache.membership("acme", "sre", "alice")
    world.fake.remove_member("acme", "sre", "alice")

    assert YES == cache.membership("acme", "sre", "alice")
    assert NO == cache.membership("acme", "sre", "alice", live=True)
    assert NO == cache.membership("acme", "sre", "alice")  # the fresh answer is the remembered one
    assert 2 == len(world.routes())


@pytest.mark.parametrize(
    "expire", [pytest.param(False, id="live"), pytest.param(True, id="expired")]
)
def test_a_yes_never_stands_in_for_an_answer_that_did_not_come(world, cache, expire):
    assert YES == cache.membership("acme", "sre", "alice")
    if expire:
        world.clock.move(ALLOW_FOR)
    world.fake.arm("team_membership", DOWN, times=None)

    found = cache.membership("acme", "sre", "alice", live=not expire)

    assert (Standing.UNKNOWN, True) == (found.standing, "answered 500" in found.why)


def test_what_could_not_be_read_is_asked_again_at_once(world, cache):
    world.fake.arm("team_membership", DOWN)  # reads are repeated by the door only after 502-504

    assert Standing.UNKNOWN is cache.membership("acme", "sre", "alice").standing
    assert YES == cache.membership("acme", "sre", "alice")


@pytest.mark.parametrize(
    ("drop", "forgotten"),
    [
        pytest.param(lambda cache: cache.drop_user("Acme", "Alice"), True, id="the person"),
        pytest.param(lambda cache: cache.drop_organization("ACME"), True, id="the organization"),
        pytest.param(lambda cache: cache.drop_user("acme", "bob"), False, id="somebody else"),
        pytest.param(lambda cache: cache.drop_user("other", "alice"), False, id="them elsewhere"),
        pytest.param(lambda cache: cache.drop_organization("other"), False, id="elsewhere"),
    ],
)
def test_a_webhook_makes_it_forget_whom_it_is_about(world, cache, drop, forgotten):
    cache.membership("acme", "sre", "alice")
    cache.account("acme", "alice")
    world.fake.remove_member("acme", "sre", "alice")

    drop(cache)

    assert (NO if forgotten else YES) == cache.membership("acme", "sre", "alice")
    teams = cache.account("acme", "alice").teams
    assert (frozenset() if forgotten else {"sre", "platform"}) == teams


def test_an_answer_that_a_webhook_overtook_is_not_kept(world, cache):
    """GitHub answers yes, alice is removed and the event arrives, then the answer does."""

    def overtaken(response):
        world.fake.remove_member("acme", "sre", "alice")
        cache.drop_user("acme", "alice")
        return response

    world.fake.arm("team_membership", Fault(mangle=overtaken))

    assert YES == cache.membership("acme", "sre", "alice")
    assert NO == cache.membership("acme", "sre", "alice")


def test_a_slow_answer_does_not_replace_a_later_one(world, cache):
    """The first question is answered last: its yes is older than the no that came before it."""

    def slow(response):
        world.clock.move(SECOND)
        world.fake.remove_member("acme", "sre", "alice")
        assert NO == MembershipCache.membership(cache, "acme", "sre", "alice")
        return response

    world.fake.arm("team_membership", Fault(mangle=slow))

    assert YES == cache.membership("acme", "sre", "alice")
    assert NO == cache.membership("acme", "sre", "alice")
    assert 2 == len(world.routes())


@pytest.mark.parametrize(
    ("slugs", "login", "expected", "requests"),
    [
        pytest.param([], "alice", {}, 1, id="no teams"),
        pytest.param(["sre"], "alice", {"sre": YES}, 1, id="one team"),
        pytest.param(
            ["release", "platform", "sre"],
            "alice",
            {"release": NO, "platform": YES, "sre": YES},
            1,
            id="several teams, in one",
        ),
        pytest.param(
            ["sre", "release"], "ivy", {"sre": PENDING, "release": NO}, 3, id="several, invited"
        ),
        pytest.param(
            ["sre", "platform"], "bob", {"sre": NO, "platform": NO}, 3, id="several, none"
        ),
        pytest.param(["sre"], "bob", {"sre": NO}, 2, id="one team, none"),
    ],
)
def test_a_yes_costs_one_request_however_many_teams_could_give_it(
    world, cache, slugs, login, expected, requests
):
    for _ in range(2):  # remembered the second time
        account = cache.account("acme", login, slugs)
        assert expected == cache.memberships("acme", slugs, account)
        assert requests == len(world.routes())


@pytest.mark.parametrize(
    ("slugs", "life"),
    [
        pytest.param(["release", "sre"], ALLOW_FOR, id="a set that allows"),
        pytest.param(["release"], DENY_FOR, id="a set that denies"),
        pytest.param([], DENY_FOR, id="a set that was asked for nothing"),
    ],
)
def test_an_account_is_remembered_as_long_as_what_it_says_of_the_teams(world, cache, slugs, life):
    first = cache.account("acme", "alice", slugs)
    world.fake.remove_member("acme", "sre", "alice")
    world.clock.move(life - SECOND)
    assert first == cache.account("acme", "alice", slugs)

    world.clock.move(SECOND)
    world.fake.arm("graphql", DOWN)
    assert isinstance(cache.account("acme", "alice", slugs), Unknown)
    assert frozenset() == cache.account("acme", "alice", slugs).teams


def test_a_live_account_is_not_a_remembered_one(world, cache):
    cache.account("acme", "alice", ["sre"])
    world.fake.remove_member("acme", "sre", "alice")

    assert frozenset() == cache.account("acme", "alice", ["sre"], live=True).teams
    assert frozenset() == cache.account("acme", "alice", ["sre"]).teams
    assert 2 == len(world.routes())


def test_that_nobody_has_a_login_is_remembered_for_as_long_as_a_denial(world, cache):
    assert cache.account("acme", "late") is None
    world.fake.add_user("late", number=4711)
    assert cache.account("acme", "late") is None

    world.clock.move(DENY_FOR)
    assert GitHubUser(4711, "late") == cache.account("acme", "late").user


def test_many_threads_may_ask_and_drop_at_once(world, cache):
    def ask(number):
        if number % 4 == 0:
            cache.drop_organization("acme")
        return cache.membership("acme", "sre", "alice")

    assert [YES] * 8 == at_once(8, ask)


# what GitHub confirmed last, for emergencies


HOUR = timedelta(hours=1)


def confirmed(cache, login="alice", slugs=("platform",), within=HOUR):
    return cache.confirmed("Acme", login, slugs, within)


def test_what_github_confirmed_last_is_told_for_as_long_as_was_asked(world, cache):
    assert confirmed(cache) is None, "nobody asked yet"
    at = world.clock.now()
    cache.account("acme", "alice")
    world.clock.move(HOUR - SECOND)
    assert at == confirmed(cache).as_of
    assert 1 == len(world.routes())
    world.clock.move(SECOND)
    assert confirmed(cache) is None


def test_a_last_word_that_denies_is_no_confirmation(world, cache):
    for login in ("alice", "bob", "nobody"):
        cache.account("acme", login)
    assert confirmed(cache, "bob") is None
    assert confirmed(cache, "nobody") is None
    assert confirmed(cache, "alice", ("release",)) is None

    world.fake.remove_member("acme", "sre", "alice")
    cache.account("acme", "alice", live=True)
    assert confirmed(cache) is None, "the newest answer is the last word"


def test_a_silence_leaves_the_last_word_and_serves_nobody_else(world, cache):
    cache.account("acme", "alice")
    world.fake.arm("graphql", DOWN, times=None)

    assert isinstance(cache.account("acme", "alice", live=True), Unknown)
    assert confirmed(cache) is not None


@pytest.mark.parametrize(
    "drop",
    [
        pytest.param(lambda cache: cache.drop_user("Acme", "Alice"), id="the person"),
        pytest.param(lambda cache: cache.drop_organization("ACME"), id="the organization"),
    ],
)
def test_a_webhook_takes_the_last_word_back(world, cache, drop):
    cache.account("acme", "alice")
    drop(cache)
    assert confirmed(cache) is None
