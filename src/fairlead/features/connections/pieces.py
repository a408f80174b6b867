"""The records of one client in the org, object by object, and the order in which they can be taken away."""

from dataclasses import dataclass
from typing import Final

from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import quote
from fairlead.sync.failures import salesforce_failures

_CLIENT: Final = "Client__r.Client_Id__c"


@dataclass(frozen=True, slots=True)
class Piece:
    """One object's records of a client. `paths` lead from a record to its client's id; any of them may."""

    object: str
    title: str
    paths: tuple[str, ...]

    def where(self, client_id: str) -> str:
        """The condition that picks them."""
        client = quote(client_id)
        return "(" + " OR ".join(f"{path} = {client}" for path in self.paths) + ")"


PIECES: Final = (
    Piece(
        names.TRACKING,
        "Tracking history",
        (f"Campaign__r.{_CLIENT}", f"List__r.{_CLIENT}", f"Journey_Email__r.Journey__r.List__r.{_CLIENT}"),
    ),
    Piece(names.MEMBER, "Members", (f"List__r.{_CLIENT}",)),
    Piece(names.SUPPRESSION, "Suppressions", (_CLIENT,)),
    Piece(names.CAMPAIGN, "Campaigns", (_CLIENT,)),
    Piece(names.JOURNEY_EMAIL, "Journey mails", (f"Journey__r.List__r.{_CLIENT}",)),
    Piece(names.JOURNEY, "Journeys", (f"List__r.{_CLIENT}",)),
    Piece(names.LIST, "Lists", (_CLIENT,)),
    Piece(names.CLIENT, "The client", (names.CLIENT_KEY,)),
)
"""Children before their parents: whatever is left after a stop still leads to its client."""


async def count(crm: Salesforce, client_id: str) -> dict[str, int]:
    """How many records of each object the client has."""
    with salesforce_failures("count the records of a client"):
        return {
            piece.object: await crm.count(f"SELECT COUNT() FROM {piece.object} WHERE {piece.where(client_id)}")
            for piece in PIECES
        }


async def subjects(crm: Salesforce, client_id: str) -> set[str]:
    """Ids of the client's lists and campaigns in Campaign Monitor, as the org knows them."""
    found: set[str] = set()
    with salesforce_failures("read the lists and campaigns of a client"):
        for sobject, key in ((names.LIST, names.LIST_KEY), (names.CAMPAIGN, names.CAMPAIGN_KEY)):
            soql = f"SELECT {key} FROM {sobject} WHERE {_CLIENT} = {quote(client_id)}"
            found |= {str(row[key]) async for page in crm.query(soql) for row in page}
    return found
