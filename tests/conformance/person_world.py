"""A person on both local sides, for the suites of the room of people: lists of three clients, a campaign, a smart e-mail."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.wishes import ConsentToTrack, SubscriberWish
from fairlead.cli.demo_emulators import Emulators
from fairlead.features.connections import credentials
from fairlead.features.connections.models import CampaignMonitorAccount, Client, SalesforceOrg
from fairlead.features.people import managing
from fairlead.salesforce import Salesforce
from fairlead.store.models import KnownList, Org
from fairlead.store.orgs import default_org
from fairlead.sync import explaining, known, sides
from fairlead.sync.failures import CampaignMonitorUnavailable, SalesforceUnavailable
from fairlead.sync.stage import ClientScope
from fairlead_emulators.people import person
from tests.conformance import emulated

ZONE = "(GMT) Coordinated Universal Time"


def _list(title: str, people: list[list[int]], *, asks: bool = False, shared: bool = False) -> dict[str, Any]:
    setting = "AllClientLists" if shared else "OnlyThisList"
    return {"title": title, "confirmed_opt_in": asks, "unsubscribe_setting": setting, "people": people}


def _client(name: str, lists: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"name": name, "country": "Australia", "time_zone": ZONE, "lists": lists, **more}


SPEC = {
    "clients": [
        _client(
            "Shop",
            [_list("News", [[0, 12]]), _list("Offers", [[20, 1]], asks=True)],
            campaigns=[{"name": "Spring", "lists": ["News"], "sent_days_ago": 20}],
            smart_emails=[{"name": "Receipt", "subject": "Your receipt", "messages": [0, 12]}],
        ),
        _client("Club", [_list("Members", [[0, 12]], shared=True), _list("Extras", [[0, 12]], shared=True)]),
        _client("Asleep", [_list("Old news", [[0, 12]])]),
    ]
}


def address(n: int) -> str:
    """Of one of the people on the lists."""
    return person(n).email


@dataclass
class World:
    """Both sides, opened for whoever asks; `down` names sides that do not answer. `lists` are ids by title."""

    emulators: Emulators
    clients: dict[str, str] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)

    @asynccontextmanager
    async def salesforce(self, org_id: int) -> AsyncIterator[Salesforce]:
        if "salesforce" in self.down:
            raise SalesforceUnavailable("Salesforce does not answer.", next_step="Try later.")
        async with emulated.org_of(self.emulators) as crm:
            yield crm

    @asynccontextmanager
    async def campaign_monitor(self, org_id: int) -> AsyncIterator[CampaignMonitor]:
        if "campaign_monitor" in self.down:
            raise CampaignMonitorUnavailable("Campaign Monitor does not answer.", next_step="Try later.")
        async with emulated.account_of(self.emulators) as account:
            yield account

    def connect(self) -> None:
        """Keep credentials of both sides, for commands, which open sides themselves; two clients are selected."""
        org, account, crm = default_org(), self.emulators.line["campaign_monitor"], self.emulators.line["salesforce"]
        kept_account = CampaignMonitorAccount.objects.create(org=org, base_url=account["url"])
        for name, identity in self.clients.items():
            chosen = {"client_id": identity, "name": name, "time_zone": ZONE, "selected": name != "Asleep"}
            Client.objects.create(org=org, account=kept_account, **chosen)
        SalesforceOrg.objects.create(org=org, login_url=crm["url"])
        credentials.put(org, credentials.CAMPAIGN_MONITOR, credentials.AccountKey(account["api_key"]))
        credentials.put(org, credentials.SALESFORCE, credentials.OrgApp(crm["client_id"], crm["client_secret"]))

    def state(self, title: str, email: str) -> str:
        """Where an address stands on a list now; blank where it is not on it."""

        async def read() -> str:
            async with self.campaign_monitor(0) as account:
                for client in self.clients.values():
                    for one in await account.suppression.lists_for_email(client, email):
                        if one.list_id == self.lists[title]:
                            return one.state
            return ""

        return async_to_sync(read)()

    def subscribe(self, email: str, *titles: str) -> str:
        """Somebody new, active on these lists."""

        async def add() -> str:
            async with self.campaign_monitor(0) as account:
                for title in titles:
                    wish = SubscriberWish(email, ConsentToTrack.UNCHANGED)
                    await account.subscriptions.import_(self.lists[title], [wish])
            return email

        return async_to_sync(add)()

    def of_account(self, work: Any) -> Any:
        """Whatever `work` awaits of the account."""

        async def within() -> Any:
            async with self.campaign_monitor(0) as account:
                return await work(account)

        return async_to_sync(within)()

    def create(self, kind: str, **fields: Any) -> str:
        """The id of a new record of the org."""

        async def within() -> str:
            async with self.salesforce(0) as crm:
                return await crm.records.create(kind, fields)

        return async_to_sync(within)()


@contextmanager
def running() -> Iterator[World]:
    """The local sides with this world in them."""
    with emulated.served(campaign_monitor=SPEC) as emulators:
        world = World(emulators)
        for client in next(emulators.get("campaign_monitor", "/_control/state"))["clients"]:
            world.clients[client["name"]] = client["id"]
            world.lists |= {one["title"]: one["id"] for one in client["lists"]}
        yield world


@contextmanager
def opened(world: World) -> Iterator[Org]:
    """An installation that has seen the lists of the first two clients; the third is not selected."""
    org = default_org()
    scopes = {name: ClientScope(identity, name, ZONE) for name, identity in world.clients.items()}
    sides.provide(world)
    managing.provide(None)
    known.provide(lambda _: [known.KnownClient(one, selected=name != "Asleep") for name, one in scopes.items()])
    for title, of in (("News", "Shop"), ("Offers", "Shop"), ("Members", "Club"), ("Extras", "Club")):
        client = scopes[of]
        KnownList.objects.create(
            org=org, list_id=world.lists[title], name=title, client_id=client.id, client_name=client.name
        )
    try:
        yield org
    finally:
        world.down.clear()
        sides.provide(None)
        known.provide(None)  # type: ignore[arg-type]
        explaining.provide_remembered("opt_status", _nothing)


async def _nothing(asked: Any) -> list[Any]:
    return []
