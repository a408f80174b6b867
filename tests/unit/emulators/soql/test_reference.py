"""The further reaches of the reference: functions, subtotals, parents of several kinds, aliases, clauses at the end."""

import pytest

from fairlead_emulators.salesforce import soql
from fairlead_emulators.salesforce.soql import SoqlError, locators
from tests.unit.emulators.soql.conftest import NOW


def plain(records):
    return [{k: v for k, v in r.items() if k != "attributes"} for r in records]


def refusal(table, text, **context):
    with pytest.raises(SoqlError) as refused:
        table.ask(text, **context)
    return refused.value.code, refused.value.message


def everything(table, text):
    context = soql.Context(NOW, NOW.tzinfo, everything=True)
    compiled = soql.compile_query(soql.parse(text), table.storage.schema, context)
    return soql.run(table.storage.connection, compiled, "60.0")[0]


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("CALENDAR_YEAR", 2026), ("CALENDAR_QUARTER", 4), ("CALENDAR_MONTH", 12), ("FISCAL_YEAR", 2026), ("FISCAL_QUARTER", 4),
        ("FISCAL_MONTH", 12), ("DAY_IN_MONTH", 31), ("DAY_IN_WEEK", 5), ("DAY_IN_YEAR", 365), ("WEEK_IN_MONTH", 5),
        ("WEEK_IN_YEAR", 53), ("HOUR_IN_DAY", 23), ("DAY_ONLY", "2026-12-31"),
    ],
)  # fmt: skip
def test_each_part_of_a_moment_groups_and_filters(table, function, value):
    table.add("Child__c", Moment__c="2026-12-31T23:30:00.000Z", Note__c="x")
    call = f"{function}(Moment__c)"
    assert plain(table.ask(f"SELECT {call} p FROM Child__c GROUP BY {call} ORDER BY {call}")) == [{"p": value}]
    assert table.notes(f"{call} = {value}") == table.notes(f"{call} IN ({value})") == ["x"]


def test_parts_of_moments_follow_the_users_clock_when_asked(table):
    table.add("Child__c", Moment__c="2026-12-31T23:30:00.000Z", Note__c="x")
    in_sydney = "DAY_ONLY(convertTimezone(Moment__c)) = 2027-01-01"
    assert table.notes(in_sydney, zone="Australia/Sydney") == ["x"]
    assert table.notes(in_sydney) == []
    assert table.notes("HOUR_IN_DAY(convertTimezone(Moment__c)) = 5", zone="Asia/Kathmandu") == ["x"]


def test_format_writes_for_people_and_stands_beside_the_field(table):
    table.add("Opportunity", Name="o", Amount=1234567.5, CloseDate="2026-02-03", CreatedDate="2026-02-03T00:05:00.000Z")
    (found,) = plain(
        table.ask(
            "SELECT Amount, FORMAT(Amount) a, FORMAT(convertCurrency(Amount)) b, FORMAT(CloseDate) c FROM Opportunity"
        )
    )
    assert found == {"Amount": 1234567.5, "a": "$1,234,567.50", "b": "$1,234,567.50", "c": "2/3/2026"}
    assert plain(table.ask("SELECT FORMAT(CreatedDate) FROM Opportunity")) == [{"CreatedDate": "2/3/2026, 12:05 AM"}]
    assert plain(table.ask("SELECT FORMAT(MIN(CloseDate)) m FROM Opportunity")) == [{"m": "2/3/2026"}]
    assert plain(
        table.ask("SELECT toLabel(StageName) s, convertCurrency(Amount) FROM Opportunity WHERE Amount > USD5000.01")
    ) == [{"s": None, "Amount": 1234567.5}]


@pytest.fixture
def sums(table):
    for kind, note, amount in (("Red", "a", 1), ("Red", "b", 2), ("Blue", "a", 4)):
        table.add("Child__c", Kind__c=kind, Note__c=note, Amount__c=amount)
    return table


