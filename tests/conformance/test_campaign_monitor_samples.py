"""The local account's answers have the keys and types of the official client's samples.

The samples are not part of this project: `FAIRLEAD_TEST_SAMPLES` names their folder, and without it the checks
are skipped.
"""

import json
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import SYDNEY, spec
from fairlead_emulators.server import serving
from tests.unit.emulators.http import Caller, basic

_NEXT_DOOR = Path(__file__).parents[3] / "shared/conformance/campaign_monitor_python"
SAMPLES = Path(os.environ.get("FAIRLEAD_TEST_SAMPLES", _NEXT_DOOR))
STATES = ("active", "unconfirmed", "unsubscribed", "bounced", "deleted")

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="FAIRLEAD_TEST_SAMPLES names no folder")


@pytest.fixture(scope="module")
def ask():
    """Asks for the path of a sample; `{client}`, `{list}`, `{email}` are filled in."""
    emulator = create(Clock())
    emulator.seed(spec("small", "campaign_monitor"))
    on = emulator.store.lists()[0]
    email = emulator.store.db.execute("SELECT address FROM subscribers WHERE fields <> '[]' AND list = 1").fetchone()[0]
    smart = emulator.store.db.execute("SELECT id FROM smart_emails ORDER BY n").fetchone()[0]
    # One that was opened and clicked, so that every part of its details can be compared.
    message = emulator.store.db.execute("SELECT id FROM tx_messages WHERE first_click AND smart <> ''").fetchone()[0]
    with serving(emulator.app) as url:
        call = Caller(url, basic(emulator.ready()["api_key"]))
        campaign = call("GET", f"/api/v3.3/clients/{on.client}/campaigns.json").json["Results"][0]["CampaignID"]
        journey = call("GET", f"/api/v3.3/clients/{on.client}/journeys.json").json[0]["JourneyID"]
        mail = call("GET", f"/api/v3.3/journeys/{journey}.json").json["Emails"][0]["EmailID"]
        _let_happen(emulator, on, campaign, mail)

        def post(path, body):
            return call("POST", f"/api/v3.3/{path}.json", body).json

        rule = {"RuleType": "EmailAddress", "Clause": "CONTAINS @"}
        page = "https://www.example.com/"
        made = {
            "campaign": campaign,
            "journey": journey,
            "journey_email": mail,
            "segment": post(f"segments/{on.id}", {"Title": "S", "RuleGroups": [{"Rules": [rule]}, {"Rules": [rule]}]}),
            "template": post(f"templates/{on.client}", {"Name": "T", "HtmlPageURL": page}),
            "field": quote(post(f"lists/{on.id}/customfields", {"FieldName": "f", "DataType": "Text"}), safe=""),
            "person": call("GET", f"/api/v3.3/clients/{on.client}/people.json").json[0]["EmailAddress"],
        }

        def answer(method, path, body=None, **query):
            ids = {"client": on.client, "list": on.id, "smart": smart, "message": message, "email": email, **made}
            full = path.format(**ids)
            if body and "ListIDs" in body:
                body = {**body, "ListIDs": [each.format(**ids) for each in body["ListIDs"]]}
            query = {name: str(value).format(**ids) for name, value in query.items()}
            return call(method, f"/api/v3.3/{full}.json", body, **query)

        yield answer


def _let_happen(emulator, on, campaign, mail):
    """One recipient does each thing with the campaign and the journey's e-mail, so that every row can be compared."""
    for name, kinds in (
        (campaign, ["open", "click", "complain", "bounce", "unsubscribe"]),
        (mail, ["bounce", "unsubscribe"]),
    ):
        got = emulator.store.db.execute(
            "SELECT p.key FROM tracked t JOIN mails m ON m.n = t.mail JOIN tracked_people p ON p.n = t.person"
            " JOIN subscribers s ON s.list = p.list AND s.key = p.key"
            " WHERE m.id = ? AND t.kind = 0 AND p.list = ? AND s.state = 0 AND s.fields <> '[]' ORDER BY p.key",
            (name, on.n),
        ).fetchall()
        for do, (key,) in zip(kinds, got, strict=False):
            emulator.changes.act({"list": on.id, "email": key, "do": do, "campaign": name})


