"""A world with a smart e-mail, an opportunity with line items, and a mapping between them, over both emulators."""

import itertools
from dataclasses import replace
from typing import Any

from asgiref.sync import async_to_sync

from fairlead.domain.criteria import Criterion
from fairlead.features.transactional_email import keeping, queue, saving
from fairlead.features.transactional_email.models import Send
from fairlead.features.transactional_email.rules.words import Draft, Listing, Recipient, Variable
from fairlead.jobs.models import Job
from tests.faults import whole as wholes
from tests.faults.whole import CM, SF, Told, Whole

TEXT = "Dear [name], you ordered on [day] for [total]: [items]"
SMART = {"name": "Order", "subject": "Your order, [name]", "html": f"<p>{TEXT}</p>", "text": TEXT}
LIST = {"title": "News"}
SEED = {
    CM: {
        "clients": [
            {
                "name": "One",
                "country": "Australia",
                "time_zone": wholes.ZONE,
                "lists": [LIST],
                "smart_emails": [SMART, {"name": "Draft", "status": "draft"}],
            }
        ]
    },
    SF: {"contacts": []},
}
NUMBERS = itertools.count()


def draft(whole: Whole, **changes: Any) -> Draft:
    """An order's e-mail: to the account's owner of the address, with the line items above ten."""
    found = Draft(
        smart=smart_id(whole),
        object="opportunity",
        name=f"Order {next(NUMBERS)}",
        variables=(
            Variable("name", "account.Name", otherwise="Customer"),
            Variable("day", "CloseDate", "d MMMM yyyy"),
            Variable("total", "Amount", "$#,##0.00"),
        ),
        listings=(
            Listing(
                "items",
                "OpportunityLineItems",
                (Variable("what", "Description"), Variable("price", "TotalPrice", "#,##0.00")),
                (Criterion("TotalPrice", "greater", "10"), Criterion("Description", "equals", "Gift")),
                "1 OR 2",
                "TotalPrice",
                descending=True,
                limit=2,
            ),
        ),
        recipients=(Recipient("To", "field", "NextStep"),),
    )
    return replace(found, **changes)


def smart_id(whole: Whole, name: str = "Order") -> str:
    """The id of the smart e-mail of this name."""
    (client,) = whole.clients().values()
    found = transactional(whole, "smartEmail", client)
    return str(next(one["ID"] for one in found if one["Name"] == name))


def transactional(whole: Whole, path: str, client: str = "", **query: str) -> Any:
    """A call of the transactional API."""
    words = "&".join(f"{name}={value}" for name, value in {"clientID": client, **query}.items() if value)
    return whole._api("GET", f"/api/v3.3/transactional/{path}?{words}", None)


def log(whole: Whole) -> list[dict[str, Any]]:
    """All messages of the account, the newest first."""
    (client,) = whole.clients().values()
    found: list[dict[str, Any]] = []
    while True:
        before = {"sentBeforeID": found[-1]["MessageID"]} if found else {}
        page = transactional(whole, "messages", client, count="200", **before)
        if not page:
            return found
        found += page


def sent_to(whole: Whole, address: str) -> int:
    """How many messages went to an address."""
    return sum(address in one["Recipient"] for one in log(whole))


def mapping(whole: Whole, **changes: Any) -> str:
    """A saved mapping's id."""
    look(whole)
    return async_to_sync(saving.save)(whole.org, draft(whole, **changes), "tests").uid


def order(whole: Whole, address: str | None = None, **fields: Any) -> tuple[str, str]:
    """An opportunity with line items of 20, 5 (a gift), 3 and 30; its id, and the address that its e-mail goes to."""
    address = address or f"buyer{next(NUMBERS)}@example.com"
    account = whole.act(act="create", object="Account", fields={"Name": "Acme"})["id"]
    told = {"Name": "Order", "StageName": "Closed Won", "CloseDate": "2026-03-09", "Amount": 1234.5}
    told |= {"AccountId": account, "NextStep": address, **fields}
    one = str(whole.act(act="create", object="Opportunity", fields=told)["id"])
    for what, price in (("Rope", 20), ("Gift", 5), ("Pin", 3), ("Sail", 30)):
        item = {"OpportunityId": one, "Description": what, "TotalPrice": price, "Quantity": 1}
        whole.act(act="create", object="OpportunityLineItem", fields=item)
    return one, address


def ask(whole: Whole, uid: str, record: str, name: str = "") -> Send:
    """A send asked for by an id."""
    return queue.take(whole.org, queue.hash_of(name or f"send {next(NUMBERS)}"), uid, record, "tests")


def run(whole: Whole, dies_at: int = 0) -> Told:
    """The job of the queue, as the worker runs it."""
    from fairlead.features.transactional_email.rules.words import SENDS
    from fairlead.jobs import registry

    Job.objects.filter(org=whole.org, kind=SENDS, state__in=["holding", "queued"]).delete()
    return whole.work(SENDS, registry.find(SENDS).runner, {}, dies_at)


def look(whole: Whole) -> Told:
    """The job that reads smart e-mails and messages."""
    from fairlead.features.transactional_email.rules.words import LOOK
    from fairlead.jobs import registry

    Job.objects.filter(org=whole.org, kind=LOOK, state__in=["holding", "queued"]).delete()
    return whole.work(LOOK, registry.find(LOOK).runner, {})


def kept(whole: Whole, uid: str) -> Draft:
    """A mapping as it was saved."""
    return keeping.draft_of(whole.org, uid)
