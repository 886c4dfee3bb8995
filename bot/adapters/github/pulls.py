"""Pull requests of ours: their branch, opening, merging, closing, and one look at all of it.

Source: https://docs.github.com/en/rest/pulls/pulls
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.adapters.github.addresses import commit_page
from bot.adapters.github.answers import SYSTEM, count, decoded, full_sha, text
from bot.adapters.github.client import GitHub, quoted
from bot.adapters.github.graph import unsure
from bot.adapters.github.snapshots import Recent, with_line
from bot.domain.errors import Conflict, Garbled, NotFound, Rejected
from bot.domain.pull_requests import PullSeen, PullState

LOOK = """query($owner:String!,$name:String!,$ref:String!,$head:String!,$base:String!){
 repository(owner:$owner,name:$name){nameWithOwner
 squashMergeAllowed mergeCommitAllowed rebaseMergeAllowed
 ref(qualifiedName:$ref){target{oid ... on Commit{history(first:20){nodes{oid message}}}}}
 pullRequests(headRefName:$head,baseRefName:$base,first:20,
 orderBy:{field:CREATED_AT,direction:DESC}){nodes{number url state headRefOid mergeable
 isCrossRepository mergeCommit{oid} mergedBy{login}
 timelineItems(last:1,itemTypes:[CLOSED_EVENT]){nodes{... on ClosedEvent{actor{login}}}}}}}}"""

METHODS = (
    ("squashMergeAllowed", "squash"),
    ("mergeCommitAllowed", "merge"),
    ("rebaseMergeAllowed", "rebase"),
)
"""Ways to merge, the best first: squashed, the branch gets one commit with our message."""

EXISTS = "already exists"


@dataclass(frozen=True, slots=True)
class Branch:
    """Our branch: its *head*, and its newest commits with their messages."""

    head: str
    recent: tuple[Recent, ...]

    def commit_with(self, trailer: str) -> str | None:
        """Return the SHA of the newest commit on it that has the line *trailer*, or None."""
        return with_line(self.recent, trailer)


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands on GitHub of one branch of ours. Either may be None: it is not there.

    *repo* is the repository's name today, *method* the way in which it lets us merge.
    """

    repo: str
    branch: Branch | None
    pulls: tuple[PullSeen, ...]
    method: str

    def pull(self, number: int | None = None) -> PullSeen | None:
        """Return the pull request *number*; without one, the newest."""
        return next((one for one in self.pulls if number in {None, one.number}), None)


