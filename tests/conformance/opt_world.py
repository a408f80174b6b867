"""Both emulated sides as opt status sees them: people act on them, and runs of the room's own flow look at them.

Everybody in it is somebody new: worlds share the emulators, not the people.
"""

import asyncio
import itertools
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import async_to_sync
from django.db import connection, transaction

from fairlead import wiring
from fairlead.campaignmonitor.timezones import wall_clock, zone
from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.consent import Basis, Evidence, Opt, Side
from fairlead.domain.setting import Given
from fairlead.features.connections import connecting, credentials
from fairlead.features.connections.credentials import AccountKey
from fairlead.features.connections.models import SalesforceOrg
from fairlead.features.opt_status import records
from fairlead.features.opt_status.flow import ClientRun, Opting
from fairlead.features.opt_status.rules import Wanted
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.consent_models import OptDecision, OptShadow
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.sync.stage import ClientScope
from tests.conformance import emulated
from tests.faults.whole import open_database
from tests.nursery import start_emulators

CM, SF = "campaign_monitor", "salesforce"
ZONE = "(GMT+10:00) Canberra, Melbourne, Sydney"
LISTS = (("One", "OnlyThisList"), ("Two", "OnlyThisList"))
NUMBERS = itertools.count(1)


def seed(*names: str) -> dict[str, Any]:
    """Clients with two lists each."""
    lists = [{"title": title, "confirmed_opt_in": False, "unsubscribe_setting": setting} for title, setting in LISTS]
    return {"clients": [{"name": name, "country": "Australia", "time_zone": ZONE, "lists": lists} for name in names]}


class Killed(BaseException):
    """The process died here."""


@dataclass
class Steps:
    """A run's progress and fence: it may die at a step, or somebody slips into it there."""

    dies_at: int = 0
    slips_at: int = 0
    slip: Callable[[], None] = lambda: None
    taken: int = 0
    told: list[dict[str, Any]] = field(default_factory=list)

    def step(self) -> None:
        self.taken += 1
        if self.dies_at and self.taken >= self.dies_at:
            raise Killed

    async def stage(self, name: str, **told: Any) -> None:
        self.told.append(told)

    async def check_cancelled(self) -> None:
        self.step()
        if self.slips_at == self.taken:
            await asyncio.to_thread(self._slip)

    def _slip(self) -> None:
        try:
            self.slip()
        finally:
            connection.close()  # of this thread

    def fence(self) -> None:
        self.step()


