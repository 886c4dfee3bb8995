from dataclasses import replace
from datetime import timedelta

from bot.operations.books.act_book import Act, ActBook, Deed
from tests.operations.people import NOON

ACT = Act("click:1", NOON, "U0ALICE", Deed.REFUSED, "D-4821", "prod", {"reason": "not_permitted"})


def test_an_act_comes_back_as_it_was_written_and_once(database):
    book = ActBook(database)
    assert [True, False] == [book.note(ACT), book.note(replace(ACT, by="U0BOB"))]
    assert (ACT,) == book.latest()


def test_the_newest_stand_first_and_an_environment_can_be_chosen(database):
    book = ActBook(database)
    acts = [
        replace(ACT, mark=f"click:{n}", at=NOON + timedelta(minutes=n), environment=where)
        for n, where in enumerate(("prod", "stage", None, "prod"))
    ]
    for act in acts:
        book.note(act)
    assert tuple(reversed(acts)) == book.latest()
    assert (acts[3], acts[0]) == book.latest("prod")
    assert (acts[3],) == book.latest(limit=1)
