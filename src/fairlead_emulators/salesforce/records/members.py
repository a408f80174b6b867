"""CampaignMember: one person on one campaign. Its status tells whether it has responded; the rest mirrors the person."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.model.values import KEEP
from fairlead_emulators.salesforce.records import rules
from fairlead_emulators.salesforce.records.outcome import CONVERTED, Work
from fairlead_emulators.salesforce.state.lookups import rows_by_id
from fairlead_emulators.salesforce.state.org import Org

fact("member_is_one_person")
fact("member_once")
fact("member_status")
fact("member_unknown_status")
fact("member_mirrors")
fact("member_responds")

PEOPLE: Final = ("ContactId", "LeadId", "AccountId")
ALREADY: Final = "Already a campaign member."
_SAME: Final = (
    *("Salutation", "FirstName", "LastName", "Name", "Title", "Phone", "MobilePhone", "Email", "Description"),
    *("LeadSource", "DoNotCall", "HasOptedOutOfEmail"),
)
_PLACES: Final = ("Street", "City", "State", "PostalCode", "Country")
_MIRRORS: Final = (*_SAME, *_PLACES, "CompanyOrAccount", "LeadOrContactId", "LeadOrContactOwnerId", "Type")
_FROM_LEAD: Final = (
    f"SELECT {', '.join(f'p.{name}' for name in (*_SAME, *_PLACES))}, p.Company, p.Id, p.OwnerId, 'Lead' "
    "FROM Lead AS p WHERE p.Id = CampaignMember.LeadId"
)
_FROM_CONTACT: Final = (
    f"SELECT {', '.join([*(f'p.{name}' for name in _SAME), *(f'p.Mailing{name}' for name in _PLACES)])}, "
    "a.Name, p.Id, p.OwnerId, 'Contact' "
    "FROM Contact AS p LEFT JOIN Account AS a ON a.Id = p.AccountId WHERE p.Id = CampaignMember.ContactId"
)
_FROM_ACCOUNT: Final = (
    "SELECT NULL, NULL, NULL, p.Name, NULL, p.Phone, NULL, NULL, p.Description, NULL, 0, 0, "
    f"{', '.join(f'p.Billing{name}' for name in _PLACES)}, p.Name, p.Id, p.OwnerId, 'Account' "
    "FROM Account AS p WHERE p.Id = CampaignMember.AccountId"
)
_SET: Final = f"UPDATE CampaignMember SET ({', '.join(_MIRRORS)}) = "


def complete(work: Work) -> None:
    """Checks who the members are, and fills in what their status tells."""
    new = work.new()
    if work.checked:
        _refuse_nobody(work, new)
    _contact_goes_first(work, work.new())
    if work.checked:
        _refuse_converted(work, work.new())
        for person in PEOPLE:
            if work.batch.sobject.field(person) is not None:
                rules.check_pair(work.connection, work.batch, work.new(), ("CampaignId", person), ALREADY)
    _answer_for_status(work)


def _refuse_nobody(work: Work, new: Sequence[int]) -> None:
    people = [work.given(name, new) for name in PEOPLE]
    for row in new:
        if not any(cells.get(row) for cells in people):
            work.refuse(
                row,
                "REQUIRED_FIELD_MISSING",
                "Required fields are missing: [ContactId or LeadId]",
                "ContactId",
                "LeadId",
            )


def _contact_goes_first(work: Work, new: Sequence[int]) -> None:
    """A row that names contact and lead is taken as the contact's."""
    leads = work.given("LeadId", new)
    for row, contact in work.given("ContactId", new).items():
        if contact and leads.get(row) and work.checked:
            work.column("LeadId")[row] = None


def _refuse_converted(work: Work, new: Sequence[int]) -> None:
    asked = {row: i for row, i in work.given("LeadId", new).items() if i}
    lead = work.org.storage.whole.objects["lead"]
    converted = {
        i for i, state in rows_by_id(work.connection, lead, asked.values(), ["IsConverted"]).items() if state[0]
    }
    for row, lead_id in asked.items():
        if lead_id in converted:
            work.batch.errors.setdefault(row, CONVERTED)


def _answer_for_status(work: Work) -> None:
    """Status in the campaign's own words, HasResponded by it, the day of the first response."""
    new, old = work.new(), list(work.given("Status", work.old()))
    if not new and not old:
        return
    before = _kept(work, old)
    campaigns = {row: cell for row, cell in work.given("CampaignId", new).items() if cell}
    campaigns |= {row: before[i][0] for row in old if (i := work.written.ids[row]) in before}
    known = statuses_of(work.connection, campaigns.values())
    status, responded = work.column("Status"), work.column("HasResponded")
    first = work.column("FirstRespondedDate")
    today = work.org.now()[:10]
    for row in (*new, *old):
        offered = known.get(campaigns.get(row, ""), {})
        found = None if status[row] is KEEP else offered.get(str(status[row]).lower())
        if found is None and status[row] is not KEEP and status[row] and not _takes_default(work, offered):
            message = f"Status: bad value for restricted picklist field: {status[row]}"
            work.refuse(row, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, "Status")
            continue
        found = found or offered.get("")
        if found is None:
            continue
        status[row], responded[row] = found
        had = before.get(work.written.ids[row] or "", (None, None))[1]
        if found[1] and had is None and first[row] is KEEP:
            first[row] = today


