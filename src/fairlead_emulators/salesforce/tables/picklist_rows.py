"""Rows of `LeadStatus`, `CaseStatus` and `OpportunityStage`: the values of a picklist, and what each means."""

from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Field
from fairlead_emulators.salesforce.records.conversion import converted_statuses
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.tables.mirror import mirror

fact("value_rows")

OBJECTS: Final = frozenset({"LeadStatus", "CaseStatus", "OpportunityStage"})
_CHANCES: Final = {
    "Prospecting": 10,
    "Qualification": 10,
    "Needs Analysis": 20,
    "Value Proposition": 50,
    "Id. Decision Makers": 60,
    "Perception Analysis": 70,
    "Proposal/Price Quote": 75,
    "Negotiation/Review": 90,
    "Closed Won": 100,
    "Closed Lost": 0,
}


def follow(org: Org) -> None:
    """Makes the rows those of the picklists."""
    converted = {each.lower() for each in converted_statuses(org)}
    leads = _values(org, "Lead", "Status")
    mirror(org, "LeadStatus", {n: r | {"IsConverted": n.lower() in converted} for n, r in leads.items()}, "MasterLabel")
    cases = _values(org, "Case", "Status")
    mirror(org, "CaseStatus", {n: r | {"IsClosed": n.startswith("Closed")} for n, r in cases.items()}, "MasterLabel")
    stages = {name: row | _stage(name) for name, row in _values(org, "Opportunity", "StageName").items()}
    mirror(org, "OpportunityStage", stages, "MasterLabel")


def _values(org: Org, sobject: str, name: str) -> dict[str, dict[str, Any]]:
    """ApiName, SortOrder and, but for stages, IsDefault of each value."""
    owner = org.storage.schema.object(sobject)
    field: Field | None = owner.field(name) if owner else None
    if field is None:
        return {}
    default = {} if name == "StageName" else {"IsDefault": False}
    found = {value: {"ApiName": value, "SortOrder": n} | default for n, value in enumerate(field.picklist, 1)}
    if default and field.default in found:
        found[str(field.default)]["IsDefault"] = True
    return found


def _stage(name: str) -> dict[str, Any]:
    closed = name.startswith("Closed")
    return {
        "IsActive": True,
        "IsClosed": closed,
        "IsWon": name == "Closed Won",
        "DefaultProbability": _CHANCES.get(name),
    }
