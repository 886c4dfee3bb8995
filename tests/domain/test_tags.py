"""Tag templates write image tags and read them back."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.tags import LEGAL_TAG, TagParts, TagTemplate

SHA = "a1b2c3d4" + "e5f60718" * 4


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param("{service}-{env}-{sha:8}", "core-stage-a1b2c3d4", id="astrago"),
        pytest.param("{sha}", SHA, id="pingvas"),
        pytest.param("{sha}-cuda", f"{SHA}-cuda", id="pingvas ai-worker"),
        pytest.param("main-{sha:7}", "main-a1b2c3d", id="pinksea prod"),
        pytest.param("{version}", "v1.2.3", id="a release"),
        pytest.param("{version}_{sha:4}", "v1.2.3_a1b2", id="a release and its commit"),
    ],
)
def test_a_template_writes_the_tag(template, expected):
    assert expected == TagTemplate.parse(template).render(
        service="core", env="stage", sha=SHA, version="v1.2.3"
    )


@pytest.mark.parametrize(
    ("template", "tag", "expected"),
    [
        pytest.param(
            "{service}-{env}-{sha:8}",
            "core-stage-a1b2c3d4",
            TagParts("core", "stage", "a1b2c3d4"),
            id="astrago",
        ),
        pytest.param(
            "{service}-{env}-{sha:8}",
            "user-api-stage-a1b2c3d4",
            TagParts("user-api", "stage", "a1b2c3d4"),
            id="a dash in the service",
        ),
        pytest.param("{sha}-cuda", f"{SHA}-cuda", TagParts(sha=SHA), id="a suffix"),
        pytest.param("develop-{sha:7}", "develop-latest", None, id="not a SHA"),
        pytest.param("main-{sha:7}", "main-a1b2c3d4", None, id="a digit too many"),
        pytest.param("main-{sha:7}", "main-A1B2C3D", None, id="capitals are no SHA"),
        pytest.param("{sha}", SHA + "\n", None, id="a line break after it"),
        pytest.param("{version}", "v1.2.3", TagParts(version="v1.2.3"), id="a release"),
        pytest.param("{version}", "a" * 129, None, id="longer than a tag may be"),
        pytest.param("{sha:7}.x", "a1b2c3dyx", None, id="a dot is only a dot"),
    ],
)
def test_a_template_reads_its_own_tags_only(template, tag, expected):
    assert expected == TagTemplate.parse(template).read(tag)


@pytest.mark.parametrize(
    ("services", "environments", "expected"),
    [
        pytest.param(("ai-worker",), ("gpu",), TagParts("ai-worker", "gpu", "a1b2c3d"), id="one"),
        pytest.param(
            ("ai", "ai-worker"),
            ("dev", "worker-gpu"),
            TagParts("ai", "worker-gpu", "a1b2c3d"),
            id="a dash in the environment",
        ),
        pytest.param(
            ("ai", "ai-worker"), ("gpu", "worker-gpu"), None, id="two pairs: nobody knows"
        ),
        pytest.param(("core",), ("gpu",), None, id="no known service"),
        pytest.param(
            ("ai-worker",), (), TagParts("ai-worker", "gpu", "a1b2c3d"), id="services only"
        ),
    ],
)
def test_known_names_decide_where_the_dashes_belong(services, environments, expected):
    template = TagTemplate.parse("{service}-{env}-{sha:7}")
    assert expected == template.read(
        "ai-worker-gpu-a1b2c3d", services=services, environments=environments
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param("develop-latest", "would change nothing in Git", id="a literal"),
        pytest.param("{service}-{env}", "would change nothing in Git", id="no version in it"),
        pytest.param("{shaa}", "did you mean {sha}?", id="a typo"),
        pytest.param("{branch}", "{branch} is no variable; known are", id="an unknown variable"),
        pytest.param("{sha:3}", "4 to 40", id="too short"),
        pytest.param("{sha:41}", "4 to 40", id="too long"),
        pytest.param("{sha:x}", "4 to 40", id="not a number"),
        pytest.param("{version:3}", "only a sha can be cut", id="a version cut"),
        pytest.param("{sha", "without its partner", id="not closed"),
        pytest.param("sha}", "without its partner", id="not opened"),
        pytest.param("{sha:7}-{sha}", "{sha} twice", id="twice"),
        pytest.param("a b{sha}", "no image tag may", id="a space"),
        pytest.param("-{sha}", "starts with `-`", id="starts with a dash"),
        pytest.param("{}{sha}", "{} is no variable", id="nothing named"),
    ],
)
def test_what_is_no_template_is_refused_with_a_sentence(text, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        TagTemplate.parse(text)


@pytest.mark.parametrize(
    ("template", "sha", "version", "says"),
    [
        pytest.param("{sha}", "a1b2c3d", None, "needs 40 digits", id="a short SHA for a full one"),
        pytest.param("{sha:7}", None, "v1", "needs a sha", id="no SHA"),
        pytest.param("{sha:7}", "A1B2C3D", None, "needs 7 digits", id="capitals"),
        pytest.param("{version}", SHA, None, "needs a version", id="no version"),
        pytest.param("{version}", SHA, "feature/login", "no legal image tag", id="a branch"),
        pytest.param("{version}", SHA, "v" * 129, "no legal image tag", id="longer than a tag"),
        pytest.param("{version}", SHA, "v1\n", "no legal image tag", id="a line break"),
    ],
)
def test_a_tag_that_cannot_be_is_not_written(template, sha, version, says):
    with pytest.raises(ValueError, match=says):
        TagTemplate.parse(template).render(service="core", env="dev", sha=sha, version=version)


def test_a_template_knows_what_it_needs():
    both = TagTemplate.parse("{version}-{sha:7}")
    assert (True, True) == (both.needs_version, both.needs_sha)
    assert not TagTemplate.parse("{sha}").needs_version
    assert not TagTemplate.parse("{version}").needs_sha


def test_templates_are_equal_by_their_text():
    assert TagTemplate.parse("{sha:7}") == TagTemplate.parse("{sha:7}")
    assert "{sha:7}" == str(TagTemplate.parse("{sha:7}"))


names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
shas = st.text("0123456789abcdef", min_size=40, max_size=40)
versions = st.from_regex(r"[A-Za-z0-9._-]{1,12}", fullmatch=True)
literals = st.from_regex(r"[A-Za-z0-9._-]{0,4}", fullmatch=True)


@st.composite
def templates(draw):
    """Return a template, and the digits its SHA has (0: it has none)."""
    digits = draw(st.integers(4, 40))
    chosen = draw(st.sets(st.sampled_from(["service", "env", "sha", "version"]), min_size=1))
    assume({"sha", "version"} & chosen)
    order = draw(st.permutations(sorted(chosen)))
    variables = [f"{{sha:{digits}}}" if name == "sha" else f"{{{name}}}" for name in order]
    text = "".join(draw(literals) + variable for variable in variables) + draw(literals)
    assume(text[0] not in ".-")
    return TagTemplate.parse(text), digits if "sha" in chosen else 0


@given(templates(), names, names, shas, versions)
def test_what_was_written_is_read_back(drawn, service, env, sha, version):
    template, digits = drawn
    try:
        tag = template.render(service=service, env=env, sha=sha, version=version)
    except ValueError:
        assume(False)  # too long, or it starts with a dot
    expected = TagParts(
        service if "{service}" in template.text else None,
        env if "{env}" in template.text else None,
        sha[:digits] or None,
        version if "{version}" in template.text else None,
    )
    assert expected == template.read(tag, services=[service], environments=[env])


@given(templates(), st.from_regex(LEGAL_TAG, fullmatch=True))
def test_what_was_read_writes_the_same_tag(drawn, tag):
    template, _ = drawn
    if parts := template.read(tag):
        assert tag == template.render(
            service=parts.service or "",
            env=parts.environment or "",
            sha=parts.sha,
            version=parts.version,
        )
