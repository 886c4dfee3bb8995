"""What a preview of a promote says, and when it has a button."""

from dataclasses import replace

import pytest

from bot.domain.approving.approval_case import Commits, InBetween
from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.previews import Moves, News, Preview, Stays
from bot.domain.problems import Problem, Reason
from bot.domain.rules import Allowed, NeedsApproval, Refused
from bot.domain.unknown import Unknown
from bot.messages import blocks
from bot.messages.promoting import PROMOTE_THESE, previewed

COMMITS = Commits(
    (
        InBetween("1" * 40, "Fix <login>", "Ann"),
        InBetween("2" * 40, "Add a *star*", "Bo", 7),
        InBetween("3" * 40, "Tidy", "Ann"),
    ),
    total=3,
)
PREVIEW = Preview(
    "stage",
    "prod",
    (Moves("core", "v1", "v2"), Moves("web", None, "v2")),
    (Stays("batch", "v2", Problem(Reason.ALREADY_THERE, {"tag": "v2"})),),
    (News("acme/code", COMMITS),),
    Allowed(),
)


def buttons(message):
    return [
        (each["action_id"], each["value"])
        for block in message.blocks
        if block["type"] == "actions"
        for each in block["elements"]
    ]


def test_it_says_what_moves_what_stays_and_who_wrote_it():
    message = previewed([PREVIEW], ["core,web stage prod"])
    said = message.text.replace("`", "").replace("*", "")
    assert "2 of 3 services would move from stage to prod. Nothing was started." in said
    assert "core  v1 → v2" in said
    assert "web  no tag → v2" in said
    assert "batch  stays at v2." in said
    assert "Ann (2): Fix &lt;login&gt;; Tidy" in said
    assert [(f"{PROMOTE_THESE}0", "core,web stage prod")] == buttons(message)


@pytest.mark.parametrize(
    ("preview", "says"),
    [
        pytest.param(replace(PREVIEW, moves=(), decision=None), "Nothing can move", id="none"),
        pytest.param(
            replace(PREVIEW, decision=Refused(Problem(Reason.FROZEN, {"environment": "prod"}))),
            "They can't move now",
            id="refused",
        ),
        pytest.param(
            Problem(Reason.NOT_LINKED, {"user": "U0BOB"}), "GitHub", id="nobody knows who asks"
        ),
    ],
)
def test_what_may_not_be_ordered_has_no_button(preview, says):
    message = previewed([preview], ["core prod"])
    assert says in message.text
    assert [] == buttons(message)


def test_it_says_who_will_have_to_approve_it():
    asked = replace(PREVIEW, decision=NeedsApproval(ApprovalRule(2, frozenset({"sre"}))))
    message = previewed([asked], ["core,web stage prod"])
    assert "2 people of sre will have to approve it." in message.text
    assert buttons(message)


def test_commits_that_are_not_known_are_said_to_be():
    unread = replace(PREVIEW, news=(News("acme/code", Unknown("GitHub gave no answer")),))
    assert "not known. GitHub gave no answer" in previewed([unread], ["core prod"]).text


def test_each_gitops_branch_has_a_button_of_its_own():
    other = replace(PREVIEW, moves=(Moves("api", "a", "b"),))
    message = previewed([PREVIEW, other], ["core,web stage prod", "api stage prod"])
    assert ["core,web stage prod", "api stage prod"] == [value for _, value in buttons(message)]


def test_many_services_and_commits_stay_under_slacks_limit():
    many = tuple(Moves("s" * 60 + str(n), "a" * 120, "b" * 120) for n in range(200))
    commits = tuple(InBetween(str(n), "t" * 500, f"author {n}") for n in range(50))
    news = (News("acme/code", Commits(commits, 900)),)
    message = previewed([replace(PREVIEW, moves=many, news=news)], ["c" * 5_000])
    assert blocks.size(list(message.blocks)) <= blocks.ROOM
    assert len(message.text) <= blocks.TEXT
    assert [] == buttons(message)
