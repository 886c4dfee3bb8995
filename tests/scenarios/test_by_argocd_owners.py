"""Who writes the application besides people decides whether it can go back by Argo CD."""

import re

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from bot.messages.approval_card import APPROVE
from sandbox.argocd import ApplicationSet, Parent
from sandbox.wire import Fault
from sandbox.world import unguarded
from tests.scenarios.test_by_argocd import asks, policy, refuses


def test_a_set_that_writes_the_policy_back_refuses_and_one_that_leaves_it_alone_does_not(story):
    with story("pingvas", speed=60.0, config=unguarded) as told:
        app = "user-service-prod"
        old, new = (told.world.sha("pingvas/pingvas-studio", f"main~{n}") for n in (1, 0))
        told.goes_live(told.types(f"/deploy user-service {old} prod"))
        told.goes_live(told.types(f"/deploy user-service {new} prod"))
        owner = {"app": app, "owner": "pingvas-prod-apps"}

        refused = refuses(
            told, "/rollback user-service prod by argocd", Reason.REVERTED_BY_SET, **owner
        )
        assert "ignoreApplicationDifferences" in told.card(refused.id).words
        account = told.argocd.accounts[told.argocd.token]
        rights, account.rights = account.rights, account.rights - {"applicationsets/get"}
        told.argocd.own(app, ApplicationSet("pingvas-prod-apps", ("/spec/syncPolicy",)))
        refuses(told, "/rollback user-service prod by argocd", Reason.REVERTED_BY_SET, **owner)
        account.rights = rights

        # GitHub still tells who is in which team, and nothing about repositories.
        told.github.arm("graphql", Fault(drop="before"), times=None, when=is_of_a_repository)
        told.goes_live(told.types("/rollback user-service prod by argocd"))
        told.github.disarm()

        assert [old] == [one.rpartition(":")[2] for one in told.argocd.images(app)]
        told.goes_live(told.types("/rollback user-service prod"))
        assert "is on again" in asks(told, "/ship resume user-service prod")
        assert policy(told, app)["automated"]["selfHeal"] is True


def test_it_is_approved_as_every_rollback_is(story):
    def without_order(text):
        text = text.replace("deadline: 20m", "deadline: 2h")  # it is not what is told of
        return re.sub(r"^ +(?:after|soak): .*\n", "", text, flags=re.MULTILINE)

    with story("pingvas", speed=60.0, config=without_order) as told:
        app = "user-service-prod"
        told.argocd.own(app, ApplicationSet("pingvas-prod-apps", ("/spec/syncPolicy",)))
        old, new = (told.world.sha("pingvas/pingvas-studio", f"main~{n}") for n in (1, 0))
        for text in (
            f"/deploy user-service {old} prod",
            f"/deploy user-service {new} prod",
            "/rollback user-service prod by argocd",
        ):
            number = told.operation(told.types(text)).id
            assert told.world.until(lambda number=number: told.waits(number), 30)
            asked = told.card(number).words
            told.slack.click(APPROVE, by="U0BOB", message=told.card(number))
            ended = told.ends_with_id(number)
            assert Phase.LIVE is ended.phase, (ended.problem, told.timeline(number))

        assert "By Argo CD itself" in asked
        assert [old] == [one.rpartition(":")[2] for one in told.argocd.images(app)]
        assert "Auto-sync is OFF" in told.card(number).words


def is_of_a_repository(request):
    return b"repository(" in request.get_data()


def test_a_parent_that_heals_itself_refuses(story):
    with story("flash_tickets", speed=60.0, config=unguarded) as told:
        for version in ("v1.2.3", "v1.3.0"):
            told.goes_live(told.types(f"/deploy pay {version} staging"))
        text = "/rollback pay staging by argocd"
        owner = {"owner": "flash-tickets-apps"}

        unread = refuses(told, text, Reason.REVERTED_BY_PARENT, **owner)
        assert "permission denied" in unread.problem.facts["detail"]
        told.argocd.add_application(
            "flash-tickets-apps",
            repo_url="https://github.com/flash-tickets/flash-tickets-gitops",
            path="apps/web/overlays/dev",
        )
        told.argocd.own("flash-tickets-pay-staging", Parent("flash-tickets-apps", self_heal=True))
        heals = refuses(told, text, Reason.REVERTED_BY_PARENT, **owner)
        assert "detail" not in heals.problem.facts
        assert "selfHeal" in told.card(heals.id).words
