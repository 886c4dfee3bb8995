"""What GraphQL reads: each class is a type of GitHub's schema, each method one of its fields.

One query sees each repository at one moment: the views are taken once and kept in ``Query``.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.github import pulls
from sandbox.github.access import Token
from sandbox.github.accounts import Account
from sandbox.github.checks import CheckRun, CommitStatus
from sandbox.github.commits import person_json
from sandbox.github.graphql import Failed, connection
from sandbox.github.objects import FOLDER, Entry, Person
from sandbox.github.objects import Commit as GitCommit
from sandbox.github.pulls import Pull
from sandbox.github.repositories import Ambiguous, View
from sandbox.github.repositories import Repository as Home
from sandbox.github.rest import stamp
from sandbox.github.state import State
from sandbox.github.teams import Team as TeamRecord


@dataclass
class Asking:
    """One GraphQL request: the world, who asks, and what it has read so far."""

    state: State
    token: Token
    views: dict[int, View] = field(default_factory=dict)

    def view(self, home: Home) -> View:
        """Return the repository as this request sees it throughout."""
        if home.id not in self.views:
            self.views[home.id] = home.view()
        return self.views[home.id]

    def need(self, permission: str, level: str = "read", *, whole: bool = False) -> None:
        """Let the request pass if its token holds the permission.

        Raises:
            Failed: FORBIDDEN.
        """
        if not self.token.may(permission, level):
            raise Failed("FORBIDDEN", self.token.refusal(), whole=whole)

    def home(self, full_name: str, *, renamed: bool = True) -> Home:
        """Return a repository by name, also by a former one when *renamed*.

        Raises:
            Failed: NOT_FOUND, there is none or the token does not see it.
        """
        known = self.state.repositories
        home = known.get(full_name) or (known.former(full_name) if renamed else None)
        if home is None or not self.token.sees(home.full_name):
            message = f"Could not resolve to a Repository with the name '{full_name}'."
            raise Failed("NOT_FOUND", message)
        return home

    def home_by_node(self, node: str) -> Home:
        """Return a repository by its GraphQL id.

        Raises:
            Failed: NOT_FOUND, there is none or the token does not see it.
        """
        number = node.removeprefix("R_")
        home = self.state.repositories.by_id(int(number)) if number.isdecimal() else None
        if home is None or not self.token.sees(home.full_name):
            raise Failed("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")
        return home


class Query:
    """The root of what can be read."""

    typename = "Query"

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def repository(self, owner: str, name: str, *, follow_renames: bool = True) -> "Repository":
        home = self._asking.home(f"{owner}/{name}", renamed=follow_renames)
        return Repository(self._asking, home)

    def organization(self, login: str) -> "Organization":
        account = self._asking.state.accounts.get(login)
        if account is None or account.kind != "Organization":
            message = f"Could not resolve to an Organization with the login of '{login}'."
            raise Failed("NOT_FOUND", message)
        return Organization(self._asking, account)

    def user(self, login: str) -> "User":
        account = self._asking.state.accounts.get(login)
        if account is None or account.kind != "User":
            message = f"Could not resolve to a User with the login of '{login}'."
            raise Failed("NOT_FOUND", message)
        return User(self._asking, account)

    def viewer(self) -> "User":
        return User(self._asking, self._asking.token.account)

    def rate_limit(self, *, dry_run: bool = False) -> dict[str, Any]:
        bucket = self._asking.state.limits.bucket("graphql", self._asking.token.whose)
        return {
            "cost": 0 if dry_run else 1,
            "limit": bucket.limit,
            "nodeCount": 0,
            "remaining": bucket.remaining,
            "resetAt": stamp(bucket.resets),
            "used": bucket.used,
        }


class User:
    """A person, or the bot of an App."""

    def __init__(self, asking: Asking, account: Account) -> None:
        self.typename = account.kind
        self.id, self.database_id = account.node, account.id
        self.login, self.name, self.email = account.login, account.name, account.email or ""
        self.url = f"{asking.state.site}/{account.login}"


class Repository:
    """A repository."""

    typename = "Repository"

    def __init__(self, asking: Asking, home: Home) -> None:
        self._asking, self._home = asking, home
        self.id, self.database_id = f"R_{home.id}", home.id
        self.name, self.name_with_owner = home.name, home.full_name
        self.url = asking.state.page(home)
        self.is_private, self.is_archived = True, False
        self.squash_merge_allowed = "squash" in home.merge_methods
        self.merge_commit_allowed = "merge" in home.merge_methods
        self.rebase_merge_allowed = "rebase" in home.merge_methods

    def is_empty(self) -> bool:
        return not self._view().refs

    def owner(self) -> "Organization":
        account = self._asking.state.accounts.add(self._home.owner, "Organization")
        return Organization(self._asking, account)

    def default_branch_ref(self) -> "Ref | None":
        return self.ref(f"refs/heads/{self._home.default_branch}")

    def ref(self, qualified_name: str) -> "Ref | None":
        view = self._view()
        for pattern in ("{}", "refs/{}", "refs/tags/{}", "refs/heads/{}"):
            name = pattern.format(qualified_name)
            if name in view.refs:
                return Ref(self._asking, self._home, name, view.refs[name])
        return None

    def refs(
        self, ref_prefix: str, order_by: dict[str, str] | None = None, **page: Any
    ) -> dict[str, Any]:
        """Return the references below *ref_prefix*, by name; tags also by their commits' dates."""
        given = {key: page[key] for key in ("first", "after", "last", "before") if key in page}
        if set(page) - set(given):
            raise NotImplementedError(f"refs({', '.join(sorted(page))})")
        view = self._view()
        found = sorted((n, sha) for n, sha in view.refs.items() if n.startswith(ref_prefix))
        order = order_by or {"field": "ALPHABETICAL", "direction": "ASC"}
        if order["field"] == "TAG_COMMIT_DATE":
            found.sort(key=lambda one: self._dated(one[1]))
        if order["direction"] == "DESC":
            found.reverse()
        nodes = [Ref(self._asking, self._home, name, sha) for name, sha in found]
        return connection(nodes, "refs", **given)

    def _dated(self, sha: str) -> datetime:
        objects = self._home.objects
        return objects.commit(objects.peel(sha)).committer.at

    def object(self, oid: str | None = None, expression: str | None = None) -> Any:
        view = self._view()
        if oid is not None:
            return git_object(self._asking, self._home, oid)
        revision, colon, path = (expression or "").partition(":")
        try:
            sha = view.resolve(revision)
        except Ambiguous:
            sha = None
        if sha is None or not colon:
            return git_object(self._asking, self._home, sha) if sha else None
        objects = self._home.objects
        tree = objects.commit(objects.peel(sha)).tree
        entry = objects.at(tree, path) if path else Entry(FOLDER, tree)
        return git_object(self._asking, self._home, entry.sha) if entry else None

    def pull_request(self, number: int) -> "PullRequest":
        self._asking.need("pull_requests")
        pull = self._asking.state.pulls.get(self._home, number)
        if pull is None:
            message = f"Could not resolve to a PullRequest with the number of {number}."
            raise Failed("NOT_FOUND", message)
        return PullRequest(self._asking, self._home, pull)

    def pull_requests(
        self,
        head_ref_name: str | None = None,
        base_ref_name: str | None = None,
        states: list[str] | None = None,
        order_by: dict[str, str] | None = None,
        **page: Any,
    ) -> dict[str, Any]:
        """Return the pull requests between the named branches, oldest first unless asked."""
        self._asking.need("pull_requests")
        order = order_by or {"field": "CREATED_AT", "direction": "ASC"}
        given = {key: page[key] for key in ("first", "after", "last", "before") if key in page}
        if set(page) - set(given) or order["field"] != "CREATED_AT":
            raise NotImplementedError(f"pullRequests({', '.join(sorted(page))})")
        found = [
            PullRequest(self._asking, self._home, pull)
            for pull in self._asking.state.pulls.of(self._home)
            if head_ref_name in {None, pull.head} and base_ref_name in {None, pull.base}
        ]
        if order["direction"] == "ASC":
            found.reverse()
        chosen = [pull for pull in found if states is None or pull.state in states]
        return connection(chosen, "pullRequests", **given)

    def _view(self) -> View:
        self._asking.need("contents")
        return self._asking.view(self._home)


