"""BUILDS: ``shipmate check``, the doctor on a terminal: reads the setup, asks, prints."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot import reach, startup
from bot.adapters.argocd import ArgoCD, Timeouts
from bot.adapters.calls import Answered
from bot.adapters.github.client import GitHub
from bot.adapters.github.credentials import AppItself
from bot.adapters.github.standing import AppStandings, Standings
from bot.adapters.registry import Registry
from bot.adapters.slack_check import SlackCheck
from bot.clock import Clock
from bot.config import Config, ConfigInvalid
from bot.config.manifest import Manifest, manifest_of
from bot.config.places import Places
from bot.domain.clocks import skew
from bot.domain.doctor import Area, Finding, State, exit_code, judge_clocks
from bot.domain.doctor import Path as Keys
from bot.domain.environment_policy import Way
from bot.domain.symptoms import Symptom
from bot.messages import doctor as words
from bot.operations.doctor import argocd, database, github, github_login, slack
from bot.operations.doctor.examination import AskArgoCD, AskGitHub, Examination
from bot.operations.identity.forgetting import FORGETTING
from bot.operations.pulse import the_wall
from bot.settings import AppKey, Settings, SettingsInvalid
from handlers.slack import EVENTS

HERE = Path("manifest.yml")
"""Where the Slack app's manifest lies in a clone of Shipmate."""

CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")
"""What a channel's id looks like; a person's begins with U or W."""

