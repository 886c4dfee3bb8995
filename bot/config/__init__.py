"""What to deploy and where, from ``shipmate.yaml``: every mistake at once, by line and column."""

from dataclasses import dataclass
from typing import Any

from bot.config import models
from bot.config.building import build
from bot.config.document import read
from bot.config.pieces import Pieces, Report
from bot.config.problems import ConfigInvalid, ConfigProblem
from bot.config.references import (
    look_for_confused_names,
    look_for_dead_references,
    look_for_empty_sections,
)
from bot.config.shape import problems_of_shape
from bot.domain.catalog import Catalog

__all__ = ["Channels", "Config", "ConfigInvalid", "ConfigProblem", "load", "schema"]


@dataclass(frozen=True, slots=True)
class Channels:
    """The Slack channel ids that the bot speaks in."""

    deploys: str
    failures: str
    drift: str


@dataclass(frozen=True, slots=True)
class Config:
    """The file, checked. *organization* is the GitHub organization, or None.

    *warnings* are what is allowed and probably not meant; show them to who runs the bot.
    """

    catalog: Catalog
    channels: Channels
    organization: str | None = None
    warnings: tuple[ConfigProblem, ...] = ()


def load(text: str, name: str = "shipmate.yaml") -> Config:
    """Return what *text* configures. *name* is the file's, for the sentences of problems.

    Raises:
        ConfigInvalid: with all mistakes, in the order of the file.
    """
    document = read(text)
    report = Report(document, list(document.problems))
    if document.data or not report.problems:
        report.problems.extend(problems_of_shape(document))
    pieces = Pieces.of(document.data)
    look_for_empty_sections(pieces, report)
    look_for_confused_names(pieces, report)
    look_for_dead_references(pieces, report)
    catalog = build(pieces, report)
    if report.problems or pieces.slack is None:
        raise ConfigInvalid(name, sorted(report.problems, key=lambda one: (one.line, one.column)))
    return Config(
        catalog,
        _channels(pieces.slack.channels),
        pieces.github.org if pieces.github else None,
        tuple(report.warnings),
    )


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **models.File.model_json_schema(),
    }


def _channels(channels: models.Channels) -> Channels:
    deploys = channels.deploys
    return Channels(deploys, channels.failures or deploys, channels.drift or deploys)