class Pulls:
    """Works on pull requests of any repository that the login may write. For any thread.

    Servers without GraphQL are not served: every method then raises ``NoGraphQL``, or does nothing
    by itself.
    """

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def look(self, repo: str, base: str, branch: str) -> Seen:
        """Return *branch* and the pull requests from it into *base*, by one query.

        Raises:
            NoGraphQL: the server has none.
            NotFound: there is no such repository, or we may not see it.

        Source: https://docs.github.com/en/graphql/reference/objects#pullrequest
        """
        doing = f"look at the pull request from {branch} of {repo}"
        owner, _, name = repo.partition("/")
        variables = {
            "owner": owner,
            "name": name,
            "ref": f"refs/heads/{branch}",
            "head": branch,
            "base": base,
        }
        data = self._github.graphql("look at pull", doing, LOOK, variables).whole()
        seen = decoded(doing, _seen, data)
        self._github.learn(repo, seen.repo)
        return seen

    def create_branch(self, repo: str, branch: str, sha: str) -> None:
        """Make *branch* at *sha*.

        Raises:
            Conflict: there is one of that name already; nothing was done.
        """
        doing = f"make the branch {branch} of {repo}"
        given = {"ref": f"refs/heads/{branch}", "sha": sha}
        path = f"/repos/{quoted(repo)}/git/refs"
        try:
            body = self._github.rest("make branch", doing, "POST", path, input=given)
        except Rejected as refused:
            raise _exists(refused) from refused
        decoded(doing, lambda body: full_sha(body["object"]["sha"]), body)

    def advance_branch(self, repo: str, branch: str, sha: str) -> None:
        """Bring *branch* forward to *sha*, which must contain it.

        Raises:
            Conflict: it does not contain what stands on the branch; nothing was done.
        """
        doing = f"bring the branch {branch} of {repo} up to date"
        given = {"sha": sha, "force": False}
        body = self._github.rest("move branch", doing, "PATCH", _ref(repo, branch), input=given)
        decoded(doing, lambda body: full_sha(body["object"]["sha"]), body)

    def delete_branch(self, repo: str, branch: str) -> None:
        """Remove *branch*; one that is not there is no error.

        GitHub takes no condition here: look first whether it is still ours.
        """
        doing = f"remove the branch {branch} of {repo}"
        try:
            self._github.rest("remove branch", doing, "DELETE", _ref(repo, branch))
        except (NotFound, Conflict):
            return

    def open(self, repo: str, base: str, branch: str, title: str, body: str) -> tuple[int, str]:
        """Open a pull request from *branch* into *base*; return its number and address.

        Raises:
            Conflict: one is open already; nothing was done.
            Unavailable: it may or may not be open: look before opening another.
        """
        doing = f"open a pull request in {repo}"
        given = {"title": title, "body": body, "head": branch, "base": base}
        path = f"/repos/{quoted(repo)}/pulls"
        try:
            answer = self._github.rest("open pull", doing, "POST", path, input=given)
            return decoded(doing, _opened, answer)
        except Garbled as garbled:
            raise unsure(garbled) from garbled
        except Rejected as refused:
            raise _exists(refused) from refused

    def merge(
        self, repo: str, number: int, head: str, method: str, headline: str, body: str
    ) -> str:
        """Merge the pull request if its branch still is at *head*; return the new commit's SHA.

        Raises:
            Conflict: the branch has moved; nothing was done.
            Rejected: GitHub does not let it be merged now; nothing was done.
            Unavailable: it may or may not be merged: look before merging again.
        """
        doing = f"merge pull request {number} of {repo}"
        given = {"sha": head, "merge_method": method}
        if method != "rebase":
            given |= {"commit_title": headline, "commit_message": body}
        path = f"/repos/{quoted(repo)}/pulls/{number}/merge"
        try:
            answer = self._github.rest("merge pull", doing, "PUT", path, input=given)
            return decoded(doing, lambda answer: full_sha(answer["sha"]), answer)
        except Garbled as garbled:
            raise unsure(garbled) from garbled

    def close(self, repo: str, number: int) -> bool:
        """Close the pull request; a closed one stays as it is. Tell whether it had been merged.

        Raises:
            Rejected: GitHub does not let it be closed.
        """
        doing = f"close pull request {number} of {repo}"
        path = f"/repos/{quoted(repo)}/pulls/{number}"
        given = {"state": "closed"}
        answer = self._github.rest("close pull", doing, "PATCH", path, input=given)
        return decoded(doing, lambda answer: answer["merged"] is True, answer)

    def page(self, repo: str, sha: str) -> str:
        """Return the web address of a commit."""
        return commit_page(self._github.web, repo, sha)


def _ref(repo: str, branch: str) -> str:
    return f"/repos/{quoted(repo)}/git/refs/heads/{quoted(branch)}"


def _exists(refused: Rejected) -> Rejected:
    """Return the refusal of what is there already as a Conflict: look again, go on from it."""
    if EXISTS in refused.detail:
        return Conflict(SYSTEM, refused.doing, refused.detail)
    return refused


# decoders


def _seen(data: Any) -> Seen:
    repository = data["repository"]
    if repository is None:
        raise NotFound(SYSTEM, "find the repository", "there is none that we may see")
    methods = [method for flag, method in METHODS if repository[flag] is True]
    nodes = repository["pullRequests"]["nodes"]
    return Seen(
        repo=text(repository["nameWithOwner"]),
        branch=_branch(repository["ref"]),
        # Anybody may have a branch of our name in a fork.
        pulls=tuple(_pull(node) for node in nodes if node["isCrossRepository"] is False),
        method=methods[0] if methods else "merge",
    )


def _branch(ref: Any) -> Branch | None:
    if ref is None:
        return None
    target = ref["target"]
    recent = target["history"]["nodes"]
    return Branch(full_sha(target["oid"]), _recent(recent))


def _recent(nodes: Sequence[Any]) -> tuple[Recent, ...]:
    return tuple(Recent(full_sha(node["oid"]), text(node["message"])) for node in nodes)


def _pull(node: Any) -> PullSeen:
    merged = node["mergeCommit"]
    closed = node["timelineItems"]["nodes"]
    by = node["mergedBy"] or (closed[-1]["actor"] if closed else None)
    state = PullState(text(node["state"]).lower())
    return PullSeen(
        number=count(node["number"]),
        url=text(node["url"]),
        state=state,
        head=full_sha(node["headRefOid"]),
        # GitHub may show a commit that it only tried to make for one that is still open.
        merged_as=full_sha(merged["oid"]) if merged and state is PullState.MERGED else None,
        by=text(by["login"]) if by else "",
        mergeable={"MERGEABLE": True, "CONFLICTING": False}.get(text(node["mergeable"])),
    )


def _opened(body: Any) -> tuple[int, str]:
    return count(body["number"]), text(body["html_url"])
