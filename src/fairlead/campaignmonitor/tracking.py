"""What became of a campaign, or of a journey's e-mail: who got it, opened, clicked, bounced, left, complained.

One row is one event. CM gives events no id and times to the minute, so equal rows are legal: the same person may click
the same link twice in a minute. Rows are therefore handed over as they come, each once, and are to be counted.
"""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.numbered import Numbered
from fairlead.campaignmonitor.paging import Page
from fairlead.campaignmonitor.transport import Door, Transport

Row = TypeVar("Row")

_EVENT: Final = {"email": "EmailAddress", "list_id": "ListID", "date": "Date"}
_PLACED: Final = _EVENT | {
    "ip_address": "IPAddress",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "city": "City",
    "region": "Region",
    "country_code": "CountryCode",
    "country": "CountryName",
}


class Recipient(msgspec.Struct, gc=False, frozen=True, rename={"email": "EmailAddress", "list_id": "ListID"}):
    """Somebody whom a campaign was sent to, and the list that the address was taken from. The row has no date."""

    email: str = ""
    list_id: str = ""


class JourneyRecipient(msgspec.Struct, gc=False, frozen=True, rename={"email": "EmailAddress", "sent": "SentDate"}):
    """One sending of a journey's e-mail. `sent` is a naive text `YYYY-MM-DD HH:MM:SS` in the client's time zone."""

    email: str = ""
    sent: str = ""


class SpamComplaint(msgspec.Struct, gc=False, frozen=True, rename=_EVENT):
    """Somebody marked the e-mail as spam.

    Of this and the following: `date` is a naive text `YYYY-MM-DD HH:MM:SS` in the client's time zone, to the minute;
    `list_id` is blank for e-mails of journeys.
    """

    email: str = ""
    list_id: str = ""
    date: str = ""


class Unsubscribe(msgspec.Struct, gc=False, frozen=True, rename=_EVENT | {"ip_address": "IPAddress"}):
    """Somebody left by the link in the e-mail."""

    email: str = ""
    list_id: str = ""
    date: str = ""
    ip_address: str = ""


class Bounce(msgspec.Struct, gc=False, frozen=True, rename=_EVENT | {"kind": "BounceType", "reason": "Reason"}):
    """The e-mail could not be delivered. `kind` is `Hard` or `Soft`; `reason` is a text for people."""

    email: str = ""
    list_id: str = ""
    date: str = ""
    kind: str = ""
    reason: str = ""


class Opened(msgspec.Struct, gc=False, frozen=True, rename=_PLACED):
    """The e-mail was opened once. Where the place is unknown its fields are blank."""

    email: str = ""
    list_id: str = ""
    date: str = ""
    ip_address: str = ""
    latitude: float | str = ""
    longitude: float | str = ""
    city: str = ""
    region: str = ""
    country_code: str = ""
    country: str = ""

    @property
    def coordinates(self) -> tuple[float, float] | None:
        """Latitude and longitude in degrees; None where they are unknown."""
        return _degrees(self.latitude, self.longitude)


class Clicked(msgspec.Struct, gc=False, frozen=True, rename=_PLACED | {"url": "URL"}):
    """A link was clicked once. Where the place is unknown its fields are blank."""

    email: str = ""
    list_id: str = ""
    date: str = ""
    url: str = ""
    ip_address: str = ""
    latitude: float | str = ""
    longitude: float | str = ""
    city: str = ""
    region: str = ""
    country_code: str = ""
    country: str = ""

    @property
    def coordinates(self) -> tuple[float, float] | None:
        """Latitude and longitude in degrees; None where they are unknown."""
        return _degrees(self.latitude, self.longitude)


_RECIPIENTS = Reader[Page[Recipient]](Page[Recipient])
_SENDINGS = Reader[Page[JourneyRecipient]](Page[JourneyRecipient])
_OPENS = Reader[Page[Opened]](Page[Opened])
_CLICKS = Reader[Page[Clicked]](Page[Clicked])
_BOUNCES = Reader[Page[Bounce]](Page[Bounce])
_UNSUBSCRIBES = Reader[Page[Unsubscribe]](Page[Unsubscribe])
_SPAM = Reader[Page[SpamComplaint]](Page[SpamComplaint])


