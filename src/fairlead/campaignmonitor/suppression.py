"""The addresses that a client does not mail to, and the lists that an address is on."""

from collections.abc import AsyncGenerator, Sequence
from typing import Final

import msgspec

from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.numbered import Numbered
from fairlead.campaignmonitor.paging import Page
from fairlead.campaignmonitor.transport import Door, Transport, nothing

NOT_SUPPRESSED: Final = 176


class Suppressed(
    msgspec.Struct,
    gc=False,
    frozen=True,
    rename={"email": "EmailAddress", "date": "Date", "state": "State", "reason": "SuppressionReason"},
):
    """An address that a client does not mail to.

    `date` is a naive text `YYYY-MM-DD HH:MM:SS` in the client's time zone, with seconds. `state` is `Suppressed`,
    `reason` is `Bounced`, `Unsubscribed` or `Reason Unavailable`.
    """

    email: str = ""
    date: str = ""
    state: str = ""
    reason: str = ""


class Membership(
    msgspec.Struct,
    frozen=True,
    rename={"list_id": "ListID", "list_name": "ListName", "state": "SubscriberState", "added": "DateSubscriberAdded"},
):
    """A list that an address is on, and in which state. `added` is a naive text in the client's time zone."""

    list_id: str = ""
    list_name: str = ""
    state: str = ""
    added: str = ""


_PAGE = Reader[Page[Suppressed]](Page[Suppressed])
_MEMBERSHIPS = Reader[list[Membership]](list[Membership])


class Suppression:
    """The suppression lists of clients."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def suppressed(self, client_id: str, *, page_size: int = 1000) -> AsyncGenerator[Page[Suppressed], None]:
        """A client's whole suppression list, a page at a time; see `paging.every_page` for order and repeats.

        The list can only be read as a whole: there is no filter by date.
        Close it (`contextlib.aclosing`) when leaving it early: calls may be on the wire.
        """
        query = {"orderfield": "date", "orderdirection": "asc"}
        door = Door("/clients/{}/suppressionlist", (client_id,), query)
        return Numbered(self._transport, door, _PAGE, page_size).every()

    async def newest(self, client_id: str, page: int, *, page_size: int = 1000) -> Page[Suppressed]:
        """One page of a client's suppression list, the newest entries first. Raises RecordRefused beyond the last page.

        Its first page tells in one call whether anything was added since it was last read.
        """
        numbers = {"page": str(page), "pagesize": str(page_size)}
        door = Door(
            "/clients/{}/suppressionlist", (client_id,), numbers | {"orderfield": "date", "orderdirection": "desc"}
        )
        return await self._transport.get(door, _PAGE)

    async def find(self, client_id: str, email: str) -> Suppressed | None:
        """One address on a client's suppression list, None where it is not there.

        There is no call for one address: the list is asked for by address, and the page is found by halving, which costs
        some ten calls for a million addresses. That the order is the one of the letters in lower case is *assumed*.
        """
        wanted = email.strip().lower()
        query = {"orderfield": "email", "orderdirection": "asc", "pagesize": "1000"}
        low, high, number = 1, 0, 1
        while True:
            door = Door("/clients/{}/suppressionlist", (client_id,), query | {"page": str(number)})
            page = await self._transport.get(door, _PAGE)
            found = next((row for row in page.rows if row.email.strip().lower() == wanted), None)
            if found is not None or not page.rows:
                return found
            high = high or page.pages
            if wanted > page.rows[-1].email.strip().lower():
                low = number + 1
            else:
                high = number - 1
            if low > high:
                return None
            number = (low + high) // 2

    async def lists_for_email(self, client_id: str, email: str) -> list[Membership]:
        """The lists of a client that an address is on, in whatever state. Raises RecordRefused (code 1) for a malformed one."""
        door = Door("/clients/{}/listsforemail", (client_id,), {"email": email})
        return await self._transport.get(door, _MEMBERSHIPS)

    async def suppress(self, client_id: str, emails: Sequence[str]) -> None:
        """Stop all mail to these addresses. They also leave the lists whose unsubscribes count for the whole client."""
        door = Door("/clients/{}/suppress", (client_id,))
        await self._transport.send("POST", door, {"EmailAddresses": list(emails)}, nothing, repeatable=True)

    async def unsuppress(self, client_id: str, email: str) -> None:
        """Allow mail to this address again. Raises RecordRefused (code 176) where it is not suppressed."""
        door = Door("/clients/{}/unsuppress", (client_id,), {"email": email})
        await self._transport.send("PUT", door, None, nothing, repeatable=True, gone=(NOT_SUPPRESSED,))
