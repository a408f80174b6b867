"""The account and its clients."""

from datetime import datetime

import msgspec

from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.errors import Unavailable
from fairlead.campaignmonitor.transport import Door, Transport


class ClientName(msgspec.Struct, frozen=True, rename={"client_id": "ClientID", "name": "Name"}):
    """A client of the account, by its name."""

    client_id: str = ""
    name: str = ""


class ClientDetails(
    msgspec.Struct,
    frozen=True,
    rename={"client_id": "ClientID", "name": "CompanyName", "country": "Country", "time_zone": "TimeZone"},
):
    """A client's settings. `time_zone` is a label of Campaign Monitor: see `timezones.py`."""

    client_id: str = ""
    name: str = ""
    country: str = ""
    time_zone: str = ""


class _Client(msgspec.Struct):
    """The answer holds the client's API key and prices too; they are not read."""

    BasicDetails: ClientDetails = ClientDetails()


class _SystemDate(msgspec.Struct):
    SystemDate: str = ""


_CLIENTS = Reader[list[ClientName]](list[ClientName])
_CLIENT = Reader[_Client](_Client)
_SYSTEM_DATE = Reader[_SystemDate](_SystemDate)
_LABELS = Reader[list[str]](list[str])


async def clients(transport: Transport) -> list[ClientName]:
    """The clients that the login reaches."""
    return await transport.get(Door("/clients"), _CLIENTS)


async def client(transport: Transport, client_id: str) -> ClientDetails:
    """A client's settings."""
    return (await transport.get(Door("/clients/{}", (client_id,)), _CLIENT)).BasicDetails


async def system_date(transport: Transport) -> datetime:
    """The wall clock of the account, naive, in the account's own time zone. The cheapest call that needs a sign-in."""
    return await transport.get(Door("/systemdate"), _read_date)


async def time_zone_labels(transport: Transport) -> list[str]:
    """The labels that clients' time zones are chosen from."""
    return await transport.get(Door("/timezones"), _LABELS)


def _read_date(body: bytes) -> datetime:
    text = _SYSTEM_DATE(body).SystemDate
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise Unavailable(f"Campaign Monitor's system date is {text!r}, which is no date.") from None
