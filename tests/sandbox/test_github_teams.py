"""Teams: REST counts members of nested teams, GraphQL only the direct ones."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from github import UnknownObjectException

from sandbox.github import GitHub
from sandbox.wire import Fault, answer
from tests.sandbox.github_ground import ask, http, pygithub, world

TEAMS = "/orgs/acme/teams"


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[GitHub]:
    with world(tmp_path) as started:
        started.add_organization("acme", owners=["root"])
        started.add_team("acme", "sre", ["ann"])
        started.add_team("acme", "oncall", ["ben"], parent="sre")
        started.add_member("acme", "sre", "invited", state="pending")
        started.add_member("acme", "sre", "lead", role="maintainer")
        started.add_member("acme", "sre", "root")
        started.add_user("nobody")
        yield started


@pytest.fixture
def plain(fake: GitHub) -> Iterator[httpx.Client]:
    with http(fake) as opened:
        yield opened


@pytest.mark.parametrize(
    ("login", "role", "state"),
    [
        pytest.param("ann", "member", "active", id="member"),
        pytest.param("ANN", "member", "active", id="in capitals"),
        pytest.param("lead", "maintainer", "active", id="maintainer"),
        pytest.param("invited", "member", "pending", id="invited"),
        pytest.param("ben", "member", "active", id="of a nested team"),
        pytest.param("root", "maintainer", "active", id="owner of the organization"),
    ],
)
def test_a_membership_has_a_role_and_a_state(
    plain: httpx.Client, login: str, role: str, state: str
):
    shown = plain.get(f"{TEAMS}/sre/memberships/{login}").json()
    assert (shown["role"], shown["state"]) == (role, state)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("sre/memberships/nobody", id="no member"),
        pytest.param("sre/memberships/ghost", id="no user"),
        pytest.param("typo/memberships/ann", id="no team"),
        pytest.param("oncall/memberships/ann", id="member of the parent only"),
    ],
)
def test_no_membership_is_404_whatever_is_missing(plain: httpx.Client, path: str):
    response = plain.get(f"{TEAMS}/{path}")
    assert (response.status_code, response.json()["message"]) == (404, "Not Found")


def test_a_team_itself_tells_a_typo_from_a_stranger(plain: httpx.Client):
    assert plain.get(f"{TEAMS}/sre").status_code == 200
    assert plain.get(f"{TEAMS}/typo").status_code == 404
    assert plain.get(f"{TEAMS}/oncall").json()["parent"]["slug"] == "sre"


def test_pygithub_asks_once_for_a_membership(fake: GitHub):
    organization = pygithub(fake).get_organization("acme")
    before = len(fake.calls)
    assert organization.get_team_by_slug("sre").get_team_membership("ann").state == "active"
    assert len(fake.calls) - before == 1
    with pytest.raises(UnknownObjectException):
        assert organization.get_team_by_slug("sre").get_team_membership("nobody").state


def test_a_list_has_active_members_also_of_nested_teams(plain: httpx.Client):
    listed = plain.get(f"{TEAMS}/sre/members").json()
    assert [(one["login"], one["inherited"]) for one in listed] == [
        ("ann", False),
        ("ben", True),
        ("lead", False),
        ("root", False),
    ]
    assert [one["slug"] for one in plain.get(TEAMS).json()] == ["oncall", "sre"]


OWN = """query($u:String!){organization(login:"acme"){teams(first:100,userLogins:[$u]){
  nodes{slug ancestors(first:20){nodes{slug}}}}}}"""


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        pytest.param("ann", [("sre", [])], id="direct"),
        pytest.param("ben", [("oncall", ["sre"])], id="nested: the parent is an ancestor"),
        pytest.param("invited", [], id="pending"),
        pytest.param("nobody", [], id="none"),
    ],
)
def test_graphql_lists_direct_teams_and_their_ancestors(
    plain: httpx.Client, login: str, expected: list[tuple[str, list[str]]]
):
    nodes = ask(plain, OWN, u=login)["data"]["organization"]["teams"]["nodes"]
    assert [(n["slug"], [a["slug"] for a in n["ancestors"]["nodes"]]) for n in nodes] == expected


def test_without_members_read_it_is_403(fake: GitHub):
    fake.add_token("ghp_blind", "bo", {"contents": "read"})
    with http(fake, "ghp_blind") as plain:
        response = plain.get(f"{TEAMS}/sre/memberships/ann")
        error = ask(plain, OWN, u="ann")["errors"][0]
    assert response.status_code == 403
    assert (error["type"], error["path"]) == ("FORBIDDEN", ["organization", "teams"])


def test_the_route_can_fail(fake: GitHub, plain: httpx.Client):
    fake.arm("team_membership", Fault(answer=lambda: answer({}, 500)))
    assert plain.get(f"{TEAMS}/sre/memberships/ann").status_code == 500
    assert plain.get(f"{TEAMS}/sre/memberships/ann").status_code == 200


def test_who_leaves_is_gone_at_once(fake: GitHub, plain: httpx.Client):
    fake.remove_member("acme", "sre", "ann")
    assert plain.get(f"{TEAMS}/sre/memberships/ann").status_code == 404
    fake.remove_team("acme", "sre")
    assert plain.get(TEAMS).json() == []


def test_a_number_outlives_a_login(fake: GitHub, plain: httpx.Client):
    number = plain.get("/users/ann").json()["id"]
    fake.rename_user("ann", "anna")
    stranger = fake.add_user("ann")
    assert plain.get(f"/user/{number}").json()["login"] == "anna"
    assert stranger.id != number
    assert plain.get("/user/1").status_code == 404