class Ref:
    """A branch or a tag."""

    typename = "Ref"

    def __init__(self, asking: Asking, home: Home, name: str, sha: str) -> None:
        self._asking, self._home, self._full, self._sha = asking, home, name, sha
        self.id = f"REF_{home.id}_{name}"
        kind, _, self.name = name.removeprefix("refs/").partition("/")
        self.prefix = f"refs/{kind}/"

    def target(self) -> Any:
        return git_object(self._asking, self._home, self._sha)

    def repository(self) -> Repository:
        return Repository(self._asking, self._home)

    def ref_update_rule(self) -> dict[str, Any] | None:
        """Show the older protection as it is to those who do not administer; rulesets do not."""
        if self._home.protected.get(self.name) is not False:
            return None
        return {
            "pattern": self.name,
            "requiredApprovingReviewCount": 1,
            "viewerCanPush": self._asking.token.may("contents", "write"),
        }

    def compare(self, head_ref: str) -> "Comparison | None":
        view = self._asking.view(self._home)
        head, base = view.commit(head_ref), view.commit(self._full)
        if head is None or base is None:
            return None
        return Comparison(self._asking, self._home, base, head)


class Comparison:
    """What lies between two commits."""

    typename = "Comparison"

    def __init__(self, asking: Asking, home: Home, base: str, head: str) -> None:
        self._asking, self._home, self._base, self._head = asking, home, base, head
        self._ahead, self._behind = home.between(base, head), home.between(head, base)
        self.ahead_by, self.behind_by = len(self._ahead), len(self._behind)
        self.id = f"CMP_{home.id}_{base}_{head}"

    def status(self) -> str:
        if self._ahead and self._behind:
            return "DIVERGED"
        return "AHEAD" if self._ahead else "BEHIND" if self._behind else "IDENTICAL"

    def commits(self, **page: Any) -> dict[str, Any]:
        nodes = [Commit(self._asking, self._home, one) for one in self._ahead]
        return connection(nodes, "commits", **page)

    def base_target(self) -> Any:
        return git_object(self._asking, self._home, self._base)

    def head_target(self) -> Any:
        return git_object(self._asking, self._home, self._head)


