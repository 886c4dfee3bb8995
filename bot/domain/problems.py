"""Why something was refused, failed, or waits: a closed code and the facts that decided it.

Words for each code are in ``bot.messages.problems``; this file never words anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Reason(StrEnum):
    """The closed set of reasons. The comment names the facts that come with each."""

    # asked for something that is not there
    UNKNOWN_VERSION = "unknown_version"  # version, repo; elsewhere (repo that has it) or absent
    AMBIGUOUS_VERSION = "ambiguous_version"  # version, repo
    VERSION_UNFIT = "version_unfit"  # version, service, template: no template renders it
    NOT_IN_ENVIRONMENT = "not_in_environment"  # service, environment, environments
    SEVERAL_REPOSITORIES = "several_repositories"  # repos: one plan is one commit
    NOT_ALLOWED = "not_allowed"  # user, environment; who may: allowed (ids, may be empty)
    ALREADY_THERE = "already_there"  # nothing to change, and it runs: tag
    # the GitOps repository
    REPOSITORY_MISSING = "repository_missing"  # repo
    BRANCH_MISSING = "branch_missing"  # repo, branch
    FILE_MISSING = "file_missing"  # repo, branch, file
    UNEDITABLE = "uneditable"  # file, code (EditError code), line, path, candidates, hint
    VALUE_MOVED = "value_moved"  # file, expected, found: changed between plan and commit
    BRANCH_PROTECTED = "branch_protected"  # repo, branch, detail
    BRANCH_BUSY = "branch_busy"  # repo, branch, tries: others kept winning the race
    # Argo CD
    APP_MISSING = "app_missing"  # app, instance
    APP_FORBIDDEN = "app_forbidden"  # app, instance, detail
    APP_DELETING = "app_deleting"  # app
    SYNC_FAILED = "sync_failed"  # app, detail, resource
    CANNOT_RENDER = "cannot_render"  # app, detail
    DEGRADED = "degraded"  # app, resource, detail
    NOT_LIVE = "not_live"  # app, image, found: Synced and Healthy, but another image runs
    # app, revision, found (the tags that a later commit put in place of ours; absent when the
    # branch was rewritten and lost our commit)
    OVERTAKEN = "overtaken"
    TOO_LATE = "too_late"  # app, deadline (ISO time), state, detail: not there by then
    # waits that the card shows; none of them is an end
    QUEUED_BEHIND = "queued_behind"  # app, revision: Argo CD runs another revision's operation
    WINDOW_CLOSED = "window_closed"  # app, detail
    RETRYING = "retrying"  # app, detail: Argo CD retries a failed sync
    NOT_OBSERVED = "not_observed"  # app: Argo CD has not seen our commit yet
    PAUSED = "paused"  # app, resource: a Rollout waits for a person
    NEEDS_SYNC = "needs_sync"  # app: auto-sync is off and our sync did not go through yet
    # the outside
    UNAVAILABLE = "unavailable"  # system, doing, detail, again (ISO time of the next try)
    TOKEN_REFUSED = "token_refused"  # system, doing, detail  # noqa: S105  # a reason, no secret
    NO_RIGHT = "no_right"  # system, doing, detail
    REJECTED = "rejected"  # system, doing, detail
    GARBLED = "garbled"  # system, doing, detail, again (ISO time of the next try)
    # ends by people
    CANCELLED = "cancelled"  # by (Slack user id)
    INTERNAL = "internal"  # detail: a fault of the bot itself


@dataclass(frozen=True, slots=True)
class Problem:
    """A *reason* and its *facts*; values are plain text, unescaped, as they came from outside."""

    reason: Reason
    facts: Mapping[str, str] = field(default_factory=dict)