def test_rollup_adds_subtotals_from_the_right(sums):
    text = (
        "SELECT Kind__c, Note__c, GROUPING(Kind__c) k, GROUPING(Note__c) n, SUM(Amount__c) s FROM Child__c "
        "GROUP BY ROLLUP(Kind__c, Note__c)"
    )
    found = [(r["Kind__c"], r["Note__c"], r["k"], r["n"], r["s"]) for r in sums.ask(text)]
    assert found == [
        ("Blue", "a", 0, 0, 4.0), ("Blue", None, 0, 1, 4.0), ("Red", "a", 0, 0, 1.0), ("Red", "b", 0, 0, 2.0),
        ("Red", None, 0, 1, 3.0), (None, None, 1, 1, 7.0),
    ]  # fmt: skip


def test_cube_adds_every_subtotal_and_having_order_and_limit_work_on_them(sums):
    text = "SELECT Kind__c, Note__c, SUM(Amount__c) s FROM Child__c WHERE Amount__c > 0 GROUP BY CUBE(Kind__c, Note__c)"
    assert sorted(r["s"] for r in sums.ask(text)) == [1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0, 7.0]
    few = f"{text} HAVING SUM(Amount__c) > 3 AND GROUPING(Kind__c) = 1 ORDER BY SUM(Amount__c) DESC LIMIT 2"
    assert [(r["Kind__c"], r["Note__c"], r["s"]) for r in sums.ask(few)] == [(None, None, 7.0), (None, "a", 5.0)]


def test_a_parent_of_several_kinds_is_a_name(table):
    account = table.add("Account", Name="Acme")
    contact = table.add("Contact", LastName="Smith", FirstName="Ann", Name="Ann Smith", Email="a@example.com")
    case = table.add("Case", CaseNumber="0007", Subject="s")
    table.add("Task", Subject="1", WhoId=contact, WhatId=account)
    table.add("Task", Subject="2", WhatId=case)
    one, two = table.ask(
        "SELECT Subject, Who.Name, Who.Type, Who.Email, What.Name, What.Type FROM Task ORDER BY Subject"
    )
    address = f"/services/data/v60.0/sobjects/Contact/{contact}"
    assert one["Who"]["attributes"] == {"type": "Name", "url": address}
    assert plain([one["Who"], one["What"], two["What"]]) == [
        {"Name": "Ann Smith", "Type": "Contact", "Email": "a@example.com"},
        {"Name": "Acme", "Type": "Account"},
        {"Name": "0007", "Type": "Case"},
    ]
    assert two["Who"] is None
    for where in ("Who.Name = 'ann SMITH'", "What.Type = 'account'", "Who.Type IN ('Contact')", "What.Name LIKE 'AC%'"):
        assert [r["Subject"] for r in table.ask(f"SELECT Subject FROM Task WHERE {where}")] == ["1"], where


def test_typeof_gives_each_kind_its_fields_where_the_org_serves_it(table):
    account = table.add("Account", Name="Acme", Phone="1")
    case = table.add("Case", CaseNumber="0007", Subject="s")
    for what in (account, case, None):
        table.add("Task", Subject="t", WhatId=what)
    text = "SELECT Id, TYPEOF What WHEN Account THEN Phone, Id ELSE Name END FROM Task ORDER BY Id"
    first, second, third = (r["What"] for r in everything(table, text))
    assert first == {
        "attributes": {"type": "Account", "url": f"/services/data/v60.0/sobjects/Account/{account}"},
        "Phone": "1",
        "Id": account,
    }
    assert (second["Name"], third) == ("0007", None)
    assert refusal(table, text)[0] == "MALFORMED_QUERY"


def test_distances_are_measured_where_the_org_serves_them(table):
    table.add("Account", Name="near", BillingLatitude=51.5, BillingLongitude=-0.12, BillingCity="London")
    table.add("Account", Name="far", BillingLatitude=48.85, BillingLongitude=2.35, BillingCity="Paris")
    distance = "DISTANCE(BillingAddress, GEOLOCATION(51.5, -0.1), 'km')"
    text = f"SELECT Name FROM Account WHERE {distance} < 20 ORDER BY {distance}"
    assert [r["Name"] for r in everything(table, text)] == ["near"]
    assert refusal(table, text)[0] == "MALFORMED_QUERY"


def test_addresses_are_compounds_of_their_parts(table):
    table.add("Contact", LastName="a", MailingCity="Rome")
    table.add("Contact", LastName="b")
    with_city, without = (
        r["MailingAddress"] for r in table.ask("SELECT MailingAddress FROM Contact ORDER BY LastName")
    )
    assert (with_city["city"], with_city["street"], without) == ("Rome", None, None)
    assert refusal(table, "SELECT Id FROM Contact WHERE MailingAddress = null")[0] == "INVALID_FIELD"