@dataclass
class OptWorld:
    """`settings` are what was chosen. `writes` are the calls that changed something in the last run, `reads` counts others.

    `told`: webhooks tell who leaves.
    """

    emulators: Emulators
    org: Org
    settings: dict[str, Any] = field(default_factory=dict)
    number: int = 0
    writes: list[str] = field(default_factory=list)
    reads: int = 0
    told: bool = False

    def __post_init__(self) -> None:
        state = next(self.emulators.get(CM, "/_control/state"))
        self.clients = [ClientScope(one["id"], one["name"], ZONE) for one in state["clients"]]
        self.lists = {one.id: self._account(lambda account, of=one.id: account.lists(of)) for one in self.clients}
        self.lists = {client: [each.list_id for each in lists] for client, lists in self.lists.items()}
        self.known: set[str] = set()

    # ---- the sides

    def _account(self, work: Callable[[Any], Any]) -> Any:
        async def inside() -> Any:
            async with emulated.account_of(self.emulators) as account:
                return await work(account)

        return async_to_sync(inside)()

    def person(self) -> str:
        """Somebody new."""
        address = f"person{next(NUMBERS)}@example.com"
        self.known.add(address)
        return address

    def now(self) -> datetime:
        return datetime.fromisoformat(next(self.emulators.get(CM, "/_control/clock"))["now"])

    def tick(self, minutes: float = 2) -> None:
        self.emulators.post(CM, "/_control/clock", {"advance_seconds": minutes * 60})

    def connect(self) -> None:
        """Keep the credentials of both sides, as an admin does who connects them."""
        account, crm = self.emulators.line[CM], self.emulators.line[SF]
        details = [self._account(lambda opened, of=one.id: opened.client(of)) for one in self.clients]
        connecting.store_campaign_monitor(
            self.org, account["url"], AccountKey(account["api_key"]), details, [], "tests"
        )
        SalesforceOrg.objects.create(org=self.org, login_url=crm["url"])
        credentials.put(self.org, credentials.SALESFORCE, credentials.OrgApp(crm["client_id"], crm["client_secret"]))
        wiring.register_runners()

    # ---- people

    def add(self, address: str, kind: str = "Contact") -> str:
        more = {"Company": "Example"} if kind == "Lead" else {}
        told = self.act(act="create", object=kind, fields={"LastName": "Person", "Email": address, **more})
        return str(told["id"])

    def act(self, **act: Any) -> Any:
        return self.emulators.post(SF, "/_control/act", act)

    def check(self, record: str, *, ticked: bool = True) -> None:
        kind = "Contact" if record.startswith("003") else "Lead"
        self.act(act="edit", object=kind, id=record, fields={"HasOptedOutOfEmail": ticked})

    def records(self, address: str) -> dict[str, bool]:
        """Ticks by record id."""
        found = {}
        for kind in ("Contact", "Lead"):
            rows = self.emulators.get(SF, f"/_control/records?object={kind}&fields=Id,Email,HasOptedOutOfEmail")
            found |= {row["Id"]: bool(row["HasOptedOutOfEmail"]) for row in rows if row["Email"] == address}
        return found

    def subscribe(self, address: str, of: int = 0, client: int = 0, *, person: bool = False) -> None:
        """By somebody's import that brings back whom it finds; `person`: through a form, which is a consent."""
        scope = self.clients[client]
        list_id = self.lists[scope.id][of]
        body = {"EmailAddress": address, "Name": "P", "Resubscribe": True, "ConsentToTrack": "Yes"}
        self._account(lambda account: _add(account, list_id, body))
        if person:
            given = Evidence(
                side=Side.CAMPAIGN_MONITOR,
                basis=Basis.SUBSCRIBE_FORM,
                source="form",
                at=self.now().replace(microsecond=0),
            )
            book = PostgresConsentBook(self.org.pk, lambda: None)
            async_to_sync(book.record)(scope.id, records.address_key(address), given)

    def leave(self, address: str, of: int = 0, client: int = 0) -> None:
        scope = self.clients[client]
        list_id = self.lists[scope.id][of]
        was = self.states(address, client).get(list_id)
        self._account(lambda account: _quietly(account.subscriptions.unsubscribe(list_id, address)))
        if self.told and was == "Active":  # as a webhook tells it
            date = wall_clock(self.now() + timedelta(seconds=30), zone(ZONE))[:16] + ":00"
            with transaction.atomic():
                records.put_waiting(self.org.pk, scope.id, address, heard=(list_id, date))

    def remove(self, address: str, of: int = 0, client: int = 0) -> None:
        list_id = self.lists[self.clients[client].id][of]
        self._account(lambda account: _quietly(account.subscriptions.delete(list_id, address)))

    def suppress(self, address: str, client: int = 0) -> None:
        self._account(lambda account: account.suppression.suppress(self.clients[client].id, [address]))

    def consent(self, address: str) -> None:
        """*Record consent* of the room, for all clients."""
        given = Evidence(side=Side.SALESFORCE, basis=Basis.WRITTEN, source="paper", at=self.now(), user="1")
        with transaction.atomic():
            for client in self.clients:
                records.put_waiting(self.org.pk, client.id, address, given)

    # ---- what holds

    def states(self, address: str, client: int = 0) -> dict[str, str]:
        """The state on each list."""
        scope = self.clients[client]
        found = self._account(lambda account: account.suppression.lists_for_email(scope.id, address))
        return {one.list_id: one.state for one in found}

    def active(self, address: str, client: int = 0) -> bool:
        """Whether it is mailed: active on a list, and not suppressed."""
        scope = self.clients[client]
        suppressed = self._account(lambda account: account.suppression.find(scope.id, address)) is not None
        return not suppressed and "Active" in self.states(address, client).values()

    def shadow(self, address: str, client: int = 0) -> str:
        row = OptShadow.objects.filter(
            org=self.org, client=self.clients[client].id, address=records.address_key(address)
        ).first()
        return row.agreed if row else ""

    # ---- runs

    def run(self, client: int = 0, *, steps: Steps | None = None, only: Any = None, **wanted: Any) -> Any:
        """One run of a client, as the job makes it."""
        steps = steps or Steps()
        self.number += 1
        for side in (CM, SF):
            request = urllib.request.Request(f"{self.emulators.url(side)}/_control/requests", method="DELETE")
            urllib.request.urlopen(request, timeout=30).close()
        self.tick()
        now = self.now()

        async def inside() -> Any:
            async with emulated.org_of(self.emulators) as crm, emulated.account_of(self.emulators) as account:
                opting = Opting(
                    self.number, self.org.pk, account, crm, steps, Given({(k, ""): v for k, v in self.settings.items()}),
                    steps.fence, Wanted(**wanted), clock=lambda: now,
                )  # fmt: skip
                return await ClientRun(opting, self.clients[client], only=only).run()

        try:
            return async_to_sync(inside)()
        except BaseException as raised:
            if _died(raised):
                raise Killed from None
            raise
        finally:
            self._count()
            self.tick()

    def _count(self) -> None:
        self.writes, self.reads = [], 0
        for side in (CM, SF):
            told = next(iter(self.emulators.get(side, "/_control/requests")))
            for one in told["requests"]:
                if (
                    one["method"] == "GET"
                    or "oauth2" in one["path"]
                    or "_control" in one["path"]
                    or "jobs/query" in one["path"]
                ):
                    self.reads += "_control" not in one["path"]
                else:
                    self.writes.append(f"{one['method']} {one['path']}")

    def clear_faults(self, side: str) -> None:
        request = urllib.request.Request(f"{self.emulators.url(side)}/_control/faults", method="DELETE")
        urllib.request.urlopen(request, timeout=30).close()

    def quiet(self, *addresses: str) -> None:
        """After an undisturbed run: sides and shadow agree."""
        for address in addresses:
            agreed = self.shadow(address)
            boxes, active = self.records(address), self.active(address)
            if agreed == Opt.OUT.value:
                assert all(boxes.values()), address
                assert not active, address


