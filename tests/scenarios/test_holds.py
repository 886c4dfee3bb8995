"""A version that leaked is held: asked for in Slack, refused by name, released, watched in Git."""

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from sandbox.world import unguarded

BACKEND, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"
CHECKING = "Checking your rights"


def says(told, text, by="U0ALICE"):
    """Type *text*; return the answer that follows the first one."""
    seen = {one.ts for one in told.slack.ephemerals(by)}
    assert CHECKING in told.types(text, by=by).words

    def answers():
        new = (one for one in told.slack.ephemerals(by) if one.ts not in seen)
        return [one.words for one in new if CHECKING not in one.words]

    assert told.world.until(lambda: answers() != [], 20)
    return answers()[-1]


def reads(told, words):
    """Wait until *words* stand in the channel, once."""

    def found():
        return [m.words for m in told.slack.messages("C0DEPLOY") if words in m.words]

    assert told.world.until(lambda: found() != [], 30), words
    assert 1 == len(found()), found()
    return found()[0]


def test_a_held_version_is_refused_until_it_is_released(story):
    with story("astrago", speed=60.0, config=unguarded) as told:
        sha = told.world.sha(BACKEND, BRANCH)[:8]
        tag = f"core-stage-{sha}"

        said = says(told, f"/ship hold core stage {tag} because it leaks")
        assert f"/ship release core stage {tag}" in said
        reads(told, f"<@U0ALICE> holds `{tag}` back from core in stage: it leaks.")

        refused = told.ends(told.types(f"/deploy core {sha} stage", by="U0BOB"))
        assert (Phase.REFUSED, Reason.HELD) == (refused.phase, refused.problem.reason)
        shown = told.card(refused.id).words
        assert "it leaks" in shown
        assert f"/ship release core stage {tag}" in shown

        told.types("/ship status core stage")
        assert told.world.until(
            lambda: "is held back from" in told.slack.ephemerals("U0ALICE")[-1].words, 20
        )

        says(told, "/ship release core stage")
        reads(told, f"<@U0ALICE> released `{tag}` of core in stage.")
        told.goes_live(told.types(f"/deploy core {sha} stage", by="U0BOB"))


def test_a_commit_of_somebody_else_that_brings_it_back_is_told_in_the_channel(story):
    with story("astrago", speed=60.0, config=unguarded) as told:
        sha = told.world.sha(BACKEND, BRANCH)[:8]
        tag = f"core-stage-{sha}"
        says(told, f"/ship hold core stage {tag} because it leaks")

        target = told.inside.shipmate.config.catalog.target("core", "stage")
        where = target.location
        text = told.github.file(where.repo, where.branch, where.file).decode()
        old = next(
            word for word in text.replace('"', " ").split() if word.startswith("core-stage-")
        )
        made = told.github.push(
            where.repo,
            where.branch,
            {where.file: text.replace(old, tag)},
            author=("image-updater", "updater@example.com"),
        )

        notice = reads(told, f"`{tag}` stands in Git again for core in stage")
        assert made[:8] in notice
        assert "image-updater" in notice
        assert "/rollback core stage because" in notice
