from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands import Deploy, parse
from bot.domain.commands.nouns import MisreadReason
from bot.domain.form import Choices, Field, homes, known_services, matching, read, source_of
from bot.domain.words import LONGEST_TEXT
from tests.domain.catalogs import catalog

CATALOG = catalog()
GOOD = Choices(("core",), "stage", picked="a" * 40)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, Deploy(("core",), "a" * 40, "stage"), id="from the list"),
        pytest.param(
            {"picked": None, "written": "  `main` "},
            Deploy(("core",), "main", "stage"),
            id="written, with what a paste brings",
        ),
        pytest.param(
            {"services": ("core", "batch", "core")},
            Deploy(("batch", "core"), "a" * 40, "stage"),
            id="several services, sorted and once",
        ),
        pytest.param(
            {"written": "a" * 40}, Deploy(("core",), "a" * 40, "stage"), id="the same twice"
        ),
        pytest.param(
            {"reason": " fix\n<!channel>  &lt; "},
            Deploy(("core",), "a" * 40, "stage", "fix <!channel> &lt;"),
            id="a reason stays as it was typed, on one line",
        ),
        pytest.param({"reason": " \n"}, Deploy(("core",), "a" * 40, "stage"), id="no reason"),
    ],
)
def test_a_form_comes_to_a_deploy(changes, expected):
    assert expected == read(replace(GOOD, **changes), CATALOG)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"services": ()}, (Field.SERVICES, MisreadReason.MISSING_SERVICE), id="none"),
        pytest.param(
            {"services": ("<!channel>",)},
            (Field.SERVICES, MisreadReason.UNKNOWN_SERVICE),
            id="a service that is none",
        ),
        pytest.param(
            {"services": ("Core",)},
            (Field.SERVICES, MisreadReason.UNKNOWN_SERVICE),
            id="an option says the name as it is",
        ),
        pytest.param(
            {"environment": None},
            (Field.ENVIRONMENT, MisreadReason.MISSING_ENVIRONMENT),
            id="no environment",
        ),
        pytest.param(
            {"environment": "moon"},
            (Field.ENVIRONMENT, MisreadReason.UNKNOWN_ENVIRONMENT),
            id="an environment that is none",
        ),
        pytest.param(
            {"services": ("frontend",)},
            (Field.ENVIRONMENT, MisreadReason.NOT_IN_ENVIRONMENT),
            id="not there",
        ),
        pytest.param(
            {"picked": None}, (Field.WRITTEN, MisreadReason.MISSING_VERSION), id="no version"
        ),
        pytest.param(
            {"written": "main"},
            (Field.WRITTEN, MisreadReason.SEVERAL_VERSIONS),
            id="one chosen and another written",
        ),
        pytest.param(
            {"picked": None, "written": "a b"},
            (Field.WRITTEN, MisreadReason.BAD_VERSION),
            id="two words",
        ),
        pytest.param(
            {"written": "a b"},
            (Field.WRITTEN, MisreadReason.BAD_VERSION),
            id="what is written is none, whatever was chosen",
        ),
        pytest.param(
            {"picked": "x" * 40_000},
            (Field.WRITTEN, MisreadReason.BAD_VERSION),
            id="40 kB for a version",
        ),
        pytest.param(
            {"reason": "x" * (LONGEST_TEXT + 1)},
            (Field.REASON, MisreadReason.TOO_LONG),
            id="a reason too long",
        ),
    ],
)
def test_a_mistake_is_told_at_its_field(changes, expected):
    found = read(replace(GOOD, **changes), CATALOG)
    assert [expected] == [(one.at, one.reason) for one in found]


def test_all_mistakes_are_told_at_once():
    found = read(Choices(reason="x" * 9_999), CATALOG)
    assert [Field.SERVICES, Field.ENVIRONMENT, Field.WRITTEN, Field.REASON] == [
        one.at for one in found
    ]


def test_more_services_than_a_form_takes():
    many = catalog({f"s{n:02}": ("dev",) for n in range(30)})
    found = read(Choices(many.services, "dev", "main"), many)
    assert [(Field.SERVICES, MisreadReason.TOO_MANY_WORDS)] == [(o.at, o.reason) for o in found]


@given(
    st.sampled_from(sorted(CATALOG.targets)),
    st.from_regex(r"[a-f0-9]{7,40}|v[0-9]\.[0-9]\.[0-9]", fullmatch=True),
    st.none() | st.from_regex(r"[a-z]{1,8}( [a-z]{1,8}){0,3}", fullmatch=True),
)
def test_it_is_the_same_as_the_typed_line(target, version, reason):
    service, environment = target
    because = f" because {reason}" if reason else ""
    typed = parse("deploy", f"{service} {version} {environment}{because}", CATALOG)
    assert typed == read(Choices((service,), environment, None, version, reason), CATALOG)


@given(st.tuples(st.text(), st.none() | st.text(), st.none() | st.text(), st.none() | st.text()))
def test_nothing_that_comes_with_a_form_raises(values):
    service, environment, picked, written = values
    found = read(Choices((service,), environment, picked, written, written), CATALOG)
    assert isinstance(found, Deploy | tuple)


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        pytest.param((), ("dev", "stage", "prod"), id="none chosen: all, in promotion order"),
        pytest.param(("core",), ("dev", "stage", "prod"), id="one"),
        pytest.param(("batch", "user-service"), ("dev",), id="only where both live"),
        pytest.param(("batch", "frontend"), (), id="nowhere together"),
    ],
)
def test_environments_to_choose_from(services, expected):
    assert expected == homes(services, CATALOG)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", ("batch", "core", "frontend"), id="nothing yet: the first ones"),
        pytest.param("e", ("core", "frontend", "user-service"), id="holds it"),
        pytest.param("U", ("user-service",), id="begins with it, in any case"),
        pytest.param("cor", ("core",), id="begins"),
        pytest.param("coer", ("core",), id="a typo"),
        pytest.param("*", (), id="nothing like it"),
        pytest.param("x" * 40_000, (), id="40 kB"),
    ],
)
def test_services_for_what_was_typed(query, expected):
    assert expected == matching(query, CATALOG, 3)


def test_a_source_is_one_repository_or_none():
    assert "acme/core" == source_of(("core",), CATALOG)
    assert None is source_of(("core", "batch"), CATALOG)
    assert None is source_of((), CATALOG)
    assert "acme/solo" == source_of((), catalog({"solo": ("dev",)}))


def test_services_that_do_not_exist_are_left_out():
    assert ("core",) == known_services(Choices(("nothing", "core")), CATALOG)
