"""People who act in the tests of the books, and acting at the same instant."""

import threading
from datetime import UTC, datetime

from bot.domain.rights import Actor, GitHubUser

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ALICE = Actor("U0ALICE", GitHubUser(101, "alice"))
BOB = Actor("U0BOB", GitHubUser(102, "bob"))
CAROL = Actor("U0CAROL", GitHubUser(9_000_000_103, "carol"))  # ids pass 32 bits some day


def at_once(*acts):
    """Do all *acts* at the same instant; return what each returned, in their order."""
    results, failures = [None] * len(acts), []
    line = threading.Barrier(len(acts))

    def do(place, act):
        try:
            line.wait(20)
            results[place] = act()
        except Exception as error:  # noqa: BLE001  # told below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=do, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == failures
    return results
