"""Criteria, logic and contradictions of subscriber rules; and what becomes of one person."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.domain import criterion_values as values
from fairlead.domain import field_paths as fields
from fairlead.domain import logic
from fairlead.domain.consent import Side
from fairlead.domain.criteria import Criterion, NotThis, both, kept
from fairlead.features.subscriber_rules.rules import deciding
from fairlead.features.subscriber_rules.rules.compiling import compiled
from fairlead.features.subscriber_rules.rules.conflicts import exclude_each_other
from fairlead.features.subscriber_rules.rules.deciding import Fate, Known
from fairlead.features.subscriber_rules.rules.words import BadRule
from tests.unit.features.subscriber_rules.described import CONTACT, OBJECTS


def where(*rows: tuple[str, str, str], text: str = "") -> str:
    return compiled("Contact", [Criterion(*row) for row in rows], text, OBJECTS).where


def wrong(*rows: tuple[str, str, str], text: str = "") -> list[str]:
    with pytest.raises(BadRule) as told:
        where(*rows, text=text)
    return [str(problem) for problem in told.value.problems]


@pytest.mark.parametrize(
    ("row", "soql"),
    [
        (("lastname", "equals", " O'Neil "), "LastName = 'O\\'Neil'"),
        (("LastName", "not equals", 'a"\\'), "LastName != 'a\\\"\\\\'"),
        (("LastName", "contains", "50%_"), "LastName LIKE '%50\\%\\_%'"),
        (("LastName", "starts with", "\\"), "LastName LIKE '\\\\%'"),
        (("LastName", "ends with", "x"), "LastName LIKE '%x'"),
        (("LastName", "is null", ""), "LastName = null"),
        (("LastName", "is null", "no"), "LastName != null"),
        (("Grade__c", "equals", "goldig"), "Grade__c = 'Gold'"),
        (("Grade__c", "contains", "ol"), "Grade__c LIKE '%ol%'"),
        (("Open__c", "equals", "Anything"), "Open__c = 'Anything'"),
        (("Levels__c", "contains", "gold; Silver"), "Levels__c INCLUDES ('Gold;Silver')"),
        (("Levels__c", "equals", "Silver"), "Levels__c = 'Silver'"),
        (("Score__c", "greater", "+10.50"), "Score__c > 10.50"),
        (("Score__c", "less or equal", "-3"), "Score__c <= -3"),
        (("Count__c", "greater or equal", "007"), "Count__c >= 7"),
        (("Vip__c", "equals", "Yes"), "Vip__c = true"),
        (("Vip__c", "not equals", "0"), "Vip__c != false"),
        (("Since__c", "less", "2026-01-31"), "Since__c < 2026-01-31"),
        (("Since__c", "equals", "last week"), "Since__c = LAST_WEEK"),
        (("CreatedDate", "greater", "last_n_days:30"), "CreatedDate > LAST_N_DAYS:30"),
        (("CreatedDate", "equals", "2026-01-31T12:00:00+01:00"), "CreatedDate = 2026-01-31T11:00:00Z"),
        (("Id", "equals", "003000000000001"), "Id = '003000000000001AAA'"),
        (("account . industry", "equals", "Banking"), "Account.Industry = 'Banking'"),
        (("AccountId", "is null", "yes"), "AccountId = null"),
    ],
)
def test_a_criterion_becomes_one_condition(row: tuple[str, str, str], soql: str) -> None:
    assert where(row) == soql


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("", "equals", "x"), "no field is chosen"),
        (("Nothing__c", "equals", "x"), "Contact has no field “Nothing__c”"),
        (("Nobody.Name", "equals", "x"), "Contact has no parent “Nobody”"),
        (("Owner.Name", "equals", "x"), "Owner of Contact may be records of several objects"),
        (("Secret__r.Name", "equals", "x"), "Secret__c is hidden"),
        (("A.B.C.D.E.F.G", "equals", "x"), "at most 5 parents"),
        (("Notes__c", "equals", "x"), "cannot filter by Notes__c"),
        (("Place__c", "equals", "x"), "it cannot be compared"),
        (("LastName", "like", "x"), "there is no operator “like”"),
        (("LastName", "greater", "x"), "“greater” does not fit LastName"),
        (("Vip__c", "is null", ""), "“is null” does not fit Vip__c"),
        (("Id", "contains", "x"), "“contains” does not fit Id"),
        (("LastName", "equals", "  "), "LastName needs a value; for blank fields choose “is null”"),
        (("LastName", "is null", "perhaps"), "takes yes or no"),
        (("LastName", "equals", "a\nb"), "cannot be seen"),
        (("LastName", "equals", "x" * 256), "more than 255 characters"),
        (("Grade__c", "equals", "Tin"), "the picklist Grade__c has no such value"),
        (("Levels__c", "contains", ";"), "needs a value; several are parted"),
        (("Score__c", "equals", "1,000"), "takes a number as 1234.5"),
        (("Score__c", "equals", "1e5"), "takes a number"),
        (("Score__c", "equals", "٣"), "takes a number"),
        (("Count__c", "equals", "2.5"), "takes a whole number"),
        (("Count__c", "equals", "2147483648"), "takes a whole number"),
        (("Vip__c", "equals", "maybe"), "takes yes or no"),
        (("Since__c", "equals", "31.01.2026"), "takes a date as 2026-01-31"),
        (("Since__c", "equals", "2026-02-30"), "takes a date"),
        (("Since__c", "equals", "1066-01-01"), "takes a date"),
        (("Since__c", "equals", "LAST_N_DAYS:0"), "a number from 1 to 9,999"),
        (("Since__c", "equals", "LAST_N_YEARS:201"), "a number from 1 to 200"),
        (("Since__c", "equals", "LAST_N_APPLES:2"), "takes a date"),
        (("CreatedDate", "equals", "2026-01-31"), "a date and time with its zone"),
        (("CreatedDate", "equals", "2026-02-30T00:00:00Z"), "a date and time with its zone"),
        (("CreatedDate", "equals", "0001-01-01T00:00:00+12:00"), "a date and time with its zone"),
        (("Id", "equals", "003"), "the id of a record"),
        (("Id", "equals", "003000000000001AAB"), "the id of a record"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(row: tuple[str, str, str], words: str) -> None:
    (told,) = wrong(row)
    assert told.startswith("Row 1: ")
    assert words in told


def test_all_that_is_wrong_is_told_at_once() -> None:
    told = wrong(("Nothing__c", "equals", "x"), ("Vip__c", "equals", "maybe"), text="1")
    assert [one[:6] for one in told] == ["Row 1:", "Row 2:", "The lo"]


def test_a_rule_without_criteria_is_true_of_every_record() -> None:
    assert where() == ""
    assert both("", "") == ""
    assert both("a", "", "b OR c") == "(a) AND (b OR c)"


def test_a_rule_knows_which_fields_it_compares_and_keeps_its_criteria() -> None:
    made = compiled("Contact", [Criterion("vip__C", "equals", "yes")], "", OBJECTS)
    assert made.names("Vip__c")
    assert not made.names("LastName")
    assert kept(Criterion("Vip__c", "equals", "yes")) == {"field": "Vip__c", "operator": "equals", "value": "yes"}


def test_a_rule_has_bounds() -> None:
    rows = [("Vip__c", "equals", "yes")] * 31
    assert "at most 30 criteria" in wrong(*rows)[0]
    assert "too long" in wrong(*[("LastName", "equals", "x" * 255)] * 17)[0]
    with pytest.raises(BadRule, match="Contact or Lead"):
        compiled("Account", [], "", OBJECTS)


@pytest.mark.parametrize(
    ("text", "soql"),
    [
        ("", "(A AND B AND C)"),
        ("1 and (2 or 3)", "(A AND (B OR C))"),
        ("(1 OR 2) AND 3", "((A OR B) AND C)"),
        ("((1)) or 2 OR 3", "(A OR B OR C)"),
        ("1 AND 1 AND 2 AND 3", "(A AND A AND B AND C)"),
    ],
)
def test_logic_is_read_with_its_brackets(text: str, soql: str) -> None:
    tree = logic.parse(text, 3)
    assert tree is not None

    def written(node: logic.Node) -> str:
        if isinstance(node, logic.Row):
            return "ABC"[node.number - 1]
        return "(" + f" {node.op} ".join(map(written, node.parts)) + ")"

    assert written(tree) == soql
    assert logic.parse(logic.text_of(tree), 3) == tree


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 AND 2 OR 3", "say with brackets"),
        ("1 AND 2", "does not name row 3"),
        ("1 AND 2 AND 3 AND 4", "names row 4, but there are 3"),
        ("0 AND 1 AND 2 AND 3", "names row 0"),
        ("(1 AND 2 AND 3", "opening bracket without"),
        ("1 AND 2 AND 3)", "closing bracket without"),
        ("1 AND", "ends where a row is missing"),
        ("AND 1", "has “AND” where"),
        ("1 2", "needs AND or OR"),
        ("1 XOR 2", "numbers of rows, AND, OR and brackets only"),
        ("1 AND ()", "has “)” where"),
        ("1; DROP", "numbers of rows, AND, OR and brackets only"),
        ("(" * 30 + "1" + ")" * 30, "more than 20 brackets"),
        ("1 AND " * 100, "more than 500 characters"),
        ("1 AND 99999999999", "names row 999999"),
    ],
)
def test_logic_that_says_nothing_clear_is_refused(text: str, words: str) -> None:
    with pytest.raises(NotThis, match=".*") as told:
        logic.parse(text, 3)
    assert words in str(told.value)


@given(st.text("0123() ANDOR", max_size=30))
def test_logic_is_a_tree_over_all_rows_or_refused(text: str) -> None:
    """Nothing else comes of any text."""
    try:
        tree = logic.parse(text, 2)
    except NotThis:
        return
    assert tree is not None
    assert set(logic.numbers(tree)) == {1, 2}


@given(st.text(max_size=40))
def test_no_text_leaves_its_literal(text: str) -> None:
    """Whatever is typed: between the first quote and the last, each quote and backslash has its backslash."""
    for op in ("equals", "contains"):
        try:
            soql = where(("LastName", op, text))
        except BadRule:
            continue
        inside = soql.split("'", 1)[1]
        assert inside.endswith("'")
        at = 0
        while at < len(inside) - 1:
            assert inside[at] != "'"
            at += 2 if inside[at] == "\\" else 1
        assert at == len(inside) - 1


def test_fields_are_offered_with_labels_parents_last() -> None:
    found = fields.choices("Contact", OBJECTS)
    assert found[-1] == ("Account.Industry", "Account: Industry")
    assert ("Vip__c", "VIP") in found
    assert "Notes__c" not in dict(found)
    assert [name for name, _ in found if "." in name] == ["Account.Industry"]


def test_the_next_object_to_describe() -> None:
    """One at a time; none where the path leads nowhere."""
    only = {"contact": CONTACT}
    assert fields.needed("Account.Industry", "Contact", {}) == "Contact"
    assert fields.needed("Account.Industry", "Contact", only) == "Account"
    assert fields.needed("Account.Industry", "Contact", OBJECTS) == ""
    assert fields.needed("Account.Owner.Name", "Contact", OBJECTS) == ""
    assert fields.needed("Owner.Name", "Contact", only) == ""
    assert fields.needed("LastName", "Contact", only) == ""


Rows = list[tuple[str, str, str]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([("LastName", "equals", "A")], [("LastName", "equals", "b")]),
        ([("LastName", "equals", "A")], [("LastName", "not equals", "a")]),
        ([("LastName", "equals", "Abc")], [("LastName", "contains", "x")]),
        ([("LastName", "equals", "Abc")], [("LastName", "starts with", "b")]),
        ([("LastName", "equals", "Abc")], [("LastName", "ends with", "b")]),
        ([("LastName", "is null", "")], [("LastName", "contains", "x")]),
        ([("LastName", "is null", "")], [("LastName", "is null", "no")]),
        ([("Vip__c", "equals", "yes")], [("Vip__c", "equals", "no")]),
        ([("Vip__c", "not equals", "yes")], [("Vip__c", "not equals", "no")]),
        ([("Levels__c", "equals", "Gold")], [("Levels__c", "contains", "Silver")]),
        ([("Score__c", "greater", "10")], [("Score__c", "less or equal", "10")]),
        ([("Score__c", "equals", "5")], [("Score__c", "greater", "5")]),
        ([("Score__c", "equals", "5")], [("Score__c", "greater or equal", "6")]),
        ([("Score__c", "equals", "5")], [("Score__c", "less", "5")]),
        ([("Score__c", "equals", "5")], [("Score__c", "less or equal", "4.5")]),
        ([("Since__c", "less", "2026-01-01")], [("Since__c", "greater", "2026-01-01")]),
    ],
)
def test_contradictions_are_seen(one: Rows, other: Rows) -> None:
    first, second = (compiled("Contact", [Criterion(*row) for row in rows], "", OBJECTS) for rows in (one, other))
    assert exclude_each_other(first, second)
    assert exclude_each_other(second, first)
    assert not exclude_each_other(first, first)


def test_what_may_both_hold_is_no_contradiction() -> None:
    """Other fields, words for dates, one way of several, no criteria at all, and too many ways to look at."""

    def of(*rows: tuple[str, str, str], text: str = "") -> object:
        return compiled("Contact", [Criterion(*row) for row in rows], text, OBJECTS)

    gold, silver = ("Grade__c", "equals", "Gold"), ("Grade__c", "equals", "Silver")
    free = of()
    for one, other in (
        (of(gold), of(("LastName", "equals", "x"))),
        (of(("Since__c", "equals", "TODAY")), of(("Since__c", "equals", "YESTERDAY"))),
        (of(gold), of(gold, silver, text="1 OR 2")),
        (of(("Score__c", "greater", "1")), of(("Score__c", "less", "3"))),
        (free, free),
        (free, of(gold)),
        (of(("LastName", "is null", "")), of(("LastName", "not equals", "x"))),
    ):
        assert not exclude_each_other(one, other)  # type: ignore[arg-type]
    assert exclude_each_other(of(gold), of(silver, silver, text="1 OR 2"))  # type: ignore[arg-type]
    pairs = [row for _ in range(9) for row in (gold, silver)]
    text = " AND ".join(f"({n} OR {n + 1})" for n in range(1, 19, 2))
    assert not exclude_each_other(of(*pairs, text=text), of(("Grade__c", "is null", "")))  # type: ignore[arg-type]
    wide = " OR ".join(f"({n} AND {n + 1})" for n in range(1, 19, 2))
    assert exclude_each_other(of(*pairs, text=wide), of(gold))  # type: ignore[arg-type]
    many = of(*[gold] * 17, text=" OR ".join(map(str, range(1, 18))))
    assert not exclude_each_other(many, of(*[silver] * 17, text=" OR ".join(map(str, range(1, 18)))))  # type: ignore[arg-type]
    nested = f"({text}) OR 1"
    assert not exclude_each_other(of(*pairs, text=nested), of(gold))  # type: ignore[arg-type]


def test_nobody_is_added_against_an_opt_out() -> None:
    """Every state of a member × who added it × what stands in the way: added only where nothing does."""
    states = ("", "Active", "Unconfirmed", "Unsubscribed", "Bounced", "Deleted")
    for state, ours, stands in product(states, (True, False), (None, *Side)):
        fate = deciding.to_add("ada@example.com", Known(state, ours, stands))
        assert (fate is Fate.ADD) == (not state and not ours and stands is None), (state, ours, stands)
        refused = deciding.refusal("key", fate)
        assert (refused is None) == (fate in (Fate.ADD, Fate.ON_IT_ALREADY))
    assert deciding.to_add(" ", Known()) is Fate.NO_ADDRESS
    assert deciding.to_add("nonsense", Known()) is Fate.BAD_ADDRESS
    assert deciding.to_add("a@example.com", Known(stands=Side.SALESFORCE)) is Fate.TICK_BOX
    assert deciding.to_add("a@example.com", Known(stands=Side.CAMPAIGN_MONITOR)) is Fate.OPTED_OUT


def test_who_unsubscribed_or_bounced_is_not_deleted() -> None:
    states = {"Active": Fate.REMOVE, "Unconfirmed": Fate.REMOVE, "Unsubscribed": Fate.UNSUBSCRIBED,
              "Bounced": Fate.BOUNCED, "Deleted": Fate.DELETED, "": Fate.NOT_ON_IT}  # fmt: skip
    for state, fate in states.items():
        assert deciding.to_remove("ada@example.com", Known(state)) is fate
    assert deciding.to_remove("ada@example.com", Known(ours=True)) is Fate.REMOVE
    assert deciding.to_remove("ada@example.com", Known("Unsubscribed", ours=True)) is Fate.UNSUBSCRIBED
    assert deciding.to_remove("", Known("Active")) is Fate.NO_ADDRESS


def test_when_a_rule_looks() -> None:
    looks = {(w, c): deciding.looks_at(w, created=c) for w in ("created", "edited", "both") for c in (True, False)}
    assert [key for key, seen in looks.items() if not seen] == [("created", False), ("edited", True)]


def test_the_guard_lets_few_pass_and_many_when_told() -> None:
    def check(removed: int, *, there: int = 100, allowed: bool = False) -> None:
        deciding.check_removals("R", removed=removed, there=there, share=0.2, records=5, allowed=allowed)

    check(20)
    check(5, there=0)
    check(100, allowed=True)
    with pytest.raises(deciding.TooManyRemovals, match="take 21 of 100") as told:
        check(21)
    assert told.value.code == "FL-550"


def test_every_word_for_a_date_is_one_of_soql() -> None:
    """Held against the emulated org's own list."""
    from fairlead_emulators.salesforce.soql import dates

    assert {word.lower() for word in values.DATE_WORDS} == set(dates.FIXED)
    assert {word.lower() for word in values._COUNTED} == set(dates.NUMBERED)
