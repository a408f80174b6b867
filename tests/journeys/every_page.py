"""Every page of the admin that can be looked at, with ids of the installation in its address."""

import json
from typing import Any, Final

from tests.faults.installation import ACTIVE, wait_until
from tests.journeys.browser import Admin
from tests.unit.web.test_addresses import EVERYTHING

FRAGMENTS = frozenset(
    "sync_run sync_existing job_run storage_estimate connections_sync_user_name connections_client_counts set_up_findings "
    "set_up_install_run set_up_estimate set_up_sync_run set_up_counts org_changes_last layouts_now import_status "
    "billing_bills moving_in_run moving_in_found".split()
)
"""Parts of pages, without a frame of their own."""
ELSEWHERE = frozenset(
    "healthz readyz metrics sign_in_link sign_in_salesforce sign_in_salesforce_callback connections_callback "
    "connections_account_callback set_up_package go".split()
)
"""Doors and files."""


KEY_REVOKED: Final[dict[str, Any]] = {
    "fault": "status",
    "status": 401,
    "body": {"Code": 50, "Message": "Must supply a valid HTTP Basic Authorization header"},
    "times": None,
    "match": {"path": "/api/"},
}
"""What Campaign Monitor says to everything once somebody revoked the API key."""


def names() -> list[str]:
    """The names of the addresses of all pages."""
    return [
        name
        for name, (path, stranger, methods) in EVERYTHING.items()
        if stranger in (200, 302)
        and "GET" in methods.split()
        and name not in FRAGMENTS | ELSEWHERE
        and not path.endswith(".csv")
        and not path.startswith("/api/")
    ]


def address(admin: Admin, name: str) -> str:
    """Where the page is in this installation: a job with refused rows, the first list, client, campaign and message."""
    found = admin.fairlead
    path = EVERYTHING[name][0]
    client, listed = found.rows("SELECT client_id, list_id FROM members_listreading ORDER BY id LIMIT 1")[0]
    job = found.rows("SELECT max(job_id) FROM store_rowrefusal")[0][0]
    campaign = found.rows("SELECT campaign FROM campaigns_sentcampaign ORDER BY campaign LIMIT 1")
    places = {
        "/clients/x/": f"/clients/{client}/",
        "/lists/x/": f"/lists/{listed}/",
        "/lists/unknown/": f"/lists/{listed}/",
        "/primary_sync/abc/": f"/members/{listed}/",
        "/mappings/abc/": f"/mappings/{listed}/",
        "/jobs/1/": f"/jobs/{job}/",
        "/rules/8/": f"/rules/{_rule(admin, listed)}/" if "/rules/8/" in path else "",
        "/transactional/abc7/": f"/transactional/{_mapping(admin, client)}/" if "/abc7/" in path else "",
        "/people/1/": f"/people/{_person(admin)}/" if path == "/people/1/" else "",
        "/campaigns/x/": f"/campaigns/{campaign[0][0]}/" if campaign else "/campaigns/",
        "/0123456789abcdef/": f"/{campaign[0][0]}/" if campaign else "/",
    }
    for of_nothing, real in places.items():
        path = path.replace(of_nothing, real)
    if "/messages/" in path:
        return f"/maintenance/messages/{_message(admin)}/"
    if path.startswith("/imports/1/"):
        one, run = _import(admin, listed)
        return path.replace("/imports/1/", f"/imports/{one}/").replace("/runs/1/", f"/runs/{run}/")
    return path


def _message(admin: Admin) -> int:
    """A message, of a sync that found the API key revoked; made where there is none."""
    newest = "SELECT max(id) FROM maintenance_message"
    if admin.fairlead.rows(newest)[0][0] is None:
        admin.fairlead.fault("campaign_monitor", **KEY_REVOKED)
        admin.fairlead.sync(code=1)
        admin.fairlead.clear_faults()
    return int(admin.fairlead.rows(newest)[0][0])


def _person(admin: Admin) -> str:
    """A contact who is on a list."""
    members = admin.fairlead.truth().members
    return next(str(row["Contact__c"]) for row in members if row["Contact__c"] and row["State__c"] == "Active")


def _import(admin: Admin, listed: str) -> tuple[int, int]:
    """An import to the list that has run, and its run; made where there is none."""
    newest = "SELECT owner_id, job FROM import_wizard_importrun ORDER BY id DESC LIMIT 1"
    if not admin.fairlead.rows(newest):
        query = "SELECT Id, Email, FirstName FROM Contact"
        told = admin.fairlead.run(
            "imports", "set", "--list", listed, "--soql", query, "--name", "Contacts", "--hours", "1"
        )
        admin.fairlead.run("imports", "run", str(told["import"]["number"]))
        wait_until(lambda: not admin.fairlead.rows(ACTIVE), 60)
    one, run = admin.fairlead.rows(newest)[0]
    return int(one), int(run)


def _mapping(admin: Admin, client: str) -> str:
    """A mapping of a smart e-mail; made where there is none."""
    running = admin.fairlead
    found = running.run("transactional", "map", "list")["mappings"]
    if found:
        return str(found[0]["id"])
    assert running.emulators is not None
    smart = {
        "client": client,
        "name": "Thanks",
        "subject": "Welcome",
        "text": "Dear [name]",
        "html": "<p>Dear [name]</p>",
    }
    running.emulators.post("campaign_monitor", "/_control/smart_emails", smart)
    running.run("transactional", "refresh")

    def mirrored() -> list[str]:
        return [one["id"] for one in running.run("transactional", "list")["smart_emails"] if one["name"] == "Thanks"]

    wait_until(mirrored, 60)
    told = {
        "smart": mirrored()[0],
        "object": "Contact",
        "name": "Thanks",
        "variables": [{"name": "name", "field": "FirstName"}],
        "recipients": [{"kind": "To", "source": "field", "value": "Email"}],
    }
    file = running.home / "smart.json"
    file.write_text(json.dumps(told))
    running.run("transactional", "map", "set", str(file))
    file.unlink()
    return str(running.run("transactional", "map", "list")["mappings"][0]["id"])


def _rule(admin: Admin, listed: str) -> int:
    """A subscriber rule of the list, disabled; made where there is none."""
    found = admin.fairlead.rows("SELECT min(id) FROM subscriber_rules_rule")[0][0]
    if found is None:
        file = admin.fairlead.home / "rule.json"
        file.write_text(json.dumps({"list": listed, "name": "Everybody"}))
        found = admin.fairlead.run("rules", "set", str(file))["rule"]["id"]
        file.unlink()
    return int(found)
