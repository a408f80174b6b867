"""Whom an address must be linked to, by the default rules: the most recently modified; contact and lead both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.oracle.reading import Row, Sides

Ids = Mapping[str, frozenset[str]]
NOBODY: frozenset[str | None] = frozenset({None})


@dataclass(frozen=True)
class Links:
    """Ids that may stand in a link, by address in lower case: several where modified in the same moment."""

    contacts: Ids
    leads: Ids

    def differ(self, address: str, row: Row) -> dict[str, tuple[object, object]]:
        """Which links of a record are not as they must be: what they are, and may be."""
        found: dict[str, tuple[object, object]] = {}
        key = address.strip().lower()
        for name, ids in (("Contact__c", self.contacts), ("Lead__c", self.leads)):
            allowed: frozenset[str | None] = ids.get(key) or NOBODY  # type: ignore[assignment]
            if (row[name] or None) not in allowed:
                found[name] = (row[name], " or ".join(sorted(str(each) for each in allowed)))
        return found


def _latest(rows: Iterable[tuple[str, str, str]]) -> dict[str, frozenset[str]]:
    """(address, id, modified) → by address, the ids last modified."""
    best: dict[str, tuple[str, set[str]]] = {}
    for address, identity, modified in rows:
        key = address.strip().lower()
        known = best.get(key)
        if known is None or modified > known[0]:
            best[key] = (modified, {identity})
        elif modified == known[0]:
            known[1].add(identity)
    return {key: frozenset(ids) for key, (_, ids) in best.items()}


def links(sides: Sides) -> Links:
    """From the org's contacts and leads of now."""
    contacts = [
        (row["Email"], row["Id"], row["LastModifiedDate"])
        for row in sides.records("Contact", "Id", "Email", "LastModifiedDate")
        if row["Email"]
    ]
    leads = [
        row
        for row in sides.records("Lead", "Id", "Email", "LastModifiedDate", "IsConverted", "ConvertedContactId")
        if row["Email"]
    ]
    became = [
        (row["Email"], row["ConvertedContactId"], row["LastModifiedDate"])
        for row in leads
        if row["IsConverted"] and row["ConvertedContactId"]
    ]
    still = [(row["Email"], row["Id"], row["LastModifiedDate"]) for row in leads if not row["IsConverted"]]
    return Links({**_latest(became), **_latest(contacts)}, _latest(still))
