from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.approving.plan_digest import Fingerprint, Part, fingerprint, moved
from bot.domain.environment_policy import AutoRollback, Way
from bot.domain.locations import Key
from bot.domain.moving_tags import TagRule
from bot.domain.operations import Change
from bot.domain.rights import Action
from bot.domain.stops.freezes import calendar_freeze
from bot.domain.tags import TagTemplate
from tests.builders import VALUES, plan, target
from tests.domain.policies import policy

BATCH = Change("batch", VALUES, "batch-stage-ba01", "batch-stage-a1b2c3d4", "b" * 40)
CORE = Change("core", VALUES, "core-stage-ba01", "core-stage-a1b2c3d4", "b" * 40)
PLAN = plan(changes=(BATCH, CORE))
TARGETS = (target("batch"), target("core"))
POLICY = policy()
THEN = fingerprint(Action.DEPLOY, PLAN, TARGETS, POLICY)
SRE = frozenset({"sre"})


def core(**changes):
    return {"targets": (TARGETS[0], target("core", **changes))}


def location(**changes):
    return core(location=replace(TARGETS[1].location, **changes))


def change(**changes):
    return {"plan": replace(PLAN, changes=(BATCH, replace(CORE, **changes)))}


def rules(**changes):
    return {"policy": replace(POLICY, **changes)}


def approvals(**changes):
    return rules(approvals=replace(POLICY.approvals, **changes))


CHANGES = [
    pytest.param({"action": Action.ROLLBACK}, {Part.ACTION}, id="action"),
    pytest.param({"plan": replace(PLAN, repo="x/y")}, {Part.FILES}, id="repository"),
    pytest.param({"plan": replace(PLAN, branch="x")}, {Part.FILES}, id="branch"),
    pytest.param({"plan": replace(PLAN, commit="c" * 40)}, {Part.COMMIT}, id="commit"),
    pytest.param({"plan": replace(PLAN, source="x/y")}, {Part.COMMIT}, id="source"),
    pytest.param(change(old="x"), {Part.VALUES}, id="old value"),
    pytest.param(change(old=None), {Part.VALUES}, id="no old value"),
    pytest.param(change(new="x"), {Part.TAGS}, id="new tag"),
    pytest.param(change(blob="c" * 40), {Part.BLOBS}, id="blob"),
    pytest.param(
        change(file="x"), {Part.FILES, Part.VALUES, Part.TAGS, Part.BLOBS}, id="another file"
    ),
    pytest.param(core(image="ghcr.io/x/y"), {Part.TARGETS}, id="image"),
    pytest.param(core(source="x/y"), {Part.TARGETS}, id="the target's source"),
    pytest.param(
        core(application=replace(TARGETS[1].application, name="x")), {Part.TARGETS}, id="app"
    ),
    pytest.param(location(at=Key("x.y")), {Part.FILES}, id="place in the file"),
    pytest.param(core(tags=(TagTemplate.parse("{sha}"),)), {Part.TEMPLATES}, id="template"),
    pytest.param(rules(after=None), {Part.POLICY}, id="after"),
    pytest.param(rules(soak=timedelta(minutes=1)), {Part.POLICY}, id="soak"),
    pytest.param(rules(approvals=None), {Part.POLICY}, id="no approvals"),
    pytest.param(approvals(count=1), {Part.POLICY}, id="count"),
    pytest.param(approvals(teams=frozenset({"x"})), {Part.POLICY}, id="teams"),
    pytest.param(approvals(self_ok=True), {Part.POLICY}, id="self"),
    pytest.param(approvals(authors_ok=True), {Part.POLICY}, id="authors"),
    pytest.param(approvals(expires=timedelta(1)), {Part.POLICY}, id="expires"),
    pytest.param(rules(rollback_approvals=ApprovalRule(1, SRE)), {Part.POLICY}, id="rollback"),
    pytest.param(rules(tags=TagRule(deny=("x",))), {Part.POLICY}, id="denied tags"),
    pytest.param(rules(tags=TagRule(require=("x",))), {Part.POLICY}, id="required tags"),
    pytest.param(rules(tags=TagRule(moving_ok=True)), {Part.POLICY}, id="moving tags"),
    pytest.param(rules(required_checks=("ci",)), {Part.POLICY}, id="required checks"),
    pytest.param(rules(unchecked=("core",)), {Part.POLICY}, id="no checks"),
    pytest.param(
        rules(freezes=(calendar_freeze("Asia/Seoul", "fri"),)), {Part.POLICY}, id="freezes"
    ),
    pytest.param(rules(diverged_ok=True), {Part.POLICY}, id="diverged versions"),
    pytest.param(rules(change=Way.PULL_REQUEST), {Part.POLICY}, id="the way of a change"),
    pytest.param(rules(auto_rollback=AutoRollback()), {Part.POLICY}, id="automatic rollback"),
    pytest.param(rules(freeze_stops_rollback=True), {Part.POLICY}, id="freeze of rollbacks"),
    pytest.param(rules(name="x"), {Part.ACTION, Part.POLICY}, id="environment"),
]


