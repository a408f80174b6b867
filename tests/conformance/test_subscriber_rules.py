"""Criteria of subscriber rules over the emulated org: Salesforce takes every operator of every type, and means what we mean.

The pure reading of a criterion stands here, apart from the product: what SOQL selects is held against it.
"""

import asyncio
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.criteria import Criterion, Operator
from fairlead.domain.criterion_values import OPERATORS
from fairlead.domain.failure import Failure
from fairlead.features.subscriber_rules import org
from fairlead.features.subscriber_rules.org import Asked
from fairlead.features.subscriber_rules.rules.compiling import compiled
from fairlead.features.subscriber_rules.rules.conflicts import exclude_each_other
from fairlead.features.subscriber_rules.rules.words import BadRule
from tests.conformance import emulated

FIELDS = {
    "Levels__c": "<type>MultiselectPicklist</type><visibleLines>3</visibleLines>{values}",
    "Grade__c": "<type>Picklist</type>{values}",
    "Score__c": "<type>Number</type><precision>18</precision><scale>2</scale>",
    "Budget__c": "<type>Currency</type><precision>18</precision><scale>2</scale>",
    "Share__c": "<type>Percent</type><precision>18</precision><scale>2</scale>",
    "Since__c": "<type>Date</type>",
    "Seen__c": "<type>DateTime</type>",
    "Vip__c": "<type>Checkbox</type><defaultValue>false</defaultValue>",
    "Twice__c": "<type>Number</type><precision>18</precision><scale>2</scale><formula>Score__c * 2</formula>",
    "Notes__c": "<type>LongTextArea</type><length>1000</length><visibleLines>3</visibleLines>",
}
VALUES = "<valueSet><restricted>true</restricted><valueSetDefinition><sorted>false</sorted>{}</valueSetDefinition></valueSet>".format(
    "".join(
        f"<value><fullName>{name}</fullName><default>false</default><label>{name}</label></value>"
        for name in ("Gold", "Silver", "Bronze")
    )
)
TEXTS = [
    "o'Neil",
    "100%",
    "a_b",
    "back\\slash",
    'say "so"',
    "x' OR Name != '",
    "Émile",
    "émile",
    "aXb",
    "100 per",
    "%_",
    "\\'",
]
NUMBERS = [None, "-3.5", "0", "10", "10.25", "999999"]
DAYS = [None, "2020-02-29", "2026-01-31", "2026-02-01"]
MOMENTS = [None, "2026-01-31T00:00:00Z", "2026-01-31T12:00:00Z", "2026-02-01T00:00:00Z"]
CHOICES = [None, "Gold", "Silver"]
SETS = [None, "Gold", "Gold;Silver", "Silver;Bronze"]


def row(number: int) -> dict[str, Any]:
    """One of many contacts, each different in every field."""

    def of(values: list[Any]) -> Any:
        return values[number % len(values)]

    return {
        "LastName": TEXTS[number % len(TEXTS)],
        "Department": None if number % 3 == 0 else TEXTS[(number * 5 + 1) % len(TEXTS)],
        "Levels__c": of(SETS),
        "Grade__c": of(CHOICES),
        "Score__c": of(NUMBERS),
        "Budget__c": of(NUMBERS[::-1]),
        "Share__c": of(NUMBERS[1:]),
        "Since__c": of(DAYS),
        "Seen__c": of(MOMENTS),
        "Vip__c": number % 2 == 0,
    }


KINDS = {
    "LastName": "text",
    "Department": "text",
    "Levels__c": "multipicklist",
    "Grade__c": "picklist",
    "Score__c": "number",
    "Budget__c": "number",
    "Share__c": "number",
    "Twice__c": "number",
    "Since__c": "date",
    "Seen__c": "datetime",
    "Vip__c": "boolean",
}
POOL = {
    "text": st.sampled_from(TEXTS)
    | st.text("ab%_\\'\"Éé ;,()=", min_size=1, max_size=6).filter(lambda text: text.strip()),
    "multipicklist": st.sampled_from(["Gold", "silver", "Gold;Silver", "Bronze"]),
    "picklist": st.sampled_from(["Gold", "bronze"]),
    "number": st.sampled_from([one for one in NUMBERS if one] + ["20.50", "-7", "1"]),
    "date": st.sampled_from([one for one in DAYS if one]),
    "datetime": st.sampled_from([one for one in MOMENTS if one] + ["2026-01-31T13:00:00+01:00"]),
    "boolean": st.sampled_from(["yes", "no", "true"]),
}