def git_object(asking: Asking, home: Home, sha: str) -> Any:
    """Return the commit, tree, blob or annotated tag with that id; None when there is none."""
    match home.objects.kind(sha):
        case "commit":
            return Commit(asking, home, home.objects.commit(sha))
        case "blob":
            return Blob(asking, home, sha)
        case "tree":
            return Tree(asking, home, sha)
        case "tag":
            return Tag(asking, home, sha)
        case _:
            return None


class _Object:
    def __init__(self, asking: Asking, home: Home, sha: str) -> None:
        self._asking, self._home = asking, home
        self.oid, self.abbreviated_oid = sha, sha[:7]
        self.id = f"{type(self).__name__[0]}_{home.id}_{sha}"
        self.commit_url = f"{asking.state.page(home)}/commit/{sha}"

    def repository(self) -> Repository:
        return Repository(self._asking, self._home)


class Tag(_Object):
    """An annotated tag."""

    typename = "Tag"

    def target(self) -> Any:
        return git_object(self._asking, self._home, self._home.objects.peel(self.oid))


class Blob(_Object):
    """A file's content. Its text is null for binary, and cut above the state's ``text_limit``."""

    typename = "Blob"

    def __init__(self, asking: Asking, home: Home, sha: str) -> None:
        super().__init__(asking, home, sha)
        self._data = home.objects.blob(sha)
        self.byte_size = len(self._data)

    def is_binary(self) -> bool:
        return self._decoded() is None

    def is_truncated(self) -> bool:
        return self._decoded() is not None and self.byte_size > self._asking.state.text_limit

    def text(self) -> str | None:
        if self._decoded() is None:
            return None
        return self._data[: self._asking.state.text_limit].decode("utf-8", "ignore")

    def _decoded(self) -> str | None:
        if b"\0" in self._data:
            return None
        try:
            return self._data.decode()
        except UnicodeDecodeError:
            return None


