"""What a user would write: glue `createsend` to `simple-salesforce`. `python -m bench.contestants.script JOB URL`

The same jobs: read all that a list or a campaign has, match it by address, write it in bulk; import the contacts.
"""

import http.client
from collections.abc import Callable, Iterator
from typing import Any

import createsend.createsend
from createsend import Campaign, Client, CreateSend, List, Subscriber

from bench.contestants import plain

AUTH = {"api_key": "replay"}


def open_account(url: str) -> None:
    createsend.createsend.VerifiedHTTPSConnection = http.client.HTTPConnection
    CreateSend.base_uri = f"{url}/api/v3.3"


def pages(read: Callable[..., Any]) -> Iterator[Any]:
    """The rows of all pages."""
    number, last = 1, 1
    while number <= last:
        page = read(page=number)
        last = page.NumberOfPages
        yield from page.Results
        number += 1


def as_mapping(row: Any) -> dict[str, Any]:
    """What the client gives has its values as attributes."""
    values = dict(vars(row).get("_data") or vars(row))
    if "CustomFields" in values:
        values["CustomFields"] = [as_mapping(field) for field in values["CustomFields"]]
    return values


def all_members(ids: plain.Ids, since: str = "") -> Iterator[dict[str, str]]:
    for client in CreateSend(AUTH).clients():
        for listed in Client(AUTH, client.ClientID).lists():
            one = List(AUTH, listed.ListID)
            for state in plain.STATES:
                read = getattr(one, state)
                for row in pages(lambda page, read=read: read(since, page=page, order_field="date")):
                    yield plain.member(listed.ListID, as_mapping(row), ids)


def all_events(ids: plain.Ids, since: str = "") -> Iterator[dict[str, str]]:
    events = plain.Events(ids)
    for client in CreateSend(AUTH).clients():
        for sent in Client(AUTH, client.ClientID).campaigns().Results:
            one = Campaign(AUTH, sent.CampaignID)
            for kind in plain.KINDS:
                if since and kind == "recipients":  # they do not change any more
                    continue
                read = getattr(one, kind)
                how = {} if kind == "recipients" else {"date": since}
                for row in pages(lambda page, read=read, how=how: read(page=page, **how)):
                    yield events.record(sent.CampaignID, sent.SentDate, kind, as_mapping(row))


def members(url: str) -> int:
    open_account(url)
    sf = plain.open_salesforce(url)
    return plain.in_batches(all_members(plain.addresses(sf)), plain.BATCH, lambda some: plain.upsert_members(sf, some))


def tracking(url: str) -> int:
    open_account(url)
    sf = plain.open_salesforce(url)
    return plain.in_batches(all_events(plain.addresses(sf)), plain.BATCH, lambda some: plain.upsert_events(sf, some))


def initial(url: str) -> int:
    return members(url) + tracking(url)


def incremental(url: str) -> int:
    """What came since yesterday: everybody has to be matched anew, for nothing is remembered."""
    open_account(url)
    sf = plain.open_salesforce(url)
    ids = plain.addresses(sf)
    read = plain.in_batches(all_members(ids, plain.YESTERDAY), plain.BATCH, lambda some: plain.upsert_members(sf, some))
    new = all_events(ids, f"{plain.YESTERDAY} 12:00")
    return read + plain.in_batches(new, plain.BATCH, lambda some: plain.upsert_events(sf, some))


def import_(url: str) -> int:
    open_account(url)
    sf = plain.open_salesforce(url)

    def write(some: list[dict[str, Any]]) -> None:
        Subscriber(AUTH).import_subscribers(plain.LIST, some, False)

    people = (plain.subscriber(row) for row in sf.query_all_iter(plain.IMPORTED))
    return plain.in_batches(people, plain.PER_CALL, write)


JOBS = {
    "members": members,
    "tracking": tracking,
    "initial": initial,
    "incremental": incremental,
    "import": import_,
}

if __name__ == "__main__":
    plain.main(JOBS)
