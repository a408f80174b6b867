"""Users of the org: telling them something, and giving them permission sets."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from fairlead.salesforce.error_reading import error_from
from fairlead.salesforce.errors import RecordRefused, RequestWrong, SetupRefused
from fairlead.salesforce.query import Queries, quote
from fairlead.salesforce.records import Records
from fairlead.salesforce.scrubbing import scrub
from fairlead.salesforce.transport import Answer, Repeat, Transport

MAX_RECIPIENTS: Final = 500
MAX_TITLE: Final = 250
MAX_BODY: Final = 750


class PermissionSet(msgspec.Struct, frozen=True):
    """One permission set of the org."""

    id: str = msgspec.field(name="Id")
    name: str = msgspec.field(name="Name")
    label: str = msgspec.field(name="Label", default="")


class _Row(msgspec.Struct):
    id: str = msgspec.field(name="Id")


class _ActionError(msgspec.Struct, rename="camel"):
    status_code: str = ""
    message: str = ""


class _ActionResult(msgspec.Struct, rename="camel"):
    is_success: bool
    errors: list[_ActionError] | None = None


def _results(answer: Answer) -> list[_ActionResult]:
    """The results; a 400 may hold them too, or say that the whole call was wrong."""
    try:
        return msgspec.json.decode(answer.body, type=list[_ActionResult])
    except (msgspec.DecodeError, UnicodeDecodeError):
        if answer.status >= 400:
            raise error_from(answer.status, answer.body) from None
        return answer.decode(list[_ActionResult])  # tells that it is malformed


class Notifications:
    """Custom notifications. The caller needs the permission Send Custom Notifications."""

    def __init__(self, transport: Transport, queries: Queries) -> None:
        self._transport = transport
        self._queries = queries

    async def type_id(self, developer_name: str) -> str:
        """The id of a notification type. Raises SetupRefused when the org has none of that name."""
        soql = f"SELECT Id FROM CustomNotificationType WHERE DeveloperName = {quote(developer_name)}"
        async for rows in self._queries.pages(soql, type=_Row):
            for row in rows:
                return row.id
        raise SetupRefused(
            f"The org has no notification type {developer_name}.",
            code="notification_type",
            next_step="Deploy the package, then try again.",
        )

    async def send(
        self,
        type_id: str,
        recipients: Sequence[str],
        title: str,
        body: str,
        target_id: str = "",
        *,
        target_page: str = "",
    ) -> None:
        """Tell users, groups or queues (by id), 500 a call; not sent twice when unsure.

        A click opens the record `target_id`, or `target_page`: a page reference of Lightning, as JSON.

        Raises RequestWrong for texts that are blank or too long, else what Salesforce refused.
        """
        for name, text, most in (("title", title, MAX_TITLE), ("body", body, MAX_BODY)):
            if not text.strip() or len(text) > most:
                raise RequestWrong(
                    f"The notification's {name} has {len(text)} characters.",
                    code="notification_text",
                    next_step=f"Write 1 to {most} characters.",
                )
        for start in range(0, len(recipients), MAX_RECIPIENTS):
            part = list(recipients[start : start + MAX_RECIPIENTS])
            wanted = {"customNotifTypeId": type_id, "recipientIds": part, "title": title, "body": body}
            await self._act(wanted | ({"targetPageRef": target_page} if target_page else {"targetId": target_id}))

    async def _act(self, wanted: dict[str, Any]) -> None:
        results = await self._transport.ask(
            "POST",
            f"{self._transport.data}/actions/standard/customNotificationAction",
            _results,
            door="notification",
            json={"inputs": [wanted]},
            accept=(400,),
            repeat=Repeat.UNSENT,
        )
        for result in results:
            if not result.is_success:
                first = (result.errors or [_ActionError()])[0]
                raise SetupRefused(
                    f"The notification was refused: {scrub(first.message) or 'no reason given'}.",
                    code=first.status_code or "notification_refused",
                    next_step="Give the integration user Send Custom Notifications; check that recipients are active.",
                )


class PermissionSets:
    """Permission sets, and whom they are assigned to."""

    def __init__(self, queries: Queries, records: Records) -> None:
        self._queries = queries
        self._records = records

    async def all(self) -> list[PermissionSet]:
        """The org's permission sets by name, without those that belong to profiles."""
        soql = "SELECT Id, Name, Label FROM PermissionSet WHERE IsOwnedByProfile = false ORDER BY Name"
        return [row async for rows in self._queries.pages(soql, type=PermissionSet) for row in rows]

    async def assign(self, permission_set_id: str, user_id: str) -> bool:
        """Assign; whether it was new. Safe to repeat."""
        wanted = {"AssigneeId": user_id, "PermissionSetId": permission_set_id}
        try:
            await self._records.create("PermissionSetAssignment", wanted)
        except RecordRefused as error:
            if error.code != "DUPLICATE_VALUE":
                raise
            return False
        return True

    async def unassign(self, permission_set_id: str, user_id: str) -> bool:
        """Take away; whether it had been assigned. Safe to repeat."""
        soql = (
            f"SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = {quote(permission_set_id)} "
            f"AND AssigneeId = {quote(user_id)}"
        )
        found = [row.id async for rows in self._queries.pages(soql, type=_Row) for row in rows]
        for assignment in found:
            await self._records.delete("PermissionSetAssignment", assignment)
        return bool(found)
