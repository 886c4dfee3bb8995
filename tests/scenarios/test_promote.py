"""``/promote all``: what would move is shown first, and a button moves exactly that at once."""

import re

import pytest

from bot.domain.operations import Kind, Phase
from bot.domain.problems import Reason
from bot.messages.promoting import PROMOTE_THESE
from tests.scenarios.story import told_in

ALICE, CAROL, MALLORY = "U0ALICE", "U0CAROL", "U0MALLORY"


def arranged(text):
    """Return the file with no approval asked, Carol unknown, and tags of web's own in prod."""
    text = re.sub(r"^ +(?:after: dev|soak: .*|approvals: .*)\n", "", text, flags=re.MULTILINE)
    text = text.replace(", U0CAROL: carol-park", "")
    before, web = text.split("  web:\n")
    plain = 'prod: {argocd: {app: "flash-tickets-{service}"}}'
    assert plain in web
    return f"{before}  web:\n" + web.replace(plain, f'{plain[:-1]}, tag: "prod-{{sha:8}}"}}')


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("promote")
    with told_in(folder, "flash_tickets", speed=60.0, config=arranged) as story:
        story.goes_live(story.types("/deploy api,gateway,web v1.3.0 staging"))
        yield story


def previewed(told, text, by=ALICE):
    """Return what *by* alone reads in the end after *text*."""
    before = len(told.slack.ephemerals(by))
    first = told.types(text, by=by)
    assert "Looking at what can move" in first.words
    assert not first.public
    assert told.world.until(lambda: len(told.slack.ephemerals(by)) > before + 1, 60)
    return told.slack.ephemerals(by)[-1].words.replace("`", "").replace("*", "")


def clicked(told):
    """Click the preview's button; return the operation it orders, as it ended."""
    before = {one.id for one in told.store.latest()}
    told.slack.click(f"{PROMOTE_THESE}0", by=ALICE)
    assert told.world.until(lambda: {one.id for one in told.store.latest()} - before)
    (new,) = {one.id for one in told.store.latest()} - before
    return told.ends_with_id(new)


def test_who_is_unknown_is_shown_nothing_of_it(told):
    said = previewed(told, "/promote all staging prod", by=CAROL)
    assert "would move" not in said
    assert "v1.2.3" not in said


def test_who_may_not_promote_is_told_so_for_each_service_and_gets_no_button(told):
    said = previewed(told, "/promote all staging prod", by=MALLORY)
    assert "0 of 4 services would move" in said
    assert "Nothing can move now." in said


def test_everything_that_can_move_moves_by_one_commit(told):
    commits = len(told.commits())

    said = previewed(told, "/promote all staging prod because of the release")

    assert "2 of 4 services would move from staging to prod. Nothing was started." in said
    assert "api  v1.2.3 → v1.3.0" in said
    assert "gateway  v1.2.3 → v1.3.0" in said
    assert "pay  stays at 1.10. " in said
    assert "web  stays at v1.2.3. " in said
    assert "only staging was built" in said
    assert "2 commits" in said
    assert "fix(pay): 결제 취소 멱등 키" in said
    assert "They move by one plan and one commit." in said
    assert commits == len(told.commits())

    ended = clicked(told)

    request = ended.request
    assert (Kind.PROMOTE, Phase.LIVE) == (request.kind, ended.phase), ended.problem
    assert ("api", "gateway") == request.services
    assert ("staging", "prod", "of the release") == (
        request.origin,
        request.environment,
        request.reason,
    )
    assert commits + 1 == len(told.commits())

    said = previewed(told, "/promote all staging prod")
    assert "0 of 4 services would move" in said
    assert "api  stays at v1.3.0. " in said


def test_a_version_that_was_built_for_the_environment_before_alone_is_refused_so(told):
    refused = told.ends(told.types("/promote web staging prod"))

    assert (Phase.REFUSED, Reason.IMAGE_MISSING) == (refused.phase, refused.problem.reason)
    assert "only staging was built" in told.card(refused.id).words.replace("*", "")
