"""Who owns what is created for a client (F17): users of the org, read live, and what was chosen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from asgiref.sync import sync_to_async

from fairlead.domain.failure import Failure, FixTheSettings
from fairlead.domain.setting import BadSetting, Values
from fairlead.features.connections import records, rules
from fairlead.features.connections.models import Client
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import in_clause, quote
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.stage import ClientScope

FOUND_AT_MOST: Final = 20
_IMPOSSIBLE: Final = "impossible"
_ANY: Final = str.maketrans({"%": "\\%", "_": "\\_", "\\": "\\\\"})


class NoSuchOwner(FixTheSettings):
    """Who is to own records is no active user of the org."""

    code = "FL-373"
    next_step = "Choose an active user: `fairlead clients owners NAME` searches them, the page Connections too."

    def __init__(self, user_id: str) -> None:
        super().__init__(f"The org has no active user {user_id}.")


class OwnerGone(FixTheSettings):
    """The chosen owner of a client's records is no active user any more: nothing was written for the client.

    Writing as another owner could show the records to people who must not see them.
    """

    code = "FL-374"
    next_step = "Choose another owner (page Connections, or `fairlead clients owner`), then hand over the records."

    def __init__(self, names: Sequence[str]) -> None:
        told = ", ".join(f"“{name}”" for name in names)
        super().__init__(f"The owner of the records of {told} is no active user of the org: not synced.")


@dataclass(frozen=True, slots=True)
class User:
    """A user as people choose one. Names are shown, never kept."""

    id: str
    name: str
    username: str


@dataclass(slots=True)
class Owned:
    """The clients that can be written with their owners, and those that cannot, for their owner is gone."""

    clients: list[ClientScope] = field(default_factory=list)
    refused: list[Client] = field(default_factory=list)

    @property
    def refusal(self) -> Failure | None:
        """What to tell of the refused."""
        return OwnerGone([client.name for client in self.refused]) if self.refused else None

    def raise_refusal(self, org: Org) -> None:
        """Note it with the refused clients and raise it; nothing happens where there are none."""
        if (refusal := self.refusal) is not None:
            records.note_failure(org, [client.client_id for client in self.refused], str(refusal))
            raise refusal


async def search(crm: Salesforce, text: str) -> list[User]:
    """Active people of the org whose name or user name holds the text, by name; at most `FOUND_AT_MOST`."""
    like = quote(f"%{text.strip().translate(_ANY)}%")
    where = f"IsActive = true AND UserType = 'Standard' AND (Name LIKE {like} OR Username LIKE {like})"
    return await _users(crm, f"{where} ORDER BY Name LIMIT {FOUND_AT_MOST}")


async def active(crm: Salesforce, ids: Iterable[str]) -> dict[str, User]:
    """Of these ids (18 characters) those of active users."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {user.id: user for user in await _users(crm, f"IsActive = true AND Id IN {in_clause(wanted)}")}


async def scopes(crm: Salesforce, clients: Sequence[Client], values: Values) -> Owned:
    """Clients as scopes of a run, each with its owner. Asks the org only where an owner was chosen.

    Raises OwnerGone where no client is left.
    """
    owner_of = {client.client_id: _owner_of(values, client) for client in clients}
    known = await active(crm, {owner for owner in owner_of.values() if owner not in {"", _IMPOSSIBLE}})
    owned = Owned()
    for client in clients:
        owner = owner_of[client.client_id]
        if owner and owner not in known:
            owned.refused.append(client)
        else:
            owned.clients.append(ClientScope(client.client_id, client.name, client.time_zone, owner))
    if not owned.clients and owned.refused:
        await sync_to_async(owned.raise_refusal)(clients[0].org)
    return owned


def _owner_of(values: Values, client: Client) -> str:
    """The chosen owner's id, blank for none. One that is no id is refused like one that is gone."""
    try:
        return values.of(rules.OWNER, client.client_id)
    except BadSetting:
        return _IMPOSSIBLE


async def choose(crm: Salesforce, org: Org, client_id: str, user_id: str, by: str) -> str:
    """Choose the owner of a client's records; blank for the sync user. Raises BadSetting, NoSuchOwner, UnknownClient."""
    await sync_to_async(records.client)(org, client_id)
    wanted = rules.OWNER.read(user_id)
    if wanted and not await active(crm, [wanted]):
        raise NoSuchOwner(wanted)
    return await sync_to_async(setting_rows.put)(org, rules.OWNER, wanted, by, subject=client_id)


async def _users(crm: Salesforce, where: str) -> list[User]:
    with salesforce_failures("read users"):
        return [
            User(str(row["Id"]), str(row.get("Name") or ""), str(row["Username"]))
            async for page in crm.query(f"SELECT Id, Name, Username FROM User WHERE {where}")
            for row in page
        ]
