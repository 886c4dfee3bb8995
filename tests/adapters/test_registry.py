"""An image is there, is not there, or nobody can tell; and logins go only where they belong."""

import base64
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr
from werkzeug.wrappers import Response

from bot.adapters.registry import Registry
from bot.adapters.registry_auth import (
    Basic,
    Bearer,
    Host,
    Login,
    Token,
    address,
    challenge,
    decoded_token,
    is_loopback,
    may_have_login,
)
from bot.domain.facts import ImageAbsent, ImageFound
from bot.domain.unknown import Unknown
from sandbox.registry import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from sandbox.registry import Registry as Fake
from sandbox.wire import Fault, Wire, answer
from tests.adapters.github_world import NOON, HandClock

NAME = "acme/api"
LOGIN = Login("puller", SecretStr("hunter2"))


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def fake(clock):
    fake = Fake(clock)
    fake.start()
    fake.add_user("puller", "hunter2")
    yield fake
    fake.stop()
    assert [] == fake.strange


@pytest.fixture
def made(fake, clock):
    """Give a function that makes a registry, and the fake's host; all are closed at the end."""
    registries = []

    def made(login=None, *, realms=(), **hosts):
        known = {place(fake): Host(login, frozenset(realms)), **hosts}
        registries.append(Registry(known, clock=clock, connect=1, read=1))
        return registries[-1]

    yield made
    for registry in registries:
        registry.close()


def place(wire):
    return wire.url.removeprefix("http://")


def routes(wire):
    return [call.route for call in wire.calls]


@pytest.mark.parametrize("kind", [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST])
def test_an_image_of_any_kind_is_found_with_its_digest(fake, made, kind):
    digest = fake.push(NAME, "v1", media_type=kind)

    assert ImageFound(digest) == made().image(f"{place(fake)}/{NAME}:v1")


def test_the_first_look_costs_three_requests_and_the_next_one(fake, made, clock):
    digest = fake.push(NAME, "v1")
    registry = made()

    registry.image(f"{place(fake)}/{NAME}:v1")
    assert ["manifest", "token", "manifest"] == routes(fake)

    clock.move(timedelta(seconds=299))
    assert ImageFound(digest) == registry.image(f"{place(fake)}/{NAME}:v1")
    assert ["manifest"] == routes(fake)[3:]
    assert {"HEAD"} == {call.method for call in fake.calls if call.route == "manifest"}


@pytest.mark.parametrize(
    ("named", "expires_in", "life"),
    [
        pytest.param("token", 300, 300, id="as it says"),
        pytest.param("access_token", 120, 120, id="by its other name"),
        pytest.param("token", None, 60, id="a minute when it says nothing"),
    ],
)
def test_a_token_serves_until_its_life_is_over(fake, made, clock, named, expires_in, life):
    fake.say_tokens(named, expires_in)
    fake.push(NAME, "v1")
    registry = made()
    registry.image(f"{place(fake)}/{NAME}:v1")
    clock.move(timedelta(seconds=life))

    assert isinstance(registry.image(f"{place(fake)}/{NAME}:v1"), ImageFound)
    assert ["manifest", "token", "manifest"] * 2 == routes(fake)
    assert "Authorization" not in fake.calls[3].headers


def test_a_token_that_was_revoked_is_replaced(fake, made):
    fake.push(NAME, "v1")
    registry = made()
    registry.image(f"{place(fake)}/{NAME}:v1")
    fake.revoke_tokens()

    assert isinstance(registry.image(f"{place(fake)}/{NAME}:v1"), ImageFound)


def test_each_repository_has_a_token_of_its_own(fake, made):
    fake.push(NAME, "v1")
    fake.push("acme/web", "v1")
    registry = made()

    for name in (NAME, "acme/web", NAME, "acme/web"):
        assert isinstance(registry.image(f"{place(fake)}/{name}:v1"), ImageFound)
    assert 2 == fake.count("token")


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        pytest.param(f"{NAME}:v2", ImageAbsent(), id="no such tag"),
        pytest.param(f"{NAME}@sha256:{'0' * 64}", ImageAbsent(), id="no such digest"),
        pytest.param(f"{NAME}:v1@sha256:{'0' * 64}", ImageAbsent(), id="the digest goes first"),
        pytest.param("acme/none:v1", ImageAbsent(), id="no such repository"),
    ],
)
def test_an_image_is_absent_when_the_registry_let_us_look(fake, made, image, expected):
    fake.push(NAME, "v1")

    assert expected == made().image(f"{place(fake)}/{image}")


