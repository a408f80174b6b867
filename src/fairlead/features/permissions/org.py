"""Users of the org and their permission sets, read now; and assigning sets."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairlead.domain.failure import Failure
from fairlead.domain.role import MANAGE_MEMBERSHIPS, Role
from fairlead.features.permissions import rules
from fairlead.features.permissions.rules import Change, Person
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import in_clause, quote
from fairlead.sync.failures import salesforce_failures

A_PAGE: Final = 50
LAST_PAGE: Final = 2_000 // A_PAGE
"""Salesforce skips at most 2,000 rows."""
_ANY: Final = str.maketrans({"%": "\\%", "_": "\\_", "\\": "\\\\"})
_FIELDS: Final = (
    "Id, Name, Username, IsActive, Profile.Name, Profile.UserLicense.Name, Profile.PermissionsModifyAllData, "
    "Profile.PermissionsCustomizeApplication"
)
_OURS: Final = in_clause(sorted(rules.ROLES))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: words of a name or user name, the set held (a role; NONE for no set), the page."""

    words: str = ""
    holds: Role | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """A page of users."""

    people: list[Person]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one user: `after` is the role that the org gives now; `problem` says why it was not changed."""

    change: Change
    after: Role
    problem: str = ""

    @property
    def lost(self) -> bool:
        """Whether the user had access and has none now."""
        return self.change.person.role > Role.NONE and self.after is Role.NONE


async def search(crm: Salesforce, wanted: Wanted) -> Found:
    """Active users by name, 50 a page, each with the sets held. Two queries."""
    where = ["IsActive = true", "UserType IN ('Standard', 'Guest')"]
    if words := wanted.words.strip():
        like = quote(f"%{words.translate(_ANY)}%")
        where.append(f"(Name LIKE {like} OR Username LIKE {like})")
    if wanted.holds is not None:
        names = _OURS if wanted.holds is Role.NONE else in_clause([rules.SETS[wanted.holds]])
        among = "NOT IN" if wanted.holds is Role.NONE else "IN"
        held = f"SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.Name IN {names}"
        where.append(f"Id {among} ({held})")
    skip = (min(max(wanted.page, 1), LAST_PAGE) - 1) * A_PAGE
    rows = await _rows(
        crm,
        f"SELECT {_FIELDS} FROM User WHERE {' AND '.join(where)} ORDER BY Name, Id LIMIT {A_PAGE + 1} OFFSET {skip}",
    )
    return Found(await _people(crm, rows[:A_PAGE]), more=len(rows) > A_PAGE)


async def people(crm: Salesforce, ids: Collection[str]) -> dict[str, Person]:
    """These users, active or not, by id of 18 characters; those that the org does not have are left out."""
    if not ids:
        return {}
    rows = await _rows(crm, f"SELECT {_FIELDS} FROM User WHERE Id IN {in_clause(sorted(set(ids)))}")
    return {person.id: person for person in await _people(crm, rows)}


async def named(crm: Salesforce, names: Collection[str]) -> list[Person]:
    """Active users by their user names or ids."""
    given = in_clause(sorted(set(names)))
    ids = [name for name in names if name.startswith("005") and len(name) in (15, 18)]
    also = f" OR Id IN {in_clause(ids)}" if ids else ""
    rows = await _rows(crm, f"SELECT {_FIELDS} FROM User WHERE IsActive = true AND (Username IN {given}{also})")
    return await _people(crm, rows)


async def permissions(crm: Salesforce, user_id: str) -> tuple[str, ...]:
    """Our custom permissions that a user has by any permission set, the profile's among them. Three short queries."""
    name = MANAGE_MEMBERSHIPS
    known = await _rows(crm, f"SELECT Id FROM CustomPermission WHERE DeveloperName = {quote(name)}")
    if not known:
        return ()
    soql = f"SELECT ParentId FROM SetupEntityAccess WHERE SetupEntityId IN {in_clause([r['Id'] for r in known])}"
    sets = [str(row["ParentId"]) for row in await _rows(crm, soql)]
    if not sets:
        return ()
    held = f"SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = {quote(user_id)} AND PermissionSetId IN "
    return (name,) if await _rows(crm, f"{held}{in_clause(sets)} LIMIT 1") else ()


async def carry_out(crm: Salesforce, changes: Sequence[Change]) -> list[Outcome]:
    """Assign and take away, user by user; one that is refused stops no other. What the org says afterwards counts."""
    with salesforce_failures("read permission sets"):
        ids = {each.name: each.id for each in await crm.permission_sets.all()}
    problems = {each.person.id: await _one(crm, each, ids) for each in changes}
    now = await people(crm, [each.person.id for each in changes])
    return [
        Outcome(each, now[each.person.id].role if each.person.id in now else Role.NONE, problems[each.person.id])
        for each in changes
    ]


async def _one(crm: Salesforce, change: Change, ids: dict[str, str]) -> str:
    """Why it was not possible; blank where it was. Assigned first: nobody is without any set in between."""
    if change.assign and change.assign not in ids:
        return f"The org has no permission set {change.assign}. Install the package: `fairlead salesforce deploy`."
    try:
        with salesforce_failures("assign a permission set"):
            if change.assign:
                await crm.permission_sets.assign(ids[change.assign], change.person.id)
            for name in change.unassign:
                await crm.permission_sets.unassign(ids[name], change.person.id)
    except Failure as failure:
        return f"{failure.text} {rules.why_refused(failure.text) or failure.step}".strip()
    return ""


async def _people(crm: Salesforce, rows: Sequence[dict[str, Any]]) -> list[Person]:
    if not rows:
        return []
    ids = in_clause([str(row["Id"]) for row in rows])
    held: dict[str, list[str]] = {}
    soql = (
        "SELECT AssigneeId, PermissionSet.Name FROM PermissionSetAssignment "
        f"WHERE AssigneeId IN {ids} AND PermissionSet.Name IN {_OURS}"
    )
    for row in await _rows(crm, soql):
        held.setdefault(str(row["AssigneeId"]), []).append(str(row["PermissionSet"]["Name"]))
    return [_person(row, held.get(str(row["Id"]), ())) for row in rows]


def _person(row: dict[str, Any], sets: Sequence[str]) -> Person:
    profile = row.get("Profile") or {}
    administers = profile.get("PermissionsModifyAllData") is True and (
        profile.get("PermissionsCustomizeApplication") is True
    )
    return Person(
        id=str(row["Id"]),
        name=str(row.get("Name") or ""),
        username=str(row.get("Username") or ""),
        profile=str(profile.get("Name") or ""),
        licence=str((profile.get("UserLicense") or {}).get("Name") or ""),
        administers=administers,
        sets=tuple(sorted(sets)),
        active=row.get("IsActive") is True,
    )


async def _rows(crm: Salesforce, soql: str) -> list[dict[str, Any]]:
    with salesforce_failures("read users and permission sets"):
        return [row async for page in crm.query(soql) for row in page]
