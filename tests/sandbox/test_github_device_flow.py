"""The fake's device flow keeps GitHub's pace and GitHub's words."""

from urllib.parse import parse_qs

import httpx
import pytest

from tests.sandbox.github_ground import Still, http, world

APP = "Iv1.sandbox"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def clock():
    return Still()


@pytest.fixture
def fake(tmp_path, clock):
    with world(tmp_path, clock) as fake:
        fake.allow_device_flow(APP)
        yield fake
        assert [] == fake.strange


@pytest.fixture
def site(fake):
    with httpx.Client(base_url=fake.url, headers={"Accept": "application/json"}) as site:
        yield site


def begin(site):
    return site.post("/login/device/code", data={"client_id": APP}).json()


def poll(site, code, **change):
    order = {"client_id": APP, "device_code": code["device_code"], "grant_type": GRANT}
    return site.post("/login/oauth/access_token", data=order | change).json()


def test_an_approved_code_gives_one_token_of_that_person(fake, site, clock):
    code = begin(site)
    assert (900, 5) == (code["expires_in"], code["interval"])
    assert "authorization_pending" == poll(site, code)["error"]
    fake.approve_device(code["user_code"].lower(), "alice")
    clock.advance(seconds=5)

    token = poll(site, code)["access_token"]

    assert token.startswith("ghu_")
    with http(fake, token) as plain:
        assert "alice" == plain.get("/user").json()["login"]
        assert 404 == plain.get("/repos/acme/other").status_code
    clock.advance(seconds=5)
    assert "incorrect_device_code" == poll(site, code)["error"]


def test_who_asks_too_soon_must_ask_slower_from_then_on(site, clock):
    code = begin(site)
    poll(site, code)
    clock.advance(seconds=4)
    said = poll(site, code)
    assert ("slow_down", 10) == (said["error"], said["interval"])
    clock.advance(seconds=9)
    said = poll(site, code)
    assert ("slow_down", 15) == (said["error"], said["interval"])
    clock.advance(seconds=15)
    assert "authorization_pending" == poll(site, code)["error"]


def test_a_cancelled_code_is_denied(fake, site):
    code = begin(site)
    fake.deny_device(code["user_code"])
    assert "access_denied" == poll(site, code)["error"]


def test_a_code_expires_also_when_it_was_approved(fake, site, clock):
    code = begin(site)
    fake.approve_device(code["user_code"], "alice")
    clock.advance(seconds=900)
    assert "expired_token" == poll(site, code)["error"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": "other"}, "incorrect_client_credentials"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"device_code": "x"}, "incorrect_device_code"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(site, change, error):
    assert error == poll(site, begin(site), **change)["error"]


def test_a_code_is_for_the_app_that_asked_for_it(fake, site):
    fake.allow_device_flow("other")
    assert "incorrect_device_code" == poll(site, begin(site), client_id="other")["error"]


def test_an_app_with_the_flow_switched_off_or_unknown_gets_no_code(fake, site):
    fake.allow_device_flow(APP, enabled=False)
    assert "device_flow_disabled" == begin(site)["error"]
    assert 404 == site.post("/login/device/code", data={"client_id": "none"}).status_code


def test_who_does_not_ask_for_json_gets_a_form(fake):
    said = httpx.post(f"{fake.url}/login/device/code", data={"client_id": APP})
    assert said.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert ["5"] == parse_qs(said.text)["interval"]
