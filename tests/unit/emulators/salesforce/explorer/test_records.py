"""Lists, records and forms: what a person finds, changes, and is told."""

import pytest

from tests.unit.emulators.salesforce.conftest import SCHEMA
from tests.unit.emulators.salesforce.explorer.conftest import Person


def columns(page) -> list[str]:
    """The links to records, in order."""
    return [each.removeprefix("/_explorer/r/") for each in page.links if each.startswith("/_explorer/r/")]


def edited(person: Person, record_id: str, **changes: str):
    """Opens the form, changes some controls, sends all of it as a browser does."""
    form = person.see(f"/_explorer/r/{record_id}/edit")
    sent = {}
    for tag, each in form.elements:
        if tag == "input" and each.get("type") == "checkbox" and "checked" in each:
            sent[each["name"]] = each["value"]
        elif tag == "input" and each.get("type") not in ("checkbox", "hidden", "search"):
            sent[each["name"]] = each.get("value") or ""
    row = person.row(record_id)
    sent |= {each["name"]: row.get(each["name"]) or "" for _, each in form.elements if each.get("rows")}
    sent |= {each["name"]: row.get(each["name"]) or "" for each in form.all("select")}
    return person.post(f"/_explorer/r/{record_id}/edit", **{k: v for k, v in (sent | changes).items() if v is not None})


def test_a_search_takes_its_words_as_they_are(person):
    plain = person.make("Contact", LastName="100 percent")
    exact = person.make("Contact", LastName="100% sure")
    assert columns(person.see("/_explorer/o/Contact", q="100%")) == [exact]
    assert columns(person.see("/_explorer/o/Contact", q="100")) == [plain, exact]
    assert columns(person.see("/_explorer/o/Contact", q=plain[:15])) == [plain]
    assert "No record fits" in person.see("/_explorer/o/Contact", q="nobody").text


def test_a_list_is_sorted_both_ways_and_blanks_come_last(person):
    ids = {
        name: person.make("Contact", LastName=name, Title=title)
        for name, title in (("A", "x"), ("B", None), ("C", "m"))
    }
    rising = columns(person.see("/_explorer/o/Contact", sort="Title"))
    falling = columns(person.see("/_explorer/o/Contact", sort="-Title"))
    assert rising == [ids["C"], ids["A"], ids["B"]]
    assert falling == [ids["A"], ids["C"], ids["B"]]


def test_pages_follow_one_another_without_a_gap(person):
    made = [person.make("Account", Name=f"N{n:03}") for n in range(103)]
    seen = [columns(person.see("/_explorer/o/Account", page=n)) for n in (1, 2, 3)]
    assert [len(each) for each in seen] == [50, 50, 3]
    assert sum(seen, []) == made
    assert "The list is not that long" in person.see("/_explorer/o/Account", page=4).text


def test_a_list_view_shows_its_columns_and_its_rows(admin):
    view = (
        "<listViews><fullName>Reds</fullName><columns>NAME</columns><columns>Note__c</columns>"
        "<filterScope>Everything</filterScope><filters><field>Kind__c</field><operation>equals</operation>"
        "<value>Red,Blue</value></filters><filters><field>Note__c</field><operation>notContain</operation>"
        "<value>no</value></filters><label>The Reds</label></listViews></CustomObject>"
    )
    child = SCHEMA["objects/Child__c.object"].replace("</CustomObject>", view)
    assert admin.org.deploy({**SCHEMA, "objects/Child__c.object": child})["success"]
    red = admin.make("Child__c", Kind__c="Red", Note__c="yes")
    admin.make("Child__c", Kind__c="Red", Note__c="no")
    admin.make("Child__c", Note__c="yes")
    assert "The Reds" in admin.see("/_explorer/o/Child__c").text
    page = admin.see("/_explorer/o/Child__c", view="Reds")
    assert columns(page) == [red]
    assert [each for each in page.links if "sort=" in each] == [
        "/_explorer/o/Child__c?view=Reds&sort=Name",
        "/_explorer/o/Child__c?view=Reds&sort=Note__c",
    ]


