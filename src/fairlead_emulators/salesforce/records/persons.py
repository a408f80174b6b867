"""Person accounts: an account that is a person has a contact behind it, and both are written through the account."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import Batch
from fairlead_emulators.salesforce.model.person_accounts import pairs
from fairlead_emulators.salesforce.records import members, storing
from fairlead_emulators.salesforce.records.outcome import Work, Written
from fairlead_emulators.salesforce.state.lookups import rows_by_id

fact("person_accounts")


def complete_accounts(work: Work) -> None:
    """Tells persons by their last name, and names them."""
    if not work.org.storage.whole.person_accounts:
        return
    new, old = work.new(), work.old()
    names, last_names = work.given("Name", new), work.given("LastName", new)
    for row in new:
        if names.get(row) and last_names.get(row):
            work.refuse(row, "INVALID_FIELD_FOR_INSERT_UPDATE", "A person account takes no Name: set LastName", "Name")
        elif not names.get(row) and not last_names.get(row):
            work.refuse(row, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", "Name")
    kept = _kept(work, old)
    _refuse_mixtures(work, kept, old)
    for row in (*work.new(), *work.old()):
        before = kept.get(work.written.ids[row] or "", (0, None, None))
        if last_names.get(row) or before[0]:
            first, last = (_cell(work, name, row, was) for name, was in zip(_PARTS, before[1:], strict=True))
            work.column("IsPersonAccount")[row] = 1
            work.column("Name")[row] = f"{first or ''} {last or ''}".strip()


_PARTS = ("FirstName", "LastName")


def _cell(work: Work, name: str, row: int, otherwise: Any) -> Any:
    return work.given(name, [row]).get(row, otherwise)


def _kept(work: Work, rows: Sequence[int]) -> dict[str, tuple[Any, ...]]:
    ids = [i for row in rows if (i := work.written.ids[row]) is not None]
    return rows_by_id(work.connection, work.batch.sobject, ids, ["IsPersonAccount", *_PARTS])


def _refuse_mixtures(work: Work, kept: dict[str, tuple[Any, ...]], old: Sequence[int]) -> None:
    """A business account has no field of a person, and a person's name is not set as a whole."""
    contact = work.org.storage.whole.objects["contact"]
    personal = [ours for ours, _ in pairs(contact) if ours != "Phone" and ours.lower() in work.batch.columns]
    for row in (*work.new(), *old):
        before = kept.get(work.written.ids[row] or "")
        is_person = before[0] if before else work.given("LastName", [row]).get(row)
        if is_person and before and _cell(work, "Name", row, None):
            work.refuse(row, "INVALID_FIELD_FOR_INSERT_UPDATE", "A person account takes no Name: set LastName", "Name")
        elif is_person and _cell(work, "LastName", row, "kept") is None:
            work.refuse(row, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", "LastName")
        elif not is_person:
            wrong = [name for name in personal if _cell(work, name, row, None)]
            if wrong:
                message = f"Cannot set person fields of a business account: {', '.join(wrong)}"
                work.refuse(row, "INVALID_FIELD_FOR_INSERT_UPDATE", message, *wrong)


def write_contacts(work: Work, made: Sequence[str], changed: Sequence[str]) -> None:
    """The contacts behind accounts that are persons follow them."""
    if not work.org.storage.whole.person_accounts:
        return
    contact = work.org.storage.whole.objects["contact"]
    both = list(pairs(contact))
    names = [ours for ours, _ in both]
    asked = ["PersonContactId", "OwnerId", "IsPersonAccount", *names]
    found = {
        i: row for i, row in rows_by_id(work.connection, work.batch.sobject, (*made, *changed), asked).items() if row[2]
    }
    columns: dict[str, list[Any]] = {
        theirs.lower(): [row[3 + place] for row in found.values()] for place, (_, theirs) in enumerate(both)
    }
    columns |= {"accountid": list(found), "ownerid": [row[1] for row in found.values()]}
    columns["ispersonaccount"] = [1] * len(found)
    batch = Batch(contact, len(found), columns)
    written = Written([row[0] for row in found.values()], [False] * len(found), batch.errors)
    below = Work(work.org, work.connection, batch, written, checked=False, told=work.told)
    new = below.new()
    follows = storing.update(below, below.old())
    storing.insert(below, new)
    work.connection.executemany(
        "UPDATE Account SET PersonContactId = ? WHERE Id = ? AND PersonContactId IS NULL",
        list(zip(written.ids, found, strict=True)),
    )
    members.follow_people(below, [], follows)


def refuse_contacts(work: Work) -> None:
    """A contact behind an account is not written by itself."""
    if not work.org.storage.whole.person_accounts or not work.checked:
        return
    ids = [i for i in work.written.ids if i is not None]
    behind = {
        i
        for i, (person,) in rows_by_id(work.connection, work.batch.sobject, ids, ["IsPersonAccount"]).items()
        if person
    }
    for row, record_id in enumerate(work.written.ids):
        if record_id in behind:
            work.refuse(
                row, "INVALID_OPERATION", "The contact of a person account is written through its account", "Id"
            )


def behind(connection: sqlite3.Connection, contact_ids: Sequence[str]) -> set[str]:
    """Those of the contacts that stand behind accounts which are persons."""
    return {
        row[0]
        for row in connection.execute(
            "SELECT Id FROM Contact WHERE IsPersonAccount = 1 AND Id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(contact_ids)),),
        )
    }