def holds(record: dict[str, Any], one: Criterion) -> bool:
    """Whether a criterion is true of a record: our own reading of 2.6, nulls as SOQL has them."""
    op, kind = Operator(one.operator), KINDS[one.field]
    if op is Operator.IS_NULL:
        return (record[one.field] is None) == (one.value in ("", "yes"))
    have, want = read(kind, record[one.field]), read(kind, one.value)
    if op is Operator.EQUALS:
        return bool(have is not None and have == want)
    if op is Operator.NOT_EQUALS:
        return bool(have is None or have != want)
    if have is None:
        return False
    if kind == "multipicklist":
        return set(want.split(";")) <= set(have.split(";"))
    if op is Operator.CONTAINS:
        return bool(want in have)
    if op is Operator.STARTS_WITH:
        return bool(have.startswith(want))
    if op is Operator.ENDS_WITH:
        return bool(have.endswith(want))
    return {
        Operator.GREATER: have > want,
        Operator.GREATER_OR_EQUAL: have >= want,
        Operator.LESS: have < want,
        Operator.LESS_OR_EQUAL: have <= want,
    }[op]


def read(kind: str, value: Any) -> Any:
    """A value as it is compared."""
    if value is None or value == "":
        return None
    if kind == "number":
        return Decimal(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else value in ("yes", "true")
    if kind == "datetime":
        return datetime.fromisoformat(value).astimezone(UTC)
    return str(value).strip().lower()


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served(salesforce={}) as running:
        asyncio.run(lay(running))
        yield running


RECORDS: dict[str, dict[str, Any]] = {}
OBJECTS: dict[str, Any] = {}


async def lay(emulators: Emulators) -> None:
    fields = "".join(
        f"<fields><fullName>{name}</fullName><label>{name[:-3]}</label>{xml.format(values=VALUES)}</fields>"
        for name, xml in FIELDS.items()
    )
    members = "".join(f"<members>Contact.{name}</members>" for name in FIELDS)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(
            "objects/Contact.object",
            f'<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">{fields}</CustomObject>',
        )
        archive.writestr(
            "package.xml",
            f'<Package xmlns="http://soap.sforce.com/2006/04/metadata"><types>{members}<name>CustomField</name></types>'
            "<version>60.0</version></Package>",
        )
    async with emulated.org_of(emulators) as crm:
        (await crm.metadata.deploy(packed.getvalue())).raise_for_failure()
        accounts = [
            {"Name": "Large", "Industry": "Banking", "NumberOfEmployees": 500},
            {"Name": "Small", "Industry": "Energy", "NumberOfEmployees": 5},
        ]
        ids = [one.id for one in await crm.collections.insert("Account", accounts)]
        rows = [row(number) for number in range(60)]
        made = await crm.collections.insert(
            "Contact",
            [{**one, "AccountId": (*ids, None)[number % 3]} for number, one in enumerate(rows)],
        )
        assert all(one.success for one in made), made
        for number, (one, told) in enumerate(zip(rows, made, strict=True)):
            twice = str(Decimal(one["Score__c"] or 0) * 2)  # a formula takes blanks as zero
            parent = (accounts[0], accounts[1], None)[number % 3]
            RECORDS[told.id or ""] = {
                **one,
                "Twice__c": twice,
                "account": parent,
                "id": ids[number % 3] if parent else "",
            }
        paths = ["Account.Industry", "Account.Owner.Name"]
        OBJECTS.update(await org.described(crm, "Contact", [Criterion(path, "equals") for path in paths]))


def selected(emulators: Emulators, *wheres: str) -> list[set[str] | Failure]:
    """The contacts that Salesforce says each condition is true of."""

    async def ask() -> list[set[str] | Failure]:
        async with emulated.org_of(emulators) as crm:
            return await org.satisfying(crm, "Contact", [Asked(where, list(RECORDS)) for where in wheres])

    return asyncio.run(ask())


@st.composite
def criterion(draw: Any) -> Criterion:
    field = draw(st.sampled_from(sorted(KINDS)))
    op = draw(st.sampled_from(OPERATORS[KINDS[field]]))
    value = draw(st.sampled_from(["", "yes", "no"])) if op is Operator.IS_NULL else draw(POOL[KINDS[field]])
    return Criterion(field, op, value)


@st.composite
def rule(draw: Any) -> tuple[list[Criterion], str]:
    rows = draw(st.lists(criterion(), min_size=1, max_size=4))
    logic = draw(
        st.sampled_from(["", *{1: ["1"], 2: ["1 or 2"], 3: ["1 AND (2 OR 3)", "(1 and 2) or 3"]}.get(len(rows), [""])])
    )
    return rows, logic


def true_of(record: dict[str, Any], rows: list[Criterion], logic: str) -> bool:
    """The logic, by Python's own reading of it."""
    values = [holds(record, one) for one in rows]
    text = logic.lower() or " and ".join(str(i + 1) for i in range(len(rows)))
    for i in range(len(rows), 0, -1):
        text = text.replace(str(i), str(values[i - 1]))
    return bool(eval(text, {"__builtins__": {}}))


@given(st.lists(rule(), min_size=5, max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_salesforce_selects_what_the_criteria_say(
    emulators: Emulators, rules: list[tuple[list[Criterion], str]]
) -> None:
    """Whatever is typed, quotes and wildcards too, is one value and nothing else: no text widens or breaks a query."""
    wheres = [compiled("Contact", rows, logic, OBJECTS).where for rows, logic in rules]
    for (rows, logic), found in zip(rules, selected(emulators, *wheres), strict=True):
        assert found == {id_ for id_, record in RECORDS.items() if true_of(record, rows, logic)}, (rows, logic)


@given(rule(), rule())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_called_a_contradiction_is_true_of_no_record(
    emulators: Emulators, one: tuple[list[Criterion], str], other: tuple[list[Criterion], str]
) -> None:
    """Two rules that are said to exclude each other never hold for one contact."""
    if exclude_each_other(compiled("Contact", *one, OBJECTS), compiled("Contact", *other, OBJECTS)):
        assert not [record for record in RECORDS.values() if true_of(record, *one) and true_of(record, *other)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("LastName", "o'Neil"),
        ("Email", "somebody@example.com"),
        ("Phone", "+61 2"),
        ("Levels__c", "Gold;Silver"),
        ("Grade__c", "Gold"),
        ("LeadSource", "Web"),
        ("Score__c", "10.25"),
        ("Twice__c", "20.5"),
        ("Budget__c", "-1"),
        ("Share__c", "10"),
        ("Since__c", "2026-01-31"),
        ("Since__c", "last_n_days:30"),
        ("Birthdate", "THIS_YEAR"),
        ("Seen__c", "2026-01-31T12:00:00Z"),
        ("CreatedDate", "TODAY"),
        ("CreatedDate", "N_FISCAL_QUARTERS_AGO:2"),
        ("Vip__c", "yes"),
        ("AccountId", "001000000000001"),
        ("Id", "003000000000001AAA"),
        ("Account.Industry", "Banking"),
        ("account.numberofemployees", "7"),
        ("Account.Owner.Name", "Admin"),
    ],
)
def test_every_operator_of_every_type_is_taken(emulators: Emulators, field: str, value: str) -> None:
    """Salesforce refuses none of what is compiled."""
    wheres = []
    for op in Operator:
        try:
            typed = "no" if op is Operator.IS_NULL else value
            wheres.append(compiled("Contact", [Criterion(field, op, typed)], "", OBJECTS).where)
        except BadRule as bad:
            assert "does not fit" in bad.problems[0].text, bad
    assert len(wheres) >= 2
    for where, found in zip(wheres, selected(emulators, *wheres), strict=True):
        assert isinstance(found, set), (where, found)


def test_parents_and_their_numbers_count(emulators: Emulators) -> None:
    rows = [Criterion("Account.Industry", "equals", "Banking"), Criterion("Account.NumberOfEmployees", "greater", "7")]
    (found,) = selected(emulators, compiled("Contact", rows, "", OBJECTS).where)
    assert found == {
        id_ for id_, record in RECORDS.items() if record["account"] and record["account"]["Name"] == "Large"
    }


def test_few_calls_and_the_same_question_once(emulators: Emulators) -> None:
    """Four rules over sixty contacts, two of them alike: one call."""
    where = compiled("Contact", [Criterion("Vip__c", "equals", "yes")], "", OBJECTS).where

    async def ask() -> int:
        calls: list[Any] = []
        async with emulated.org_of(emulators) as crm:
            before = _calls(emulators)
            await org.satisfying(crm, "Contact", [Asked(w, list(RECORDS)) for w in (where, where, "Score__c > 1", "")])
            calls.append(_calls(emulators) - before)
        return int(calls[0])

    assert asyncio.run(ask()) == 1


def test_a_condition_that_salesforce_refuses_does_not_hold_up_the_others(emulators: Emulators) -> None:
    refused, found = selected(emulators, "Gone__c = 1", "Vip__c = true")
    assert isinstance(refused, Failure)
    assert "Gone__c" in refused.text
    assert isinstance(found, set)
    assert len(found) == 30


def test_what_cannot_be_filtered_is_refused(emulators: Emulators) -> None:
    """A long text, an object that is not there, a parent of several kinds."""
    for field, words in (
        ("Notes__c", "cannot filter by Notes__c"),
        ("Nothing__c", "has no field"),
        ("Nobody__r.Name", "has no parent"),
    ):
        with pytest.raises(BadRule, match=words):
            compiled("Contact", [Criterion(field, "equals", "x")], "", OBJECTS)


def _calls(emulators: Emulators) -> int:
    told = next(emulators.get("salesforce", "/_control/requests"))
    return sum(1 for request in told["requests"] if "_control" not in request["path"])
