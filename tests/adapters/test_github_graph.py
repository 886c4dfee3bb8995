"""What a GraphQL answer shows of a branch is believed only where it fits its object ids."""

import base64
import copy

import pytest

from bot.adapters.github.snapshots import File, Recent, Snapshot, blob_id
from bot.adapters.gitops import GitOps
from bot.domain.errors import BranchMissing, Garbled, NotFound, Rejected, Unavailable
from sandbox.wire import Fault, Wire, answer
from tests.adapters.github_world import github

HEAD, TREE, OLDER, OTHER = "a" * 40, "b" * 40, "c" * 40, "d" * 40
TEXT = b"tag: one # keep\r\n"


def entry(content=TEXT, mode=0o100644, **held):
    held = {"text": content.decode("utf-8", "replace")} | held
    return {"mode": mode, "oid": blob_id(content), "object": held}


def branch(*entries, nodes=None):
    files = {f"f{n}": shown for n, shown in enumerate(entries)}
    nodes = nodes or [{"oid": HEAD, "message": "newest"}, {"oid": OLDER, "message": "a\n\nKey: 1"}]
    target = {"oid": HEAD, "tree": {"oid": TREE}, "history": {"nodes": nodes}, **files}
    return {"repository": {"nameWithOwner": "acme/gitops", "ref": {"target": target}}}


class OneBranch(Wire):
    """A GitHub whose GraphQL always gives the same answer, and whose objects can be fetched."""

    def __init__(self):
        super().__init__("GitHub")
        self.body = {"data": branch(entry())}
        self.objects = {}
        self.route("graphql", ["POST"], "/graphql", lambda _request: answer(self.body))
        self.route("blob", ["GET"], "/repos/acme/gitops/git/blobs/<sha>", self.blob)

    def blob(self, request, sha):
        encoded = base64.encodebytes(self.objects[sha]).decode()
        return answer({"content": encoded, "encoding": "base64"})


@pytest.fixture
def wire():
    wire = OneBranch()
    wire.start()
    yield wire
    wire.stop()
    assert wire.strange == []


@pytest.fixture
def gitops(wire):
    door = github(wire.url)
    yield GitOps(door)
    door.close()


def read(gitops, *files):
    return gitops.read("acme/gitops", "main", files or ("values.yaml",))


def test_a_branch_is_read_by_one_request(wire, gitops):
    expected = Snapshot(
        "acme/gitops",
        "main",
        HEAD,
        TREE,
        {"values.yaml": File(TEXT, blob_id(TEXT), 0o100644)},
        (Recent(HEAD, "newest"), Recent(OLDER, "a\n\nKey: 1")),
    )

    assert expected == read(gitops)
    assert 1 == len(wire.calls)


def test_a_file_asked_for_twice_is_read_once(wire, gitops):
    assert ["values.yaml"] == list(read(gitops, "values.yaml", "values.yaml").files)


def test_an_absent_file_is_none(wire, gitops):
    wire.body = {"data": branch(None)}

    assert {"values.yaml": None} == read(gitops).files


@pytest.mark.parametrize(
    ("content", "held"),
    [
        pytest.param(b"\xff\xfe\x00binary", {"text": None}, id="binary"),
        pytest.param(TEXT * 9, {"text": TEXT.decode()}, id="cut"),
        pytest.param(b"\xef\xbb\xbftag: one\n", {"text": "tag: one\n"}, id="byte order mark lost"),
        pytest.param("tag: \xe9\n".encode("latin-1"), {}, id="not UTF-8"),
    ],
)
def test_a_text_that_does_not_fit_its_id_is_fetched_whole(wire, gitops, content, held):
    wire.body = {"data": branch(entry(content, **held))}
    wire.objects[blob_id(content)] = content

    assert {"values.yaml": File(content, blob_id(content))} == read(gitops).files
    assert 1 == wire.count("blob")


def test_a_text_that_never_fits_its_id_is_distrusted(wire, gitops):
    wire.body = {"data": branch(entry(TEXT, text=None))}
    wire.objects[blob_id(TEXT)] = TEXT + b"!"

    with pytest.raises(Garbled, match="does not match its id"):
        read(gitops)


@pytest.mark.parametrize(
    ("mode", "word"),
    [
        pytest.param(0o120000, "a symbolic link", id="link"),
        pytest.param(0o040000, "a directory", id="directory"),
        pytest.param(0o160000, "a submodule", id="submodule"),
    ],
)
def test_what_is_no_file_is_refused_by_its_name(wire, gitops, mode, word):
    shown = entry(mode=mode)
    shown["object"] = None if mode == 0o160000 else {}
    wire.body = {"data": branch(shown)}

    with pytest.raises(Rejected, match=f"values.yaml is {word}"):
        read(gitops)


