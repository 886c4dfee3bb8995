"""The history in a spreadsheet: whatever people wrote comes through, and none of it computes."""

import csv
import io
import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.history import Noted, Told
from bot.domain.operations import Entry, Phase
from bot.messages.history_rows import COLUMNS, WIDEST, as_csv, as_json, as_table
from tests.messages.operations import ASKED, PLAN, REQUEST, WRITTEN, operation

ACT = Noted(7, ASKED, "U0BOB", "locked", "core/prod", "prod", ("core",), {"reason": "audit"})
TIMELINE = (Entry("D-4821", ASKED, "U0ALICE", "received"),)
LIVE = Told(operation(Phase.LIVE, plan=PLAN, written=WRITTEN), (), TIMELINE)

anything = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


def rows(*items):
    return list(csv.DictReader(io.StringIO("".join(as_csv(items, {})), newline="")))


def test_a_row_has_what_changed():
    (row,) = rows(LIVE)
    assert COLUMNS == tuple(row)
    assert ("batch core", "stage", "deploy", "a1b2c3d4") == tuple(
        row[name] for name in ("services", "environment", "action", "version")
    )
    assert "core-stage-ba01" in row["old"]
    assert "core-stage-a1b2c3d4" in row["new"]
    assert WRITTEN.sha == row["commit"]


@given(anything, anything, st.sampled_from("=+-@\t\r\n '"))
def test_no_text_computes_or_breaks_out_of_its_cell(reason, subject, first):
    wild = replace(ACT, subject=first + subject, detail={"reason": first + reason, "tag": reason})
    asked = replace(REQUEST, reason=first + reason, version=first + subject)
    told = replace(LIVE, operation=replace(LIVE.operation, request=asked))
    found = rows(wild, told)
    assert 2 == len(found)
    for row in found:
        assert None not in row
        for cell in row.values():
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    said = (first + reason).replace("\0", "")
    assert found[0]["reason"] in {said, f"'{said}"}


@given(anything)
def test_json_and_the_table_take_any_text(text):
    wild = replace(ACT, subject=text, detail={"reason": text})
    (entry,) = json.loads("".join(as_json([wild], {})))
    assert (text, {"reason": text}) == (entry["subject"], entry["detail"])
    lines = list(as_table([wild, LIVE], {"U0BOB": "bob-lee"}))
    assert 3 == len(lines)
    assert all(one.endswith("\n") and len(one.splitlines()) == 1 for one in lines)
    assert max(map(len, lines)) <= (WIDEST + 2) * 7


def test_nothing_is_a_head_or_an_empty_list():
    assert [",".join(f'"{name}"' for name in COLUMNS) + "\r\n"] == list(as_csv([], {}))
    assert [] == json.loads("".join(as_json([], {})))
    assert 1 == len(list(as_table([], {})))
