"""A list with mapped fields, people on both sides, and runs of both ways, over the emulated services."""

import urllib.request
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from asgiref.sync import sync_to_async

from fairlead.campaignmonitor.list_settings import DataType, FieldWish, ListWish, UnsubscribeSetting
from fairlead.campaignmonitor.subscribers import Subscriber
from fairlead.campaignmonitor.wishes import ConsentToTrack, FieldValue, SubscriberWish
from fairlead.cli.demo_emulators import Emulators
from fairlead.domain import mapping
from fairlead.domain.failure import Failure
from fairlead.domain.mapping import Line
from fairlead.domain.setting import Given
from fairlead.features.field_mappings import kept
from fairlead.features.field_mappings.flow import REACTIONS
from fairlead.features.field_mappings.inward import write_contacts_and_leads
from fairlead.features.members.members import read_members
from fairlead.salesforce import names
from fairlead.store import hashing, secrets
from fairlead.store.ledger import LedgerKeys, PostgresLedger
from fairlead.store.models import Org
from fairlead.sync.org_matcher import OrgMatcher
from fairlead.sync.outward import OrgPage, OutwardRun
from fairlead.sync.stage import ClientScope, ListScope, Run, Wanted
from tests.conformance import emulated

CM, SF = "campaign_monitor", "salesforce"
ZONE = "(GMT+10:00) Canberra, Melbourne, Sydney"
SPEC = {"clients": [{"name": "One", "country": "Australia", "time_zone": ZONE}]}
FIELDS = (
    ("City", DataType.TEXT, ()),
    ("Score", DataType.NUMBER, ()),
    ("Since", DataType.DATE, ()),
    ("Likes", DataType.SOME_OF, ("Tea", "Rum", "Milk")),
    ("Industry", DataType.TEXT, ()),
)


class Broken(Exception):
    """The run dies here."""


def _fence(commits: int | None) -> Callable[[], None]:
    """Lets so many commits pass; all for None."""
    left = [None] * (commits or 0)

    def fence() -> None:
        if commits is not None and not left:
            raise Broken
        if left:
            left.pop()

    return fence


class Progress:
    """Remembers what was told."""

    def __init__(self) -> None:
        self.told: dict[str, dict[str, Any]] = {}

    async def stage(self, name: str, **told: Any) -> None:
        self.told.setdefault(name, {}).update(told)

    async def check_cancelled(self) -> None:
        """Nobody asks for the end."""


def line(
    source: str, target: str, direction: str = "to_campaign_monitor", object: str = "Contact", **more: Any
) -> Line:
    """A line as it is typed."""
    return mapping.read([{"object": object, "source": source, "target": target, "direction": direction, **more}])[0]


