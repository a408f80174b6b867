"""What the licence of a user does not allow a permission set to give."""

import json
from typing import Final

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.records.outcome import Work

fact("licence_of_the_assignee")

_LACKING: Final = {
    "Salesforce Platform": ("Lead", "Campaign", "CampaignMember", "Opportunity", "Case"),
    "Salesforce Integration": ("",),
}
"""By licence: objects that it does not have; the blank stands for every object."""


def refuse_unlicensed(work: Work) -> None:
    """Refuses assignments of permission sets that give rights on objects which the user's licence does not have."""
    batch = work.batch
    if batch.sobject.name != "PermissionSetAssignment":
        return
    for row in work.new():
        user, given = (batch.columns.get(name, [None] * batch.count)[row] for name in ("assigneeid", "permissionsetid"))
        if row not in batch.errors and isinstance(user, str) and isinstance(given, str):
            lacking = _lacking(work, user, given)
            if lacking:
                batch.errors[row] = RowError("FIELD_INTEGRITY_EXCEPTION", lacking, ("PermissionSetId",))


def _lacking(work: Work, user: str, given: str) -> str:
    """Why the user cannot have the set; blank if it can."""
    found = work.connection.execute(
        "SELECT u.Name, l.Name, s.Label FROM User AS u JOIN Profile AS p ON p.Id = u.ProfileId "
        "JOIN UserLicense AS l ON l.Id = p.UserLicenseId, PermissionSet AS s WHERE u.Id = ? AND s.Id = ?",
        (user, given),
    ).fetchone()
    if found is None or found[1] not in _LACKING:
        return ""
    name, licence, label = found
    refused = work.connection.execute(
        "SELECT o.SobjectType FROM ObjectPermissions AS o WHERE o.ParentId = ? AND o.IsDeleted = 0 "
        "AND (? OR o.SobjectType IN (SELECT value FROM json_each(?))) ORDER BY o.SobjectType",
        (given, "" in _LACKING[licence], json.dumps(_LACKING[licence])),
    ).fetchone()
    if refused is None:
        return ""
    return (
        f"Can't assign permission set {label} to user {name}. "
        f"The user license doesn't allow the permission: Read {refused[0]}"
    )
