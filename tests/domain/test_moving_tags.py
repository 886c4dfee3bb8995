import pytest

from bot.domain.moving_tags import denied_by, fits, moves


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("latest", True),
        ("LATEST", True),
        ("develop-latest", True),
        ("latest-cuda", True),
        ("main", True),
        ("core-main", True),
        ("core.nightly", True),
        ("main-a1b2c3d", False),
        ("core-stage-a1b2c3d4", False),
        ("core-prod-abcdefab", False),
        ("v1.2.3", False),
        ("a1b2c3d4-prod", False),
        ("v1.2.3-release", False),
        ("a1b2c3d4-cuda", False),
        ("latestage-1", False),
    ],
)
def test_it_knows_tags_that_are_pushed_again(tag, expected):
    assert expected is moves(tag)


@pytest.mark.parametrize(
    ("tag", "patterns", "expected"),
    [
        ("latest", ["latest", "*-latest"], "latest"),
        ("develop-Latest", ["latest", "*-latest"], "*-latest"),
        ("v1.2.3", ["latest"], None),
        ("v1.2.3-rc.1", ["*-rc.*"], "*-rc.*"),
        ("v1", [], None),
    ],
)
def test_a_pattern_denies_in_any_letter_case(tag, patterns, expected):
    assert expected == denied_by(tag, patterns)


@pytest.mark.parametrize(
    ("tag", "patterns", "expected"),
    [
        ("v1.2.3", ["v*"], True),
        ("V1.2.3", ["v*"], False),
        ("main-1", ["v*", "main-*"], True),
        ("anything", [], True),
    ],
)
def test_one_of_the_required_patterns_fits(tag, patterns, expected):
    assert expected is fits(tag, patterns)
