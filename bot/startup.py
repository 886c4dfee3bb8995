"""READS: environment and configuration together, before anything is built; all mistakes at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.config import Config, ConfigInvalid, load
from bot.config.manifest import manifest_of
from bot.domain.slash_names import Nameless, SlashNames, named
from bot.settings import Needs, SettingProblem, Settings, SettingsInvalid, config_path


class SetupInvalid(Exception):  # noqa: N818  # it names what is true of the setup
    """Nothing can be started; *settings* and *config* hold what is wrong with each."""

    def __init__(self, settings: SettingsInvalid | None, config: Exception | None) -> None:
        self.settings, self.config = settings, config
        super().__init__("\n".join(str(one) for one in (settings, config) if one is not None))


class Unreadable(Exception):  # noqa: N818  # as above
    """There is no configuration to read at *path*, and *why*."""

    def __init__(self, path: Path, why: str) -> None:
        self.wrong = f"{path} cannot be read: {why}"
        self.advice = "Set SHIPMATE_CONFIG to the path of your shipmate.yaml."
        super().__init__(f"{self.wrong}. {self.advice}")
        self.why = why


@dataclass(frozen=True, slots=True)
class Setup:
    """What was read: the *settings*, the *config* and its *text*."""

    settings: Settings
    config: Config
    text: str


def read(environment: Mapping[str, str]) -> Setup:
    """Return the setup, whose halves fit together.

    Raises:
        SetupInvalid: with every mistake in both halves, and every part that is there by half.
    """
    path = config_path(environment)
    config, text, wrong = None, "", None
    try:
        text = _text(path)
        config = load(text, str(path))
    except (ConfigInvalid, Unreadable) as error:
        wrong = error
    try:
        settings = Settings.load(environment, needs_of(config) if config else None)
    except SettingsInvalid as invalid:
        raise SetupInvalid(invalid, wrong) from None
    try:
        slash_names(settings)
    except SettingsInvalid as invalid:
        raise SetupInvalid(invalid, wrong) from None
    if config is None:
        raise SetupInvalid(None, wrong)
    return Setup(settings, config, text)


def slash_names(settings: Settings) -> SlashNames:
    """Return what our commands are called in the manifest that *settings* name, if they name one.

    Raises:
        SettingsInvalid: it cannot be read, or does not say what each is called.
    """
    path = settings.slack_manifest
    if path is None:
        return SlashNames()
    try:
        manifest = manifest_of(_text(path))
    except Unreadable as unreadable:
        raise _manifest_wrong(f"names {path}, which cannot be read: {unreadable.why}") from None
    if manifest is None:
        raise _manifest_wrong(f"names {path}, which is no manifest of a Slack app")
    names = named(manifest.commands)
    if isinstance(names, Nameless):
        verbs = " and ".join(f"/{verb}" for verb in names.verbs)
        advice = "call exactly one command so, or let its name end in it, as /acme-deploy does"
        raise _manifest_wrong(f"names {path}, which has no one command for {verbs}: {advice}")
    return names


def _manifest_wrong(message: str) -> SettingsInvalid:
    return SettingsInvalid([SettingProblem("SLACK_MANIFEST", message)])


def needs_of(config: Config) -> Needs:
    """Return what *config* cannot do without."""
    return Needs(
        instances=tuple(config.catalog.instances),
        receivers=tuple(dict.fromkeys(rule.to for rule in config.notify)),
        hears_ci=config.failures.configured,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Unreadable(path, error.strerror or type(error).__name__) from error
    except UnicodeDecodeError as error:
        raise Unreadable(path, "it is not UTF-8 text") from error
