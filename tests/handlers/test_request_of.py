"""What is written down of what a person asked for."""

from dataclasses import replace

import pytest

from bot.domain.commands import Deploy, Promote, Rollback, parse
from bot.domain.operations import Kind, Request
from bot.domain.previews import Moves, Preview
from bot.domain.promoting import movable
from bot.operations.store import wish_of
from handlers.desk import Asker, promote_text, request_of
from tests.domain.catalogs import catalog

ALICE = Asker("U0ALICE", "C0DEPLOY", "command:1", "17.1")
PROD = Request(Kind.DEPLOY, ("core",), "prod", "", "U0ALICE", "C0DEPLOY", "17.1")
PROMOTE = replace(PROD, kind=Kind.PROMOTE)
ROLLBACK = replace(PROD, kind=Kind.ROLLBACK)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param(
            Deploy(("core",), "v1", "prod", "why", override=True),
            replace(PROD, version="v1", reason="why", override=True),
            id="a deploy",
        ),
        pytest.param(Promote(("core",), None, "prod"), PROMOTE, id="a promote from the nearest"),
        pytest.param(
            Promote(("core",), "stage", "prod", "why", override=True),
            replace(PROMOTE, origin="stage", reason="why", override=True),
            id="a promote",
        ),
        pytest.param(Rollback(("core",), "prod"), ROLLBACK, id="a rollback to the last good one"),
        pytest.param(
            Rollback(("core",), "prod", "#2", by_argocd=True, reason="why"),
            replace(ROLLBACK, version="#2", by_argocd=True, reason="why"),
            id="a rollback around Git",
        ),
        pytest.param(
            Rollback(("core",), "prod", by_argocd=True, without_hooks=True),
            replace(ROLLBACK, by_argocd=True, without_hooks=True),
            id="a rollback around Git, without hooks",
        ),
    ],
)
def test_a_request_says_all_that_was_said(command, expected):
    assert expected == request_of(command, ALICE)


def test_what_differs_in_one_word_is_another_wish():
    requests = [
        PROD,
        PROMOTE,
        replace(PROMOTE, origin="dev"),
        replace(PROMOTE, origin="stage"),
        ROLLBACK,
        replace(ROLLBACK, version="#2"),
        replace(ROLLBACK, by_argocd=True),
        replace(ROLLBACK, by_argocd=True, override=True),
        replace(ROLLBACK, by_argocd=True, without_hooks=True),
    ]
    assert len(requests) == len({wish_of(each) for each in requests})


@pytest.mark.parametrize(
    ("origin", "environment", "expected"),
    [
        pytest.param(None, "prod", ("core", "user-service"), id="from the nearest of each"),
        pytest.param("stage", "prod", ("core",), id="only those that live where from"),
        pytest.param("dev", "stage", ("batch", "core"), id="into the next"),
        pytest.param(None, "dev", (), id="the first environment"),
    ],
)
def test_a_promote_of_all_names_what_can_move(origin, environment, expected):
    assert expected == movable(origin, environment, catalog())


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(Promote((), "stage", "prod"), id="from an environment"),
        pytest.param(Promote((), None, "prod"), id="from the nearest"),
        pytest.param(Promote((), "stage", "prod", "a <b> & c", override=True), id="all of it"),
    ],
)
def test_a_button_of_a_preview_orders_what_it_showed(command):
    preview = Preview(command.origin, "prod", (Moves("core", "a", "b"),), ())
    read = parse("promote", promote_text(command, preview), catalog())
    assert replace(command, services=("core",)) == read
