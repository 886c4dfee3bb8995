"""Each kind of drift once, as somebody would bring it about, and what people do about it."""

import json
from datetime import timedelta

import pytest

from bot.domain.drift import reporting
from bot.messages.drifting.drift import ACKNOWLEDGE, DAY, DIFF, SYNC
from bot.messages.drifting.drift_answers import FORM, REASON, SPAN
from bot.operations.books.act_book import ActBook, Deed
from sandbox.argocd import Window
from tests.scenarios.drifting import asks, calm, only, rows, says, sees, settles, value_of, writes
from tests.scenarios.story import told_in

LONG = timedelta(minutes=4)
ECR = "210987654321.dkr.ecr.ap-northeast-2.amazonaws.com"


def file_of(service, environment):
    return f"apps/{service}/overlays/{environment}/kustomization.yaml"


def configured(text):
    return text + "\ndrift: {stale_after: 4m}\n"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drift")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reporting, "UNWELL_AFTER", LONG)  # a quarter of an hour is long for a test
        with told_in(folder, "flash_tickets", speed=100.0, config=configured) as story:
            yield story


def without_auto_sync(told, app):
    spec = told.argocd.application(app)["spec"]
    told.argocd.change_spec(app, {**spec, "syncPolicy": {}})


def test_nothing_drifted_is_one_line(told):
    message = calm(told)
    assert "nothing drifted in dev , staging and prod ." in says(message)
    assert [] == rows(message)
    assert "names no commit" in says(message)  # 8c2f41d is nobody's


def test_everything_is_read_by_one_list_and_few_looks(told):
    told.argocd.calls.clear()
    asks(told)
    calls = list(told.argocd.calls)
    lists = [one for one in calls if "status.resources" in one.query.get("fields", "")]
    assert 1 == len(lists)
    looks = [one for one in calls if one.path.startswith("/api/v1/applications/")]
    assert len(looks) <= 24


def test_what_the_cluster_has_and_git_has_not(told):
    without_auto_sync(told, "flash-tickets-api")
    live = told.argocd.live("flash-tickets-api", "Deployment", "flash-tickets-api").manifest
    told.argocd.edit_live("flash-tickets-api", {**live, "spec": {**live["spec"], "replicas": 7}})
    settles(told, "flash-tickets-api", "OutOfSync")

    words, buttons = sees(told, "/ship drift prod", "Deployment/flash-tickets-api")
    assert "prod · The cluster is not as Git says" in words
    assert "Git changed last by" in words
    assert SYNC in buttons
    assert DIFF in buttons


def test_auto_sync_that_somebody_switched_off(told):
    words, buttons = sees(told, "/ship drift prod", "does not sync by itself any more")
    assert "flash-tickets-api" in words
    assert SYNC not in buttons


def test_another_image_runs_than_git_says(told):
    told.argocd.hang_refresh("flash-tickets-web")
    writes(told, file_of("web", "prod"), "newTag: v1.2.3", "newTag: v1.3.0")
    words, _ = sees(told, "/ship drift prod", "web", "v1.3.0")
    assert "runs v1.2.3 , Git says v1.3.0" in words


def test_prod_is_behind_staging(told):
    writes(told, file_of("gateway", "staging"), "8c2f41d", "v1.3.0")
    told.world.until(
        lambda: any("v1.3.0" in one for one in told.argocd.images("flash-tickets-gateway-staging"))
    )
    settles(told, "flash-tickets-gateway-staging")
    words, buttons = sees(told, "/ship drift prod", "gateway", "staging")
    assert "runs v1.2.3 , staging v1.3.0 : 2 commits behind" in words
    assert SYNC not in buttons
    assert "compare/v1.2.3...v1.3.0" in json.dumps(
        [m.blocks for m in told.slack.ephemerals("U0ALICE")]
    )


def test_a_moving_tag_where_none_is_taken(told):
    writes(told, file_of("pay", "prod"), "1.10", "latest")
    words, _ = sees(told, "/ship drift prod", "pay", "names another image tomorrow")
    assert "prod · A moving tag is in use" in words


def test_what_is_degraded_for_long_and_what_is_not(told):
    told.argocd.break_image(f"{ECR}/flash-tickets-api", "v1.3.0", "CrashLoopBackOff")
    writes(told, file_of("api", "staging"), "8c2f41d", "v1.3.0")
    settles(told, "flash-tickets-api-staging", health="Degraded")
    assert "Degraded or unknown" not in says(asks(told, "/ship drift staging"))
    began = told.world.clock.now()
    passed = lambda: told.world.clock.now() - began > LONG + timedelta(minutes=2)  # noqa: E731
    told.world.until(passed, 20)
    words, _ = sees(told, "/ship drift staging", "is degraded")
    assert "flash-tickets-api-staging" in words


