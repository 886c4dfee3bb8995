"""How far a rollback goes back stands on its card, and what it leaves as it is."""

from bot.domain.operations import Phase
from bot.domain.rollback.retreats import Beside, Lost
from bot.domain.unknown import Unknown
from bot.messages.rollback.ways_back import BACK_IN
from sandbox.wire import Fault, answer
from sandbox.world import unguarded

IMAGES = "210987654321.dkr.ecr.ap-northeast-2.amazonaws.com/flash-tickets-"
FOLDER = "apps/pay/overlays/staging"


def read(told, operation):
    """Return the words of the card of *operation*, on one line."""
    return " ".join(told.card(operation.id).words.split())


def of_gitops(asked):
    return "flash-tickets-gitops" in asked.path


def test_a_rollback_says_what_it_takes_away_and_what_stays(story):
    with story("flash_tickets", speed=60.0, config=unguarded) as told:
        told.goes_live(told.types("/deploy pay v1.2.3 staging"))
        path = f"{FOLDER}/migrations/002.sql"
        inside, outside = {path: "alter table users;"}, {"elsewhere.txt": "nobody reads it"}
        told.github.push(told.system.gitops, told.system.branch, inside | outside, message="more")
        told.goes_live(told.types("/deploy pay v1.3.0 staging"))

        back = told.goes_live(told.types("/rollback pay staging because it fails"))

        (retreat,) = back.plan.retreats
        assert isinstance(retreat.lost, Lost)
        assert (2, False) == (retreat.lost.total, retreat.left)
        assert retreat.lost.authors
        assert Beside((path,)) == retreat.beside
        said = read(told, back)
        assert "That takes away 2 commits by" in said
        assert f"left as it is now: {path} ." in said

        told.types("/ship release pay staging", by="U0BOB")
        assert told.world.until(lambda: not told.held("pay/staging"))
        again = told.goes_live(told.types("/rollback pay staging v1.3.0"))

        (retreat,) = again.plan.retreats
        assert retreat.left
        assert "was rolled back itself before" in read(told, again)

        told.types("/ship release pay staging", by="U0BOB")
        assert told.world.until(lambda: not told.held("pay/staging"))
        down = Fault(answer=lambda: answer({"message": "oops"}, 500))
        told.github.arm("compare", down, times=None, when=of_gitops)

        blind = told.goes_live(told.types("/rollback pay staging v1.2.3"))

        (retreat,) = blind.plan.retreats
        assert isinstance(retreat.beside, Unknown)
        assert "What else changed for it in Git since then could not be read." in read(told, blind)


def test_the_card_of_what_failed_offers_the_way_back(story):
    with story("flash_tickets", speed=60.0, config=unguarded) as told:
        told.goes_live(told.types("/deploy pay v1.2.3 staging"))
        told.argocd.break_image(f"{IMAGES}pay", "v1.3.0")

        failed = told.ends(told.types("/deploy pay v1.3.0 staging"))

        assert Phase.FAILED is failed.phase
        assert "to the last version that was well there" in read(told, failed)
        assert [f"{BACK_IN}staging"] == told.buttons(failed.id)

        told.slack.click(f"{BACK_IN}staging", by="U0BOB")

        assert told.world.until(lambda: told.store.latest()[0].id != failed.id)
        back = told.ends_with_id(told.store.latest()[0].id)
        assert (Phase.LIVE, "U0BOB") == (back.phase, back.request.requester), back.problem
        (change,) = back.plan.changes
        assert "v1.2.3" == change.new
        assert f"{failed.id} failed" == back.request.reason