class Tree(_Object):
    """A folder."""

    typename = "Tree"

    def entries(self) -> list["TreeEntry"]:
        items = self._home.objects.tree(self.oid).items()
        return [TreeEntry(self._asking, self._home, name, entry) for name, entry in items]


class TreeEntry:
    """What stands at one path."""

    typename = "TreeEntry"

    def __init__(self, asking: Asking, home: Home, path: str, entry: Entry) -> None:
        self._asking, self._home, self._entry = asking, home, entry
        self.path, self.name = path, path.rpartition("/")[2]
        self.oid, self.mode, self.type = entry.sha, entry.mode, entry.kind

    def object(self) -> Any:
        return git_object(self._asking, self._home, self._entry.sha)

    def size(self) -> int:
        return len(self._home.objects.blob(self.oid)) if self.type == "blob" else 0


class Commit(_Object):
    """A commit."""

    typename = "Commit"

    def __init__(self, asking: Asking, home: Home, commit: GitCommit) -> None:
        super().__init__(asking, home, commit.sha)
        self._commit = commit
        self.message = commit.message.rstrip("\n")
        self.message_headline = self.message.partition("\n")[0]
        self.message_body = self.message.partition("\n")[2].lstrip("\n")
        self.committed_date = stamp(commit.committer.at)
        self.authored_date = stamp(commit.author.at)
        self.url = self.commit_url

    def tree(self) -> Tree:
        return Tree(self._asking, self._home, self._commit.tree)

    def file(self, path: str) -> TreeEntry | None:
        entry = self._home.objects.at(self._commit.tree, path)
        return TreeEntry(self._asking, self._home, path, entry) if entry else None

    def author(self) -> dict[str, Any]:
        return self._actor(self._commit.author)

    def committer(self) -> dict[str, Any]:
        return self._actor(self._commit.committer)

    def authors(self, **page: Any) -> dict[str, Any]:
        return connection([self.author()], "authors", **page)

    def _actor(self, person: Person) -> dict[str, Any]:
        account = self._asking.state.accounts.by_email(person.email)
        user = User(self._asking, account) if account and account.kind == "User" else None
        return person_json(person) | {"user": user}

    def signature(self) -> dict[str, Any] | None:
        signed = self.oid in self._home.signed
        return {"isValid": True, "wasSignedByGitHub": True, "state": "VALID"} if signed else None

    def parents(self, **page: Any) -> dict[str, Any]:
        objects = self._home.objects
        nodes = [Commit(self._asking, self._home, objects.commit(p)) for p in self._commit.parents]
        return connection(nodes, "parents", **page)

    def history(
        self,
        first: int | None = None,
        after: str | None = None,
        path: str | None = None,
        since: str | None = None,
        **page: Any,
    ) -> dict[str, Any]:
        asked = set(page) - {"last", "before"}
        if asked:
            raise NotImplementedError(f"history({', '.join(sorted(asked))})")
        begin = datetime.fromisoformat(since) if since else None
        commits = self._home.history(self.oid, path, begin)
        if first is None:
            nodes = [Commit(self._asking, self._home, one) for one in commits]
            return connection(nodes, "history", **page)
        return _walked(self._asking, self._home, commits, first, after)

    def status_check_rollup(self) -> "StatusCheckRollup | None":
        self._asking.need("checks")
        self._asking.need("statuses")
        state = self._asking.state
        with state.lock:
            rollup = state.checks.rollup(self._home.id, self.oid)
        return StatusCheckRollup(self, self._asking, self._home, rollup) if rollup else None

    def associated_pull_requests(self, **page: Any) -> dict[str, Any]:
        page.pop("order_by", None)
        self._asking.need("pull_requests")
        found = pulls.holding(self._asking.state, self._home, self.oid)
        nodes = [PullRequest(self._asking, self._home, pull) for pull in found]
        return connection(nodes, "associatedPullRequests", **page)


