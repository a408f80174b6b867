"""Journeys: e-mails that go out by themselves when something happens to a subscriber."""

import msgspec

from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.transport import Door, Transport


class Journey(
    msgspec.Struct,
    frozen=True,
    rename={"journey_id": "JourneyID", "list_id": "ListID", "name": "Name", "status": "Status"},
):
    """A journey and its list. `status` is `Active`, `Paused` or `Not started`."""

    journey_id: str = ""
    list_id: str = ""
    name: str = ""
    status: str = ""


class JourneyEmail(
    msgspec.Struct,
    frozen=True,
    rename={
        "email_id": "EmailID",
        "name": "Name",
        "sent": "Sent",
        "opens": "Opened",
        "unique_opens": "UniqueOpened",
        "clicks": "Clicked",
        "unsubscribes": "Unsubscribed",
        "bounces": "Bounced",
    },
):
    """One e-mail of a journey and its figures. `opens` counts every opening, `unique_opens` the people who opened."""

    email_id: str = ""
    name: str = ""
    sent: int = 0
    opens: int = 0
    unique_opens: int = 0
    clicks: int = 0
    unsubscribes: int = 0
    bounces: int = 0


class JourneyDetails(
    msgspec.Struct,
    frozen=True,
    rename={
        "journey_id": "JourneyID",
        "name": "Name",
        "trigger": "TriggerType",
        "status": "Status",
        "emails": "Emails",
    },
):
    """A journey with its e-mails. `trigger` says what begins it: `On Subscription`."""

    journey_id: str = ""
    name: str = ""
    trigger: str = ""
    status: str = ""
    emails: tuple[JourneyEmail, ...] = ()


_JOURNEYS = Reader[list[Journey]](list[Journey])
_DETAILS = Reader[JourneyDetails](JourneyDetails)


class Journeys:
    """The journeys of clients; for the events of their e-mails see `tracking.JourneyTracking`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def of_client(self, client_id: str) -> list[Journey]:
        """The journeys of all lists of a client."""
        return await self._transport.get(Door("/clients/{}/journeys", (client_id,)), _JOURNEYS)

    async def details(self, journey_id: str) -> JourneyDetails:
        """A journey with the figures of its e-mails."""
        return await self._transport.get(Door("/journeys/{}", (journey_id,)), _DETAILS)