def problems(sample, given, where="$"):
    """What `given` lacks of the sample's shape. A list's shape is that of its elements taken together."""
    if isinstance(sample, bool) or isinstance(given, bool):
        return [] if type(sample) is type(given) else [f"{where} is {given!r}, not like {sample!r}"]
    if isinstance(sample, dict):
        if not isinstance(given, dict):
            return [f"{where} is no object"]
        missing = [f"{where}.{key} is missing" for key in sample if key not in given]
        return missing + [
            each for key in sample if key in given for each in problems(sample[key], given[key], f"{where}.{key}")
        ]
    if isinstance(sample, list):
        if not isinstance(given, list):
            return [f"{where} is no array"]
        if not (sample and given):
            return []
        return [each for element in given for each in problems(sample[0], element, f"{where}[]")]
    both_numbers = isinstance(sample, int | float) and isinstance(given, int | float)
    return [] if both_numbers or type(sample) is type(given) else [f"{where} is {given!r}, not like {sample!r}"]


NAMED = {"clientID": "{client}"}
ROWS = ("recipients", "opens", "clicks", "bounces", "unsubscribes")
LATEST = {"page": "1", "pagesize": "10", "orderdirection": "desc", "date": "2010-01-01"}
READ = [
    ("campaigns", "clients/{client}/campaigns", {}),
    ("drafts", "clients/{client}/drafts", {}),
    ("scheduled_campaigns", "clients/{client}/scheduled", {}),
    ("tags", "clients/{client}/tags", {}),
    ("campaign_summary", "campaigns/{campaign}/summary", {}),
    ("email_client_usage", "campaigns/{campaign}/emailclientusage", {}),
    ("campaign_listsandsegments", "campaigns/{campaign}/listsandsegments", {}),
    *[(f"campaign_{name}", f"campaigns/{{campaign}}/{name}", {}) for name in (*ROWS, "spam")],
    ("client_journeys", "clients/{client}/journeys", {}),
    ("journey_summary", "journeys/{journey}", {}),
    *[
        (f"journey_email_{name}_{params}_params", f"journeys/email/{{journey_email}}/{name}", query)
        for name in ROWS
        for params, query in (("no", {}), ("with", LATEST))
    ],
    ("tx_smartemails", "transactional/smartEmail", NAMED),
    ("tx_smartemail_details", "transactional/smartEmail/{smart}", {}),
    ("tx_classicemail_groups", "transactional/classicEmail/groups", NAMED),
    ("tx_messages_smart", "transactional/messages", {**NAMED, "smartEmailID": "{smart}"}),
    ("tx_messages_classic", "transactional/messages", {**NAMED, "group": "Password reset"}),
    ("tx_statistics_smart", "transactional/statistics", {**NAMED, "smartEmailID": "{smart}"}),
    ("tx_statistics_classic", "transactional/statistics", {**NAMED, "group": "Password reset"}),
    ("list_webhooks", "lists/{list}/webhooks", {}),
    ("segments", "clients/{client}/segments", {}),
    ("segment_details", "segments/{segment}", {}),
    ("segment_subscribers", "segments/{segment}/active", {}),
    (
        "segment_subscribers_with_tracking_preference",
        "segments/{segment}/active",
        {"includetrackinginformation": "True"},
    ),
    ("templates", "clients/{client}/templates", {}),
    ("template_details", "templates/{template}", {}),
    ("administrators", "admins", {}),
    ("admin_details", "admins", {"email": "admin@example.com"}),
    ("people", "clients/{client}/people", {}),
    ("person_details", "clients/{client}/people", {"email": "{person}"}),
    ("client_get_primary_contact", "clients/{client}/primarycontact", {}),
    ("billingdetails", "billingdetails", {}),
    ("admin_get_primary_contact", "primarycontact", {}),
    ("subscriber_history", "subscribers/{list}/history", {"email": "{email}"}),
    ("clients", "clients", {}),
    ("client_details", "clients/{client}", {}),
    ("lists", "clients/{client}/lists", {}),
    ("listsforemail", "clients/{client}/listsforemail", {"email": "{email}"}),
    ("suppressionlist", "clients/{client}/suppressionlist", {}),
    ("list_details", "lists/{list}", {}),
    ("list_stats", "lists/{list}/stats", {}),
    ("custom_fields", "lists/{list}/customfields", {}),
    ("custom_fields_utf8", "lists/{list}/customfields", {}),
    ("systemdate", "systemdate", {}),
    ("timezones", "timezones", {}),
    ("countries", "countries", {}),
    *[(f"{state}_subscribers", f"lists/{{list}}/{state}", {}) for state in STATES],
    (
        "active_subscribers_with_tracking_preference",
        "lists/{list}/active",
        {"includetrackingpreference": "true"},
    ),
    ("subscriber_details", "subscribers/{list}", {"email": "{email}"}),
    (
        "subscriber_details_with_tracking_preference",
        "subscribers/{list}",
        {"email": "{email}", "includetrackingpreference": "true"},
    ),
]


