"""A variable that was meant as one of ours is found; those of everybody else are left alone."""

import pytest

from bot.variables import SINGLE, misspelt


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SLACK_BOTTOKEN", "SLACK_BOT_TOKEN"),
        ("slack_bot_token", "SLACK_BOT_TOKEN"),
        ("SLACK_BOT_TOKE", "SLACK_BOT_TOKEN"),
        ("SLACK_TOKEN", "SLACK_BOT_TOKEN"),
        ("SLACK_TOKEN_FILE", "SLACK_BOT_TOKEN_FILE"),
        ("SLACK_SIGNIN_SECRET", "SLACK_SIGNING_SECRET"),
        ("SLACK_SIGNING_SECRET_FLIE", "SLACK_SIGNING_SECRET_FILE"),
        ("GITHUB_APPID", "GITHUB_APP_ID"),
        ("GITHUB_PRIVATE_KEY", "GITHUB_APP_PRIVATE_KEY"),
        ("GITHUB_APP_INSTALLATION_ID", "GITHUB_INSTALLATION_ID"),
        ("GITHUB_WEBHOOK_SECRETS", "GITHUB_WEBHOOK_SECRET"),
        ("ARGOCD_AUTHTOKEN", "ARGOCD_AUTH_TOKEN"),
        ("ARGOCD_TOKEN", "ARGOCD_AUTH_TOKEN"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("SHIPMATE_CONFIGURATION", None),
        ("SHIPMATE_CONF", None),
        ("SHIPMATE_CONFIGS", "SHIPMATE_CONFIG"),
    ],
)
def test_what_was_meant(name, meant):
    assert ([] if meant is None else [(name, meant)]) == list(misspelt([name]))


@pytest.mark.parametrize(
    "name",
    [
        *SINGLE,
        *(f"{one}_FILE" for one in SINGLE),
        "ARGOCD_AUTH_TOKEN_EU",
        "REGISTRY_GHCR_IO_PASSWORD_FILE",
        "NOTIFY_PAGER",
        # others' names: GitHub Actions, the argocd program, Kubernetes' links to services
        "GITHUB_ACTIONS",
        "GITHUB_API_URL",
        "GITHUB_GRAPHQL_URL",
        "GITHUB_REPOSITORY",
        "GITHUB_SHA",
        "ARGOCD_SERVER",
        "ARGOCD_OPTS",
        "SHIPMATE_SERVICE_HOST",
        "SHIPMATE_PORT_8080_TCP",
        "SHIPMATE_AS",
        "SLACK_WEBHOOK_URL",
        "GH_TOKEN",
        "PATH",
    ],
)
def test_what_is_left_alone(name):
    assert [] == list(misspelt([name]))


@pytest.mark.parametrize("there", ["SLACK_BOT_TOKEN", "SLACK_BOT_TOKEN_FILE"])
def test_another_programs_name_is_left_alone_where_ours_is_set(there):
    assert [] == list(misspelt([there, "SLACK_TOKEN"]))
    assert [("SLACK_BOTTOKEN", "SLACK_BOT_TOKEN")] == list(misspelt([there, "SLACK_BOTTOKEN"]))
