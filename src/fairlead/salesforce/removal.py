"""Taking everything of Fairlead out of an org: what goes, what is lost with it, and doing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from fairlead.salesforce import names, org_layouts
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.errors import SalesforceError, SetupRefused
from fairlead.salesforce.metadata import DeployResult
from fairlead.salesforce.org_layouts import LayoutChange
from fairlead.salesforce.package import deletion_of, package_of
from fairlead.salesforce.polling import Progress
from fairlead.salesforce.query import quote

HELD: Final = {
    "Campaign": "CM_Campaign_Id__c",
    "CampaignMember": "CM_Activity__c",
    "Task": "CM_Smart_Email_Id__c",
}
"""On standard objects: the field that is filled wherever any of ours is."""
_PARTS: Final = frozenset(
    {"CompactLayout", "CustomField", "FieldSet", "Layout", "ListView", "RecordType", "ValidationRule", "WebLink"}
)


class _Row(msgspec.Struct):
    id: str = msgspec.field(name="Id")


class _Version(msgspec.Struct):
    number: int = msgspec.field(name="VersionNumber")


class _Versions(msgspec.Struct):
    records: list[_Version]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a removal would take: components by type, records by object that go with them, assignments, layouts.

    `records` counts records of our objects; `values` counts records of standard objects that lose values of ours.
    `flows` holds the versions of each flow that the org tells of.
    """

    members: Mapping[str, Sequence[str]]
    records: Mapping[str, int]
    values: Mapping[str, int]
    assignments: Sequence[str]
    layouts: Sequence[LayoutChange]
    flows: Mapping[str, Sequence[int]]

    @property
    def installed(self) -> bool:
        """Whether anything of ours was found in the org."""
        return bool(self.records or self.values or self.assignments or any(each.differs for each in self.layouts))


def own_members(members: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Of a package's components those that must be named to delete all: what goes with its object is left out."""
    own = {name for name in members.get("CustomObject", ()) if name.rpartition("__")[2] in ("c", "e", "mdt")}
    left = {
        kind: [name for name in found if kind not in _PARTS or name.replace("-", ".").partition(".")[0] not in own]
        for kind, found in members.items()
    }
    return {kind: found for kind, found in left.items() if found}


async def plan(crm: Salesforce, members: Mapping[str, Sequence[str]]) -> Plan:
    """Look at the org; changes nothing. `members` are the components of the package that was deployed."""
    wanted = own_members(members)
    sets = wanted.get("PermissionSet", [])
    return Plan(
        wanted,
        {name: count for name in names.OBJECTS if (count := await _count(crm, name)) is not None},
        {name: count for name, field in HELD.items() if (count := await _count(crm, name, field)) is not None},
        await _assignments(crm, sets) if sets else [],
        await org_layouts.plan(crm.retrieval, removing=True),
        {name: found for name in wanted.get("Flow", []) if (found := await _versions(crm, name))},
    )


async def _count(crm: Salesforce, sobject: str, field: str = "") -> int | None:
    """Records of the object, or those with a value in the field; None when the org has no such object or field."""
    try:
        info = await crm.describe(sobject)
    except SetupRefused:
        return None
    if field and info.field(field) is None:
        return None
    return await crm.count(f"SELECT COUNT() FROM {sobject}" + (f" WHERE {field} != null" if field else ""))


async def _assignments(crm: Salesforce, sets: Sequence[str]) -> list[str]:
    listed = ", ".join(map(quote, sets))
    soql = f"SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name IN ({listed})"
    return [row.id async for rows in crm.query(soql, type=_Row) for row in rows]


async def _versions(crm: Salesforce, flow: str) -> list[int]:
    """The numbers of a flow's versions, which are deleted one by one; none when the org does not tell."""
    soql = f"SELECT VersionNumber FROM Flow WHERE Definition.DeveloperName = {quote(flow)}"
    path = f"{crm.transport.data}/tooling/query"
    try:
        found = await crm.transport.json(path, _Versions, door="flow versions", params={"q": soql})
    except SalesforceError:
        return []
    return sorted(each.number for each in found.records)


async def carry_out(crm: Salesforce, found: Plan, *, on_progress: Progress | None = None) -> DeployResult:
    """Do it: take permission sets from users, layouts back, switch flows off, delete. Safe to repeat.

    The result is that of the step that failed, else of the last.
    """
    if found.assignments:
        await crm.collections.delete(found.assignments)
    result = await org_layouts.carry_out(crm.metadata, found.layouts, crm.api_version)
    if result.success and found.flows:
        result = await crm.metadata.deploy(switched_off(found.flows, crm.api_version))
    if not result.success:
        return result
    return await crm.metadata.deploy(deletion(found, crm.api_version), on_progress=on_progress)


def switched_off(flows: Mapping[str, Sequence[int]], api_version: str) -> bytes:
    """The package that leaves flows without an active version: an active one is not deleted."""
    text = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<FlowDefinition xmlns="http://soap.sforce.com/2006/04/metadata">\n'
        b"    <activeVersionNumber>0</activeVersionNumber>\n</FlowDefinition>\n"
    )
    files = {f"flowDefinitions/{name}.flowDefinition": text for name in flows}
    return package_of(files, {"FlowDefinition": list(flows)}, api_version)


def deletion(found: Plan, api_version: str) -> bytes:
    """The package that deletes what the plan names, with every version of its flows."""
    members: dict[str, Any] = dict(found.members)
    if "Flow" in members:
        versions = [f"{name}-{number}" for name, numbers in found.flows.items() for number in numbers]
        members["Flow"] = [*members["Flow"], *versions]
    return deletion_of(members, api_version)
