"""Transactional e-mails: smart ones (a template of the account, filled with data) and classic ones.

Dates are ISO 8601 texts with an offset: `2026-01-15T16:09:19-05:00`. With an account's key or OAuth a client must be
named wherever something is listed; a client's own key needs none.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec

from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.transport import Door, Transport

Consent = Literal["Yes", "No", "Unchanged"]
SmartStatus = Literal["all", "active", "draft"]


class SmartEmail(
    msgspec.Struct,
    frozen=True,
    rename={"smart_id": "ID", "name": "Name", "created": "CreatedAt", "status": "Status"},
):
    """A smart e-mail by its name. `status` is `Active` or `Draft`; only active ones can be sent."""

    smart_id: str = ""
    name: str = ""
    created: str = ""
    status: str = ""


class SmartContent(
    msgspec.Struct,
    frozen=True,
    rename={
        "variables": "EmailVariables",
        "text": "Text",
        "html_documented": "Html",
        "html_sampled": "HTML",
        "inline_css": "InlineCss",
    },
):
    """What a smart e-mail says, with the names of the variables that data fills."""

    variables: tuple[str, ...] = ()
    text: str = ""
    html_documented: str = ""
    html_sampled: str = ""
    inline_css: bool = False

    @property
    def html(self) -> str:
        """The HTML part; the documentation and samples of answers spell its name differently."""
        return self.html_documented or self.html_sampled


class SmartProperties(
    msgspec.Struct,
    frozen=True,
    rename={
        "sender": "From",
        "reply_to": "ReplyTo",
        "subject": "Subject",
        "content": "Content",
        "html_preview_url": "HtmlPreviewUrl",
        "text_preview_url": "TextPreviewUrl",
    },
):
    """Sender, subject and content of a smart e-mail."""

    sender: str = ""
    reply_to: str = ""
    subject: str = ""
    content: SmartContent = SmartContent()
    html_preview_url: str = ""
    text_preview_url: str = ""


class SmartEmailDetails(
    msgspec.Struct,
    frozen=True,
    rename={
        "smart_id": "SmartEmailID",
        "name": "Name",
        "created": "CreatedAt",
        "status": "Status",
        "properties": "Properties",
        "add_recipients_to_list": "AddRecipientsToList",
    },
):
    """A smart e-mail. `status` is `active` or `draft`, in letters that differ from those of the listing."""

    smart_id: str = ""
    name: str = ""
    created: str = ""
    status: str = ""
    properties: SmartProperties = SmartProperties()
    add_recipients_to_list: bool = False


class ClassicGroup(msgspec.Struct, frozen=True, rename={"name": "Group", "created": "CreatedAt"}):
    """A group that classic e-mails are counted under."""

    name: str = ""
    created: str = ""


class Statistics(
    msgspec.Struct,
    frozen=True,
    rename={
        "sent": "Sent",
        "bounces": "Bounces",
        "delivered": "Delivered",
        "opened": "Opened",
        "clicked": "Clicked",
    },
):
    """How many messages of a span were sent, and what became of them."""

    sent: int = 0
    bounces: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0


class Accepted(
    msgspec.Struct,
    frozen=True,
    rename={"message_id": "MessageID", "recipient": "Recipient", "status": "Status"},
):
    """A message that will go out. `status` is `Accepted` or `Received`."""

    message_id: str = ""
    recipient: str = ""
    status: str = ""


_SMART_EMAILS = Reader[list[SmartEmail]](list[SmartEmail])
_SMART_EMAIL = Reader[SmartEmailDetails](SmartEmailDetails)
_GROUPS = Reader[list[ClassicGroup]](list[ClassicGroup])
_STATISTICS = Reader[Statistics](Statistics)
_ACCEPTED = Reader[Accepted | list[Accepted]](Accepted | list[Accepted])


class Transactional:
    """The transactional e-mails of clients."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def smart_emails(self, client_id: str = "", status: SmartStatus = "all") -> list[SmartEmail]:
        """The smart e-mails."""
        return await self._transport.get(door_of("/smartEmail", clientID=client_id, status=status), _SMART_EMAILS)

    async def smart_email(self, smart_id: str) -> SmartEmailDetails:
        """A smart e-mail's settings and variables."""
        return await self._transport.get(door_of("/smartEmail/{}", smart_id), _SMART_EMAIL)

    async def send_smart(
        self,
        smart_id: str,
        to: Sequence[str],
        *,
        consent_to_track: Consent,
        cc: Sequence[str] = (),
        bcc: Sequence[str] = (),
        data: Mapping[str, Any] | None = None,
        add_recipients_to_list: bool = True,
    ) -> list[Accepted]:
        """Send a smart e-mail; one message for each address. `data` fills the variables of the e-mail.

        Addresses may have names: `Ada <ada@example.com>`; at most 25 in all. `add_recipients_to_list` lets the e-mail's
        own setting do its work. Raises RecordRefused where the server wants other values (codes 952 to 954, 974, 996),
        SetupRefused where the plan or the sender's domain does not allow it (980, 993, 994), and OutcomeUnknown where
        no answer says whether it was sent: it is not sent twice.
        """
        wish: dict[str, Any] = {"To": list(to), "CC": list(cc), "BCC": list(bcc), "Data": dict(data or {})}
        body = {name: value for name, value in wish.items() if value}
        body |= {"AddRecipientsToList": add_recipients_to_list, "ConsentToTrack": consent_to_track}
        return await self._transport.send("POST", door_of("/smartEmail/{}/send", smart_id), body, read_accepted)

    async def classic_groups(self, client_id: str = "") -> list[ClassicGroup]:
        """The groups of classic e-mails."""
        return await self._transport.get(door_of("/classicEmail/groups", clientID=client_id), _GROUPS)

    async def statistics(
        self,
        client_id: str = "",
        *,
        first: date | None = None,
        last: date | None = None,
        timezone: Literal["client", "utc"] = "client",
        smart_id: str = "",
        group: str = "",
    ) -> Statistics:
        """The figures of a span of days, of all messages or of a smart e-mail's or a group's.

        Raises ValueError where both a smart e-mail and a group are given.
        """
        span = {"from": f"{first:%Y-%m-%d}" if first else "", "to": f"{last:%Y-%m-%d}" if last else ""}
        door = door_of("/statistics", clientID=client_id, timezone=timezone, **span, **narrowed(smart_id, group))
        return await self._transport.get(door, _STATISTICS)


def read_accepted(body: bytes) -> list[Accepted]:
    """What was accepted: a list, one object alone, or an empty body."""
    found = _ACCEPTED(body) if body.strip() else []
    return found if isinstance(found, list) else [found]


def door_of(template: str, *ids: str, **query: str) -> Door:
    """A call without the blank parts of its query."""
    return Door(f"/transactional{template}", ids, {name: value for name, value in query.items() if value}, suffix="")


def narrowed(smart_id: str, group: str) -> dict[str, str]:
    """The query that picks a smart e-mail's or a group's. Raises ValueError where both are given."""
    if smart_id and group:
        raise ValueError(f"Both the smart e-mail {smart_id!r} and the group {group!r} are given: give one of them.")
    return {"smartEmailID": smart_id, "group": group}
