"""A known person is synced in every way there is; afterwards nothing of the person is found in anything Fairlead keeps."""

import base64
import gzip
import json
import re
import subprocess
import sys
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from fairlead.store import postgres
from fairlead.store.binaries import PostgresFailed, programs
from tests.faults.installation import Installation
from tests.faults.test_kill_records import choose

SEED = {
    "campaign_monitor": {
        "clients": [
            {
                "name": "Canary & Co",
                "country": "Australia",
                "time_zone": "(GMT+10:00) Canberra, Melbourne, Sydney",
                "lists": [
                    {"title": "Large", "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList",
                     "custom_fields": [{"name": "Remarks", "type": "Text"}], "people": [[0, 2100]]},
                    {"title": "Small", "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList",
                     "custom_fields": [{"name": "Remarks", "type": "Text"}], "people": [[100, 50]]},
                ],
            }
        ]
    },
    "salesforce": {"contacts": [{"first": 0, "count": 20, "second": False}], "leads": []},
}  # fmt: skip

TAG = "quokkazephyr"
"""A part of every address and custom value; of no other text."""
NAMES = ("Wilhelmtina", "Vandersnoot")
PHONE = "+12025550173"
PLAIN = f"{TAG}.plain@example.com"
REFUSED = f"{TAG}.{'r' * 50}@{'t' * 40}.example.com"  # longer than Salesforce takes
LOCKED = f"{TAG}.locked@example.org"
MAILED = f"{TAG}.mailed@example.org"
VALUE = f'{TAG} likes <pickles> & "brine"'

WORDS = tuple(word.encode() for word in (TAG, *NAMES, PHONE[1:], "202-555-0173", "(202) 555-0173"))


def wanted() -> list[tuple[str, bytes]]:
    """What is searched for, in lower case: each word as it is, as hex, as UTF-16, and as base64 in its three alignments."""
    found = []
    for word in WORDS:
        text = word.decode()
        found += [(text, word.lower()), (f"hex of {text}", word.hex().encode())]
        found.append((f"UTF-16 of {text}", text.encode("utf-16-le").lower()))
    return found


