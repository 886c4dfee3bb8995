"""Set-ups that are not as they should be: nobody allowed, no application, no database."""

import time

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from tests import postgres
from tests.scenarios.story import told_in

BACKEND, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"
SPEED = 60


class Rewritten:
    """A system whose ``shipmate.yaml`` says something else in one place."""

    def __init__(self, system, old, new):
        self._system, self._old, self._new = system, old, new

    def __getattr__(self, name):
        return getattr(self._system, name)

    def config(self, argocd):
        written = self._system.config(argocd)
        assert self._old in written
        return written.replace(self._old, self._new)


def core_to_stage(told, by="U0ALICE"):
    return told.types(f"/deploy core {told.world.sha(BACKEND, BRANCH)[:8]} stage", by=by)


@pytest.mark.parametrize("teams", ["{}", "{stage: []}"], ids=["no list", "an empty list"])
def test_where_nobody_is_listed_nobody_may(story, teams):
    def nobody(text):
        return text.replace("deploy: {stage: [sre]}", f"deploy: {teams}")

    with story(config=nobody, speed=SPEED) as told:
        before = told.commits()
        number = told.operation(core_to_stage(told)).id
        assert told.world.until(lambda: told.store.operation(number).phase.ended)
        assert Reason.NOT_PERMITTED is told.store.operation(number).problem.reason
        assert told.world.until(lambda: bool(told.slack.dm("U0ALICE")))
        assert "Nobody has that right yet" in told.slack.dm("U0ALICE")[-1].words
        assert before == told.commits()


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        pytest.param(
            lambda argocd: argocd.delete_application("astrago"),
            Reason.APP_MISSING,
            "Argo CD main has no application astrago, or the bot may not see it.",
            id="missing",
        ),
        pytest.param(
            lambda argocd: argocd.forbid("astrago"),
            Reason.APP_MISSING,
            "Argo CD main has no application astrago, or the bot may not see it.",
            id="hidden from us",
        ),
    ],
)
def test_an_application_that_cannot_be_seen(story, change, reason, words):
    """Without a project Argo CD answers 403 to both, so both are said."""
    with story(speed=SPEED) as told:
        change(told.argocd)
        ended = told.ends(core_to_stage(told))
        assert (Phase.REFUSED, reason) == (ended.phase, ended.problem.reason)
        said = told.card(ended.id).text
        assert words in said
        assert "Ask a platform engineer to check the service's `argocd.app`" in said
        assert 1 == len(told.commits())


def test_an_application_in_a_project_we_may_not_see(story):
    """With the project given, a 403 is about our rights."""

    def with_project(world):
        old, new = "app: astrago}", "app: astrago, project: default}"
        world.system = Rewritten(world.system, old, new)

    with story(prepare=with_project, speed=SPEED) as told:
        told.argocd.forbid("astrago")
        ended = told.ends(core_to_stage(told))
        assert (Phase.REFUSED, Reason.APP_FORBIDDEN) == (ended.phase, ended.problem.reason)
        said = told.card(ended.id).text
        assert "Argo CD main does not let the bot see application astrago" in said
        assert "`applications, get`" in said


@pytest.mark.slow
def test_postgresql_is_gone_for_a_while(tmp_path):
    """People are told at once; what was begun goes on when the database is back."""
    with (
        postgres.running() as server,
        server.database() as address,
        told_in(tmp_path, speed=SPEED, database_url=address) as told,
    ):
        told.argocd.slow_render("astrago", 20)
        begun = told.operation(core_to_stage(told)).id
        assert told.world.until(lambda: told.store.operation(begun).written)
        server.stop()

        start = time.monotonic()
        replies = [
            told.types("/deploy batch a1b2c3d4 stage"),
            told.types(f"/ship cancel {begun}"),
        ]
        took = time.monotonic() - start

        server.start()
        for reply in replies:
            assert "Please send the same command again in a minute." in reply.text
        assert took < 3.0 * len(replies)
        assert Phase.LIVE is told.ends_with_id(begun).phase
        assert Phase.LIVE is told.ends(told.types(f"/deploy batch {BRANCH} stage")).phase