def test_an_image_is_found_by_its_digest_when_its_tag_is_gone(fake, made):
    digest = fake.push(NAME, "v1")
    fake.untag(NAME, "v1")

    assert ImageFound(digest) == made().image(f"{place(fake)}/{NAME}:v1@{digest}")


@pytest.mark.parametrize("hiding", [401, 403])
@pytest.mark.parametrize("there", [True, False])
def test_what_is_hidden_is_unknown_whether_it_is_there_or_not(fake, made, hiding, there):
    fake.hide(hiding)
    if there:
        fake.push(NAME, "v1")
        fake.restrict(NAME, ["puller"])

    found = made().image(f"{place(fake)}/{NAME}:v1")

    assert isinstance(found, Unknown)
    assert "check the login" in found.why


def test_a_private_image_is_found_with_the_login(fake, made):
    digest = fake.push(NAME, "v1")
    fake.restrict(NAME, ["puller"])
    fake.hide()

    assert ImageFound(digest) == made(LOGIN).image(f"{place(fake)}/{NAME}:v1")
    sent = {call.route: call.headers.get("Authorization", "") for call in fake.calls}
    assert base64.b64encode(b"puller:hunter2").decode() in sent["token"]
    assert sent["manifest"].startswith("Bearer ")


def test_a_wrong_login_is_unknown(fake, made):
    fake.push(NAME, "v1")

    found = made(Login("puller", SecretStr("wrong"))).image(f"{place(fake)}/{NAME}:v1")

    assert isinstance(found, Unknown)
    assert "wrong" not in found.why


def status(number, **headers):
    return Fault(answer=lambda: Response(status=number, headers=headers))


FAULTS = [
    pytest.param(status(401), "401", False, id="401 that asks for nothing"),
    pytest.param(status(403), "403", False, id="403"),
    pytest.param(status(429), "429", True, id="429"),
    pytest.param(status(500), "500", True, id="500"),
    pytest.param(status(503), "503", True, id="503"),
    pytest.param(status(301, Location="http://evil.example/"), "do not follow", False, id="301"),
    pytest.param(status(307, Location="http://evil.example/"), "do not follow", False, id="307"),
    pytest.param(status(204), "204", False, id="204"),
    pytest.param(status(405), "405", False, id="405"),
    pytest.param(Fault(drop="before"), "connection", True, id="cut"),
    pytest.param(Fault(drop="after"), "connection", True, id="cut after"),
    pytest.param(Fault(delay=1.2), "in time", True, id="too late"),
]


@pytest.mark.parametrize("route", ["manifest", "token"])
@pytest.mark.parametrize(("fault", "word", "passes"), FAULTS)
def test_whatever_goes_wrong_is_unknown_and_never_absent(fake, made, route, fault, word, passes):
    fake.arm(route, fault, times=None)

    found = made().image(f"{place(fake)}/{NAME}:v1")

    assert isinstance(found, Unknown)
    assert word in found.why
    assert place(fake) in found.why
    assert passes is (found.silence is not None), "whether it helps to ask again"


def mangled(**headers):
    def change(response):
        for name, value in headers.items():
            response.headers.pop(name.replace("_", "-"), None)
            if value is not None:
                response.headers[name.replace("_", "-")] = value
        return response

    return Fault(mangle=change)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(None, id="no digest"),
        pytest.param("latest", id="something else"),
        pytest.param("sha256:abc", id="a cut digest"),
    ],
)
def test_an_image_without_a_digest_is_not_taken_for_there(fake, made, said):
    fake.push(NAME, "v1")
    fake.arm("manifest", mangled(Docker_Content_Digest=said), skip=1)

    assert isinstance(made().image(f"{place(fake)}/{NAME}:v1"), Unknown)


