"""The environment is read once; its mistakes are told at once, and its secrets never."""

import pytest

from bot.settings import AppKey, Settings, SettingsInvalid, Token

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIhunter2\n-----END RSA PRIVATE KEY-----"
GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-hunter2",
    "SLACK_SIGNING_SECRET": "hunter2-signing",
    "GITHUB_TOKEN": "ghp_hunter2",
    "ARGOCD_AUTH_TOKEN": "eyJ.hunter2",
}
APP = {
    "GITHUB_APP_ID": "12345",
    "GITHUB_APP_PRIVATE_KEY": PEM,
    "GITHUB_INSTALLATION_ID": "678",
}


def without(*names, **more):
    """Return the good environment without *names*, with *more*."""
    return {name: value for name, value in GOOD.items() if name not in names} | more


def problems(environment):
    with pytest.raises(SettingsInvalid) as caught:
        Settings.load(environment)
    assert "hunter2" not in str(caught.value) + repr(caught.value)
    return [str(problem) for problem in caught.value.problems]


def test_a_small_environment_is_enough():
    settings = Settings.load(GOOD)
    assert "xoxb-hunter2" == settings.slack_bot_token.get_secret_value()
    assert "hunter2-signing" == settings.slack_signing_secret.get_secret_value()
    assert "https://slack.com/api/" == settings.slack_api_url
    assert "https://api.github.com" == settings.github_api_url
    assert "sqlite:///shipmate.db" == settings.database_url.get_secret_value()
    assert ("shipmate.yaml", 8080) == (str(settings.shipmate_config), settings.port)
    assert not settings.uses_socket_mode


def test_the_process_environment_is_the_default(monkeypatch):
    for name, value in (GOOD | {"PORT": "9000"}).items():
        monkeypatch.setenv(name, value)
    assert 9000 == Settings.load().port


def test_every_variable_has_its_place():
    settings = Settings.load(
        GOOD
        | {
            "SLACK_APP_TOKEN": "xapp-1",
            "SLACK_API_URL": "http://127.0.0.1:1/api",
            "GITHUB_API_URL": "https://github.example.com/api/v3/",
            "GITHUB_WEBHOOK_SECRET": "webhook",
            "GITHUB_CLIENT_ID": "Iv1.client",
            "ARGOCD_WEBHOOK_TOKEN": "hook",
            "DATABASE_URL": "postgresql+psycopg://bot:hunter2@db/shipmate",
            "SHIPMATE_CONFIG": "/etc/shipmate.yaml",
            "PORT": "80",
        }
    )
    assert settings.uses_socket_mode
    assert "http://127.0.0.1:1/api/" == settings.slack_api_url
    assert "https://github.example.com/api/v3" == settings.github_api_url
    assert ["webhook"] == [one.get_secret_value() for one in settings.github_webhook_secrets]
    assert "Iv1.client" == settings.github_client_id
    assert ["hook"] == [one.get_secret_value() for one in settings.argocd_webhook_tokens]
    assert ("/etc/shipmate.yaml", 80) == (str(settings.shipmate_config), settings.port)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("alone-1", ["alone-1"], id="one"),
        pytest.param("new-1,old-1", ["new-1", "old-1"], id="two, by a comma"),
        pytest.param("new-1\nold-1\n", ["new-1", "old-1"], id="two, on lines"),
        pytest.param(" new-1 , old-1,", ["new-1", "old-1"], id="blanks and a comma too many"),
        pytest.param(" , \n", [], id="none"),
    ],
)
def test_two_webhook_secrets_are_good_while_one_is_changed(text, expected):
    settings = Settings.load(GOOD | {"GITHUB_WEBHOOK_SECRET": text})
    assert expected == [one.get_secret_value() for one in settings.github_webhook_secrets]
    assert set(expected) <= set(settings.secrets())
    assert not any(secret in repr(settings) for secret in expected)


def test_an_empty_variable_counts_as_absent():
    assert 8080 == Settings.load(GOOD | {"PORT": "", "SLACK_APP_TOKEN": ""}).port


def test_no_secret_shows_in_a_repr():
    settings = Settings.load(
        without(
            "GITHUB_TOKEN", **APP, ARGOCD_AUTH_TOKEN_EU="hunter2", DATABASE_URL="sqlite:///hunter2"
        )
    )
    assert "hunter2" not in repr(settings) + str(settings) + repr(settings.github_credentials())


