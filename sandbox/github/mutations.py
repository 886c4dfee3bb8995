"""What GraphQL writes: commits on branches, branches, pull requests."""

import base64
import binascii
from typing import Any

from sandbox.github import pulls
from sandbox.github.git_data import create_ref, update_ref
from sandbox.github.graphql import Failed
from sandbox.github.nodes import Asking, Commit, PullRequest, Ref, User
from sandbox.github.objects import FILE, Entry
from sandbox.github.protection import protection_text
from sandbox.github.repositories import Repository
from sandbox.github.rest import Refused


class Mutation:
    """The root of what can be written."""

    typename = "Mutation"

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def create_commit_on_branch(self, **words: Any) -> dict[str, Any]:
        given = words["input"]
        home, branch = _branch(self._asking, given["branch"])
        self._asking.need("contents", "write")
        with home.lock:
            sha = _commit(self._asking, home, branch, given)
        for tell in self._asking.state.when_pushed:
            tell(home.full_name, branch, sha)
        ref = f"refs/heads/{branch}"
        return _told(given) | {
            "commit": Commit(self._asking, home, home.objects.commit(sha)),
            "ref": Ref(self._asking, home, ref, sha),
        }

    def create_ref(self, **words: Any) -> dict[str, Any]:
        given = words["input"]
        home = self._asking.home_by_node(given["repositoryId"])
        self._asking.need("contents", "write")
        name, oid = given["name"], given["oid"]
        try:
            create_ref(home, name, oid)
        except Refused as refused:
            text = refused.message
            if text == "Reference already exists":
                text = f'A ref named "{name}" already exists in the repository.'
            raise Failed("UNPROCESSABLE", text) from None
        return _told(given) | {"ref": Ref(self._asking, home, name, oid)}

    def update_refs(self, **words: Any) -> dict[str, Any]:
        given = words["input"]
        home = self._asking.home_by_node(given["repositoryId"])
        self._asking.need("contents", "write")
        with home.lock:
            for one in given["refUpdates"]:
                if one.get("beforeOid") not in {None, home.ref(one["name"])}:
                    raise Failed("STALE_DATA", f"{one['name']} is not at {one['beforeOid']}")
            for one in given["refUpdates"]:
                try:
                    update_ref(home, one["name"], one["afterOid"], force=one.get("force") is True)
                except Refused as refused:
                    raise Failed("UNPROCESSABLE", refused.message) from None
        return _told(given)

    def create_pull_request(self, **words: Any) -> dict[str, Any]:
        given = words["input"]
        home = self._asking.home_by_node(given["repositoryId"])
        self._asking.need("pull_requests", "write")
        shown = {"head": given["headRefName"], "base": given["baseRefName"]} | given
        try:
            pull = pulls.open_pull(self._asking.state, home, self._asking.token.account, shown)
        except Refused as refused:
            errors = [one.get("message", one.get("field")) for one in refused.errors or ()]
            raise Failed("UNPROCESSABLE", ", ".join(map(str, errors))) from None
        return _told(given) | {"pullRequest": PullRequest(self._asking, home, pull)}

    def merge_pull_request(self, **words: Any) -> dict[str, Any]:
        given, state = words["input"], self._asking.state
        pull = state.pulls.by_node(given["pullRequestId"])
        home = state.repositories.by_id(pull.repository) if pull else None
        if pull is None or home is None or not self._asking.token.sees(home.full_name):
            node = given["pullRequestId"]
            raise Failed("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")
        self._asking.need("contents", "write")
        account = self._asking.token.account
        shown = {
            "sha": given.get("expectedHeadOid"),
            "merge_method": given.get("mergeMethod"),
            "commit_title": given.get("commitHeadline"),
            "commit_message": given.get("commitBody"),
        }
        try:
            pulls.merge_pull(state, home, pull, account, shown)
        except Refused as refused:
            raise Failed("UNPROCESSABLE", refused.message) from None
        actor = User(self._asking, account)
        return _told(given) | {"actor": actor, "pullRequest": PullRequest(self._asking, home, pull)}


def _told(given: dict[str, Any]) -> dict[str, Any]:
    return {"clientMutationId": given.get("clientMutationId")}


def _branch(asking: Asking, named: dict[str, Any]) -> tuple[Repository, str]:
    """Return the repository and branch that a CommittableBranch names, by id or by names."""
    node = named.get("id")
    if node is not None:
        _, number, ref = node.split("_", 2)
        home, branch = asking.home_by_node(f"R_{number}"), ref
    else:
        home = asking.home(str(named.get("repositoryNameWithOwner")), renamed=False)
        branch = str(named.get("branchName"))
    branch = branch.removeprefix("refs/heads/")
    if home.head(branch) is None:
        raise Failed("NOT_FOUND", f"Could not resolve to a Branch with the name of '{branch}'.")
    return home, branch


def _commit(asking: Asking, home: Repository, branch: str, given: dict[str, Any]) -> str:
    """Write the commit and move the branch, under the repository's lock."""
    expected = given["expectedHeadOid"]
    if branch in home.protected:
        raise _protected(ruleset=home.protected[branch])
    if home.head(branch) != expected:
        raise _stale(expected)
    changes = _changes(home, given.get("fileChanges") or {}, expected)
    now = asking.state.clock.now()
    words = given["message"]
    body = words.get("body")
    message = f"{words['headline']}\n\n{body}" if body else words["headline"]
    author, committer = asking.token.account, asking.state.committer
    sha = home.commit(changes, message, author.person(now), committer.person(now), onto=expected)
    if not home.move(f"refs/heads/{branch}", sha, expected):  # git itself was pushed to meanwhile
        raise _stale(expected)
    home.signed.add(sha)
    return sha


def _stale(expected: str) -> Failed:
    text = f'Expected branch to point to "{expected}" but it did not.  Pull and try again.'
    return Failed("STALE_DATA", text)


def _protected(*, ruleset: bool) -> Failed:
    """Return the error of a protected branch.

    A ruleset's error has another type than classic protection's. Which one is not documented;
    FORBIDDEN is our reading. Source: https://github.com/Thinkmill/keystatic/issues/1598
    """
    kind = "FORBIDDEN" if ruleset else "BRANCH_PROTECTION_RULE_VIOLATION"
    return Failed(kind, protection_text(ruleset=ruleset))


def _changes(home: Repository, files: dict[str, Any], onto: str) -> dict[str, Entry | None]:
    """Return the entries that change; every added file is 100644, whatever it was."""
    changes: dict[str, Entry | None] = {}
    tree = home.objects.commit(onto).tree
    for one in files.get("deletions") or ():
        if home.objects.at(tree, one["path"]) is None:
            message = (
                f"A path was requested for deletion which does not exist as of commit oid `{onto}`"
            )
            raise Failed("NOT_FOUND", message)
        changes[one["path"]] = None
    for one in files.get("additions") or ():
        try:
            data = base64.b64decode(one["contents"], validate=True)
        except binascii.Error:
            raise Failed("UNPROCESSABLE", f"{one['path']}: contents is not valid Base64") from None
        changes[one["path"]] = Entry(FILE, home.objects.write("blob", data))
    return changes
