"""Laws of what the primary sync decides: which stages run, what a failure takes with it, and what confirms a clean start."""

import pytest

from fairlead.domain.failure import FixTheSettings, RefusedByGuard, SignInAgain, WaitAndRetry
from fairlead.features.primary_sync import rules
from fairlead.features.primary_sync.rules import CannotStartClean, NoSuchStage

NEEDS = {
    "clean": (),
    "clients": (),
    "lists": ("clients",),
    "members": ("lists",),
    "campaigns": ("clients",),
    "tidy": ("members",),
}
BROKEN, BUSY = FixTheSettings("A field is missing."), WaitAndRetry("No answer.")
GUARD, SIGN_IN = RefusedByGuard("Too much."), SignInAgain("The key is gone.")


@pytest.mark.parametrize(
    ("needs", "failures", "missing"),
    [
        ((), {}, None),
        (("lists",), {}, None),
        (("lists",), {"campaigns": BROKEN}, None),
        (("lists",), {"lists": BROKEN}, "lists"),
        (("lists",), {"lists": BUSY}, "lists"),
        (("clients", "lists"), {"lists": BUSY}, "lists"),
        (("lists",), {"lists": GUARD}, None),
        ((), {"lists": SIGN_IN}, "lists"),
        (("campaigns",), {"campaigns": GUARD, "lists": SIGN_IN}, "lists"),
    ],
)
def test_a_stage_runs_unless_one_that_it_needs_failed_or_a_side_refused_the_sign_in(needs, failures, missing) -> None:
    assert rules.cannot_run(needs, failures) == missing


def test_a_stage_that_is_skipped_says_because_of_which() -> None:
    assert rules.skipped_because("lists", {"lists": "Lists"}) == "Not run, because “Lists” failed."
    assert rules.skipped_because("gone", {}) == "Not run, because “gone” failed."


def test_a_person_is_told_what_they_must_act_on_before_what_passes_by_itself() -> None:
    assert rules.the_one_to_tell([BUSY, BROKEN, SIGN_IN]) is BROKEN
    assert rules.the_one_to_tell([BUSY]) is BUSY


@pytest.mark.parametrize(
    ("asked", "clean", "run"),
    [
        ((), False, ["clients", "lists", "members", "campaigns", "tidy"]),
        ((), True, ["clean", "clients", "lists", "members", "campaigns", "tidy"]),
        (("members",), False, ["clients", "lists", "members"]),
        (("tidy",), False, ["clients", "lists", "members", "tidy"]),
        (("campaigns", "clients"), False, ["clients", "campaigns"]),
    ],
)
def test_stages_that_are_asked_for_run_with_those_they_need_in_their_order(asked, clean, run) -> None:
    assert rules.to_run(NEEDS, asked, clean=clean) == run


@pytest.mark.parametrize("name", ["nothing", "clean"])
def test_a_stage_that_is_not_there_is_told_with_those_that_are(name) -> None:
    with pytest.raises(NoSuchStage, match=f"“{name}”.*clients, lists, members, campaigns, tidy"):
        rules.to_run(NEEDS, [name], clean=False)


def test_starting_clean_is_for_a_full_sync_of_everything() -> None:
    rules.check_clean(full=True, of_list="", stages=())
    for wrong in ({"full": False}, {"of_list": "l1"}, {"stages": ["members"]}):
        with pytest.raises(CannotStartClean):
            rules.check_clean(**{"full": True, "of_list": "", "stages": (), **wrong})


@pytest.mark.parametrize(
    ("typed", "yes"),
    [
        ("start clean", True), (" Start  CLEAN ", True), ("acme ltd", True), ("Acme Ltd", True),
        ("", False), ("yes", False), ("start", False), ("Acme", False),
    ],
)  # fmt: skip
def test_only_the_words_or_the_orgs_name_confirm_a_clean_start(typed: str, yes: bool) -> None:
    assert rules.confirmed(typed, "Acme Ltd") is yes


def test_an_org_without_a_name_is_not_confirmed_by_silence() -> None:
    assert not rules.confirmed("", "")
    assert not rules.confirmed("default", "Default")
    assert not rules.confirmed("  ", " ")


def test_a_clean_start_without_words_says_which() -> None:
    assert "“start clean”" in rules.NotConfirmed().step


def test_a_stage_that_noted_what_others_need_does_not_hold_them_back() -> None:
    assert rules.cannot_run(("lists",), {"lists": BROKEN}, {"lists"}) is None
    assert rules.cannot_run(("lists", "match"), {"lists": BROKEN, "match": BUSY}, {"lists"}) == "match"
    assert rules.cannot_run(("lists",), {"lists": SIGN_IN}, {"lists"}) == "lists"