def test_a_verdict_that_is_old(told):
    words, buttons = sees(told, "/ship drift prod", "was compared last")
    assert "flash-tickets-web" in words
    assert SYNC not in buttons


def test_what_nobody_can_read_is_never_no_drift(told):
    told.argocd.forbid("flash-tickets-gateway-dev")
    words, buttons = sees(told, "/ship drift dev", "flash-tickets-gateway-dev")
    assert "unknown" in words
    assert SYNC not in buttons
    assert "1 could not be read" in says(asks(told, "/ship drift dev"))


# what people do about it


def clicks(told, action, message, value, by):
    return told.reads_after(
        lambda: told.slack.click(action, by=by, message=only(message, value)), by
    )


def test_only_who_may_deploy_there_clicks(told):
    message = asks(told, "/ship drift prod")
    value = value_of(message, "Deployment/flash-tickets-api")
    before = told.argocd.application("flash-tickets-api")
    for action in (SYNC, DIFF, DAY):
        assert "release" in clicks(told, action, message, value, "U0BOB")
    after = told.argocd.application("flash-tickets-api")
    assert before.get("operation") == after.get("operation")
    deeds = [one.what for one in ActBook(told.inside.shipmate.database).latest(limit=5)]
    assert 3 == deeds.count(Deed.REFUSED)


def test_the_difference_is_shown_to_the_clicker_alone(told):
    message = asks(told, "/ship drift prod", by="U0CAROL")
    value = value_of(message, "Deployment/flash-tickets-api")
    words = clicks(told, DIFF, message, value, "U0CAROL")
    assert '"replicas": 7' in words
    assert "- is the cluster, + is Git" in words


def test_a_sync_in_a_closed_window_is_refused_with_the_reason(told):
    told.argocd.sync_window("flash-tickets-api", Window("deny"))
    message = asks(told, "/ship drift prod", by="U0CAROL")
    value = value_of(message, "Deployment/flash-tickets-api")
    assert "A sync window of Argo CD keeps" in clicks(told, SYNC, message, value, "U0CAROL")
    told.argocd.sync_window("flash-tickets-api")


def test_a_lock_of_somebody_else_stops_a_sync(told):
    told.types("/ship lock api prod because we migrate", by="U0BOB")
    assert told.world.until(
        lambda: any("we migrate" in one.words for one in told.slack.messages("C0DEPLOY")), 20
    )
    message = asks(told, "/ship drift prod", by="U0CAROL")
    value = value_of(message, "Deployment/flash-tickets-api")
    words = clicks(told, SYNC, message, value, "U0CAROL")
    assert "holds the lock on" in words
    assert "we migrate" in words
    asks(told, "/ship unlock api prod", by="U0BOB")


def test_two_click_at_once_and_one_sync_brings_what_git_says(told):
    message = asks(told, "/ship drift prod", by="U0CAROL")
    value = value_of(message, "Deployment/flash-tickets-api")
    mine = only(message, value)
    before = {by: len(told.slack.ephemerals(by)) for by in ("U0ALICE", "U0CAROL")}
    for by in before:
        told.slack.click(SYNC, by=by, message=mine)
    told.world.until(
        lambda: all(len(told.slack.ephemerals(by)) > seen for by, seen in before.items()), 20
    )
    answers = sorted(told.slack.ephemerals(by)[-1].words[:30] for by in before)
    assert 1 == sum("was asked to sync" in told.slack.ephemerals(by)[-1].words for by in before), (
        answers
    )
    settles(told, "flash-tickets-api")
    infos = told.argocd.application("flash-tickets-api")["status"]["operationState"]["operation"]
    assert [{"name": "shipmate-operation", "value": f"drift-{value}"}] == infos["info"]
    after = asks(told, "/ship drift prod", by="U0CAROL")
    assert not any("Deployment/flash-tickets-api" in words for words, _ in rows(after))
    assert "in order again" in clicks(told, SYNC, message, value, "U0CAROL")


def test_an_acknowledged_row_is_kept_quiet_with_its_reason(told):
    message = asks(told, "/ship drift prod", by="U0CAROL")
    value = value_of(message, "names another image tomorrow")
    told.slack.click(ACKNOWLEDGE, by="U0CAROL", message=only(message, value))
    assert told.world.until(lambda: told.slack.modal("U0CAROL") is not None, 20)
    assert FORM == told.slack.modal("U0CAROL").content["callback_id"]
    told.reads_after(
        lambda: told.slack.submit(by="U0CAROL", **{REASON: "the vendor fixes it", SPAN: "7"}),
        "U0CAROL",
    )
    after = asks(told, "/ship drift prod")
    assert not any("names another image tomorrow" in words for words, _ in rows(after))
    assert "acknowledged by @U0CAROL" in says(after)
    assert "the vendor fixes it" in says(after)
