"""What the doctor asks GitHub, over the wire."""

import pytest
from werkzeug.wrappers import Response

from bot.adapters.github.credentials import AppItself
from bot.adapters.github.standing import AppStandings, Standings
from bot.domain.doctor import BranchRules
from bot.domain.errors import NotFound, Unauthorized
from sandbox.wire import Fault, answer
from tests.adapters.github_world import World, app_key, github

GRANTED = {"contents": "write", "members": "read"}


@pytest.fixture
def world(tmp_path):
    with World(tmp_path, {"a": b"1"}) as one:
        yield one


def test_a_classic_token_tells_its_scopes_and_another_does_not(world):
    assert frozenset({"repo", "read:org"}) == Standings(world.door()).token().scopes
    world.fake.state.access.tokens["ghp_secret"].scopes = None
    held = Standings(world.door()).token()
    assert ("shipmate", None) == (held.login, held.scopes)


def test_a_repository_under_a_former_name_tells_the_new_one(world):
    world.rename("acme/deployment")
    assert "acme/deployment" == Standings(world.door()).repository("acme/gitops").name


def test_a_free_branch_has_no_rules(world):
    assert BranchRules() == Standings(world.door()).rules("acme/gitops", "main")


@pytest.mark.parametrize(
    ("ruleset", "expected"),
    [
        (True, BranchRules(frozenset({"pull_request"}))),
        (False, BranchRules(reviews=True)),
    ],
)
def test_both_kinds_of_protection_are_seen(world, ruleset, expected):
    world.fake.protect("acme/gitops", ruleset=ruleset)
    assert expected == Standings(world.door()).rules("acme/gitops", "main")


@pytest.mark.parametrize(
    ("bypass", "binds"),
    [
        ("always", False),
        ("exempt", False),
        ("pull_requests_only", True),
        ("never", True),
        (None, True),
        ("a new word", True),
    ],
)
def test_only_who_may_go_past_a_ruleset_is_free_of_it(world, bypass, binds):
    world.fake.protect("acme/gitops", ruleset=True)
    said = {"id": 1, "current_user_can_bypass": bypass}
    world.fake.arm("ruleset", Fault(answer=lambda: answer(said)))
    rules = Standings(world.door()).rules("acme/gitops", "main")
    assert binds is ("pull_request" in rules.kinds)


def test_a_ruleset_that_is_hidden_binds(world):
    world.fake.protect("acme/gitops", ruleset=True)
    gone = Fault(answer=lambda: answer({"message": "Not Found"}, 404))
    world.fake.arm("ruleset", gone)
    assert Standings(world.door()).rules("acme/gitops", "main").kinds


def test_an_old_server_without_rulesets_and_graphql_guards_by_nothing_we_see(world):
    absent = Fault(answer=lambda: Response('{"message": "Not Found"}', 404))
    world.fake.arm("branch_rules", absent)
    world.fake.arm("graphql", absent)
    assert BranchRules() == Standings(world.door()).rules("acme/gitops", "main")


def test_an_app_tells_what_it_is_registered_with_and_what_was_granted(tmp_path):
    with World(tmp_path, {"a": b"1"}, permissions=GRANTED, by_app=True) as world:
        world.fake.state.access.apps[42].events = frozenset({"push"})
        itself = github(world.fake.api_url, AppItself(app_key()))
        standings = AppStandings(itself)
        assert {"metadata": "read", **GRANTED} == standings.app().permissions
        assert frozenset({"push"}) == standings.app().events
        granted = standings.installation(7)
        assert ({"metadata": "read", **GRANTED}, False) == (granted.permissions, granted.suspended)
        world.fake.suspend(7)
        assert standings.installation(7).suspended
        with pytest.raises(NotFound):
            standings.installation(8)
        itself.close()


def test_a_foreign_key_is_refused(tmp_path):
    with World(tmp_path, {"a": b"1"}, permissions=GRANTED, by_app=True) as world:
        world.fake.state.access.apps[42].key = "-----BEGIN PUBLIC KEY-----\nnone"
        itself = github(world.fake.api_url, AppItself(app_key()))
        with pytest.raises(Unauthorized):
            AppStandings(itself).app()
        itself.close()
