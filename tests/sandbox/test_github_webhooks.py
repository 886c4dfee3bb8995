"""Webhooks: signed over the raw body, never sent again by themselves, redelivered by GUID."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from werkzeug.wrappers import Request, Response

from sandbox.github import GitHub
from sandbox.github.webhooks import signature
from sandbox.wire import Fault, Wire, answer
from tests.sandbox.github_ground import Still, http, keys, world

SECRET = "shh"
PUSH = {"ref": "refs/heads/main", "after": "a" * 40}


class Listener(Wire):
    """Somebody who subscribed."""

    def __init__(self) -> None:
        super().__init__("listener")
        self.route("hook", ["POST"], "/hook", self._hook)

    def _hook(self, _request: Request) -> Response:
        return answer({})


@pytest.fixture
def listener() -> Iterator[Listener]:
    started = Listener()
    started.start()
    yield started
    started.stop()


@pytest.fixture
def fake(tmp_path: Path, listener: Listener) -> Iterator[GitHub]:
    with world(tmp_path) as started:
        started.add_app(1, keys()[1], 7, {"contents": "write"})
        started.subscribe(f"{listener.url}/hook", SECRET)
        yield started


def app(fake: GitHub):
    now = int(time.time())
    return http(fake, jwt.encode({"iat": now, "exp": now + 60, "iss": "1"}, keys()[0], "RS256"))


def test_the_signature_is_githubs_own_example():
    """Source: GitHub Docs, "Validating webhook deliveries"."""
    assert signature("It's a Secret to Everybody", b"Hello, World!") == (
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )


def test_a_delivery_is_signed_over_its_raw_body(fake: GitHub, listener: Listener):
    done = fake.deliver("push", PUSH)
    (call,) = listener.calls
    expected = hmac.new(SECRET.encode(), call.body, hashlib.sha256).hexdigest()
    assert call.headers["X-Hub-Signature-256"] == f"sha256={expected}"
    assert (call.headers["X-Github-Event"], json.loads(call.body)) == ("push", PUSH)
    assert (call.headers["X-Github-Delivery"], done.status) == (done.guid, 200)


def test_nothing_is_sent_again_by_itself(fake: GitHub, listener: Listener):
    listener.arm("hook", Fault(answer=lambda: answer({}, 500)))
    assert fake.deliver("push", PUSH).status == 500
    assert len(listener.calls) == 1


def test_a_redelivery_keeps_the_guid_and_the_body(fake: GitHub, listener: Listener):
    listener.arm("hook", Fault(drop="before"))
    lost = fake.deliver("push", PUSH)
    again = fake.redeliver(lost)
    assert (lost.status, again.status) == (0, 200)
    assert (again.guid, again.body, again.redelivery) == (lost.guid, lost.body, True)
    assert again.id != lost.id


def test_an_event_may_come_twice_under_one_guid(fake: GitHub, listener: Listener):
    for _ in range(2):
        fake.deliver("push", PUSH, guid="one")
    assert [call.headers["X-Github-Delivery"] for call in listener.calls] == ["one", "one"]


def test_lost_deliveries_are_found_and_sent_again_by_the_app(fake: GitHub, listener: Listener):
    listener.arm("hook", Fault(answer=lambda: answer({}, 502)))
    lost = fake.deliver("push", PUSH)
    fake.deliver("push", PUSH)
    with app(fake) as plain:
        failed = plain.get("/app/hook/deliveries", params={"status": "failure"}).json()
        assert [(one["guid"], one["status_code"]) for one in failed] == [(lost.guid, 502)]
        attempt = plain.post(f"/app/hook/deliveries/{failed[0]['id']}/attempts")
        assert attempt.status_code == 202
        everything = plain.get("/app/hook/deliveries").json()
        detail = plain.get(f"/app/hook/deliveries/{failed[0]['id']}").json()
    assert [one["redelivery"] for one in everything] == [True, False, False]
    assert detail["request"]["payload"] == PUSH
    assert listener.calls[-1].headers["X-Github-Delivery"] == lost.guid


def test_only_the_app_itself_sees_deliveries(fake: GitHub):
    with http(fake) as plain:
        assert plain.get("/app/hook/deliveries").status_code == 401
    with app(fake) as plain:
        assert plain.post("/app/hook/deliveries/1/attempts").status_code == 404


def test_the_list_is_turned_by_cursors_and_by_no_page(fake: GitHub):
    made = [fake.deliver("push", PUSH).id for _ in range(5)]
    with app(fake) as plain:
        first = plain.get("/app/hook/deliveries", params={"per_page": 2, "page": 2})
        second = plain.get(first.links["next"]["url"])
        third = plain.get(second.links["next"]["url"])
        odd = plain.get("/app/hook/deliveries", params={"cursor": "2"})
    shown = [[one["id"] for one in answer.json()] for answer in (first, second, third)]
    assert [made[:2:-1], made[2:0:-1], made[:1]] == shown
    assert ({}, 400) == (third.links, odd.status_code)


def test_after_three_days_a_delivery_is_gone(tmp_path: Path, listener: Listener):
    clock = Still()
    with world(tmp_path, clock) as fake:
        fake.add_app(1, keys()[1], 7, {"contents": "write"})
        fake.subscribe(f"{listener.url}/hook", SECRET)
        old = fake.deliver("push", PUSH)
        clock.advance(days=3, seconds=1)
        with app(fake) as plain:
            assert [] == plain.get("/app/hook/deliveries").json()
            assert 404 == plain.post(f"/app/hook/deliveries/{old.id}/attempts").status_code
