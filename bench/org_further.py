"""What else the local org ingests under load: members with look-ups by external id, campaign members, updates, deletions."""

import json
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.org_load import DATA, JOB_ROWS, Org, say
from fairlead.salesforce.package import package_from_source

SOURCES = Path(__file__).parents[1] / "salesforce"
MEMBER = "Member_Key__c,Email__c,Full_Name__c,State__c,State_Date__c,Contact__c,List__c,Sync_Run__c"


def further(org: Org, count: int) -> None:
    """Jobs on so many of the contacts that are there, and their members of a list and of a campaign."""
    deploy(org)
    people = [each["Id"] for each in _all(org, f"SELECT Id FROM Contact LIMIT {count}")]
    on = _made(org, "CM_List__c", {"Name": "Everyone", "List_Id__c": "a" * 32})
    sent = _made(org, "Campaign", {"Name": "Monthly news"})
    for name, state in (("members, new", "Active"), ("members, known", "Active"), ("members, changed", "Unsubscribed")):
        rows = (
            f"{n:032x},n{n}@example.com,First Last{n},{state},2026-01-31T10:00:00.000Z,{who},{on},1"
            for n, who in enumerate(people)
        )
        upsert = {"object": "CM_Member__c", "operation": "upsert", "externalIdFieldName": "Member_Key__c"}
        job(org, name, upsert, MEMBER, list(rows))
    members = {"object": "CampaignMember", "operation": "insert"}
    job(org, "campaign members", members, "CampaignId,ContactId,Status", [f"{sent},{who},Sent" for who in people])
    opted_out = {"object": "Contact", "operation": "update"}
    job(org, "contacts, changed", opted_out, "Id,HasOptedOutOfEmail", [f"{who},true" for who in people])
    job(org, "contacts, deleted", {"object": "Contact", "operation": "delete"}, "Id", people)


def deploy(org: Org) -> None:
    """Our objects. Raises RuntimeError when the org refuses them."""
    edge = uuid.uuid4().hex
    options = json.dumps({"deployOptions": {"singlePackage": True, "rollbackOnError": True}})
    head = f'--{edge}\r\nContent-Disposition: form-data; name="json"\r\nContent-Type: application/json\r\n\r\n{options}\r\n'
    head += f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="deploy.zip"\r\n'
    head += "Content-Type: application/zip\r\n\r\n"
    body = head.encode() + package_from_source(SOURCES, "60.0") + f"\r\n--{edge}--\r\n".encode()
    path = f"{DATA}/metadata/deployRequest"
    begun = json.loads(org.ask("POST", path, body, f"multipart/form-data; boundary={edge}"))
    while not (result := org.json("GET", f"{path}/{begun['id']}")["deployResult"])["done"]:
        time.sleep(0.1)
    if not result["success"]:
        raise RuntimeError(f"the deployment failed: {result}")


def job(org: Org, name: str, asked: dict[str, Any], header: str, rows: list[str]) -> None:
    """One kind of job, in as many jobs as its rows need, measured."""
    took, (cpu, _) = 0.0, org.spent()
    for first in range(0, len(rows), JOB_ROWS):
        body = "\n".join([header, *rows[first : first + JOB_ROWS], ""]).encode()
        began = time.perf_counter()
        path = f"{DATA}/jobs/ingest/{org.json('POST', f'{DATA}/jobs/ingest', asked | {'lineEnding': 'LF'})['id']}"
        org.ask("PUT", f"{path}/batches", body, "text/csv")
        org.json("PATCH", path, {"state": "UploadComplete"})
        org.finish(path)
        took += time.perf_counter() - began
    used = org.spent()[0] - cpu
    say(name, took, f"{len(rows) / took:,.0f} rows/s, {len(rows) / max(used, 0.01):,.0f} rows/CPU-s")


def _all(org: Org, text: str) -> Iterable[dict[str, Any]]:
    answer = org.query(text)
    yield from answer["records"]
    while not answer["done"]:
        answer = org.json("GET", answer["nextRecordsUrl"])
        yield from answer["records"]


def _made(org: Org, sobject: str, fields: dict[str, Any]) -> str:
    return str(org.json("POST", f"{DATA}/sobjects/{sobject}", fields)["id"])
