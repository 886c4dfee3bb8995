"""REST routes on a repository itself, its branches, and its files one by one."""

from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from sandbox.github.accounts import simple
from sandbox.github.commits import short_json
from sandbox.github.git_data import unwrapped, wrapped
from sandbox.github.objects import Entry
from sandbox.github.protection import guard_branch
from sandbox.github.repositories import Repository
from sandbox.github.rest import Asked, Refused, Route, missing, paged
from sandbox.wire import answer

if TYPE_CHECKING:
    from sandbox.github.state import State

READ = ("contents", "read")
WRITE = ("contents", "write")
METADATA = ("metadata", "read")
MOST_JSON = 1024 * 1024
"""Bytes above which the Contents API sends no content. Source: GitHub Docs, repository contents."""


def shown_repository(state: "State", repository: Repository, asked: Asked) -> dict[str, Any]:
    """Return a repository's JSON as the caller sees it."""
    owner = state.accounts.add(repository.owner, "Organization")
    may = asked.token.may if asked.token else lambda *_words: False
    named = asked.token is not None and asked.token.permissions is not None
    whole = asked.token is not None and asked.token.administers
    link = state.link(repository)
    return {
        "id": repository.id,
        "node_id": f"R_{repository.id}",
        "name": repository.name,
        "full_name": repository.full_name,
        "private": True,
        "owner": simple(owner, state.api),
        "html_url": state.page(repository),
        "url": link,
        "default_branch": repository.default_branch,
        "archived": repository.archived,
        "disabled": False,
        "fork": False,
        "visibility": "private",
        "clone_url": f"{state.page(repository)}.git",
        "permissions": {
            "admin": may("administration", "write") if named else whole,
            "push": may("contents", "write"),
            "pull": may("contents", "read"),
        },
    }


def _repository(state: "State", asked: Asked) -> Response:
    return answer(shown_repository(state, asked.repository, asked))


def _branches(state: "State", asked: Asked) -> Response:
    repository = asked.repository
    heads = repository.view().refs.items()
    names = [
        (name.removeprefix("refs/heads/"), sha)
        for name, sha in heads
        if name.startswith("refs/heads/")
    ]
    link = state.link(repository)
    return paged(
        asked,
        [
            {
                "name": name,
                "commit": {"sha": sha, "url": f"{link}/commits/{sha}"},
                "protected": name in repository.protected,
            }
            for name, sha in names
        ],
    )


def _branch(state: "State", asked: Asked) -> Response:
    repository, name = asked.repository, asked.path["branch"]
    sha = repository.view().branch(name)
    if sha is None:
        raise Refused(404, "Branch not found")
    commit = short_json(state, repository, repository.objects.commit(sha))
    return answer({"name": name, "commit": commit, "protected": name in repository.protected})


def _contents(state: "State", asked: Asked) -> Response:
    repository, path = asked.repository, str(asked.path.get("path", "")).rstrip("/")
    view = repository.view()
    wanted = asked.query.get("ref") or repository.default_branch
    sha = view.commit(wanted)
    if sha is None:
        if not view.refs:
            raise Refused(404, "This repository is empty.")
        raise Refused(404, f"No commit found for the ref {wanted}")
    tree = repository.objects.commit(sha).tree
    entry = repository.objects.at(tree, path) if path else Entry(0o040000, tree)
    if entry is None:
        raise missing()
    if entry.kind != "tree":
        return _file(state, asked, path, entry, wanted)
    below = f"{path}/" if path else ""
    names = repository.objects.tree(entry.sha).items()
    return answer([_shown(state, repository, below + name, one, wanted) for name, one in names])


def _file(state: "State", asked: Asked, path: str, entry: Entry, ref: str) -> Response:
    data = asked.repository.objects.blob(entry.sha)
    if asked.accepts("raw"):
        return Response(data, content_type="application/vnd.github.raw; charset=utf-8")
    shown = _shown(state, asked.repository, path, entry, ref)
    small = len(data) <= MOST_JSON
    return answer(
        shown
        | {"content": wrapped(data) if small else "", "encoding": "base64" if small else "none"}
    )