def test_a_list_view_follows_its_filter_logic(admin):
    def filters(*values):
        each = "<filters><field>Note__c</field><operation>equals</operation><value>{}</value></filters>"
        return "".join(each.format(value) for value in values)

    views = [
        ("Either", "1 OR 2", filters("a", "b")),
        ("But", "(1 OR 2) AND NOT 2", filters("a", "b")),
        ("Astray", "1 AND 9", filters("a")),
        ("Mine", "", "<filterScope>Mine</filterScope>" + filters("c")),
    ]
    made = "".join(
        f"<listViews><fullName>{name}</fullName><columns>NAME</columns><booleanFilter>{logic}</booleanFilter>{rest}"
        f"<label>{name}</label></listViews>"
        for name, logic, rest in views
    )
    child = SCHEMA["objects/Child__c.object"].replace("</CustomObject>", made + "</CustomObject>")
    assert admin.org.deploy({**SCHEMA, "objects/Child__c.object": child})["success"]
    a, b, c = (admin.make("Child__c", Note__c=value) for value in "abc")
    found = {name: columns(admin.see("/_explorer/o/Child__c", view=name)) for name, _, _ in views}
    assert found == {"Either": [a, b], "But": [a], "Astray": [a, b, c], "Mine": [c]}


def test_a_layout_orders_the_sections_and_nothing_is_lost(admin):
    layout = (
        '<?xml version="1.0"?><Layout xmlns="http://soap.sforce.com/2006/04/metadata"><layoutSections>'
        "<label>First things</label><layoutColumns><layoutItems><field>Note__c</field></layoutItems></layoutColumns>"
        "</layoutSections></Layout>"
    )
    assert admin.org.deploy({"layouts/Child__c-Child Layout.layout": layout})["success"]
    text = admin.see(f"/_explorer/r/{admin.make('Child__c', Note__c='here')}").text
    places = [text.index(words) for words in ("First things", "Not on the layout", "Kind", "System")]
    assert places == sorted(places)


def test_related_lists_count_and_lead_to_all(person):
    account = person.make("Account", Name="Acme")
    made = [person.make("Contact", LastName=f"N{n}", AccountId=account) for n in range(8)]
    person.make("Contact", LastName="Stranger")
    page = person.see(f"/_explorer/r/{account}")
    assert "Contacts (8)" in page.text
    assert f"/_explorer/o/Contact?of=AccountId%3A{account}" in page.links
    assert columns(person.see("/_explorer/o/Contact", of=f"AccountId:{account}"))[::2] == made
    assert (
        person.see("/_explorer/o/Contact/new", AccountId=account).control("AccountId")["value"] == f"Acme ({account})"
    )


def test_only_what_was_changed_is_written(person):
    contact = person.make(
        "Contact", LastName="Old", Description="two\nlines", HasOptedOutOfEmail=True, Birthdate="1980-02-29"
    )
    page = edited(person, contact, FirstName="New")
    assert "was saved" in page.text
    row = person.row(contact)
    assert (row["FirstName"], row["LastName"], row["HasOptedOutOfEmail"]) == ("New", "Old", True)
    assert (row["Description"], row["Birthdate"]) == ("two\nlines", "1980-02-29")
    events = person.see("/_explorer/usage/events", topic="Contact").text
    assert '"FirstName": "New"' in events
    assert events.count('"Description"') == 1  # told when it was made, not when it was kept


def test_a_form_that_was_not_changed_writes_nothing(person):
    contact = person.make("Contact", LastName="Same", EmailBouncedDate="2026-01-31T09:30:15.000Z")
    before = person.row(contact)
    assert "Nothing was changed" in edited(person, contact).text
    assert person.row(contact) == before


def test_a_refusal_stands_beside_its_field_and_the_input_is_kept(person):
    contact = person.make("Contact", LastName="Kept", Email="good@example.com")
    page = edited(person, contact, Email="not an address", Title="Typed")
    assert page.status == 422
    email = page.control("Email")
    assert (email["value"], email["aria-invalid"], email["aria-describedby"]) == ("not an address", "true", "e-Email")
    assert "INVALID_EMAIL_ADDRESS" in page.by_id["e-Email"]
    assert page.control("Title")["value"] == "Typed"
    assert "#f-Email" in page.links
    assert person.row(contact)["Email"] == "good@example.com"


def test_a_new_record_must_have_what_is_required(person):
    page = person.post("/_explorer/o/Contact/new", FirstName="Only")
    assert page.status == 422
    assert "REQUIRED_FIELD_MISSING" in page.by_id["e-LastName"]
    assert page.control("FirstName")["value"] == "Only"
    made = person.post("/_explorer/o/Contact/new", FirstName="Only", LastName="Child")
    assert "“Only Child” was created" in made.text
    assert len(person.org.rows("Contact")) == 1


