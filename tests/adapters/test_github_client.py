"""The door to GitHub: logins, threads, repeats and silence about secrets."""

import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from werkzeug.wrappers import Response

from bot.adapters.github.client import GitHub, NoGraphQL
from bot.adapters.github.credentials import POLICY_PERMISSIONS
from bot.domain.errors import (
    BotError,
    Conflict,
    Forbidden,
    Garbled,
    NotFound,
    Unauthorized,
    Unavailable,
)
from sandbox.wire import Fault, Wire, answer
from tests.adapters.github_world import NOON, HandClock, app_key, at_once, github, pem, token

DOING = "read a thing"


class FewRoutes(Wire):
    """A GitHub of four routes, whose App tokens are counted and can be revoked."""

    def __init__(self, clock):
        super().__init__("GitHub")
        self.clock = clock
        self.issued = []
        self.dead = set()
        self.life = timedelta(hours=1)
        self.route("token", ["POST"], "/app/installations/<int:number>/access_tokens", self.token)
        self.route("thing", ["GET"], "/thing/<name>", self.thing)
        self.route("make", ["POST"], "/thing/<name>", self.thing)
        self.route("graphql", ["POST"], "/graphql", self.graph)
        self.route("repository", ["GET"], "/repos/<owner>/<name>", self.repository)

    def token(self, request, number):
        with self.lock:
            self.issued.append(f"ghs_{number}_{len(self.issued) + 1}")
            ends = (self.clock.now() + self.life).strftime("%Y-%m-%dT%H:%M:%SZ")
            return answer({"token": self.issued[-1], "expires_at": ends}, 201)

    def thing(self, request, name):
        if request.headers["Authorization"] in self.dead:
            return answer({"message": "Bad credentials"}, 401)
        return answer({"name": name, "by": request.headers["Authorization"]})

    def graph(self, request):
        return answer({"data": {"asked": request.json["variables"]}})

    def repository(self, request, owner, name):
        return answer({"full_name": f"{owner}/{name.removesuffix('-old')}"})

    def revoke(self):
        self.dead.add(f"token {self.issued[-1]}")


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def wire(clock):
    wire = FewRoutes(clock)
    wire.start()
    yield wire
    wire.stop()
    assert wire.strange == []


@pytest.fixture
def door(wire, clock):
    door = github(wire.url, clock=clock, timeout=1)
    yield door
    door.close()


@pytest.fixture
def app(wire, clock):
    app = github(wire.url, app_key(), clock=clock)
    yield app
    app.close()


def get(door, name="x"):
    return door.rest("thing", DOING, "GET", f"/thing/{name}")


def post(door):
    return door.rest("make", DOING, "POST", "/thing/x", input={})


def says(status, text, headers=None):
    return Fault(answer=lambda: answer({"message": text}, status, headers))


# threads


def test_every_thread_has_a_client_of_its_own_and_keeps_it(door):
    def clients(_n):
        return door._client().requester, door._client().requester

    pairs = at_once(16, clients)

    assert all(first is second for first, second in pairs)
    assert 16 == len({id(first) for first, _second in pairs})


def test_no_thread_gets_another_thread_s_answer(door):
    def ask(n):
        return [get(door, f"{n}-{turn}")["name"] for turn in range(20)]

    assert [[f"{n}-{turn}" for turn in range(20)] for n in range(8)] == at_once(8, ask)


# App logins


def test_sixteen_threads_that_start_together_ask_for_one_token(wire, app):
    answers = at_once(16, lambda _n: get(app)["by"])

    assert {"token ghs_7_1"} == set(answers)
    assert 1 == wire.count("token")


def test_the_token_is_asked_for_with_its_rights_by_name(wire, app):
    get(app)

    body = next(call.json() for call in wire.calls if call.route == "token")
    assert {"permissions": {"contents": "write", "metadata": "read"}} == body


def test_the_rights_that_the_policy_needs_are_asked_for_where_it_is_kept(wire, clock):
    door = GitHub(app_key(), wire.url, clock=clock, wall=clock, permissions=POLICY_PERMISSIONS)
    get(door)
    door.close()

    body = next(call.json() for call in wire.calls if call.route == "token")
    more = {"checks": "read", "statuses": "read", "members": "read"}
    assert {"permissions": {"contents": "write", "metadata": "read", **more}} == body


def test_the_app_signs_who_it_is_with_its_key(wire, app):
    get(app)

    shown = next(call.headers["Authorization"] for call in wire.calls if call.route == "token")
    public = load_pem_private_key(pem().encode(), None).public_key()
    claims = jwt.decode(shown.removeprefix("Bearer "), public, algorithms=["RS256"])
    assert "42" == claims["iss"]


