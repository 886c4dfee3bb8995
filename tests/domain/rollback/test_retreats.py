"""Which files of a comparison concern an application."""

import pytest

from bot.domain.rollback.retreats import under

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
