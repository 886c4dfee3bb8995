"""Which files of a comparison concern an application."""

from dataclasses import replace

import pytest

from bot.domain.rollback.retreats import tags_of_others, under
from tests.builders import target

FILES = ("apps/core/kustomization.yaml", "apps/core/config.yaml", "apps/core-2/x.yaml", "README.md")


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        pytest.param(["apps/core"], ["apps/core/config.yaml"], id="its folder"),
        pytest.param(["./apps/core/"], ["apps/core/config.yaml"], id="written otherwise"),
        pytest.param(
            ["apps/core", "apps/core-2"],
            ["apps/core-2/x.yaml", "apps/core/config.yaml"],
            id="several sources",
        ),
        pytest.param(
            ["."], ["README.md", "apps/core-2/x.yaml", "apps/core/config.yaml"], id="everything"
        ),
        pytest.param(["charts"], [], id="nothing of it"),
        pytest.param([], [], id="no folder"),
    ],
)
def test_only_files_under_the_applications_folders_count_and_not_the_tags(folders, expected):
    assert expected == under(FILES, folders, {"apps/core/kustomization.yaml"})


def placed(environment, file, app):
    one = target(environment=environment)
    return replace(
        one,
        location=replace(one.location, file=file),
        application=replace(one.application, name=app),
    )


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param(
            [("stage", "chart/values-stage.yaml", "core-stage")],
            {"chart/values-stage.yaml"},
            id="another environment's values beside ours",
        ),
        pytest.param([("stage", "chart/values.yaml", "core-stage")], set(), id="one file for both"),
        pytest.param(
            [("batch", "chart/batch.yaml", "core-prod")], set(), id="our own application reads it"
        ),
    ],
)
def test_a_file_in_which_only_other_applications_have_their_tags_is_not_beside_ours(
    others, expected
):
    ours = placed("prod", "chart/values.yaml", "core-prod")
    assert expected == tags_of_others([ours, *(placed(*one) for one in others)], [ours])
