"""REST routes of the Git database: references, commits, trees, blobs."""

import base64
import binascii
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from sandbox.github.commits import person_json, verification
from sandbox.github.objects import FOLDER, Entry, Person
from sandbox.github.protection import guard_branch
from sandbox.github.repositories import Repository
from sandbox.github.rest import Asked, Refused, Route, missing, paged
from sandbox.wire import answer

if TYPE_CHECKING:
    from sandbox.github.state import State

READ = ("contents", "read")
WRITE = ("contents", "write")
NOT_FAST_FORWARD = "Update is not a fast forward"
HEADS = "refs/heads/"
_WELL_FORMED = re.compile(
    r"refs/(heads|tags)/(?!.*(\.\.|//|@\{|\.lock$|/$))[^\x00-\x20\x7f~^:?*\[\\]+"
)


def shown_ref(state: "State", repository: Repository, name: str, sha: str) -> dict[str, Any]:
    """Return a reference's JSON."""
    kind = repository.objects.kind(sha)
    link = state.link(repository)
    return {
        "ref": name,
        "node_id": f"REF_{repository.id}_{name}",
        "url": f"{link}/git/{name}",
        "object": {"sha": sha, "type": kind, "url": f"{link}/git/{kind}s/{sha}"},
    }


def _ref(state: "State", asked: Asked) -> Response:
    name = f"refs/{asked.path['ref']}"
    sha = asked.repository.view().refs.get(name)
    if sha is None:
        raise missing()
    return answer(shown_ref(state, asked.repository, name, sha))


def _refs(state: "State", asked: Asked) -> Response:
    start = f"refs/{asked.path.get('ref', '')}"
    refs = asked.repository.view().refs
    if not refs:
        raise Refused(409, "Git Repository is empty.")
    found = {name: sha for name, sha in refs.items() if name.startswith(start)}
    return paged(asked, [shown_ref(state, asked.repository, *item) for item in found.items()])


def _create_ref(state: "State", asked: Asked) -> Response:
    body = asked.required("ref", "sha")
    repository, name, sha = asked.repository, str(body["ref"]), str(body["sha"])
    create_ref(repository, name, sha)
    return answer(shown_ref(state, repository, name, sha), 201)


def create_ref(repository: Repository, name: str, sha: str) -> None:
    """Make a reference.

    Raises:
        Refused: 422, it exists, is not well formed, or *sha* is no object.
    """
    if not name.startswith("refs/"):
        raise Refused(422, "Reference name must start with 'refs/'.")
    if not _WELL_FORMED.fullmatch(name):
        raise Refused(422, "Reference name is not valid")
    if repository.objects.read(sha) is None:
        raise Refused(422, "Object does not exist")
    if not repository.move(name, sha, None):
        raise Refused(422, "Reference already exists")


def _update_ref(state: "State", asked: Asked) -> Response:
    body = asked.required("sha")
    repository, sha = asked.repository, str(body["sha"])
    name = f"refs/{asked.path['ref']}"
    with repository.lock:
        update_ref(repository, name, sha, force=body.get("force") is True)
    return answer(shown_ref(state, repository, name, sha))


def update_ref(repository: Repository, name: str, sha: str, *, force: bool) -> None:
    """Move a reference to *sha*; without *force* only forward.

    Raises:
        Refused: 422, it does not exist, is protected, or would not move forward.
    """
    old = repository.ref(name)
    if old is None:
        raise Refused(422, "Reference does not exist")
    if repository.objects.kind(sha) != "commit":
        raise Refused(422, "Object does not exist")
    guard_branch(repository, name.removeprefix(HEADS), 422)
    forward = repository.is_ancestor(old, sha)
    if not (force or forward) or not repository.move(name, sha, old):
        raise Refused(422, NOT_FAST_FORWARD)


def _delete_ref(_state: "State", asked: Asked) -> Response:
    repository, name = asked.repository, f"refs/{asked.path['ref']}"
    with repository.lock:
        old = repository.ref(name)
        if old is None:
            raise Refused(422, "Reference does not exist")
        guard_branch(repository, name.removeprefix(HEADS), 422)
        repository.move(name, None, old)
    return Response(status=204)


