"""Who is in a team is what GitHub says now; what it does not say is no yes."""

import pytest
from werkzeug.wrappers import Response

from bot.adapters.github import GitHub
from bot.adapters.github.credentials import POLICY_PERMISSIONS
from bot.adapters.github.teams import NO_MEMBERS_RIGHT, Account, TeamProblem, Teams, Trouble
from bot.domain.errors import Garbled, NotFound, Unavailable
from bot.domain.rights import GitHubUser, Membership, Standing
from bot.domain.unknown import Unknown
from sandbox.wire import Fault, answer
from tests.adapters.github_world import World, app_key

YES, NO, PENDING = map(Membership, (Standing.YES, Standing.NO, Standing.PENDING))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """One world for all: engineering > platform > sre, and release beside them."""
    with World(tmp_path_factory.mktemp("github"), {"a": b"1"}) as world:
        fake = world.fake
        fake.add_team("acme", "engineering", ["erin"])
        fake.add_team("acme", "platform", ["paul"], parent="engineering")
        fake.add_team("acme", "sre", ["alice"], parent="platform")
        fake.add_team("acme", "release", ["alice"], privacy="secret")
        fake.add_member("acme", "sre", "ivy", state="pending")
        fake.add_user("bob", number=77)
        yield world


@pytest.fixture
def teams(world):
    world.fake.calls.clear()
    yield Teams(world.door())
    world.fake.disarm()
    world.fake.lift_limits()


@pytest.mark.parametrize(
    ("slug", "login", "expected"),
    [
        pytest.param("sre", "alice", YES, id="a member"),
        pytest.param("sre", "ALICE", YES, id="logins have no case"),
        pytest.param("platform", "alice", YES, id="through a child team"),
        pytest.param("engineering", "alice", YES, id="through a grandchild"),
        pytest.param("sre", "paul", NO, id="a parent's member is not in the child"),
        pytest.param("sre", "ivy", PENDING, id="invited only"),
        pytest.param("engineering", "ivy", PENDING, id="invited into a child only"),
        pytest.param("sre", "bob", NO, id="not a member"),
        pytest.param("sre", "nobody-at-all", NO, id="nobody of that login"),
        pytest.param("no-such-team", "alice", NO, id="no such team"),
    ],
)
def test_a_member_is_active_in_the_team_or_below_it_at_the_cost_of_one_request(
    world, teams, slug, login, expected
):
    assert expected == teams.membership("acme", slug, login)
    assert ["team_membership"] == world.routes()


@pytest.mark.parametrize(
    ("slug", "login"),
    [
        pytest.param("sre", "alice/../erin", id="a path in the login"),
        pytest.param("sre", "..", id="dots"),
        pytest.param("sre", "alice?x=1", id="a query"),
        pytest.param("sre", "", id="empty"),
        pytest.param("sre", "alice\n", id="a line end"),
        pytest.param("../sre", "alice", id="a path in the slug"),
        pytest.param("sre", "a" * 101, id="too long"),
    ],
)
def test_what_cannot_be_a_login_is_nobody_and_is_never_sent(world, teams, slug, login):
    assert NO == teams.membership("acme", slug, login)
    assert [] == world.routes()