CAMPAIGN = {
    "Name": "A sample",
    "Subject": "S",
    "FromName": "F",
    "FromEmail": "f@example.com",
    "ReplyTo": "f@example.com",
    "HtmlUrl": "https://www.example.com/",
    "ListIDs": ["{list}"],
}
WRITES = [
    ("create_campaign", "campaigns/{client}", CAMPAIGN, 201),
    ("create_client", "clients", {"CompanyName": "C", "Country": "Australia", "TimeZone": SYDNEY}, 201),
    (
        "create_list_webhook",
        "lists/{list}/webhooks",
        {"Events": ["Subscribe"], "Url": "http://127.0.0.1:9/", "PayloadFormat": "json"},
        201,
    ),
    ("add_subscriber", "subscribers/{list}", {"EmailAddress": "a@example.com", "ConsentToTrack": "Yes"}, 201),
    ("create_segment", "segments/{list}", {"Title": "A sample"}, 201),
    ("create_template", "templates/{client}", {"Name": "T", "HtmlPageURL": "https://www.example.com/"}, 201),
    ("add_admin", "admins", {"EmailAddress": "a@example.com", "Name": "A"}, 201),
    ("add_person", "clients/{client}/people", {"EmailAddress": "p@example.com", "Name": "P"}, 201),
    ("transfer_credits", "clients/{client}/credits", {"Credits": 1}, 200),
    ("create_list", "lists/{client}", {"Title": "A sample"}, 201),
    ("create_custom_field", "lists/{list}/customfields", {"FieldName": "new date", "DataType": "Date"}, 201),
    (
        "import_subscribers",
        "subscribers/{list}/import",
        {"Subscribers": [{"EmailAddress": "b@example.com", "ConsentToTrack": "Yes"}]},
        201,
    ),
    (
        "import_subscribers_partial_success",
        "subscribers/{list}/import",
        {"Subscribers": [{"EmailAddress": "bad", "ConsentToTrack": "Yes"}]},
        400,
    ),
    ("custom_api_error", "subscribers/{list}", {"EmailAddress": "bad"}, 400),
]
SESSION = {"Email": "admin@example.com", "Chrome": "all", "Url": "/", "IntegratorID": "abc", "ClientID": ""}
CHANGES = [
    ("external_session", "externalsession", SESSION, {}),
    ("admin_set_primary_contact", "primarycontact", None, {"email": "admin@example.com"}),
    ("client_set_primary_contact", "clients/{client}/primarycontact", None, {"email": "{person}"}),
    ("update_custom_field", "lists/{list}/customfields/{field}", {"VisibleInPreferenceCenter": False}, {}),
]
WRITTEN = {each[0] for each in [*WRITES, *CHANGES]}
# Samples that are not compared here, and why.
ELSEWHERE = {
    "apikey": "an address of older versions",
    "expired_oauth_token_api_error": "test_createsend_client.py sees it",
    "oauth_exchange_token": "a screen comes before it: tests of oauth",
    "oauth_exchange_token_error": "tests of oauth",
    "refresh_oauth_token": "test_createsend_client.py reads it",
    "sample_client_error": "no answer of the service",
    "sample_server_error": "no answer of the service",
    "tx_messages": "the smart and the classic ones together",
}


