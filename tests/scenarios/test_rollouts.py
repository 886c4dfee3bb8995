"""Blue-green and canary: promoted, aborted and retried by people, from cards that they read."""

import copy
from dataclasses import replace

import pytest
from werkzeug.wrappers import Response

from bot.domain.operations import Phase, Stage
from bot.domain.problems import Reason
from bot.messages.rollout import ACTIONS
from bot.operations.books.act_book import ActBook, Deed
from sandbox.wire import Fault
from sandbox.world import unguarded
from tests.scenarios.story import told_in

REPO = "pinksea-ai/invokeai-saas"
PROMOTE, FULLY, ABORT = "rollout_promote", "rollout_promote_fully", "rollout_abort"
RETRY, RESTART = "rollout_retry", "rollout_restart"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rollouts")
    with told_in(folder, "pinksea", speed=60.0, config=unguarded) as story:
        yield story


@pytest.fixture
def they(told):
    return People(told)


class People:
    """What people do about Rollouts, and what they read."""

    def __init__(self, told):
        self.told, self.slack, self.store = told, told.slack, told.store

    def deploys(self, service, version, environment="prod"):
        """Deploy, and wait until it waits for a person and its card says so; return its id."""
        reply = self.told.types(f"/deploy {service} {version} {environment}")
        number = self.told.operation(reply).id
        self.waits(number)
        return number

    def waits(self, number):
        def paused():
            operation = self.store.operation(number)
            assert not operation.phase.ended, (operation.problem, self.told.timeline(number))
            stages = [one.stage for one in operation.progress]
            return Stage.PAUSED in stages and self.told.card_is_up_to_date(number)

        assert self.told.world.until(paused, 30), self.store.operation(number)
        assert PROMOTE in self.told.buttons(number)

    def ends(self, number):
        over = self.told.world.until(lambda: self.store.operation(number).phase.ended, 40)
        assert over, self.told.timeline(number)
        assert self.told.world.until(lambda: self.told.card_is_up_to_date(number), 20)
        return self.store.operation(number)

    def clicks(self, action, number, by, card=None):
        message = card or self.told.card(number)
        read = self.told.reads_after(lambda: self.slack.click(action, by=by, message=message), by)
        return read.replace("`", "")

    def goes_live(self, service, version, environment="prod"):
        """Deploy what has no Rollout; return its id."""
        return self.told.goes_live(self.told.types(f"/deploy {service} {version} {environment}")).id

    def asks(self, text, by="U0ALICE"):
        """Type *text*; return the message that follows the first answer."""
        seen = {one.ts for one in self.slack.ephemerals(by)}
        first = self.told.types(text, by=by).words

        def answers():
            new = [one for one in self.slack.ephemerals(by) if one.ts not in seen]
            return [one for one in new if one.words != first]

        assert self.told.world.until(lambda: answers() != [], 20)
        return answers()[-1]

    def does(self, text, by="U0ALICE"):
        return self.asks(text, by).words

    def moves(self, subject):
        acts = reversed(ActBook(self.told.inside.shipmate.database).latest(limit=200))
        return [
            (one.detail["move"], one.by)
            for one in acts
            if one.what is Deed.ROLLOUT and one.subject == subject
        ]


def test_a_blue_green_deploy_is_promoted_from_its_card_by_another_with_the_right(they):
    number = they.deploys("user-service", "v1.2.2")
    card = they.told.card(number)
    for fact in ("paused", "beside the old one", "3 of 3 pods new", "promote or abort"):
        assert fact in card.words, card.words
    assert [PROMOTE, FULLY, ABORT, RESTART] == they.told.buttons(number)

    shown = they.does("/ship rollout user-service prod").replace("`", "")
    for fact in (
        "Rollout/user-service, blue-green: paused",
        "new v1.2.2 (ReplicaSet ",
        ", stable main-def456 (ReplicaSet ",
        "pods: 3 wanted, 3 new, ",
        " ready, ",
        "waits: the new version is up beside the old one",
        "a person has to say how it goes on",
    ):
        assert fact in shown, (fact, shown)

    refused = they.clicks(PROMOTE, number, "U0BOB")
    assert "may not deploy" in refused, refused
    assert [] == they.moves("user-service/prod")

    done = they.clicks(PROMOTE, number, "U0CAROL", card)
    assert "Promoted: user-service in prod, main-def456 → v1.2.2" in done, done
    second = they.clicks(PROMOTE, number, "U0ALICE", card)
    assert "U0CAROL" in second, second
    assert "promoted" in second, second

    assert Phase.LIVE is they.ends(number).phase
    assert [("resume", "U0CAROL")] == they.moves("user-service/prod")
    assert [] == they.told.buttons(number)
    (move,) = [one for one in they.store.timeline(number) if "move" in one.detail]
    assert ("U0CAROL", "user-service", "resume") == (
        move.by,
        move.detail["service"],
        move.detail["move"],
    )


