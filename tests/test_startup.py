"""A start that would run by half is refused, with all that is wrong and what mends each."""

import pytest

from bot.settings import Settings, SettingsInvalid
from bot.startup import SetupInvalid, read
from tests.test_settings import APP, GOOD, problems, without

CONFIG = """\
github: {org: acme}
argocd:
  main: {url: "https://argocd.example.com"}
  eu-west: {url: "https://eu.example.com"}
gitops: {repo: acme/gitops}
slack: {channels: {deploys: C0DEPLOY}}
environments: {dev: {}}
permissions: {deploy: {dev: [developers]}}
services:
  web:
    source: acme/web
    image: ghcr.io/acme/web
    tag: "{sha}"
    at: {file: web.yaml, key: image.tag}
    argocd: {instance: main, app: web}
"""
NOTIFY = "notify: [{to: PAGER}, {to: MAIL}]\n"
HEARS_CI = "failures: [{}]\n"


@pytest.fixture
def refused(tmp_path):
    """Give a function that returns every line a start is refused with."""

    def lines(environment, config=CONFIG):
        path = tmp_path / "shipmate.yaml"
        path.write_text(config)
        with pytest.raises(SetupInvalid) as caught:
            read(environment | {"SHIPMATE_CONFIG": str(path)})
        assert "hunter2" not in str(caught.value)
        return str(caught.value).replace(f"{tmp_path}/", "").splitlines()

    return lines


def test_a_whole_setup_is_read(tmp_path):
    path = tmp_path / "shipmate.yaml"
    path.write_text(CONFIG)
    setup = read(GOOD | {"SHIPMATE_CONFIG": str(path)})
    assert ["main", "eu-west"] == list(setup.config.catalog.instances)
    assert CONFIG == setup.text


TOKEN = "ARGOCD_AUTH_TOKEN"
NO_TOKEN = "is missing: set it, or ARGOCD_AUTH_TOKEN for every Argo CD"


@pytest.mark.parametrize(
    ("environment", "config", "expected"),
    [
        pytest.param(
            without(TOKEN, ARGOCD_AUTH_TOKEN_MAIN="hunter2"),
            CONFIG,
            [f"ARGOCD_AUTH_TOKEN_EU_WEST {NO_TOKEN}"],
            id="an Argo CD without a token",
        ),
        pytest.param(
            without(TOKEN, ARGOCD_AUTH_TOKEN_MAIN="hunter2", ARGOCD_AUTH_TOKEN_EUWEST="hunter2"),
            CONFIG,
            [
                f"ARGOCD_AUTH_TOKEN_EU_WEST {NO_TOKEN}",
                (
                    "ARGOCD_AUTH_TOKEN_EUWEST names no Argo CD of the configuration: "
                    "did you mean ARGOCD_AUTH_TOKEN_EU_WEST?"
                ),
            ],
            id="its token by another name",
        ),
        pytest.param(
            GOOD | {"ARGOCD_AUTH_TOKEN_EUWEST": "hunter2"},
            CONFIG,
            [
                (
                    "ARGOCD_AUTH_TOKEN_EUWEST names no Argo CD of the configuration: "
                    "did you mean ARGOCD_AUTH_TOKEN_EU_WEST?"
                ),
            ],
            id="another would be asked with the token for all",
        ),
        pytest.param(
            GOOD | {"NOTIFY_MAIL": "mailto://hunter2"},
            CONFIG + NOTIFY,
            ["NOTIFY_PAGER is missing: give the address, as a URL of apprise"],
            id="who is told has no address",
        ),
        pytest.param(
            GOOD,
            CONFIG + HEARS_CI,
            [
                (
                    "GITHUB_WEBHOOK_SECRET is missing: `failures` of the configuration are heard "
                    "by GitHub's webhook alone"
                )
            ],
            id="failures of CI without the webhook that tells of them",
        ),
        pytest.param(
            without("SLACK_BOT_TOKEN", SLACK_BOTTOKEN="xoxb-hunter2"),
            CONFIG,
            [
                (
                    "SLACK_BOT_TOKEN is missing: copy the Bot User OAuth Token from the app's page "
                    "OAuth & Permissions"
                ),
                "SLACK_BOTTOKEN is read by nobody: did you mean SLACK_BOT_TOKEN?",
            ],
            id="a name misspelt",
        ),
        pytest.param(
            without("GITHUB_TOKEN", **{name: APP[name] for name in APP if "KEY" not in name}),
            CONFIG,
            ["GITHUB_APP_PRIVATE_KEY is missing: a GitHub App needs it beside GITHUB_APP_ID"],
            id="an App without its key",
        ),
        pytest.param(
            GOOD | {"REGISTRY_GHCR_IO_USERNAME": "bot"},
            CONFIG,
            [
                (
                    "REGISTRY_GHCR_IO_PASSWORD is missing beside REGISTRY_GHCR_IO_USERNAME: "
                    "set both, or none"
                )
            ],
            id="half a login for a registry",
        ),
    ],
)
def test_what_is_there_by_half_is_refused(refused, environment, config, expected):
    assert sorted(expected) == sorted(refused(environment, config))


