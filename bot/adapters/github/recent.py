"""The newest commits of a repository's default branch with what CI says of each: one query."""

from datetime import datetime
from typing import Any

from bot.adapters.github.answers import SYSTEM, author_of, decoded, full_sha, text
from bot.adapters.github.client import GitHub
from bot.domain.checks import Colour, colour
from bot.domain.errors import Forbidden, NotFound
from bot.domain.form_filling import Offered, Versions
from bot.domain.unknown import Unknown

MOST_COMMITS = 20
MOST_TAGS = 10

_COMMIT = "oid messageHeadline committedDate author{name user{login}} statusCheckRollup{state}"

NEWEST = """query($owner:String!,$name:String!){repository(owner:$owner,name:$name){nameWithOwner
 defaultBranchRef{target{... on Commit{history(first:%d){nodes{%s}}}}}
 refs(refPrefix:"refs/tags/",first:%d,orderBy:{field:TAG_COMMIT_DATE,direction:DESC}){
 nodes{name target{... on Commit{%s} ... on Tag{target{... on Commit{%s}}}}}}}}"""
QUERY = NEWEST % (MOST_COMMITS, _COMMIT, MOST_TAGS, _COMMIT, _COMMIT)

_NOT_SHOWN = Unknown("the bot may not read checks")


class RecentCommits:
    """Reads what can be deployed from any repository that the login may see."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def newest(self, repo: str) -> Versions:
        """Return the newest commits of the default branch and the newest Git tags of *repo*.

        Without the right to read checks the commits come all the same, their checks unknown. An
        empty repository has none.

        Raises:
            NotFound: there is no such repository, or we may not see it.
            NoGraphQL: the server has none.

        Source: https://docs.github.com/en/graphql/reference/objects#commit
        """
        doing = f"list the newest commits of {repo}"
        owner, _, name = repo.partition("/")
        answer = self._github.graphql("recent", doing, QUERY, {"owner": owner, "name": name})
        hidden = isinstance(answer.failure, Forbidden) and answer.data is not None
        data = answer.data if hidden else answer.whole()
        return decoded(doing, lambda data: _versions(data, doing, hidden=hidden), data)


# decoders


def _versions(data: Any, doing: str, *, hidden: bool) -> Versions:
    repository = data["repository"]
    if repository is None:
        raise NotFound(SYSTEM, doing, "there is none that we may see")
    branch = repository["defaultBranchRef"]
    nodes = branch["target"]["history"]["nodes"] if branch else []
    tags = (_tagged(node, hidden=hidden) for node in repository["refs"]["nodes"])
    return Versions(
        text(repository["nameWithOwner"]),
        tuple(_offered(node, None, hidden=hidden) for node in nodes),
        tuple(tag for tag in tags if tag is not None),
    )


def _tagged(node: Any, *, hidden: bool) -> Offered | None:
    """Return the commit under a tag; None where it names something else, or a tag of a tag."""
    target = node["target"]
    commit = target if "oid" in target else target.get("target") or {}
    return _offered(commit, text(node["name"]), hidden=hidden) if "oid" in commit else None


def _offered(node: Any, tag: str | None, *, hidden: bool) -> Offered:
    return Offered(
        sha=full_sha(node["oid"]),
        title=text(node["messageHeadline"]),
        author=author_of(node["author"]),
        at=datetime.fromisoformat(text(node["committedDate"])),
        colour=_NOT_SHOWN if hidden else _colour(node["statusCheckRollup"]),
        tag=tag,
    )


def _colour(rollup: Any) -> Colour | None:
    return None if rollup is None else colour(text(rollup["state"]))
