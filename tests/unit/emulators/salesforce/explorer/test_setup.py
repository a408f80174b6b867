"""Setup and usage: rights, users, switches, clock, and what programs did."""

import json
from datetime import timedelta
from pathlib import Path

from fairlead_emulators import salesforce
from fairlead_emulators.salesforce.explorer.setup.book import BOOK

ADMIN = "0055e0000000001AAA"


ON = {each.name: "on" for each in BOOK if each.kind == "switch" and each.default}


def test_a_permission_set_is_assigned_and_taken_back_from_either_side(admin):
    found = admin.org.rows("PermissionSet")[0]["Id"]
    for where, choice in ((f"permissions/{found}", {"user": ADMIN}), (f"users/{ADMIN}", {"set": found})):
        assert "Ada Admin now has “Readers”" in admin.post(f"/_explorer/setup/{where}", **choice).text
        (given,) = admin.org.rows("PermissionSetAssignment")
        assert (given["AssigneeId"], given["PermissionSetId"]) == (ADMIN, found)
        admin.post(f"/_explorer/setup/{where}", remove=given["Id"])
        assert admin.org.rows("PermissionSetAssignment") == []


def test_an_assignment_of_nothing_is_refused_in_words(admin):
    found = admin.org.rows("PermissionSet")[0]["Id"]
    assert "Nothing was done" in admin.post(f"/_explorer/setup/permissions/{found}", user="nobody").text


def test_the_rights_of_a_set_are_shown(admin):
    found = admin.org.rows("PermissionSet")[0]["Id"]
    text = admin.see(f"/_explorer/setup/permissions/{found}").text
    assert "Child__c ✓ ☐ ☐ ☐ ☐ ☐" in text
    assert "Child__c.Note__c ✓ ☐" in text
    assert "Readers Read" in admin.see("/_explorer/setup/objects/Child__c/fields/Note__c").text


