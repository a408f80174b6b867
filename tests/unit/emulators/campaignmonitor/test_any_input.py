"""Whatever is sent to whichever endpoint: the answer is JSON or empty, comes soon, and is no failure of the account."""

import asyncio
import json
import os
import time
from base64 import b64encode
from functools import cache
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairlead_emulators.campaignmonitor.api import Later
from fairlead_emulators.campaignmonitor.app import ROOMS, create
from fairlead_emulators.campaignmonitor.switches import SWITCHES
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import LONDON, SYDNEY
from tests.unit.emulators.campaignmonitor.conftest import NOON, SPEC

EXAMPLES = int(os.environ.get("FAIRLEAD_TEST_ANY_INPUT", "120"))
SOON_S = 5
ENDPOINTS = [endpoint for room in ROOMS for endpoint in room.endpoints]
WIDE = {
    **SPEC["clients"][0]["lists"][0],
    "people": [[0, 25]],
    "segments": [{"title": "Some", "groups": [[{"type": "EmailAddress", "clause": "CONTAINS a"}]]}],
    "webhooks": [{"url": "http://127.0.0.1:9/"}],
}
CLIENT = {
    **SPEC["clients"][0],
    "lists": [WIDE, *SPEC["clients"][0]["lists"][1:]],
    "templates": [{"name": "Monthly"}],
    "campaigns": [
        {"name": "Sent", "lists": ["Wide"], "sent_days_ago": 9, "tags": ["News"]},
        {"name": "Later", "lists": ["Wide too"], "scheduled_in_days": 2},
        {"name": "Draft", "lists": ["Wide"], "segments": ["Some"]},
    ],
    "journeys": [{"name": "Welcome", "list": "Wide", "emails": [{"name": "Hello"}], "history_days": 900}],
    "smart_emails": [{"name": "Welcome", "subject": "Hello", "status": "active", "list": "Wide", "messages": [0, 3]}],
    "classic_emails": [{"group": "Reset", "subject": "Reset", "messages": [5, 3]}],
}
ACCOUNT = {**SPEC, "clients": [CLIENT, SPEC["clients"][1]]}
QUERIES = (
    "page", "pagesize", "orderfield", "orderdirection", "date", "email", "includetrackingpreference", "pretty",
    "includesmspreference", "includetrackinginformation", "domain", "clientID", "status", "count", "from", "to",
    "timezone", "group", "smartEmailID", "sentBeforeID", "sentAfterID", "statistics", "sentfromdate", "senttodate", "tags",
)  # fmt: skip
SAID = (
    "", " ", "a@example.com", "admin@example.com", "nobody", "true", "False", "1", "0", "-1", "10", "1000", "9" * 30, "1e9",
    "2026-07-15", "2026-07-15 12:00", "0001-01-01", "9999-12-31 23:59:59", "2026-02-30", "email", "date", "desc", "asc",
    "name", "Yes", "Unchanged", "EQUALS x", "CONTAINS a", "BETWEEN 1 AND 2", "BETWEEN 2026-01-01 AND 2026-02-01", "PROVIDED",
    "AFTER 0001-01-01", "EmailAddress", "[shoesize]", "[likes]", "tea", "DateSubscribed", "CampaignOpened", "a" * 32,
    "Text", "Number", "Date", "MultiSelectMany", "Country", "AllClientLists", "OnlyThisList", "https://www.example.com/",
    "http://[", "http://127.0.0.1:9/", "Subscribe", "json", "USD", "Australia", SYDNEY, LONDON, "+12025550100", "Wide",
    "utc", "client", "all", "none", "Unlimited", "mail.example.com", "x" * 300, "\x00", "'; --", "%", "東京 🚀", "İ", "ß",
)  # fmt: skip
ODD_BODIES = (
    b"", b" ", b"null", b"[]", b'""', b"0", b"true", b"{", b"\xff\xfe", b"\xef\xbb\xbf{}", b"NaN", b'{"Name":NaN}',
    b'{"EmailAddress":"\\ud800"}', b'{"Title":"\\udfff","Name":"\\ud800x"}', b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"Credits":1e999}', b'{"Credits":' + b"9" * 5_000 + b"}", b'{"Data":' + b"[" * 900 + b"]" * 900 + b"}",
)  # fmt: skip

# What is likely to be accepted under a name; what is in << >> is filled in from the account.
LIKELY = {
    "emailaddress": ["<<member>>", "<<person>>", "new@example.com"],
    "emailaddresses": [["<<member>>"], ["new@example.com"]],
    "email": ["<<member>>", "<<person>>", "admin@example.com"],
    "companyname": ["Company"],
    "country": ["Australia"],
    "title": ["Title", "Wide", "Some"],
    "name": ["Name"],
    "currency": ["USD"],
    "chrome": ["all"],
    "url": ["/", "http://127.0.0.1:9/"],
    "integratorid": ["abc"],
    "payloadformat": ["json", "xml"],
    "events": [["Subscribe"], ["Update", "Deactivate"]],
    "fieldname": ["Field", "Website"],
    "datatype": ["Text", "Number", "Date", "Country", "USState", "MultiSelectMany"],
    "htmlpageurl": ["https://www.example.com/"],
    "consenttotrack": ["Yes", "No", "Unchanged"],
    "ruletype": [
        "EmailAddress",
        "Name",
        "DateSubscribed",
        "[shoesize]",
        "[likes]",
        "[born]",
        "CampaignOpened",
        "Location",
    ],
    "clause": ["CONTAINS a", "EQUALS tea", "BETWEEN 1 AND 2", "AFTER 2026-01-01", "PROVIDED", "EQUALS " + "a" * 32],
    "eventname": ["Bought"],
    "contactid": [{"email": "<<member>>"}],
    "domain": ["mail.example.com"],
    "key": ["[website]", "[shoesize]", "[born]", "[likes]"],
    "from": ["Sender <sender@example.com>", "2026-07-01"],
    "to": [["<<member>>"], "2026-07-31"],
    "clientid": ["<<client>>"],
    "timezone": ["utc", SYDNEY],
    "listids": [["<<list>>"]],
    "segmentids": [["<<segment>>"], []],
    "templateid": ["<<template>>"],
    "templatecontent": [{}],
    "subject": ["Subject"],
    "fromname": ["From"],
    "fromemail": ["f@example.com", "[email,fallback=f@example.com]"],
    "replyto": ["f@example.com"],
    "htmlurl": ["https://www.example.com/"],
    "confirmationemail": ["f@example.com"],
    "senddate": ["Immediately", "2026-08-01 12:00", "2026-07-01"],
    "previewrecipients": [["f@example.com"]],
    "personalize": ["Fallback", "Random", "<<member>>"],
    "destinationlistid": ["<<list>>"],
    "destinationclientid": ["<<client>>"],
    "sentfromdate": ["2026-07-01"],
    "senttodate": ["2026-07-15 12:00", "2026-07-01"],
    "tags": ["News", "news,other"],
    "pagesize": ["10", "1000"],
    "orderfield": ["email", "date", "name", "list"],
}
words = st.one_of(st.sampled_from(SAID), st.text(max_size=20))
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from([2**63, 10**400, -1, 0]), st.floats(allow_nan=False), words
)