def test_every_sample_is_compared_or_named():
    """A sample that nobody looks at fails here."""
    details = {"tx_message_details", "tx_message_details_with_statistics", "tx_send_single", "tx_send_multiple"}
    known = {each[0] for each in READ} | WRITTEN | details | set(ELSEWHERE)
    assert {each.stem for each in SAMPLES.glob("*.json")} == known


def test_the_comparison_sees_what_is_missing_or_of_another_type():
    sample = {"A": 1, "B": [{"C": "x", "D": True}]}
    assert problems(sample, {"A": 2.5, "B": [{"C": "", "D": False, "E": 1}]}) == []
    assert problems(sample, {"A": "2", "B": [{"C": "", "D": 0}]}) == [
        "$.A is '2', not like 1",
        "$.B[].D is 0, not like True",
    ]
    assert problems(sample, {"B": {}}) == ["$.A is missing", "$.B is no array"]


@pytest.mark.parametrize(("sample", "path", "query"), READ, ids=[each[0] for each in READ])
def test_reads_have_the_samples_shape(ask, sample, path, query):
    expected = json.loads((SAMPLES / f"{sample}.json").read_text(encoding="utf-8-sig"))
    reply = ask("GET", path, **query)
    assert reply.status == 200
    assert problems(expected, reply.json) == []
    if sample.startswith(("campaign", "journey_email")) and "Results" in expected:
        assert reply.json["Results"], "nothing was compared"


@pytest.mark.parametrize(("sample", "path", "body", "status"), WRITES)
def test_writes_have_the_samples_shape(ask, sample, path, body, status):
    expected = json.loads((SAMPLES / f"{sample}.json").read_text(encoding="utf-8-sig"))
    reply = ask("POST", path, body)
    assert reply.status == status
    assert problems(expected, reply.json) == []


@pytest.mark.parametrize(("sample", "path", "body", "query"), CHANGES, ids=[each[0] for each in CHANGES])
def test_changes_have_the_samples_shape(ask, sample, path, body, query):
    expected = json.loads((SAMPLES / f"{sample}.json").read_text(encoding="utf-8-sig"))
    reply = ask("PUT", path, body, **query)
    assert reply.status == 200
    assert problems(expected, reply.json) == []


@pytest.mark.parametrize(("sample", "statistics"), [("", "false"), ("_with_statistics", "true")])
def test_details_of_a_message_have_the_samples_shape(ask, sample, statistics):
    """But for the differences that are meant: BCC is a list as CC is, and data are what was sent."""
    expected = json.loads((SAMPLES / f"tx_message_details{sample}.json").read_text(encoding="utf-8-sig"))
    expected["Message"]["BCC"] = [expected["Message"]["BCC"]]
    del expected["Message"]["Data"]["new_password_url"]
    reply = ask("GET", "transactional/messages/{message}", statistics=statistics)
    assert problems(expected, reply.json) == []


@pytest.mark.parametrize("sample", ["tx_send_single", "tx_send_multiple"])
def test_what_was_sent_has_the_samples_shape(ask, sample):
    expected = json.loads((SAMPLES / f"{sample}.json").read_text(encoding="utf-8-sig"))
    body = {"To": [f"n{n}@example.com" for n in range(len(expected))], "ConsentToTrack": "Yes"}
    reply = ask("POST", "transactional/smartEmail/{smart}/send", body)
    assert (reply.status, len(reply.json)) == (202, len(expected))
    assert problems(expected, reply.json) == []
