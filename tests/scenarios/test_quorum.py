"""Two people have to say yes before Flash Tickets' production moves."""

import re
from contextlib import contextmanager

from bot.domain.operations import Phase
from tests.scenarios.approving import Approving

CODE = "flash-tickets/flash-tickets"


def at_once(text):
    """Return the ``shipmate.yaml`` without order and soak: those are shown elsewhere."""
    return re.sub(r"^ +(?:after|soak): .*\n", "", text, flags=re.MULTILINE)


def test_one_of_two_is_shown_nobody_counts_twice_and_the_second_lets_it_go(story):
    with asked(story) as (they, number):
        they.shows(number, "0 of 2", "from platform-admins or sre")

        said = they.approves(number, by="U0BOB")
        assert f"Approved by you: {number} . One more approval is needed." in said
        they.shows(number, "1 of 2 by")
        assert "<@U0BOB>" in they.told.card(number).text

        again = they.approves(number, by="U0BOB")
        assert "already approved by <@U0BOB>, and one person counts once" in again
        assert "0 of 2" not in they.shows(number, "1 of 2 by")
        assert Phase.AWAITING is they.phase(number)
        assert [] == they.ours(number)

        assert "It goes on by itself now" in they.approves(number, by="U0CAROL")
        assert Phase.LIVE is they.told.ends_with_id(number).phase
        (message,) = they.ours(number)
        assert "Approved-by: bob-lee\nApproved-by: carol-park" in message


@contextmanager
def asked(story):
    """Yield who is in the story, and a deploy of ``web`` that waits for its approvers."""
    with story("flash_tickets", speed=60.0, config=at_once) as told:
        they = Approving(told)
        version = told.world.sha(CODE, "main")
        yield they, they.asks("web", version=version)
