"""What runs is told apart from what runs beside it, read back, and timed without guessing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.observation import Deployed, Health, Observation, Sync
from bot.domain.planning import Version
from bot.domain.running import (
    earlier_home,
    healthy_since,
    neighbours,
    renderings,
    revision_of,
    running_tags,
)
from bot.domain.tags import TagTemplate
from tests.builders import NOON, catalog, environment, target

IMAGE = "ghcr.io/xiilab/astrago-backend"
HOUR = timedelta(hours=1)
SHA = "a1b2c3d4" + "0" * 32


def by(*templates, service="core", env="stage"):
    return target(service, env, tags=tuple(TagTemplate.parse(one) for one in templates))


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        pytest.param([f"{IMAGE}:core-stage-a1b2c3d4"], ("core-stage-a1b2c3d4",), id="ours"),
        pytest.param(
            [f"{IMAGE}:core-stage-a1b2c3d4", f"{IMAGE}:batch-stage-00000000"],
            ("core-stage-a1b2c3d4",),
            id="a neighbour's of the same repository",
        ),
        pytest.param(
            [f"{IMAGE}:core-stage-a1b2c3d4", f"{IMAGE}:batch-stage-ba01"],
            ("core-stage-a1b2c3d4",),
            id="a neighbour's from before our time",
        ),
        pytest.param(
            [f"{IMAGE}:core-stage-ca02", f"{IMAGE}:batch-stage-ba01"],
            ("core-stage-ca02",),
            id="ours and a neighbour's from before our time",
        ),
        pytest.param(
            [f"{IMAGE}:core-stage-a1b2c3d4", f"{IMAGE}:latest"],
            ("core-stage-a1b2c3d4", "latest"),
            id="nobody's could be ours",
        ),
        pytest.param([f"{IMAGE}-other:core-stage-a1b2c3d4"], (), id="another repository"),
        pytest.param([f"{IMAGE}@sha256:{'d' * 64}"], (f"sha256:{'d' * 64}",), id="a digest"),
        pytest.param([IMAGE], ("latest",), id="no tag is latest"),
        pytest.param(["::", ""], (), id="no images"),
    ],
)
def test_the_tags_of_our_image(images, expected):
    core, batch = by("{service}-{env}-{sha:8}"), by("{service}-{env}-{sha:8}", service="batch")
    assert expected == running_tags(images, core, [batch])


def test_one_template_for_two_neighbours_leaves_both():
    core, batch = by("{sha:8}"), by("{sha:8}", service="batch")
    images = [f"{IMAGE}:a1b2c3d4", f"{IMAGE}:00000000"]
    assert ("00000000", "a1b2c3d4") == running_tags(images, core, [batch])


def test_neighbours_share_the_application_and_the_image():
    core, batch = target("core"), target("batch")
    other = target("web", image="ghcr.io/xiilab/web")
    known = catalog([core, batch, other])
    assert (batch,) == neighbours(known, core)


@pytest.mark.parametrize(
    ("templates", "tag", "expected"),
    [
        pytest.param(["{service}-{env}-{sha:8}"], "core-stage-a1b2c3d4", "a1b2c3d4", id="in it"),
        pytest.param(["{sha}"], SHA, SHA, id="all of it"),
        pytest.param(["{sha}"], "a1b2c3d4", None, id="less than the template writes"),
        pytest.param(["{sha:6}"], "a1b2c3", None, id="too few digits to be sure"),
        pytest.param(
            ["{service}-{env}-{sha:8}"], "core-dev-a1b2c3d4", "a1b2c3d4", id="promoted as it was"
        ),
        pytest.param(["{version}", "main-{sha:7}"], "main-a1b2c3d", "a1b2c3d", id="the SHA first"),
        pytest.param(["{version}"], "v1.2.3", "v1.2.3", id="a release"),
        pytest.param(["{version}"], "1.2.3-rc.1", "1.2.3-rc.1", id="a release to come"),
        pytest.param(["{version}"], "main", None, id="no release, maybe a branch"),
        pytest.param(["{version}"], "1.2", None, id="a line of releases, maybe a branch"),
        pytest.param(["{version}"], "1.2.3abc", None, id="no release at all"),
        pytest.param(["{sha}"], "latest", None, id="latest"),
        pytest.param(["{sha}"], f"sha256:{'d' * 64}", None, id="a digest"),
    ],
)
def test_a_tag_is_read_back_into_a_revision(templates, tag, expected):
    assert expected == revision_of(tag, by(*templates))


def test_a_version_has_a_tag_by_each_template_that_fits():
    place = by("{env}-{sha:8}", "{version}", "{service}-{version}-{sha:7}")
    assert {"stage-a1b2c3d4"} == renderings(place, Version(SHA))
    assert {"stage-a1b2c3d4", "v1.2.3", "core-v1.2.3-a1b2c3d"} == renderings(
        place, Version(SHA, "v1.2.3")
    )


@pytest.mark.parametrize(
    ("homes", "after", "expected"),
    [
        pytest.param(["dev", "stage"], {"prod": "stage", "stage": "dev"}, "stage", id="the next"),
        pytest.param(["dev"], {"prod": "stage", "stage": "dev"}, "dev", id="the one before it"),
        pytest.param([], {"prod": "stage", "stage": "dev"}, None, id="none"),
        pytest.param(["dev", "stage"], {}, None, id="nothing goes before"),
        pytest.param(["dev"], {"prod": "stage", "stage": "prod"}, None, id="a circle ends"),
    ],
)
def test_the_nearest_earlier_home(homes, after, expected):
    places = [environment(name, after=after.get(name)) for name in ("dev", "stage", "prod")]
    targets = [target("core", name) for name in (*homes, "prod")]
    found = earlier_home(catalog(targets, places), targets[-1])
    assert expected == (found and found.environment)


SEEN = Observation(
    *("main", "argocd", "core", "u1", "p"),
    Sync.SYNCED,
    Health.HEALTHY,
    health_since=NOON - HOUR,
    history=(
        Deployed(1, ("b",), NOON - 2 * HOUR),
        Deployed(0, ("a",), NOON),  # ids tell the order; clocks of controllers may not
    ),
)


@pytest.mark.parametrize(
    ("changes", "brought", "expected"),
    [
        pytest.param({}, None, NOON - HOUR, id="healthy after it was deployed"),
        pytest.param({"health_since": NOON - 3 * HOUR}, None, NOON - 2 * HOUR, id="before"),
        pytest.param({}, ("x", NOON), NOON, id="we brought it later"),
        pytest.param({}, ("x", NOON - 9 * HOUR), NOON - HOUR, id="we brought it long ago"),
        pytest.param({}, ("y", NOON), NOON - HOUR, id="we brought another"),
        pytest.param({"health_since": None}, ("x", NOON), None, id="an older Argo CD"),
        pytest.param({"health": Health.DEGRADED}, ("x", NOON), None, id="degraded"),
        pytest.param({"health": Health.SUSPENDED}, ("x", NOON), None, id="suspended"),
        pytest.param({"sync": Sync.OUT_OF_SYNC}, None, None, id="not as Git says"),
        pytest.param({"sync": Sync.OUT_OF_SYNC}, ("x", NOON), NOON, id="but we brought it"),
        pytest.param({"history": ()}, None, None, id="no history"),
        pytest.param({"history": (Deployed(0, ("a",)),)}, None, None, id="no time in it"),
    ],
)
def test_since_when_a_tag_is_healthy(changes, brought, expected):
    assert expected == healthy_since(replace(SEEN, **changes), "x", brought)