def fails(status, message="", headers=None):
    return Fault(answer=lambda: answer({"message": message}, status, headers))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(fails(500), "answered 500", id="500"),
        pytest.param(fails(502), "answered 502", id="502"),
        pytest.param(fails(429, "slow down"), "slow down", id="429"),
        pytest.param(
            fails(403, "You have exceeded a secondary rate limit"), "secondary", id="limit"
        ),
        pytest.param(
            fails(403, "Resource not accessible by integration"), "members:read", id="no right"
        ),
        pytest.param(fails(401, "Bad credentials"), "Bad credentials", id="401"),
        pytest.param(Fault(drop="before"), "connection failed", id="cut"),
        pytest.param(Fault(answer=lambda: Response("<html>")), "not JSON", id="no JSON"),
        pytest.param(Fault(answer=lambda: answer({})), "unknown shape", id="no state"),
        pytest.param(
            Fault(answer=lambda: answer({"state": "suspended"})), "suspended", id="a new state"
        ),
        pytest.param(Fault(answer=lambda: answer({"state": None})), "unknown shape", id="null"),
    ],
)
def test_whatever_goes_wrong_is_unknown_and_says_what(world, teams, fault, reason):
    world.fake.arm("team_membership", fault, times=None)

    found = teams.membership("acme", "sre", "alice")

    assert Standing.UNKNOWN is found.standing
    assert reason in found.why
    for_good = reason in {"members:read", "Bad credentials", "suspended"}
    assert for_good is (found.silence is None), "whether it helps to ask again"


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        pytest.param("alice", {"sre", "platform", "engineering", "release"}, id="with parents"),
        pytest.param("paul", {"platform", "engineering"}, id="not with children"),
        pytest.param("ivy", set(), id="invited only"),
        pytest.param("bob", set(), id="in no team"),
    ],
)
def test_all_teams_of_a_person_cost_one_request(world, teams, login, expected):
    found = teams.account("acme", login)

    assert (login, expected) == (found.user.login, found.teams)
    assert ["graphql"] == world.routes()


def test_the_same_request_tells_the_number_whatever_the_case_of_the_login(teams):
    assert Account(GitHubUser(77, "bob"), frozenset()) == teams.account("acme", "BOB")


@pytest.mark.parametrize("login", ["nobody-at-all", "acme", "shipmate/../acme", "", "app[bot]"])
def test_a_login_that_no_person_has_is_nobody(teams, login):
    assert teams.account("acme", login) is None


@pytest.mark.parametrize("login", ["alice", "paul", "erin", "ivy", "bob"])
@pytest.mark.parametrize("slug", ["engineering", "platform", "sre", "release"])
def test_both_ways_of_asking_agree_on_who_is_in(teams, slug, login):
    one = teams.membership("acme", slug, login).standing is Standing.YES

    assert one == (slug in teams.account("acme", login).teams)


def test_more_teams_than_a_page_holds_are_all_read(world, teams):
    for number in range(150):
        world.fake.add_team("big", f"team-{number}", ["alice"])

    assert {f"team-{number}" for number in range(150)} == teams.account("big", "alice").teams
    assert ["graphql"] * 2 == world.routes()


def graph(body):
    return Fault(answer=lambda: answer(body))


ALICE = {"databaseId": 101, "login": "alice"}


def listed(*nodes, more=None):
    info = {"hasNextPage": more is not None, "endCursor": more}
    return {"data": {"user": ALICE, "organization": {"teams": {"pageInfo": info, "nodes": nodes}}}}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(fails(502), "answered 502", id="502"),
        pytest.param(Fault(drop="after"), "connection failed", id="cut"),
        pytest.param(
            graph({"data": None, "errors": [{"type": "RATE_LIMITED", "message": "limit"}]}),
            "limit",
            id="limit",
        ),
        pytest.param(
            graph({"data": {"organization": None}, "errors": [{"type": "FORBIDDEN"}]}),
            "members:read",
            id="no right",
        ),
        pytest.param(graph({"data": {"organization": None}}), "unknown shape", id="null"),
        pytest.param(
            graph({"data": {"user": None, "organization": {"teams": {}}}}),
            "unknown shape",
            id="no user",
        ),
        pytest.param(
            graph(
                {
                    "data": {"user": ALICE | {"databaseId": "101"}, "organization": {"teams": {}}},
                }
            ),
            "unknown shape",
            id="an id of text",
        ),
        pytest.param(graph(listed({"slug": "sre"})), "unknown shape", id="no ancestors"),
        pytest.param(graph(listed(more="x")), "same page", id="a list that runs in a circle"),
        pytest.param(fails(404), "no GraphQL", id="no GraphQL"),
    ],
)
def test_a_list_of_teams_that_cannot_be_read_is_unknown(world, teams, fault, reason):
    world.fake.arm("graphql", fault, times=None)

    found = teams.account("acme", "alice")

    assert isinstance(found, Unknown)
    assert reason in found.why
    for_good = reason in {"members:read", "no GraphQL"}
    assert for_good is (found.silence is None), "whether it helps to ask again"