class World:
    """One list of one client, on both sides."""

    def __init__(self, emulators: Emulators, org: Org) -> None:
        self.emulators = emulators
        self.org = org
        self.client = ClientScope(next(emulators.get(CM, "/_control/state"))["clients"][0]["id"], "One", ZONE)
        self.number = 0
        self.list = ListScope("", "", self.client)
        self.chosen: dict[tuple[str, str], Any] = {}
        self.totals: dict[str, int] = {}
        self.problem: Failure | None = None
        self.progress = Progress()
        self.broken = False

    async def begin(self) -> None:
        """An empty list with custom fields, known to the org."""
        async with emulated.account_of(self.emulators) as account, emulated.org_of(self.emulators) as crm:
            wish = ListWish(uuid.uuid4().hex, UnsubscribeSetting.THIS_LIST)
            made = await account.list_settings.create(self.client.id, wish)
            for name, kind, options in FIELDS:
                await account.list_settings.create_field(made, FieldWish(name, kind, options))
            await crm.records.upsert(names.CLIENT, names.CLIENT_KEY, self.client.id, {"Name": "One"})
            parent = {"Client__r": {names.CLIENT_KEY: self.client.id}, "Name": "List"}
            await crm.records.upsert(names.LIST, names.LIST_KEY, made, parent)
        self.list = ListScope(str(made), "List", self.client)

    async def map(self, *lines: Line) -> None:
        await sync_to_async(kept.save)(self.org, self.list.id, lines, "ada")

    async def subscribe(self, address: str, name: str = "", mobile: str = "", **values: str) -> None:
        async with emulated.account_of(self.emulators) as account:
            wish = SubscriberWish(
                address, ConsentToTrack.YES, name, [FieldValue(f"[{key}]", value) for key, value in values.items()],
                mobile_number=mobile or None,
            )  # fmt: skip
            told = await account.subscriptions.import_(self.list.id, [wish])
            assert not told.refused

    async def contact(self, address: str, object: str = "Contact", **fields: Any) -> str:
        """A new contact or lead."""
        async with emulated.org_of(self.emulators) as crm:
            more = {"Company": "Firm"} if object == "Lead" else {}
            return str(await crm.records.create(object, {"LastName": "Berg", "Email": address, **more, **fields}))

    async def make(self, object: str, **fields: Any) -> str:
        async with emulated.org_of(self.emulators) as crm:
            return str(await crm.records.create(object, fields))

    async def contacts(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Many new contacts."""
        async with emulated.org_of(self.emulators) as crm:
            told = await crm.collections.insert("Contact", records)
            assert all(one.success for one in told)
            return [str(one.id) for one in told]

    async def subscribe_many(self, addresses: Sequence[str], **values: str) -> None:
        async with emulated.account_of(self.emulators) as account:
            given = [FieldValue(f"[{key}]", value) for key, value in values.items()]
            wishes = [SubscriberWish(address, ConsentToTrack.YES, "", given) for address in addresses]
            assert not (await account.subscriptions.import_(self.list.id, wishes)).refused

    async def edit(self, record: str, object: str = "Contact", **fields: Any) -> None:
        async with emulated.org_of(self.emulators) as crm:
            await crm.records.update(object, record, fields)

    async def record(self, record: str, *fields: str, object: str = "Contact") -> dict[str, Any]:
        async with emulated.org_of(self.emulators) as crm:
            soql = f"SELECT {', '.join(fields)} FROM {object} WHERE Id = '{record}'"
            return [row async for page in crm.query(soql) for row in page][0]

    async def subscriber(self, address: str) -> Subscriber:
        async with emulated.account_of(self.emulators) as account:
            return await account.subscriber(self.list.id, address)

    async def values(self, address: str) -> dict[str, str]:
        """Custom values of a subscriber; several choices joined by semicolons."""
        found: dict[str, list[str]] = {}
        for key, value in (await self.subscriber(address)).custom_fields:
            if value:
                found.setdefault(key.strip("[]"), []).append(value)
        return {key: ";".join(sorted(each)) for key, each in found.items()}

    async def outward(
        self, *records: str, object: str = "Contact", number: int = 0, breaks_after: int | None = None
    ) -> None:
        """Tell the reaction that these records changed. `breaks_after`: the run dies at the fence after so many commits."""
        self.broken = False
        fence = _fence(breaks_after)
        self.number = number or self.number + 1
        self.problem, self.progress = None, Progress()
        async with emulated.org_of(self.emulators) as crm, emulated.account_of(self.emulators) as account:
            run = OutwardRun(
                self.number, self.org.pk, [self.client], account, crm, self._ledger(fence), self.progress, datetime.now(UTC),
                Given(self.chosen),
            )  # fmt: skip
            reaction = REACTIONS[0]()
            try:
                needed = await reaction.fields(run)
                if object in needed:
                    for start in range(0, len(records), 500):
                        page = [{"Id": each} for each in records[start : start + 500]]
                        await reaction.page(run, OrgPage(object, page, bulk=len(records) > 200))
                await reaction.end(run)
            except Failure as failure:
                self.problem = failure
            except Broken:
                self.broken = True
            self.totals = run.totals

    async def sync(self, *, inward: bool = True, full: bool = False, breaks_after: int | None = None) -> None:
        """Members, and then what goes to contacts and leads. `breaks_after`: it dies at its commit after so many."""
        self.broken = False
        self.number += 1
        self.problem, self.progress = None, Progress()
        async with emulated.org_of(self.emulators) as crm, emulated.account_of(self.emulators) as account:
            run = Run(
                self.number, self.org.pk, Wanted(full=full), [self.client], account, crm, OrgMatcher(crm, read_all=False),
                self._ledger(), self.progress, Given(self.chosen), lists=[self.list],
            )  # fmt: skip
            await read_members(run)
            run.totals.clear()
            run.ledger = self._ledger(_fence(breaks_after))
            try:
                if inward:
                    await write_contacts_and_leads(run)
            except Failure as failure:
                self.problem = failure
            except Broken:
                self.broken = True
            self.totals = run.totals

    def _ledger(self, fence: Callable[[], None] = lambda: None) -> PostgresLedger:
        keys = LedgerKeys(hashing.address_key(), hashing.content_key(), secrets.seal, secrets.unseal)
        return PostgresLedger(self.org.pk, self.number, fence, keys)

    def imports(self) -> list[Mapping[str, Any]]:
        """Calls that wrote subscribers, so far."""
        told = next(self.emulators.get(CM, "/_control/requests"))
        return [one for one in told["requests"] if one["method"] != "GET" and self.list.id in one["path"]]

    def fault(self, side: str, fault: Mapping[str, Any]) -> None:
        self.emulators.post(side, "/_control/faults", [dict(fault)])

    def clear_faults(self) -> None:
        for side in (CM, SF):
            request = urllib.request.Request(self.emulators.url(side) + "/_control/faults", method="DELETE")
            urllib.request.urlopen(request, timeout=30).close()

    def act(self, address: str, do: str, **more: str) -> None:
        self.emulators.post(CM, "/_control/act", {"list": self.list.id, "email": address, "do": do, **more})