def test_a_look_up_takes_a_name_an_id_or_both(person):
    acme, other = person.make("Account", Name="Acme"), person.make("Account", Name="Twice")
    person.make("Account", Name="Twice")
    contact = person.make("Contact", LastName="Person")
    for text in ("Acme", acme, acme[:15], f"Acme ({acme})"):
        edited(person, contact, AccountId="")
        edited(person, contact, AccountId=text)
        assert person.row(contact)["AccountId"] == acme
    several, nobody = edited(person, contact, AccountId="Twice"), edited(person, contact, AccountId="Internationally")
    assert "Several records" in several.by_id["e-AccountId"]
    assert "No Account" in nobody.by_id["e-AccountId"]
    assert person.row(contact)["AccountId"] == acme
    assert edited(person, contact, AccountId=f"Twice ({other})").status == 200


def test_a_look_up_suggests_by_name(person):
    acme = person.make("Account", Name="Acme")
    person.make("Account", Name="Other")
    answer = person.org.http.get(
        f"{person.org.url}/_explorer/suggest", params={"objects": "Account,Nope", "q": "acm"}, timeout=30
    )
    assert answer.json() == [f"Acme ({acme})"]


@pytest.mark.parametrize("value", ["2026-13-01", "soon"])
def test_a_date_that_is_none_is_refused_beside_its_field(person, value):
    page = person.post("/_explorer/o/Contact/new", LastName="Dated", Birthdate=value)
    assert page.status == 422
    assert "e-Birthdate" in page.by_id


def test_deleting_asks_and_says_what_goes_with_it(person):
    contact = person.make("Contact", LastName="Gone")
    person.make("Task", Subject="Call", WhoId=contact)
    asked = person.see(f"/_explorer/r/{contact}/delete")
    assert "Tasks: 1" in asked.text
    assert person.row(contact)
    page = person.post(f"/_explorer/r/{contact}/delete")
    assert "in the recycle bin" in page.text
    assert person.row(contact) == {}
    assert contact in columns(person.see("/_explorer/bin"))
    assert "Undelete it first" in person.post(f"/_explorer/r/{contact}/edit", LastName="Ghost").text


def test_the_history_says_who_changed_what(person):
    contact = person.make("Contact", LastName="Seen", Title="Clerk")
    assert "No change of a tracked field" in person.see(f"/_explorer/r/{contact}").text
    person.org.control("settings", {"tracked_fields": {"Contact": ["Title"]}})
    edited(person, contact, Title="<b>Chief</b>", FirstName="Not tracked")
    page = person.see(f"/_explorer/r/{contact}")
    assert "Title Clerk <b>Chief</b> Ada Admin" in page.text
    assert "History (1)" in page.text
    (row,) = columns(person.see("/_explorer/o/ContactHistory"))[::3] or [None]
    assert row
    assert "Clerk" in person.see(f"/_explorer/r/{row}").text


def test_the_quick_action_opts_out_and_in_again(person):
    lead = person.make("Lead", LastName="Quiet", Company="Acme")
    assert "Opt in to e-mail" in person.post(f"/_explorer/r/{lead}/opt-out", opted_out="on").text
    assert person.row(lead)["HasOptedOutOfEmail"] is True
    person.post(f"/_explorer/r/{lead}/opt-out", opted_out="")
    assert person.row(lead)["HasOptedOutOfEmail"] is False


def test_what_the_org_refuses_is_said_and_not_done(person):
    contact = person.make("Contact", LastName="Locked")
    person.org.fault("row_lock", match={"object": "Contact"})
    page = person.post(f"/_explorer/r/{contact}/opt-out", opted_out="on")
    assert "Nothing was done. UNABLE_TO_LOCK_ROW" in page.text
    assert person.row(contact)["HasOptedOutOfEmail"] is False


def test_the_search_over_everything_finds_in_each_object(person):
    contact = person.make("Contact", LastName="Needle")
    account = person.make("Account", Name="Needle & Thread")
    person.make("Lead", LastName="Hay", Company="Stack")
    assert set(columns(person.see("/_explorer/search", everywhere="needle"))) == {contact, account}
    assert "Nothing in the org fits" in person.see("/_explorer/search", everywhere="pin").text
    assert "Type a name" in person.see("/_explorer/search").text


