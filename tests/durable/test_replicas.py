"""What outlives a process that is gone for good, or was asked to go."""

from collections import Counter

import pytest

from bot.domain.operations import Phase
from sandbox.process import Process
from tests.durable.lives import APPLICATION, Lives
from tests.scenarios.many import many, names

pytestmark = pytest.mark.slow


def test_a_second_replica_finishes_what_a_dead_one_began(tmp_path, postgres_server):
    """With the real grace; nobody types anything to the second one."""
    with postgres_server.database() as address, Lives(tmp_path, address, grace="") as lives:
        lives.argocd.stuck_operation(APPLICATION)
        first, second = lives.alive(), lives.bot()
        second.start()
        followed = lives.deploys(lives.version(1))
        lives.until(lambda: Phase.FOLLOWING is lives.phase(followed))
        waiting = lives.deploys(lives.version(0))
        lives.until(lambda: Phase.QUEUED is lives.phase(waiting))

        first.kill()
        died = lives.world.clock.now()
        lives.argocd.stuck_operation(APPLICATION, on=False)
        lives.until(lambda: lives.phase(followed).ended)
        span = lives.real(lives.world.clock.now() - died)
        lives.until(lambda: lives.is_over(followed) and lives.is_over(waiting))

        print(f"the second replica finished it {span:.1f} s after the first one's death")
        assert span < 20
        lives.assert_done_once(followed, Phase.LIVE)
        lives.assert_done_once(waiting, Phase.LIVE)
        wished = [f"core-stage-{lives.version(back)}" for back in (1, 0)]
        assert ["core-stage-ba01", *wished] == lives.tags()


def test_two_replicas_share_twenty_deploys_into_one_file(tmp_path, postgres_server):
    """Two processes make each other's heads stale, run each other's work, and edit the cards.

    In the middle one is asked to stop: it goes in peace, and the other one does the rest.
    """
    system = many(20)
    with postgres_server.database() as address, Lives(tmp_path, address, of=system) as lives:
        lives.slack.rate_limited = False
        bots = [lives.bot(), lives.bot()]
        for bot in bots:
            bot.start()
        ids = []
        for number, name in enumerate(names(system)):
            lives.slack.connect(bots[number % 2].url)
            ids.append(lives.deploys(service=name))

        asked = lives.world.clock.now()
        assert 0 == bots[0].stop(30), bots[0].log.read_text("utf-8")[-3000:]
        span = lives.real(lives.world.clock.now() - asked)
        print(f"stopped {span:.1f} s after it was asked, with {len(ids)} deploys under way")
        lives.until(lambda: all(lives.phase(one).ended for one in ids), 60)
        lives.until(lambda: all(lives.is_over(one) for one in ids[-1:]), 60)

        for one in ids:
            lives.assert_done_once(one, Phase.LIVE)
        ended = [lives.store.operation(one).written for one in ids]
        print(f"attempts: {dict(sorted(Counter(one.attempts for one in ended).items()))}")


def test_asked_to_stop_it_leaves_its_work_for_the_next_start(tmp_path, database_url):
    with Lives(tmp_path, database_url) as lives:
        lives.argocd.stuck_operation(APPLICATION)
        bot = Process(lives.environment, lives.world.clock, tmp_path / "plain.log")
        try:
            bot.start()
            lives.slack.connect(bot.url)
            operation = lives.deploys()
            lives.until(lambda: Phase.FOLLOWING is lives.phase(operation))

            asked = lives.world.clock.now()
            assert 0 == bot.stop(30), bot.log.read_text("utf-8")
            span = lives.real(lives.world.clock.now() - asked)
            print(f"stopped {span:.1f} s after it was asked")
        finally:
            bot.kill()
        lives.argocd.stuck_operation(APPLICATION, on=False)

        lives.alive()
        lives.until(lambda: lives.is_over(operation))
        lives.assert_done_once(operation, Phase.LIVE)
