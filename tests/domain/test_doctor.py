"""What the doctor makes of answers, without asking."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain import doctor
from bot.domain.doctor import Area, BranchRules, Finding, State
from bot.domain.symptoms import ODD, UNSURE, WELL, Symptom

NEEDED = {"contents": "write", "metadata": "read", "members": "read"}


@pytest.mark.parametrize(
    ("held", "missing", "spare", "share"),
    [
        pytest.param(NEEDED, {}, {}, NEEDED, id="exactly"),
        pytest.param(
            {"contents": "read", "metadata": "read"},
            {"contents": "write", "members": "read"},
            {},
            {"contents": "read", "metadata": "read"},
            id="less",
        ),
        pytest.param(
            {**NEEDED, "administration": "read", "members": "write"},
            {},
            {"administration": "read", "members": "write"},
            NEEDED,
            id="more",
        ),
        pytest.param(
            {**NEEDED, "contents": "admin"}, {}, {"contents": "admin"}, NEEDED, id="far more"
        ),
        pytest.param(
            {**NEEDED, "pages": "sovereign"}, {}, {"pages": "sovereign"}, NEEDED, id="a new level"
        ),
    ],
)
def test_permissions_are_compared_by_level(held, missing, spare, share):
    assert missing == doctor.lacking(held, NEEDED)
    assert spare == doctor.spare(held, NEEDED)
    assert share == doctor.share(held, NEEDED)


@pytest.mark.parametrize(
    ("rules", "commits", "expected"),
    [
        pytest.param(BranchRules(), True, Symptom.BRANCH_OPEN, id="free"),
        pytest.param(
            BranchRules(frozenset({"required_signatures", "non_fast_forward"})),
            True,
            Symptom.BRANCH_OPEN,
            id="rules that our commits keep",
        ),
        pytest.param(
            BranchRules(frozenset({"pull_request"})),
            True,
            Symptom.BRANCH_WANTS_PULL,
            id="a ruleset for pull requests",
        ),
        pytest.param(
            BranchRules(frozenset({"required_status_checks"})),
            True,
            Symptom.BRANCH_CLOSED,
            id="checks before a commit",
        ),
        pytest.param(
            BranchRules(may_push=False, reviews=True),
            True,
            Symptom.BRANCH_CLOSED,
            id="others alone may push",
        ),
        pytest.param(
            BranchRules(reviews=True), True, Symptom.PROTECTION_UNSAID, id="reviews, perhaps not us"
        ),
        pytest.param(
            BranchRules(frozenset({"pull_request"})),
            False,
            Symptom.BRANCH_BY_PULL,
            id="pull requests are our way",
        ),
    ],
)
def test_a_branch_is_judged_by_what_binds_us(rules, commits, expected):
    assert expected is doctor.judge_branch(rules, commits=commits)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (None, Symptom.LOGIN_LASTS),
        (15, Symptom.LOGIN_LASTS),
        (14, Symptom.LOGIN_ENDS_SOON),
        (0, Symptom.LOGIN_ENDED),
        (-3, Symptom.LOGIN_ENDED),
    ],
)
def test_a_token_is_told_of_two_weeks_before_its_end(days, expected):
    assert expected is doctor.judge_token(None if days is None else timedelta(days=days))


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/gitops.git",
        "https://github.com/Acme/GitOps/",
        "git@github.com:acme/gitops.git",
        "ssh://git@github.com/acme/gitops",
        "acme/gitops",
    ],
)
def test_a_repository_is_known_by_any_address(url):
    assert doctor.is_repository(url, "acme/gitops")


@pytest.mark.parametrize(
    "url",
    ["https://github.com/acme/gitops2", "https://github.com/notacme/gitops", "", "gitops"],
)
def test_another_repository_is_another(url):
    assert not doctor.is_repository(url, "acme/gitops")


@pytest.mark.parametrize(
    ("folder", "inside"),
    [
        ("", True),
        (".", True),
        ("./", True),
        ("apps", True),
        ("apps/web/", True),
        ("./apps/web", True),
        ("apps/web/kustomization.yaml", True),
        ("apps/we", False),
        ("other", False),
    ],
)
def test_a_file_is_inside_its_folder(folder, inside):
    assert inside is doctor.covers(folder, "apps/web/kustomization.yaml")


OK = Finding(Area.SLACK, "token", Symptom.LOGIN_WORKS)


@pytest.mark.parametrize(
    ("symptoms", "expected"),
    [
        ([], 0),
        ([Symptom.SCOPE_UNUSED], 0),
        ([Symptom.NO_ANSWER], 3),
        ([Symptom.NO_ANSWER, Symptom.SCOPE_MISSING], 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst(symptoms, expected):
    found = [OK, *(replace(OK, symptom=one) for one in symptoms)]
    assert expected == doctor.exit_code(found)


def test_a_wrong_setup_has_a_code_of_its_own():
    wrong = Finding(Area.SETUP, "PORT", Symptom.SETTING_WRONG)
    assert 2 == doctor.exit_code([OK, wrong])


def test_each_symptom_is_in_one_list_at_most_and_else_a_problem():
    assert not WELL & ODD
    assert not (WELL | ODD) & UNSURE
    assert State.UNKNOWN is doctor.state_of(Symptom.NO_ANSWER)
    assert State.PROBLEM is doctor.state_of(Symptom.SCOPE_MISSING)
