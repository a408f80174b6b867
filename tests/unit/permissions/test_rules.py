"""Laws of roles: which permission set gives which, and what a change would do."""

import itertools

import pytest

from fairlead.domain.role import Role
from fairlead.features.permissions import rules
from fairlead.features.permissions.rules import Person

SETS = list(rules.ROLES)


def person(*sets: str, administers: bool = False, licence: str = "Salesforce", active: bool = True) -> Person:
    return Person("005A", "Ada", "ada@example.com", "P", licence, administers, sets, active)


@pytest.mark.parametrize("held", [held for n in range(5) for held in itertools.combinations(SETS, n)])
@pytest.mark.parametrize("administers", [False, True])
def test_the_highest_set_counts_and_an_administrator_without_any_has_everything(
    held: tuple[str, ...], administers: bool
) -> None:
    role = rules.role_of(held, administers=administers)
    if held:
        assert role == max(rules.ROLES[name] for name in held)
    else:
        assert role is (Role.FULL if administers else Role.NONE)


def test_sets_of_others_give_nothing() -> None:
    assert rules.role_of(["Sales_Ops"], administers=False) is Role.NONE


def test_who_is_not_active_has_no_role() -> None:
    assert person("Fairlead_Full_Access", active=False).role is Role.NONE


@pytest.mark.parametrize("wanted", Role)
@pytest.mark.parametrize("held", [held for n in range(3) for held in itertools.combinations(SETS, n)])
def test_afterwards_exactly_the_wanted_set_is_held(held: tuple[str, ...], wanted: Role) -> None:
    change = rules.change(person(*held, "Sales_Ops"), wanted)
    after = (set(held) | {"Sales_Ops"} | ({change.assign} - {""})) - set(change.unassign)
    assert after == {"Sales_Ops"} | ({rules.SETS[wanted]} if wanted in rules.SETS else set())
    assert change.after is wanted


@pytest.mark.parametrize(
    ("held", "wanted", "effect"),
    [
        ((), Role.STANDARD, "gains access"),
        (("Fairlead_Standard_Access",), Role.NONE, "loses access"),
        (("Fairlead_Standard_Access",), Role.FULL, "gets more"),
        (("Fairlead_Full_Access",), Role.LIMITED, "gets less"),
        (("Fairlead_Full_Access",), Role.FULL, "stays"),
        (("Fairlead_Full_Access", "Fairlead_Guest_Access"), Role.FULL, "keeps the role"),
        ((), Role.NONE, "stays"),
    ],
)
def test_a_change_says_its_effect(held: tuple[str, ...], wanted: Role, effect: str) -> None:
    change = rules.change(person(*held), wanted)
    assert change.effect == effect
    assert rules.lost([change]) == ([change] if effect == "loses access" else [])


def test_taking_the_set_from_an_administrator_takes_no_access_and_says_so() -> None:
    change = rules.change(person("Fairlead_Limited_Access", administers=True), Role.NONE)
    assert change.after is Role.FULL
    assert "system administrator" in change.remark


@pytest.mark.parametrize(
    ("licence", "warning"),
    [
        ("Salesforce", ""),
        ("Salesforce Platform", rules.NO_LEADS),
        ("Lightning Platform Plus", rules.NO_LEADS),
        ("Salesforce Integration", rules.NO_SIGN_IN),
    ],
)
def test_licences_that_stand_in_the_way_are_told(licence: str, warning: str) -> None:
    assert person(licence=licence).warning == warning
    assert rules.change(person(licence=licence), Role.STANDARD).remark == warning


def test_refusals_say_what_to_do() -> None:
    assert "licence" in rules.why_refused("The user license doesn't allow the permission: Read X")
    assert "Assign Permission Sets" in rules.why_refused("insufficient access rights")
    assert rules.why_refused("something else") == ""


def test_words_name_roles_and_every_role_is_explained() -> None:
    assert [rules.wanted_role(role.word.upper()) for role in Role] == list(Role)
    assert rules.wanted_role("root") is None
    assert set(rules.HELP) == set(Role)
    assert [Role.NONE.label, Role.FULL.label] == ["No access", "Full Access"]
