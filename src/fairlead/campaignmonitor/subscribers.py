"""Subscribers of a list: one by address, or all of a state."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final, Literal

import msgspec

from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.packing import inflated
from fairlead.campaignmonitor.paging import Open, Page, every_page, unheard
from fairlead.campaignmonitor.rewriting import BLANK, lined, without_blanks
from fairlead.campaignmonitor.transport import Door, Transport

State = Literal["Active", "Unconfirmed", "Unsubscribed", "Bounced", "Deleted"]

STATES: Final[tuple[State, ...]] = ("Active", "Unconfirmed", "Unsubscribed", "Bounced", "Deleted")
PAGE_SIZES: Final = range(10, 1001)


class Subscriber(
    msgspec.Struct,
    gc=False,
    frozen=True,
    rename={
        "email": "EmailAddress",
        "name": "Name",
        "date": "Date",
        "joined": "ListJoinedDate",
        "state": "State",
        "reads_email_with": "ReadsEmailWith",
        "consent_to_track": "ConsentToTrack",
        "mobile_number": "MobileNumber",
        "consent_to_send_sms": "ConsentToSendSms",
    },
):
    """A subscriber of one list. `date` is that of the last change of state.

    Dates are naive texts `YYYY-MM-DD HH:MM:SS` in the client's time zone, rounded to minutes.
    `consent_to_track` is `Yes`, `No` or blank; so is `consent_to_send_sms`, blank without a `mobile_number` (E.164).
    """

    email: str = ""
    name: str = ""
    date: str = ""
    joined: str = ""
    state: str = ""
    reads_email_with: str = ""
    consent_to_track: str = ""
    mobile_number: str = ""
    consent_to_send_sms: str = ""

    @property
    def custom_text(self) -> str:
        """Custom fields as people read them: a line `Name: value` for each value that is not blank."""
        return ""


class CustomValue(msgspec.Struct, gc=False, frozen=True, rename={"key": "Key", "value": "Value"}):
    """One value of a custom field; a field of several choices comes once for each."""

    key: str = ""
    value: str = ""


class OneSubscriber(Subscriber, gc=False, frozen=True, rename={"custom_values": "CustomFields"}):
    """A subscriber with each custom field by itself."""

    custom_values: list[CustomValue] = []

    @property
    def custom_fields(self) -> list[tuple[str, str]]:
        """Pairs of key (in brackets or not, as it came) and value."""
        return [(pair.key, pair.value) for pair in self.custom_values]

    @property
    def custom_text(self) -> str:
        return "\n".join([f"{pair.key.strip('[]')}: {pair.value}" for pair in self.custom_values if pair.value])


class _Lines(msgspec.Struct, gc=False, frozen=True, forbid_unknown_fields=True, rename={"text": "Key"}):
    """Custom fields as `rewriting.lined` puts them together."""

    text: str = ""


class _Listed(Subscriber, gc=False, frozen=True, rename={"lines": "CustomFields"}):
    """A subscriber of a page that was rewritten."""

    lines: list[_Lines] = []

    @property
    def custom_text(self) -> str:
        text = self.lines[0].text if self.lines else ""
        return without_blanks(text) if BLANK in text else text


@dataclass(frozen=True, slots=True)
class SubscriberPage:
    """One page of a state. `total` and `pages` count the whole state as of this page; `raw_bytes` is the inflated size."""

    rows: list[Subscriber]
    state: str
    number: int
    pages: int
    total: int
    raw_bytes: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Which subscribers to read, and how. `since`: those who entered the state on or after that day in the client's zone.

    The preferences say whether to read the consent to tracking, and to text messages.
    """

    list_id: str
    state: State
    since: date | None = None
    page_size: int = 1000
    tracking_preference: bool = True
    sms_preference: bool = False

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise ValueError(f"{self.state!r} is not a state of subscribers: give one of {', '.join(STATES)}.")
        if self.page_size not in PAGE_SIZES:
            raise ValueError(f"A page of {self.page_size} subscribers cannot be asked for: give 10 to 1000.")

    def door(self, number: int) -> Door:
        """Page `number`, from 1."""
        query = {"page": str(number), "pagesize": str(self.page_size)}
        # Paging relies on this order: who enters while we read stands at the end.
        query |= {"orderfield": "date", "orderdirection": "asc"}
        if self.since is not None:
            query["date"] = f"{self.since:%Y-%m-%d}"
        if self.tracking_preference:
            query["includetrackingpreference"] = "true"
        if self.sms_preference:
            query["includesmspreference"] = "true"
        return Door(f"/lists/{{}}/{self.state.lower()}", (self.list_id,), query)


_PAGE = Reader[Page[Subscriber]](Page[OneSubscriber])
_LINED: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Page[_Listed], strict=False)
_ONE = Reader[OneSubscriber](OneSubscriber)


async def members(
    transport: Transport, reading: Reading, fetched: Callable[[], None] = unheard
) -> AsyncGenerator[SubscriberPage, None]:
    """The pages of one state, page 1 first and then from the last to the second: see `paging.every_page`."""

    async def ask(number: int) -> Page[Subscriber]:
        return await transport.get(reading.door(number), _read_page)

    async def fetch(number: int) -> Open[Subscriber]:
        return partial(_read_packed, await transport.packed(reading.door(number)))

    async with aclosing(every_page(ask, fetch=fetch, fetched=fetched)) as pages:
        async for page in pages:
            yield SubscriberPage(page.rows, reading.state, page.number, page.pages, page.total, page.raw_bytes)


async def subscriber(transport: Transport, list_id: str, email: str) -> OneSubscriber:
    """The subscriber as it is now, in whatever state. Raises RecordRefused with code 203 where the list has none such."""
    query = {"email": email, "includetrackingpreference": "true", "includesmspreference": "true"}
    return await transport.get(Door("/subscribers/{}", (list_id,), query), _ONE)


def _read_packed(body: bytes) -> Page[Subscriber]:
    return _read_page(inflated(body))


def _read_page(body: bytes) -> Page[Subscriber]:
    page = _read_lined(body) or _PAGE(body)
    page.raw_bytes = len(body)
    return page


def _read_lined(body: bytes) -> Page[Subscriber] | None:
    """The page, read with the custom fields put together; None where that is not as it should be."""
    rewritten, texts = lined(body)
    try:
        page: Page[Any] = _LINED.decode(rewritten)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    of_rows = [len(row.lines) for row in page.rows]
    return page if of_rows.count(1) == sum(of_rows) == texts else None
