from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.domain.rights import GitHubUser
from bot.operations.books.act_book import ActBook, Deed
from bot.operations.books.identity_book import IdentityBook, Link
from tests.operations.people import NOON, at_once

LINK = Link("U0ALICE", "T0ACME", "map", GitHubUser(101, "alice"), NOON)


@pytest.fixture
def book(database):
    return IdentityBook(database)


def test_what_was_seen_first_is_remembered(book):
    assert LINK == book.remember(LINK)
    assert LINK == book.remember(replace(LINK, at=NOON + timedelta(days=1)))
    assert (LINK,) == book.of("U0ALICE", "T0ACME")


def test_a_login_that_changed_hands_is_not_taken_over(book):
    book.remember(LINK)
    stranger = replace(LINK, user=GitHubUser(666, "Alice"))
    assert LINK == book.remember(stranger)
    assert (LINK,) == book.of("U0ALICE", "T0ACME")


@pytest.mark.parametrize(
    "user",
    [
        pytest.param(GitHubUser(101, "alice-kim"), id="the account was renamed"),
        pytest.param(GitHubUser(202, "alice-work"), id="the configuration names another"),
    ],
)
def test_another_login_is_believed_anew(book, user):
    book.remember(LINK)
    now = replace(LINK, user=user, at=NOON + timedelta(days=1))
    assert now == book.remember(now)
    assert (now,) == book.of("U0ALICE", "T0ACME")


def test_each_source_and_workspace_has_a_belief_of_its_own(book):
    linked = replace(LINK, source="link", user=GitHubUser(202, "alice-work"), by="U0ALICE")
    elsewhere = replace(LINK, team="T0OTHER", user=GitHubUser(303, "other"))
    for each in (LINK, linked, elsewhere):
        book.remember(each)
    assert (linked, LINK) == book.of("U0ALICE", "T0ACME")
    assert (elsewhere,) == book.of("U0ALICE", "T0OTHER")


def test_a_proven_link_takes_the_place_of_what_was_and_tells_it(book, database):
    proven = replace(LINK, source="link", by="U0ALICE")
    other = replace(proven, user=GitHubUser(202, "alice-work"), at=NOON + timedelta(days=1))
    assert book.replace(proven) is None
    assert proven == book.replace(other)
    assert other == book.replace(other)
    assert (other,) == book.of("U0ALICE", "T0ACME")
    newest, *rest = ActBook(database).latest()
    assert ("U0ALICE", "202", "101") == (
        newest.subject,
        newest.detail["account"],
        newest.detail["was_account"],
    )
    assert 1 == len(rest)


def test_all_slack_users_of_one_account_are_found(book):
    second = replace(LINK, slack="U0ALICE2", at=NOON + timedelta(days=1))
    book.remember(second)
    book.remember(LINK)
    assert (LINK, second) == book.behind(101)
    assert () == book.behind(102)


def test_a_link_is_forgotten_once(book, database):
    book.remember(LINK)
    forget = partial(book.forget, "U0ALICE", "T0ACME", "map", "U0BOB", NOON)
    assert [LINK, None] == [forget(), forget()]
    assert () == book.of("U0ALICE", "T0ACME")
    assert [Deed.UNLINKED, Deed.LINKED] == [act.what for act in ActBook(database).latest()]


def test_of_two_first_sights_at_the_same_instant_one_is_kept(book, database):
    links = [replace(LINK, user=GitHubUser(number, "alice")) for number in range(6)]
    kept = at_once(*(partial(book.remember, link) for link in links))
    assert set(book.of("U0ALICE", "T0ACME")) == set(kept)
    assert 1 == len(ActBook(database).latest())
