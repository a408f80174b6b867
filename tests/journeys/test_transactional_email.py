"""An admin who wants orders confirmed: map a smart e-mail to an opportunity, test it, and let a flow send it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from playwright.sync_api import expect

from fairlead.salesforce import names
from fairlead.salesforce.event_publish import publish
from tests.conformance import emulated
from tests.faults.installation import wait_until
from tests.journeys.browser import Admin

TEXT = "Dear [name], your order of [total]: [items]"
BUYER = "buyer@journey.example.com"


def act(fairlead: Admin, **told: Any) -> str:
    """A record made in the org."""
    assert fairlead.fairlead.emulators is not None
    return str(fairlead.fairlead.emulators.post("salesforce", "/_control/act", {"act": "create", **told})["id"])


def order(fairlead: Admin) -> str:
    """An opportunity with line items."""
    account = act(fairlead, object="Account", fields={"Name": "Journey Ltd"})
    fields = {"Name": "Order", "StageName": "Closed Won", "CloseDate": "2026-03-09", "Amount": 50, "AccountId": account}
    record = act(fairlead, object="Opportunity", fields={**fields, "NextStep": BUYER})
    for what, price in (("Rope", 20), ("Sail", 30)):
        item = {"OpportunityId": record, "Description": what, "TotalPrice": price, "Quantity": 1}
        act(fairlead, object="OpportunityLineItem", fields=item)
    return record


def sent(fairlead: Admin) -> list[str]:
    """Recipients of the account's newest messages."""
    assert fairlead.fairlead.emulators is not None
    told = next(fairlead.fairlead.emulators.get("campaign_monitor", "/_control/transactional"))
    return [message["Recipient"] for client in told["clients"] for message in client["messages"]]


def test_an_order_is_mapped_tested_and_confirmed_by_a_flow(fairlead: Admin) -> None:
    """Refresh, map with line items, a mistake told, Run test with the variables, a flow's event, and the state in the task."""
    running = fairlead.fairlead
    assert running.emulators is not None
    client = running.run("clients", "list")["clients"][0]["id"]
    smart = {"client": client, "name": "Order confirmed", "subject": "Thanks", "text": TEXT, "html": f"<p>{TEXT}</p>"}
    running.emulators.post("campaign_monitor", "/_control/smart_emails", smart)
    record = order(fairlead)
    page = fairlead.page("/transactional/")
    page.get_by_role("button", name="Refresh the list").click()
    expect(page.get_by_text("reads the smart e-mails")).to_be_visible()
    wait_until(lambda: running.run("transactional", "list")["smart_emails"], 60)
    page.goto(page.url)
    page.get_by_role("link", name="Map Order confirmed").click()

    page.get_by_label("Name", exact=True).fill("Journey order")
    page.get_by_label("Object", exact=True).fill("Opportunity")
    page.get_by_role("button", name="Load variables and fields").click()
    page.get_by_label("Variables: field of line 1").fill("Account.Nothing")
    page.get_by_label("Variables: field of line 2").fill("Amount")
    page.get_by_label("Variables: format of line 2").fill("$#,##0.00")
    page.get_by_role("button", name="Drop Variables: line 3").click()
    page.get_by_role("button", name="Add a list of child records").click()
    page.get_by_label("Variable that holds the list").fill("items")
    page.get_by_label("Children", exact=True).fill("OpportunityLineItems")
    page.get_by_label("Fields of list 1: name of line 1").fill("what")
    page.get_by_label("Fields of list 1: field of line 1").fill("Description")
    page.get_by_label("Sorted by the field").fill("TotalPrice")
    page.get_by_label("The largest first").check()
    page.get_by_label("Field or address of recipient 1").fill("NextStep")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Nothing was saved yet:")).to_be_visible()
    expect(page.get_by_text("no field “Nothing”")).to_be_visible()
    page.get_by_label("Variables: field of line 1").fill("Account.Name")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("The mapping “Journey order” is saved.")).to_be_visible()

    page.get_by_label("Id of a record of Opportunity").fill(record)
    page.get_by_role("button", name="Show the variables").click()
    variables = page.get_by_role("region", name="Variables").first
    expect(variables).to_contain_text("Journey Ltd")
    expect(variables).to_contain_text("what: Sail")
    page.get_by_label("Test address").fill("me@journey.example.com")
    page.get_by_role("button", name="Send the test").click()
    expect(page.get_by_text("The test is sent, as message")).to_be_visible()
    assert "me@journey.example.com" in sent(fairlead)

    (mapping,) = [
        one for one in running.run("transactional", "map", "list")["mappings"] if one["name"] == "Journey order"
    ]
    running.looks_at_changes()

    async def flow() -> None:
        values = {"Action__c": "send_smart_email", "Record_Id__c": record, "Mapping_Id__c": mapping["id"]}
        async with emulated.org_of(running.emulators) as crm:
            await publish(crm.records, names.REQUEST, {**values, "Request_Id__c": "journey order"})

    with ThreadPoolExecutor(1) as aside:  # this thread has the browser's loop
        aside.submit(asyncio.run, flow()).result()
    wait_until(lambda: BUYER in sent(fairlead), 90)

    def state() -> str:
        assert running.emulators is not None
        running.run("transactional", "refresh")
        path = "/_control/records?object=Task&fields=WhatId,CM_Smart_Email_Status__c"
        found = [
            one["CM_Smart_Email_Status__c"]
            for one in running.emulators.get("salesforce", path)
            if one["WhatId"] == record
        ]
        return found[0] if found else ""

    wait_until(lambda: state() in ("Delivered", "Opened", "Clicked", "Bounced", "Spam"), 90)
    page.goto(page.url.split("/transactional/")[0] + "/transactional/")
    expect(page.get_by_role("region", name="Queue").first).to_contain_text("Sent")
    assert sent(fairlead).count(BUYER) == 1
