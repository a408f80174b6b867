"""What somebody does in Salesforce reaches Campaign Monitor within seconds, by a real worker that hears of it by events."""

import base64
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.faults.installation import Installation, wait_until
from tests.faults.test_canary import dump
from tests.faults.whole import ZONE

pytestmark = pytest.mark.slow

SEED = {
    "campaign_monitor": {"clients": [{"name": "One", "country": "Australia", "time_zone": ZONE, "lists": [
        {"title": "News", "unsubscribe_setting": "OnlyThisList"}]}]},
    "salesforce": {"contacts": []},
}  # fmt: skip
SECONDS = 60
"""As long as a loaded machine may take for what takes a few."""
ADDRESS = "reaches@example.com"


def api(fairlead: Installation, method: str, path: str, body: Any = None) -> Any:
    assert fairlead.emulators is not None
    key = base64.b64encode(f"{fairlead.emulators.line['campaign_monitor']['api_key']}:x".encode()).decode()
    request = urllib.request.Request(
        f"{fairlead.emulators.url('campaign_monitor')}/api/v3.3/{path}",
        json.dumps(body).encode() if body is not None else None,
        {"Content-Type": "application/json", "Authorization": f"Basic {key}"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def act(fairlead: Installation, **what: Any) -> Any:
    """What somebody does in the org."""
    assert fairlead.emulators is not None
    return fairlead.emulators.post("salesforce", "/_control/act", what)


@pytest.mark.timeout(300)
def test_a_deletion_and_a_request_reach_the_list_without_anybody_asking_for_a_run(tmp_path: Path) -> None:
    """The worker listens: the subscriber of a deleted contact is gone, and a flow's request is carried out."""
    with Installation(tmp_path / "home", SEED) as fairlead:
        (client,) = api(fairlead, "GET", "clients.json")
        (one,) = api(fairlead, "GET", f"clients/{client['ClientID']}/lists.json")
        fields = {"LastName": "Reaches", "Email": ADDRESS}
        contact = act(fairlead, act="create", object="Contact", fields=fields)["id"]
        other = act(fairlead, act="create", object="Contact", fields={"LastName": "Asks", "Email": "asks@example.com"})[
            "id"
        ]
        wish = {"EmailAddress": ADDRESS, "Name": "R", "Resubscribe": True, "ConsentToTrack": "Yes"}
        api(fairlead, "POST", f"subscribers/{one['ListID']}.json", wish)
        fairlead.start_worker()
        fairlead.sync("--full")
        fairlead.run("settings", "set", "departures.on_delete", "delete")
        fairlead.looks_at_changes()

        def states(state: str) -> set[str]:
            rows = api(fairlead, "GET", f"lists/{one['ListID']}/{state}.json")["Results"]
            return {row["EmailAddress"] for row in rows}

        act(fairlead, act="delete", object="Contact", id=contact)
        wait_until(lambda: ADDRESS in states("deleted"), SECONDS)
        values = {"Action__c": "add_to_list", "Record_Id__c": other, "List_Id__c": one["ListID"], "Request_Id__c": "1"}
        act(fairlead, act="create", object="CM_Request__e", fields=values)
        wait_until(lambda: "asks@example.com" in states("active"), SECONDS)
        everything = dump(fairlead) + fairlead.log.read_bytes()
        assert ADDRESS.encode() not in everything
        assert b"asks@example.com" not in everything
