"""A secret follows its file, and nothing that stands there for a moment is taken for one."""

import os

import pytest

from bot import log as logs
from bot.secret_files import LOOK_EVERY, OVERLAP, FileSecret, follow, look_again
from bot.settings import Settings
from tests.test_settings import APP, PEM, without


class Steady:
    """Seconds that pass when somebody lets them."""

    def __init__(self):
        self.at = 1000.0

    def __call__(self):
        return self.at

    def settle(self):
        """Let two looks at the file come due, each at the next use of the secret."""
        self.at += LOOK_EVERY


class Mounted:
    """Secrets mounted as Kubernetes does: a link to a link to a folder, which is turned."""

    def __init__(self, folder):
        self.folder, self.round = folder, 0
        self.path = folder / "secret"

    def put(self, text):
        self.round += 1
        there = self.folder / f"..{self.round}"
        there.mkdir()
        (there / "secret").write_text(text)
        new = self.folder / "..data_tmp"
        new.symlink_to(there.name)
        os.replace(new, self.folder / "..data")  # noqa: PTH105  # a rename over a link, as kubelet's
        if not self.path.is_symlink():
            self.path.symlink_to("..data/secret")


@pytest.fixture
def mounted(tmp_path):
    return Mounted(tmp_path)


@pytest.fixture
def steady():
    return Steady()


def loaded(mounted, steady, name="SLACK_BOT_TOKEN", **more):
    """Return the secret *name* that settings hold, with its clock in our hands."""
    settings = Settings.load(without(name, **{f"{name}_FILE": str(mounted.path)}, **more))
    (secret,) = settings.from_files()
    secret._steady, secret._next_look = steady, steady.at + LOOK_EVERY
    return settings, secret


def values(secret, steady, looks=2):
    """Return what the secret is at each of its next *looks*."""
    found = []
    for _ in range(looks):
        steady.settle()
        found.append(secret.get_secret_value())
    return found


def test_a_turned_link_brings_the_new_secret_at_the_second_look(mounted, steady):
    mounted.put("xoxb-old\n")
    _, secret = loaded(mounted, steady)
    mounted.put("xoxb-new\n")
    assert "xoxb-old" == secret.get_secret_value()
    assert ["xoxb-old", "xoxb-new"] == values(secret, steady)


def test_a_file_that_is_still_being_written_is_left_alone(mounted, steady):
    mounted.put("xoxb-old")
    _, secret = loaded(mounted, steady)
    seen = []
    for half in ("", "xoxb-n", "xoxb-ne", "xoxb-new"):
        (mounted.folder / "..data" / "secret").write_text(half)
        seen += values(secret, steady, looks=1)
    assert ["xoxb-old"] * 4 == seen
    assert ["xoxb-new"] == values(secret, steady, looks=1)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(lambda file: file.write_text(""), "is empty", id="empty"),
        pytest.param(lambda file: file.write_bytes(b"\xff\xfe"), "is no text", id="no text"),
        pytest.param(lambda file: file.write_text("xapp-hunter2"), "of another kind", id="other"),
        pytest.param(lambda file: file.write_text("xoxb-a\nhunter2"), "line break", id="two lines"),
        pytest.param(lambda file: file.unlink(), "cannot be read", id="gone"),
    ],
)
def test_what_cannot_be_used_keeps_the_old_one_and_is_told_once(
    mounted, steady, capsys, spoil, why
):
    mounted.put("xoxb-old")
    _, secret = loaded(mounted, steady)
    spoil(mounted.folder / "..data" / "secret")
    assert ["xoxb-old"] * 6 == values(secret, steady, looks=6)
    said = capsys.readouterr().out
    assert (1, 1) == (said.count(why), said.count("\n"))
    assert "hunter2" not in said


def test_a_refused_secret_is_read_again_at_once(mounted, steady):
    mounted.put("xoxb-old")
    _, secret = loaded(mounted, steady)
    assert not look_again(secret, "xoxb-old")
    mounted.put("xoxb-new")
    assert look_again(secret, "xoxb-old")
    assert "xoxb-new" == secret.get_secret_value()
    assert not look_again(secret, "xoxb-new")