def test_a_canary_shows_its_steps_and_an_old_button_moves_nothing(they):
    number = they.deploys("generation-service", "v1.2.2")
    first = they.told.card(number)
    for fact in ("step 2 of 8", "20 % on the new version", "it goes on by itself"):
        assert fact in first.words, first.words
    why = first.words.partition("Why it waits")[2]
    assert "; it goes on by itself" in why, why
    assert "Until" in why
    assert "you may promote or abort it" in why

    shown = they.does("/ship rollout generation-service prod").replace("`", "")
    for fact in (
        "Rollout/generation-service, canary: paused at step 2 of 8, 20 % on the new version",
        "new v1.2.2 (ReplicaSet ",
        ", stable main-",
        " wanted, ",
        " new, ",
        " ready, ",
        "waits: a pause between its steps",
        "it goes on by itself",
    ):
        assert fact in shown, (fact, shown)

    frozen = they.does("/ship freeze prod because the quarter ends", by="U0BOB")
    assert "Froze prod" in frozen, frozen
    assert "is frozen" in they.clicks(PROMOTE, number, "U0ALICE")
    they.does("/ship unfreeze prod", by="U0BOB")

    def later_step():
        return "step 4 of 8" in they.told.card(number).words

    they.clicks(PROMOTE, number, "U0ALICE")
    assert they.told.world.until(later_step, 30), they.told.card(number).words
    assert "40 % on the new version" in they.told.card(number).words
    stale = they.clicks(PROMOTE, number, "U0CAROL", first)
    assert "no longer as you saw it" in stale, stale
    assert "step 4 of 8" in stale

    assert "Fully promoted" in they.clicks(FULLY, number, "U0CAROL")
    assert Phase.LIVE is they.ends(number).phase
    assert [("resume", "U0ALICE"), ("promote-full", "U0CAROL")] == they.moves(
        "generation-service/prod"
    )


def test_an_abort_ends_the_deploy_and_says_that_git_still_asks_for_it(they):
    sha = they.told.world.sha(REPO, "develop")[:7]
    number = they.deploys("user-service", sha, "dev")

    assert "take it back with" in they.clicks(ABORT, number, "U0BOB")
    ended = they.ends(number)

    assert (Phase.FAILED, Reason.ROLLOUT_ABORTED) == (ended.phase, ended.problem.reason)
    assert "U0BOB" == ended.problem.facts["by"]
    words = they.told.card(number).words
    assert f"Git still asks for develop-{sha}" in words.replace("`", ""), words
    assert "/rollback user-service dev" in words
    assert not set(ACTIONS) & set(they.told.buttons(number))

    shown = they.asks("/ship rollout user-service dev")
    assert "aborted" in shown.words
    offered = _offered(shown)
    assert [RETRY, RESTART] == offered
    they.told.reads_after(lambda: they.slack.click(RETRY, by="U0ALICE", message=shown), "U0ALICE")

    def paused_again():
        live = they.told.argocd.live("user-service-dev", "Rollout", "user-service")
        return live.progress.paused_for == "BlueGreenPause"

    assert they.told.world.until(paused_again, 20)
    again = they.asks("/ship rollout user-service dev")
    they.told.reads_after(lambda: they.slack.click(PROMOTE, by="U0BOB", message=again), "U0BOB")

    def announced():
        return [one.words for one in they.slack.messages("C0DEV") if "the rollout of" in one.words]

    assert they.told.world.until(lambda: len(announced()) == 2, 20), announced()
    assert ["retried", "promoted"] == [one.split()[2] for one in announced()], announced()
    assert they.told.world.until(
        lambda: (
            they.told.argocd.live("user-service-dev", "Rollout", "user-service").health[0]
            == "Healthy"
        ),
        20,
    )


def test_another_persons_lock_stops_a_promote_and_never_an_abort(they):
    sha = they.told.world.sha(REPO, "develop")[:7]
    number = they.deploys("generation-service", sha, "dev")
    they.does("/ship lock generation-service dev because I look at it", by="U0CAROL")

    assert "holds the lock on" in they.clicks(FULLY, number, "U0BOB")
    assert "Aborted" in they.clicks(ABORT, number, "U0BOB")
    assert Reason.ROLLOUT_ABORTED is they.ends(number).problem.reason
    they.does("/ship unlock generation-service dev", by="U0CAROL")


def test_what_is_no_rollout_says_so(they):
    assert "no Argo Rollout of" in they.does("/ship rollout gallery-service prod")


