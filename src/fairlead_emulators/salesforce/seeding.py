"""Fills an org: the rows every org has, then contacts and leads drawn from the shared universe of people."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from fairlead_emulators.filling import Tell, to_nobody
from fairlead_emulators.people import Person, person
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.model.values import stamp
from fairlead_emulators.salesforce.packages.installing import install
from fairlead_emulators.salesforce.records import writes
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.settings import settings_changed
from fairlead_emulators.salesforce.tables import picklist_rows

Row = dict[str, Any]

_COMPANIES: Final = ("Harbour & Sons", "Café Zoë", 'The "Other" Company', "Nordlys AS", "Acme, Inc.", "Ünlü Ltd")
_SOURCES: Final = ("Web", "Phone Inquiry", "Partner Referral", "Other")
_CHUNK: Final = 10_000
LICENCES: Final = ("Salesforce", "Salesforce Platform", "Salesforce Integration")
_PROFILES: Final = (
    ("System Administrator", "Salesforce", ("PermissionsModifyAllData", "PermissionsCustomizeApplication")),
    ("Standard User", "Salesforce", ()),
    ("Standard Platform User", "Salesforce Platform", ()),
    ("Minimum Access - API Only Integrations", "Salesforce Integration", ()),
)
"""Name, licence, and what it may do beside using the API. The admin's is the first."""
MIRRORS: Final = frozenset({"ListView", "Report", "Dashboard", "CustomNotificationType"}) | picklist_rows.OBJECTS


def lay_ground(org: Org) -> None:
    """The rows that an empty org has: itself, a profile, the admin."""
    me = org.identity
    insert(
        org,
        "Organization",
        [
            {
                "Name": "Fairlead Demo",
                "InstanceName": "LOCAL",
                "OrganizationType": "Enterprise Edition",
                "TimeZoneSidKey": "UTC",
                "LanguageLocaleKey": "en_US",
            }
        ],
    )
    licences = dict(zip(LICENCES, insert(org, "UserLicense", [_licence(name) for name in LICENCES]), strict=True))
    for name, licence, may in _PROFILES:
        profile = {"Name": name, "UserType": "Standard", "UserLicenseId": licences[licence]}
        insert(org, "Profile", [profile | dict.fromkeys(("PermissionsApiEnabled", *may), True)])
    admin = {"Username": me.username, "FirstName": "Ada", "LastName": "Admin", "Email": "admin@example.com"}
    insert(org, "User", [admin | {"Alias": "admin", "ProfileId": me.profile_id}])


def _licence(name: str) -> Row:
    return {"Name": name, "LicenseDefinitionKey": name.upper().replace(" ", "_")}


def insert(org: Org, sobject: str, records: Sequence[Row]) -> list[str]:
    """Inserts rows past the API: system dates may be set. Raises ValueError when a row is refused."""
    target = org.storage.whole.object(sobject)
    if target is None:
        raise ValueError(f"the org has no object {sobject!r}: deploy it first")
    ids: list[str] = []
    for start in range(0, len(records), _CHUNK):
        batch = from_json(org.storage.whole, target, records[start : start + _CHUNK])
        written = writes.write(org, "insert", batch, seeding=True)
        if written.errors:
            row, error = next(iter(written.errors.items()))
            raise ValueError(f"{sobject} row {start + row}: {error.code}: {error.message}")
        ids += [i for i in written.ids if i is not None]
    return ids