def test_a_token_is_kept_for_its_life_and_then_renewed(wire, app, clock):
    get(app)
    clock.move(timedelta(minutes=57))
    get(app)
    before = wire.count("token")
    clock.move(timedelta(minutes=2))

    assert "token ghs_7_2" == get(app)["by"]
    assert (1, 2) == (before, wire.count("token"))


def test_a_token_revoked_in_mid_life_is_replaced_once_for_all_threads(wire, app):
    get(app)
    wire.revoke()

    answers = at_once(16, lambda _n: get(app)["by"])

    assert {"token ghs_7_2"} == set(answers)
    assert 2 == wire.count("token")


def test_a_write_refused_with_401_is_sent_again_as_nothing_was_done(wire, app):
    get(app)
    wire.revoke()

    assert "token ghs_7_2" == post(app)["by"]


def test_a_login_that_stays_refused_is_told_after_one_new_try(wire, app):
    wire.arm("thing", says(401, "Bad credentials"), times=None)

    with pytest.raises(Unauthorized, match="Bad credentials"):
        get(app)
    assert (2, 2) == (wire.count("thing"), wire.count("token"))


def test_a_constant_token_that_is_refused_is_told_at_once(wire, door):
    wire.arm("thing", says(401, "Bad credentials"))

    with pytest.raises(Unauthorized):
        get(door)
    assert 1 == wire.count("thing")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(says(401, "A JSON web token could not be decoded"), Unauthorized, id="key"),
        pytest.param(says(403, "This installation has been suspended"), Unauthorized, id="paused"),
        pytest.param(says(404, "Not Found"), Unauthorized, id="no such installation"),
        pytest.param(says(422, "The permissions requested are not granted"), Unauthorized),
        pytest.param(says(502, ""), Unavailable, id="outage"),
        pytest.param(says(403, "You have exceeded a secondary rate limit"), Unavailable),
        pytest.param(Fault(drop="after"), Unavailable, id="answer lost"),
        pytest.param(Fault(answer=lambda: answer({"token": "ghs_1"}, 201)), Garbled, id="no end"),
        pytest.param(Fault(answer=lambda: Response("{", 201)), Garbled, id="cut"),
    ],
)
def test_without_a_token_the_call_fails_as_a_login_or_an_outage(wire, app, fault, expected):
    wire.arm("token", fault)

    with pytest.raises(BotError) as caught:
        get(app)

    assert type(caught.value) is expected
    assert (1, 0) == (wire.count("token"), wire.count("thing"))


def test_a_key_that_cannot_sign_is_told_without_showing_it(wire):
    app = github(wire.url, app_key(key="-----BEGIN NONSENSE-----\nabcdef\n"))

    with pytest.raises(Unauthorized, match="private key is not a PEM key") as caught:
        get(app)

    assert "abcdef" not in repr(caught.value)
    assert [] == wire.calls


# repeats


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_read_that_met_an_outage_is_repeated_twice(wire, door, status):
    wire.arm("thing", says(status, ""), times=2)

    assert "x" == get(door)["name"]
    assert 3 == wire.count("thing")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(says(502, ""), id="502 before the effect"),
        pytest.param(
            Fault(answer=lambda: answer({}, 502), after_effect=True), id="502 after the effect"
        ),
        pytest.param(Fault(drop="before"), id="cut before the effect"),
        pytest.param(Fault(drop="after"), id="cut after the effect"),
        pytest.param(Fault(delay=1.5), id="no answer in time"),
    ],
)
def test_a_write_is_never_sent_twice(wire, door, fault):
    wire.arm("make", fault)

    with pytest.raises(Unavailable):
        post(door)
    assert wire.until(lambda: wire.count("make") > 0)
    assert 1 == wire.count("make")


def test_a_limit_is_told_and_not_waited_for(wire, door):
    reset = str(int(NOON.timestamp()) + 600)
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    wire.arm("thing", says(403, "API rate limit exceeded for installation ID 7.", headers))

    with pytest.raises(Unavailable) as caught:
        get(door)

    assert timedelta(minutes=10) == caught.value.retry_after
    assert 1 == wire.count("thing")