def _walked(
    asking: Asking, home: Home, commits: Any, first: int, after: str | None
) -> dict[str, Any]:
    """Return one page of a history without walking further than the page."""
    connection((), "history", first)  # refuses more than 100
    start = int(after.removeprefix("at:")) if after else 0
    found = list(itertools.islice(commits, start, start + first + 1))
    shown = [Commit(asking, home, one) for one in found[:first]]
    counted = _Counted(home, start, shown, more=len(found) > first)
    return counted.connection()


@dataclass
class _Counted:
    home: Home
    start: int
    shown: Sequence[Commit]
    more: bool

    def connection(self) -> dict[str, Any]:
        end = self.start + len(self.shown)
        edges = [
            {"node": node, "cursor": f"at:{self.start + at + 1}"}
            for at, node in enumerate(self.shown)
        ]
        return {
            "nodes": list(self.shown),
            "edges": edges,
            "pageInfo": {
                "hasNextPage": self.more,
                "hasPreviousPage": self.start > 0,
                "startCursor": f"at:{self.start + 1}" if self.shown else None,
                "endCursor": f"at:{end}" if self.shown else None,
            },
        }


class StatusCheckRollup:
    """What a commit's checks add up to."""

    typename = "StatusCheckRollup"

    def __init__(self, commit: Commit, asking: Asking, home: Home, state: str) -> None:
        self._commit, self._asking, self._home, self.state = commit, asking, home, state
        self.id = f"SCR_{home.id}_{commit.oid}"

    def commit(self) -> Commit:
        return self._commit

    def contexts(self, **page: Any) -> dict[str, Any]:
        checks = self._asking.state.checks
        with self._asking.state.lock:
            runs = checks.runs(self._home.id, self._commit.oid)
            statuses = checks.statuses(self._home.id, self._commit.oid)
        nodes = [*(CheckRunNode(self._asking, run) for run in runs), *map(StatusContext, statuses)]
        counts = {"checkRunCount": len(runs), "statusContextCount": len(statuses)}
        return connection(nodes, "contexts", **page) | counts


class CheckRunNode:
    """A check run."""

    typename = "CheckRun"

    def __init__(self, asking: Asking, run: CheckRun) -> None:
        self._asking, self._run = asking, run
        self.id, self.database_id, self.name = run.node, run.id, run.name
        self.status = run.status.upper()
        self.conclusion = run.conclusion.upper() if run.conclusion else None
        self.started_at = stamp(run.started)
        self.completed_at = stamp(run.started) if run.conclusion else None
        self.details_url = self.url = run.url

    def check_suite(self) -> dict[str, Any]:
        suite: dict[str, Any] = {"id": f"CS_{self._run.suite}", "databaseId": self._run.suite}
        app = {"slug": self._run.app, "name": self._run.app}
        return suite | {"app": app, "workflowRun": self._workflow_run}

    def _workflow_run(self) -> None:
        self._asking.need("actions", whole=True)


class StatusContext:
    """A commit status."""

    typename = "StatusContext"

    def __init__(self, status: CommitStatus) -> None:
        self.id, self.context = f"SC_{status.id}", status.context
        self.state = status.state.upper()
        self.target_url, self.description = status.url or None, status.description or None
        self.created_at = stamp(status.at)


