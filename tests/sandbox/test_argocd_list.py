"""List: its white list of fields, its filters, and how it lags behind GET."""

import pytest

from tests.sandbox.argocd_ground import ground


@pytest.fixture(scope="module")
def g():
    with ground() as started:
        sha = started.gitops.push_web("1")
        started.add_web(project="shop")
        started.add_web("api", project="other", auto_sync=False)
        started.add_web("web2", namespace="team", auto_sync=False)
        started.live(sha)
        yield started


def items(g, **query):
    answer = g.get("/applications", **query)
    assert 200 == answer.status_code
    return answer.json()["items"]


def test_it_shows_everything_by_name(g):
    assert ["api", "web", "web2"] == [each["metadata"]["name"] for each in items(g)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"projects": "shop"}, ["web"], id="project"),
        pytest.param({"appNamespace": "team"}, ["web2"], id="namespace"),
        pytest.param({"name": "api"}, ["api"], id="name"),
        pytest.param({"name": "nobody"}, [], id="nobody"),
        pytest.param({"repo": "https://example.com"}, [], id="another repository"),
        pytest.param({"selector": "a=b"}, [], id="label"),
        pytest.param({"nonsense": "x"}, ["api", "web", "web2"], id="unknown query"),
    ],
)
def test_filters(g, query, expected):
    assert expected == [each["metadata"]["name"] for each in items(g, **query)]


def test_fields_are_a_white_list(g):
    fields = ",".join(
        f"items.{path}"
        for path in (
            "metadata.name",
            "metadata.uid",
            "status.sync.status",
            "status.sync.revision",
            "status.reconciledAt",
            "status.history",
            "status.operationState.phase",
            "status.operationState.message",
        )
    )
    [found] = items(g, projects="shop", fields=fields)
    assert {
        "metadata": {"name": "web"},
        "status": {
            "sync": {
                "status": "Synced",
                "revision": g.argocd.application("web")["status"]["sync"]["revision"],
            },
            "operationState": {"phase": "Succeeded"},
        },
    } == found


def test_the_operation_s_sync_is_really_the_sync_result(g):
    [found] = items(g, projects="shop", fields="items.status.operationState.operation.sync")
    assert "resources" in found["status"]["operationState"]["operation"]["sync"]


@pytest.mark.parametrize("fields", ["items.spec,items.spec.project", "-items.spec"])
def test_mixed_and_excluding_fields_fail(g, fields):
    assert 500 == g.get("/applications", fields=fields).status_code


def test_before_3_5_the_revision_is_not_on_the_list():
    with ground(version="v3.4.2") as g:
        g.live(g.add_web() and g.gitops.push_web("1"))
        fields = "items.metadata.name,items.status.sync.revision"
        assert [{"metadata": {"name": "web"}}] == items(g, fields=fields)


def test_health_of_single_resources_is_in_get_and_not_in_list(g):
    assert "health" in g.get("/applications/web").json()["status"]["resources"][0]
    [found] = items(g, projects="shop")
    assert "health" not in found["status"]["resources"][0]


def test_before_3_0_health_is_in_list_too():
    with ground(version="v2.14.0") as g:
        g.live(g.add_web() and g.gitops.push_web("1"))
        assert "health" in items(g)[0]["status"]["resources"][0]


def test_list_lags_behind_get():
    with ground() as g:
        g.live(g.add_web() and g.gitops.push_web("1"))
        g.argocd.stale_list(36000)
        sha = g.gitops.push_web("2")
        g.get("/applications/web", refresh="normal")
        assert sha == g.live(sha)["status"]["sync"]["revision"]
        assert sha != items(g)[0]["status"]["sync"]["revision"]
        nodes = g.get("/applications/web/resource-tree").json()["nodes"]
        assert {"ghcr.io/acme/web:1"} == {i for each in nodes for i in each.get("images", [])}


def test_one_name_in_two_namespaces_is_two_applications():
    with ground() as g:
        g.add_web(auto_sync=False)
        g.add_web(namespace="team", auto_sync=False)
        uids = {each["metadata"]["uid"] for each in items(g)}
        assert 2 == len(uids)
        with pytest.raises(KeyError, match="2 applications are called web"):
            g.argocd.application("web")
        assert "team" == g.argocd.application(("team", "web"))["metadata"]["namespace"]
        assert 1 == len(items(g, name="web"))
