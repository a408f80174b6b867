"""The messages of transactional e-mails, each to one recipient.

Times of sending are ISO 8601 texts with an offset: `2026-01-15T16:09:19-05:00`. With an account's key or OAuth a client
must be named where messages are listed; a client's own key needs none.
"""

from collections.abc import AsyncGenerator
from typing import Any, Final, Literal

import msgspec

from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.transactional import Accepted, door_of, narrowed, read_accepted
from fairlead.campaignmonitor.transport import Transport

MOST_MESSAGES: Final = 200
"""How many messages one call gives at most."""

MessageStatus = Literal["all", "delivered", "bounced", "spam"]

_MESSAGE: Final = {
    "message_id": "MessageID",
    "status": "Status",
    "sent": "SentAt",
    "recipient": "Recipient",
    "smart_id": "SmartEmailID",
    "group": "Group",
    "opens": "TotalOpens",
    "clicks": "TotalClicks",
    "can_be_resent": "CanBeResent",
}


class Message(msgspec.Struct, frozen=True, rename=_MESSAGE | {"sender": "From", "subject": "Subject"}):
    """One message to one recipient. `status` is `Delivered`, `Bounced` …; `smart_id` or `group` is blank."""

    message_id: str = ""
    status: str = ""
    sent: str = ""
    recipient: str = ""
    sender: str = ""
    subject: str = ""
    opens: int = 0
    clicks: int = 0
    can_be_resent: bool = False
    smart_id: str = ""
    group: str = ""


class Attachment(msgspec.Struct, frozen=True, rename={"name": "Name", "type": "Type"}):
    """A file that went with a message, without its content."""

    name: str = ""
    type: str = ""


class Body(msgspec.Struct, frozen=True, rename={"html": "Html", "text": "Text"}):
    """What a message said."""

    html: str = ""
    text: str = ""


class MessageContent(
    msgspec.Struct,
    frozen=True,
    rename={
        "sender": "From",
        "subject": "Subject",
        "to": "To",
        "cc": "CC",
        "bcc": "BCC",
        "attachments": "Attachments",
        "body": "Body",
        "data": "Data",
    },
):
    """A message as it was sent. `to`, `cc` and `bcc` are tuples of addresses, or one address alone."""

    sender: str = ""
    subject: str = ""
    to: tuple[str, ...] | str = ()
    cc: tuple[str, ...] | str = ()
    bcc: tuple[str, ...] | str = ()
    attachments: tuple[Attachment, ...] = ()
    body: Body = Body()
    data: dict[str, Any] = {}


class Place(
    msgspec.Struct,
    frozen=True,
    rename={"city": "City", "region": "Region", "country_code": "CountryCode", "country": "CountryName"},
):
    """Where something was opened; blank where unknown."""

    city: str = ""
    region: str = ""
    country_code: str = ""
    country: str = ""


class MessageEvent(
    msgspec.Struct,
    frozen=True,
    rename={"email": "EmailAddress", "date": "Date", "ip_address": "IPAddress", "url": "URL", "place": "Geolocation"},
):
    """An opening or a click, to whom `url` belongs. `date` is a naive text `YYYY-MM-DD HH:MM:SS`."""

    email: str = ""
    date: str = ""
    ip_address: str = ""
    url: str = ""
    place: Place = Place()


class MessageDetails(
    msgspec.Struct,
    frozen=True,
    rename=_MESSAGE | {"content": "Message", "open_events": "Opens", "click_events": "Clicks"},
):
    """A message with its content; the single openings and clicks only where statistics were asked for."""

    message_id: str = ""
    status: str = ""
    sent: str = ""
    recipient: str = ""
    content: MessageContent = MessageContent()
    opens: int = 0
    clicks: int = 0
    can_be_resent: bool = False
    smart_id: str = ""
    group: str = ""
    open_events: tuple[MessageEvent, ...] = ()
    click_events: tuple[MessageEvent, ...] = ()


_MESSAGES = Reader[list[Message]](list[Message])
_DETAILS = Reader[MessageDetails](MessageDetails)


class Messages:
    """The messages of clients' transactional e-mails."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def listed(
        self,
        client_id: str = "",
        *,
        status: MessageStatus = "all",
        smart_id: str = "",
        group: str = "",
        before: str = "",
        after: str = "",
        count: int = MOST_MESSAGES,
    ) -> list[Message]:
        """At most `count` (1 to 200) messages, newest first; `before` and `after` are ids of messages.

        Raises ValueError for another count, or where both a smart e-mail and a group are given.
        """
        if not 1 <= count <= MOST_MESSAGES:
            raise ValueError(f"{count} messages cannot be asked for at once: give 1 to {MOST_MESSAGES}.")
        cursor = {"sentBeforeID": before, "sentAfterID": after}
        door = door_of(
            "/messages", clientID=client_id, status=status, count=str(count), **cursor, **narrowed(smart_id, group)
        )
        return await self._transport.get(door, _MESSAGES)

    async def every(
        self,
        client_id: str = "",
        *,
        status: MessageStatus = "all",
        smart_id: str = "",
        group: str = "",
        known: str = "",
        count: int = MOST_MESSAGES,
    ) -> AsyncGenerator[list[Message], None]:
        """The messages from the newest to the oldest, or to the one with the id `known` without it, `count` a call.

        New messages stand before the first and move none behind it: each comes once.
        """
        before = ""
        while True:
            found = await self.listed(
                client_id, status=status, smart_id=smart_id, group=group, before=before, count=count
            )
            ids = [message.message_id for message in found]
            fresh = found[: ids.index(known)] if known in ids else found
            if fresh:
                yield fresh
            # A short answer need not be the last: how many come is the server's choice.
            if not fresh or len(fresh) < len(found) or ids[-1] == before:
                return
            before = ids[-1]

    async def details(self, message_id: str, *, statistics: bool = False) -> MessageDetails:
        """A message with its content, and its single openings and clicks if `statistics` is asked for."""
        door = door_of("/messages/{}", message_id, statistics="true" if statistics else "")
        return await self._transport.get(door, _DETAILS)

    async def resend(self, message_id: str) -> list[Accepted]:
        """Send a message again; blank where the server only says that it will.

        Raises OutcomeUnknown where no answer says whether it was sent, and RecordRefused (status 410) where it is too
        old to be sent again.
        """
        return await self._transport.send("POST", door_of("/messages/{}/resend", message_id), None, read_accepted)