def test_the_history_tells_who_brought_what_and_counts_as_a_rollback_does(they):
    they.goes_live("gallery-service", "v1.2.2")
    number = they.goes_live("gallery-service", "v1.2.3")

    told = they.asks("/ship history gallery-service prod", by="U0BOB")
    words = told.words.replace("`", "")
    for fact in (number, "U0ALICE", "v1.2.2 → v1.2.3", "#1  v1.2.2", "#2  main-def456"):
        assert fact in words, (fact, words)
    assert [] == _offered(told)


def test_older_pages_come_by_a_button(they):
    for _ in range(9):
        they.told.ends(they.told.types("/deploy model-service v1.2.2 prod"))
    page = they.asks("/ship history model-service")
    assert ["history_older"] == _offered(page)
    first = page.words

    def turns(way):
        """Turn the page: its place is taken by the next, for the one person who sees it."""
        before = they.slack.current(page).words
        they.slack.click(way, by="U0ALICE", message=they.slack.current(page))
        assert they.told.world.until(lambda: before != they.slack.current(page).words)
        return they.slack.current(page).words

    older = turns("history_older")
    assert "And before that" in older
    assert "main-0b5a9e1 → v1.2.2" in older.replace("`", "")
    assert ["history_newer"] == _offered(they.slack.current(page))
    assert first == turns("history_newer")


def test_the_history_of_a_person_has_what_was_refused_to_them_quietly(they):
    service, name = "gallery-service", they.slack.workspace.users["U0MALLORY"].name
    they.does(f"/ship lock {service} prod because of the audit", by="U0MALLORY")
    told = they.asks(f"/ship history {service} prod since 1d by @{name}", by="U0BOB")
    assert "Refused" in told.words
    assert "asked to lock" in told.words
    assert "D-" not in told.words
    mine = they.asks("/ship history by me since 1d", by="U0MALLORY")
    assert "asked to lock" in mine.words


def test_the_difference_of_two_environments_is_told_by_author_with_links(they):
    they.goes_live("payment-service", they.told.world.sha(REPO, "develop")[:7], "dev")

    told = they.does("/ship diff payment-service prod dev")
    assert "payment-service: in prod runs v1.2.2" in told.replace("`", ""), told
    assert "in dev, not in prod" in told, told
    assert "Compare them on GitHub" in told

    same = they.does("/ship diff payment-service prod")
    assert "Git says of prod v1.2.2" in same.replace("`", ""), same
    assert "It is the same commit" in same

    newer = they.told.world.sha(REPO, "develop")
    release = they.does(f"/ship diff payment-service {newer[:9]} v1.2.2").replace("`", "")
    assert "payment-service: v1.2.2, commit " in release, release  # turned round: it has less
    assert f"and commit {newer[:8]}" in release
    assert f"in {newer[:9]}, not in v1.2.2:" in release
    against = they.does("/ship diff payment-service prod develop").replace("`", "")
    assert "in prod runs v1.2.2" in against, against
    assert "in develop, not in prod:" in against
    nothing = they.does("/ship diff payment-service prod nosuchthing").replace("`", "")
    assert "has no commit, branch or tag nosuchthing" in nothing, nothing
    longer = they.does("/ship diff payment-service dev production").replace("`", "")
    assert "has no commit, branch or tag production" in longer, longer
    assert "/ship diff payment-service dev prod" in longer, longer


def _offered(message):
    return [
        element["action_id"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def test_what_is_sent_in_place_of_a_button_moves_nothing(they):
    shown = they.asks("/ship rollout generation-service prod")
    assert [RESTART] == _offered(shown)
    for value in ("x", "nonsense", "gone/prod/x#h#1f", "generation-service/prod/other#h#1f"):
        forged = _with_value(shown, RESTART, value)
        said = they.told.reads_after(
            lambda forged=forged: they.slack.click(RESTART, by="U0ALICE", message=forged),
            "U0ALICE",
        )
        assert "Restarted" not in said, said
    moves = they.moves("generation-service/prod")
    assert "restart" not in [move for move, _ in moves]


def test_an_argo_cd_that_is_away_is_named_and_the_next_click_works(they):
    shown = they.asks("/ship rollout generation-service prod")
    they.told.argocd.arm("application.action2", Fault(lambda: Response("away", 503)))

    def restart(by):
        click = they.slack.click
        return they.told.reads_after(lambda: click(RESTART, by=by, message=shown), by)

    assert "Argo CD" in restart("U0ALICE")
    they.told.argocd.disarm()
    assert "Restarted" in restart("U0CAROL")
    assert "U0CAROL" in restart("U0ALICE")


def _with_value(message, action, value):
    """Return *message* as a forged click would have it: the button carries *value*."""
    blocks = copy.deepcopy(list(message.blocks))
    for block in blocks:
        for element in block.get("elements", ()):
            if element.get("action_id") == action:
                element["value"] = value
    newest = replace(message.versions[-1], blocks=blocks)
    return replace(message, versions=(*message.versions[:-1], newest))
