"""What a faithful fake of Argo CD must do, statement by statement, and the tests that hold it.

The statements are those of the fact sheet on Argo CD that this fake was written from, in its order.
A statement whose test is renamed or taken away fails here.
"""

import importlib

import pytest

FAITHFUL = {
    "1. a write without the exact content type is 415": (
        "wire::test_a_write_without_the_exact_content_type_is_415_in_plain_text",
        "wire::test_a_read_needs_no_content_type",
    ),
    "1. parameters count only in the body, or only in the query": (
        "wire::test_project_counts_only_in_its_own_place",
    ),
    "1. unknown parameters are ignored, a missing id is 500/13": (
        "wire::test_unknown_fields_are_ignored_in_silence",
        "wire::test_a_missing_required_field_is_500",
    ),
    "2. a missing application is 403 without its project, 404 with it, in Argo CD's words": (
        "wire::test_what_a_read_of_one_application_answers",
        "wire::test_a_token_of_another_project_is_denied_bare",
        "wire::test_a_missing_right_to_sync_is_told_by_its_text",
    ),
    "2. routing errors are plain text": ("wire::test_routing_errors_are_plain_text",),
    "3. rollback is refused while auto-sync is on, dry run included": (
        "rollback::test_it_is_refused_while_auto_sync_is_on",
        "rollback::test_an_unknown_id_is_told_with_the_qualified_name",
    ),
    "3. ids begin at 0, success appends a new one and ends OutOfSync": (
        "rollback::test_id_zero_is_a_real_deployment_and_success_ends_out_of_sync",
    ),
    "3. failed, dry and partial operations leave no entry; the history is trimmed at its limit": (
        "rollback::test_failed_dry_and_partial_operations_leave_no_history",
        "rollback::test_the_history_keeps_ten_and_counts_on",
    ),
    "3. a rollback skips hooks": ("rollback::test_a_rollback_skips_hooks",),
    "4. two loops: an operation has succeeded while the status is from before it": (
        "loops::test_after_an_operation_the_status_is_from_before_it",
        "loops::test_fresh_means_reconciled_at_or_after_the_operation_finished",
    ),
    "4. after a push the old revision is Synced and Healthy": (
        "loops::test_after_a_push_the_old_revision_stays_synced_and_healthy_until_a_refresh",
        "loops::test_without_a_refresh_the_poll_sees_the_push",
    ),
    "5. after a POST there is an operation and no state, and terminate fails in that gap": (
        "loops::test_between_the_request_and_the_loop_there_is_an_operation_and_no_state",
        "loops::test_terminate_ends_the_operation_as_failed",
    ),
    "5. another operation is already in progress": (
        "loops::test_between_the_request_and_the_loop_there_is_an_operation_and_no_state",
        "rollback::test_a_rollback_during_an_operation_is_refused",
    ),
    "5. Running with finishedAt while it retries, auto-sync blocked meanwhile": (
        "loops::test_a_failing_sync_waits_as_running_with_a_finish_and_ends_by_its_limit",
        "loops::test_a_retrying_bad_sync_blocks_the_commit_that_reverts_it_until_terminated",
    ),
    "5. auto-sync tries a SHA once": (
        "loops::test_auto_sync_tries_each_revision_once_and_says_so",
    ),
    "6. list, tree and watch lag behind GET": (
        "list::test_list_lags_behind_get",
        "stream::test_the_stream_lags_behind_get",
    ),
    "6. a refresh blocks until reconciled, or for ever": (
        "loops::test_a_refresh_answers_only_when_the_status_loop_has_written",
        "loops::test_a_hanging_refresh_ends_by_the_grpc_deadline_and_leaves_its_annotation",
    ),
    "7. no headers before the first event, heartbeats only after it": (
        "stream::test_not_even_headers_come_before_the_first_event",
        "stream::test_heartbeats_come_only_after_the_first_event",
        "stream::test_ndjson_has_no_heartbeat",
    ),
    "7. events are dropped and coalesced": (
        "stream::test_events_get_lost",
        "stream::test_changes_close_together_become_one",
    ),
    "7. what is written between the list and the subscription is lost": (
        "stream::test_what_is_written_between_the_list_and_the_subscription_is_lost",
    ),
    "7. a restart is a plain EOF, an error has the stream's own shape": (
        "stream::test_a_restart_is_a_plain_end",
        "stream::test_a_bad_token_is_told_in_the_stream_s_own_shape",
        "stream::test_fields_without_error_make_an_error_empty",
    ),
    "8. in a closed window a sync is 403, a rollback accepted and parked in Running": (
        "windows::test_a_sync_in_a_closed_window_is_403_even_before_the_right_is_looked_at",
        "windows::test_a_rollback_is_accepted_and_parked_in_running",
    ),
    "8. terminating under a closed window hangs": (
        "windows::test_terminating_under_a_closed_window_hangs_until_it_opens",
    ),
    "9. an ApplicationSet restores a changed spec within a second": (
        "owners::test_an_application_set_restores_a_changed_spec_within_a_second",
    ),
    "9. auto-sync that is switched on again deploys HEAD at once": (
        "rollback::test_switching_auto_sync_on_again_deploys_head_at_once",
    ),
    "9. enabled is ignored before 3.1": (
        "rollback::test_switching_auto_sync_off_by_enabled_needs_3_1",
    ),
    "10. a paused Rollout is Suspended and Synced": (
        "rollouts::test_a_pause_is_suspended_and_synced_with_both_images",
    ),
    "10. resume is one step, and actions leave no operationState": (
        "rollouts::test_resume_goes_one_step_on_and_leaves_no_operation",
    ),
    "10. abort is Degraded, Synced, at the new spec": (
        "rollouts::test_abort_is_degraded_and_still_synced_at_the_new_spec",
    ),
    "10. disabled actions are accepted": (
        "rollouts::test_disabled_actions_are_listed_so_and_accepted",
    ),
    "11. old and new images are seen together, none at zero replicas": (
        "loops::test_while_pods_are_replaced_old_and_new_images_are_seen_together",
        "loops::test_no_pods_no_images",
    ),
    "11. timestamps have whole seconds": ("loops::test_timestamps_have_whole_seconds",),
}