def _commit(state: "State", asked: Asked) -> Response:
    sha = asked.path["sha"]
    if asked.repository.objects.kind(sha) != "commit":
        raise missing()
    return answer(_shown_commit(state, asked.repository, sha))


def _shown_commit(state: "State", repository: Repository, sha: str) -> dict[str, Any]:
    commit = repository.objects.commit(sha)
    link = state.link(repository)
    return {
        "sha": sha,
        "node_id": f"C_{repository.id}_{sha}",
        "url": f"{link}/git/commits/{sha}",
        "html_url": f"{state.page(repository)}/commit/{sha}",
        "author": person_json(commit.author),
        "committer": person_json(commit.committer),
        "message": commit.message.rstrip("\n"),
        "tree": {"sha": commit.tree, "url": f"{link}/git/trees/{commit.tree}"},
        "parents": [
            {"sha": parent, "url": f"{link}/git/commits/{parent}"} for parent in commit.parents
        ],
        "verification": verification(repository, sha),
    }


def _create_commit(state: "State", asked: Asked) -> Response:
    body = asked.required("message", "tree")
    repository = asked.repository
    if repository.objects.kind(str(body["tree"])) != "tree":
        raise Refused(422, "Tree SHA does not exist")
    parents = tuple(str(parent) for parent in body.get("parents", []))
    if any(repository.objects.kind(parent) != "commit" for parent in parents):
        raise Refused(422, "Parent SHA does not exist or is not a commit object")
    assert asked.token is not None
    now = state.clock.now()
    own = asked.token.account.person(now)
    author = _person(body["author"], now) if "author" in body else own
    signed = not {"author", "committer", "signature"} & body.keys()
    committer = state.committer.person(now) if signed else author
    if "committer" in body:
        committer = _person(body["committer"], now)
    sha = repository.objects.write_commit(
        str(body["tree"]), parents, author, committer, str(body["message"])
    )
    if signed and asked.token.installation is not None:
        repository.signed.add(sha)
    return answer(_shown_commit(state, repository, sha), 201)


def _person(value: dict[str, str], now: datetime) -> Person:
    at = datetime.fromisoformat(value["date"]) if "date" in value else now
    return Person(value["name"], value["email"], at)


def _tree(state: "State", asked: Asked) -> Response:
    repository = asked.repository
    view = repository.view()
    sha = view.resolve(asked.path["sha"])
    sha = repository.objects.peel(sha) if sha else None
    if sha is not None and repository.objects.kind(sha) == "commit":
        sha = repository.objects.commit(sha).tree
    if sha is None or repository.objects.kind(sha) != "tree":
        raise missing()
    return answer(_shown_tree(state, repository, sha, recursive="recursive" in asked.query))


def _shown_tree(
    state: "State", repository: Repository, sha: str, *, recursive: bool
) -> dict[str, Any]:
    entries = [
        _shown_entry(state, repository, path, entry)
        for path, entry in _walk(repository, sha, "", recursive=recursive)
    ]
    return {
        "sha": sha,
        "url": f"{state.link(repository)}/git/trees/{sha}",
        "tree": entries,
        "truncated": False,
    }


def _walk(
    repository: Repository, sha: str, below: str, *, recursive: bool
) -> list[tuple[str, Entry]]:
    found = []
    for name, entry in repository.objects.tree(sha).items():
        found.append((below + name, entry))
        if recursive and entry.mode == FOLDER:
            found += _walk(repository, entry.sha, f"{below}{name}/", recursive=True)
    return found


def _shown_entry(state: "State", repository: Repository, path: str, entry: Entry) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "path": path,
        "mode": f"{entry.mode:06o}",
        "type": entry.kind,
        "sha": entry.sha,
    }
    if entry.kind == "blob":
        shown["size"] = len(repository.objects.blob(entry.sha))
    if entry.kind != "commit":
        shown["url"] = f"{state.link(repository)}/git/{entry.kind}s/{entry.sha}"
    return shown


