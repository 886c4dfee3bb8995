"""Our branches and pull requests on a pretended GitHub over real Git repositories."""

import pytest

from bot.adapters.github.pulls import Pulls
from bot.domain.errors import (
    Conflict,
    Forbidden,
    Garbled,
    NotFound,
    Rejected,
    Unavailable,
)
from bot.domain.pull_requests import PullState
from sandbox.wire import Fault, answer
from tests.adapters.github_world import World

OURS = "shipmate/d-1-1f3a9c02"
TRAILER = "Shipmate-Key: 1f3a9c02"


@pytest.fixture
def world(tmp_path):
    with World(tmp_path, {"values.yaml": b"tag: one\n"}) as world:
        yield world


@pytest.fixture
def pulls(world):
    return Pulls(world.door())


def change(world, text=b"tag: two\n", onto=OURS):
    """Commit as ours onto our branch."""
    files = {"values.yaml": text}
    return world.fake.push(world.repo, onto, files, message=f"Deploy\n\n{TRAILER}")


def opened(world, pulls):
    """Return the head of a pull request of ours that is open, and its number."""
    pulls.create_branch(world.repo, OURS, world.head())
    head = change(world)
    number, _ = pulls.open(world.repo, "main", OURS, "Deploy", "why")
    return head, number


def look(world, pulls):
    return pulls.look(world.repo, "main", OURS)


def test_nothing_is_there_at_first(world, pulls):
    seen = look(world, pulls)
    assert (None, None) == (seen.branch, seen.pull())


def test_our_branch_is_found_with_our_commit(world, pulls):
    start = world.head()
    pulls.create_branch(world.repo, OURS, start)
    branch = look(world, pulls).branch
    assert (start, None) == (branch.head, branch.commit_with(TRAILER))
    head = change(world)
    branch = look(world, pulls).branch
    assert (head, head) == (branch.head, branch.commit_with(TRAILER))


def test_a_branch_is_made_once(world, pulls):
    pulls.create_branch(world.repo, OURS, world.head())
    with pytest.raises(Conflict):
        pulls.create_branch(world.repo, OURS, world.head())


def test_a_branch_comes_forward_and_never_loses_a_commit(world, pulls):
    pulls.create_branch(world.repo, OURS, world.head())
    ahead = world.push({"other": b"1"})
    pulls.advance_branch(world.repo, OURS, ahead)
    assert ahead == world.head(OURS)
    change(world)
    with pytest.raises(Conflict):
        pulls.advance_branch(world.repo, OURS, world.push({"other": b"2"}))


def test_a_pull_request_is_opened_once_and_found_by_its_branch(world, pulls):
    head, number = opened(world, pulls)
    seen = look(world, pulls).pull()
    assert (number, PullState.OPEN, head, None, True) == (
        seen.number,
        seen.state,
        seen.head,
        seen.merged_as,
        seen.mergeable,
    )
    assert seen.url == f"{world.fake.url}/{world.repo}/pull/{number}"
    with pytest.raises(Conflict):
        pulls.open(world.repo, "main", OURS, "Deploy", "why")


def test_merged_it_is_one_commit_with_our_words(world, pulls):
    head, number = opened(world, pulls)
    method = look(world, pulls).method
    sha = pulls.merge(world.repo, number, head, method, "Deploy api", f"body\n\n{TRAILER}")
    assert sha == world.head()
    assert f"Deploy api\n\nbody\n\n{TRAILER}" == world.newest().message
    assert 2 == world.count_commits()
    seen = look(world, pulls).pull(number)
    assert (PullState.MERGED, sha, "shipmate") == (seen.state, seen.merged_as, seen.by)


def test_it_merges_in_the_way_that_the_repository_allows(world, pulls):
    world.fake.repository(world.repo).merge_methods = {"merge"}
    head, number = opened(world, pulls)
    method = look(world, pulls).method
    sha = pulls.merge(world.repo, number, head, method, "Deploy api", TRAILER)
    assert "merge" == method
    assert sha == world.head()


def test_what_somebody_pushed_is_not_merged(world, pulls):
    head, number = opened(world, pulls)
    theirs = world.fake.push(world.repo, OURS, {"more": b"1"})
    with pytest.raises(Conflict):
        pulls.merge(world.repo, number, head, "squash", "Deploy", TRAILER)
    assert theirs == look(world, pulls).pull().head


def test_a_conflict_is_seen_and_not_merged(world, pulls):
    head, number = opened(world, pulls)
    world.push({"values.yaml": b"tag: three\n"})
    assert look(world, pulls).pull().mergeable is False
    with pytest.raises(Rejected, match="not mergeable"):
        pulls.merge(world.repo, number, head, "squash", "Deploy", TRAILER)


def test_closed_it_says_by_whom(world, pulls):
    _, number = opened(world, pulls)
    world.fake.close_pull(world.repo, number, by="bob")
    seen = look(world, pulls).pull()
    assert (PullState.CLOSED, None, "bob") == (seen.state, seen.merged_as, seen.by)


def test_we_close_it_and_remove_the_branch_and_both_may_be_done_twice(world, pulls):
    _, number = opened(world, pulls)
    for _ in range(2):
        assert pulls.close(world.repo, number) is False
        pulls.delete_branch(world.repo, OURS)
    seen = look(world, pulls)
    assert (None, PullState.CLOSED) == (seen.branch, seen.pull().state)


def test_closing_tells_that_it_was_merged_before(world, pulls):
    _, number = opened(world, pulls)
    world.fake.merge_pull(world.repo, number, by="bob")
    assert pulls.close(world.repo, number) is True


def test_after_a_lost_answer_nobody_knows_and_a_look_tells(world, pulls):
    head, number = opened(world, pulls)
    world.fake.arm("merge_pull", Fault(answer=lambda: answer({}, 502), after_effect=True))
    with pytest.raises(Unavailable):
        pulls.merge(world.repo, number, head, "squash", "Deploy", TRAILER)
    assert world.head() == look(world, pulls).pull().merged_as


def test_another_pull_request_from_our_branch_is_another_one(world, pulls):
    _, number = opened(world, pulls)
    pulls.close(world.repo, number)
    world.fake.open_pull(world.repo, OURS, by="bob")
    seen = look(world, pulls)
    assert PullState.CLOSED is seen.pull(number).state
    assert PullState.OPEN is seen.pull().state


def test_a_renamed_repository_is_found_under_its_name_of_today(world, pulls):
    opened(world, pulls)
    world.rename("acme/manifests")
    assert "acme/manifests" == look(world, pulls).repo


def test_a_missing_repository_says_so(world, pulls):
    with pytest.raises(NotFound):
        pulls.look("acme/nothing", "main", OURS)


def test_an_answer_of_another_shape_is_distrusted(world, pulls):
    world.fake.arm("graphql", Fault(answer=lambda: answer({"data": {"repository": {}}})))
    with pytest.raises(Garbled):
        look(world, pulls)


def test_without_the_permission_nothing_is_opened(tmp_path):
    rights = {"contents": "write"}
    with World(tmp_path, {"values.yaml": b"tag: one\n"}, permissions=rights) as world:
        pulls = Pulls(world.door())
        pulls.create_branch(world.repo, OURS, world.head())
        change(world)
        with pytest.raises(Forbidden):
            pulls.open(world.repo, "main", OURS, "Deploy", "why")
