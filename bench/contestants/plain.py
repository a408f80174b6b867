"""What the script and the dlt pipeline share: the org through `simple-salesforce`, and rows as a plain program makes them."""

import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

from bench.contestants.telling import tell

LONDON = ZoneInfo("Europe/London")
BATCH = 50_000
PER_CALL = 1_000
LIST = "1" * 32
"""The list that is imported to."""
STATES = ("active", "unconfirmed", "unsubscribed", "bounced", "deleted")
KINDS = ("recipients", "opens", "clicks", "bounces", "unsubscribes", "spam")
IMPORTED = "SELECT Id, Email, FirstName, LastName FROM Contact"
YESTERDAY = "2025-12-31"
"""Where an hourly job of the replayed world begins to read."""

Ids = tuple[dict[str, str], dict[str, str]]


class PlainHttp(HTTPAdapter):
    """simple-salesforce speaks https only; the replay server does not."""

    def send(self, request: Any, *args: Any, **how: Any) -> Any:
        request.url = request.url.replace("https:", "http:", 1)
        return super().send(request, *args, **how)


def open_salesforce(url: str) -> Salesforce:
    session = requests.Session()
    session.mount("https://", PlainHttp())
    return Salesforce(instance=urlsplit(url).netloc, session_id="replay", version="60.0", session=session)


def to_utc(text: str) -> str:
    wall = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=LONDON)
    return wall.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def addresses(sf: Salesforce) -> Ids:
    """Contact ids and lead ids by address: all of them, as nobody knows beforehand who will come."""
    contacts, leads = {}, {}
    for row in sf.query_all_iter("SELECT Id, Email, LastModifiedDate FROM Contact WHERE Email != null"):
        contacts[row["Email"].lower()] = row["Id"]
    for row in sf.query_all_iter(
        "SELECT Id, Email, LastModifiedDate FROM Lead WHERE Email != null AND IsConverted = false"
    ):
        leads[row["Email"].lower()] = row["Id"]
    return contacts, leads


def member(list_id: str, row: Mapping[str, Any], ids: Ids) -> dict[str, str]:
    """A subscriber, as a mapping of the API's own names, as a record of the org."""
    email = row["EmailAddress"].lower()
    return {
        "Member_Key__c": f"{list_id}:{email}",
        "List__r.List_Id__c": list_id,
        "Email__c": row["EmailAddress"],
        "Full_Name__c": row["Name"],
        "State__c": row["State"],
        "State_Date__c": to_utc(row["Date"]),
        "Joined_Date__c": to_utc(row["ListJoinedDate"]),
        "Contact__c": ids[0].get(email, ""),
        "Lead__c": ids[1].get(email, ""),
        "Reads_Email_With__c": row["ReadsEmailWith"],
        "Custom_Fields__c": "\n".join(f"{field['Key']}: {field['Value']}" for field in row["CustomFields"]),
        "Sync_Run__c": "1",
    }


class Events:
    """Events as records of the org; equal ones are told apart by their ordinal."""

    def __init__(self, ids: Ids) -> None:
        self._ids, self._seen = ids, dict[str, int]()

    def record(self, campaign: str, sent: str, kind: str, row: Mapping[str, Any]) -> dict[str, str]:
        email, date = row["EmailAddress"].lower(), row.get("Date") or sent
        key = f"{campaign}:{kind}:{email}:{date}:{row.get('URL', '')}"
        ordinal = self._seen[key] = self._seen.get(key, 0) + 1
        return {
            "Tracking_Key__c": f"{key}:{ordinal}",
            "Activity__c": kind,
            "Activity_Date__c": to_utc(date),
            "Email__c": row["EmailAddress"],
            "Campaign__r.Campaign_Id__c": campaign,
            "List__r.List_Id__c": row["ListID"],
            "Contact__c": self._ids[0].get(email, ""),
            "Lead__c": self._ids[1].get(email, ""),
            "URL_Clicked__c": row.get("URL", ""),
            "Bounce_Type__c": row.get("BounceType", ""),
            "Bounce_Reason__c": row.get("Reason", ""),
            "IP_Address__c": row.get("IPAddress", ""),
            "City__c": row.get("City", ""),
            "Region__c": row.get("Region", ""),
            "Country_Code__c": row.get("CountryCode", ""),
            "Country_Name__c": row.get("CountryName", ""),
            "Location__Latitude__s": str(row.get("Latitude", "")),
            "Location__Longitude__s": str(row.get("Longitude", "")),
            "Sync_Run__c": "1",
        }


def subscriber(row: Mapping[str, Any]) -> dict[str, Any]:
    """A contact as an import call takes it."""
    name = f"{row['FirstName']} {row['LastName']}"
    return {"EmailAddress": row["Email"], "Name": name, "CustomFields": [], "ConsentToTrack": "Unchanged"}


def bulk(sf: Salesforce) -> Any:
    """Its door to Bulk 2.0."""
    return sf.bulk2


def upsert_members(sf: Salesforce, records: list[dict[str, str]]) -> None:
    _upsert(bulk(sf).CM_Member__c, "Member_Key__c", records)


def upsert_events(sf: Salesforce, records: list[dict[str, str]]) -> None:
    _upsert(bulk(sf).CM_Tracking__c, "Tracking_Key__c", records)


def _upsert(door: Any, key: str, records: list[dict[str, str]]) -> None:
    results = door.upsert(records=records, external_id_field=key, wait=0)
    assert sum(result["numberRecordsFailed"] for result in results) == 0


def in_batches(records: Iterable[Any], size: int, write: Callable[[list[Any]], None]) -> int:
    """Hand records over so many at a time; how many there were."""
    count, batch = 0, []
    for record in records:
        batch.append(record)
        if len(batch) == size:
            write(batch)
            count, batch = count + size, []
    if batch:
        write(batch)
    return count + len(batch)


def main(jobs: Mapping[str, Callable[[str], int]]) -> None:
    """`JOB URL` on the command line; tells how many rows the job read, and the processor time of it."""
    tell(lambda: jobs[sys.argv[1]](sys.argv[2]))