def _beside(one, other):
    return one.rpartition(".")[0] == other.rpartition(".")[0]


def posted_by(module):
    """The body's types that a module reads."""
    found = vars(__import__(module, fromlist=["_"])).values()
    return [
        each
        for each in found
        if isinstance(each, type) and issubclass(each, msgspec.Struct) and _beside(each.__module__, module)
    ]


def likely(name, others):
    """Mostly what is likely under that name."""
    if name.lower() not in LIKELY:
        return others
    return st.one_of(*[st.sampled_from(LIKELY[name.lower()])] * 5, others)


def values_of(info):
    """Values of a type as msgspec describes it."""
    match info:
        case msgspec.inspect.StructType(fields=fields):
            known = {field.encode_name: likely(field.encode_name, values_of(field.type)) for field in fields}
            always = {name: each for name, each in known.items() if name in LIKELY}
            return st.fixed_dictionaries(always, optional={name: known[name] for name in known if name not in always})
        case msgspec.inspect.UnionType(types=types):
            return st.one_of([values_of(each) for each in types])
        case msgspec.inspect.ListType(item_type=item) | msgspec.inspect.CollectionType(item_type=item):
            return st.lists(values_of(item), max_size=3)
        case msgspec.inspect.StrType():
            return words
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.IntType():
            return st.one_of(st.integers(-3, 2000), st.integers())
        case msgspec.inspect.FloatType():
            return st.floats(allow_nan=False, allow_infinity=False)
        case msgspec.inspect.NoneType():
            return st.none()
    return st.recursive(
        scalars, lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(words, deeper, max_size=3)
    )