def _takes_default(work: Work, offered: dict[str, tuple[str, int]]) -> bool:
    """Whether an unknown status silently becomes the campaign's default."""
    return not (work.checked and offered and work.org.settings.get("unknown_member_status") == "refuse")


def _kept(work: Work, rows: Sequence[int]) -> dict[str, tuple[Any, ...]]:
    ids = [i for row in rows if (i := work.written.ids[row]) is not None]
    return rows_by_id(work.connection, work.batch.sobject, ids, ["CampaignId", "FirstRespondedDate"])


def statuses_of(connection: sqlite3.Connection, campaigns: Iterable[str]) -> dict[str, dict[str, tuple[str, int]]]:
    """By campaign: by lower-case label, the label and whether it means a response. The default stands under ''."""
    found: dict[str, dict[str, tuple[str, int]]] = {}
    for campaign, label, responded, default in connection.execute(
        "SELECT CampaignId, Label, HasResponded, IsDefault FROM json_each(?) AS w CROSS JOIN CampaignMemberStatus AS s "
        "ON s.CampaignId = w.value WHERE s.IsDeleted = 0 ORDER BY SortOrder",
        (json.dumps(sorted(set(campaigns))),),
    ):
        labels = found.setdefault(campaign, {})
        labels[label.lower()] = (label, int(responded))
        if default:
            labels[""] = (label, int(responded))
    return found


def mirror_written(work: Work, made: Sequence[str], changed: Sequence[str]) -> None:
    """New members show their person; `changed` ones do already."""
    if made:
        mirror(work.connection, work.batch.sobject, made)


def mirror(connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str]) -> None:
    """Those members show their person as it is now; a lead that has become a contact shows as the contact."""
    among, asked = "WHERE Id IN (SELECT value FROM json_each(?)) AND", json.dumps(list(ids))
    connection.execute(f"{_SET} ({_FROM_LEAD}) {among} LeadId IS NOT NULL AND ContactId IS NULL", (asked,))
    connection.execute(f"{_SET} ({_FROM_CONTACT}) {among} ContactId IS NOT NULL", (asked,))
    if sobject.field("AccountId") is not None:
        connection.execute(f"{_SET} ({_FROM_ACCOUNT}) {among} AccountId IS NOT NULL", (asked,))


def renew_responses(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    """HasResponded of those members follows the statuses as they are now."""
    connection.execute(
        "UPDATE CampaignMember SET HasResponded = coalesce((SELECT s.HasResponded FROM CampaignMemberStatus AS s "
        "WHERE s.CampaignId = CampaignMember.CampaignId AND s.Label = CampaignMember.Status AND s.IsDeleted = 0), 0) "
        "WHERE Id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )


def follow_people(work: Work, made: Sequence[str], changed: Sequence[str]) -> None:
    """Members follow the contacts or leads that have changed."""
    name = work.batch.sobject.name
    if not changed or not work.org.storage.count(work.org.storage.whole.objects["campaignmember"]):
        return
    source, column = (_FROM_LEAD, "ContactId IS NULL AND LeadId") if name == "Lead" else (_FROM_CONTACT, "ContactId")
    work.connection.execute(
        f"{_SET} ({source}) WHERE IsDeleted = 0 AND {column} IN (SELECT value FROM json_each(?))",
        (json.dumps(list(changed)),),
    )


def follow_accounts(work: Work, made: Sequence[str], changed: Sequence[str]) -> None:
    """Members show the new name of their contact's account."""
    if not changed or "name" not in work.batch.columns:
        return
    if work.org.storage.count(work.org.storage.whole.objects["campaignmember"]):
        work.connection.execute(
            "UPDATE CampaignMember SET CompanyOrAccount = (SELECT a.Name FROM Contact AS c JOIN Account AS a "
            "ON a.Id = c.AccountId WHERE c.Id = CampaignMember.ContactId) WHERE IsDeleted = 0 AND ContactId IN "
            "(SELECT Id FROM Contact WHERE AccountId IN (SELECT value FROM json_each(?)))",
            (json.dumps(list(changed)),),
        )


def refuse_second(_org: Org, connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str]) -> RowError | None:
    """A member cannot come back when its person has been added to the campaign anew."""
    for name in PEOPLE:
        # The plus keeps SQLite from going through all members of the campaign instead of through the person's.
        if (
            sobject.field(name) is None
            or connection.execute(
                "SELECT 1 FROM json_each(?) AS w CROSS JOIN CampaignMember AS m ON m.Id = w.value CROSS JOIN "
                f"CampaignMember AS o ON o.{name} = m.{name} AND +o.CampaignId = m.CampaignId WHERE o.IsDeleted = 0 "
                "AND o.Id <> m.Id",
                (json.dumps(list(ids)),),
            ).fetchone()
            is None
        ):
            continue
        return RowError("DUPLICATE_VALUE", ALREADY)
    return None
