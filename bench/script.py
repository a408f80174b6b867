"""What a user would write: glue `createsend` to `simple-salesforce`. `python -m bench.script URL_CM URL_SF`

The same job: read all subscribers of all lists and states, match them by address, write them as members in bulk.
"""

import http.client
import json
import sys
from datetime import UTC, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import createsend.createsend
import requests
from createsend import Client, CreateSend, List
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce

AUTH = {"api_key": "replay"}
LONDON = ZoneInfo("Europe/London")
BATCH = 50_000


def to_utc(text):
    wall = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=LONDON)
    return wall.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class PlainHttp(HTTPAdapter):
    """simple-salesforce speaks https only; the replay server does not."""

    def send(self, request, **how):
        request.url = request.url.replace("https:", "http:", 1)
        return super().send(request, **how)


def open_salesforce(url):
    session = requests.Session()
    session.mount("https://", PlainHttp())
    return Salesforce(instance=urlsplit(url).netloc, session_id="replay", version="60.0", session=session)


def addresses(sf):
    contacts, leads = {}, {}
    for row in sf.query_all_iter("SELECT Id, Email, LastModifiedDate FROM Contact WHERE Email != null"):
        contacts[row["Email"].lower()] = row["Id"]
    for row in sf.query_all_iter(
        "SELECT Id, Email, LastModifiedDate FROM Lead WHERE Email != null AND IsConverted = false"
    ):
        leads[row["Email"].lower()] = row["Id"]
    return contacts, leads


def subscribers(one):
    for read in (one.active, one.unconfirmed, one.unsubscribed, one.bounced, one.deleted):
        number, pages = 1, 1
        while number <= pages:
            page = read(page=number, order_field="date")
            pages = page.NumberOfPages
            yield from page.Results
            number += 1


def record(list_id, row, contacts, leads):
    email = row.EmailAddress.lower()
    return {
        "Member_Key__c": f"{list_id}:{email}",
        "List__r.List_Id__c": list_id,
        "Email__c": row.EmailAddress,
        "Full_Name__c": row.Name,
        "State__c": row.State,
        "State_Date__c": to_utc(row.Date),
        "Joined_Date__c": to_utc(row.ListJoinedDate),
        "Contact__c": contacts.get(email, ""),
        "Lead__c": leads.get(email, ""),
        "Reads_Email_With__c": row.ReadsEmailWith,
        "Custom_Fields__c": "\n".join(f"{field.Key}: {field.Value}" for field in row.CustomFields),
        "Sync_Run__c": "1",
    }


def write(sf, records):
    results = sf.bulk2.CM_Member__c.upsert(records=records, external_id_field="Member_Key__c", wait=0)
    assert sum(result["numberRecordsFailed"] for result in results) == 0


def main():
    url_cm, url_sf = sys.argv[1:3]
    createsend.createsend.VerifiedHTTPSConnection = http.client.HTTPConnection
    CreateSend.base_uri = f"{url_cm}/api/v3.3"
    sf = open_salesforce(url_sf)
    contacts, leads = addresses(sf)
    rows, records = 0, []
    for client in CreateSend(AUTH).clients():
        for listed in Client(AUTH, client.ClientID).lists():
            for row in subscribers(List(AUTH, listed.ListID)):
                records.append(record(listed.ListID, row, contacts, leads))
                rows += 1
                if len(records) == BATCH:
                    write(sf, records)
                    records = []
    if records:
        write(sf, records)
    print(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main()