def test_aliases_name_the_object_parents_and_children(table):
    account = table.add("Account", Name="MyriadPubs")
    table.add("Contact", LastName="x", AccountId=account)
    for text in (
        "SELECT count() FROM Contact c, c.Account a WHERE a.name = 'MyriadPubs'",
        "SELECT COUNT() FROM Contact, Contact.Account WHERE Account.Name = 'MyriadPubs'",
        "SELECT Count() n FROM Contact c WHERE c.Account.Name = 'MyriadPubs'",
    ):
        assert table.answer(text) == ([], 1), text
    (found,) = table.ask("SELECT Account.Name, (SELECT Contact.LastName FROM Account.Contacts) FROM Account")
    assert found["Contacts"]["records"][0]["LastName"] == "x"


def test_a_scope_of_mine_shows_the_users_own(table):
    for owner in ("0055e0000000001AAA", "0055e0000000002AAA"):
        table.add("Account", Name=owner, OwnerId=owner)
    context = soql.Context(NOW, NOW.tzinfo, user="0055e0000000001AAA")
    text = "SELECT Name FROM Account USING SCOPE mine"
    compiled = soql.compile_query(soql.parse(text), table.storage.schema, context)
    assert [r["Name"] for r in soql.run(table.storage.connection, compiled, "60.0")[0]] == ["0055e0000000001AAA"]


MORE_VALID = [
    "SELECT Id FROM Child__c WHERE Moment__c IN (TODAY, LAST_N_DAYS:4) OR Day__c NOT IN (YESTERDAY, null)",
    "SELECT Id FROM Child__c OFFSET",
    "SELECT Id FROM Child__c WITH USER_MODE LIMIT 1 FOR VIEW UPDATE TRACKING",
    "SELECT Id FROM Child__c LIMIT 2 FOR UPDATE",
    "SELECT Id FROM Group WHERE Type = 'Queue'",
    "SELECT Owner.Name, Owner.Type, Owner.UserRole.Name FROM Case WHERE IsClosed = false",
    "SELECT Id, (SELECT Id, (SELECT Id, (SELECT Id FROM WorkOrderLineItems) FROM WorkOrders) FROM Assets) FROM Account",
    "SELECT Name FROM Opportunity WHERE Amount IN (USD500.01, eur600) AND FiscalYear = 2026",
    "SELECT FIELDS(ALL) FROM Child__c WHERE Id = '0015e0000000001AAA' OR Id = '0015e0000000002AAA'",
    "SELECT LeadSource FROM Lead GROUP BY LeadSource",
    "SELECT\tId\x0cFROM\r\nChild__c WHERE(Flag__c=TRUE)AND(Note__c LIKE'a%')",
]
MORE_INVALID = {
    "SELECT Id FROM Child__c WHERE CALENDAR_YEAR(Moment__c) = THIS_YEAR": "cannot be compared",
    "SELECT CALENDAR_YEAR(Moment__c) FROM Child__c": "GROUP BY",
    "SELECT convertTimezone(Moment__c) FROM Child__c": "date function",
    "SELECT FORMAT(Note__c) FROM Child__c": "FORMAT()",
    "SELECT Id FROM Opportunity WHERE convertCurrency(Amount) > 5": "not allowed in a filter",
    "SELECT Name, MAX(Amount) FROM Opportunity GROUP BY Name HAVING MAX(Amount) > USD5": "currency",
    "SELECT Id FROM Opportunity ORDER BY convertCurrency(Amount)": "ORDER BY",
    "SELECT Id FROM Child__c WHERE Amount__c > USD": "unexpected token: 'USD'",
    "SELECT Id FROM Child__c ORDER BY Id FOR UPDATE": "FOR UPDATE",
    "SELECT Id FROM Child__c WHERE Note__c = :note": "unexpected token: ':'",
    "SELECT Id /* all */ FROM Child__c": "unexpected token: '/'",
    "SELECT Id FROM Child__c As": "unexpected token: '<EOF>'",
    "SELECT COUNT(Id, Name) FROM Child__c": "unexpected token: ','",
    "SELECT GROUPING(Kind__c) FROM Child__c GROUP BY Kind__c": "ROLLUP",
    "SELECT Kind__c, COUNT(Id) FROM Child__c GROUP BY ROLLUP(Kind__c), Note__c": "unexpected token: ','",
    "SELECT MAX(Flag__c) FROM Child__c": "MAX",
    "SELECT Id FROM Contact WHERE Account.Id IN (SELECT AccountId FROM Opportunity)": "object itself",
    "SELECT Kind__c FROM Child__c GROUP BY Kind__c HAVING Parent__c IN (SELECT Id FROM Parent__c)": "HAVING",
    "SELECT Id FROM Account WITH DATA CATEGORY a__c AT b__c": "DATA CATEGORY",
    "SELECT Id FROM Account WITH DATA CATEGORY a__c NEAR b__c": "unexpected token: 'NEAR'",
    "SELECT Id FROM Account USING SCOPE": "unexpected token: '<EOF>'",
    "SELECT Name, (SELECT Id FROM Contacts USING SCOPE mine) FROM Account": "USING SCOPE",
    "SELECT Id FROM Child__c WHERE Kind__c LIKE 5": "LIKE",
}  # fmt: skip


