"""Images in ECR are looked for by boto3 itself, against a pretended ECR at its endpoint."""

import sys

import pytest

from bot.adapters.registry import Registry
from bot.adapters.registry_auth import Host
from bot.adapters.registry_ecr import HOST, INSTALL, Ecr
from bot.domain.facts import ImageAbsent, ImageFound
from bot.domain.unknown import Unknown
from sandbox.ecr import Ecr as Fake
from sandbox.wire import Fault, answer
from tests.adapters.github_world import HandClock

REGISTRY = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"
DIGEST = f"sha256:{'a' * 64}"
FOUND = ImageFound(DIGEST)


@pytest.fixture(scope="module")
def fake():
    fake = Fake()
    fake.start()
    fake.push("123456789012", "user-service", "v1", DIGEST)
    yield fake
    fake.stop()
    assert [] == fake.strange


@pytest.fixture
def aws(fake, monkeypatch, tmp_path):
    """Let boto3 find its endpoint and credentials where it always looks: in the environment."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", fake.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-so-secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    fake.calls.clear()
    yield fake
    fake.disarm()
    fake.deny(None)


@pytest.fixture
def registry():
    registry = Registry({REGISTRY: Host()}, clock=HandClock(), connect=1, read=1)
    yield registry
    registry.close()


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        pytest.param("user-service:v1", FOUND, id="there"),
        pytest.param(f"user-service@{DIGEST}", FOUND, id="by digest"),
        pytest.param("user-service:v2", ImageAbsent(), id="no such tag"),
        pytest.param("video-service:v1", ImageAbsent(), id="no such repository"),
        pytest.param(f"user-service@sha256:{'b' * 64}", ImageAbsent(), id="no such digest"),
    ],
)
def test_an_image_is_looked_for_with_one_request(aws, registry, image, expected):
    assert expected == registry.image(f"{REGISTRY}/{image}")
    assert 1 == aws.count("api")


@pytest.mark.parametrize(
    ("kind", "word", "passes"),
    [
        ("AccessDeniedException", "AccessDenied", False),
        ("ThrottlingException", "Throttling", True),
    ],
)
def test_a_refusal_is_unknown_and_says_its_code_only(aws, registry, kind, word, passes):
    aws.deny(kind)

    found = registry.image(f"{REGISTRY}/user-service:v1")

    assert isinstance(found, Unknown)
    assert word in found.why
    assert passes is (found.silence is not None), "whether it helps to ask again"
    assert "arn:" not in found.why
    assert 1 == aws.count("api")


@pytest.mark.parametrize(
    ("fault", "passes"),
    [
        pytest.param(Fault(answer=lambda: answer({"message": "x"}, 500)), True, id="500"),
        pytest.param(Fault(drop="before"), True, id="cut"),
        pytest.param(Fault(delay=1.5), True, id="too late"),
        pytest.param(Fault(answer=lambda: answer({})), False, id="no details"),
        pytest.param(Fault(answer=lambda: answer({"imageDetails": []})), False, id="empty details"),
        pytest.param(
            Fault(answer=lambda: answer({"imageDetails": [{"imageDigest": "latest"}]})),
            False,
            id="no digest",
        ),
    ],
)
def test_whatever_goes_wrong_is_unknown_after_one_try(aws, registry, fault, passes):
    aws.arm("api", fault, times=None)

    found = registry.image(f"{REGISTRY}/user-service:v1")

    assert isinstance(found, Unknown)
    assert passes is (found.silence is not None), "whether it helps to ask again"
    assert 1 == aws.until(lambda: aws.count("api") == 1, 3)


def test_without_credentials_nobody_can_tell(aws, registry, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    found = registry.image(f"{REGISTRY}/user-service:v1")

    assert Unknown(f"{REGISTRY} could not be asked (NoCredentialsError)") == found
    assert 0 == aws.count("api")


@pytest.mark.parametrize("module", ["boto3", "botocore.exceptions"])
def test_without_boto3_people_are_told_what_to_install(registry, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)

    assert Unknown(INSTALL) == registry.image(f"{REGISTRY}/user-service:v1")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (REGISTRY, ("123456789012", "ap-northeast-2")),
        ("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", ("123456789012", "us-east-1")),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", ("123456789012", "cn-north-1")),
        ("public.ecr.aws", None),
        (f"{REGISTRY}.evil.example", None),
        (f"evil.example.{REGISTRY}", None),
        ("12345.dkr.ecr.us-east-1.amazonaws.com", None),
    ],
)
def test_account_and_region_are_read_from_the_host(host, expected):
    found = HOST.fullmatch(host)

    assert expected == (found.groups() if found else None)


def test_a_host_that_is_no_ecr_is_not_asked():
    assert isinstance(Ecr().image("ghcr.io", "a", "b"), Unknown)