def test_secrets_are_handed_to_the_log_to_be_hidden():
    settings = Settings.load(
        GOOD | {"ARGOCD_AUTH_TOKEN_EU": "eu-token", "DATABASE_URL": "postgresql://bot:pass@db/x"}
    )
    assert {
        "xoxb-hunter2",
        "hunter2-signing",
        "ghp_hunter2",
        "eyJ.hunter2",
        "eu-token",
        "pass",
        "postgresql://bot:pass@db/x",
    } == set(settings.secrets())
    assert "sqlite:///shipmate.db" not in Settings.load(GOOD).secrets()


def test_a_secret_may_stand_in_a_file(tmp_path):
    path = tmp_path / "token"
    path.write_text("xoxb-from-file\n")
    settings = Settings.load(without("SLACK_BOT_TOKEN", SLACK_BOT_TOKEN_FILE=str(path)))
    assert "xoxb-from-file" == settings.slack_bot_token.get_secret_value()


def test_only_one_line_break_is_taken_off_a_file(tmp_path):
    path = tmp_path / "token"
    path.write_text("xoxb-hunter2\n\n")
    assert [
        "SLACK_BOT_TOKEN holds a line break, an outer blank or a strange letter: copy it anew"
    ] == problems(without("SLACK_BOT_TOKEN", SLACK_BOT_TOKEN_FILE=str(path)))


@pytest.mark.parametrize(
    ("instance", "expected"),
    [
        pytest.param("main", "eyJ.hunter2", id="the one for all"),
        pytest.param("eu", "eu-token", id="its own"),
        pytest.param("us-east", "us-token", id="its own, with a dash"),
        pytest.param("asia", "asia-token", id="its own, from a file"),
    ],
)
def test_each_argocd_has_its_own_token_or_the_one_for_all(tmp_path, instance, expected):
    (tmp_path / "asia").write_text("asia-token\n")
    settings = Settings.load(
        GOOD
        | {
            "ARGOCD_AUTH_TOKEN_EU": "eu-token",
            "ARGOCD_AUTH_TOKEN_US_EAST": "us-token",
            "ARGOCD_AUTH_TOKEN_ASIA_FILE": str(tmp_path / "asia"),
        }
    )
    token = settings.argocd_token(instance)
    assert token is not None
    assert expected == token.get_secret_value()


def test_the_token_for_all_may_stand_in_a_file(tmp_path):
    (tmp_path / "all").write_text("all-token")
    settings = Settings.load(
        without("ARGOCD_AUTH_TOKEN", ARGOCD_AUTH_TOKEN_FILE=str(tmp_path / "all"))
    )
    token = settings.argocd_token("main")
    assert token is not None
    assert "all-token" == token.get_secret_value()


def test_an_argocd_without_a_token_is_named():
    settings = Settings.load(without("ARGOCD_AUTH_TOKEN", ARGOCD_AUTH_TOKEN_EU="eu"))
    assert settings.argocd_token("us-east") is None
    assert ["eu"] == list(settings.argocd_tokens(["eu"]))
    with pytest.raises(SettingsInvalid) as caught:
        settings.argocd_tokens(["eu", "us-east", "asia"])
    assert [
        "ARGOCD_AUTH_TOKEN_US_EAST is missing: set it, or ARGOCD_AUTH_TOKEN for every Argo CD",
        "ARGOCD_AUTH_TOKEN_ASIA is missing: set it, or ARGOCD_AUTH_TOKEN for every Argo CD",
    ] == [str(problem) for problem in caught.value.problems]


def test_github_knows_us_by_a_token():
    credentials = Settings.load(GOOD).github_credentials()
    assert isinstance(credentials, Token)
    assert "ghp_hunter2" == credentials.token.get_secret_value()


@pytest.mark.parametrize("as_", ["text", "one line", "path", "file variable"])
def test_github_knows_us_by_an_app(tmp_path, as_):
    path = tmp_path / "app.pem"
    path.write_text(PEM + "\n")
    key = {
        "text": {"GITHUB_APP_PRIVATE_KEY": PEM},
        "one line": {"GITHUB_APP_PRIVATE_KEY": PEM.replace("\n", "\\n")},
        "path": {"GITHUB_APP_PRIVATE_KEY": str(path)},
        "file variable": {"GITHUB_APP_PRIVATE_KEY_FILE": str(path)},
    }[as_]
    app = {name: APP[name] for name in ("GITHUB_APP_ID", "GITHUB_INSTALLATION_ID")}
    credentials = Settings.load(without("GITHUB_TOKEN", **app, **key)).github_credentials()
    assert isinstance(credentials, AppKey)
    assert ("12345", 678) == (credentials.app_id, credentials.installation_id)
    assert PEM == credentials.private_key.get_secret_value()


