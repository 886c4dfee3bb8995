"""The five trees are what their descriptions and configurations say they are."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot.config import load
from bot.domain.environment_policy import Way
from bot.domain.locations import Container, Key, Kustomize
from bot.domain.rights import Action
from sandbox.systems import system, systems
from sandbox.systems.nouns import Helmfile, Kustomized, Plain
from sandbox.world import unguarded

SHA = "0123456789abcdef0123456789abcdef01234567"
VERSION = "v9.8.7"

NO_KUBECTL = "kubectl is not on the PATH, so the trees cannot be built by Kustomize here"

SYSTEMS = [pytest.param(each, id=each.name) for each in systems()]


def catalog_of(described):
    return load(described.config()).catalog


TARGETS = [
    pytest.param(each, target, id=f"{each.name}: {target.name}")
    for each in systems()
    for target in catalog_of(each).targets.values()
]
KUSTOMIZATIONS = [
    pytest.param(each, path.removesuffix("/kustomization.yaml"), id=f"{each.name}: {path}")
    for each in systems()
    for path in each.files()
    if path.endswith("/kustomization.yaml")
]


@pytest.fixture(scope="session")
def trees(tmp_path_factory):
    """Return a folder that holds every tree under its system's name."""
    root = tmp_path_factory.mktemp("trees")
    for each in systems():
        for path, content in each.files().items():
            file = root / each.name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return root


def documents(content):
    return [each for each in YAML(typ="safe").load_all(content.decode()) if each]


def images_built(folder: Path) -> set[str]:
    """Return the images of what Kustomize builds from *folder*."""
    built = subprocess.run(
        ["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return set(re.findall(r"^\s*(?:- )?image: (\S+)$", built.stdout, re.MULTILINE))


def image_in(files, target) -> str:
    """Return ``repository:tag`` as *target*'s file says it, found without the bot's own editor."""
    match target.location.at:
        case Kustomize(image):
            (content,) = documents(files[target.location.file])
            (entry,) = [each for each in content["images"] if each["name"] == image]
            return f"{entry.get('newName', image)}:{entry['newTag']}"
        case Key(path):
            (node,) = documents(files[target.location.file])
            *parents, last = path.split(".")
            for key in parents:
                node = node[key]
            return f"{node['registry']}:{node[last]}"
        case Container(repository):
            text = files[target.location.file].decode()
            (tag,) = re.findall(rf"^\s*image: {re.escape(repository)}:(\S+)", text, re.MULTILINE)
            return f"{repository}:{tag}"


def test_there_are_five():
    assert ["astrago", "pingvas", "flash_tickets", "pinksea", "guide"] == [
        each.name for each in systems()
    ]
    assert system("guide") is systems()[-1]


@pytest.mark.parametrize("described", SYSTEMS)
def test_its_configuration_has_no_mistake_and_no_warning(described):
    assert () == load(described.config()).warnings


def test_the_guide_changes_by_commit_or_by_pull_request():
    two = [system(name) for name in ("guide", "guide-by-pull-request")]
    assert two[0].files() == two[1].files()
    ways = [load(each.config()).catalog.environments["prod"].rules.change for each in two]
    assert [Way.COMMIT, Way.PULL_REQUEST] == ways
    assert () == load(two[1].config()).warnings


def test_the_address_of_argo_cd_can_be_replaced():
    config = load(system("guide").config("http://127.0.0.1:8081/"))
    assert "http://127.0.0.1:8081" == config.catalog.instances["main"].url


@pytest.mark.parametrize(("described", "target"), TARGETS)
def test_each_target_names_a_tag_that_exists(described, target):
    assert described.gitops == target.location.repo
    assert described.branch == target.location.branch
    found = image_in(described.files(), target)
    assert found.startswith(f"{target.image}:")
    assert found in described.images


@pytest.mark.parametrize(("described", "target"), TARGETS)
def test_each_target_has_an_application_that_reads_its_file(described, target):
    (application,) = [
        each for each in described.applications if each.name == target.application.name
    ]
    match application.renderer:
        case Kustomized() | Plain():
            assert target.location.file.startswith(f"{application.path}/")
        case Helmfile(values, workloads):
            assert values == target.location.file
            (workload,) = [each for each in workloads if each.key == target.location.at.path]
            assert target.image == workload.image


@pytest.mark.parametrize(("described", "target"), TARGETS)
def test_somebody_deploys_each_target_and_ci_builds_it(described, target):
    deploys = [
        each
        for each in described.deploys
        if target.service in each.services and each.environment == target.environment
    ]
    assert deploys
    assert {target.source} == {
        build.source for build in described.builds if build.image == target.image
    }
    for each in deploys:
        assert target.source == each.source
        branch = each.ref.partition("~")[0]
        version = VERSION if branch.startswith("v") else None
        tags = {
            template.render(
                service=target.service, env=target.environment, sha=SHA, version=version
            )
            for template in target.tags
            if template.needs_version is (version is not None)
        }
        built = {
            build.of(SHA, version)
            for build in described.builds
            if build.image == target.image and (version or build.branch == branch)
        }
        assert {f"{target.image}:{tag}" for tag in tags} & built


@pytest.mark.parametrize("described", SYSTEMS)
def test_each_deploy_names_branches_and_tags_that_exist(described):
    known = {
        (repository.name, ref)
        for repository in described.code
        for commit in repository.commits
        for ref in (commit.branch, commit.tag)
    }
    for each in described.deploys:
        assert (each.source, each.ref.partition("~")[0]) in known


@pytest.mark.parametrize("described", SYSTEMS)
def test_people_who_may_deploy_are_in_slack_and_somebody_may_not(described):
    catalog = catalog_of(described)
    assert {person.id: person.login for person in described.people} == (
        load(described.config()).people.logins
    )
    members = {team.slug: set(team.members) for team in described.teams}
    for team in described.teams:
        if team.parent is not None:
            members[team.parent] |= members[team.slug]
    channels = {channel.id for channel in described.channels}
    for grant in catalog.permissions.grants:
        assert all(members[team] for team in grant.teams), grant
        assert all("mallory" not in members[team] for team in grant.teams), grant
    for target in catalog.targets.values():
        assert catalog.permissions.teams(Action.DEPLOY, target.service, target.environment)
    for environment in catalog.environments.values():
        assert environment.channel in channels


@pytest.mark.parametrize("described", SYSTEMS)
def test_for_production_somebody_else_is_asked_and_moving_tags_are_denied(described):
    people = {person.login for person in described.people}
    members = {team.slug: set(team.members) for team in described.teams}
    for environment in catalog_of(described).environments.values():
        if environment.production:
            rule = environment.rules.approvals
            approvers = set().union(*(members[team] for team in rule.teams)) & people
            assert len(approvers) > rule.count, "whoever asks is one of them"
            assert {"latest", "*-latest"} <= set(environment.rules.tags.deny)


@pytest.mark.parametrize("described", SYSTEMS)
def test_unguarded_it_asks_for_nobody_and_is_valid_all_the_same(described):
    environments = load(unguarded(described.config())).catalog.environments.values()
    assert not any(one.rules.approvals or one.after or one.rules.soak for one in environments)
    assert [one.production for one in environments] == [
        one.production for one in catalog_of(described).environments.values()
    ]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason=NO_KUBECTL)
@pytest.mark.parametrize(("described", "folder"), KUSTOMIZATIONS)
def test_each_kustomization_builds(described, folder, trees):
    images_built(trees / described.name / folder)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason=NO_KUBECTL)