class PullRequest:
    """A pull request."""

    typename = "PullRequest"

    def __init__(self, asking: Asking, home: Home, pull: Pull) -> None:
        self._asking, self._home, self._pull = asking, home, pull
        self.id, self.database_id, self.number = pull.node, pull.id, pull.number
        self.title, self.body, self.is_draft = pull.title, pull.body, pull.draft
        self.head_ref_name, self.base_ref_name = pull.head, pull.base
        self.merged = pull.merged is not None
        self.state = "MERGED" if self.merged else pull.state.upper()
        self.url = f"{asking.state.page(home)}/pull/{pull.number}"
        self.created_at = stamp(pull.opened)
        self.merged_at = stamp(pull.merged_at) if pull.merged_at else None
        self.is_cross_repository = False  # the sandbox has no forks

    def head_ref_oid(self) -> str:
        return pulls.head_of(self._home, self._pull)

    def author(self) -> User:
        return User(self._asking, self._pull.author)

    def merged_by(self) -> User | None:
        return User(self._asking, self._pull.merger) if self._pull.merger else None

    def timeline_items(self, item_types: list[str] | None = None, **page: Any) -> dict[str, Any]:
        """Return what happened to it; the sandbox knows only that it was closed."""
        if item_types != ["CLOSED_EVENT"]:
            raise NotImplementedError(f"timelineItems({item_types})")
        events = [ClosedEvent(self._asking, self._pull)] if self._pull.closed_at else []
        return connection(events, "timelineItems", **page)

    def merge_commit(self) -> Commit | None:
        sha = self._pull.merged
        return Commit(self._asking, self._home, self._home.objects.commit(sha)) if sha else None

    def mergeable(self) -> str:
        can = pulls.mergeable(self._home, self._pull)
        return {True: "MERGEABLE", False: "CONFLICTING", None: "UNKNOWN"}[can]

    def repository(self) -> Repository:
        return Repository(self._asking, self._home)


class ClosedEvent:
    """A pull request was closed, merged or not."""

    typename = "ClosedEvent"

    def __init__(self, asking: Asking, pull: Pull) -> None:
        self._asking, self._pull = asking, pull
        self.id = f"CE_{pull.id}"
        self.created_at = stamp(pull.closed_at or pull.opened)

    def actor(self) -> User | None:
        return User(self._asking, self._pull.closer) if self._pull.closer else None


class Organization:
    """An organization."""

    typename = "Organization"

    def __init__(self, asking: Asking, account: Account) -> None:
        self._asking, self._account = asking, account
        self.id, self.database_id, self.login = account.node, account.id, account.login
        self.name = account.name
        self.url = f"{asking.state.site}/{account.login}"

    def team(self, slug: str) -> "Team | None":
        self._asking.need("members")
        team = self._asking.state.teams.get(self._account.login, slug)
        return Team(self._asking, team) if team else None

    def teams(self, user_logins: list[str] | None = None, **page: Any) -> dict[str, Any]:
        """Return the teams; of *user_logins* only those in which they are direct members."""
        self._asking.need("members")
        with self._asking.state.lock:
            found = self._asking.state.teams.of(self._account.login)
        chosen = [team for team in found if user_logins is None or _holds(team, user_logins)]
        given = {key: page[key] for key in ("first", "after", "last", "before") if key in page}
        if set(page) - set(given) - {"root_teams_only"} or page.get("root_teams_only"):
            raise NotImplementedError(f"teams({', '.join(sorted(page))})")
        return connection([Team(self._asking, team) for team in chosen], "teams", **given)


def _holds(team: TeamRecord, logins: Sequence[str]) -> bool:
    places = [team.members.get(login.lower()) for login in logins]
    return any(place is not None and place.state == "active" for place in places)


class Team:
    """A team."""

    typename = "Team"

    def __init__(self, asking: Asking, team: TeamRecord) -> None:
        self._asking, self._team = asking, team
        self.id, self.database_id = f"T_{team.id}", team.id
        self.slug, self.name = team.slug, team.name
        self.privacy = "VISIBLE" if team.privacy == "closed" else "SECRET"

    def parent_team(self) -> "Team | None":
        return Team(self._asking, self._team.parent) if self._team.parent else None

    def ancestors(self, **page: Any) -> dict[str, Any]:
        nodes = [Team(self._asking, team) for team in self._team.ancestors()]
        return connection(nodes, "ancestors", **page)
