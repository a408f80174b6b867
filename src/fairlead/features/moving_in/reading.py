"""What the connected org holds of the older package, read live: objects by their names, only fields that the org shows.

Its names come from customers' own metadata exports (section 3 of the facts). What is not there is told, never a failure.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fairlead.features.moving_in.rules import words
from fairlead.features.moving_in.rules.words import PREFIX, Old
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.describe import ObjectInfo
from fairlead.salesforce.errors import RecordRefused, RequestWrong, SetupRefused
from fairlead.sync.failures import salesforce_failures

DOING: Final = "read the older package's records"
REFUSED: Final = (SetupRefused, RecordRefused, RequestWrong)
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    words.CLIENT: ("Client_Id__c", "Client_Name__c", "Salesforce_User__c"),
    words.LIST: (
        "List_Id__c", "List_Name__c", "Prevent_Member_Sync__c", "Create_Rule__c", "Create_Rule_Record_Type__c",
        "Unsubscribe_Setting__c", "Confirmation_Success_Page__c", "Unsubscribe_Page__c", "List_Type__c",
        "Subscriber_Start_Sync__c",
    ),
    words.LINE: (
        "List_Id__c", "Subscriber_List__c", "CM_Field__c", "SF_Field__c", "Object_Type__c", "Sync_Direction__c",
        "Conflict_Behaviour__c", "Create_Only__c", "Default_Value__c",
    ),
    words.RULE: (
        "Action__c", "Criteria__c", "Description__c", "Disabled__c", "Evaluation_Time__c", "Logic__c", "Object__c",
        "Resubscribe__c", "Subscriber_List_Id__c", "Subscriber_List_Name__c", "Subscriber_List__c",
    ),
    words.IMPORT: (
        "Import_Title__c", "Import_Type__c", "Mapping__c", "Param__c", "SOQL__c", "Refresh_Type__c", "Clear_Values__c",
        "Resubscribe__c", "Schedule_Type__c", "Run_At__c", "Scheduled_Days__c", "Segment_Name__c", "Subscriber_List__c",
        "Run_As__c",
    ),
    words.TEMPLATE: ("Name__c", "Smart_Email_Id__c", "Add_Recipients_to_List__c"),
    words.SMART: (
        "Smart_Email__c", "Root_Object__c", "Description__c", "Create_Tasks__c", "Create_Messages__c", "Filters__c",
    ),
    words.VARIABLE: (
        "Smart_Email__c", "Name__c", "Field_Name__c", "Object_Names__c", "Is_Child_Relationship__c", "Format__c",
    ),
    words.RECIPIENT: (
        "Smart_Email__c", "Type__c", "Value__c", "Is_Field__c", "Field_Name__c", "Object_Names__c",
        "Is_Child_Relationship__c",
    ),
    words.CAMPAIGN: ("Campaign_ID__c", "Salesforce_Campaign__c"),
}  # fmt: skip
LATER: Final = frozenset({"Create_Rule_Record_Type__c", "Resubscribe__c", "Create_Messages__c"})
"""Fields that older versions do not have (§3, †): nothing is missing where they are not there."""
COUNTED: Final = (
    words.MEMBER,
    "Campaign_Activity__c",
    "Suppression__c",
    "Journey__c",
    "Journey_Email__c",
    "Queue_Item__c",
)
LINK: Final = "Campaign_Monitor_Id__c"


async def objects(crm: Salesforce) -> set[str]:
    """The package's objects that the org has, without the prefix; none where it does not tell this user. Costs a call."""
    soql = f"SELECT QualifiedApiName FROM EntityDefinition WHERE QualifiedApiName LIKE '{PREFIX}%'"
    with salesforce_failures("look for the older package"):
        try:
            names = [str(row["QualifiedApiName"]) async for page in crm.query(soql) for row in page]
        except REFUSED:
            return set()
    return {name[len(PREFIX) :] for name in names}


async def read(crm: Salesforce) -> Old:
    """All that can be taken over. Costs some two calls an object and one for each further page; raises a Failure."""
    there = await objects(crm)
    reader = _Reader(crm)
    with salesforce_failures(DOING):
        for name in FIELDS:
            if name in there:
                await reader.rows_of(name, FIELDS[name])
        if words.SETTINGS in there:
            await reader.rows_of(words.SETTINGS, None)
        await reader.links()
        for name in COUNTED:
            if name in there:
                await reader.count(name)
        await reader.zones()
    return Old(frozenset(there), tuple(reader.unreadable), tuple(reader.unseen), reader.rows, reader.counts)


class _Reader:
    """Gathers rows, and what is hidden."""

    def __init__(self, crm: Salesforce) -> None:
        self._crm = crm
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.counts: dict[str, int] = {}
        self.unreadable: list[str] = []
        self.unseen: list[str] = []

    async def rows_of(self, name: str, fields: Sequence[str] | None) -> None:
        """An object's rows with these fields, or with every custom field it has."""
        info = await self._described(f"{PREFIX}{name}")
        if info is None:
            self.unreadable.append(name)
            return
        if fields is None:
            fields = [one.name.removeprefix(PREFIX) for one in info.fields if one.custom]
        shown = [field for field in fields if info.field(f"{PREFIX}{field}") is not None]
        self.unseen += [f"{name}.{field}" for field in fields if field not in shown and field not in LATER]
        plain = [field for field in ("Id", "Name") if info.field(field) is not None]
        self.rows[name] = await self._query(f"{PREFIX}{name}", [*plain, *(f"{PREFIX}{field}" for field in shown)])

    async def links(self) -> None:
        """Salesforce campaigns that name a sent campaign in the package's own field."""
        info = await self._described(words.CRM_CAMPAIGN)
        if info is None or info.field(f"{PREFIX}{LINK}") is None:
            return
        fields = ["Id", "Name", f"{PREFIX}{LINK}"]
        self.rows[words.CRM_CAMPAIGN] = await self._query(words.CRM_CAMPAIGN, fields, f" WHERE {PREFIX}{LINK} != null")

    async def count(self, name: str) -> None:
        """How many records an object has."""
        try:
            self.counts[name] = await self._crm.count(f"SELECT COUNT() FROM {PREFIX}{name}")
        except REFUSED:
            self.unreadable.append(name)

    async def zones(self) -> None:
        """The time zones of the users whom imports run as: their hours are told in these (assumed)."""
        who = sorted({str(row["Run_As__c"]) for row in self.rows.get(words.IMPORT, ()) if row.get("Run_As__c")})
        if not who:
            return
        ids = ", ".join(f"'{one}'" for one in who if one.isalnum())
        found = await self._query("User", ["Id", "TimeZoneSidKey"], f" WHERE Id IN ({ids})")
        zone = {row["Id"]: row["TimeZoneSidKey"] for row in found}
        for row in self.rows[words.IMPORT]:
            row["TimeZone"] = zone.get(row.get("Run_As__c"), "")

    async def _described(self, name: str) -> ObjectInfo | None:
        try:
            info = await self._crm.describe(name)
        except REFUSED:
            return None
        return info if info.queryable else None

    async def _query(self, name: str, fields: Sequence[str], where: str = "") -> list[dict[str, Any]]:
        soql = f"SELECT {', '.join(fields)} FROM {name}{where} ORDER BY Id"
        pages = [row async for page in self._crm.query(soql) for row in page]
        return [{field.removeprefix(PREFIX): value for field, value in row.items()} for row in pages]