def encoded() -> list[tuple[str, bytes]]:
    """The base64 forms, which have cases: only what does not depend on the neighbours."""
    return [
        (f"base64 of {word.decode()}", base64.b64encode(b"\0" * shift + word)[shift and shift + 1 : len(word) // 3 * 4])
        for word in WORDS
        for shift in range(3)
        if len(word) > 9
    ]


def found_in(data: bytes) -> set[str]:
    """Which of the person's marks are in the bytes, or in what is packed in them by zlib or gzip."""
    texts = [data, *_unpacked(data)]
    marks = {name for text in texts for name, mark in wanted() if mark in text.lower()}
    return marks | {name for text in texts for name, mark in encoded() if mark in text}


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Streams of gzip and of zlib that begin anywhere in the bytes."""
    for start in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", data):
        try:
            yield zlib.decompressobj(wbits=47).decompress(data[start.start() : start.start() + 1_000_000])
        except zlib.error:
            continue


def files(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below the folders."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path, path.read_bytes()


def subscribe(fairlead: Installation, on: str, address: str) -> None:
    """Somebody with this address joins a list, by Campaign Monitor's own API."""
    body = {
        "EmailAddress": address,
        "Name": " ".join(NAMES),
        "MobileNumber": PHONE,
        "ConsentToSendSms": "Yes",
        "CustomFields": [{"Key": "Remarks", "Value": VALUE}],
        "Resubscribe": True,
        "ConsentToTrack": "Yes",
    }
    call(fairlead, f"subscribers/{on}", body)


def call(fairlead: Installation, path: str, body: dict[str, Any]) -> Any:
    """POST to Campaign Monitor's own API."""
    assert fairlead.emulators is not None
    key = fairlead.emulators.line["campaign_monitor"]["api_key"]
    headers = {
        "Content-Type": "application/json",
        "Authorization": "Basic " + base64.b64encode(f"{key}:x".encode()).decode(),
    }
    url = f"{fairlead.emulators.url('campaign_monitor')}/api/v3.3/{path}.json"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def create(fairlead: Installation, sobject: str, **fields: str) -> None:
    """Somebody makes this record in the org."""
    assert fairlead.emulators is not None
    person = {"FirstName": NAMES[0], "LastName": NAMES[1], "Email": PLAIN, "Phone": PHONE}
    fairlead.emulators.post(
        "salesforce", "/_control/act", {"act": "create", "object": sobject, "fields": {**person, **fields}}
    )


def live(fairlead: Installation) -> None:
    """The person's days with Fairlead: written by both doors, changed, refused, refused for now, and in runs that fail."""
    large, small = fairlead.lists()
    for on in (large, small):
        for address in (PLAIN, REFUSED, LOCKED):
            subscribe(fairlead, on, address)
    create(fairlead, "Contact")
    create(fairlead, "Lead", Company="Snoot")
    fairlead.sync("--full")
    assert TAG in json.dumps([dict(row) for row in fairlead.truth().members]), "the person was never synced"
    mailed(fairlead, small)
    fairlead.act(share=0.02, do="mixed", seed=1)
    subscribe(fairlead, small, f"{TAG}.later@example.net")
    lock: dict[str, Any] = {"fault": "row_lock", "match": {"object": "CM_Member__c"}, "data": {"rows": 500}}
    fairlead.fault("salesforce", **lock, times=None)
    fairlead.sync()
    assert fairlead.rows("SELECT count(*) FROM store_rowrefusal WHERE key_sealed IS NOT NULL") != [(0,)]
    fairlead.clear_faults()
    for number, (side, rule) in enumerate(ERRORS):
        subscribe(fairlead, small, f"{TAG}.{number}@example.net")
        fairlead.fault(side, times=None, **rule)
        fairlead.sync(code=1)
        fairlead.clear_faults()


def mailed(fairlead: Installation, on: str) -> None:
    """The person is mailed, opens and clicks, becomes a contact and a campaign member, is suppressed, and asked about."""
    assert fairlead.emulators is not None
    choose(fairlead, "suppression.sync", value=True)
    choose(fairlead, "record_creation.rule", "contact", on)
    choose(fairlead, "members.salesforce_id_field", "Remarks")
    subscribe(fairlead, on, MAILED)
    client = next(fairlead.emulators.get("campaign_monitor", "/_control/state"))["clients"][0]["id"]
    written = {
        "Name": "Canary", "Subject": "News", "FromName": "Canary & Co", "FromEmail": "news@example.com",
        "ReplyTo": "news@example.com", "HtmlUrl": "https://example.com/news", "ListIDs": [on],
    }  # fmt: skip
    sent = call(fairlead, f"campaigns/{client}", written)
    call(fairlead, f"campaigns/{sent}/send", {"ConfirmationEmail": "news@example.com", "SendDate": "Immediately"})
    fairlead.emulators.post("campaign_monitor", "/_control/clock", {"advance_seconds": 3 * 86_400})
    fairlead.sync()
    campaigns = [row["Id"] for row in records(fairlead, "CM_Campaign__c")]
    for record in campaigns:
        said = {"act": "create", "object": "Campaign", "fields": {"Name": record, "CM_Campaign__c": record}}
        fairlead.emulators.post("salesforce", "/_control/act", said)
    told = fairlead.sync()
    assert told["job"]["counts"]["campaign_members_written"] > 0
    assert TAG in json.dumps(records(fairlead, "CM_Tracking__c")), "the person was never mailed"
    assert any(MAILED == row["Email"] for row in records(fairlead, "Contact")), "no contact was made"
    asked_about(fairlead, MAILED)
    fairlead.run("records", "preview", "--list", on)
    fairlead.run("sync", "--full", "--clean", "--yes")


def records(fairlead: Installation, name: str) -> list[dict[str, Any]]:
    assert fairlead.emulators is not None
    return list(fairlead.emulators.get("salesforce", f"/_control/records?object={name}"))


def asked_about(fairlead: Installation, address: str) -> None:
    """`fairlead explain`, whose answer is for who asks alone: it goes to no log."""
    words = [sys.executable, "-m", "fairlead.cli", "explain", "-", "--json"]
    ended = subprocess.run(
        words, env=fairlead.environment(), input=address.encode(), capture_output=True, timeout=90, check=True
    )
    assert address.encode() in ended.stdout
    with fairlead.log.open("ab") as log:
        log.write(ended.stderr)


def whereabouts(fairlead: Installation) -> set[bytes]:
    """From where people opened and clicked: addresses of their machines, and their places, in lower case."""
    found = {str(row[name]) for row in records(fairlead, "CM_Tracking__c") for name in PLACES if row[name]}
    known = json.dumps(SEED).lower()  # a client's time zone names cities, too
    return {text.lower().encode() for text in found if text.lower() not in known and len(text) > 4}


PLACES = ("IP_Address__c", "City__c", "Region__c", "Location__Latitude__s", "Location__Longitude__s")
ADDRESSED = f"The value {PLAIN} of {' '.join(NAMES)} ({PHONE}) is not allowed: '{VALUE}'"
ERRORS: list[tuple[str, dict[str, Any]]] = [
    ("salesforce", {"fault": "storage_full", "match": {"object": "CM_Member__c"}}),
    (
        "salesforce",
        {
            "fault": "status",
            "status": 400,
            "body": [{"errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": ADDRESSED}],
            "match": {"path": "/composite/sobjects/CM_Member__c"},
        },
    ),
    (
        "campaign_monitor",
        {
            "fault": "status",
            "status": 400,
            "body": {"Code": 1, "Message": ADDRESSED},
            "match": {"path": "/active.json"},
        },
    ),
]


@pytest.fixture(scope="module")
def afterwards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation after all that; its worker still runs."""
    with Installation(tmp_path_factory.mktemp("canary") / "home", SEED, {"FAIRLEAD_LOG_LEVEL": "DEBUG"}) as fairlead:
        fairlead.start_worker()
        live(fairlead)
        with psycopg.connect(postgres.database_url(fairlead.home), autocommit=True) as database:
            database.execute("CHECKPOINT")
        yield fairlead


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """Planted in every form that is searched for, each mark is found; where nothing is planted, nothing is."""
    forms = {
        "as it is": f"x{PLAIN}x".encode(),
        "in capitals": VALUE.upper().encode(),
        "as hex": f"x{PLAIN}x".encode().hex().encode(),
        "as base64": base64.b64encode(f"id:{PLAIN}".encode()),
        "as UTF-16": PLAIN.encode("utf-16-le"),
        "gzipped": b"head" + gzip.compress(PLAIN.encode()) + b"tail",
        "zipped": b"head" + zlib.compress(NAMES[1].encode()) + b"tail",
        "name": NAMES[0].encode(),
        "phone": PHONE.encode(),
    }
    for name, data in forms.items():
        (tmp_path / name).write_bytes(data)
    assert {path.name for path, data in files(tmp_path) if found_in(data)} == set(forms)
    assert found_in(b"nobody@example.com \x78\x9cno stream") == set()


def test_no_file_of_fairlead_holds_the_person(afterwards: Installation) -> None:
    """Data folder, the cluster's tables, indexes and write-ahead log, and what every process printed: nothing; the control is found."""
    home, cluster = afterwards.home, postgres.place(afterwards.home).base
    control = home / "planted"
    control.write_text(f"{PLAIN} {NAMES[0]}")

    found = {path: marks for path, data in files(*{home, cluster}) if (marks := found_in(data))}

    assert found.pop(control)
    control.unlink()
    assert found == {}
    assert afterwards.log.stat().st_size > 1_000
    assert any(path.parent.name == "pg_wal" for path, _ in files(cluster))


def dump(fairlead: Installation) -> bytes:
    """The database as SQL; where no `pg_dump` comes along, every row of every table as text."""
    url = postgres.database_url(fairlead.home)
    try:
        tool = programs().folder / "pg_dump"
    except PostgresFailed:
        tool = Path("/nonexistent")
    if tool.exists():
        return subprocess.run([str(tool), "--dbname", url], check=True, capture_output=True, timeout=60).stdout
    with psycopg.connect(url) as database:
        tables = database.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'S', 'm')"
        ).fetchall()
        texts = []
        for (table,) in tables:
            query = sql.SQL("SELECT t::text FROM {} AS t").format(sql.SQL(table))
            texts += [str(row) for row in database.execute(query).fetchall()]
    return "\n".join(texts).encode()


def test_a_dump_of_the_database_does_not_hold_the_person(afterwards: Installation) -> None:
    """Whoever takes the database away learns of nobody; what was planted in it is found."""
    assert found_in(dump(afterwards)) == set()

    with psycopg.connect(postgres.database_url(afterwards.home)) as database:
        database.execute("CREATE TABLE planted AS SELECT %s::text AS mark", [PLAIN])
    try:
        assert found_in(dump(afterwards))
    finally:
        with psycopg.connect(postgres.database_url(afterwards.home)) as database:
            database.execute("DROP TABLE planted")


def test_nothing_at_rest_tells_from_where_somebody_read_a_mail(afterwards: Installation) -> None:
    """The addresses of machines and the places of events are in the org alone: not in the database, not in a log."""
    marks = whereabouts(afterwards)
    assert len([mark for mark in marks if mark.count(b".") == 3]) > 3, "no event came from anywhere"
    for kept in (dump(afterwards), afterwards.log.read_bytes()):
        text = kept.lower()
        assert {mark for mark in marks if re.search(rb"(?<![\d.])" + re.escape(mark) + rb"(?![\d])", text)} == set()
