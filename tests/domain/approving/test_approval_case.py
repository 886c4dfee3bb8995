import pytest

from bot.domain.approving.approval_case import Evidence, ServiceCase, pushed_anew
from bot.domain.checks import NothingReported
from bot.domain.facts import ImageAbsent, ImageFound, NoEarlierHome
from bot.domain.operations import Change
from bot.domain.unknown import Unknown
from tests.domain.policies import target_facts
from tests.operations.people import ALICE

SILENT = Unknown("no answer")


@pytest.mark.parametrize(
    ("shown", "now", "expected"),
    [
        ("sha256:a", ImageFound("sha256:a"), ()),
        ("sha256:a", ImageFound("sha256:b"), ("core",)),
        (SILENT, ImageFound("sha256:b"), ()),
        ("sha256:a", SILENT, ()),
        ("sha256:a", ImageAbsent(), ()),
    ],
    ids=str,
)
def test_a_tag_that_names_another_image_than_was_shown_is_found(shown, now, expected):
    """What is unknown or gone is for the rule of images to refuse."""
    change = Change("core", "values.yaml", "v1", "v2", "b" * 40)
    case = ServiceCase(
        change, "acme/core", SILENT, NothingReported(), shown, SILENT, NoEarlierHome()
    )
    facts = target_facts(service="core", image=now)
    assert expected == pushed_anew(Evidence(ALICE, (case,), ()), [facts])