def test_a_socket_needs_no_signing_secret_and_leaves_http_shut():
    """Nobody can sign with the secret that is made up: it is another one each time."""
    environment = without("SLACK_SIGNING_SECRET", SLACK_APP_TOKEN="xapp-1")
    first, second = Settings.load(environment), Settings.load(environment)
    assert 64 == len(first.slack_signing_secret.get_secret_value())
    assert first.slack_signing_secret != second.slack_signing_secret


def test_all_mistakes_are_told_at_once():
    assert [
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "GITHUB_TOKEN",
        "DATABASE_URL",
        "PORT",
    ] == [line.split()[0] for line in problems({"PORT": "hunter2", "DATABASE_URL": "hunter2"})]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param(
            without("SLACK_BOT_TOKEN"),
            "SLACK_BOT_TOKEN is missing: copy the Bot User "
            "OAuth Token from the app's page OAuth & Permissions",
            id="no bot token",
        ),
        pytest.param(
            GOOD | {"SLACK_BOT_TOKEN": "xapp-hunter2"},
            "SLACK_BOT_TOKEN is a token of "
            "another kind: copy the Bot User OAuth Token from the app's page OAuth & Permissions, "
            "it begins with xoxb-",
            id="the app token for the bot's",
        ),
        pytest.param(
            GOOD | {"SLACK_APP_TOKEN": "xoxb-hunter2"},
            "SLACK_APP_TOKEN is a token of "
            "another kind: make an App-Level Token with connections:write on the app's page Basic "
            "Information, it begins with xapp-; or leave it out to use HTTP",
            id="the bot token for the app's",
        ),
        pytest.param(
            without("SLACK_SIGNING_SECRET"),
            "SLACK_SIGNING_SECRET is missing: copy the "
            "Signing Secret from the app's page Basic Information; with Socket Mode set "
            "SLACK_APP_TOKEN in its place",
            id="no signing secret",
        ),
        pytest.param(
            without("GITHUB_TOKEN"),
            "GITHUB_TOKEN is missing: set it, or GITHUB_APP_ID, "
            "GITHUB_APP_PRIVATE_KEY, GITHUB_INSTALLATION_ID for an App",
            id="no GitHub",
        ),
        pytest.param(
            GOOD | {"GITHUB_APP_ID": "1"},
            "GITHUB_TOKEN and GITHUB_APP_ID are both set: keep the token or the App",
            id="token and App",
        ),
        pytest.param(
            without("GITHUB_TOKEN", GITHUB_APP_ID="1", GITHUB_INSTALLATION_ID="2"),
            "GITHUB_APP_PRIVATE_KEY is missing: a GitHub App needs it beside GITHUB_APP_ID",
            id="half an App",
        ),
        pytest.param(
            without("GITHUB_TOKEN", **APP | {"GITHUB_INSTALLATION_ID": "hunter2"}),
            "GITHUB_INSTALLATION_ID is no number",
            id="an installation without number",
        ),
        pytest.param(
            without("GITHUB_TOKEN", **APP | {"GITHUB_APP_ID": "hunter2!"}),
            "GITHUB_APP_ID is no App id: copy the App ID or Client ID from the App's page",
            id="no App id",
        ),
        pytest.param(
            without("GITHUB_TOKEN", **APP | {"GITHUB_APP_PRIVATE_KEY": "/no/hunter2"}),
            "GITHUB_APP_PRIVATE_KEY names a file that cannot be read (No such file or directory): "
            "mount it, or fix it",
            id="a key that is not there",
        ),
        pytest.param(
            without("GITHUB_TOKEN", **APP | {"GITHUB_APP_PRIVATE_KEY": "a\nhunter2"}),
            "GITHUB_APP_PRIVATE_KEY is neither a private key nor a path: give the .pem file",
            id="a key that is none",
        ),
        pytest.param(
            without("GITHUB_TOKEN", **APP | {"GITHUB_APP_PRIVATE_KEY": "-----BEGIN CERTIFICATE"}),
            "GITHUB_APP_PRIVATE_KEY is no private key: give the .pem file the App's page made",
            id="a certificate",
        ),
        pytest.param(
            GOOD | {"PORT": "65536"},
            "PORT is no port: write a number up to 65535",
            id="a port too high",
        ),
        pytest.param(
            GOOD | {"DATABASE_URL": "mysql://bot:hunter2@db/x"},
            "DATABASE_URL names no "
            "database we know: write sqlite:///shipmate.db or "
            "postgresql://user:password@host/database",
            id="another database",
        ),
        pytest.param(
            GOOD | {"GITHUB_API_URL": "https://bob:hunter2@github.example.com"},
            "GITHUB_API_URL is no plain http(s) address: write one such as https://api.github.com",
            id="a password in an address",
        ),
        pytest.param(
            GOOD | {"SLACK_API_URL": "http://[hunter2"},
            "SLACK_API_URL is no plain http(s) address: write one such as https://slack.com/api/",
            id="no address",
        ),
        pytest.param(
            GOOD | {"GITHUB_TOKEN": "hunter2\n"},
            "GITHUB_TOKEN holds a line break, an outer blank or a strange letter: copy it anew",
            id="a line break",
        ),
        pytest.param(
            GOOD | {"GITHUB_TOKEN_FILE": "/x"},
            "GITHUB_TOKEN and GITHUB_TOKEN_FILE are both set: keep one of them",
            id="value and file",
        ),
        pytest.param(
            without("GITHUB_TOKEN", GITHUB_TOKEN_FILE="/no/hunter2"),
            "GITHUB_TOKEN_FILE "
            "names a file that cannot be read (No such file or directory): mount it, or fix it",
            id="a file that is not there",
        ),
    ],
)
def test_a_mistake_names_its_variable_and_what_to_do(environment, expected):
    assert [expected] == problems(environment)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"", "GITHUB_TOKEN_FILE names a file that is empty", id="empty"),
        pytest.param(b"\xff\xfe", "GITHUB_TOKEN_FILE names a file that is no text", id="binary"),
        pytest.param(
            b"x" * 70_000,
            "GITHUB_TOKEN_FILE names a file that is too large to be a secret",
            id="large",
        ),
    ],
)
def test_a_file_that_holds_no_secret_is_named(tmp_path, content, expected):
    path = tmp_path / "token"
    path.write_bytes(content)
    assert [expected] == problems(without("GITHUB_TOKEN", GITHUB_TOKEN_FILE=str(path)))