def test_who_asks_late_with_an_old_secret_is_told_of_the_new_one(mounted, steady):
    mounted.put("xoxb-old")
    _, secret = loaded(mounted, steady)
    mounted.put("xoxb-new")
    assert secret.look_again()
    assert look_again(secret, "xoxb-old")


def test_those_who_follow_are_told_of_each_change_also_after_one_that_fails(mounted, steady):
    mounted.put("xoxb-old")
    _, secret = loaded(mounted, steady)
    told = []
    follow(secret, lambda: 1 // 0)
    follow(secret, lambda: told.append(secret.get_secret_value()))
    mounted.put("xoxb-new")
    values(secret, steady, looks=4)
    assert ["xoxb-new"] == told


def test_slack_may_sign_with_the_old_secret_for_a_while(mounted, steady):
    mounted.put("signing-old")
    settings, secret = loaded(mounted, steady, "SLACK_SIGNING_SECRET")
    mounted.put("signing-new")
    values(secret, steady)
    assert ("signing-new", "signing-old") == settings.slack_signing_secrets
    steady.at += OVERLAP
    assert ("signing-new",) == settings.slack_signing_secrets


@pytest.mark.parametrize("name", ["GITHUB_WEBHOOK_SECRET", "ARGOCD_WEBHOOK_TOKEN"])
def test_webhooks_may_carry_what_stands_there_and_what_stood_there(mounted, steady, name):
    mounted.put("hook-1\nhook-2\n")
    settings, secret = loaded(mounted, steady, name)
    mounted.put("hook-3\nhook-1\n")
    values(secret, steady)
    good = {
        "GITHUB_WEBHOOK_SECRET": lambda: settings.github_webhook_secrets,
        "ARGOCD_WEBHOOK_TOKEN": lambda: settings.argocd_webhook_tokens,
    }[name]
    assert ["hook-3", "hook-1", "hook-2"] == [one.get_secret_value() for one in good()]
    steady.at += OVERLAP
    assert ["hook-3", "hook-1"] == [one.get_secret_value() for one in good()]


def test_a_private_key_given_by_its_path_follows_the_file_too(mounted, steady):
    mounted.put(PEM)
    given = APP | {"GITHUB_APP_PRIVATE_KEY": str(mounted.path)}
    settings = Settings.load(without("GITHUB_TOKEN", **given))
    mounted.put(PEM.replace("MII", "MIJ"))
    assert look_again(settings.github_app_private_key, PEM)
    assert "MIJ" in settings.github_credentials().private_key.get_secret_value()


def test_every_secret_in_a_file_follows_it(mounted):
    mounted.put("hunter2")
    names = ("ARGOCD_AUTH_TOKEN", "ARGOCD_AUTH_TOKEN_EU", "REGISTRY_GHCR_IO_PASSWORD")
    more = (*names, "NOTIFY_PAGER", "SLACK_SIGNING_SECRET", "GITHUB_TOKEN")
    files = {f"{name}_FILE": str(mounted.path) for name in more}
    given = without(*more, **files, REGISTRY_GHCR_IO_USERNAME="bot")
    assert sorted(more) == sorted(one.name for one in Settings.load(given).from_files())


def test_a_secret_in_the_environment_follows_nothing():
    assert () == Settings.load(without()).from_files()


def test_no_secret_shows_and_a_new_one_is_hidden_in_the_log(mounted, steady, capsys):
    mounted.put("xoxb-old")
    settings, secret = loaded(mounted, steady)
    mounted.put("xoxb-hunter2")
    assert isinstance(secret, FileSecret)
    assert look_again(secret, "xoxb-old")
    assert "hunter2" not in repr(settings) + repr(secret) + str(secret) + capsys.readouterr().out
    assert "hunter2" not in logs._ours.text("what xoxb-hunter2 says")
    assert "xoxb-hunter2" in settings.secrets()