def test_a_missing_branch_is_told_apart_from_a_missing_repository(wire, gitops):
    wire.body = {"data": {"repository": {"nameWithOwner": "acme/gitops", "ref": None}}}
    with pytest.raises(BranchMissing, match="acme/gitops has no branch main"):
        read(gitops)

    error = {"type": "NOT_FOUND", "message": "Could not resolve to a Repository"}
    wire.body = {"data": {"repository": None}, "errors": [error]}
    with pytest.raises(NotFound) as caught:
        read(gitops)
    assert type(caught.value) is NotFound


def test_part_of_an_answer_is_not_taken_for_the_whole(wire, gitops):
    wire.body = {"data": branch(None), "errors": [{"message": "Something went wrong"}]}

    with pytest.raises(Unavailable):
        read(gitops)


ODD = [
    ("repository", "nameWithOwner"),
    ("repository", "ref"),
    ("repository", "ref", "target"),
    ("repository", "ref", "target", "oid"),
    ("repository", "ref", "target", "tree"),
    ("repository", "ref", "target", "f0"),
    ("repository", "ref", "target", "f0", "oid"),
    ("repository", "ref", "target", "f0", "mode"),
    ("repository", "ref", "target", "history"),
    ("repository", "ref", "target", "history", "nodes"),
]


PUTS = [
    pytest.param(path, put, id=f"{'.'.join(path)} {put!r}")
    for path in ODD
    for put in ({}, [], 7, "odd", False)
    # An empty list of commits is no wrong shape, and a name is any text.
    if (path[-1], put) not in [("nodes", []), ("nodes", {}), ("nameWithOwner", "odd")]
]


@pytest.mark.parametrize(("path", "put"), PUTS)
def test_a_field_of_the_wrong_shape_is_garbled(wire, gitops, path, put):
    data = branch(entry())
    inner = data
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = put
    wire.body = {"data": data}

    with pytest.raises((Garbled, Rejected)):
        read(gitops)


@pytest.mark.parametrize("path", ODD, ids=".".join)
def test_a_missing_field_is_garbled(wire, gitops, path):
    data = copy.deepcopy(branch(entry()))
    inner = data
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    wire.body = {"data": data}

    with pytest.raises(Garbled):
        read(gitops)


# commits


def committed(wire, gitops, body):
    snapshot = read(gitops)
    wire.body = body
    return gitops.commit(snapshot, {"values.yaml": b"tag: two\n"}, "deploy", "Key: 1", "1")


def test_a_commit_counts_even_if_something_else_went_wrong(wire, gitops):
    made = {"oid": OTHER, "url": "https://x/commit/d"}
    body = {"data": {"createCommitOnBranch": {"commit": made}}, "errors": [{"message": "odd"}]}

    assert OTHER == committed(wire, gitops, body).sha


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"data": {"createCommitOnBranch": None}}, id="nothing"),
        pytest.param({"data": {"createCommitOnBranch": {"commit": None}}}, id="no commit"),
        pytest.param({"data": {"createCommitOnBranch": {"commit": {"oid": "d"}}}}, id="no sha"),
        pytest.param("text", id="no object"),
    ],
)
def test_a_commit_that_nobody_can_confirm_is_unsure(wire, gitops, body):
    with pytest.raises(Unavailable):
        committed(wire, gitops, body)


def test_a_lost_commit_is_unsure_and_not_sent_again(wire, gitops):
    snapshot = read(gitops)
    wire.arm("graphql", Fault(drop="after"))

    with pytest.raises(Unavailable):
        gitops.commit(snapshot, {"values.yaml": b"tag: two\n"}, "deploy", "Key: 1", "1")
    assert 2 == wire.count("graphql")


@pytest.mark.parametrize(
    ("files", "body", "words"),
    [
        pytest.param({"values.yaml": b"new"}, "no key", "does not name its operation", id="key"),
        pytest.param({"other.yaml": b"new"}, "Key: 1", "not read before", id="unread"),
        pytest.param({"values.yaml": TEXT}, "Key: 1", "nothing would change", id="same"),
    ],
)
def test_a_commit_that_could_do_harm_is_a_mistake_of_ours(wire, gitops, files, body, words):
    snapshot = read(gitops)

    with pytest.raises(ValueError, match=words):
        gitops.commit(snapshot, files, "deploy", body, "1")
    assert 1 == len(wire.calls)


def test_our_commit_is_found_by_a_whole_line_of_its_message(wire, gitops):
    snapshot = read(gitops)

    assert (OLDER, None) == (snapshot.commit_with("Key: 1"), snapshot.commit_with("Key:"))