async def _add(account: Any, list_id: str, body: dict[str, Any]) -> None:
    from fairlead.campaignmonitor.transport import Door, nothing

    await account.transport.send("POST", Door("/subscribers/{}", (list_id,)), body, nothing, repeatable=True)


async def _quietly(work: Any) -> None:
    from fairlead.campaignmonitor.errors import RecordRefused

    try:
        await work
    except RecordRefused:
        return


def _died(error: BaseException) -> bool:
    parts = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return isinstance(error, Killed) or any(_died(part) for part in parts)


@contextmanager
def served(*clients: str, tracked: bool = True) -> Iterator[Emulators]:
    """Both sides with these clients; field history of the box is on, unless it is not."""
    emulators = start_emulators()
    try:
        emulators.post(CM, "/_control/seed", {"spec": seed(*clients), "seed": 1})
        emulators.post(CM, "/_control/clock", {"stands_still": True})
        if tracked:
            names = ["HasOptedOutOfEmail"]
            emulators.post(SF, "/_control/settings", {"tracked_fields": {"Contact": names, "Lead": names}})
        yield emulators
    finally:
        emulators.stop()


@contextmanager
def world_of(blocker: Any, *clients: str, tracked: bool = True) -> Iterator[OptWorld]:
    """A world for the tests of a module. Its tables are open, with commits."""
    with open_database(blocker), served(*clients, tracked=tracked) as emulators:
        org = default_org()
        yield OptWorld(emulators, org)
        for model in (OptDecision, OptShadow):  # they hold consents fast
            model.objects.filter(org=org).delete()
        org.delete()