@pytest.mark.parametrize(("changed", "expected"), CHANGES)
def test_any_single_change_changes_it_and_is_named(changed, expected):
    given_ = {"action": Action.DEPLOY, "plan": PLAN, "targets": TARGETS, "policy": POLICY}
    now = fingerprint(**{**given_, **changed})
    assert THEN.digest != now.digest
    assert expected == set(moved(THEN, now))


def test_every_field_of_the_policy_is_in_it():
    fields = set(POLICY.__dataclass_fields__)
    tried = {name for param in CHANGES for name in _changed(param.values[0])}
    assert fields == tried


def _changed(changed):
    other = changed.get("policy")
    return {
        name
        for name in POLICY.__dataclass_fields__
        if other is not None and getattr(other, name) != getattr(POLICY, name)
    }


def test_a_service_more_or_less_changes_it():
    fewer = fingerprint(Action.DEPLOY, plan(changes=(CORE,)), TARGETS[1:], POLICY)
    assert Part.TARGETS in moved(THEN, fewer)
    assert THEN.digest != fewer.digest


@pytest.mark.parametrize("changes", list(permutations((BATCH, CORE))))
@pytest.mark.parametrize("targets", list(permutations(TARGETS)))
def test_the_order_does_not_change_it(changes, targets):
    again = fingerprint(Action.DEPLOY, plan(changes=changes), targets, POLICY)
    assert THEN == again
    assert () == moved(THEN, again)


def test_titles_and_authors_may_be_told_otherwise():
    assert THEN == fingerprint(Action.DEPLOY, replace(PLAN, title="x", author="y"), TARGETS, POLICY)


def test_the_order_of_templates_matters_because_the_first_that_fits_is_used():
    one, other = TagTemplate.parse("{sha}"), TagTemplate.parse("{version}")
    digests = {
        fingerprint(Action.DEPLOY, PLAN, core(tags=tags)["targets"], POLICY).digest
        for tags in ((one, other), (other, one))
    }
    assert 2 == len(digests)


def test_a_part_that_is_not_there_has_moved():
    assert (Part.POLICY,) == moved(THEN, Fingerprint(THEN.parts[:-1]))


text = st.text(max_size=12)
changes = st.lists(
    st.builds(Change, text, text, st.none() | text, text, text),
    max_size=4,
    unique_by=lambda one: (one.service, one.file),
)


@given(changes, changes)
def test_two_plans_are_equal_only_if_their_changes_are(some, others):
    one = fingerprint(Action.DEPLOY, plan(changes=tuple(some)), (), POLICY)
    other = fingerprint(Action.DEPLOY, plan(changes=tuple(others)), (), POLICY)
    assert (set(some) == set(others)) is (one.digest == other.digest)


@given(st.text(st.characters(), max_size=20))
def test_any_text_has_a_digest(strange):
    found = fingerprint(Action.DEPLOY, plan(changes=(replace(CORE, old=strange),)), (), POLICY)
    assert 64 == len(found.digest)