@cache
def bodies(module):
    """Bodies that a module may be sent: mostly of its own types, some with a value that is wrong."""
    right = [values_of(msgspec.inspect.type_info(each)) for each in posted_by(module)]
    anything = st.dictionaries(st.sampled_from(["Title", "Name", "EmailAddress", "Rules", "Data", "Options"]), scalars)
    wrong = [st.tuples(each, anything).map(lambda both: {**both[0], **both[1]}) for each in right]
    written = st.one_of(*right, *right, *wrong, anything).map(lambda body: json.dumps(body).encode())
    return st.one_of(written, written, written, st.sampled_from(ODD_BODIES))


def module_of(endpoint):
    """Where an endpoint is carried out."""
    return getattr(endpoint.handler, "func", endpoint.handler).__module__


@st.composite
def requests(draw):
    """An endpoint, what stands for its ids, a query and a body."""
    endpoint = draw(st.sampled_from(ENDPOINTS))
    parts = [draw(st.integers(0, 1000)) for part in endpoint.path.split("/") if part.startswith("{")]
    odd = [draw(st.one_of(st.none(), st.none(), st.none(), words)) for _ in parts]
    names = draw(st.lists(st.sampled_from(QUERIES), max_size=4, unique=True))
    query = {name: draw(likely(name, words)) for name in {*names, "email", "clientID"}}
    version = draw(st.sampled_from(["3", "3.1", "3.3", "3.3", "3.3"]))
    return endpoint, parts, odd, query, version, draw(bodies(module_of(endpoint)))


def filled(emulator, text):
    """Puts into a text what stands for parts of the account."""
    for name, table, column in (
        ("member", "subscribers", "address"),
        ("person", "persons", "address"),
        ("client", "clients", "id"),
        ("list", "lists", "id"),
        ("segment", "segments", "id"),
        ("template", "templates", "id"),
    ):
        if f"<<{name}>>" in text:
            found = emulator.store.db.execute(f"SELECT {column} FROM {table} ORDER BY {column} LIMIT 1").fetchone()
            text = text.replace(f"<<{name}>>", found[0] if found else "gone@example.com")
    return text


def ids(emulator, name, prefix):
    """The ids that may stand for a part of a path."""
    db = emulator.store.db
    if name == "key":
        return [key for (key,) in db.execute("SELECT key FROM custom_fields ORDER BY list, key")]
    if name == "kind":
        return ["custom", "identify", "shopify"]
    tables = {table for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table in (f"{name}s", prefix, "smart_emails" if "smart" in prefix else "", "tx_messages"):
        if table in tables and any(row[1] == "id" for row in db.execute(f"PRAGMA table_info({table})")):
            return [str(identity) for (identity,) in db.execute(f"SELECT id FROM {table} ORDER BY id")]
    return []


def path_of(emulator, endpoint, parts, odd):
    """The path with ids put in."""
    numbers = iter(zip(parts, odd, strict=True))
    split, made = endpoint.path.split("/"), []
    for at, part in enumerate(split):
        if not part.startswith("{"):
            made.append(part)
            continue
        number, text = next(numbers)
        known = ids(emulator, part.strip("{}"), "webhooks" if "webhooks" in split[:at] else split[0])
        made.append(quote(text or (known[number % len(known)] if known else "none"), safe=""))
    return "/".join(made)


@pytest.fixture(scope="module")
def emulator():
    return create(Clock())


@settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 120, suppress_health_check=list(HealthCheck))
@given(
    sent=st.lists(requests(), min_size=1, max_size=12),
    chosen=st.dictionaries(
        st.sampled_from(sorted(name for name, each in SWITCHES.items() if each.choices)), st.integers(0, 9), max_size=3
    ),
)
def test_every_input_is_answered(emulator, sent, chosen):
    emulator.clock.set(NOON)
    switches = {name: SWITCHES[name].choices[n % len(SWITCHES[name].choices)] for name, n in chosen.items()}
    emulator.seed({**ACCOUNT, "settings": {**switches, "webhook_hosts": "local", "webhook_timeout_seconds": 1}})
    key = b64encode((emulator.ready()["api_key"] + ":x").encode()).decode()
    for endpoint, parts, odd, query, version, body in sent:
        path = f"/api/v{version}/{path_of(emulator, endpoint, parts, odd)}.json"
        begun = time.monotonic()
        query = urlencode({name: filled(emulator, str(value)) for name, value in query.items()})
        body = filled(emulator, body.decode("latin-1")).encode("latin-1")
        headers = {"authorization": f"Basic {key}", "accept": "*/*"}
        done = emulator._api.work(endpoint.method, path, query, headers, body)
        if isinstance(done, Later):
            done = asyncio.run(emulator._api._waited_for(done))
        assert time.monotonic() - begun < SOON_S, path
        assert done.status < 500, (path, done)
        if done.body:
            json.loads(done.body)
        emulator.clock.advance(1)