WEBHOOK = "handlers.test_argocd_events"
CONFIG_MAP = "deploy.test_argocd_notifications"
WATCHING = "operations.applications.test_watching"
HEARD = {
    "12. notifications prove themselves by a bearer alone": (
        (WEBHOOK, "test_whoever_has_not_our_token_is_refused_with_one_line"),
        (CONFIG_MAP, "test_every_body_is_heard_by_our_webhook"),
    ),
    "12. with oncePer they come at most once: what is lost is found without them": (
        (CONFIG_MAP, "test_operations_are_told_by_their_times_and_never_by_a_revision"),
        (WATCHING, "test_missed_events_and_a_list_that_comes_later_still_tell_the_end"),
    ),
    "12. they come twice": (
        (WEBHOOK, "test_one_event_told_twice_is_one_delivery"),
        (WATCHING, "test_two_replicas_the_stream_the_list_and_a_notification_tell_once"),
    ),
    "12. they come out of order: each is only a reason to look": (
        (WATCHING, "test_notifications_in_any_order_tell_what_is_so"),
    ),
}
"""What no fake sends: the tests themselves are the sender, with the bodies of our ConfigMap."""


@pytest.mark.parametrize("statement", FAITHFUL)
def test_each_statement_is_held_by_tests_that_exist(statement):
    for named in FAITHFUL[statement]:
        file, _, test = named.partition("::")
        assert_exists(f"sandbox.test_argocd_{file}", test)


@pytest.mark.parametrize("statement", HEARD)
def test_each_statement_on_what_is_only_heard_is_held_too(statement):
    for file, test in HEARD[statement]:
        assert_exists(file, test)


def assert_exists(file, test):
    module = importlib.import_module(f"tests.{file}")
    assert callable(getattr(module, test)), (file, test)
