"""What the doctor says: every symptom has words, and what is not well has what mends it."""

import pytest

from bot.domain.doctor import Area, Finding, State, state_of
from bot.domain.symptoms import Symptom
from bot.messages import doctor
from bot.messages.doctor_words import WORDS


def nowhere(_finding):
    return ""


def test_every_symptom_has_words():
    assert set(Symptom) == set(WORDS)


@pytest.mark.parametrize("symptom", Symptom)
def test_what_is_not_well_says_what_mends_it_and_nothing_else_does(symptom):
    what, mend = WORDS[symptom]
    assert what
    assert bool(mend) is (state_of(symptom) is not State.OK)


@pytest.mark.parametrize("evil", ["\x1b[2Jgone", "a\nPROBLEM  Slack", "\u202edetrevni", "{who}"])
def test_what_systems_say_of_themselves_stays_in_its_line(evil):
    facts = {"who": evil, "where": evil}
    told = doctor.row(Finding(Area.SLACK, evil, Symptom.LOGIN_WORKS, facts), nowhere)
    assert "\x1b" not in told.what + told.subject
    assert "\n" not in told.what + told.subject
    assert "\u202e" not in told.what + told.subject


def test_lines_end_with_the_sum():
    rows = [
        doctor.row(Finding(Area.SLACK, "token", symptom, {"who": "us", "where": "Ship"}), nowhere)
        for symptom in (Symptom.LOGIN_WORKS, Symptom.NO_ANSWER, Symptom.SCOPE_MISSING)
    ]
    assert "1 ok, 0 warned of, 1 problem, 1 unknown\n" == list(doctor.as_lines(rows))[-1]


def test_an_unknown_is_never_told_as_well():
    told = doctor.row(Finding(Area.ARGOCD, "main", Symptom.NO_ANSWER), nowhere)
    assert State.UNKNOWN is told.state
    assert told.mend
