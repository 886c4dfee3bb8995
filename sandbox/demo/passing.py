"""What the reader's rules ask of people, commits and images, so that a rehearsal can pass them.

Everybody of the map is in every team; every commit is green and has its images.
"""

from collections.abc import Iterable, Mapping
from itertools import islice

import yaml  # type: ignore[import-untyped]  # no stubs

from bot.config import Config
from bot.domain.catalog import Target
from bot.domain.edit import EditError, read_tag
from bot.domain.planning import Version, tag_for
from sandbox.github import GitHub
from sandbox.images import Images

MOST_COMMITS = 20
"""The newest commits of a repository that may be deployed in a rehearsal."""


def fill_teams(github: GitHub, config: Config) -> None:
    """Make the accounts of the map, and put each into every team that the rules name."""
    logins = tuple(dict.fromkeys(config.people.logins.values()))
    for login in logins:
        github.add_user(login)
    if config.organization is not None:
        for team in sorted(_teams(config)):
            github.add_team(config.organization, team, logins)


def _teams(config: Config) -> frozenset[str]:
    """Return every team that the rights or the approvals name."""
    named = [grant.teams for grant in config.catalog.permissions.grants]
    for environment in config.catalog.environments:
        policy = config.catalog.policy(environment)
        rules = (policy.approvals, policy.rollback_approvals) if policy is not None else ()
        named += [rule.teams for rule in rules if rule is not None]
    return frozenset().union(*named)


def fill_commits(
    github: GitHub,
    images: Images,
    targets: Iterable[Target],
    source: str,
    branch: str,
    release: str,
) -> None:
    """Report the newest commits of *source* green, and push the images that *targets* want."""
    newest = tuple(islice(github.log(source, branch), MOST_COMMITS))
    for commit in newest:
        github.report_check(source, commit.sha, "build")
    versions = [(Version(commit.sha, None), commit.sha) for commit in newest]
    versions.append((Version(newest[0].sha, release), release))
    for target in (one for one in targets if one.source == source):
        for version, typed in versions:
            if isinstance(tag := tag_for(target, version, typed), str):
                images.put(f"{target.image}:{tag}")


def fill_what_stands(github: GitHub, images: Images, targets: Iterable[Target]) -> None:
    """Push the images of the tags that stand in Git now, so that one can go back to them."""
    for target in targets:
        place = target.location
        try:
            content = github.file(place.repo, place.branch, place.file)
            tag = read_tag(content, place.file, place.at)
        except (EditError, KeyError):
            continue  # the bot itself will tell of it
        if tag is not None:
            images.put(f"{target.image}:{tag}")


def with_registries(text: str, addresses: Mapping[str, str]) -> str:
    """Return the configuration *text* with *addresses* of registries in place of its own."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    entries = ", ".join(f'"{host}": {{url: "{url}"}}' for host, url in addresses.items())
    for key, value in root.value:
        if key.value == "registries":
            start, end = value.start_mark.index, value.end_mark.index
            return f"{text[:start]}{{{entries}}}\n{text[end:]}"
    return f"{text.rstrip()}\nregistries: {{{entries}}}\n"
