"""READS: environment and configuration together, before anything is built; all mistakes at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.config import Config, ConfigInvalid, load
from bot.settings import Needs, Settings, SettingsInvalid, config_path


class SetupInvalid(Exception):  # noqa: N818  # it names what is true of the setup
    """Nothing can be started; *settings* and *config* hold what is wrong with each."""

    def __init__(self, settings: SettingsInvalid | None, config: Exception | None) -> None:
        self.settings, self.config = settings, config
        super().__init__("\n".join(str(one) for one in (settings, config) if one is not None))


class Unreadable(Exception):  # noqa: N818  # as above
    """There is no configuration to read at *path*, and *why*."""

    def __init__(self, path: Path, why: str) -> None:
        advice = "Set SHIPMATE_CONFIG to the path of your shipmate.yaml."
        super().__init__(f"{path} cannot be read: {why}. {advice}")


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
    if config is None:
        raise SetupInvalid(None, wrong)
    return Setup(settings, config, text)


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
