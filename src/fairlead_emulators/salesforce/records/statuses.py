"""CampaignMemberStatus: the words that a campaign has for its members. One is the default, at least one is a response."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.model.values import KEEP
from fairlead_emulators.salesforce.records import storing
from fairlead_emulators.salesforce.records.outcome import Work, Written
from fairlead_emulators.salesforce.state.lookups import rows_by_id

fact("first_statuses")
fact("status_rules")
fact("status_delete")

FIRST: Final = (("Sent", 1, True, False), ("Responded", 2, False, True))


@dataclass(slots=True)
class _Status:
    """One status of a campaign as it will be."""

    label: str
    order: int
    default: bool
    responded: bool


@dataclass(slots=True)
class _Campaign:
    """The statuses of a campaign, by id; rows without one yet are keyed by their number."""

    statuses: dict[str | int, _Status] = field(default_factory=dict)

    def problem(self, key: str | int, new: _Status) -> tuple[str, str, str] | None:
        """Why the campaign cannot have that status: code, message, field."""
        others = [s for k, s in self.statuses.items() if k != key]
        if any(s.label.lower() == new.label.lower() for s in others):
            return "DUPLICATE_VALUE", f"duplicate value found: Label duplicates value {new.label}", "Label"
        if any(s.order == new.order for s in others):
            return "DUPLICATE_VALUE", f"duplicate value found: SortOrder duplicates value {new.order}", "SortOrder"
        was = self.statuses.get(key)
        if was is not None and was.default and not new.default:
            return "FIELD_INTEGRITY_EXCEPTION", "A campaign must have exactly one default member status", "IsDefault"
        if was is not None and was.responded and not new.responded and not any(s.responded for s in others):
            message = "A campaign must have at least one member status with HasResponded"
            return "FIELD_INTEGRITY_EXCEPTION", message, "HasResponded"
        return None


def lay_first(work: Work, made: Sequence[str], changed: Sequence[str]) -> None:
    """A new campaign has the statuses Sent, its default, and Responded."""
    if not made:
        return
    rows = [
        {"CampaignId": i, "Label": label, "SortOrder": order, "IsDefault": default, "HasResponded": responded}
        for i in made
        for label, order, default, responded in FIRST
    ]
    sobject = work.org.storage.whole.objects["campaignmemberstatus"]
    batch = from_json(work.org.storage.whole, sobject, rows)
    written = Written([None] * batch.count, [False] * batch.count, batch.errors)
    laid = Work(work.org, work.connection, batch, written, checked=False, told=work.told)
    storing.insert(laid, laid.new())


def keep_in_order(work: Work) -> None:
    """Goes through the rows one after the other, on the campaigns' statuses as the rows before leave them."""
    rows = sorted((*work.new(), *work.old()))
    kept = _kept(work)
    work.notes["labels"] = {i: label for i, (_, label) in kept.items()}
    cells = work.given("CampaignId", rows)
    campaigns = {row: kept[i][0] if (i := work.written.ids[row]) in kept else cells.get(row) for row in rows}
    state = _load(work.connection, (c for c in campaigns.values() if isinstance(c, str)))
    for row in rows:
        campaign = state.setdefault(str(campaigns[row]), _Campaign())
        key: str | int = work.written.ids[row] or row
        new = _after(work, row, campaign, key)
        problem = campaign.problem(key, new)
        if problem is not None and work.checked:
            work.refuse(row, *problem)
            continue
        if new.default:
            for other in campaign.statuses.values():
                other.default = False
        campaign.statuses[key] = new
        work.column("SortOrder")[row] = new.order


def _after(work: Work, row: int, campaign: _Campaign, key: str | int) -> _Status:
    """The row's status as it will be."""
    next_order = 1 + max((s.order for s in campaign.statuses.values()), default=0)
    was = campaign.statuses.get(key) or _Status("", next_order, default=False, responded=False)

    def cell(name: str, kept: Any) -> Any:
        column = work.batch.columns.get(name.lower())
        value = KEEP if column is None else column[row]
        return kept if value is KEEP or value is None else value

    label, order = str(cell("Label", was.label)), int(cell("SortOrder", was.order))
    default, responded = bool(cell("IsDefault", was.default)), bool(cell("HasResponded", was.responded))
    return _Status(label, order, default=default, responded=responded)


