"""CI fails, and recovers: one message that everybody reads, and a button."""

from bot.messages.ci import RERUN
from sandbox.demo.scene import Scene
from sandbox.github.actions import Work
from sandbox.systems.astrago.system import BACKEND, BRANCH
from sandbox.systems.people import ALICE, BOB

FLAKY = Work(
    "test",
    fails_at="Run ./gradlew test",
    says=(
        "SessionTest > expires after 30 minutes FAILED",
        "  java.net.SocketTimeoutException: connect to redis:6379 (password=hunter2)",
        "42 tests completed, 1 failed",
    ),
)
AUTHOR = ("이준호", BOB.email)


def failing_ci(scene: Scene) -> None:
    """A push whose tests fail, and what people make of it."""
    github = scene.outside.github
    github.let(BACKEND, ALICE.login, "write")
    scene.stage.tells("Nobody asks, and the bot speaks: the tests of a push fail.")
    for number in (1, 2):
        change = {"services/session.txt": f"{number}\n"}
        words = f"fix(core): 세션을 redis에 둔다 ({number}/2)"
        github.push(BACKEND, BRANCH, change, message=words, author=AUTHOR)
    scene.stage.happens(None, "bob pushes two commits, and the workflow ci fails")
    run = github.run_workflow(BACKEND, [Work("build"), FLAKY], by=BOB.login)
    note = scene.reads_note("SessionTest")
    scene.holds("it names who wrote it and what waits", true="3 commits of core" in note.words)
    scene.holds("the password in the log is masked", true="hunter2" not in note.words)

    scene.stage.tells("Redis was away for a moment. Alice may push there, so she may press this.")
    answer = scene.presses_on(ALICE.id, "on the note", note, RERUN)
    scene.holds("the failed jobs run again", true="run again" in answer and len(run.attempts) == 2)
    github.end_workflow(run, [Work("build"), Work("test")])
    after = scene.reads_note("CI is green again")
    scene.holds("it is the same message", true=(after.channel, after.ts) == (note.channel, note.ts))