@pytest.mark.parametrize("text", MORE_VALID, ids=lambda text: text[:60])
def test_a_valid_query_is_run(table, text):
    assert table.ask(text) == []


@pytest.mark.parametrize("text", MORE_INVALID, ids=lambda text: text[:60])
def test_an_invalid_query_is_refused_and_told_why(table, text):
    code, message = refusal(table, text)
    assert code in {"MALFORMED_QUERY", "INVALID_FIELD", "INVALID_QUERY_FILTER_OPERATOR"}
    assert MORE_INVALID[text] in message


def test_a_refusal_shows_the_place_of_the_fault():
    text = "SELECT Id\nFROM Contact WHER Name = 'a'"
    with pytest.raises(SoqlError) as refused:
        soql.parse(text)
    shown = soql.located(refused.value, text).message
    _, part, mark, place, why = shown.split("\n")
    assert (part[mark.index("^") :][:4], place, why) == ("Name", "ERROR at Row:2:Column:19", "unexpected token: 'Name'")


@pytest.mark.parametrize("size", [1, 3, 10, 11])
def test_pages_give_every_record_once_in_order_and_leave_out_what_is_gone(table, size):
    for n in range(10):
        table.add("Child__c", Note__c=f"n{9 - n}")
    compiled = table.compiled("SELECT Note__c FROM Child__c ORDER BY Note__c")
    connection = table.storage.connection
    found = locators.find(connection, compiled, "60.0", size)
    pages = [locators.page(connection, found, start, size, "60.0") for start in range(0, found.total, size)]
    assert [r["Note__c"] for page in pages for r in page] == [f"n{n}" for n in range(10)]
    assert found.total == 10
    if size == 3:
        connection.execute("DELETE FROM Child__c WHERE Note__c = 'n4'")
        assert [r["Note__c"] for r in locators.page(connection, found, 3, 3, "60.0")] == ["n3", "n5"]


def test_later_pages_read_ids_and_never_skip_rows(table):
    compiled = table.compiled("SELECT Note__c, Parent__r.Name FROM Child__c ORDER BY SystemModstamp")
    plan = table.storage.connection.execute(f"EXPLAIN QUERY PLAN {compiled.some}", ("[]",)).fetchall()
    assert any("SEARCH t USING PRIMARY KEY" in row[3] for row in plan), plan
    assert "OFFSET" not in compiled.some


SLICE = "SystemModstamp >= 2026-01-01T00:00:00Z AND SystemModstamp < 2026-02-01T00:00:00Z"


@pytest.mark.parametrize(
    ("where", "deleted"), [(SLICE, False), (SLICE, True), ("Parent__c = '0015e0000000001AAA'", False)]
)
def test_slices_of_time_and_lookups_are_found_by_an_index(table, where, deleted):
    compiled = table.compiled(f"SELECT Id FROM Child__c WHERE {where} ORDER BY SystemModstamp, Id", deleted=deleted)
    rows = table.storage.connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", compiled.params).fetchall()
    plan = " / ".join(row[3] for row in rows)
    assert "SEARCH" in plan
    assert where != SLICE or "TEMP B-TREE" not in plan
