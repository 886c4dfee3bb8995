"""REST routes on commits: one, a list, and what lies between two."""

import difflib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from sandbox.github.accounts import simple
from sandbox.github.objects import Commit, Entry, Person
from sandbox.github.repositories import Ambiguous, Repository
from sandbox.github.rest import Asked, Refused, Route, missing, page, stamp
from sandbox.wire import answer

if TYPE_CHECKING:
    from sandbox.github.state import State

READ = ("contents", "read")
MOST_FILES = 300
UNPAGED = 250


def chosen_commit(asked: Asked, expression: str) -> str:
    """Return the commit that *expression* names.

    Raises:
        Refused: 409 for an empty repository, 422 for what names no commit or several.

    The status for an ambiguous short sha is unverified; 422 like an absent one.
    """
    view = asked.repository.view()
    if not view.refs:
        raise Refused(409, "Git Repository is empty.")
    try:
        sha = view.commit(expression)
    except Ambiguous:
        sha = None
    if sha is None:
        raise Refused(422, f"No commit found for SHA: {expression}")
    return sha


def person_json(person: Person) -> dict[str, str]:
    """Return an author or committer inside a commit."""
    return {"name": person.name, "email": person.email, "date": stamp(person.at)}


def verification(repository: Repository, sha: str) -> dict[str, Any]:
    """Return whether GitHub vouches for the commit: its API signs what names no author."""
    signed = sha in repository.signed
    return {
        "verified": signed,
        "reason": "valid" if signed else "unsigned",
        "signature": None,
        "payload": None,
        "verified_at": None,
    }


def short_json(state: "State", repository: Repository, commit: Commit) -> dict[str, Any]:
    """Return a commit's JSON in lists."""
    link, html = state.link(repository), state.page(repository)
    author = state.accounts.by_email(commit.author.email)
    committer = state.accounts.by_email(commit.committer.email)
    return {
        "sha": commit.sha,
        "node_id": f"C_{repository.id}_{commit.sha}",
        "url": f"{link}/commits/{commit.sha}",
        "html_url": f"{html}/commit/{commit.sha}",
        "comments_url": f"{link}/commits/{commit.sha}/comments",
        "commit": {
            "author": person_json(commit.author),
            "committer": person_json(commit.committer),
            "message": commit.message.rstrip("\n"),
            "tree": {"sha": commit.tree, "url": f"{link}/git/trees/{commit.tree}"},
            "url": f"{link}/git/commits/{commit.sha}",
            "comment_count": 0,
            "verification": verification(repository, commit.sha),
        },
        "author": simple(author, state.api) if author else None,
        "committer": simple(committer, state.api) if committer else None,
        "parents": [
            {"sha": sha, "url": f"{link}/commits/{sha}", "html_url": f"{html}/commit/{sha}"}
            for sha in commit.parents
        ],
    }


def changed_files(repository: Repository, old: str | None, new: str) -> list[dict[str, Any]]:
    """Return what differs between two trees (None: an empty one), by path."""
    before = repository.files(old) if old else {}
    after = repository.files(new)
    paths = sorted(before.keys() | after.keys())
    return [
        _file(repository, path, before.get(path), after.get(path))
        for path in paths
        if before.get(path) != after.get(path)
    ]


def _file(
    repository: Repository, path: str, old: Entry | None, new: Entry | None
) -> dict[str, Any]:
    status = "added" if old is None else "removed" if new is None else "modified"
    lines = list(
        difflib.unified_diff(_lines(repository, old), _lines(repository, new), n=3, lineterm="")
    )[2:]
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    left = new or old
    assert left is not None
    return {
        "sha": left.sha,
        "filename": path,
        "status": status,
        "additions": added,
        "deletions": removed,
        "changes": added + removed,
        "patch": "\n".join(lines),
    }


def _lines(repository: Repository, entry: Entry | None) -> list[str]:
    if entry is None or entry.kind != "blob":
        return []
    return repository.objects.blob(entry.sha).decode("utf-8", "replace").splitlines()


def _commit(state: "State", asked: Asked) -> Response:
    repository, sha = asked.repository, chosen_commit(asked, asked.path["ref"])
    if asked.accepts("sha"):
        return Response(sha, content_type="application/vnd.github.sha; charset=utf-8")
    commit = repository.objects.commit(sha)
    parent = repository.objects.commit(commit.parents[0]).tree if commit.parents else None
    files = changed_files(repository, parent, commit.tree)
    counts = {name: sum(file[name] for file in files) for name in ("additions", "deletions")}
    stats = counts | {"total": sum(counts.values())}
    shown, links = page(asked, files, most=MOST_FILES, usual=MOST_FILES)
    body = short_json(state, repository, commit) | {"stats": stats, "files": shown}
    return answer(body, headers=links)


def _commits(state: "State", asked: Asked) -> Response:
    repository, query = asked.repository, asked.query
    view = repository.view()
    if not view.refs:
        raise Refused(409, "Git Repository is empty.")
    start = view.commit(query.get("sha", repository.default_branch))
    if start is None:
        raise missing()
    since = datetime.fromisoformat(query["since"]) if "since" in query else None
    found = [
        commit
        for commit in repository.history(start, query.get("path"), since)
        if _until(query.get("until"), commit) and _by(state, query.get("author"), commit)
    ]
    chosen, links = page(asked, found)
    return answer([short_json(state, repository, one) for one in chosen], headers=links)


def _until(text: str | None, commit: Commit) -> bool:
    return text is None or commit.committer.at <= datetime.fromisoformat(text)


def _by(state: "State", text: str | None, commit: Commit) -> bool:
    if text is None or text == commit.author.email:
        return True
    account = state.accounts.by_email(commit.author.email)
    return account is not None and account.login.lower() == text.lower()


def _compare(state: "State", asked: Asked) -> Response:
    repository = asked.repository
    view = repository.view()
    base_name, dots, head_name = asked.path["basehead"].partition("...")
    try:
        base, head = view.commit(base_name), view.commit(head_name) if dots else None
    except Ambiguous:
        base = head = None
    common = repository.merge_base(base, head) if base and head else None
    if not base or not head or not common:
        raise missing()
    ahead, behind = repository.between(base, head), repository.between(head, base)
    chosen, links = _compared(asked, ahead)
    objects = repository.objects
    files = changed_files(repository, objects.commit(common).tree, objects.commit(head).tree)
    link = f"{state.link(repository)}/compare/{base_name}...{head_name}"
    body = {
        "url": link,
        "html_url": f"{state.page(repository)}/compare/{base_name}...{head_name}",
        "permalink_url": f"{state.page(repository)}/compare/{base}...{head}",
        "diff_url": f"{link}.diff",
        "patch_url": f"{link}.patch",
        "base_commit": short_json(state, repository, objects.commit(base)),
        "merge_base_commit": short_json(state, repository, objects.commit(common)),
        "status": _relation(len(ahead), len(behind)),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [short_json(state, repository, one) for one in chosen],
        "files": files[:MOST_FILES] if asked.query.get("page", "1") == "1" else [],
    }
    return answer(body, headers=links)


def _compared(asked: Asked, commits: list[Commit]) -> tuple[list[Commit], dict[str, str]]:
    if "page" in asked.query or "per_page" in asked.query:
        return page(asked, commits)
    return commits[:UNPAGED], {}


def _relation(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    return "ahead" if ahead else "behind" if behind else "identical"


ROUTES = (
    Route("commits", "GET", "/commits", _commits, READ),
    Route("commit", "GET", "/commits/<path:ref>", _commit, READ),
    Route("compare", "GET", "/compare/<path:basehead>", _compare, READ),
)
