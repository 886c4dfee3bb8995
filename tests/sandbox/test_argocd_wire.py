"""Argo CD at the wire: content types, tokens, rights, routing, and where parameters count."""

from datetime import timedelta

import pytest

from sandbox.argocd import ArgoCD, Window
from tests.sandbox.argocd_ground import Ground, ground


@pytest.fixture(scope="module")
def g():
    with ground() as started:
        started.add_web(auto_sync=False, project="shop")
        started.add_web("far", namespace="team", auto_sync=False, project="shop")
        started.until(lambda: "reconciledAt" in started.argocd.application("web")["status"])
        yield started


def refusal(answer):
    body = answer.json()
    assert body["error"] == body["message"]
    return answer.status_code, body["code"], body["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", "/applications/web/sync", id="sync"),
        pytest.param("DELETE", "/applications/web/operation", id="delete, which has no body"),
        pytest.param("PUT", "/applications/web/spec", id="spec"),
        pytest.param("PATCH", "/applications/web", id="patch"),
        pytest.param("POST", "/nowhere", id="even where there is no route"),
    ],
)
@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "text/plain", None], ids=str
)
def test_a_write_without_the_exact_content_type_is_415_in_plain_text(g, method, path, content_type):
    request = g.client.build_request(method, f"/api/v1{path}", content=b"{}")
    del request.headers["Content-Type"]
    if content_type:
        request.headers["Content-Type"] = content_type
    answer = g.client.send(request)
    assert (415, "Invalid content type\n") == (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_a_read_needs_no_content_type(g):
    request = g.client.build_request("GET", "/api/v1/applications/web")
    del request.headers["Content-Type"]
    assert 200 == g.client.send(request).status_code


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        pytest.param("GET", "/api/v1/nowhere", (404, "Not Found\n"), id="unknown path"),
        pytest.param(
            "PUT", "/api/v1/applications/web/sync", (405, "Method Not Allowed\n"), id="method"
        ),
        pytest.param("GET", "/elsewhere", (404, "404 page not found\n"), id="outside the API"),
    ],
)
def test_routing_errors_are_plain_text(g, method, path, expected):
    answer = g.client.request(method, path, headers={"Accept": "*/*"})
    assert expected == (answer.status_code, answer.text)


def test_the_version_needs_no_login(g):
    answer = g.client.get("/api/version", headers={"Authorization": ""})
    assert {"Version": "v3.5.1+109ca7c"} == answer.json()


@pytest.mark.parametrize(
    ("header", "text"),
    [
        pytest.param("", "no session information", id="no token"),
        pytest.param("Bearer abc", "no session information", id="not three parts"),
        pytest.param("Bearer a.b.c", "invalid session: ", id="unknown token"),
    ],
)
def test_a_bad_token_is_401(g, header, text):
    answer = g.client.get("/api/v1/applications/web", headers={"Authorization": header})
    status, code, message = refusal(answer)
    assert (401, 16) == (status, code)
    assert text in message


@pytest.mark.parametrize("end", ["expires", "expired by hand", "revoked"])
def test_a_token_that_ended_is_an_invalid_session(g, end):
    lasts = timedelta(seconds=-1) if end == "expires" else timedelta(days=1)
    token = g.argocd.issue_token("proj:shop:late", lasts=lasts)
    if end == "revoked":
        g.argocd.revoke_token(token)
    if end == "expired by hand":
        g.argocd.expire_token(token)
    answer = g.client.get("/api/v1/applications", headers={"Authorization": f"Bearer {token}"})
    status, code, message = refusal(answer)
    assert (401, 16) == (status, code)
    assert message.startswith("invalid session: ")


@pytest.mark.parametrize(
    ("name", "query", "expected"),
    [
        pytest.param("web", {}, (200, None, None), id="there"),
        pytest.param("web", {"project": "shop"}, (200, None, None), id="there, in the project"),
        pytest.param("gone", {}, (403, 7, "permission denied"), id="missing, no project"),
        pytest.param(
            "gone",
            {"project": "shop"},
            (404, 5, 'applications.argoproj.io "gone" not found'),
            id="missing, with project",
        ),
        pytest.param(
            "web",
            {"project": "other"},
            (404, 5, 'applications.argoproj.io "web" not found'),
            id="in another project",
        ),
        pytest.param("far", {}, (403, 7, "permission denied"), id="in another namespace"),
        pytest.param("far", {"appNamespace": "team"}, (200, None, None), id="namespace said"),
        pytest.param("web", {"nonsense": "1"}, (200, None, None), id="unknown query is ignored"),
    ],
)
def test_what_a_read_of_one_application_answers(g, name, query, expected):
    answer = g.get(f"/applications/{name}", **query)
    found = (200, None, None) if answer.status_code == 200 else refusal(answer)
    assert expected == found