def _create_tree(state: "State", asked: Asked) -> Response:
    body = asked.required("tree")
    repository, base = asked.repository, body.get("base_tree")
    if base is not None and repository.objects.kind(base) == "commit":
        base = repository.objects.commit(base).tree
    if base is not None and repository.objects.kind(base) != "tree":
        raise Refused(422, "base_tree is not a valid tree oid")
    changes = {str(one["path"]): _entry(repository, one) for one in body["tree"]}
    sha = repository.objects.edit_tree(base, changes)
    return answer(_shown_tree(state, repository, sha, recursive=False), 201)


def _entry(repository: Repository, one: dict[str, Any]) -> Entry | None:
    if "content" in one:
        sha = repository.objects.write("blob", str(one["content"]).encode())
    elif one.get("sha") is None:
        return None
    else:
        sha = str(one["sha"])
        if repository.objects.read(sha) is None:
            raise Refused(422, f"tree.sha {sha} is not a valid {one.get('type', 'blob')}")
    if one.get("mode") not in {"100644", "100755", "040000", "160000", "120000"}:
        raise Refused(422, "Must supply a valid tree.mode")
    return Entry(int(one["mode"], 8), sha)


def _blob(state: "State", asked: Asked) -> Response:
    repository, sha = asked.repository, asked.path["sha"]
    if repository.objects.kind(sha) != "blob":
        raise missing()
    data = repository.objects.blob(sha)
    if asked.accepts("raw"):
        return Response(data, content_type="application/vnd.github.raw; charset=utf-8")
    return answer(_shown_blob(state, repository, sha, data))


def _shown_blob(state: "State", repository: Repository, sha: str, data: bytes) -> dict[str, Any]:
    return {
        "sha": sha,
        "node_id": f"B_{repository.id}_{sha}",
        "size": len(data),
        "url": f"{state.link(repository)}/git/blobs/{sha}",
        "content": wrapped(data),
        "encoding": "base64",
    }


def wrapped(data: bytes) -> str:
    """Return base64 in lines of 60, each ended, as GitHub sends it."""
    text = base64.b64encode(data).decode()
    return "".join(text[at : at + 60] + "\n" for at in range(0, len(text), 60))


def _create_blob(state: "State", asked: Asked) -> Response:
    body = asked.required("content")
    content = str(body["content"])
    data = unwrapped(content) if body.get("encoding") == "base64" else content.encode()
    sha = asked.repository.objects.write("blob", data)
    url = f"{state.link(asked.repository)}/git/blobs/{sha}"
    return answer({"sha": sha, "url": url}, 201)


def unwrapped(text: str) -> bytes:
    """Return the bytes of a base64 text, line ends allowed.

    Raises:
        Refused: 422, it is not base64.
    """
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        raise Refused(422, "content is not valid Base64") from None


ROUTES = (
    Route("git_ref", "GET", "/git/ref/<path:ref>", _ref, READ),
    Route("git_refs", "GET", "/git/refs", _refs, READ),
    Route("git_matching_refs", "GET", "/git/matching-refs/<path:ref>", _refs, READ),
    Route("git_create_ref", "POST", "/git/refs", _create_ref, WRITE),
    Route("git_update_ref", "PATCH", "/git/refs/<path:ref>", _update_ref, WRITE),
    Route("git_delete_ref", "DELETE", "/git/refs/<path:ref>", _delete_ref, WRITE),
    Route("git_commit", "GET", "/git/commits/<sha>", _commit, READ),
    Route("git_create_commit", "POST", "/git/commits", _create_commit, WRITE),
    Route("git_tree", "GET", "/git/trees/<path:sha>", _tree, READ),
    Route("git_create_tree", "POST", "/git/trees", _create_tree, WRITE),
    Route("git_blob", "GET", "/git/blobs/<sha>", _blob, READ),
    Route("git_create_blob", "POST", "/git/blobs", _create_blob, WRITE),
)
