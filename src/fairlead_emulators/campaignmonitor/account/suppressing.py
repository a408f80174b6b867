"""Endpoints of a client's suppression list."""

from typing import Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint
from fairlead_emulators.campaignmonitor.audience.life import check_address
from fairlead_emulators.campaignmonitor.dates import wire_seconds
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.paging import asked, envelope


@fact("suppression-list")
def _suppression_list(call: Call, identity: str) -> Answer:
    client = call.client(identity)
    ask = asked(call.query, ("email", "date"), "email")
    db = call.service.store.db
    column = {"email": "key", "date": "at"}[ask.order]
    total = db.execute("SELECT count(*) FROM suppressions WHERE client = ?", (client.id,)).fetchone()[0]
    found = db.execute(
        "SELECT address, at, reason FROM suppressions WHERE client = ?"
        f" ORDER BY {column} {ask.direction}, key {ask.direction} LIMIT ? OFFSET ?",
        (client.id, ask.size, (ask.page - 1) * ask.size),
    )
    rows = [
        {
            "SuppressionReason": reason,
            "EmailAddress": address,
            "Date": wire_seconds(at, client.zone),
            "State": "Suppressed",
        }
        for address, at, reason in found
    ]
    return Answer(200, envelope(ask, b",".join(msgspec.json.encode(each) for each in rows), len(rows), total))


class _Addresses(msgspec.Struct):
    emailaddresses: list[str] = []


def _suppress(call: Call, identity: str) -> None:
    client = call.client(identity)
    addresses = [check_address(each) for each in call.read(_Addresses, "request").emailaddresses]
    with call.service.store.transaction():
        for each in addresses:
            call.service.life.suppress(client.id, each)


def _unsuppress(call: Call, identity: str) -> None:
    call.service.life.unsuppress(call.client(identity).id, call.query.get("email", ""))


SUPPRESSING: Final = [
    Endpoint("GET", "clients/{id}/suppressionlist", _suppression_list, "ManageLists"),
    Endpoint("POST", "clients/{id}/suppress", _suppress, "ManageLists"),
    Endpoint("PUT", "clients/{id}/unsuppress", _unsuppress, "ManageLists"),
]