def test_another_digest_than_asked_for_is_not_believed(fake, made):
    digest = fake.push(NAME, "v1")
    fake.arm("manifest", mangled(Docker_Content_Digest=f"sha256:{'0' * 64}"), skip=1)

    assert isinstance(made().image(f"{place(fake)}/{NAME}@{digest}"), Unknown)


@pytest.mark.parametrize(
    "body",
    ["", "<html>", "[]", "{}", '{"token": 7}', '{"token": ""}', '{"token": "a\\r\\nX-Evil: 1"}'],
)
def test_an_answer_without_a_token_is_unknown(fake, made, body):
    fake.arm("token", Fault(answer=lambda: Response(body)))

    assert isinstance(made().image(f"{place(fake)}/{NAME}:v1"), Unknown)
    assert ["manifest", "token"] == routes(fake)


# where logins may go


class Elsewhere(Wire):
    """Another server on this machine: gives tokens of *fake* to whoever asks."""

    def __init__(self, fake=None):
        super().__init__("elsewhere")
        self.fake = fake
        self.route("token", ["GET"], "/token", self.token)
        self.route("manifest", ["GET"], "/v2/<path:name>", lambda request, name: answer({}, 200))

    def token(self, request):
        assert self.fake is not None
        return self.fake._token(request)


@pytest.fixture
def elsewhere(fake):
    wire = Elsewhere(fake)
    wire.start()
    yield wire
    wire.stop()


def asks(realm):
    return mangled(WWW_Authenticate=f'Bearer realm="{realm}",service="x"')


@pytest.mark.parametrize("login", [LOGIN, None], ids=["login", "nobody"])
def test_a_registry_cannot_send_us_elsewhere_for_a_token(fake, made, elsewhere, login):
    fake.push(NAME, "v1")
    fake.arm("manifest", asks(f"{elsewhere.url}/token"), times=None)

    found = made(login).image(f"{place(fake)}/{NAME}:v1")

    assert isinstance(found, Unknown)
    assert f"{elsewhere.url}/token" in found.why
    assert [] == elsewhere.calls


def test_a_configured_place_may_give_the_token(fake, made, elsewhere):
    digest = fake.push(NAME, "v1")
    fake.arm("manifest", asks(f"{elsewhere.url}/token"))
    registry = made(LOGIN, realms=[place(elsewhere)])

    assert ImageFound(digest) == registry.image(f"{place(fake)}/{NAME}:v1")
    assert ["token"] == routes(elsewhere)


@pytest.mark.parametrize("route", ["manifest", "token"])
def test_no_redirect_is_followed(fake, made, elsewhere, route):
    fake.push(NAME, "v1")
    fake.arm(route, status(307, Location=f"{elsewhere.url}/v2/x"), times=None)

    assert isinstance(made(LOGIN).image(f"{place(fake)}/{NAME}:v1"), Unknown)
    assert [] == elsewhere.calls


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        pytest.param(LOGIN, ImageFound(f"sha256:{'a' * 64}"), id="login"),
        pytest.param(None, Unknown, id="nobody"),
    ],
)
def test_a_registry_that_wants_the_login_itself_gets_it(made, clock, login, expected):
    wire = Wire("basic")
    wire.route("manifest", ["GET"], "/v2/<path:name>", basic)
    wire.start()
    registry = Registry({place(wire): Host(login)}, clock=clock)

    found = registry.image(f"{place(wire)}/{NAME}:v1")

    registry.close()
    wire.stop()
    assert found == expected if login else isinstance(found, Unknown)


