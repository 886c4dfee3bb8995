"""Many at once: nothing is lost, nothing is done twice, and who waits is told for what."""

import subprocess
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.clock import Clock
from bot.domain.operations import Phase
from sandbox.inside import Inside
from sandbox.world import SPEED, World
from tests.scenarios.many import BRANCH, CODE, VALUES, many
from tests.scenarios.story import Story

SERVICES = 50


@pytest.mark.timeout(240)
def test_fifty_deploys_into_one_file_while_strangers_push(tmp_path):
    world = World(many(SERVICES), tmp_path, clock=Clock(SPEED))
    world.slack.rate_limited = False
    world.start()
    try:
        with Inside(world, f"sqlite:///{tmp_path / 'shipmate.db'}") as inside:
            told = Story(world, inside)
            told.everything_is_healthy()
            sha = world.sha(CODE, BRANCH)[:8]
            first = world.github.head("xiilab/many")

            with Stranger(world) as stranger, ThreadPoolExecutor(16) as people:
                names = [f"s{number:02}" for number in range(SERVICES)]
                replies = list(
                    people.map(lambda name: told.types(f"/deploy {name} {sha} stage"), names)
                )
                ended = [told.ends(reply, 120) for reply in replies]

            assert {Phase.LIVE} == {one.phase for one in ended}, [one.problem for one in ended]
            attempts = Counter(one.written.attempts for one in ended)
            print(f"attempts: {dict(sorted(attempts.items()))}; strangers: {len(stranger.pushed)}")
            assert_history(world, first, ended, stranger.pushed, sha)
        assert [] == world.troubles()
    finally:
        world.stop()


class Stranger:
    """Somebody who commits to the same branch, and file, all the time."""

    def __init__(self, world):
        self._world, self.pushed = world, []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._push)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _push(self):
        while not self._stop.wait(0.1):
            number = len(self.pushed)
            path = f"notes/{number}.md"
            text = f"note {number}\n"
            self.pushed.append(
                self._world.github.push("xiilab/many", "main", {path: text}, message=path)
            )


def assert_history(world, first, ended, strangers, sha):
    """The branch is one line of commits: each of ours changes its own line, none is lost."""
    shown = git(world, "log", "--reverse", "--format=%H %P", f"{first}..main")
    commits = [line.split() for line in shown.splitlines()]
    parents = [first, *(commit[0] for commit in commits[:-1])]
    assert [[parent] for parent in parents] == [commit[1:] for commit in commits]

    ours = {one.written.sha: one.request.services[0] for one in ended}
    assert SERVICES == len(ours)
    assert set(ours) | set(strangers) == {commit[0] for commit in commits}
    for commit, service in ours.items():
        diff = git(world, "show", "--format=", "-U0", commit).splitlines()
        changed = [line for line in diff if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
        assert [
            f"-    tag: old-{service}   # set by the bot",
            f"+    tag: {service}-{sha}   # set by the bot",
        ] == changed
    text = world.github.file("xiilab/many", "main", VALUES).decode()
    before = world.system.files()[VALUES].decode()
    for service in ours.values():
        before = before.replace(f"tag: old-{service} ", f"tag: {service}-{sha} ")
    assert before == text
    for number in range(len(strangers)):
        note = world.github.file("xiilab/many", "main", f"notes/{number}.md")
        assert f"note {number}\n".encode() == note


def git(world, *arguments):
    command = ["git", "-C", str(world.github.path("xiilab/many")), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_three_versions_of_one_service_go_one_after_another(story):
    """The second is cancelled in the line: it starts nothing, and the third moves up."""
    with story("astrago") as told:
        told.argocd.stuck_operation("astrago")
        shas = [told.world.sha(CODE, f"{BRANCH}~{back}")[:8] for back in (2, 1, 0)]
        before = told.commits()
        first = told.types(f"/deploy core {shas[0]} stage")
        one = told.operation(first).id
        assert told.world.until(lambda: Phase.FOLLOWING is told.store.operation(one).phase)
        second = told.types(f"/deploy core {shas[1]} stage")
        two = told.operation(second).id
        next_in_line = f"Number 1 in line. It starts when {one}"
        assert told.world.until(lambda: says(told, two, next_in_line))
        third = told.types(f"/deploy core {shas[2]} stage")
        three = told.operation(third).id
        assert told.world.until(lambda: says(told, three, "Number 2 in line", one, two))

        told.types(f"/ship cancel {two}")
        assert told.world.until(
            lambda: says(told, three, f"Number 1 in line. It starts when {one}")
        )
        told.argocd.stuck_operation("astrago", on=False)

        assert Phase.LIVE is told.ends(first).phase
        assert Phase.CANCELLED is told.ends(second).phase
        assert Phase.LIVE is told.ends(third).phase
        made = [message.splitlines()[0] for _, message in told.commits()]
        assert [shas[2], shas[0]] == [line[-8:] for line in made[: len(made) - len(before)]]
        ended = told.store.operation(one).ended_at
        assert ended <= told.store.operation(three).entered["committing"]


def says(told, operation, *words):
    card = told.card(operation)
    return card is not None and all(word in card.words.replace("`", "") for word in words)
