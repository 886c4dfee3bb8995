import json

import pytest

from bot.domain.drift.difference import HIDDEN, MOST_LINES, MOST_OBJECTS, Managed, differences

PASSWORD = "hunter2-do-not-show"
PEM = f"-----BEGIN PRIVATE KEY-----\nMII\n{PASSWORD}\n-----END PRIVATE KEY-----\n"


def managed(live, wanted, kind="Deployment", name="web"):
    return Managed(kind, name, "shop", live, wanted)


def shown(*objects):
    return "\n".join(line for one in differences(objects).objects for line in one.lines)


def test_only_what_differs_is_shown_with_what_stands_around_it():
    live = {"spec": {"replicas": 7, "paused": False}, "kind": "Deployment"}
    one = managed(live, {**live, "spec": {"replicas": 2, "paused": False}})
    same = managed(live, dict(live), name="other")
    (only,) = differences([same, one]).objects
    assert "Deployment/web" == only.label
    assert '-  "replicas": 7' in only.lines
    assert '+  "replicas": 2' in only.lines


@pytest.mark.parametrize(
    ("live", "wanted", "sign"),
    [
        pytest.param({"a": 1}, None, "-", id="Git has it no more"),
        pytest.param(None, {"a": 1}, "+", id="not there yet"),
    ],
)
def test_what_is_on_one_side_alone(live, wanted, sign):
    (only,) = differences([managed(live, wanted)]).objects
    assert {sign} == {line[0] for line in only.lines if not line.startswith("@@")}


def test_of_a_secret_only_the_name_is_said():
    one = managed({"data": {"x": PASSWORD}}, {"data": {"x": "other"}}, kind="Secret")
    found = differences([one])
    assert (True, ()) == (found.objects[0].secret, found.objects[0].lines)
    assert PASSWORD not in repr(found)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"password": PASSWORD}, id="by its key"),
        pytest.param({"dbPassword": PASSWORD}, id="by the end of its key"),
        pytest.param({"stringData": {"API_TOKEN": PASSWORD}}, id="deep"),
        pytest.param({"env": [{"name": "DB_PASSWORD", "value": PASSWORD}]}, id="env"),
        pytest.param({"apiKey": {"nested": [PASSWORD]}}, id="all below it"),
        pytest.param({"url": f"postgres://app:{PASSWORD}@db/shop"}, id="in an address"),
        pytest.param({"args": [f"--dsn=redis://x:{PASSWORD}@cache"]}, id="in an argument"),
        pytest.param({"args": ["--password", PASSWORD]}, id="behind its flag"),
        pytest.param({"args": [f"--admin-password={PASSWORD}"]}, id="with its flag"),
        pytest.param({"data": {"a.yaml": f"db:\n  password: {PASSWORD}\n"}}, id="YAML in a text"),
        pytest.param({"data": {"env": f"A=1\nDB_PASSWORD={PASSWORD}\nB=2"}}, id="lines in a text"),
        pytest.param(
            {"data": {"values": f"env:\n- name: DB_PASSWORD\n  value: {PASSWORD}\n"}},
            id="env in a text",
        ),
        pytest.param(
            {"applied": json.dumps({"env": [{"name": "API_TOKEN", "value": PASSWORD}]})},
            id="JSON in a text",
        ),
        pytest.param({"data": {"x": f"Authorization: Bearer {PASSWORD}"}}, id="a header"),
        pytest.param({"data": {"x": PEM}}, id="a private key"),
        pytest.param({"data": {"x": "gh" + "p_" + PASSWORD.replace("-", "x")}}, id="by its looks"),
    ],
)
def test_what_may_be_secret_is_hidden_on_both_sides(value):
    text = shown(managed({**value, "n": 1}, {"n": 2}), managed({"n": 1}, {**value, "n": 2}))
    assert PASSWORD not in text
    assert PASSWORD.replace("-", "x") not in text
    assert HIDDEN in text


def test_what_is_long_is_cut_and_counted():
    live = {f"k{n:03}": n for n in range(300)}
    found = differences([managed(live, dict.fromkeys(live, -1)), managed({"a": 1}, {"a": 2})])
    assert MOST_LINES == sum(len(one.lines) for one in found.objects)
    assert found.more > 300
    assert json.dumps(found.objects[0].lines)


def test_of_very_many_objects_the_first_are_shown_and_the_rest_counted():
    many = [managed({"a": 1}, {"a": 2}, kind="Secret", name=f"s{n}") for n in range(40)]
    found = differences(many)
    assert (MOST_OBJECTS, 40 - MOST_OBJECTS) == (len(found.objects), found.others)