STYLES = {
    State.OK: "green",
    State.WARN: "yellow",
    State.PROBLEM: "bold red",
    State.UNKNOWN: "magenta",
}


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that one question may take, on the wall."""

    seconds: int = 10


@dataclass(frozen=True, slots=True)
class Setup:
    """What was read before anybody is asked: the *settings*, the *config* and its *text*."""

    settings: Settings
    config: Config
    text: str
    manifest: Path | None


class Dates:
    """Hears the dates of answers; keeps of each system by how much its clock was off at most."""

    def __init__(self) -> None:
        self.skews: dict[str, timedelta] = {}

    def heard(self, answer: Answered) -> None:
        """Take in one answer."""
        by = skew(answer.date, the_wall(), answer.seconds)
        if by is not None:
            self.saw(answer.system, by)

    def saw(self, system: str, by: timedelta) -> None:
        """Take in how far our clock is ahead of that of *system*."""
        self.skews[system] = max(self.skews.get(system, by), by, key=abs)


# reading


def read(environment: Mapping[str, str], manifest: Path | None) -> Setup | tuple[Finding, ...]:
    """Return the setup, or everything that is wrong with it: settings and configuration both."""
    try:
        found = startup.read(environment)
    except startup.SetupInvalid as invalid:
        return tuple(_wrong(invalid))
    return Setup(found.settings, found.config, found.text, manifest)


def _wrong(invalid: startup.SetupInvalid) -> Iterator[Finding]:
    if invalid.settings is not None:
        yield from _settings(invalid.settings)
    match invalid.config:
        case ConfigInvalid() as mistakes:
            yield from _configuration(mistakes)
        case startup.Unreadable() as unreadable:
            facts = {"detail": unreadable.wrong, "advice": unreadable.advice}
            yield Finding(Area.SETUP, "SHIPMATE_CONFIG", Symptom.SETTING_WRONG, facts)
        case _:
            pass


def _settings(invalid: SettingsInvalid) -> Iterator[Finding]:
    for problem in invalid.problems:
        facts = {"detail": f"{problem.name} {problem.wrong}", "advice": problem.advice}
        yield Finding(Area.SETUP, problem.name, Symptom.SETTING_WRONG, facts, problem.name)


def _configuration(invalid: ConfigInvalid) -> Iterator[Finding]:
    for problem in invalid.problems:
        subject = f"{invalid.name}:{problem.line}"
        facts = {"detail": str(replace(problem, hint="")), "advice": problem.hint}
        yield Finding(Area.SETUP, subject, Symptom.CONFIGURATION_WRONG, facts)


# building


def examination(setup: Setup, clock: Clock, patience: Patience, dates: Dates) -> Examination:
    """Return how each system is asked; *dates* hears the answers. Nobody is asked yet."""
    settings, config = setup.settings, setup.config
    places = Places(setup.text)
    seconds = timedelta(seconds=patience.seconds)
    token = settings.slack_bot_token.get_secret_value()
    clients = _clients(setup, clock, patience, dates)
    registry = Registry(reach.hosts(config, settings), clock=clock, read=float(patience.seconds))
    return Examination(
        slack=partial(
            slack.examine,
            SlackCheck(token, settings.slack_api_url, seconds, dates.heard),
            _slack_wanted(setup, places),
        ),
        github=_github(setup, places, clock, patience, dates),
        argocd=tuple(_argocd(setup, clients)),
        database=partial(database.examine, settings.database_url.get_secret_value(), dates.saw),
        registry=registry,
        catalog=config.catalog,
        closing=(registry.close, *(one.close for one in clients.values())),
    )


def _slack_wanted(setup: Setup, places: Places) -> slack.SlackWanted:
    channels: dict[str, tuple[Keys, ...]] = {}
    for path, text in places.called("channel", "channels"):
        if CHANNEL.fullmatch(text):
            channels[text] = (*channels.get(text, ()), path)
    app_token = setup.settings.slack_app_token
    return slack.SlackWanted(
        channels,
        None if app_token is None else app_token.get_secret_value(),
        _manifest(setup.manifest or setup.settings.slack_manifest),
        frozenset(startup.slash_names(setup.settings).names.values()),
        frozenset(EVENTS),
    )


def _manifest(named: Path | None) -> tuple[str, Manifest | None] | None:
    """Return the manifest that was *named*, else the one here if it is a Slack app's."""
    file = named or HERE
    try:
        manifest = manifest_of(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        manifest = None
    return (str(file), manifest) if manifest is not None or named is not None else None


def _github(
    setup: Setup, places: Places, clock: Clock, patience: Patience, dates: Dates
) -> AskGitHub:
    settings, config = setup.settings, setup.config
    credentials = settings.github_credentials()
    url, timeout = settings.github_api_url, patience.seconds
    door = partial(GitHub, credentials, url, timeout=timeout, clock=clock, on_answer=dates.heard)

    def opened(granted: Mapping[str, str]) -> GitHub:
        return door(permissions=granted or {"metadata": "read"})

    def login() -> github_login.Login:
        if not isinstance(credentials, AppKey):
            return github_login.of_token(Standings(door()), clock.now())
        itself = GitHub(
            AppItself(credentials), url, timeout=timeout, clock=clock, on_answer=dates.heard
        )
        needed = reach.permissions_for(config.catalog, with_ci=config.failures.configured)
        return github_login.of_app(
            AppStandings(itself), credentials.installation_id, needed, _events(setup)
        )

    by_app = isinstance(credentials, AppKey)
    wanted = github.GitHubWanted(
        config.catalog, config.organization, _teams(config, places), by_app
    )
    return partial(github.examine, login, opened, wanted)


def _teams(config: Config, places: Places) -> dict[str, tuple[Keys, ...]]:
    """Return every team that may do or approve something, with where it is named."""
    rules = (one.rules for one in config.catalog.environments.values())
    asked = [each for one in rules if one for each in (one.approvals, one.rollback_approvals)]
    slugs = {slug for grant in config.catalog.permissions.grants for slug in grant.teams}
    slugs |= {slug for one in asked if one is not None for slug in one.teams}
    return {slug: places.naming(slug, "permissions", "environments") for slug in sorted(slugs)}


def _events(setup: Setup) -> frozenset[str]:
    """Return the events that the App's webhook must hear of; none without a webhook."""
    config = setup.config
    if not setup.settings.github_webhook_secrets:
        return frozenset()
    rules = (one.rules for one in config.catalog.environments.values())
    by_pull = any(one is not None and one.change is not Way.COMMIT for one in rules)
    return frozenset(
        {
            *(FORGETTING if config.organization else ()),
            *({"pull_request"} if by_pull else ()),
            *({"workflow_run"} if config.failures.configured else ()),
        }
    )


def _clients(setup: Setup, clock: Clock, patience: Patience, dates: Dates) -> dict[str, ArgoCD]:
    instances = setup.config.catalog.instances
    tokens = setup.settings.argocd_tokens(instances)
    timeouts = Timeouts(read=float(patience.seconds))
    return {
        name: ArgoCD(instance, tokens[name], clock=clock, timeouts=timeouts, on_answer=dates.heard)
        for name, instance in instances.items()
    }


def _argocd(setup: Setup, clients: Mapping[str, ArgoCD]) -> Iterator[AskArgoCD]:
    settings, catalog = setup.settings, setup.config.catalog
    for name, client in clients.items():
        targets = tuple(one for one in catalog.targets.values() if one.application.instance == name)
        variable = settings.argocd_variable(name)
        yield partial(argocd.examine, client, argocd.InstanceWanted(name, variable, targets))


def _odd(setup: Setup) -> Iterator[Finding]:
    name = setup.settings.shipmate_config
    for one in setup.config.warnings:
        facts = {"detail": str(one)}
        yield Finding(Area.SETUP, f"{name}:{one.line}", Symptom.CONFIGURATION_ODD, facts)


def _without(findings: Iterable[Finding], secrets: Iterable[str]) -> tuple[Finding, ...]:
    """Return *findings* without any of *secrets*, whoever may have quoted one."""
    held = tuple(secrets)

    def cleaned(text: str) -> str:
        for secret in held:
            text = text.replace(secret, "…")
        return text

    return tuple(
        replace(one, facts={name: cleaned(value) for name, value in one.facts.items()})
        for one in findings
    )


# printing


def place_in(setup: Setup | None) -> words.Places:
    """Return what says where a finding is mended."""
    places = None if setup is None else Places(setup.text)
    name = "" if setup is None else str(setup.settings.shipmate_config)

    def place(finding: Finding) -> str:
        if finding.variable:
            return finding.variable
        at = places.find(finding.paths) if places is not None and finding.paths else None
        return "" if at is None else f"{name}:{at[0]} {at[1]}".strip()

    return place


def table(rows: tuple[words.Row, ...]) -> Table:
    """Return the findings as a table for a terminal."""
    drawn = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("", "SYSTEM", "OF", "FOUND"):
        drawn.add_column(head, overflow="fold")
    for one in rows:
        told = Text(one.what)
        if one.mend:
            where = f" [{one.where}]" if one.where else ""
            told.append(f"\n→ {one.mend}{where}", style="italic")
        mark = Text(words.MARKS[one.state], style=STYLES[one.state])
        drawn.add_row(mark, one.area.value, Text(one.subject), told)
    return drawn


def tell(findings: tuple[Finding, ...], place: words.Places, *, as_json: bool) -> None:
    """Print *findings*: as JSON, as a table on a terminal, else as plain lines."""
    console = Console(highlight=False)
    if as_json:
        for line in words.as_json(findings, place):
            typer.echo(line, nl=False)
        return
    rows = words.told_once(words.row(one, place) for one in findings)
    if console.is_terminal:
        console.print(table(rows))
        console.print(words.summary(rows))
        return
    for line in words.as_lines(rows):
        typer.echo(line, nl=False)


def check(
    environment: Mapping[str, str],
    manifest: Path | None,
    *,
    as_json: bool = False,
    clock: Clock | None = None,
    patience: Patience | None = None,
) -> int:
    """Examine everything that *environment* names, print what is found; return the exit code."""
    setup = read(environment, manifest)
    if isinstance(setup, tuple):
        tell(setup, place_in(None), as_json=as_json)
        return exit_code(setup)
    clock = clock or Clock()
    dates = Dates()
    asked = examination(setup, clock, patience or Patience(), dates).run()
    found = (*_odd(setup), *judge_clocks(dates.skews), *asked)
    findings = _without(found, setup.settings.secrets())
    tell(findings, place_in(setup), as_json=as_json)
    return exit_code(findings)
