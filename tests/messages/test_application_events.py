"""What Argo CD does without us, in words."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.applications.events import What
from bot.domain.applications.signs import ImageChange
from bot.domain.applications.story import Crowd, Member, Revision, Story, Subject, Topic
from bot.messages.application_events import headline, note, summary
from tests.messages.limits import assert_slack_takes
from tests.messages.reading import read

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SUBJECT = Subject(
    "main", "", "core-prod", "prod", ("core",), "https://argo.example.com/applications/core-prod"
)
COMMIT = Revision("a1b2c3d4" + "0" * 32, "https://github.com/x/y/commit/a1", "Bump core", "Kim")
BAD = Story(
    SUBJECT,
    Topic.TROUBLE,
    What.DEGRADED,
    opened=NOON - timedelta(minutes=5),
    since=NOON,
    revision=COMMIT,
    images=(ImageChange("ghcr.io/acme/core", "1", "2"),),
    resource="Deployment/core",
    message="exceeded its progress deadline; Pod/core-1: ImagePullBackOff",
)
FAILED = replace(BAD, what=What.SYNC_FAILED, message="field is immutable", images=())
WELL = replace(BAD, what=What.RECOVERED, was=What.DEGRADED, images=(), operation="D-7")
OFF = Story(SUBJECT, Topic.AUTO_SYNC, What.AUTO_SYNC_CHANGED, NOON, NOON, auto_sync=False)
MANUAL = Story(SUBJECT, Topic.MANUAL_SYNC, What.MANUAL_SYNC, NOON, NOON, COMMIT, by="kim")
SYNCED = replace(BAD, topic=Topic.SYNC, what=What.SYNC_SUCCEEDED, resource="", message="")
WHERE = "Application <core-prod> in Argo CD main"
HOSTILE = "<!channel> `<@U1>` & *b* " + "x" * 40_000

NOTES = [
    pytest.param(
        BAD,
        "# 💔 Degraded: core in prod\n"
        "Since 2026-11-21 12:00 UTC.\n"
        "*What fails: *`Deployment/core`: exceeded its progress deadline; Pod/core-1:"
        " ImagePullBackOff\n"
        "Commit <a1b2c3d4> Bump core by Kim\n"
        "Image *core*  `1` → `2`\n"
        "*Next: *look at it in Argo CD, or go back: `/rollback core prod`\n" + WHERE,
        id="degraded",
    ),
    pytest.param(
        replace(FAILED, times=3, by="kim"),
        "# ❌ Sync failed: core in prod\n"
        "Since 2026-11-21 12:00 UTC; 3 times so far. Asked for by *kim*.\n"
        "*What fails: *`Deployment/core`: field is immutable\n"
        "Commit <a1b2c3d4> Bump core by Kim\n"
        "*Next: *Argo CD does not try this commit again by itself. Mend it in Git.\n" + WHERE,
        id="a sync failed, again",
    ),
    pytest.param(
        WELL,
        "# ✅ Well again: core in prod\n"
        "It was degraded for 5 min 0 s, and it is well since 2026-11-21 12:00 UTC.\n"
        "*What failed: *`Deployment/core`: exceeded its progress deadline; Pod/core-1:"
        " ImagePullBackOff\n"
        "Now at commit <a1b2c3d4> Bump core by Kim, from `D-7`\n" + WHERE,
        id="well again",
    ),
    pytest.param(
        replace(WELL, was=What.SYNC_FAILED, times=2, revision=None, resource="", message=""),
        "# ✅ Well again: core in prod\n"
        "Its sync failed 2 times, on and off for 5 min 0 s, and it is well since"
        " 2026-11-21 12:00 UTC.\n" + WHERE,
        id="well again, after some times",
    ),
    pytest.param(
        replace(OFF, subject=replace(SUBJECT, owner="all-apps")),
        "# ⏸️ Auto-sync is OFF: core in prod\n"
        "Switched off 2026-11-21 12:00 UTC. Argo CD does not say by whom.\n"
        "*Next: *until it is on again nobody brings out what Git says; switch it on in the"
        " application's spec, kept by *all-apps*.\n" + WHERE,
        id="auto-sync off",
    ),
    pytest.param(
        replace(OFF, auto_sync=True),
        "# ▶️ Auto-sync is on: core in prod\n"
        "Switched on 2026-11-21 12:00 UTC. Argo CD does not say by whom.\n" + WHERE,
        id="auto-sync on",
    ),
    pytest.param(
        MANUAL,
        "# 🖐️ Synced by hand: core in prod\n"
        "By *kim* 2026-11-21 12:00 UTC.\n"
        "Commit <a1b2c3d4> Bump core by Kim\n" + WHERE,
        id="by hand",
    ),
    pytest.param(
        replace(SYNCED, times=4),
        "# 🔁 Synced: core in prod\n"
        "Last 2026-11-21 12:00 UTC; 4 times so far.\n"
        "Commit <a1b2c3d4> Bump core by Kim\n"
        "Image *core*  `1` → `2`\n" + WHERE,
        id="synced",
    ),
    pytest.param(
        replace(BAD, gone=True),
        "# 🚮 Gone: core in prod\n"
        "The application is gone, or not in the configuration any more, since 2026-11-21"
        " 12:00 UTC.\n" + WHERE,
        id="gone",
    ),
    pytest.param(
        Crowd(
            Topic.TROUBLE,
            NOON,
            standing=30,
            total=36,
            members=(
                Member(SUBJECT, What.DEGRADED, NOON, stands=True),
                Member(SUBJECT, What.RECOVERED, NOON, stands=False),
            ),
        ),
        "# 💔 30 of 36 more applications are in trouble\n"
        "Since 2026-11-21 12:00 UTC, many at once: look for what they share.\n"
        "• <core-prod> *Degraded* since 2026-11-21 12:00 UTC: core in prod\n"
        "• <core-prod> *Well again* since 2026-11-21 12:00 UTC: core in prod\n"
        "(and 34 more)",
        id="many",
    ),
    pytest.param(
        Crowd(Topic.TROUBLE, NOON, 0, 1, (Member(SUBJECT, What.RECOVERED, NOON, stands=False),)),
        "# ✅ All 1 are well again\n"
        "Since 2026-11-21 12:00 UTC, many at once: look for what they share.\n"
        "• <core-prod> *Well again* since 2026-11-21 12:00 UTC: core in prod",
        id="all are well",
    ),
]


@pytest.mark.parametrize(("tells", "expected"), NOTES)
def test_a_note_says_what_is_so_and_what_to_do(tells, expected):
    assert expected == re.sub(r"(\S+) <https?://[^>]*>", r"<\1>", read(note(tells)))


@pytest.mark.parametrize("tells", [one.values[0] for one in NOTES])
def test_slack_takes_every_note(tells):
    assert_slack_takes(note(tells))


@pytest.mark.parametrize("story", [BAD, FAILED, WELL, OFF, MANUAL, SYNCED])
def test_whatever_is_said_outside_is_shown_and_never_read(story):
    hostile = replace(
        story,
        subject=replace(
            SUBJECT, application=HOSTILE, services=(HOSTILE,) * 50, environment=HOSTILE,
            page=f"javascript:{HOSTILE}", owner=HOSTILE,
        ),
        revision=Revision(HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        images=(ImageChange(HOSTILE, HOSTILE, HOSTILE),) * 30,
        resource=HOSTILE,
        message=HOSTILE,
        by=HOSTILE,
    )  # fmt: skip
    assert_slack_takes(note(hostile))
    members = (Member(hostile.subject, story.what, NOON, stands=True),) * 20
    assert_slack_takes(note(Crowd(story.topic, NOON, 20, 9_000, members)))


def test_an_alert_says_the_same_in_plain_words():
    assert "💔 Degraded: core in prod" == headline(BAD)
    assert "Commit a1b2c3d4 Bump core by Kim\nImage core  1 → 2" in summary(BAD)
