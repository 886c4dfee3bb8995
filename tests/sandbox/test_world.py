"""A system's world: people with accounts and teams, CI that reports and builds, registries."""

import os
import re

import pytest

from bot.adapters.github import GitHub, Token
from bot.adapters.github.checks import Checks
from bot.adapters.github.commits import Commits
from bot.adapters.github.comparison import Comparisons
from bot.adapters.github.teams import Teams
from bot.adapters.registry import Registry
from bot.adapters.registry_auth import Host, Login
from bot.config import load
from bot.domain.checks import Green, NothingReported, Pending, Red, judge_checks
from bot.domain.facts import ImageAbsent, ImageFound
from bot.domain.planning import Version, tag_for
from bot.settings import Settings
from sandbox.ci import Verdict
from sandbox.inside import Inside
from sandbox.systems import systems
from sandbox.world import World

CODE = {
    "astrago": ("xiilab/astrago-backend", "stabilize/1.0"),
    "pingvas": ("pingvas/pingvas-studio", "main"),
    "flash_tickets": ("flash-tickets/flash-tickets", "main"),
    "pinksea": ("pinksea-ai/invokeai-saas", "main"),
    "guide": ("org/my-app", "main"),
}


class Ground:
    """A world and the adapters of a bot that was given its environment."""

    def __init__(self, described, folder):
        self.world = World(described, folder)
        self.world.start()
        self.environment = self.world.environment(f"sqlite:///{folder / 'shipmate.db'}")
        self.settings = Settings.load(self.environment)
        self.config = load((folder / "shipmate.yaml").read_text())
        token = Token(self.settings.github_token)
        self.github = GitHub(token, self.settings.github_api_url, clock=self.world.clock, timeout=5)
        self.commits, self.checks = Commits(self.github), Checks(self.github)
        self.registry = Registry(
            {one.host: Host(self._login(one.host), url=one.url) for one in self.config.registries},
            clock=self.world.clock,
        )
        self.repo, self.branch = CODE[described.name]

    def _login(self, host):
        login = self.settings.registry_login(host)
        return None if login is None else Login(login.username, login.password)

    def push(self):
        return self.world.github.push(self.repo, self.branch, {"more.txt": "more\n"})

    def verdict(self, sha):
        return judge_checks(self.checks.rollup(self.repo, sha))

    def images(self, sha, branch):
        """Return what is in the registries of the images that *branch* makes of *sha*."""
        names = [
            image
            for build in self.world.system.builds
            if (build.source, build.branch) == (self.repo, branch) and (image := build.of(sha))
        ]
        assert names
        return [type(self.registry.image(name)) for name in names]

    def close(self):
        self.registry.close()
        self.github.close()
        self.world.stop()
        assert [] == self.world.troubles()


@pytest.fixture(scope="module", params=systems(), ids=lambda one: one.name)
def ground(request, tmp_path_factory):
    made = Ground(request.param, tmp_path_factory.mktemp(request.param.name))
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in made.environment.items():
            if name.startswith("AWS_"):
                patch.setenv(name, value)
        yield made
        made.close()


def test_everything_that_somebody_deploys_is_green_and_has_its_image(ground):
    for deploy in ground.world.system.deploys:
        commit = ground.commits.resolve(deploy.source, ground.world.sha(deploy.source, deploy.ref))
        assert isinstance(judge_checks(ground.checks.rollup(deploy.source, commit.sha)), Green)
        release = deploy.ref if re.fullmatch(r"v\d.*", deploy.ref) else None
        for service in deploy.services:
            target = ground.config.catalog.target(service, deploy.environment)
            tag = tag_for(target, Version(commit.sha, release), release or commit.sha)
            assert isinstance(ground.registry.image(f"{target.image}:{tag}"), ImageFound), deploy


def test_what_runs_from_before_has_an_image_too(ground):
    for image in ground.world.system.images:
        assert isinstance(ground.registry.image(image), ImageFound), image


def test_ci_builds_and_reports_what_is_pushed_later(ground):
    sha = ground.push()
    assert isinstance(ground.verdict(sha), Green)
    assert {ImageFound} == set(ground.images(sha, ground.branch))
    assert {ImageAbsent} == set(ground.images("0" * 40, ground.branch))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Verdict.RED, Red(("test",))),
        (Verdict.PENDING, Pending(("test",))),
        (Verdict.NOTHING, NothingReported()),
        (Verdict.GREEN, Green(2)),
    ],
)
def test_ci_changes_its_mind(ground, said, expected):
    sha = ground.world.sha(ground.repo, ground.branch)
    ground.world.ci.says(ground.repo, sha, said)
    assert expected == ground.verdict(sha)


def test_ci_may_be_told_what_to_make_of_later_commits(ground):
    ground.world.ci.verdict = Verdict.RED
    sha = ground.push()
    ground.world.ci.verdict = Verdict.GREEN
    assert isinstance(ground.verdict(sha), Red)


def test_an_image_may_vanish(ground):
    sha = ground.push()
    build = next(one for one in ground.world.system.builds if one.source == ground.repo)
    ground.world.images.remove(build.of(sha) or "")
    assert isinstance(ground.registry.image(build.of(sha)), ImageAbsent)


def test_everybody_of_slack_is_on_github_and_signs_commits_there(ground):
    teams = Teams(ground.github)
    for person in ground.world.system.people:
        assert person.number == teams.user(ground.config.people.logins[person.id]).id
    repository = next(one for one in ground.world.system.code if one.name == ground.repo)
    oldest = ground.world.github.log(ground.repo, ground.branch)[-1].sha
    newest = ground.world.sha(ground.repo, repository.default)
    compared = Comparisons(ground.github).between(ground.repo, oldest, newest)
    signed = {commit.email for commit in repository.commits if commit.branch == repository.default}
    accounts = {person.email: person.number for person in ground.world.system.people}
    assert compared.author_ids
    assert compared.author_ids <= {accounts[email] for email in signed}


def test_all_configured_teams_exist_and_nested_members_count(ground):
    teams, organization = Teams(ground.github), ground.config.organization
    slugs = {slug for grant in ground.config.catalog.permissions.grants for slug in grant.teams}
    assert () == teams.missing_teams(organization, slugs)
    assert "yes" == teams.membership(organization, "engineering", "bob-lee").standing.value
    assert "no" == teams.membership(organization, "sre", "carol-park").standing.value


def test_images_of_ghcr_are_for_who_has_the_login(ground):
    image = next((one for one in ground.world.system.images if one.startswith("ghcr.io/")), None)
    if image is not None:
        stranger = Registry(
            {"ghcr.io": Host(url=ground.world.registry.url)}, clock=ground.world.clock
        )
        assert not isinstance(stranger.image(image), ImageFound)
        stranger.close()


def test_a_bot_inside_sees_the_worlds_aws_only_while_it_lives(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    before = dict(os.environ)
    world = World(systems()[-1], tmp_path)
    world.start()
    with Inside(world, f"sqlite:///{tmp_path / 'shipmate.db'}"):
        assert "AWS_PROFILE" not in os.environ
        assert world.ecr.url == os.environ["AWS_ENDPOINT_URL_ECR"]
    assert before == dict(os.environ)
    world.stop()
    assert [] == world.troubles()