def basic(request, name):
    if request.authorization is None or request.authorization.password != "hunter2":
        return Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
    return Response(headers={"Docker-Content-Digest": f"sha256:{'a' * 64}"})


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param("evil.example/acme/api:v1", id="another host"),
        pytest.param("169.254.169.254/latest/meta:v1", id="a machine's metadata"),
        pytest.param("api:5000/x:v1", id="a tag that makes the name a host"),
        pytest.param("nginx:v1", id="Docker Hub, which is not configured"),
        pytest.param("", id="empty"),
        pytest.param("no image", id="no reference"),
        pytest.param("{}/acme/api", id="neither tag nor digest"),
        pytest.param("{}/../token:v1", id="a path upwards"),
        pytest.param("{}/acme/./api:v1", id="a path that stays"),
        pytest.param("{}/Acme/Api:v1", id="capitals"),
        pytest.param("{}/" + "a" * 300 + ":v1", id="too long"),
    ],
)
def test_only_registries_of_the_configuration_are_asked(fake, clock, reference):
    told = []
    known = {place(fake): Host(LOGIN)}
    registry = Registry(known, clock=clock, on_call=lambda *call: told.append(call))
    registry._http = hub([])  # no test calls a foreign machine, even if the guard is gone

    found = registry.image(reference.format(place(fake)))

    registry.close()
    assert isinstance(found, Unknown)
    assert [] == told


@pytest.mark.parametrize(
    ("realm", "host", "also", "expected"),
    [
        ("https://ghcr.io/token", "ghcr.io", (), True),
        ("https://ghcr.io:443/token", "ghcr.io", (), True),
        ("https://GHCR.io/token", "ghcr.io", (), True),
        ("https://auth.docker.io/token", "docker.io", (), True),
        ("https://registry-1.docker.io/token", "docker.io", (), True),
        ("https://gitlab.com/jwt/auth", "registry.gitlab.com", (), False),
        ("https://gitlab.com/jwt/auth", "registry.gitlab.com", ("gitlab.com",), True),
        ("http://127.0.0.1:5000/token", "127.0.0.1:5000", (), True),
        ("http://[::1]:5000/token", "[::1]:5000", (), True),
        ("http://ghcr.io/token", "ghcr.io", (), False),
        ("https://ghcr.io:8443/token", "ghcr.io", (), False),
        ("https://ghcr.io.evil.example/token", "ghcr.io", (), False),
        ("https://evil.example/ghcr.io", "ghcr.io", (), False),
        ("https://ghcr.io@evil.example/token", "ghcr.io", (), False),
        ("https://user:pw@ghcr.io/token", "ghcr.io", (), False),
        ("https://auth.docker.io/token", "ghcr.io", (), False),
        ("file:///etc/passwd", "ghcr.io", (), False),
        ("//ghcr.io/token", "ghcr.io", (), False),
        ("https://ghcr.io:99999/token", "ghcr.io", (), False),
        ("https://[ghcr.io/token", "ghcr.io", (), False),
        ("", "ghcr.io", (), False),
    ],
)
def test_a_token_is_asked_of_the_registry_or_of_whom_we_configured(realm, host, also, expected):
    assert expected == may_have_login(realm, host, also)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], None),
        (["Negotiate"], None),
        (["Bearer"], None),
        (['Basic realm="x"'], Basic()),
        (['Bearer realm="https://r/t",service="s",scope="a:b:c"'], Bearer("https://r/t", "s")),
        (['bearer service="s", Realm="https://r/t"'], Bearer("https://r/t", "s")),
        (['Basic realm="x"', 'Bearer realm="https://r/t"'], Bearer("https://r/t", "")),
        ([f'Bearer realm="{"x" * 5000}"'], None),
    ],
)
def test_what_a_registry_asks_for_is_read(headers, expected):
    assert expected == challenge(headers)


@pytest.mark.parametrize(
    ("expires_in", "life"),
    [(300, 300), (None, 60), (0, 60), (-5, 60), (10**9, 3600), ("300", 60), (True, 60)],
)
def test_a_token_lives_as_it_says_within_reason(expires_in, life):
    expected = Token("t", NOON + timedelta(seconds=life))

    assert expected == decoded_token({"token": "t", "expires_in": expires_in}, NOON)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("ghcr.io", "https://ghcr.io"),
        ("docker.io", "https://registry-1.docker.io"),
        ("registry.example.com:5000", "https://registry.example.com:5000"),
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("localhost.evil.example", "https://localhost.evil.example"),
        ("127.0.0.1.evil.example", "https://127.0.0.1.evil.example"),
        ("10.0.0.1:5000", "https://10.0.0.1:5000"),
    ],
)
def test_only_this_machine_is_asked_in_the_clear(host, expected):
    assert expected == address(host)


