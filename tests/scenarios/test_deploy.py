"""The main job, in the users' words."""

import threading

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from sandbox.wire import Fault, answer

BACKEND, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"


def test_a_deploy_reaches_stage(story):
    """One command, one commit with one changed line, and the new image runs."""
    with story("astrago") as told:
        sha = told.world.sha(BACKEND, BRANCH)[:8]
        before = told.commits()

        ended = told.goes_live(told.types(f"/deploy core {sha} stage"))

        assert 1 == len(told.commits()) - len(before)
        removed, added = told.diff(ended.written.sha)
        assert (1, 1) == (len(removed), len(added))
        assert added[0] == removed[0].replace("core-stage-ba01", f"core-stage-{sha}")
        assert f"ghcr.io/xiilab/astrago-backend:core-stage-{sha}" in told.argocd.images("astrago")
        assert "live" in told.card(ended.id).words


def test_the_same_over_socket_mode(story):
    """No inbound port: Slack's words come over a socket that the bot opened."""
    with story("astrago", socket_mode=True) as told:
        sha = told.world.sha(BACKEND, BRANCH)[:8]
        assert Phase.LIVE is told.goes_live(told.types(f"/deploy core {sha} stage")).phase


def test_a_socket_that_opens_only_at_the_fourth_try_leaves_no_threads_behind(story):
    """Slack may be away for hours while we start; each try makes a client with its threads."""
    refused = {"ok": False, "error": "internal_error"}

    def away(world):
        world.slack.arm("apps.connections.open", Fault(answer=lambda: answer(refused)), times=3)

    with story("astrago", socket_mode=True, prepare=away):
        # The client's own loops: for the session, for the messages, and the one that reconnects.
        loops = [one for one in threading.enumerate() if one.name.endswith("(_run)")]
        assert 3 == len(loops), loops


def test_two_services_are_one_commit(story):
    with story("astrago") as told:
        sha = told.world.sha(BACKEND, BRANCH)[:8]
        before = told.commits()

        ended = told.goes_live(told.types(f"/deploy core,batch {sha} stage"))

        assert 1 == len(told.commits()) - len(before)
        removed, added = told.diff(ended.written.sha)
        assert (2, 2) == (len(removed), len(added))


def test_deploying_what_runs_already_is_refused_and_makes_no_commit(story):
    with story("astrago") as told:
        sha = told.world.sha(BACKEND, BRANCH)[:8]
        told.goes_live(told.types(f"/deploy core {sha} stage"))
        before = told.commits()
        old = "ghcr.io/xiilab/astrago-backend:core-stage-ba01"
        assert told.world.until(lambda: old not in told.argocd.images("astrago"))

        ended = told.ends(told.types(f"/deploy core {sha} stage"))

        assert (Phase.REFUSED, Reason.ALREADY_THERE) == (ended.phase, ended.problem.reason)
        assert before == told.commits()
        assert f"core-stage-{sha}" in told.card(ended.id).words
