"""Taking everything of Fairlead out of an org: what goes, what is lost with it, and doing it."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from defusedxml.ElementTree import fromstring

from fairlead.salesforce import names, org_layouts
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.errors import SalesforceError, SetupRefused
from fairlead.salesforce.metadata import DeployResult
from fairlead.salesforce.org_layouts import LayoutChange
from fairlead.salesforce.package import NAMESPACE, package_of
from fairlead.salesforce.polling import Progress
from fairlead.salesforce.query import quote

HELD: Final = {
    "Campaign": "CM_Campaign_Id__c",
    "CampaignMember": "CM_Activity__c",
    "Task": "CM_Smart_Email_Id__c",
}
"""On standard objects: the field that is filled wherever any of ours is."""
_SWITCHED_OFF: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<FlowDefinition xmlns="http://soap.sforce.com/2006/04/metadata">\n'
    b"    <activeVersionNumber>0</activeVersionNumber>\n</FlowDefinition>\n"
)
"""Leaves a flow without an active version: an active one is not deleted."""
_PARTS: Final = frozenset(
    {"CompactLayout", "CustomField", "FieldSet", "Layout", "ListView", "RecordType", "ValidationRule", "WebLink"}
)


class Assignment(msgspec.Struct, frozen=True):
    """That a user has one of our permission sets."""

    id: str = msgspec.field(name="Id")
    user_id: str = msgspec.field(name="AssigneeId")
    set_id: str = msgspec.field(name="PermissionSetId")


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
    assignments: Sequence[Assignment]
    layouts: Sequence[LayoutChange]
    flows: Mapping[str, Sequence[int]]

    @property
    def installed(self) -> bool:
        """Whether anything of ours was found in the org."""
        return bool(self.records or self.values or self.assignments or any(each.differs for each in self.layouts))


def members_of(package: bytes) -> dict[str, list[str]]:
    """The components that a zip's `package.xml` names, by type."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        root = fromstring(archive.read("package.xml"))
    space = f"{{{NAMESPACE}}}"
    return {
        types.findtext(f"{space}name", ""): [each.text or "" for each in types.findall(f"{space}members")]
        for types in root.findall(f"{space}types")
    }


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


async def _assignments(crm: Salesforce, sets: Sequence[str]) -> list[Assignment]:
    columns = ", ".join(field.encode_name for field in msgspec.structs.fields(Assignment))
    listed = ", ".join(map(quote, sets))
    soql = f"SELECT {columns} FROM PermissionSetAssignment WHERE PermissionSet.Name IN ({listed})"
    return [row async for rows in crm.query(soql, type=Assignment) for row in rows]


async def _versions(crm: Salesforce, flow: str) -> list[int]:
    """The numbers of a flow's versions, which are deleted one by one; none when the org shows no such flow."""
    soql = f"SELECT VersionNumber FROM Flow WHERE Definition.DeveloperName = {quote(flow)}"
    path = f"{crm.transport.data}/tooling/query"
    try:
        found = await crm.transport.json(path, _Versions, door="flow versions", params={"q": soql})
    except SetupRefused:
        return []
    return sorted(each.number for each in found.records)


async def carry_out(crm: Salesforce, found: Plan, *, on_progress: Progress | None = None) -> DeployResult:
    """Do it, all or nothing. Safe to repeat.

    Users lose the permission sets first, as an assigned one is not deleted; they get them back when the rest fails.
    """
    await crm.collections.delete([each.id for each in found.assignments])
    try:
        result = await crm.metadata.deploy(package(found, crm.api_version), on_progress=on_progress)
    except SalesforceError:
        await _give_back(crm, found.assignments)
        raise
    if not result.success:
        await _give_back(crm, found.assignments)
    return result


async def _give_back(crm: Salesforce, assignments: Sequence[Assignment]) -> None:
    for each in assignments:
        await crm.permission_sets.assign(each.set_id, each.user_id)


def package(found: Plan, api_version: str) -> bytes:
    """Layouts without what is ours, flows without an active version, and then the deletion of the rest.

    A flow's versions are named, and not the flow: an org refuses to delete one by its bare name.
    """
    changed = [each for each in found.layouts if each.differs]
    files = {f"layouts/{each.name}.layout": each.after for each in changed}
    files |= {f"flowDefinitions/{name}.flowDefinition": _SWITCHED_OFF for name in found.flows}
    members = {"Layout": [each.name for each in changed], "FlowDefinition": list(found.flows)}
    deletions = {kind: list(listed) for kind, listed in found.members.items()}
    deletions["Flow"] = [f"{name}-{number}" for name, numbers in found.flows.items() for number in numbers]
    named = {kind: listed for kind, listed in members.items() if listed}
    return package_of(files, named, api_version, deletions={kind: each for kind, each in deletions.items() if each})