def test_everything_wrong_in_both_halves_is_told_at_once(refused):
    wrong = CONFIG.replace("at: {file", "att: {file").replace("dev: {}", "dev: {soak: soon}")
    found = refused(
        {"SLACK_APP_TOKEN": "xoxb-hunter2", "DATABASE_URL": "mysql://hunter2@db"}, wrong
    )
    names = [line.split(" ")[0] for line in found]
    assert {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "GITHUB_TOKEN", "DATABASE_URL"} <= set(names)
    assert 2 <= len([name for name in names if name.startswith("shipmate.yaml:")])


MANIFESTS = [
    pytest.param("features: {slash_commands: [{command: /ship}]}", "has no one command", id="few"),
    pytest.param("dear: colleague", "which is no manifest of a Slack app", id="a letter"),
    pytest.param(None, "which cannot be read: No such file", id="nothing"),
]


@pytest.mark.parametrize(("text", "why"), MANIFESTS)
def test_a_manifest_that_does_not_tell_our_names_stops_the_start(refused, tmp_path, text, why):
    path = tmp_path / "manifest.yml"
    if text is not None:
        path.write_text(text)
    (line,) = refused(GOOD | {"SLACK_MANIFEST": str(path)})
    assert line.startswith("SLACK_MANIFEST names manifest.yml")
    assert why in line


def test_a_configuration_that_is_not_there_hides_nothing_of_the_environment(tmp_path):
    with pytest.raises(SetupInvalid) as caught:
        read({"SHIPMATE_CONFIG": str(tmp_path / "none.yaml")})
    said = str(caught.value)
    assert "SLACK_BOT_TOKEN is missing" in said
    assert "none.yaml cannot be read: No such file or directory. Set SHIPMATE_CONFIG" in said
    assert isinstance(caught.value.settings, SettingsInvalid)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql://bot@db/x", "names no database we know"),
        ("shipmate.db", "names no database we know"),
        ("postgresql+asyncpg://bot@db/x", "names a driver that is not here"),
        ("postgresql+psycopg2://bot@db/x", "names a driver that is not here"),
        ("sqlite+aiosqlite:///x.db", "names a driver that is not here"),
        ("sqlite://shipmate.db", "needs three slashes"),
        ("postgresql://bot:hunter2/@db/x", "cannot be taken apart"),
        ("postgresql://bot:hunter2@x@db/x", "cannot be taken apart"),
        ("postgresql://bot:hunter2#@db/x", "cannot be taken apart"),
        ("postgresql://bot:hunter2@db:port/x", "cannot be taken apart"),
        ("postgresql://bot:hunter2@db", "names no database on the server"),
        ("postgresql://bot:hunter2@db/", "names no database on the server"),
    ],
)
def test_an_address_that_leads_to_no_database_is_refused(url, why):
    (problem,) = problems(GOOD | {"DATABASE_URL": url})
    assert problem.startswith(f"DATABASE_URL {why}")


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///shipmate.db",
        "sqlite:////var/lib/shipmate/shipmate.db",
        "sqlite://",
        "postgres://bot:hunter2@db/x",
        "postgresql://bot:hunt%40er2@db:5432/x?sslmode=require",
        "postgresql+psycopg://bot@/x?host=/run/postgresql",
        "postgresql://bot@[::1]:5432/x",
        "postgresql://?service=shipmate",
    ],
)
def test_the_addresses_that_are_good(url):
    settings = Settings.load(GOOD | {"DATABASE_URL": url})
    assert url == settings.database_url.get_secret_value()