def _kept(work: Work) -> dict[str, tuple[Any, ...]]:
    ids = [i for i in work.written.ids if i is not None]
    return rows_by_id(work.connection, work.batch.sobject, ids, ["CampaignId", "Label"])


def _load(connection: sqlite3.Connection, campaigns: Iterable[str]) -> dict[str, _Campaign]:
    found: dict[str, _Campaign] = {}
    for campaign, key, label, order, default, responded in connection.execute(
        "SELECT CampaignId, Id, Label, SortOrder, IsDefault, HasResponded FROM CampaignMemberStatus "
        "WHERE IsDeleted = 0 AND CampaignId IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(set(campaigns))),),
    ):
        status = _Status(label, order or 0, default=bool(default), responded=bool(responded))
        found.setdefault(campaign, _Campaign()).statuses[key] = status
    return found


def after_write(work: Work, made: Sequence[str], changed: Sequence[str]) -> None:
    """One default is left in each campaign; members follow a status that got another label or meaning."""
    connection, columns = work.connection, work.batch.columns
    defaults = columns.get("isdefault", [KEEP] * work.batch.count)
    winners = [i for row, i in enumerate(work.written.ids) if i and row not in work.batch.errors and defaults[row] == 1]
    campaigns = rows_by_id(connection, work.batch.sobject, winners, ["CampaignId"])
    connection.executemany(
        "UPDATE CampaignMemberStatus SET IsDefault = 0 WHERE IsDefault = 1 AND CampaignId = ? AND Id <> ?",
        [(campaigns[i][0], i) for i in winners],
    )
    connection.executemany(
        "UPDATE CampaignMember SET Status = s.Label FROM CampaignMemberStatus AS s WHERE s.Id = ? "
        "AND CampaignMember.CampaignId = s.CampaignId AND CampaignMember.Status = ?",
        [(i, label) for i, label in work.notes.get("labels", {}).items() if i in set(changed)],
    )
    connection.execute(
        "UPDATE CampaignMember SET HasResponded = s.HasResponded, FirstRespondedDate = CASE WHEN s.HasResponded = 1 "
        "THEN coalesce(FirstRespondedDate, ?) ELSE FirstRespondedDate END FROM CampaignMemberStatus AS s "
        "WHERE s.Id IN (SELECT value FROM json_each(?)) AND CampaignMember.CampaignId = s.CampaignId "
        "AND CampaignMember.Status = s.Label AND CampaignMember.HasResponded <> s.HasResponded",
        (work.org.now()[:10], json.dumps(list(changed))),
    )


def refuse_delete(work: Work) -> None:
    """The default, the last response and what members have cannot be deleted."""
    ids = [i for i in work.written.ids if i is not None]
    found = {
        row[0]: row[1:]
        for row in work.connection.execute(
            "SELECT s.Id, s.CampaignId, s.IsDefault, s.HasResponded, EXISTS (SELECT 1 FROM CampaignMember AS m WHERE "
            "m.CampaignId = s.CampaignId AND m.Status = s.Label AND m.IsDeleted = 0) FROM json_each(?) AS w "
            "CROSS JOIN CampaignMemberStatus AS s ON s.Id = w.value",
            (json.dumps(ids),),
        )
    }
    responses = Counter(
        campaign
        for campaign, statuses in _load(work.connection, (state[0] for state in found.values())).items()
        for status in statuses.statuses.values()
        if status.responded
    )
    for row, record_id in enumerate(work.written.ids):
        campaign, default, responded, used = found.get(record_id or "", ("", 0, 0, 0))
        if default or used:
            why = "is the default" if default else "is in use"
            work.refuse(row, "DELETE_FAILED", f"The member status {why} and cannot be deleted", "Id")
        elif responded and responses[campaign] <= 1:
            work.refuse(row, "DELETE_FAILED", "A campaign must have at least one member status with HasResponded", "Id")
        elif responded:
            responses[campaign] -= 1