def test_an_organization_that_is_not_there_has_no_answer(teams):
    assert isinstance(teams.account("nowhere", "alice"), Unknown)


def test_a_configured_team_that_does_not_exist_is_named(world, teams):
    found = teams.missing_teams("acme", ["sre", "sree", "release", "not/a/team"])

    assert [("not/a/team", Trouble.MISSING), ("sree", Trouble.MISSING)] == [
        (problem.slug, problem.trouble) for problem in found
    ]
    assert "acme has no team sree that our login may see" == found[1].detail
    assert 3 == world.fake.count("team")


def test_a_login_that_may_not_read_teams_is_told_which_right_it_lacks(tmp_path):
    with World(tmp_path, {"a": b"1"}, permissions={"contents": "write"}) as few:
        few.fake.add_team("acme", "sre")

        found = Teams(few.door()).missing_teams("acme", ["sre", "release"])

        assert [
            TeamProblem(slug, Trouble.NO_RIGHT, NO_MEMBERS_RIGHT) for slug in ("release", "sre")
        ] == list(found)
        assert 1 == few.fake.count("team")


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        pytest.param(POLICY_PERMISSIONS, YES, id="granted"),
        pytest.param({"contents": "write", "checks": "read"}, Standing.UNKNOWN, id="not granted"),
    ],
)
def test_an_app_reads_teams_once_its_owner_granted_that(tmp_path, granted, expected):
    with World(tmp_path, {"a": b"1"}, permissions=granted, by_app=True) as world:
        world.fake.add_team("acme", "sre", ["alice"])
        door = GitHub(
            app_key(), world.fake.api_url, clock=world.clock, permissions=POLICY_PERMISSIONS
        )

        found = Teams(door).membership("acme", "sre", "alice")

        door.close()
        assert expected in (found, found.standing)
        assert ("not granted" in found.why) == (expected is Standing.UNKNOWN)


def test_a_start_while_github_is_away_knows_nothing_of_the_teams(world, teams):
    world.fake.arm("team", fails(503), times=None)

    (found,) = teams.missing_teams("acme", ["sre"])

    assert (Trouble.UNKNOWN, True) == (found.trouble, "answered 503" in found.detail)


def test_a_person_is_their_number_whatever_they_are_called(world, teams):
    assert GitHubUser(77, "bob") == teams.user("bob") == teams.user("BOB")
    world.fake.rename_user("bob", "robert")
    world.fake.add_user("bob", number=78)  # somebody else registers the free login

    assert GitHubUser(77, "robert") == teams.user_by_id(77)
    assert GitHubUser(78, "bob") == teams.user("bob")


@pytest.mark.parametrize(
    "login", ["nobody-at-all", "acme", "shipmate/../acme", "", "..", "app[bot]"]
)
def test_only_people_are_people(world, teams, login):
    with pytest.raises(NotFound):
        teams.user(login)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param({"type": "User", "login": "a"}, Garbled, id="no id"),
        pytest.param({"type": "User", "login": "a", "id": "7"}, Garbled, id="an id of text"),
        pytest.param({"type": "User", "login": "a", "id": True}, Garbled, id="an id of truth"),
        pytest.param({"type": "Bot", "login": "a", "id": 7}, NotFound, id="a bot"),
        pytest.param({"login": "a", "id": 7}, Garbled, id="no type"),
    ],
)
def test_an_account_that_is_not_whole_is_nobody(world, teams, body, kind):
    world.fake.arm("user", Fault(answer=lambda: answer(body)))

    with pytest.raises(kind):
        teams.user("alice")


def test_an_outage_is_no_missing_person(world, teams):
    world.fake.arm("user_by_id", fails(500), times=None)

    with pytest.raises(Unavailable):
        teams.user_by_id(77)
