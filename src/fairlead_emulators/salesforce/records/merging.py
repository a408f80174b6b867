"""Merge: up to three leads, contacts or accounts become one. What belonged to the losers belongs to the winner."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.salesforce.events import log
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.records import members, permitted, persons
from fairlead_emulators.salesforce.records.outcome import CONVERTED, DELETED, NO_SUCH_ID, Refused, refused
from fairlead_emulators.salesforce.records.removing import UNBOUND, erase
from fairlead_emulators.salesforce.records.writes import write
from fairlead_emulators.salesforce.state.lookups import rows_by_id
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

fact("merge")
fact("merge_refusals")
fact("merge_members")
fact("merge_tells")

MERGEABLE: Final = ("Account", "Contact", "Lead")
MAX_LOSERS: Final = 2
_LEFT_ALONE: Final = UNBOUND | {"MasterRecordId"}


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did: the losers, and the children that the winner took over."""

    winner_id: str
    loser_ids: list[str]
    moved_ids: list[str]


def merge(
    org: Org, sobject: SObject, winner_id: str, loser_ids: Sequence[str], fields: Mapping[str, Any] | None = None
) -> Merged:
    """Merges the losers into the winner, which gets `fields` (by name, JSON values). All ids have 18 characters.

    Raises Refused; then nothing has changed.
    """
    with org.storage.savepoint() as connection:
        _check(connection, sobject, winner_id, loser_ids)
        permitted.check_records(org, connection, sobject, [winner_id, *loser_ids], "edit")
        permitted.check_records(org, connection, sobject, loser_ids, "delete")
        contacts = _contacts_behind(org, connection, sobject, [winner_id, *loser_ids])
        below = (
            _join(org, connection, org.storage.whole.objects["contact"], contacts[0], contacts[1:]) if contacts else []
        )
        if fields:
            batch = from_json(org.storage.whole, sobject, [{**fields, "Id": winner_id}])
            done = write(org, "update", batch)
            if done.errors:
                raise Refused(done.errors[0])
        moved = _join(org, connection, sobject, winner_id, loser_ids)
    return Merged(winner_id, list(loser_ids), [*below, *moved])


def _join(
    org: Org, connection: sqlite3.Connection, sobject: SObject, winner_id: str, loser_ids: Sequence[str]
) -> list[str]:
    """Gives the losers' children to the winner and deletes the losers; the children's ids."""
    _collapse_members(org, connection, sobject, winner_id, loser_ids)
    moved = _take_over(org, connection, sobject, winner_id, loser_ids)
    connection.executemany(
        f"UPDATE {quoted(sobject.name)} SET MasterRecordId = ? WHERE Id = ?", ((winner_id, i) for i in loser_ids)
    )
    erase(org, connection, sobject, loser_ids)
    return moved


def _contacts_behind(org: Org, connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str]) -> list[str]:
    """The contacts behind accounts that are persons, in order; persons merge with persons only."""
    if not org.storage.whole.person_accounts or sobject.name not in ("Account", "Contact"):
        return []
    if sobject.name == "Contact":
        if persons.behind(connection, ids):
            raise refused("INVALID_OPERATION", "The contact of a person account is merged through its account")
        return []
    found = rows_by_id(connection, sobject, ids, ["PersonContactId"])
    contacts = [found[i][0] for i in ids if found[i][0]]
    if contacts and len(contacts) < len(ids):
        raise refused("INVALID_INPUT", "A person account cannot be merged with a business account")
    return contacts


def _check(connection: sqlite3.Connection, sobject: SObject, winner_id: str, loser_ids: Sequence[str]) -> None:
    if sobject.name not in MERGEABLE:
        raise refused("INVALID_TYPE_FOR_OPERATION", f"entity type {sobject.name} does not support merge")
    if not 1 <= len(loser_ids) <= MAX_LOSERS:
        raise refused("INVALID_INPUT", f"{len(loser_ids)} records to merge: give 1 or {MAX_LOSERS}")
    everybody = [winner_id, *loser_ids]
    if len(set(everybody)) < len(everybody):
        raise refused("INVALID_INPUT", "A record cannot be merged with itself")
    is_lead = sobject.name == "Lead"
    states = rows_by_id(connection, sobject, everybody, ["IsDeleted", *(["IsConverted"] if is_lead else [])])
    for record_id in everybody:
        state = states.get(record_id)
        if state is None:
            raise Refused(NO_SUCH_ID)
        if state[0]:
            raise Refused(DELETED)
        if is_lead and state[1]:
            raise Refused(CONVERTED)


def _collapse_members(
    org: Org, connection: sqlite3.Connection, sobject: SObject, winner_id: str, loser_ids: Sequence[str]
) -> None:
    """One membership a campaign is left: the winner's, else the first loser's."""
    member, column = org.storage.whole.objects["campaignmember"], f"{sobject.name}Id"
    if member.field(column) is None:
        return
    everybody = [winner_id, *loser_ids]
    found = connection.execute(
        f"SELECT Id, CampaignId, {column} FROM CampaignMember WHERE IsDeleted = 0 "
        f"AND {column} IN (SELECT value FROM json_each(?))",
        (json.dumps(everybody),),
    ).fetchall()
    found.sort(key=lambda row: (everybody.index(row[2]), row[0]))
    kept: set[str] = set()
    second = []
    for member_id, campaign_id, _ in found:
        if campaign_id in kept:
            second.append(member_id)
        kept.add(campaign_id)
    erase(org, connection, member, second)


def _take_over(
    org: Org, connection: sqlite3.Connection, sobject: SObject, winner_id: str, loser_ids: Sequence[str]
) -> list[str]:
    """Points every child of the losers to the winner; the children's ids."""
    moved: list[str] = []
    losers = json.dumps(list(loser_ids))
    for relation in sobject.child_relationships:
        child = org.storage.whole.object(relation.child_object)
        if child is None or relation.field in _LEFT_ALONE or not org.storage.count(child):
            continue
        if child.field("SystemModstamp") is None:  # a field history: it tells of the loser, and stays with it
            continue
        table, column = quoted(child.name), quoted(relation.field)
        found = connection.execute(
            f"SELECT Id FROM {table} WHERE {column} IN (SELECT value FROM json_each(?)) AND IsDeleted = 0", (losers,)
        )
        ids = [row[0] for row in found.fetchall()]
        # A winner that pointed to a loser would point to itself.
        targets = [None if i == winner_id else winner_id for i in ids]
        columns: dict[str, list[Any]] = {relation.field: targets, "SystemModstamp": [org.now()] * len(ids)}
        if ids and org.settings.get("merge_tells_children"):
            log.updated(org, connection, child, ids, columns)
        connection.executemany(
            f"UPDATE {table} SET {column} = ?, SystemModstamp = ? WHERE Id = ?",
            zip(*columns.values(), ids, strict=True),
        )
        if child.name == "CampaignMember":
            members.mirror(connection, child, ids)
        moved += ids
    return list(dict.fromkeys(moved))
