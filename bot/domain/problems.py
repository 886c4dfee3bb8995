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
    ALREADY_THERE = "already_there"  # nothing to change, and it runs: tag
    # promotes
    NOTHING_BEFORE = "nothing_before"  # service, environment, environments: it has no earlier home
    NOT_ONE_BEFORE = "not_one_before"  # service, before, runs (tags, may be empty)
    NAMES_NO_COMMIT = "names_no_commit"  # service, before, tag: no template reads it back
    # rights: who somebody is, and what their teams let them do
    NOT_LINKED = "not_linked"  # user
    NO_SUCH_ACCOUNT = "no_such_account"  # user, login
    ACCOUNT_CHANGED = "account_changed"  # user, login: another account has this login now
    OUTSIDER = "outsider"  # user, outsider (WhyNot: guest, bot, deactivated, stranger)
    # user, action, environment; service (absent: all of it); teams (may be empty)
    NOT_PERMITTED = "not_permitted"
    NOT_A_WRITER = "not_a_writer"  # user, login, repo: may not push to the repository
    MEMBERSHIP_PENDING = "membership_pending"  # user, team
    NO_OVERRIDE = "no_override"  # user, service, environment; teams (may be empty)
    OVERRIDE_UNEXPLAINED = "override_unexplained"  # no facts: no reason was given
    NOT_BY_ITSELF = "not_by_itself"  # environment, action, operation: Shipmate, without a person
    NOT_ANSWERED = "not_answered"  # question (RuleName), detail; service (absent: of all)
    # policy: what an environment asks of a change
    UNKNOWN_ENVIRONMENT = "unknown_environment"  # environment, environments
    TAG_DENIED = "tag_denied"  # tag, service, environment, pattern
    TAG_NOT_REQUIRED = "tag_not_required"  # tag, service, environment, patterns: fits none of them
    TAG_MOVES = "tag_moves"  # tag, service, environment
    CHECKS_RED = "checks_red"  # sha, repo, checks (may be empty)
    CHECKS_PENDING = "checks_pending"  # sha, repo, checks (may be empty)
    CHECKS_MISSING = "checks_missing"  # sha, repo, checks: required, and never reported
    NO_CHECKS = "no_checks"  # sha, repo: nothing was reported at all
    IMAGE_MISSING = "image_missing"  # image, tag, service; before: it was built for that alone
    NOT_BEFORE = "not_before"  # service, tag, before (environment), runs (tags, may be empty)
    UNHEALTHY_BEFORE = "unhealthy_before"  # service, tag, before, state
    NEVER_HERE = "never_here"  # service, tag, environment: a rollback to what never ran here
    NOTHING_TO_GO_BACK_TO = "nothing_to_go_back_to"  # service, environment, runs (may be absent)
    NO_SUCH_ENTRY = "no_such_entry"  # service, environment, entry (as typed), last (may be absent)
    NOT_OF_HERE = "not_of_here"  # service, environment, operation, there (targets it was about)
    SOAKING = "soaking"  # service, tag, before, since (ISO time), ready (ISO time)
    FROZEN = "frozen"  # environment, until (ISO time, absent: no end), by, rule, detail
    LOCKED = "locked"  # service, environment, by, until (ISO time, absent: no end), detail
    # service, environment, tag (absent: the whole target), operation (the rollback), by, detail
    HELD = "held"
    OLDER = "older"  # service, environment, runs, behind (number of commits)
    DIVERGED = "diverged"  # service, environment, runs, behind, ahead (numbers of commits)
    # approvals
    NEEDS_OTHER_EYES = "needs_other_eyes"  # user: who asked may not approve
    WROTE_IT = "wrote_it"  # user: authors may not approve their own commits
    ALREADY_APPROVED = "already_approved"  # user
    NOT_AN_APPROVER = "not_an_approver"  # user; teams (may be empty)
    CARD_UNKNOWN = "card_unknown"  # operation: Slack has not told yet which message is its card
    APPROVAL_OVER = "approval_over"  # operation, state: it has ended already
    REJECTED_BY = "rejected_by"  # by, detail
    APPROVAL_EXPIRED = "approval_expired"  # expired (ISO time)
    APPROVAL_LOST = "approval_lost"  # missing (number): who said yes may not any more
    PLAN_MOVED = "plan_moved"  # moved (parts of the plan)
    SUPERSEDED = "superseded"  # operation (the newer one), by
    TAKEN_BACK = "taken_back"  # operation (the rollback), by, service: its commit stands, too
    # the GitOps repository
    REPOSITORY_MISSING = "repository_missing"  # repo
    BRANCH_MISSING = "branch_missing"  # repo, branch
    FILE_MISSING = "file_missing"  # repo, branch, file
    UNEDITABLE = "uneditable"  # file, code (EditError code), line, path, candidates, hint
    # service, environment, found, known (what we put there last), back (what a rollback would go
    # to); login and sha (commit) of whoever put it there, if they are known
    FOREIGN_VALUE = "foreign_value"
    VALUE_MOVED = "value_moved"  # file, expected, found: changed between plan and commit
    BRANCH_PROTECTED = "branch_protected"  # repo, branch, detail
    BRANCH_BUSY = "branch_busy"  # repo, branch, tries: others kept winning the race
    # pull requests
    PULL_BLOCKED = "pull_blocked"  # pull (its number), detail: GitHub does not merge it yet
    PULL_TAKEN = "pull_taken"  # pull, found (the branch's head): somebody pushed to our branch
    PULL_CONFLICTS = "pull_conflicts"  # pull, branch (it would be merged into)
    PULL_CLOSED = "pull_closed"  # pull, login (absent: nobody can tell who closed it)
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
    # app, resource: a Rollout waits for a person; goes_on (ISO time), where it does so by itself
    PAUSED = "paused"
    NEEDS_SYNC = "needs_sync"  # app: auto-sync is off and our sync did not go through yet
    # rollbacks by Argo CD itself
    SEVERAL_APPLICATIONS = "several_applications"  # apps: one such rollback is of one application
    REVERTED_BY_SET = "reverted_by_set"  # app, owner; detail (why the owner could not be read)
    ROLLED_BY_SET = "rolled_by_set"  # app, owner
    REVERTED_BY_PARENT = "reverted_by_parent"  # app, owner; detail (as above)
    HYDRATED = "hydrated"  # app
    NO_UPDATE_RIGHT = "no_update_right"  # app
    WINDOW_BARS = "window_bars"  # app, detail
    NO_ARGOCD_HISTORY = "no_argocd_history"  # app
    NOT_IN_ARGOCD_HISTORY = "not_in_argocd_history"  # app, wanted, known (may be empty)
    # app, wanted (tags), along (service: tag → tag, …), services (of whom that is not known)
    OTHERS_MOVE_ALONG = "others_move_along"
    GONE_AROUND = "gone_around"  # system, operation (it goes by Argo CD, and this one gives way)
    HOOKS_SKIPPED = "hooks_skipped"  # app, hooks: they run before a sync, and would not
    APP_BUSY = "app_busy"  # app, operation: it changes something else there by Git
    AUTO_SYNC_CAME_ON = "auto_sync_came_on"  # app
    STUCK_OPERATION = "stuck_operation"  # app, detail
    NOT_ROLLED_BACK = "not_rolled_back"  # app, detail
    NOT_BACK_YET = "not_back_yet"  # app, deadline (ISO time), state
    AUTO_SYNC_OFF = "auto_sync_off"  # app, operation, services (gone back), service, environment
    WOULD_DEPLOY = "would_deploy"  # service, environment, in_git (tag), runs
    NOT_SYNCED = "not_synced"  # app, state, objects (may be empty)
    NOTHING_OFF = "nothing_off"  # service, environment
    # Argo Rollouts: *move* is what was asked for, *did* what was done, both by Argo CD's names
    NO_ROLLOUT = "no_rollout"  # service, environment, app
    # service, environment, move, state; by, did and since (ISO time) of who was quicker, if known
    ROLLOUT_MOVED = "rollout_moved"
    ROLLOUT_UNFIT = "rollout_unfit"
    ROLLOUT_TAKEN = "rollout_taken"  # service, environment, by, did, since (ISO time)
    # app, resource, service, environment, tag (Git still asks for it); by (absent: not through us)
    ROLLOUT_ABORTED = "rollout_aborted"
    # the outside
    UNAVAILABLE = "unavailable"  # system, doing, detail, again (ISO time of the next try)
    TOKEN_REFUSED = "token_refused"  # system, doing, detail  # noqa: S105  # a reason, no secret
    NO_RIGHT = "no_right"  # system, doing, detail
    REJECTED = "rejected"  # system, doing, detail
    GARBLED = "garbled"  # system, doing, detail, again (ISO time of the next try)
    # ends by people
    CANCELLED = "cancelled"  # by (Slack user id)
    INTERNAL = "internal"  # operation; detail: a fault of the bot itself


@dataclass(frozen=True, slots=True)
class Problem:
    """A *reason* and its *facts*; values are plain text, unescaped, as they came from outside."""

    reason: Reason
    facts: Mapping[str, str] = field(default_factory=dict)

    def with_facts(self, more: Mapping[str, str]) -> "Problem":
        """Return it with *more* facts."""
        return Problem(self.reason, {**self.facts, **more})

    def told(self) -> dict[str, str]:
        """Return it as the detail of a line in a timeline, or of an act."""
        return {**self.facts, "reason": self.reason.value}
