"""What CI reported is read whole, whichever way it was reported, and nothing is invented."""

from datetime import timedelta

import pytest

from bot.adapters.github.checks import Checks
from bot.domain.checks import (
    Check,
    Colour,
    Green,
    NothingReported,
    Pending,
    Red,
    Rollup,
    judge_checks,
)
from bot.domain.errors import Forbidden, Garbled, NotFound, Unavailable
from sandbox.wire import Fault, answer
from tests.adapters.github_world import NOON, World

CODE = "acme/code"
GONE = Fault(answer=lambda: answer({"message": "Not Found"}, 404))
WAYS = [pytest.param(True, id="GraphQL"), pytest.param(False, id="REST")]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("github"), {"a": b"1"}) as world:
        world.fake.create_repository(CODE, {"a": b"1"})
        yield world


@pytest.fixture
def sha(world):
    """Give a commit nothing was reported on yet."""
    world.clock.move(timedelta(minutes=1))
    sha = world.fake.push(CODE, "main", {"a": str(world.clock.now())})
    yield sha
    world.fake.disarm()


def reader(world, has_graphql):
    """Return the reader; without GraphQL the server answers it 404."""
    if not has_graphql:
        world.fake.arm("graphql", GONE, times=None)
    world.fake.calls.clear()
    return Checks(world.door())


@pytest.mark.parametrize("has_graphql", WAYS)
@pytest.mark.parametrize(
    ("reports", "state", "colour"),
    [
        pytest.param([("completed", "success")], "SUCCESS", Colour.GREEN, id="success"),
        pytest.param([("completed", "neutral")], "SUCCESS", Colour.GREEN, id="neutral"),
        pytest.param([("completed", "skipped")], "SUCCESS", Colour.GREEN, id="skipped"),
        *(
            pytest.param([("completed", word)], "FAILURE", Colour.RED, id=word)
            for word in (
                *("failure", "cancelled", "timed_out", "action_required"),
                *("stale", "startup_failure"),
            )
        ),
        *(
            pytest.param([(word, None)], "PENDING", Colour.PENDING, id=word)
            for word in ("queued", "in_progress", "waiting", "requested", "pending")
        ),
    ],
)
def test_a_check_run_is_green_red_or_pending(world, sha, has_graphql, reports, state, colour):
    for status, conclusion in reports:
        world.fake.report_check(CODE, sha, "ci", status, conclusion, url="https://ci/1")
    started = world.clock.now()

    found = reader(world, has_graphql).rollup(CODE, sha)

    assert Rollup(state, (Check("ci", colour, started, "https://ci/1"),)) == found


@pytest.mark.parametrize("has_graphql", WAYS)
@pytest.mark.parametrize(
    ("state", "colour"),
    [
        ("success", Colour.GREEN),
        ("pending", Colour.PENDING),
        ("failure", Colour.RED),
        ("error", Colour.RED),
    ],
)
def test_a_commit_status_counts_like_a_check_run(world, sha, has_graphql, state, colour):
    world.fake.report_status(CODE, sha, "ci/jenkins", state, url="https://jenkins/1")

    found = reader(world, has_graphql).rollup(CODE, sha)

    assert (Check("ci/jenkins", colour, world.clock.now(), "https://jenkins/1"),) == found.checks


@pytest.mark.parametrize("has_graphql", WAYS)
def test_nothing_reported_is_none_and_no_green(world, sha, has_graphql):
    found = reader(world, has_graphql).rollup(CODE, sha)

    assert found is None
    assert NothingReported() == judge_checks(found)


@pytest.mark.parametrize("has_graphql", WAYS)
def test_runs_without_any_status_are_not_pending(world, sha, has_graphql):
    """REST's combined status says pending there; Actions report no statuses."""
    world.fake.report_check(CODE, sha, "ci")

    assert Green(1) == judge_checks(reader(world, has_graphql).rollup(CODE, sha))


@pytest.mark.parametrize("has_graphql", WAYS)
def test_both_kinds_together_are_as_bad_as_the_worse(world, sha, has_graphql):
    world.fake.report_check(CODE, sha, "build")
    world.fake.report_status(CODE, sha, "lint", "pending")
    read = reader(world, has_graphql)
    assert Pending(("lint",)) == judge_checks(read.rollup(CODE, sha))

    world.fake.report_check(CODE, sha, "test", conclusion="failure")
    assert Red(("test",)) == judge_checks(read.rollup(CODE, sha))


@pytest.mark.parametrize("has_graphql", WAYS)
def test_a_re_run_replaces_and_the_same_name_elsewhere_is_judged_by_its_start(
    world, sha, has_graphql
):
    earlier = world.clock.now() - timedelta(minutes=5)
    world.fake.report_check(CODE, sha, "ci", conclusion="failure")
    world.fake.report_check(CODE, sha, "ci")
    world.fake.report_check(
        CODE, sha, "ci", conclusion="failure", started=earlier, suite="other-app"
    )

    found = reader(world, has_graphql).rollup(CODE, sha)

    assert 2 == len(found.checks)
    assert Green(1) == judge_checks(found, ["ci"])