@pytest.mark.parametrize(
    ("described", "application"),
    [
        pytest.param(each, application, id=f"{each.name}: {application.name}")
        for each in systems()
        for application in each.applications
        if isinstance(application.renderer, Kustomized)
    ],
)
def test_each_application_runs_images_that_exist(described, application, trees):
    images = images_built(trees / described.name / application.path)
    assert images
    assert images <= set(described.images)


@pytest.mark.parametrize("described", SYSTEMS)
def test_the_applications_are_those_of_the_trees_own_manifests(described):
    written = {}
    for path, content in described.files().items():
        if "argo" not in path or not path.endswith(".yaml"):
            continue
        for document in documents(content):
            written.update(applications_of(document))
    expected = {
        each.name: (each.path, each.revision, each.project, each.namespace)
        for each in described.applications
    }
    if described.name == "astrago":  # its application was made by hand in Argo CD
        assert {} == written
    else:
        assert expected == written


def applications_of(document):
    """Return name → path, revision, project, namespace of an Application or ApplicationSet."""
    spec = document.get("spec", {})
    if document["kind"] == "Application" and spec["source"]["path"] != "argocd-apps":
        return {document["metadata"]["name"]: described_by(spec, {})}
    if document["kind"] != "ApplicationSet":
        return {}
    template = spec["template"]
    return {
        filled(template["metadata"]["name"], element): described_by(template["spec"], element)
        for element in spec["generators"][0]["list"]["elements"]
    }


def described_by(spec, element):
    source = spec["source"]
    return (
        filled(source["path"], element),
        source["targetRevision"],
        spec["project"],
        filled(spec["destination"]["namespace"], element),
    )


def filled(text, element):
    return re.sub(r"\{\{(\w+)\}\}", lambda found: str(element[found[1]]), text)


def test_the_trees_are_as_untidy_as_real_ones():
    files = {
        f"{each.name}/{path}": text for each in systems() for path, text in each.files().items()
    }
    windows = {path for path, text in files.items() if b"\r\n" in text}
    assert {
        "pingvas/apps/overlays/prod/frontend/kustomization.yaml",
        "flash_tickets/apps/web/overlays/prod/kustomization.yaml",
        "pinksea/k8s/overlays/dev/payment-service/kustomization.yaml",
    } == windows
    assert all(files[path].count(b"\n") == files[path].count(b"\r\n") for path in windows)
    assert not any(text.startswith(b"\xef\xbb\xbf") for text in files.values())
    assert any(text.decode().count("\n---\n") > 1 for text in files.values())


@pytest.mark.parametrize("described", SYSTEMS)
def test_the_owners_write_korean(described):
    assert any(re.search("[가-힣]", text.decode()) for text in described.files().values())


@pytest.mark.parametrize(
    ("tag", "version", "expected"),
    [
        ("core-stage-{sha:8}", None, "core-stage-01234567"),
        ("{sha}-cuda", None, f"{SHA}-cuda"),
        ("{version}", "v1.2.3", "v1.2.3"),
    ],
)
def test_what_ci_builds(tag, version, expected):
    build = system("guide").builds[0]
    made = type(build)("org/app", "registry/app", "main", tag)
    assert f"registry/app:{expected}" == made.of(SHA, version)


def test_ci_builds_no_release_image_without_a_git_tag():
    build = system("guide").builds[0]
    assert type(build)("org/app", "registry/app", "main", "{version}").of(SHA) is None