def test_docker_hub_is_asked_by_its_own_name_and_library(clock):
    """Without a network: the transport stands in for Docker Hub, which no test may call."""
    assert not is_loopback("docker.io")
    seen, scope = [], "repository%3Alibrary%2Fnginx%3Apull"
    registry = Registry({"docker.io": Host()}, clock=clock)
    registry._http = hub(seen)

    assert ImageFound(f"sha256:{'a' * 64}") == registry.image("nginx:1.27")
    registry.close()
    assert [
        ("HEAD", "https://registry-1.docker.io/v2/library/nginx/manifests/1.27"),
        (
            "GET",
            f"https://auth.docker.io/token?scope={scope}&service=registry.docker.io",
        ),
        ("HEAD", "https://registry-1.docker.io/v2/library/nginx/manifests/1.27"),
    ] == seen


def hub(seen):
    def serve(request):
        seen.append((request.method, str(request.url)))
        if request.url.host == "auth.docker.io":
            return httpx.Response(200, json={"token": "t", "expires_in": 300})
        if "Authorization" not in request.headers:
            realm = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"'
            return httpx.Response(401, headers={"WWW-Authenticate": realm})
        return httpx.Response(200, headers={"Docker-Content-Digest": f"sha256:{'a' * 64}"})

    return httpx.Client(transport=httpx.MockTransport(serve))


def test_nobody_sees_a_password_or_a_token(fake, made):
    registry = made(LOGIN)
    fake.push(NAME, "v1")
    registry.image(f"{place(fake)}/{NAME}:v1")
    tokens = [*registry._tokens.values()]

    assert "hunter2" not in repr(Host(LOGIN))
    assert 1 == len(tokens)
    assert not any(token.value in repr(token) for token in tokens)


def test_every_call_is_told_to_whoever_counts(fake, clock):
    told = []
    host = place(fake)
    registry = Registry({host: Host()}, clock=clock, on_call=lambda *call: told.append(call[:3]))

    registry.image(f"{host}/{NAME}:v1")
    registry.close()

    assert [(host, "image", 401), (host, "token", 200), (host, "image", 404)] == told


def test_a_registry_may_answer_elsewhere_than_its_name_says(fake, clock):
    """Its tokens may come from there too; its name is not asked for anything."""
    digest = fake.push(NAME, "v1")
    fake.restrict(NAME, ["puller"])
    registry = Registry({"ghcr.io": Host(LOGIN, url=fake.url)}, clock=clock, connect=1, read=1)

    assert ImageFound(digest) == registry.image(f"ghcr.io/{NAME}:v1")
    assert ["manifest", "token", "manifest"] == routes(fake)
    registry.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(None, True, id="by its name, so by https"),
        pytest.param("https://registry.example.com", True, id="https"),
        pytest.param("http://127.0.0.1:5000", True, id="this machine"),
        pytest.param("http://registry.example.com", False, id="in the clear"),
    ],
)
def test_a_login_travels_hidden_or_not_at_all(url, expected):
    assert expected is Host(LOGIN, url=url).hides_logins()


def test_no_login_goes_to_an_address_in_the_clear(clock, monkeypatch):
    registry = Registry({"ghcr.io": Host(LOGIN, url="http://r.example")}, clock=clock)
    sent = []

    def answered(_verb, _url, headers, **_):
        sent.append(headers)
        return httpx.Response(401, headers={"WWW-Authenticate": "Basic"})

    monkeypatch.setattr(registry._http, "request", answered)

    found = registry.image(f"ghcr.io/{NAME}:v1")

    assert Unknown("ghcr.io wants a login, which would travel in the clear") == found
    assert [False] == ["Authorization" in headers for headers in sent]
    registry.close()