def test_a_user_is_deactivated_and_given_a_session(person):
    page = person.post(f"/_explorer/setup/users/{ADMIN}/token")
    token = page.source.partition("Bearer ")[2].partition("&quot;")[0]
    answer = person.org.http.get(
        f"{person.org.url}/services/data/v60.0/limits", headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    assert answer.status_code == 200
    assert token not in person.see(f"/_explorer/setup/users/{ADMIN}").text


def test_one_logs_in_as_anybody_who_is_active(person):
    fields = {"LastName": "Two", "Username": "two@example.com", "Email": "two@example.com", "Alias": "two"}
    user = person.make("User", **fields, ProfileId="00e5e0000000001AAA")
    page = person.post(f"/_explorer/setup/users/{user}/token")
    token = page.source.partition("Bearer ")[2].partition("&quot;")[0]
    assert person.org.emulator.sessions.user_of(token) == user
    assert "Access token Two" in person.see("/_explorer/setup/apps").text
    assert "Two is inactive now" in person.post(f"/_explorer/setup/users/{user}/active").text
    opened = len(person.org.emulator.sessions.access)
    assert "activate the user first" in person.post(f"/_explorer/setup/users/{user}/token").text
    assert len(person.org.emulator.sessions.access) == opened
    assert "Two is active again" in person.post(f"/_explorer/setup/users/{user}/active", active="on").text


def test_each_object_and_field_has_its_page(admin):
    text = admin.see("/_explorer/setup/objects/Child__c").text
    for words in ("Parent__c", "reference to Parent__c", "external id", "C-{0000}", "auto-number"):
        assert words in text + admin.see("/_explorer/setup/objects/Child__c/fields/Name").text
    assert "Red" in admin.see("/_explorer/setup/objects/Child__c/fields/Kind__c").text


def test_a_component_is_shown_with_its_source(admin):
    listed = admin.see("/_explorer/setup/metadata", type="PermissionSet")
    (where,) = [each for each in listed.links if each.startswith("/_explorer/setup/metadata/PermissionSet?")]
    assert "<label>Readers</label>" in admin.see(where).text


def test_settings_are_kept_where_they_differ_from_the_defaults(person):
    form = person.see("/_explorer/setup/settings")
    sent = {each.name: form.control(each.name).get("value") or "" for each in BOOK if each.kind == "whole"}
    sent |= {
        each.name: form.by_id.get(f"s-{each.name}", "")
        for each in BOOK
        if each.kind in ("names", "text", "lists", "texts")
    }
    page = person.post(
        "/_explorer/setup/settings", **sent | {"daily_api_requests": "7", "change_events": "Lead\nContact"} | ON
    )
    assert "2 differ" in page.text
    assert person.org.emulator.org.settings == {"daily_api_requests": 7, "change_events": ["Lead", "Contact"]}
    assert person.see("/_explorer/setup/settings").control("daily_api_requests")["value"] == "7"


def test_a_setting_that_is_wrong_changes_none(person):
    person.org.control("settings", {"of_tomorrow": [1, 2]})
    page = person.post("/_explorer/setup/settings", daily_api_requests="-1", of_tomorrow="{")
    assert page.status == 422
    assert page.control("daily_api_requests")["value"] == "-1"
    assert "no whole number" in page.by_id["e-daily_api_requests"]
    assert "not JSON" in page.by_id["e-of_tomorrow"]
    for name, text in (
        ("tracked_fields", "[1]"),
        ("sharing", '{"Contact": 1}'),
        ("duplicate_rules", '{"Contact": "Email"}'),
    ):
        shaped = person.post("/_explorer/setup/settings", **{name: text, "of_tomorrow": "1"})
        assert (shaped.status, shaped.by_id[f"s-{name}"]) == (422, text)
    assert person.org.emulator.org.settings == {"of_tomorrow": [1, 2]}


def test_faults_are_switched_on_seen_and_taken_back(person):
    page = person.post("/_explorer/setup/faults", common="row_lock", times="2")
    assert "Switched on: Row lock" in page.text
    person.post("/_explorer/setup/faults", rule=json.dumps([{"fault": "status", "status": 503, "times": None}]))
    assert [each["fault"] for each in person.org.emulator.faults.as_json()] == ["row_lock", "status"]
    assert person.org.ask("GET", "/limits").status_code == 503
    person.post("/_explorer/setup/faults", do="clear")
    assert person.org.ask("GET", "/limits").status_code == 200


def test_a_fault_that_is_none_is_explained(person):
    for rule in (
        "{",
        "7",
        '{"fault": "nope"}',
        '[{"fault": "status", "every": 0}]',
        '{"fault": "status", "match": {"path": "("}}',
    ):
        page = person.post("/_explorer/setup/faults", rule=rule)
        assert page.status == 422
        assert "This is no fault" in page.by_id["e-rule"]
    assert person.org.emulator.faults.as_json() == []


def test_the_clock_goes_where_it_is_sent_and_nowhere_else(person):
    clock = person.org.emulator.clock
    before = clock.now()
    person.post("/_explorer/setup/clock", advance="3600")
    assert timedelta(minutes=59) < clock.now() - before < timedelta(minutes=62)
    person.post("/_explorer/setup/clock", set="2031-05-06T07:08")
    assert clock.now().isoformat().startswith("2031-05-06T07:08")
    for wrong in (
        {"advance": "1e30"},
        {"advance": "nan"},
        {"set": "soon"},
        {"set": "0001-01-01T00:00"},
        {"advance": "-1e11"},
    ):
        assert "Nothing was done" in person.post("/_explorer/setup/clock", **wrong).text
    assert clock.now().year == 2031
    person.post("/_explorer/setup/clock", real="on")
    assert abs(clock.now() - before) < timedelta(minutes=2)


def test_a_seed_fills_the_org(person):
    page = person.post("/_explorer/setup/clock", seed="small")
    assert "600 Contact" in page.text
    assert "no seed" in person.post("/_explorer/setup/clock", seed="nope").text
    assert len(person.org.rows("Contact")) == 600


def test_sessions_are_listed_revoked_and_expired(person):
    token = person.org.emulator.sessions.open()
    assert token[:20] in person.see("/_explorer/setup/apps").text
    assert "was revoked" in person.post("/_explorer/setup/apps", revoke=token).text
    assert "not good any more" in person.post("/_explorer/setup/apps", revoke=token).text
    person.post("/_explorer/setup/apps", do="expire")
    assert person.org.ask("GET", "/limits").status_code == 401
    person.org.emulator.sessions.load()


def test_calls_stand_in_the_hour_they_came_in(person):
    for _ in range(3):
        person.org.ask("GET", "/limits")
    assert "API calls in the last 24 hours (3)" in person.see("/_explorer/usage").text
    person.org.emulator.clock.advance(2 * 3600)
    person.org.ask("GET", "/limits")
    page = person.see("/_explorer/usage")
    assert "(4)" in page.text
    heights = [int(each["height"]) for each in page.all("rect")]
    assert len(heights) == 24
    assert heights[-1] < heights[-3]
    assert "Most calls came at" in page.all("svg", role="img")[0]["aria-label"]
    person.org.emulator.clock.advance(-2 * 3600)


def test_a_job_tells_its_rows_and_its_refusals(admin):
    job = admin.org.run_job("Note__c,Email__c\nfine,a@example.com\nbad,nothing\n")
    listed = admin.see("/_explorer/usage/jobs")
    assert f"/_explorer/usage/jobs/{job['id']}" in listed.links
    assert "JobComplete 2 1" in listed.text
    page = admin.see(f"/_explorer/usage/jobs/{job['id']}")
    assert "Failed rows" in page.text
    assert "INVALID_EMAIL_ADDRESS" in page.text


def test_events_come_newest_first_and_by_topic(person):
    person.make("Lead", LastName="A", Company="C")
    person.make("Contact", LastName="B")
    text = person.see("/_explorer/usage/events").text
    assert text.index("/data/ContactChangeEvent CREATE") < text.index("/data/LeadChangeEvent CREATE")
    assert "ContactChangeEvent CREATE" not in person.see("/_explorer/usage/events", topic="Lead").text


def test_notifications_are_shown_newest_first(person):
    contact = person.make("Contact", LastName="Target")
    note = {"type": "Sync", "recipientId": ADMIN, "targetId": contact, "sent": "2026-01-31T09:30:00.000Z", "body": "b"}
    notes = [note | {"title": title} for title in ("first", "<i>second</i>")]
    person.org.emulator.org.storage.set_meta("notifications", notes)
    text = person.see("/_explorer/usage/notifications").text
    assert text.index("<i>second</i>") < text.index("first")
    assert "Ada Admin Sync Target 2026-01-31 09:30" in text
    person.org.emulator.org.storage.set_meta("notifications", [])
    assert "No notification was sent" in person.see("/_explorer/usage/notifications").text


def test_the_settings_page_explains_what_is_read():
    """Each setting that is explained is asked for somewhere in the org's code."""
    folder = Path(salesforce.__file__).parent
    read = [path for path in folder.rglob("*.py") if path.relative_to(folder).parts[0] != "explorer"]
    code = "".join(path.read_text("utf-8") for path in read)
    assert [each.name for each in BOOK if f'"{each.name}"' not in code] == []


def test_requests_are_found_by_path_and_status(person):
    person.org.ask("GET", "/limits")
    person.org.ask("GET", "/nothing")
    assert "/limits" in person.see("/_explorer/usage/requests", q="limits").text
    refused = person.see("/_explorer/usage/requests", status="4").text
    assert "/nothing" in refused
    assert "/limits" not in refused
