"""Pull requests: opened, listed, merged for real."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from sandbox.github.accounts import Account, simple
from sandbox.github.commits import chosen_commit
from sandbox.github.repositories import Repository
from sandbox.github.rest import Asked, Refused, Route, missing, paged, stamp
from sandbox.wire import answer

if TYPE_CHECKING:
    from sandbox.github.state import State

READ = ("pull_requests", "read")
WRITE = ("pull_requests", "write")


@dataclass
class Pull:
    """One pull request. *merged* is the commit it became, or None."""

    id: int
    repository: int
    number: int
    title: str
    body: str
    head: str
    base: str
    head_sha: str
    author: Account
    opened: datetime
    draft: bool = False
    state: str = "open"
    merged: str | None = None
    merged_at: datetime | None = None
    merger: Account | None = None
    closer: Account | None = None
    closed_at: datetime | None = None

    @property
    def node(self) -> str:
        """Return its id in GraphQL."""
        return f"PR_{self.id}"


@dataclass
class Pulls:
    """Every pull request, in order."""

    all: list[Pull] = field(default_factory=list)

    def of(self, repository: Repository) -> list[Pull]:
        """Return a repository's pull requests, newest first."""
        return [pull for pull in self.all if pull.repository == repository.id][::-1]

    def get(self, repository: Repository, number: int) -> Pull | None:
        """Return one by its number, or None."""
        return next((pull for pull in self.of(repository) if pull.number == number), None)

    def by_node(self, node: str) -> Pull | None:
        """Return one by its id in GraphQL, or None."""
        return next((pull for pull in self.all if pull.node == node), None)


def head_of(repository: Repository, pull: Pull) -> str:
    """Return the newest commit of the branch that is to be merged; an ended one keeps its last."""
    if pull.state == "open":
        pull.head_sha = repository.head(pull.head) or pull.head_sha
    return pull.head_sha


def open_pull(
    state: "State", repository: Repository, author: Account, words: dict[str, Any]
) -> Pull:
    """Open a pull request with *words* title, body, head, base, draft.

    Raises:
        Refused: 422, a branch is missing, there is nothing to merge, or one is open already.
    """
    head = str(words["head"]).removeprefix(f"{repository.owner}:")
    base = str(words["base"])
    with repository.lock, state.lock:
        ends = {"head": repository.head(head), "base": repository.head(base)}
        for name, sha in ends.items():
            if sha is None:
                raise _invalid([{"resource": "PullRequest", "field": name, "code": "invalid"}])
        head_sha, base_sha = ends["head"], ends["base"]
        assert head_sha is not None
        assert base_sha is not None
        if repository.is_ancestor(head_sha, base_sha):
            raise _custom(f"No commits between {base} and {head}")
        same = [p for p in state.pulls.of(repository) if (p.head, p.base) == (head, base)]
        if any(pull.state == "open" for pull in same):
            raise _custom(f"A pull request already exists for {repository.owner}:{head}.")
        pull = Pull(
            id=80000 + len(state.pulls.all) + 1,
            repository=repository.id,
            number=len(state.pulls.of(repository)) + 1,
            title=str(words["title"]),
            body=str(words.get("body") or ""),
            head=head,
            base=base,
            head_sha=head_sha,
            author=author,
            opened=state.clock.now(),
            draft=words.get("draft") is True,
        )
        state.pulls.all.append(pull)
        return pull


def _custom(message: str) -> Refused:
    return _invalid([{"resource": "PullRequest", "code": "custom", "message": message}])


def _invalid(errors: list[dict[str, str]]) -> Refused:
    return Refused(422, "Validation Failed", errors=errors)


def merge_pull(
    state: "State", repository: Repository, pull: Pull, by: Account, words: dict[str, Any]
) -> str:
    """Merge a pull request by *words* sha, merge_method, commit_title, commit_message.

    Returns the commit that the base branch got. The sandbox merges and squashes as the repository
    allows; a rebase is always refused as on one that does not allow it.

    Raises:
        Refused: 405 when it cannot be merged, 409 when its head is not *sha*.
    """
    with repository.lock:
        head, base = head_of(repository, pull), repository.head(pull.base)
        if pull.state != "open" or pull.draft or base is None:
            raise Refused(405, "Pull Request is not mergeable")
        if words.get("sha") not in {None, head}:
            raise Refused(409, "Head branch was modified. Review and try the merge again.")
        method = str(words.get("merge_method") or "merge").lower()
        if method not in repository.merge_methods:
            raise Refused(405, f"{method.capitalize()} merges are not allowed on this repository.")
        tree = repository.merge_tree(base, head)
        if tree is None:
            raise Refused(405, "Pull Request is not mergeable")
        now = state.clock.now()
        sha = repository.objects.write_commit(
            tree,
            (base, head) if method == "merge" else (base,),
            by.person(now),
            state.committer.person(now),
            _message(repository, pull, method, words),
        )
        repository.signed.add(sha)
        repository.move(f"refs/heads/{pull.base}", sha, base)
        pull.state, pull.merged, pull.merged_at, pull.merger = "closed", sha, now, by
        pull.closer, pull.closed_at = by, now
    for tell in state.when_pushed:
        tell(repository.full_name, pull.base, sha)
    return sha


def close_pull(state: "State", repository: Repository, pull: Pull, by: Account) -> None:
    """Close an open pull request; its branch stays. One that has ended stays as it is."""
    with repository.lock:
        if pull.state == "open":
            head_of(repository, pull)
            pull.state, pull.closer, pull.closed_at = "closed", by, state.clock.now()


