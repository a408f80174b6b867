"""What the run over changes decides, case by case."""

from datetime import UTC, datetime

import pytest

from fairlead.features.org_changes import rules
from fairlead.features.org_changes.rules import Burst, Window

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("", "boolean", None), ("true", "boolean", True), ("false", "boolean", False), ("1.50", "currency", 1.5),
        ("12", "int", 12), ("0012", "string", "0012"), ("50", "percent", 50.0), ("x", "", "x"),
    ],
)  # fmt: skip
def test_texts_of_a_bulk_query_become_what_a_query_gives(text, kind, value):
    found = rules.typed(text, kind)
    assert (found, type(found)) == (value, type(value))


def test_a_record_is_flattened_by_paths_through_parents_that_may_be_missing():
    record = {"Id": "1", "Account": {"Owner": {"Name": "O"}}, "Other": None}
    paths = ["Id", "Account.Owner.Name", "Other.Name", "Nothing"]
    assert rules.flat(record, paths) == {"Id": "1", "Account.Owner.Name": "O", "Other.Name": None, "Nothing": None}


def test_a_window_reads_from_its_beginning_and_contacts_of_accounts_besides():
    assert Window(None).own() == ""
    assert Window(AT).own() == " WHERE SystemModstamp >= 2026-03-01T08:30:00Z"
    assert Window(AT).by_account() == (
        " WHERE SystemModstamp < 2026-03-01T08:30:00Z AND AccountId IN "
        "(SELECT Id FROM Account WHERE SystemModstamp >= 2026-03-01T08:30:00Z)"
    )


def test_the_account_counts_only_where_accounts_do():
    record = {"SystemModstamp": "2026-03-01T08:00:00.000+0000", "Account.SystemModstamp": AT.isoformat()}
    assert rules.last_change(record, by_account=True) == AT
    assert rules.last_change(record, by_account=False) < AT
    assert "Account.Name" in rules.looked_at(["Account.Name"], by_account=True)
    assert "Account.Name" not in rules.looked_at(["Account.Name"], by_account=False)
    assert rules.contents({"A": None, "B": 2, "C": True}, ["A", "B", "C"]) == ["", "2", "True"]


@pytest.mark.parametrize(("known", "made", "new"), [(False, AT, True), (True, AT, False), (False, None, False)])
def test_a_record_is_new_if_it_was_made_since_and_never_told(known, made, new):
    assert rules.is_new({"CreatedDate": made and made.isoformat()}, AT, known=known) is new


def test_a_burst_asks_when_it_is_quiet_or_has_lasted_long():
    burst = Burst(2, 20)
    assert burst.wait(0) is None
    burst.note(10)
    assert burst.wait(10) == 2
    for now in range(11, 40):
        burst.note(now)
    assert burst.wait(39) == 0
    burst.asked()
    assert burst.wait(40) is None


def test_jobs_carry_names_and_nothing_else():
    assert rules.args_of([], whole=False) == {}
    assert rules.args_of(["b", "a"], whole=True) == {"whole": True, "reactions": ["a", "b"]}


def test_failures_say_what_to_do():
    assert "none" in str(rules.NothingReacts("x", []))
    assert "b" in str(rules.NothingReacts("x", ["b"]))
    assert "Turn" in str(rules.Paused())


def test_marks_name_production_orgs_and_only_other_ones_count():
    one, two = "00D5e0000000001EAA", "00D5e0000000002EAA"
    urls = [
        rules.mark_of(one, sandbox=False), rules.mark_of(two, sandbox=True), "https://example.com/hooks/x",
        rules.mark_of("../../etc/passwd000", sandbox=False),
    ]  # fmt: skip
    assert rules.users_of(urls) == {one}
    assert rules.used_by({one}, one[:15]) == ""
    assert rules.used_by({one, two}, "00D5e0000000003EAA") == one
    assert one in str(rules.SandboxHeld(one))
    assert rules.NotHeld().step
