"""A Campaign Monitor account, as the rest of a program sees it."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import partial
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from fairlead.campaignmonitor import clients, lists, subscribers
from fairlead.campaignmonitor.campaigns import Campaigns
from fairlead.campaignmonitor.clients import ClientDetails, ClientName
from fairlead.campaignmonitor.in_turn import in_turn
from fairlead.campaignmonitor.journeys import Journeys
from fairlead.campaignmonitor.limits import AdaptiveLimit
from fairlead.campaignmonitor.list_settings import ListSettings
from fairlead.campaignmonitor.lists import CustomField, ListDetails, ListName, ListStats
from fairlead.campaignmonitor.login import Login
from fairlead.campaignmonitor.messages import Messages
from fairlead.campaignmonitor.paging import unheard
from fairlead.campaignmonitor.people import People
from fairlead.campaignmonitor.repeats import Patience
from fairlead.campaignmonitor.screens import Screens
from fairlead.campaignmonitor.segments import Segments
from fairlead.campaignmonitor.subscribers import OneSubscriber, Reading, State, SubscriberPage
from fairlead.campaignmonitor.subscriptions import Subscriptions
from fairlead.campaignmonitor.suppression import Suppression
from fairlead.campaignmonitor.tokens import Report
from fairlead.campaignmonitor.tracking import CampaignTracking, JourneyTracking
from fairlead.campaignmonitor.transactional import Transactional
from fairlead.campaignmonitor.transport import Transport
from fairlead.campaignmonitor.webhooks import Webhooks

# Some calls are slow on the server's side; its own clients ended at two minutes.
TIMEOUT: Final = aiohttp.ClientTimeout(total=120, sock_connect=30)


class CampaignMonitor:
    """The calls. Ids are those of Campaign Monitor; every method raises the classes of `errors.py`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.transport = transport
        self.campaigns = Campaigns(transport)
        self.tracking = CampaignTracking(transport)
        self.journeys = Journeys(transport)
        self.journey_tracking = JourneyTracking(transport)
        self.segments = Segments(transport)
        self.suppression = Suppression(transport)
        self.people = People(transport)
        self.transactional = Transactional(transport)
        self.messages = Messages(transport)
        self.subscriptions = Subscriptions(transport)
        self.list_settings = ListSettings(transport)
        self.webhooks = Webhooks(transport)
        self.screens = Screens(transport)

    async def system_date(self) -> datetime:
        """The account's wall clock, naive, in the account's time zone."""
        return await clients.system_date(self._transport)

    async def clients(self) -> list[ClientName]:
        """The clients that the login reaches."""
        return await clients.clients(self._transport)

    async def client(self, client_id: str) -> ClientDetails:
        """A client's settings, its time zone's label among them."""
        return await clients.client(self._transport, client_id)

    async def timezones(self) -> list[str]:
        """The labels that clients' time zones are chosen from."""
        return await clients.time_zone_labels(self._transport)

    async def lists(self, client_id: str) -> list[ListName]:
        """The lists of a client."""
        return await lists.lists(self._transport, client_id)

    async def list_details(self, list_id: str) -> ListDetails:
        """A list's settings."""
        return await lists.details(self._transport, list_id)

    async def list_stats(self, list_id: str) -> ListStats:
        """How many subscribers a list has, by state."""
        return await lists.stats(self._transport, list_id)

    async def custom_fields(self, list_id: str) -> list[CustomField]:
        """A list's custom fields."""
        return await lists.custom_fields(self._transport, list_id)

    def members(
        self,
        list_id: str,
        state: State,
        since: date | None = None,
        *,
        page_size: int = 1000,
        tracking_preference: bool = True,
        sms_preference: bool = False,
        fetched: Callable[[], None] = unheard,
    ) -> AsyncGenerator[SubscriberPage, None]:
        """The subscribers of a list in one state, a page at a time; see `paging.every_page` for order and repeats.

        Close it (`contextlib.aclosing`) when leaving it early: calls may be on the wire.
        `since`: those who entered the state on or after that day in the client's time zone; a datetime counts as its day.
        `fetched` is called once all pages have arrived, if it is known.
        """
        reading = Reading(list_id, state, since, page_size, tracking_preference, sms_preference)
        return subscribers.members(self._transport, reading, fetched)

    def in_states(
        self,
        list_id: str,
        states: Sequence[State],
        since: date | None = None,
        *,
        tracking_preference: bool = True,
        sms_preference: bool = False,
    ) -> AsyncGenerator[SubscriberPage, None]:
        """As `members`, of several states, one after the other: the next is asked for once all of the last has arrived."""
        how = {"tracking_preference": tracking_preference, "sms_preference": sms_preference}

        def begin(state: State, fetched: Callable[[], None]) -> AsyncGenerator[SubscriberPage, None]:
            return self.members(list_id, state, since, fetched=fetched, **how)

        return in_turn([partial(begin, state) for state in states])

    async def subscriber(self, list_id: str, email: str) -> OneSubscriber:
        """One subscriber in whatever state. Raises RecordRefused (code 203) where the list has none such."""
        return await subscribers.subscriber(self._transport, list_id, email)


@asynccontextmanager
async def connect(
    base_url: str,
    login: Login,
    *,
    on_call: Report | None = None,
    concurrency: int = 8,
    patience: Patience | None = None,
    timeout: aiohttp.ClientTimeout = TIMEOUT,
) -> AsyncIterator[CampaignMonitor]:
    """An account at `base_url` (e.g. https://api.createsend.com), with at most `concurrency` calls at once."""
    connector = aiohttp.TCPConnector(limit=concurrency)
    proxy = _proxy(base_url)
    headers = {"Accept-Encoding": "gzip"}
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        headers=headers,
        proxy=proxy,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,  # see `packing`
    ) as http:
        yield CampaignMonitor(
            Transport(http, base_url, login, AdaptiveLimit(concurrency), on_call=on_call, patience=patience)
        )


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for this address.

    aiohttp's own `trust_env` would also look for the host in ~/.netrc, before each call, and then refuse ours.
    """
    parts = urlsplit(url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
