"""What CI reported on a commit: check runs and commit statuses alike, in one query.

What they come to is judged in ``bot.domain.checks``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.adapters.github.answers import SYSTEM, count, decoded, full_sha, moment, text
from bot.adapters.github.client import GitHub, NoGraphQL, quoted
from bot.domain.checks import Check, Colour, Rollup, colour, run_colour
from bot.domain.errors import Garbled, NotFound

MOST_PAGES = 20
"""Pages of 100 that are read; GitHub itself looks at the latest 1000 suites only.

Source: https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference
"""

CONTEXTS = """statusCheckRollup{state contexts(first:100,after:$after){
 pageInfo{hasNextPage endCursor} nodes{__typename
 ... on CheckRun{name status conclusion startedAt detailsUrl}
 ... on StatusContext{context state createdAt targetUrl}}}}"""

ROLLUP = f"""query($owner:String!,$name:String!,$oid:GitObjectID!,$after:String){{
 repository(owner:$owner,name:$name){{object(oid:$oid){{__typename ... on Commit{{
 {CONTEXTS}}}}}}}}}"""
"""``checkSuite.workflowRun`` stays out: without the right actions:read it fails the whole query."""

_REPORTED = {Colour.GREEN: "SUCCESS", Colour.PENDING: "PENDING", Colour.RED: "FAILURE"}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a rollup; *after* is None on the last."""

    state: str
    checks: tuple[Check, ...]
    after: str | None


class Checks:
    """Reads the checks of commits in any repository that the login may see."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def rollup(self, repo: str, sha: str) -> Rollup | None:
        """Return everything reported on the commit *sha* (full); None: nothing was reported.

        One request for a hundred checks; without GraphQL two for a hundred of either kind.

        Raises:
            NotFound: the repository has no such commit, or we may not see it.
            Forbidden: our login may not read checks or statuses.

        Source: https://docs.github.com/en/graphql/reference/objects#statuscheckrollup
        """
        sha = full_sha(sha)
        try:
            return self._by_query(repo, sha)
        except NoGraphQL:
            return self._by_rest(self._github.canonical(repo), sha)

    def _by_query(self, repo: str, sha: str) -> Rollup | None:
        doing = f"read the checks of {sha[:8]} in {repo}"
        owner, _, name = repo.partition("/")
        variables = {"owner": owner, "name": name, "oid": sha, "after": None}
        state, checks = "", list[Check]()
        for number in range(MOST_PAGES):
            data = self._github.graphql("checks", doing, ROLLUP, variables).whole()
            page = decoded(doing, lambda data: page_of(data, doing), data)
            if page is None:
                if number:
                    raise Garbled(SYSTEM, doing, "the checks vanished between two pages")
                return None
            checks += page.checks
            if page.after is None:
                return Rollup(page.state, tuple(checks))
            if page.after == variables["after"]:
                raise Garbled(SYSTEM, doing, "the list leads back to the same page")
            variables["after"], state = page.after, page.state
        return Rollup(state, tuple(checks), complete=False)

    # without GraphQL

    def _by_rest(self, repo: str, sha: str) -> Rollup | None:
        """Return the same from REST, whose combined status knows nothing of check runs.

        It is "pending" also where there are no statuses at all, so it is not asked for its word.

        Source: https://docs.github.com/en/rest/commits/statuses
        """
        doing = f"read the checks of {sha[:8]} in {repo}"
        path = f"/repos/{quoted(repo)}/commits/{sha}"
        runs, all_runs = self._read(doing, f"{path}/check-runs", "check_runs", _rest_run)
        statuses, all_statuses = self._read(doing, f"{path}/status", "statuses", _rest_status)
        checks = (*runs, *statuses)
        if not checks:
            return None
        colours = {check.colour for check in checks}
        worst = next(one for one in (Colour.RED, Colour.PENDING, Colour.GREEN) if one in colours)
        return Rollup(_REPORTED[worst], checks, complete=all_runs and all_statuses)

    def _read(
        self, doing: str, path: str, key: str, decode: Callable[[Any], Check]
    ) -> tuple[list[Check], bool]:
        """Return what all pages list under *key*, and whether that is all there is."""
        found: list[Check] = []
        for number in range(1, MOST_PAGES + 1):
            parameters = {"per_page": "100", "page": str(number)}
            body = self._github.rest("checks", doing, "GET", path, parameters=parameters)
            total, new = decoded(doing, lambda body: _listed(body, key, decode), body)
            found += new
            if len(found) >= total or not new:
                return found, len(found) >= total
        return found, False


# decoders


def page_of(data: Any, doing: str) -> Page | None:
    """Return the page of the commit's checks in *data*; None: nothing was reported."""
    repository = data["repository"]
    if repository is None or repository["object"] is None:
        raise NotFound(SYSTEM, doing, "there is no such commit that we may see")
    rollup = repository["object"]["statusCheckRollup"]
    if rollup is None:
        return None
    contexts, more = rollup["contexts"], rollup["contexts"]["pageInfo"]
    return Page(
        text(rollup["state"]),
        tuple(_nodes(contexts["nodes"])),
        text(more["endCursor"]) if more["hasNextPage"] else None,
    )


def _nodes(nodes: Any) -> Iterator[Check]:
    for node in nodes:
        if node["__typename"] == "CheckRun":
            kind = run_colour(text(node["status"]), _maybe(node["conclusion"]))
            address = _maybe(node["detailsUrl"]) or ""
            yield Check(text(node["name"]), kind, _time(node["startedAt"]), address)
        else:
            address = _maybe(node["targetUrl"]) or ""
            at = _time(node["createdAt"])
            yield Check(text(node["context"]), colour(text(node["state"])), at, address)


def _listed(body: Any, key: str, decode: Callable[[Any], Check]) -> tuple[int, list[Check]]:
    return count(body["total_count"]), [decode(one) for one in body[key]]


def _rest_run(run: Any) -> Check:
    kind = run_colour(text(run["status"]), _maybe(run["conclusion"]))
    address = _maybe(run["details_url"]) or ""
    return Check(text(run["name"]), kind, _time(run["started_at"]), address)


def _rest_status(status: Any) -> Check:
    address = _maybe(status["target_url"]) or ""
    at = _time(status["created_at"])
    return Check(text(status["context"]), colour(text(status["state"])), at, address)


def _maybe(value: Any) -> str | None:
    return None if value is None else text(value)


def _time(value: Any) -> datetime | None:
    """Return an aware time; None for null."""
    return None if value is None else moment(value)