class CampaignTracking:
    """The events of sent campaigns, a page at a time. Close a reading (`contextlib.aclosing`) when leaving it early.

    `since`: events of that minute and later, in the client's time zone, naive. Times are rounded to minutes, up too:
    read from a little before the last one seen. For order and repeats see `paging.each_page_once`.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def recipients(self, campaign_id: str, *, page_size: int = 1000) -> AsyncGenerator[Page[Recipient], None]:
        """Whom it was sent to, by address. An address may come more than once: see `paging.pages_at_rest`."""
        door = Door("/campaigns/{}/recipients", (campaign_id,), {"orderfield": "email", "orderdirection": "asc"})
        return Numbered(self._transport, door, _RECIPIENTS, page_size).at_rest()

    def opens(
        self, campaign_id: str, since: datetime | None = None, *, page_size: int = 1000
    ) -> AsyncGenerator[Page[Opened], None]:
        """Every opening."""
        return self._events("opens", campaign_id, since, _OPENS, page_size)

    def clicks(
        self, campaign_id: str, since: datetime | None = None, *, page_size: int = 1000
    ) -> AsyncGenerator[Page[Clicked], None]:
        """Every click."""
        return self._events("clicks", campaign_id, since, _CLICKS, page_size)

    def bounces(
        self, campaign_id: str, since: datetime | None = None, *, page_size: int = 1000
    ) -> AsyncGenerator[Page[Bounce], None]:
        """Every failed delivery."""
        return self._events("bounces", campaign_id, since, _BOUNCES, page_size)

    def unsubscribes(
        self, campaign_id: str, since: datetime | None = None, *, page_size: int = 1000
    ) -> AsyncGenerator[Page[Unsubscribe], None]:
        """Who left by this campaign."""
        return self._events("unsubscribes", campaign_id, since, _UNSUBSCRIBES, page_size)

    def spam(
        self, campaign_id: str, since: datetime | None = None, *, page_size: int = 1000
    ) -> AsyncGenerator[Page[SpamComplaint], None]:
        """Who complained of it as spam."""
        return self._events("spam", campaign_id, since, _SPAM, page_size)

    def _events(
        self, kind: str, campaign_id: str, since: datetime | None, read: Reader[Page[Row]], page_size: int
    ) -> AsyncGenerator[Page[Row], None]:
        query = {"orderfield": "date", "orderdirection": "asc"} | _since(since)
        return Numbered(self._transport, Door(f"/campaigns/{{}}/{kind}", (campaign_id,), query), read, page_size).once()


class JourneyTracking:
    """The events of journeys' e-mails, a page at a time; otherwise like `CampaignTracking`. Complaints are not told."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def recipients(
        self, email_id: str, since: datetime | None = None, *, page_size: int = 1000
    ) -> AsyncGenerator[Page[JourneyRecipient], None]:
        """Every sending."""
        return self._events("recipients", email_id, since, _SENDINGS, page_size)

    def opens(
        self, email_id: str, since: datetime | None = None, *, page_size: int = 1000
    ) -> AsyncGenerator[Page[Opened], None]:
        """Every opening."""
        return self._events("opens", email_id, since, _OPENS, page_size)

    def clicks(
        self, email_id: str, since: datetime | None = None, *, page_size: int = 1000
    ) -> AsyncGenerator[Page[Clicked], None]:
        """Every click."""
        return self._events("clicks", email_id, since, _CLICKS, page_size)

    def bounces(
        self, email_id: str, since: datetime | None = None, *, page_size: int = 1000
    ) -> AsyncGenerator[Page[Bounce], None]:
        """Every failed delivery."""
        return self._events("bounces", email_id, since, _BOUNCES, page_size)

    def unsubscribes(
        self, email_id: str, since: datetime | None = None, *, page_size: int = 1000
    ) -> AsyncGenerator[Page[Unsubscribe], None]:
        """Who left by this e-mail."""
        return self._events("unsubscribes", email_id, since, _UNSUBSCRIBES, page_size)

    def _events(
        self, kind: str, email_id: str, since: datetime | None, read: Reader[Page[Row]], page_size: int
    ) -> AsyncGenerator[Page[Row], None]:
        query = {"orderdirection": "asc"} | _since(since)  # ordered by date always
        door = Door(f"/journeys/email/{{}}/{kind}", (email_id,), query)
        return Numbered(self._transport, door, read, page_size).once()


def _since(since: datetime | None) -> dict[str, str]:
    if since is None:
        return {}
    if since.tzinfo is not None:
        raise ValueError(
            f"{since.isoformat()} has an offset: give the wall-clock time of the client's time zone, naive."
        )
    return {"date": f"{since:%Y-%m-%d %H:%M}"}


def _degrees(latitude: float | str, longitude: float | str) -> tuple[float, float] | None:
    try:
        return float(latitude), float(longitude)
    except ValueError:
        return None
