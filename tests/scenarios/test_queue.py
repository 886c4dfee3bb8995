"""Several deploys of one target, one after the other."""

from bot.domain.operations import Phase
from bot.domain.problems import Reason

BACKEND, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"


def test_the_second_waits_for_the_first_and_then_goes_live_itself(story):
    with story("astrago", speed=60.0) as told:
        first, second = (told.world.sha(BACKEND, f"{BRANCH}~{n}")[:8] for n in (1, 0))

        replies = [told.types(f"/deploy core {sha} stage") for sha in (first, second)]
        ended = [told.goes_live(reply) for reply in replies]

        assert ended[0].ended_at <= ended[1].entered["committing"]
        assert [f"core-stage-{first}", f"core-stage-{second}"] == [
            told.diff(one.written.sha)[1][0].split('"')[1] for one in ended
        ]
        assert f"core-stage-{first}" == ended[1].plan.changes[0].old


def test_what_a_person_changed_meanwhile_is_not_overwritten(story):
    """The tag was edited by hand while ours waited in line: that is theirs to undo, not ours."""
    with story("astrago", speed=60.0) as told:
        first, second = (told.world.sha(BACKEND, f"{BRANCH}~{n}")[:8] for n in (1, 0))
        leading = told.types(f"/deploy core {first} stage")
        waiting = told.types(f"/deploy core {second} stage")
        assert told.world.until(lambda: told.operation(leading).written is not None)
        file = told.operation(leading).plan.changes[0].file
        text = told.github.file(told.system.gitops, "main", file)
        told.github.push(
            told.system.gitops,
            "main",
            {file: text.replace(f"core-stage-{first}".encode(), b"core-stage-hotfix1")},
            message="hotfix by hand",
        )

        ended = told.ends(waiting)

        assert (Phase.REFUSED, Reason.VALUE_MOVED) == (ended.phase, ended.problem.reason)
        assert "hotfix by hand" == told.commits()[0][1]
