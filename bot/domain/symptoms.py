"""Everything that the doctor can find, by name; how bad each is stands in three lists."""

from enum import StrEnum


class Symptom(StrEnum):
    """Everything that can be found, by a name that programs may rely on."""

    # well
    LOGIN_WORKS = "login_works"
    SCOPES_HELD = "scopes_held"
    CHANNEL_REACHED = "channel_reached"
    SOCKET_OPENS = "socket_opens"
    HEARS_BY_HTTP = "hears_by_http"
    MANIFEST_AGREES = "manifest_agrees"
    PERMISSIONS_HELD = "permissions_held"
    EVENTS_HEARD = "events_heard"
    BRANCH_OPEN = "branch_open"
    BRANCH_BY_PULL = "branch_by_pull"
    TEAM_THERE = "team_there"
    TAG_FOUND = "tag_found"
    SOURCE_READ = "source_read"
    VERSION_TOLD = "version_told"
    LOGIN_LASTS = "login_lasts"
    RIGHTS_HELD = "rights_held"
    APPLICATION_FITS = "application_fits"
    ROLLBACK_WORKS = "rollback_works"
    ROLLBACK_BARRED = "rollback_barred"
    IMAGE_FOUND = "image_found"
    DATABASE_READY = "database_ready"
    DATABASE_BEHIND = "database_behind"
    DATABASE_EMPTY = "database_empty"
    CLOCK_RIGHT = "clock_right"

    # wider than needed, or odd
    SCOPE_UNUSED = "scope_unused"
    LOGIN_WIDE = "login_wide"
    LOGIN_ADMINISTERS = "login_administers"
    PERMISSION_UNUSED = "permission_unused"
    EVENT_UNHEARD = "event_unheard"
    REPOSITORY_RENAMED = "repository_renamed"
    NO_TAG = "no_tag"
    ENTRY_MISSING = "entry_missing"
    LEFT_BEHIND = "left_behind"
    LOGIN_ENDS_SOON = "login_ends_soon"
    PERSONAL_TOKEN_ENDS = "personal_token_ends"  # noqa: S105  # a name
    MAY_DELETE = "may_delete"
    UPDATE_UNUSED = "update_unused"
    FILE_OUTSIDE = "file_outside"
    NOTHING_RUNS = "nothing_runs"
    CONFIGURATION_ODD = "configuration_odd"

    # wrong
    SETTING_WRONG = "setting_wrong"
    CONFIGURATION_WRONG = "configuration_wrong"
    LOGIN_REFUSED = "login_refused"
    SCOPE_MISSING = "scope_missing"
    CHANNEL_MISSING = "channel_missing"
    NOT_IN_CHANNEL = "not_in_channel"
    SOCKET_REFUSED = "socket_refused"
    COMMAND_MISSING = "command_missing"
    COMMAND_UNHEARD = "command_unheard"
    SUBSCRIPTION_MISSING = "subscription_missing"
    MANIFEST_UNREADABLE = "manifest_unreadable"
    SCOPE_UNDECLARED = "scope_undeclared"
    APP_SUSPENDED = "app_suspended"
    PERMISSION_MISSING = "permission_missing"
    PERMISSION_NOT_ACCEPTED = "permission_not_accepted"
    EVENT_MISSING = "event_missing"
    REPOSITORY_HIDDEN = "repository_hidden"
    REPOSITORY_ARCHIVED = "repository_archived"
    READ_ONLY = "read_only"
    BRANCH_MISSING = "branch_missing"
    BRANCH_WANTS_PULL = "branch_wants_pull"
    BRANCH_CLOSED = "branch_closed"
    TEAM_MISSING = "team_missing"
    TEAMS_UNREADABLE = "teams_unreadable"
    FILE_MISSING = "file_missing"
    PLACE_MISSING = "place_missing"
    IMAGE_TWICE = "image_twice"
    LOGIN_ENDED = "login_ended"
    APPLICATION_MISSING = "application_missing"
    APPLICATION_FORBIDDEN = "application_forbidden"
    APPLICATION_GOES = "application_goes"
    OTHER_REPOSITORY = "other_repository"
    OTHER_BRANCH = "other_branch"
    MAY_NOT_SYNC = "may_not_sync"
    IMAGE_HIDDEN = "image_hidden"
    IMAGE_GONE = "image_gone"
    DATABASE_REFUSED = "database_refused"
    DATABASE_AHEAD = "database_ahead"
    CLOCK_OFF = "clock_off"
    REFUSED = "refused"

    # nobody knows
    NO_ANSWER = "no_answer"
    PROTECTION_UNSAID = "protection_unsaid"
    NO_TAG_KNOWN = "no_tag_known"


WELL = frozenset(
    {
        Symptom.LOGIN_WORKS,
        Symptom.SCOPES_HELD,
        Symptom.CHANNEL_REACHED,
        Symptom.SOCKET_OPENS,
        Symptom.HEARS_BY_HTTP,
        Symptom.MANIFEST_AGREES,
        Symptom.PERMISSIONS_HELD,
        Symptom.EVENTS_HEARD,
        Symptom.BRANCH_OPEN,
        Symptom.BRANCH_BY_PULL,
        Symptom.TEAM_THERE,
        Symptom.TAG_FOUND,
        Symptom.SOURCE_READ,
        Symptom.VERSION_TOLD,
        Symptom.LOGIN_LASTS,
        Symptom.RIGHTS_HELD,
        Symptom.APPLICATION_FITS,
        Symptom.ROLLBACK_WORKS,
        Symptom.ROLLBACK_BARRED,
        Symptom.IMAGE_FOUND,
        Symptom.DATABASE_READY,
        Symptom.DATABASE_BEHIND,
        Symptom.DATABASE_EMPTY,
        Symptom.CLOCK_RIGHT,
    }
)
"""As it should be."""

ODD = frozenset(
    {
        Symptom.SCOPE_UNUSED,
        Symptom.LOGIN_WIDE,
        Symptom.LOGIN_ADMINISTERS,
        Symptom.PERMISSION_UNUSED,
        Symptom.EVENT_UNHEARD,
        Symptom.REPOSITORY_RENAMED,
        Symptom.NO_TAG,
        Symptom.ENTRY_MISSING,
        Symptom.LEFT_BEHIND,
        Symptom.LOGIN_ENDS_SOON,
        Symptom.PERSONAL_TOKEN_ENDS,
        Symptom.MAY_DELETE,
        Symptom.UPDATE_UNUSED,
        Symptom.FILE_OUTSIDE,
        Symptom.NOTHING_RUNS,
        Symptom.CONFIGURATION_ODD,
    }
)
"""It works, and more is held than needed, or it will soon not work."""

UNSURE = frozenset(
    {
        Symptom.NO_ANSWER,
        Symptom.PROTECTION_UNSAID,
        Symptom.NO_TAG_KNOWN,
    }
)
"""Nobody could tell."""
