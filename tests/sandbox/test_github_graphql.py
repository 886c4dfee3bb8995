"""What GraphQL reads: one moment, GitHub's own schema, errors as HTTP 200."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from github import GithubException

from sandbox.github import GitHub, Wording
from tests.sandbox.github_ground import FILES, REPO, ask, http, pygithub, world

SNAPSHOT = """query($o:String!,$n:String!,$ref:String!,$p0:String!,$p1:String!){
 repository(owner:$o,name:$n){ref(qualifiedName:$ref){target{oid ... on Commit{tree{oid}
  f0:file(path:$p0){mode type object{... on Blob{oid isTruncated isBinary text}}}
  f1:file(path:$p1){mode type object{... on Blob{oid isTruncated isBinary text}}}
  history(first:30){nodes{oid messageBody}}}}}}}"""
API = "apps/api/values.yaml"


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[GitHub]:
    with world(tmp_path) as started:
        yield started


@pytest.fixture
def plain(fake: GitHub) -> Iterator[httpx.Client]:
    with http(fake) as opened:
        yield opened


def snapshot(plain: httpx.Client, *paths: str, ref: str = "refs/heads/main"):
    first, second = [*paths, "none"][:2]
    found = ask(plain, SNAPSHOT, o="acme", n="gitops", ref=ref, p0=first, p1=second)
    return found["data"]["repository"]["ref"]


def test_one_query_gives_head_files_and_messages(fake: GitHub, plain: httpx.Client):
    fake.push(REPO, "main", {"x": "1"}, message="deploy\n\nDeploy-Op: 7")
    target = snapshot(plain, API, "run.sh")["target"]
    assert target["oid"] == fake.head(REPO)
    assert target["f0"]["object"]["text"] == FILES[API]
    assert (target["f0"]["mode"], target["f1"]["mode"]) == (0o100644, 0o100755)
    assert target["history"]["nodes"][0] == {"oid": target["oid"], "messageBody": "Deploy-Op: 7"}


def test_a_blobs_oid_is_gits_hash_of_its_bytes(plain: httpx.Client):
    blob = snapshot(plain, API)["target"]["f0"]["object"]
    data = blob["text"].encode()
    digest = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    assert blob["oid"] == digest


def test_a_missing_branch_and_a_missing_file_are_null(plain: httpx.Client):
    assert snapshot(plain, API, ref="refs/heads/none") is None
    assert snapshot(plain, "no/such.yaml")["target"]["f0"] is None


def test_binary_text_is_null(fake: GitHub, plain: httpx.Client):
    fake.push(REPO, "main", {"logo.png": b"\x89PNG\0\xff"})
    blob = snapshot(plain, "logo.png")["target"]["f0"]["object"]
    assert (blob["isBinary"], blob["text"]) == (True, None)


def test_long_text_is_cut(fake: GitHub, plain: httpx.Client):
    fake.state.text_limit = 10
    blob = snapshot(plain, API)["target"]["f0"]["object"]
    assert (blob["isTruncated"], blob["text"]) == (True, FILES[API][:10])


def test_a_folder_is_no_blob(plain: httpx.Client):
    entry = snapshot(plain, "apps")["target"]["f0"]
    assert (entry["type"], entry["object"]) == ("tree", {})


def test_a_field_that_githubs_schema_has_not_is_an_error_and_remembered(
    fake: GitHub, plain: httpx.Client
):
    found = ask(plain, "{viewer{login shoeSize}}")
    (error,) = found["errors"]
    assert "data" not in found
    assert error["message"] == "Field 'shoeSize' doesn't exist on type 'User'"
    assert error["extensions"]["code"] == "undefinedField"
    assert len(fake.strange) == 1


def test_a_field_that_only_the_fake_has_not_is_remembered_too(fake: GitHub, plain: httpx.Client):
    assert "errors" in ask(plain, "{viewer{login bioHTML}}")
    assert "User.bioHTML" in fake.strange[0]


def test_an_unknown_repository_is_not_found(fake: GitHub, plain: httpx.Client):
    found = ask(plain, '{repository(owner:"acme",name:"none"){id}}')
    (error,) = found["errors"]
    assert found["data"] == {"repository": None}
    assert (error["type"], error["path"]) == ("NOT_FOUND", ["repository"])
    assert error["message"] == "Could not resolve to a Repository with the name 'acme/none'."
    assert fake.strange == []


def test_pygithub_turns_any_error_into_status_400_without_a_message(fake: GitHub):
    with pytest.raises(GithubException) as refused:
        pygithub(fake).requester.graphql_query("{viewer{login shoeSize}}", {})
    assert (refused.value.status, refused.value.message) == (400, None)


def test_a_renamed_repository_is_followed(fake: GitHub, plain: httpx.Client):
    fake.rename(REPO, "acme/deployment")
    query = '{repository(owner:"acme",name:"gitops"){nameWithOwner}}'
    assert ask(plain, query)["data"]["repository"] == {"nameWithOwner": "acme/deployment"}
    strict = '{repository(owner:"acme",name:"gitops",followRenames:false){nameWithOwner}}'
    assert ask(plain, strict)["errors"][0]["type"] == "NOT_FOUND"


def test_one_query_sees_one_moment(fake: GitHub, plain: httpx.Client):
    """Two aliases of a lagging repository take one of its stale reads, and agree."""
    old = fake.head(REPO)
    fake.stale(REPO, calls=1)
    new = fake.push(REPO, "main", {"x": "1"})
    query = """{repository(owner:"acme",name:"gitops"){
      a:ref(qualifiedName:"refs/heads/main"){target{oid}} b:object(expression:"main"){oid}}}"""
    first, second = ask(plain, query), ask(plain, query)
    assert first["data"]["repository"] == {"a": {"target": {"oid": old}}, "b": {"oid": old}}
    assert second["data"]["repository"]["a"]["target"]["oid"] == new


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        pytest.param("main", "Commit", id="branch"),
        pytest.param("v1", "Tag", id="annotated tag"),
        pytest.param("main:apps", "Tree", id="folder"),
        pytest.param("main:run.sh", "Blob", id="file"),
        pytest.param("none", None, id="nothing"),
    ],
)
def test_an_expression_names_an_object(
    fake: GitHub, plain: httpx.Client, expression: str, kind: str | None
):
    fake.tag(REPO, "v1", fake.head(REPO), message="annotated")
    query = """query($e:String!){repository(owner:"acme",name:"gitops"){
      object(expression:$e){__typename oid ... on Tag{target{oid}}}}}"""
    found = ask(plain, query, e=expression)["data"]["repository"]["object"]
    assert (found and found["__typename"]) == kind
    if kind == "Tag":
        assert found["target"]["oid"] == fake.head(REPO)


def test_history_comes_in_pages_and_by_path(fake: GitHub, plain: httpx.Client):
    for number in range(4):
        fake.push(REPO, "main", {f"{number % 2}.txt": str(number)}, message=f"change {number}")
    query = """query($after:String,$path:String){repository(owner:"acme",name:"gitops"){
     ref(qualifiedName:"refs/heads/main"){target{... on Commit{
      history(first:2,after:$after,path:$path){
        nodes{messageHeadline} pageInfo{hasNextPage endCursor}}}}}}}"""

    def page(**words: str):
        found = ask(plain, query, **words)["data"]["repository"]["ref"]["target"]["history"]
        return [one["messageHeadline"] for one in found["nodes"]], found["pageInfo"]

    first, info = page()
    second, _ = page(after=info["endCursor"])
    assert (first, second) == (["change 3", "change 2"], ["change 1", "change 0"])
    assert page(path="1.txt")[0] == ["change 3", "change 1"]


@pytest.mark.parametrize(
    ("bounds", "kind"),
    [
        pytest.param("", "MISSING_PAGINATION_BOUNDARIES", id="none"),
        pytest.param("(first:101)", "EXCESSIVE_PAGINATION", id="more than 100"),
    ],
)
def test_a_connection_wants_its_bounds(plain: httpx.Client, bounds: str, kind: str):
    query = f"""{{repository(owner:"acme",name:"gitops"){{object(expression:"main"){{
      ... on Commit{{history{bounds}{{nodes{{oid}}}}}}}}}}}}"""
    assert ask(plain, query)["errors"][0]["type"] == kind


def test_compare_needs_a_reference_as_base(fake: GitHub, plain: httpx.Client):
    fake.create_branch(REPO, "old")
    fake.push(REPO, "main", {"x": "1"}, message="ahead")
    query = """{repository(owner:"acme",name:"gitops"){ref(qualifiedName:"old"){
      compare(headRef:"main"){status aheadBy behindBy commits(first:9){nodes{message}}}}}}"""
    found = ask(plain, query)["data"]["repository"]["ref"]["compare"]
    assert found == {
        "status": "AHEAD",
        "aheadBy": 1,
        "behindBy": 0,
        "commits": {"nodes": [{"message": "ahead"}]},
    }


def test_an_author_is_known_by_the_address(fake: GitHub, plain: httpx.Client):
    fake.add_user("eve", number=42)
    fake.push(REPO, "main", {"x": "1"}, author=("Eve", "42+eve@users.noreply.github.com"))
    query = """{repository(owner:"acme",name:"gitops"){object(expression:"main"){
      ... on Commit{author{name user{login databaseId}}}}}}"""
    found = ask(plain, query)["data"]["repository"]["object"]["author"]
    assert found == {"name": "Eve", "user": {"login": "eve", "databaseId": 42}}


def test_a_token_without_contents_is_told_so(fake: GitHub):
    fake.add_token("ghp_little", "bo", {"metadata": "read"})
    with http(fake, "ghp_little") as plain:
        found = ask(
            plain, '{repository(owner:"acme",name:"gitops"){ref(qualifiedName:"main"){id}}}'
        )
    (error,) = found["errors"]
    assert error["type"] == "FORBIDDEN"
    assert error["message"] == "Resource not accessible by personal access token"


@pytest.mark.parametrize(
    ("wording", "kind", "code", "text"),
    [
        pytest.param(
            Wording.RATE_LIMITED, "RATE_LIMITED", None, "API rate limit exceeded", id="old"
        ),
        pytest.param(
            Wording.RATE_LIMIT,
            "RATE_LIMIT",
            "graphql_rate_limit",
            "API rate limit already exceeded for user ID ",
            id="new",
        ),
    ],
)
def test_a_used_up_bucket_is_http_200(
    fake: GitHub, plain: httpx.Client, wording: Wording, kind: str, code: str | None, text: str
):
    fake.rate_limit("graphql", wording=wording)
    found = ask(plain, "{viewer{login}}")
    (error,) = found["errors"]
    assert (error["type"], error.get("code")) == (kind, code)
    assert error["message"].startswith(text)
    assert plain.get("/user").status_code == 200, "REST has a bucket of its own"


def test_the_bucket_can_be_asked(plain: httpx.Client):
    ask(plain, "{viewer{login}}")
    found = ask(plain, "{rateLimit{cost limit remaining used}}")["data"]["rateLimit"]
    assert found == {"cost": 1, "limit": 5000, "remaining": 4998, "used": 2}


@pytest.mark.parametrize(
    ("token", "text"),
    [
        pytest.param(None, "This endpoint requires you to be authenticated.", id="none"),
        pytest.param("ghp_unknown", "Bad credentials", id="unknown"),
    ],
)
def test_without_a_good_token_it_is_401(fake: GitHub, token: str | None, text: str):
    with http(fake, token) as plain:
        url = f"{fake.url}/api/graphql"
        response = plain.post(url, json={"query": "{viewer{login}}"})
    assert (response.status_code, response.json()["message"]) == (401, text)