def _shown(
    state: "State", repository: Repository, path: str, entry: Entry, ref: str
) -> dict[str, Any]:
    link, page = state.link(repository), state.page(repository)
    size = len(repository.objects.blob(entry.sha)) if entry.kind == "blob" else 0
    kind = {"tree": "dir", "commit": "submodule"}.get(entry.kind, "file")
    return {
        "type": kind,
        "size": size,
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": entry.sha,
        "url": f"{link}/contents/{path}?ref={ref}",
        "git_url": f"{link}/git/{entry.kind}s/{entry.sha}",
        "html_url": f"{page}/blob/{ref}/{path}",
        "download_url": None,
    }


def _put(state: "State", asked: Asked) -> Response:
    body = asked.required("message", "content")
    repository, path = asked.repository, str(asked.path["path"])
    data = unwrapped(str(body["content"]))
    with repository.lock:
        branch, old = _target(repository, body, path)
        if old is not None and "sha" not in body:
            raise Refused(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
        if old is not None and body["sha"] != old.sha:
            raise Refused(409, f"{path} does not match {body['sha']}")
        sha = _write(
            state, asked, branch, {path: data}, str(body["message"]), custom="author" in body
        )
    commit = repository.objects.commit(sha)
    entry = repository.objects.at(commit.tree, path)
    assert entry is not None
    shown = _shown(state, repository, path, entry, branch)
    made = {
        "content": shown,
        "commit": short_json(state, repository, commit)["commit"] | {"sha": sha},
    }
    return answer(made, 200 if old else 201)


def _delete(state: "State", asked: Asked) -> Response:
    body = asked.required("message", "sha")
    repository, path = asked.repository, str(asked.path["path"])
    with repository.lock:
        branch, old = _target(repository, body, path)
        if old is None:
            raise missing()
        if body["sha"] != old.sha:
            raise Refused(409, f"{path} does not match {body['sha']}")
        sha = _write(
            state, asked, branch, {path: None}, str(body["message"]), custom="author" in body
        )
    commit = short_json(state, repository, repository.objects.commit(sha))["commit"]
    return answer({"content": None, "commit": commit | {"sha": sha}})


def _target(repository: Repository, body: dict[str, Any], path: str) -> tuple[str, Entry | None]:
    branch = str(body.get("branch") or repository.default_branch)
    head = repository.head(branch)
    if head is None and repository.refs():
        raise Refused(404, f"Branch {branch} not found")
    guard_branch(repository, branch, 409)
    tree = repository.objects.commit(head).tree if head else None
    return branch, repository.objects.at(tree, path) if tree else None


def _write(
    state: "State",
    asked: Asked,
    branch: str,
    files: dict[str, bytes | None],
    message: str,
    *,
    custom: bool,
) -> str:
    assert asked.token is not None
    repository, now = asked.repository, state.clock.now()
    head = repository.head(branch)
    tree = repository.objects.commit(head).tree if head else None
    sha = repository.commit(
        repository.entries(files, tree, ()),
        message,
        asked.token.account.person(now),
        state.committer.person(now),
        onto=head,
    )
    if asked.token.installation is not None and not custom:
        repository.signed.add(sha)
    if not repository.move(f"refs/heads/{branch}", sha, head):
        raise Refused(409, f"is at {repository.head(branch)} but expected {head}")
    return sha


ROUTES = (
    Route("repository", "GET", "", _repository, METADATA),
    Route("branches", "GET", "/branches", _branches, READ),
    Route("branch", "GET", "/branches/<path:branch>", _branch, READ),
    Route("contents_root", "GET", "/contents/", _contents, READ),
    Route("contents_root_bare", "GET", "/contents", _contents, READ),
    Route("contents", "GET", "/contents/<path:path>", _contents, READ),
    Route("put_contents", "PUT", "/contents/<path:path>", _put, WRITE),
    Route("delete_contents", "DELETE", "/contents/<path:path>", _delete, WRITE),
)
