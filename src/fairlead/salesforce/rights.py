"""What the user whom Fairlead signs in as must be allowed to do in the org, and which of it is missing, by name."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.describe import ObjectInfo
from fairlead.salesforce.errors import RecordRefused, RequestWrong, SetupRefused


@dataclass(frozen=True, slots=True)
class Need:
    """One right: `what` Salesforce calls it, `why` Fairlead needs it, `fix` where to give it.

    `vital`: without it nothing works; else one feature does not.
    """

    what: str
    why: str
    fix: str
    vital: bool = True


_SYSTEM: Final = "Permission set of the integration user > System Permissions"
_OBJECTS: Final = "Permission set of the integration user > Object Settings"
SYSTEM: Final = {
    "PermissionsApiEnabled": Need("API Enabled", "every call", _SYSTEM),
    "PermissionsModifyMetadata": Need(
        "Modify Metadata Through Metadata API Functions", "deploying from here, and layouts", _SYSTEM, vital=False
    ),
    "PermissionsCustomizeApplication": Need(
        "Customize Application", "deploying from here, and layouts", _SYSTEM, vital=False
    ),
    "PermissionsViewSetup": Need(
        "View Setup and Configuration", "reading limits, users, permission sets and layouts", _SYSTEM, vital=False
    ),
    "PermissionsAssignPermissionSets": Need(
        "Assign Permission Sets", "giving people access on the page Permissions", _SYSTEM, vital=False
    ),
    "PermissionsSendCustomNotifications": Need(
        "Send Custom Notifications", "telling users of problems", _SYSTEM, vital=False
    ),
    "PermissionsRunReports": Need("Run Reports", "importing from reports", _SYSTEM, vital=False),
}
"""By the field of UserPermissionAccess that tells whether the user has the right."""

READ, CREATE, EDIT, DELETE = "Read", "Create", "Edit", "Delete"
STANDARD: Final = {
    "Contact": ((READ, EDIT), "matching members, opt status"),
    "Lead": ((READ, EDIT), "matching members, opt status"),
    "Account": ((READ,), "subscriber rules on accounts"),
    "Campaign": ((READ, CREATE, EDIT), "linking campaigns"),
    "CampaignMember": ((READ, CREATE, EDIT), "linking campaigns"),
    "User": ((READ,), "owners of records"),
    "Organization": ((READ,), "limits and time zone"),
    "PermissionSet": ((READ,), "the page Permissions"),
    "PermissionSetAssignment": ((READ,), "the page Permissions"),
    "RecordType": ((READ,), "record types of created contacts and leads"),
    "CustomNotificationType": ((READ,), "telling users of problems"),
}
"""Rights on standard objects, and why."""
FIELDS: Final = {
    "Contact": ("Email", "HasOptedOutOfEmail", "FirstName", "LastName"),
    "Lead": ("Email", "HasOptedOutOfEmail", "FirstName", "LastName"),
}
"""Fields of standard objects that field-level security may hide."""
OURS: Final = (READ, CREATE, EDIT, DELETE)


@dataclass(frozen=True, slots=True)
class Found:
    """What was learned: missing rights, and questions that the org did not answer."""

    missing: tuple[Need, ...]
    unknown: tuple[str, ...] = ()


async def look(crm: Salesforce) -> Found:
    """Ask the org what the signed-in user may do, all at once. Our own objects count only once they are there."""
    objects = (*STANDARD, *names.OBJECTS)
    asked = asyncio.gather(*(_described(crm, each) for each in objects))
    (missing, unknown), infos = await asyncio.gather(_system(crm), asked)
    described = dict(zip(objects, infos, strict=True))
    for sobject, (rights, why) in STANDARD.items():
        missing += of_object(sobject, described[sobject], rights, why)
    for sobject in names.OBJECTS:
        info = described[sobject]
        missing += of_object(sobject, info, OURS, "writing what was synced") if info else []
    return Found(tuple(missing), tuple(unknown))


async def _described(crm: Salesforce, sobject: str) -> ObjectInfo | None:
    try:
        return await crm.describe(sobject)
    except SetupRefused:
        return None


async def _system(crm: Salesforce) -> tuple[list[Need], list[str]]:
    soql = f"SELECT {', '.join(SYSTEM)} FROM UserPermissionAccess LIMIT 1"
    try:
        rows = [row async for page in crm.query(soql) for row in page]
    except (SetupRefused, RecordRefused, RequestWrong):
        rows = []
    if not rows:
        return [], [need.what for need in SYSTEM.values()]
    return of_system(rows[0]), []


def of_system(row: dict[str, Any]) -> list[Need]:
    """The system permissions that a row of UserPermissionAccess does not give."""
    return [need for field, need in SYSTEM.items() if row.get(field) is not True]


def of_object(sobject: str, info: ObjectInfo | None, rights: tuple[str, ...], why: str) -> list[Need]:
    """The rights on an object, and on fields that Fairlead reads, that its description does not show."""
    if info is None or not info.queryable:
        return [Need(f"{READ} on {sobject}", why, f"{_OBJECTS} > {sobject}", vital=sobject in FIELDS)]
    shown = {READ: True, CREATE: info.createable, EDIT: info.updateable, DELETE: info.deletable}
    lacking = [f"{right} on {sobject}" for right in rights if not shown[right]]
    lacking += [f"{READ} on the field {sobject}.{name}" for name in FIELDS.get(sobject, ()) if info.field(name) is None]
    vital = sobject in FIELDS or sobject in names.OBJECTS
    return [Need(what, why, f"{_OBJECTS} > {sobject}", vital) for what in lacking]
