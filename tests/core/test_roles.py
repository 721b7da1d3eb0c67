"""Who may do what, and how a no is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.roles import insist, may, refusal, role_for, role_problems, why_not
from shepherd.errors import UsageError
from shepherd.model.intents import IntentKind
from shepherd.model.role_settings import RoleSettings
from shepherd.model.roles import Person, Role

ROLES = RoleSettings(personal=("security",), stop=("security", "operators"), release=("heads",))
OFFICER = Person(name="olga", groups=frozenset({"users", "security"}))
OPERATOR = Person(name="otto", groups=frozenset({"operators"}))
ROOT = Person(name="root", is_owner=True)
NAMES = st.sets(st.sampled_from(["a", "b", "c", "d"]))


@pytest.mark.parametrize(
    ("person", "role", "expected"),
    [
        (OFFICER, Role.PERSONAL, True), (OFFICER, Role.STOP, True), (OFFICER, Role.RELEASE, False),
        (OPERATOR, Role.PERSONAL, False), (OPERATOR, Role.STOP, True),
        (ROOT, Role.PERSONAL, True), (ROOT, Role.STOP, True), (ROOT, Role.RELEASE, True),
    ],
)  # fmt: skip
def test_a_role_is_a_group(person, role, expected):
    """Who stopped a user's jobs read in the same answer who that user is, and told others."""
    assert may(role, ROLES, person) is expected


@given(NAMES, NAMES)
def test_one_group_in_common_is_enough_and_none_is_not(mine, theirs):
    """A list of two groups was read as "in both"."""
    settings = RoleSettings(stop=tuple(sorted(theirs)))
    assert may(Role.STOP, settings, Person(name="x", groups=frozenset(mine))) == bool(mine & theirs)


def test_without_settings_only_root_and_the_daemon_may():
    """An upgrade opened personal data to the group that may say flockoff."""
    assert [role for role in Role if may(role, RoleSettings(), OFFICER)] == []
    assert refusal(Role.PERSONAL, RoleSettings(), OFFICER) == (
        "olga may not see personal data: that is for root; [roles] personal names no group"
    )


def test_a_refusal_says_who_could():
    """At night nobody knew whom to call."""
    with pytest.raises(UsageError, match="otto may not release: that is for root and members of heads"):
        insist(Role.RELEASE, ROLES, OPERATOR)
    insist(Role.STOP, ROLES, OPERATOR)


def test_the_daemon_asks_again_of_the_files_owner():
    """Someone in the spool's group wrote the file by hand, without the verb."""
    assert why_not(IntentKind.BAN, ROLES, OPERATOR) is None
    assert why_not(IntentKind.RELEASE, ROLES, OPERATOR) == refusal(Role.RELEASE, ROLES, OPERATOR)
    nobody = Person(name="uid 4711")
    assert [kind for kind in IntentKind if why_not(kind, ROLES, nobody) is None] == [
        IntentKind.FLOCKOFF, IntentKind.FLOCKON, IntentKind.ASKED,
    ]  # fmt: skip


def test_a_question_is_recorded_whoever_asked():
    """A use that was refused is the one to look at."""
    assert role_for(IntentKind.ASKED) is None


@pytest.mark.parametrize("name", ["", "a b", "a,b", "a:b", "x\n", "x" * 65])
def test_what_cannot_be_a_group_is_refused(name):
    """`personal = ["security, operators"]` silently meant nobody."""
    assert [problem.key for problem in role_problems(RoleSettings(personal=(name,)))] == ["roles.personal"]
    assert list(role_problems(ROLES)) == []
