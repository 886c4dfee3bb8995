"""What to deploy and where, from ``shipmate.yaml``: every mistake at once, by line and column."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.config import models, policies
from bot.config.applications import look_for_dead_names, tellings_of
from bot.config.building import build
from bot.config.document import read
from bot.config.drift import look_for_dead_reports, plan_of
from bot.config.failures import failures_of
from bot.config.history import keep_of
from bot.config.notify import look_for_dead_rules
from bot.config.pieces import Pieces, Report
from bot.config.policies import Source
from bot.config.problems import ConfigInvalid, ConfigProblem
from bot.config.references import (
    look_for_confused_names,
    look_for_dead_references,
    look_for_empty_sections,
    look_for_shared_logins,
)
from bot.config.shape import problems_of_shape
from bot.config.values import duration
from bot.domain.alerts import NotifyRule
from bot.domain.applications.tellings import Tellings
from bot.domain.catalog import Catalog
from bot.domain.ci.failures import Failures
from bot.domain.drift.schedules import DriftPlan
from bot.domain.images import ImageReference

__all__ = [
    "Channels",
    "Config",
    "ConfigInvalid",
    "ConfigProblem",
    "People",
    "Registry",
    "Source",
    "load",
    "schema",
]


@dataclass(frozen=True, slots=True)
class Channels:
    """The Slack channel ids that the bot speaks in."""

    deploys: str
    failures: str
    drift: str


@dataclass(frozen=True, slots=True)
class People:
    """How Slack users come to GitHub accounts.

    *sources* are believed in their order. *logins* is the map: GitHub logins by Slack user id.
    *profile_field* is the id of the Slack profile field, or None. *link* says whether people may
    link their accounts themselves.
    """

    sources: tuple[Source, ...] = (Source.MAP,)
    logins: Mapping[str, str] = field(default_factory=dict)
    profile_field: str | None = None
    link: bool = False


@dataclass(frozen=True, slots=True)
class Registry:
    """An image registry by its *host*, as images name it.

    *url* is where it answers, without a last slash; None: where its host says.
    """

    host: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The file, checked. *organization* is the GitHub organization, or None.

    *warnings* are what is allowed and probably not meant; show them to who runs the bot.
    *registries* are those of the file and those that only images name. *remember* is how long, in
    an emergency, a right that GitHub confirmed stands while it does not answer; zero: it does not.
    *notify* says who is told what, beside Slack. *keep* is how long the history is kept; None is
    for ever.
    """

    catalog: Catalog
    channels: Channels
    organization: str | None = None
    warnings: tuple[ConfigProblem, ...] = ()
    people: People = field(default_factory=People)
    registries: tuple[Registry, ...] = ()
    remember: timedelta = timedelta()
    notify: tuple[NotifyRule, ...] = ()
    drift: DriftPlan = field(default_factory=DriftPlan)
    applications: Tellings = field(default_factory=lambda: Tellings(""))
    failures: Failures = field(default_factory=Failures)
    keep: timedelta | None = None


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
    look_for_shared_logins(pieces, report)
    look_for_dead_reports(pieces, report)
    look_for_dead_rules(pieces, report)
    catalog = build(pieces, report)
    look_for_dead_names(pieces, report, catalog)
    if report.problems or pieces.slack is None:
        raise ConfigInvalid(name, sorted(report.problems, key=lambda one: (one.line, one.column)))
    channels = _channels(pieces.slack.channels)
    return Config(
        catalog,
        channels,
        pieces.github.org if pieces.github else None,
        tuple(report.warnings),
        _people(pieces.people),
        tuple(_registries(pieces.registries, catalog)),
        _remember(pieces.emergency),
        notify=tuple(one.rule() for one in pieces.notify.values()),
        drift=plan_of(pieces.drift, tuple(catalog.environments), channels.drift),
        applications=tellings_of(pieces.applications, channels.failures),
        failures=failures_of(pieces.failures, catalog, channels.failures),
        keep=keep_of(pieces.history),
    )


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **models.File.model_json_schema(),
    }


def _people(people: policies.People | None) -> People:
    if people is None:
        return People()
    link = Source.LINK in people.source if people.link is None else people.link
    return People(tuple(people.source), dict(people.map), people.profile_field, link)


def _remember(emergency: policies.Emergency | None) -> timedelta:
    if emergency is None or emergency.remember is None:
        return timedelta()
    return duration(emergency.remember)


def _registries(named: Mapping[str, policies.Registry], catalog: Catalog) -> Iterator[Registry]:
    for host, registry in named.items():
        yield Registry(host, registry.url)
    images = (ImageReference(target.image) for target in catalog.targets.values())
    for host in dict.fromkeys(image.registry.lower() for image in images):
        if host not in named:
            yield Registry(host)


def _channels(channels: models.Channels) -> Channels:
    deploys = channels.deploys
    return Channels(deploys, channels.failures or deploys, channels.drift or deploys)
