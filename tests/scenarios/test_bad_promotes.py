"""Whatever is asked of ``/promote``, and of tags in production, that cannot be."""

import re

import pytest

from bot.domain.operations import Kind, Phase
from bot.domain.problems import Reason
from tests.scenarios.story import told_in
from tests.scenarios.test_bad_back_and_forward import refused

CODE = "flash-tickets/flash-tickets"
IMAGE = "210987654321.dkr.ecr.ap-northeast-2.amazonaws.com/flash-tickets-"


def ordered(text):
    """Return a ``shipmate.yaml`` that asks for no approval and no waiting, but keeps the order."""
    return re.sub(r"^ +(?:soak|approvals): .*\n", "", text, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    with told_in(
        tmp_path_factory.mktemp("promotes"), "flash_tickets", speed=80.0, config=ordered
    ) as story:
        yield story


MISREAD = {
    "backwards": (
        "/promote api prod staging",
        "A promote goes forward, and staging does not come after prod.",
        "Name where from first, then where to",
    ),
    "from where nothing comes before": (
        "/promote api dev",
        "api lives in no environment that comes before dev.",
        "Name a later environment, or where from, too; or deploy a version there.",
    ),
}


@pytest.mark.parametrize(("typed", "what", "then"), MISREAD.values(), ids=MISREAD)
def test_what_the_configuration_alone_refuses(told, typed, what, then):
    before = told.store.latest()
    said = told.types(typed)
    assert not said.public
    assert what in said.text.replace("`", ""), said.text
    assert then in said.text
    assert before == told.store.latest()


def test_a_tag_that_names_no_commit(told):
    refused(
        told,
        "/promote web dev staging",
        Reason.NAMES_NO_COMMIT,
        "The tag latest of web, which runs in dev, does not say of which commit it is.",
        "Deploy a version by its name",
    )


def test_what_runs_before_is_here_already(told):
    """Its version is asked of Argo CD, not of Git: nothing is said to be promoted twice."""
    told.goes_live(told.types("/deploy gateway v1.3.0 dev"))
    told.goes_live(told.types("/promote gateway dev staging"))
    refused(told, "/promote gateway dev staging", Reason.ALREADY_THERE, "v1.3.0 already stands")


def test_two_versions_at_once(told):
    """A version that does not start runs beside the one before; nobody promotes either."""
    told.argocd.break_image(f"{IMAGE}pay", "v1.3.0")
    failed = told.ends(told.types("/deploy pay v1.3.0 dev"))
    assert Phase.FAILED is failed.phase

    refused(
        told,
        "/promote pay dev staging",
        Reason.NOT_ONE_BEFORE,
        "Several versions of pay run in dev: latest and v1.3.0.",
        "Wait until one version runs there, or deploy a version by its name.",
    )


def test_an_operation_of_another_environment(told):
    (there,) = [one for one in told.store.latest(["gateway"], "dev") if one.phase is Phase.LIVE]
    refused(
        told,
        f"/rollback gateway staging {there.id}",
        Reason.NOT_OF_HERE,
        f"{there.id} was not about gateway in staging, but about gateway/dev.",
        f"or send the command again for what {there.id} was about",
    )


def test_a_promote_of_another_service(told):
    """Its id names a way back of what it brought, and of nothing else."""
    (promote, *_) = [
        one for one in told.store.latest(["gateway"], "staging") if one.request.kind is Kind.PROMOTE
    ]
    for end in ("", " by argocd"):
        ended = told.ends(told.types(f"/rollback api staging {promote.id}{end}"))
        # Around Git, who would undo it is asked before what it would go back to.
        expected = Reason.REVERTED_BY_PARENT if end else Reason.NOT_OF_HERE
        assert (Phase.REFUSED, expected) == (ended.phase, ended.problem.reason)
        assert ended.written is None
    assert () == told.inside.shipmate.resuming.standing()


def test_a_rollback_to_a_tag_that_is_denied_there(told):
    """It stood in Git, so it is a way back; the rules of today still have the last word."""
    target = told.inside.shipmate.config.catalog.target("api", "prod")
    file = target.location.file
    text = told.github.file(told.system.gitops, "main", file)
    for tag in (b"latest", b"v1.3.0"):
        changed = re.sub(rb"(newTag:\s*)\S+", rb"\g<1>" + tag, text)
        told.github.push(told.system.gitops, "main", {file: changed}, message="by hand")
    refused(
        told,
        "/rollback api prod",
        Reason.TAG_DENIED,
        "latest of api may not run in prod: tags such as latest are denied there.",
        "Send the command again with a commit or a release",
    )


def test_what_nobody_of_us_brought_is_taken_back_by_name_to_what_we_did(told):
    """Somebody sets a tag by hand; the way back is the last version that we saw run well."""
    target = told.inside.shipmate.config.catalog.target("gateway", "staging")
    file = target.location.file
    text = told.github.file(told.system.gitops, "main", file)
    by_hand = text.replace(b"v1.3.0", b"v1.2.3")
    sha = told.github.push(told.system.gitops, "main", {file: by_hand}, message="by hand")
    assert told.world.until(lambda: told.argocd.is_live(target.application.name, sha))

    refused(
        told,
        "/rollback gateway staging because it was not meant",
        Reason.FOREIGN_VALUE,
        "Git says v1.2.3 for gateway in staging, and Shipmate did not put it there",
        "/rollback gateway staging v1.3.0",
    )
    back = told.goes_live(told.types("/rollback gateway staging v1.3.0 because it was not meant"))

    (change,) = back.plan.changes
    assert ("v1.2.3", "v1.3.0", None) == (change.old, change.new, change.undoes)
    assert ["v1.2.3"] == told.held("gateway/staging")


BROKEN = b"""apiVersion: apps/v1
kind: Deployment
metadata: {name: beside}
spec:
  selector: {matchLabels: {app: beside}}
  template:
    metadata: {labels: {app: beside}}
    spec: {containers: [{name: beside, image: "beside:broken"}]}
"""


def test_a_version_that_runs_where_something_is_not_well(told):
    """The version itself is one and runs; what stands beside it in the application does not."""
    folder = "apps/gateway/overlays/dev"
    text = told.github.file(told.system.gitops, "main", f"{folder}/kustomization.yaml")
    files = {
        f"{folder}/kustomization.yaml": text.replace(
            b"- ../../base", b"- ../../base\n  - beside.yaml"
        ),
        f"{folder}/beside.yaml": BROKEN,
    }
    told.argocd.break_image("beside", "broken")
    told.github.push(told.system.gitops, "main", files, message="something beside it")
    app = told.inside.shipmate.config.catalog.target("gateway", "dev").application.name
    told.argocd.poll_now(app)

    def health():
        return told.argocd.application(app)["status"]["health"]["status"]

    assert told.world.until(lambda: health() == "Degraded", 40), health()
    refused(told, "/promote gateway dev staging", Reason.UNHEALTHY_BEFORE, "Degraded")