def test_a_registry_has_its_own_login_under_its_host():
    settings = Settings.load(
        GOOD
        | {
            "REGISTRY_GHCR_IO_USERNAME": "bot",
            "REGISTRY_GHCR_IO_PASSWORD": "hunter2-ghcr",
            "REGISTRY_LOCALHOST_5000_USERNAME": "bot",
            "REGISTRY_LOCALHOST_5000_PASSWORD": "hunter2-local",
        }
    )
    login = settings.registry_login("ghcr.io")
    assert login is not None
    assert ("bot", "hunter2-ghcr") == (login.username, login.password.get_secret_value())
    assert settings.registry_login("localhost:5000") is not None
    assert settings.registry_login("docker.io") is None
    assert "hunter2" not in repr(settings)
    assert {"hunter2-ghcr", "hunter2-local"} <= set(settings.secrets())


def test_a_registry_password_may_stand_in_a_file(tmp_path):
    (tmp_path / "password").write_text("hunter2-file\n")
    settings = Settings.load(
        GOOD
        | {
            "REGISTRY_GHCR_IO_USERNAME": "bot",
            "REGISTRY_GHCR_IO_PASSWORD_FILE": str(tmp_path / "password"),
        }
    )
    login = settings.registry_login("ghcr.io")
    assert login is not None
    assert "hunter2-file" == login.password.get_secret_value()


@pytest.mark.parametrize(("given", "missing"), [("USERNAME", "PASSWORD"), ("PASSWORD", "USERNAME")])
def test_half_a_registry_login_is_a_mistake(given, missing):
    name = f"REGISTRY_GHCR_IO_{given}"
    expected = f"REGISTRY_GHCR_IO_{missing} is missing beside {name}: set both, or none"
    assert [expected] == problems(GOOD | {name: "hunter2"})


def test_an_address_of_another_channel_is_a_secret_and_may_stand_in_a_file(tmp_path):
    (tmp_path / "mail").write_text("mailtos://user:hunter2@smtp.example.com\n")
    pager, mail = "pagerduty://hunter2@x", "mailtos://user:hunter2@smtp.example.com"
    given = {"NOTIFY_PAGER": pager, "NOTIFY_SRE_MAIL_FILE": str(tmp_path / "mail")}
    settings = Settings.load(GOOD | given)
    held = {name: one.get_secret_value() for name, one in settings.notify_addresses.items()}
    assert {"PAGER": pager, "SRE_MAIL": mail} == held
    assert {pager, mail} <= set(settings.secrets())
    assert "hunter2" not in repr(settings)


def test_names_of_others_in_a_persons_shell_are_left_alone():
    shell = {"GITHUB_TOKEN": "ghp_hunter2", "SLACK_TOKEN": "xoxb-other", "ARGOCD_TOKEN": "other"}
    assert Settings.to_look(shell).github_token is not None
    with pytest.raises(SettingsInvalid, match="SLACK_TOKEN is read by nobody"):
        Settings.load(shell)