@pytest.mark.parametrize(
    ("has_graphql", "expected"),
    [
        pytest.param(True, ["graphql"] * 3, id="GraphQL"),
        pytest.param(
            False,
            ["graphql", "repository", *["check_runs"] * 3, *["status"]],
            id="REST",
        ),
    ],
)
def test_more_than_a_page_of_checks_is_read_whole(world, sha, has_graphql, expected):
    for number in range(205):
        world.fake.report_check(CODE, sha, f"run-{number}")
    for number in range(5):
        world.fake.report_status(CODE, sha, f"status-{number}")
    world.fake.report_status(CODE, sha, "the-last", "failure")
    read = reader(world, has_graphql)

    found = read.rollup(CODE, sha)

    assert (211, True) == (len(found.checks), found.complete)
    assert Red(("the-last",)) == judge_checks(found)
    assert expected == world.routes()


def test_a_hundred_checks_cost_one_request(world, sha):
    for number in range(100):
        world.fake.report_check(CODE, sha, f"run-{number}")

    reader(world, True).rollup(CODE, sha)

    assert ["graphql"] == world.routes()


def test_more_checks_than_anybody_reads_are_said_to_be_incomplete(world, sha):
    world.fake.report_check(CODE, sha, "ci")
    pages = iter(range(1000))
    world.fake.arm("graphql", endless(lambda: f"p{next(pages)}"), times=None)

    found = reader(world, True).rollup(CODE, sha)

    assert not found.complete
    assert 20 == world.fake.count("graphql")


@pytest.mark.parametrize(
    ("route", "key"), [("check_runs", "check_runs"), ("status", "statuses")], ids=["runs", "states"]
)
def test_rest_that_holds_some_back_is_incomplete_too(world, sha, route, key):
    world.fake.report_check(CODE, sha, "ci")
    world.fake.report_status(CODE, sha, "lint")
    world.fake.arm(route, Fault(answer=lambda: answer({"total_count": 2, key: []})))

    assert not reader(world, False).rollup(CODE, sha).complete


def shown(rollup):
    return {"data": {"repository": {"object": {"__typename": "Commit", **rollup}}}}


def contexts(nodes, after=None):
    more = {"hasNextPage": after is not None, "endCursor": after}
    return {
        "statusCheckRollup": {"state": "SUCCESS", "contexts": {"pageInfo": more, "nodes": nodes}}
    }


def endless(cursor):
    return Fault(answer=lambda: answer(shown(contexts([], cursor()))))


RUN = {
    "__typename": "CheckRun",
    "name": "ci",
    "status": "COMPLETED",
    "conclusion": "SUCCESS",
    "startedAt": "2026-11-21T12:00:00Z",
    "detailsUrl": None,
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, Check("ci", Colour.GREEN, NOON), id="no address"),
        pytest.param({"startedAt": None}, Check("ci", Colour.GREEN), id="no start"),
        pytest.param(
            {"conclusion": "PERFECT"}, Check("ci", Colour.PENDING, NOON), id="a new conclusion"
        ),
        pytest.param(
            {"status": "QUEUED"},
            Check("ci", Colour.PENDING, NOON),
            id="an old conclusion while it runs again",
        ),
    ],
)
def test_what_github_leaves_out_or_invents_is_never_green_by_itself(world, sha, change, expected):
    body = shown(contexts([RUN | change]))
    world.fake.arm("graphql", Fault(answer=lambda: answer(body)))

    assert (expected,) == reader(world, True).rollup(CODE, sha).checks


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(endless(lambda: "p1"), Garbled, id="the same page again"),
        pytest.param(
            Fault(answer=lambda: answer(shown({}))), Garbled, id="no rollup in the answer"
        ),
        pytest.param(
            Fault(answer=lambda: answer(shown(contexts([RUN | {"startedAt": "2026-11-21"}])))),
            Garbled,
            id="a time without a zone",
        ),
        pytest.param(
            Fault(answer=lambda: answer({"data": {"repository": {"object": None}}})),
            NotFound,
            id="no such commit",
        ),
        pytest.param(Fault(drop="after"), Unavailable, id="cut"),
        pytest.param(Fault(answer=lambda: answer({}, 503)), Unavailable, id="503"),
    ],
)
def test_an_answer_that_makes_no_sense_is_no_verdict(world, sha, fault, error):
    world.fake.arm("graphql", fault, times=None)

    with pytest.raises(error):
        reader(world, True).rollup(CODE, sha)


@pytest.mark.parametrize("has_graphql", WAYS)
def test_a_login_without_the_rights_is_told_so(tmp_path, has_graphql):
    with World(tmp_path, {"a": b"1"}, permissions={"contents": "write"}) as few:
        sha = few.head()
        few.fake.report_check(few.repo, sha, "ci")

        with pytest.raises(Forbidden):
            reader(few, has_graphql).rollup(few.repo, sha)


@pytest.mark.parametrize("has_graphql", WAYS)
def test_checks_are_found_after_the_repository_was_renamed(tmp_path, has_graphql):
    with World(tmp_path, {"a": b"1"}) as world:
        sha = world.head()
        for number in range(101):
            world.fake.report_check(world.repo, sha, f"run-{number}")
        world.rename("acme/deployments")

        assert Green(101) == judge_checks(reader(world, has_graphql).rollup("acme/gitops", sha))
