"""When everything fails at once: few messages, few calls, nothing told twice, nothing missed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.operations.ci.ground import BROKEN, REPO, Ground, Work

MANY = 200
NAMES = [f"delivery-{n}" for n in range(2 * MANY)]


@pytest.fixture
def ground(tmp_path, postgres_server):
    @contextmanager
    def made(replicas=2):
        with postgres_server.database() as url:
            ground = Ground(tmp_path, url, replicas)
            try:
                yield ground
            finally:
                ground.close()

    return made


def all_at_once(ground, bodies, times=1):
    """Deliver each of *bodies* *times* times, to both replicas, from many threads at once."""
    first = len(ground.replicas[0].inbox.known("github", NAMES))
    wanted = [(NAMES[first + n], body) for n, body in enumerate(bodies)] * times
    gate = threading.Barrier(len(ground.replicas) + 1)

    def deliver(numbered):
        place, (guid, body) = numbered
        ground.hears(body, guid, place % len(ground.replicas))

    def works(replica):
        gate.wait()
        while not stop.is_set():
            replica.inbox.work()

    stop = threading.Event()
    with ThreadPoolExecutor(len(ground.replicas)) as workers, ThreadPoolExecutor(8) as senders:
        working = [workers.submit(works, one) for one in ground.replicas]
        gate.wait()
        list(senders.map(deliver, enumerate(wanted)))
        stop.set()
        for one in working:
            one.result()


def printed(capsys, ground, what):
    calls = ground.calls()
    posts, updates = calls["chat.postMessage", 200], calls["chat.update", 200]
    with capsys.disabled():
        print(
            f"\n{what}: {len(ground.messages())} messages, {posts} posts, {updates} updates,"
            f" {len(ground.fake.calls)} calls to GitHub"
        )
    assert {200} == {status for _, status in calls}, "Slack never has to say that it is too much"
    return posts, updates


def test_two_hundred_runs_of_one_workflow_are_one_message(ground, capsys):
    with ground() as all_of_it:
        bodies = [all_of_it.runs(BROKEN) for _ in range(MANY)]
        all_at_once(all_of_it, bodies)
        all_of_it.settles()
        posts, updates = printed(capsys, all_of_it, f"{MANY} runs of one workflow at once")
        (note,) = all_of_it.messages()
        assert "🔴 CI failed: ci on main · acme/api" in note
        assert "FAIL login" in note
        assert 2 >= posts, "the message and at most one reply"
        assert updates < 10

        all_of_it.hears(all_of_it.runs(Work("test")))
        all_of_it.settles()
        (note,) = all_of_it.messages()
        assert "🟢 CI is green again" in note


def test_two_hundred_workflows_that_fail_at_once_are_a_few_messages(ground, capsys):
    with ground() as all_of_it:
        names = [f"ci-{n:03}" for n in range(MANY)]
        bodies = [all_of_it.runs(BROKEN, workflow=name) for name in names]
        all_at_once(all_of_it, bodies)
        all_of_it.settles()
        printed(capsys, all_of_it, f"{MANY} workflows at once")
        alone = [one for one in all_of_it.messages() if "CI failed" in one]
        crowds = [one for one in all_of_it.messages() if "at about the same time" in one]
        assert (8, 1) == (len(alone), len(crowds))
        assert f"{MANY - 8} more workflows failed" in crowds[0]

        cures = [all_of_it.runs(Work("test"), workflow=name) for name in names]
        all_at_once(all_of_it, [*cures])
        all_of_it.settles()
        posts, updates = printed(capsys, all_of_it, "and all of them recovered")
        shown = all_of_it.messages()
        assert 9 == len(shown)
        assert all("🟢" in one and "🔴" not in one for one in shown), shown
        assert f"All {MANY - 8} of them are green again" in "".join(shown)
        assert 9 + 8 >= posts, "the messages, and one reply for each of eight"
        assert updates < 60


def test_the_same_delivery_twenty_times_is_told_once(ground, capsys):
    with ground() as all_of_it:
        body = all_of_it.runs(BROKEN)
        all_at_once(all_of_it, [body], times=20)
        for n in range(20):  # the same run under other names, as after a lost answer
            all_of_it.hears(body, f"again-{n}", n % 2)
        all_of_it.settles()
        posts, _ = printed(capsys, all_of_it, "the same delivery 20 times, and under 20 names")
        assert 1 == posts == len(all_of_it.messages())
        assert 1 == sum(call.route == "jobs" for call in all_of_it.fake.calls)
        assert REPO in all_of_it.messages()[0]