def test_a_deleted_record_comes_back(person):
    contact = person.make("Contact", LastName="Back", Email="back@example.com")
    person.post(f"/_explorer/r/{contact}/delete")
    page = person.post(f"/_explorer/r/{contact}/undelete")
    assert "“Back” is back" in page.text
    assert "recycle bin." not in page.text
    assert person.row(contact)["Email"] == "back@example.com"
    assert "Nothing was done" in person.post(f"/_explorer/r/{contact}/undelete").text


def test_a_lead_is_converted_into_new_records(person):
    lead = person.make("Lead", FirstName="Ida", LastName="Lead", Company="Acme", Email="ida@example.com")
    form = person.see(f"/_explorer/r/{lead}/convert")
    assert "New account “Acme”" in form.text
    sent = {"how-Account": "new", "how-Contact": "new", "Status": "Closed - Converted"}
    page = person.post(f"/_explorer/r/{lead}/convert", **sent)
    assert "was converted into contact “Ida Lead”" in page.text
    assert "This lead was converted into Ida Lead , Acme" in page.text
    assert person.row(lead)["IsConverted"] is True
    assert [row["Email"] for row in person.org.rows("Contact")] == ["ida@example.com"]
    assert "converted already" in person.see(f"/_explorer/r/{lead}/convert").text
    assert not [each for each in page.links if each.endswith(("/edit", "/convert"))]


def test_a_lead_is_converted_into_records_that_exist(person):
    account = person.make("Account", Name="Acme")
    contact = person.make("Contact", LastName="Known", AccountId=account, Email="known@example.com")
    stranger = person.make("Contact", LastName="Stranger")
    lead = person.make("Lead", LastName="Known", Company="Acme", Email="known@example.com")
    assert contact in person.see(f"/_explorer/r/{lead}/convert").text
    sent = {"how-Account": "existing", "how-Contact": "existing", "Status": "Closed - Converted"}
    nothing = person.post(f"/_explorer/r/{lead}/convert", **sent)
    assert "Choose an account" in nothing.by_id["e-Account"]
    wrong = person.post(f"/_explorer/r/{lead}/convert", **sent, Account="Acme", Contact=stranger)
    assert "does not belong to the account" in wrong.by_id["e-Contact"]
    assert "Acme" in wrong.control("Account")["value"]
    person.post(f"/_explorer/r/{lead}/convert", **sent, Account="Acme", Contact=f"Known ({contact})")
    assert person.row(lead)["ConvertedContactId"] == contact


def test_records_are_merged_field_by_field(person):
    first = person.make("Contact", LastName="Double", Email="first@example.com", HasOptedOutOfEmail=True)
    second = person.make("Contact", LastName="Double", Email="second@example.com", Title="Boss")
    stranger = person.make("Contact", LastName="Stranger")
    person.make("Task", Subject="Call", WhoId=second)
    chosen = person.see("/_explorer/o/Contact/merge", ids=first)
    assert [each["value"] for each in chosen.all("input", type="checkbox")] == [first, second]
    compared = person.see("/_explorer/o/Contact/merge", ids=[first, second], step="compare")
    title = [each for each in compared.all("input", name="from-Title") if "checked" in each]
    assert [each["value"] for each in title] == [second]
    form = {
        "ids": [first, second],
        "winner": first,
        "from-Email": second,
        "from-Title": second,
        "from-HasOptedOutOfEmail": first,
    }
    page = person.post("/_explorer/o/Contact/merge", **form)
    assert "2 contacts were merged into “Double”" in page.text
    kept = person.row(first)
    assert (kept["Email"], kept["Title"], kept["HasOptedOutOfEmail"]) == ("second@example.com", "Boss", True)
    assert "merged into Double" in person.see(f"/_explorer/r/{second}").text
    assert "Tasks (1)" in page.text
    assert person.row(stranger)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_merge_takes_two_or_three(person, count):
    ids = [person.make("Account", Name=f"Same {n}") for n in range(4)][:count]
    page = person.see("/_explorer/o/Account/merge", ids=ids, step="compare")
    assert ("at most three" if count == 4 else "at least two") in page.text
    assert "Nothing was merged" in person.post("/_explorer/o/Account/merge", ids=ids[:1], winner="nobody").text
    assert len(person.org.rows("Account")) == 4