def fill(org: Org, spec: Mapping[str, Any], tell: Tell = to_nobody) -> dict[str, int]:
    """Lays a spec (see `fairlead_emulators.seeds`) on an empty org and returns counts by object.

    Beside `contacts` and `leads` a spec may have `installed: [package]`, `records: {object: [fields …]}` and
    `settings`; a record with a name, `#`, is what later ones call `#name` where they need its id.
    `tell` hears how far it is.
    """
    org.settings.clear()
    org.settings.update(spec.get("settings", {}))
    settings_changed(org)
    for package in spec.get("installed", ()):
        install(org, package)
    seed = int(spec.get("seed", 1))
    today = org.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    contacts: dict[int, str] = {}
    for entry in spec.get("contacts", ()):
        second = bool(entry.get("second"))
        for numbers in _chunks(entry):
            made = insert(org, "Contact", [_contact(n, seed, today, second=second) for n in numbers])
            for n, record_id in zip(numbers, made, strict=True):
                contacts.setdefault(n, record_id)
            tell("Contact", len(made))
    for entry in spec.get("leads", ()):
        for numbers in _chunks(entry):
            tell("Lead", len(insert(org, "Lead", _leads(entry, numbers, seed, today, contacts))))
    named: dict[str, str] = {}
    for sobject, records in spec.get("records", {}).items():
        tell(sobject, len(_insert_named(org, sobject, records, named)))
    return counts(org)


def _insert_named(org: Org, sobject: str, records: Sequence[Row], named: dict[str, str]) -> list[str]:
    """Rows may have a name, `#`, by which later ones say their id: `#name`."""
    rows = [
        {
            name: named.get(value, value) if isinstance(value, str) else value
            for name, value in row.items()
            if name != "#"
        }
        for row in records
    ]
    ids = insert(org, sobject, rows)
    named.update({f"#{row['#']}": id_ for row, id_ in zip(records, ids, strict=True) if "#" in row})
    return ids


def counts(org: Org) -> dict[str, int]:
    """Rows by object, without empty ones and those that only mirror deployed metadata."""
    return {name: count for name, count in org.storage.counts().items() if count and name not in MIRRORS}


def _contact(n: int, seed: int, today: datetime, *, second: bool) -> Row:
    draw = Random(f"{seed}:contact:{n}:{second}")
    return _person(person(n), draw, today, second=second) | {
        "Title": draw.choice((None, "Manager", "Engineer", "Owner")),
        "LeadSource": draw.choice(_SOURCES),
    }


def _chunks(entry: Mapping[str, Any]) -> Iterator[range]:
    """The persons of an entry, not too many at a time: rows in waiting take memory."""
    first, after = entry["first"], entry["first"] + entry["count"]
    for begin in range(first, after, _CHUNK):
        yield range(begin, min(begin + _CHUNK, after))


def _leads(
    entry: Mapping[str, Any], numbers: range, seed: int, today: datetime, contacts: Mapping[int, str]
) -> list[Row]:
    second, contact_of = bool(entry.get("second")), entry.get("contact_of")
    rows = []
    for n in numbers:
        draw = Random(f"{seed}:lead:{n}:{second}")
        row = _person(person(n), draw, today, second=second)
        row |= {"Company": draw.choice(_COMPANIES), "LeadSource": draw.choice(_SOURCES)}
        if contact_of is not None:
            row |= {
                "IsConverted": True,
                "Status": "Closed - Converted",
                "ConvertedContactId": contacts[contact_of + n - entry["first"]],
                "ConvertedDate": row["LastModifiedDate"][:10],
            }
        rows.append(row)
    return rows


def _person(who: Person, draw: Random, today: datetime, *, second: bool) -> Row:
    created = today - timedelta(seconds=draw.randrange(400 * 86_400, 1_200 * 86_400))
    modified = today - timedelta(seconds=draw.randrange(2 * 86_400, 390 * 86_400))
    email: str | None = who.email
    if second and draw.random() < 0.5:
        email = who.email.swapcase()
    if len(who.email) > 80:
        email = None  # what an Email field cannot hold, an org cannot have
    return {
        "FirstName": who.first[:40],
        "LastName": who.last[:80],
        "Email": email,
        "Phone": who.phone,
        "CreatedDate": stamp(created),
        "LastModifiedDate": stamp(modified),
        "SystemModstamp": stamp(modified),
    }