def _message(repository: Repository, pull: Pull, method: str, words: dict[str, Any]) -> str:
    title = f"Merge pull request #{pull.number} from {repository.owner}/{pull.head}"
    body = pull.title
    if method == "squash":
        title, body = f"{pull.title} (#{pull.number})", pull.body
    title = words.get("commit_title") or title
    body = words.get("commit_message") or body
    return f"{title}\n\n{body}" if body else title


def mergeable(repository: Repository, pull: Pull) -> bool | None:
    """Tell whether an open pull request can be merged; None once it has ended."""
    base = repository.head(pull.base)
    if pull.state != "open" or base is None:
        return None
    return repository.merge_tree(base, head_of(repository, pull)) is not None


def shown(state: "State", repository: Repository, pull: Pull) -> dict[str, Any]:
    """Return a pull request's JSON."""
    can = mergeable(repository, pull)
    return {
        "id": pull.id,
        "node_id": pull.node,
        "number": pull.number,
        "state": pull.state,
        "locked": False,
        "title": pull.title,
        "body": pull.body or None,
        "draft": pull.draft,
        "user": simple(pull.author, state.api),
        "url": f"{state.link(repository)}/pulls/{pull.number}",
        "html_url": f"{state.page(repository)}/pull/{pull.number}",
        "created_at": stamp(pull.opened),
        "updated_at": stamp(pull.closed_at or pull.opened),
        "closed_at": stamp(pull.closed_at) if pull.closed_at else None,
        "merged_at": stamp(pull.merged_at) if pull.merged_at else None,
        "merged": pull.merged is not None,
        "merge_commit_sha": pull.merged,
        "merged_by": simple(pull.merger, state.api) if pull.merger else None,
        "mergeable": can,
        "mergeable_state": {True: "clean", False: "dirty", None: "unknown"}[can],
        "head": _end(repository, pull.head, head_of(repository, pull)),
        "base": _end(repository, pull.base, repository.head(pull.base)),
    }


def _end(repository: Repository, branch: str, sha: str | None) -> dict[str, Any]:
    return {
        "ref": branch,
        "sha": sha,
        "label": f"{repository.owner}:{branch}",
        "repo": {"id": repository.id, "full_name": repository.full_name},
    }


def holding(state: "State", repository: Repository, sha: str) -> list[Pull]:
    """Return the pull requests that a commit came by or is part of, newest first."""
    found = []
    for pull in state.pulls.of(repository):
        base = repository.head(pull.base)
        own = (
            repository.between(base, head_of(repository, pull)) if base and not pull.merged else []
        )
        if sha in {pull.merged, pull.head_sha, *(commit.sha for commit in own)}:
            found.append(pull)
    return found


def _pull(state: "State", asked: Asked) -> Pull:
    pull = state.pulls.get(asked.repository, asked.path["number"])
    if pull is None:
        raise missing()
    return pull


def _get(state: "State", asked: Asked) -> Response:
    return answer(shown(state, asked.repository, _pull(state, asked)))


def _list(state: "State", asked: Asked) -> Response:
    query, repository = asked.query, asked.repository
    wanted = query.get("state", "open")
    head = query.get("head", "").partition(":")[2]
    chosen = [
        pull
        for pull in state.pulls.of(repository)
        if wanted in {"all", pull.state}
        and (not head or pull.head == head)
        and query.get("base", pull.base) == pull.base
    ]
    return paged(asked, [shown(state, repository, pull) for pull in chosen])


def _create(state: "State", asked: Asked) -> Response:
    assert asked.token is not None
    words = asked.required("title", "head", "base")
    pull = open_pull(state, asked.repository, asked.token.account, words)
    return answer(shown(state, asked.repository, pull), 201)


def _edit(state: "State", asked: Asked) -> Response:
    pull, body = _pull(state, asked), asked.body()
    pull.title = str(body.get("title", pull.title))
    pull.body = str(body.get("body", pull.body) or "")
    if body.get("state") == "closed":
        assert asked.token is not None
        close_pull(state, asked.repository, pull, asked.token.account)
    elif body.get("state") == "open" and pull.state == "closed":
        _reopen(asked.repository, pull)
    return answer(shown(state, asked.repository, pull))


def _reopen(repository: Repository, pull: Pull) -> None:
    if pull.merged or repository.head(pull.head) is None:
        raise _invalid([{"resource": "PullRequest", "field": "state", "code": "invalid"}])
    pull.state, pull.closer, pull.closed_at = "open", None, None


def _merge(state: "State", asked: Asked) -> Response:
    assert asked.token is not None
    sha = merge_pull(
        state, asked.repository, _pull(state, asked), asked.token.account, asked.body()
    )
    return answer({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def _merged(state: "State", asked: Asked) -> Response:
    if _pull(state, asked).merged is None:
        raise missing()
    return Response(status=204)


def _of_commit(state: "State", asked: Asked) -> Response:
    sha = chosen_commit(asked, asked.path["ref"])
    found = holding(state, asked.repository, sha)
    return paged(asked, [shown(state, asked.repository, pull) for pull in found])


ROUTES = (
    Route("pulls", "GET", "/pulls", _list, READ),
    Route("create_pull", "POST", "/pulls", _create, WRITE),
    Route("pull", "GET", "/pulls/<int:number>", _get, READ),
    Route("edit_pull", "PATCH", "/pulls/<int:number>", _edit, WRITE),
    Route("merge_pull", "PUT", "/pulls/<int:number>/merge", _merge, ("contents", "write")),
    Route("pull_merged", "GET", "/pulls/<int:number>/merge", _merged, READ),
    Route("commit_pulls", "GET", "/commits/<path:ref>/pulls", _of_commit, READ),
)