def test_nobody_listening_is_an_outage(door, wire):
    wire.stop()

    with pytest.raises(Unavailable, match="connection failed"):
        get(door)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Fault(mangle=lambda _r: Response('{"na', 200)), Garbled, id="cut JSON"),
        pytest.param(Fault(mangle=lambda _r: Response("<html>", 200)), Garbled, id="a page"),
        pytest.param(says(403, "Resource not accessible by integration"), Forbidden),
        pytest.param(says(404, "Not Found"), NotFound),
        pytest.param(says(409, "something is not as expected"), Conflict),
        pytest.param(
            Fault(answer=lambda: answer({}, 301, {"Location": "https://elsewhere.invalid/thing"})),
            Garbled,
            id="sent to a foreign host",
        ),
    ],
)
def test_a_read_that_went_wrong_says_how(wire, door, fault, expected):
    wire.arm("thing", fault, times=None)

    with pytest.raises(BotError) as caught:
        get(door)

    assert type(caught.value) is expected


# GraphQL


def test_graphql_answers_with_its_data(door):
    assert {"asked": {"n": 1}} == door.graphql("ask", DOING, "query", {"n": 1}).whole()


def test_errors_come_as_http_200_and_are_raised_when_all_is_wanted(wire, door):
    body = {"data": {"some": 1}, "errors": [{"type": "STALE_DATA", "message": "Expected branch"}]}
    wire.arm("graphql", Fault(answer=lambda: answer(body)))

    found = door.graphql("ask", DOING, "query", {})

    assert {"some": 1} == found.data
    with pytest.raises(Conflict):
        found.whole()


@pytest.mark.parametrize("body", [[], {}, None, "text", {"message": "odd"}])
def test_an_answer_without_data_is_garbled(wire, door, body):
    wire.arm("graphql", Fault(answer=lambda: answer(body)))

    with pytest.raises(Garbled):
        door.graphql("ask", DOING, "query", {})


def test_a_server_without_graphql_is_remembered_for_a_while(wire, door, clock):
    wire.arm("graphql", says(404, "Not Found"))

    for _ in range(3):
        with pytest.raises(NoGraphQL):
            door.graphql("ask", DOING, "query", {})
    before = wire.count("graphql")
    clock.move(timedelta(minutes=10))
    door.graphql("ask", DOING, "query", {})

    assert (1, 2) == (before, wire.count("graphql"))


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        pytest.param("", "/graphql", id="github.com and tenants"),
        pytest.param("/api/v3", "/api/graphql", id="Enterprise Server"),
    ],
)
def test_graphql_lies_beside_the_rest_root(root, expected):
    wire = Wire("GitHub")
    wire.route("graphql", ["POST"], expected, lambda _request: answer({"data": 1}))
    door = github(wire.start() + root)

    assert 1 == door.graphql("ask", DOING, "query", {}).whole()
    door.close()
    wire.stop()


# names


def test_a_renamed_repository_is_known_by_its_new_name_and_asked_for_once(wire, door):
    names = {door.canonical("acme/gitops-old") for _ in range(3)}

    assert {"acme/gitops"} == names
    assert 1 == wire.count("repository")


def test_a_forgotten_name_is_asked_for_again(wire, door):
    door.canonical("acme/gitops")
    door.forget("Acme/GitOps")
    door.canonical("acme/gitops")

    assert 2 == wire.count("repository")


# what is told to whom


def test_each_call_is_told_with_its_status(wire):
    told = []
    door = github(wire.url, on_call=lambda *call: told.append(call[:3]))
    get(door)
    wire.arm("make", Fault(drop="before"))
    with pytest.raises(Unavailable):
        post(door)
    door.close()

    assert [("GitHub", "thing", 200), ("GitHub", "make", None)] == told


@pytest.mark.parametrize(
    "secret",
    ["ghp_secret", "ghs_1234_eyJhbGciOi.eyJpc3M.sig-x_y", "github_pat_11ABC_defghi"],
)
def test_no_error_shows_a_token(wire, door, secret):
    text = f"the token {secret} is not welcome"
    wire.arm("thing", says(422, text))

    with pytest.raises(BotError) as caught:
        get(door)

    shown = f"{caught.value} {caught.value!r} {caught.value.detail}"
    assert "ghp_" not in shown
    assert secret not in shown
    assert "the token … is not welcome" == caught.value.detail


def test_credentials_do_not_show_themselves():
    shown = repr((token("ghp_mine"), app_key()))

    assert "ghp_mine" not in shown
    assert pem().splitlines()[1] not in shown


def test_what_is_sent_names_the_api_version_and_us(wire, door):
    get(door)
    post(door)

    sent = wire.calls[0].headers
    assert ("2022-11-28", "shipmate") == (sent["X-Github-Api-Version"], sent["User-Agent"])
    assert {} == json.loads(wire.calls[1].body)