def test_a_token_of_another_project_is_denied_bare(g):
    token = g.argocd.issue_token(projects=["other"])
    headers = {"Authorization": f"Bearer {token}"}
    for query in ({}, {"project": "shop"}):
        answer = g.client.get("/api/v1/applications/web", params=query, headers=headers)
        assert (403, 7, "permission denied") == refusal(answer)
    items = g.client.get("/api/v1/applications", headers=headers).json()["items"]
    assert [] == items


@pytest.mark.parametrize(
    ("path", "body", "long"),
    [
        pytest.param("/sync", {}, True, id="sync names what was asked"),
        pytest.param("/rollback", {"id": 0}, False, id="rollback is bare"),
    ],
)
def test_a_missing_right_to_sync_is_told_by_its_text(g, path, body, long):
    token = g.argocd.issue_token("proj:shop:reader", rights=["applications/get"])
    answer = g.client.post(
        f"/api/v1/applications/web{path}",
        json=body | {"project": "shop"},
        headers={"Authorization": f"Bearer {token}"},
    )
    status, code, message = refusal(answer)
    assert (403, 7) == (status, code)
    if long:
        assert message.startswith(
            "permission denied: applications, sync, shop/web, sub: proj:shop:reader, iat: "
        )
    else:
        assert "permission denied" == message


def test_a_forbidden_application_is_denied_and_not_listed():
    with ground() as g:
        g.add_web(auto_sync=False)
        g.argocd.forbid("web")
        assert (403, 7, "permission denied") == refusal(g.get("/applications/web"))
        assert [] == g.get("/applications").json()["items"]


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "expected"),
    [
        pytest.param("POST", "/sync", {"project": "other"}, {}, 200, id="sync ignores the query"),
        pytest.param("POST", "/sync", {}, {"project": "other"}, 404, id="sync reads the body"),
        pytest.param(
            "POST",
            "/rollback",
            {"project": "other"},
            {"id": 77},
            400,
            id="rollback ignores the query",
        ),
        pytest.param(
            "POST", "/rollback", {}, {"id": 77, "project": "other"}, 404, id="rollback reads body"
        ),
        pytest.param(
            "DELETE", "/operation", {"project": "other"}, None, 404, id="terminate reads the query"
        ),
        pytest.param(
            "DELETE", "/operation", {}, {"project": "other"}, 400, id="terminate ignores the body"
        ),
        pytest.param("PUT", "/spec", {"project": "other"}, {}, 404, id="spec reads the query"),
    ],
)
def test_project_counts_only_in_its_own_place(method, path, query, body, expected):
    with ground() as g:
        g.add_web(auto_sync=False)
        answer = g.client.request(
            method, f"/api/v1/applications/web{path}", params=query, json=body
        )
        assert expected == answer.status_code, answer.text


def test_a_missing_required_field_is_500(g):
    expected = (500, 13, 'grpc: error while marshaling: proto: required field "id" not set')
    assert expected == refusal(g.post("/applications/web/rollback", {}))


def test_a_body_that_is_not_json_is_400(g):
    answer = g.client.post("/api/v1/applications/web/sync", content=b"{")
    assert (400, 3) == refusal(answer)[:2]


def test_unknown_fields_are_ignored_in_silence(g):
    assert 200 == g.post("/applications/web/sync", {"dryRun": True, "nonsense": 1}).status_code


def test_the_token_can_check_itself(g):
    assert "proj:default:chatops" == g.get("/session/userinfo").json()["username"]
    assert {"value": "yes"} == g.get("/account/can-i/applications/sync/shop/web").json()
    assert {"value": "no"} == g.get("/account/can-i/applications/delete/shop/web").json()


def test_revision_metadata_tells_the_commit(g):
    sha = g.gitops.push_web("9")
    shown = g.get(f"/applications/web/revisions/{sha}/metadata").json()
    assert ("Ann <ann@example.com>", "web 9") == (shown["author"], shown["message"])


def test_an_application_in_deletion_takes_no_operation():
    with ground() as g:
        g.add_web(auto_sync=False)
        g.argocd.mark_deleting("web")
        expected = (400, 9, "application is deleting")
        assert expected == refusal(g.post("/applications/web/sync", {}))


def test_a_root_path_belongs_in_every_url():
    with ground(root_path="/argo") as g:
        g.add_web(auto_sync=False)
        assert 200 == g.get("/applications/web").status_code
        bare = g.argocd.url.removesuffix("/argo")
        page = g.client.get(f"{bare}/api/v1/applications", headers={"Accept": "text/html"})
        assert "text/html" == page.headers["Content-Type"]


def test_syncwindows_tell_what_a_manual_sync_may():
    with ground() as g:
        g.add_web(auto_sync=False)
        assert {"canSync": True} == g.get("/applications/web/syncwindows").json()
        g.argocd.sync_window("web", Window("deny"))
        shown = g.get("/applications/web/syncwindows").json()
        assert not shown["canSync"]
        assert 1 == len(shown["activeWindows"]) == len(shown["assignedWindows"])


def test_a_token_without_three_parts_cannot_be_set_up(tmp_path):
    with pytest.raises(ValueError, match="three parts"):
        ArgoCD(Ground, lambda _url: tmp_path, token="secret")
