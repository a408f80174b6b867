"""One org with campaigns of both kinds for the suites of Salesforce campaigns: what a run needs, and what the org then shows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, cast

from asgiref.sync import async_to_sync

from fairlead import wiring
from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.activity import Activity
from fairlead.domain.setting import Given
from fairlead.features.salesforce_campaigns import links, members
from fairlead.salesforce import Salesforce, names
from fairlead.store.ledger import PostgresLedger
from fairlead.store.models import CampaignActivity, Org, RowRefusal
from fairlead.sync.stage import ClientScope, Run, Wanted
from tests.conformance import emulated

NUMBERS = count(1)
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
CLIENT = ClientScope(emulated.CLIENT, "Client", "(GMT) Coordinated Universal Time")


class Silent:
    """Progress that nobody follows; `told` is what was said of each stage."""

    def __init__(self) -> None:
        self.told: dict[str, dict[str, Any]] = {}

    async def stage(self, name: str, **news: Any) -> None:
        self.told.setdefault(name, {}).update(news)

    async def check_cancelled(self) -> None:
        """Nobody cancels."""


@dataclass
class World:
    """An emulated org, and Fairlead's own tables. `choose` settings by their short names."""

    emulators: Emulators
    fence: Callable[[], None] = lambda: None
    chosen: dict[tuple[str, str], Any] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    clients: list[ClientScope] = field(default_factory=lambda: [CLIENT])

    def __post_init__(self) -> None:
        self.org = Org.objects.create(name="world")
        self.progress = Silent()
        self.ledger = PostgresLedger(self.org.pk, 1, lambda: self.fence(), wiring.ledger_keys())

    def choose(self, **values: Any) -> None:
        self.chosen |= {(f"salesforce_campaigns.{name}", ""): value for name, value in values.items()}

    def within(self, work: Callable[[Salesforce], Any]) -> Any:
        """Whatever `work` awaits of the org."""

        async def inside() -> Any:
            async with emulated.org_of(self.emulators) as crm:
                return await work(crm)

        return async_to_sync(inside)()

    def run(self, *stages: str, then: dict[str, str] | None = None) -> Run:
        """One run of both stages, or of those named, with `then` as the linked campaigns before."""

        async def work(crm: Salesforce) -> Run:
            run = Run(
                number=1,
                org_id=self.org.pk,
                wanted=Wanted(),
                clients=self.clients,
                campaign_monitor=cast("Any", None),
                salesforce=crm,
                matcher=cast("Any", None),
                ledger=self.ledger,
                progress=self.progress,
                settings=Given(self.chosen),
                fence=self.fence,
            )
            run.linked_campaigns = dict(then or {})
            if "links" in (stages or ("links",)):
                await links.link_campaigns(run)
            if "campaign_members" in (stages or ("campaign_members",)):
                await members.write_members(run, **self.sizes)
            return run

        return self.within(work)

    def campaign(self, sent: datetime | None = NOON, **fields: Any) -> str:
        """A sent campaign's record; its campaign id."""
        key = f"{next(NUMBERS):032x}"
        record = {"Name": f"Mail {key[-4:]}", "Client__r": {names.CLIENT_KEY: emulated.CLIENT}, **fields}
        record["Sent_Date__c"] = None if sent is None else sent.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.within(lambda crm: crm.records.upsert(names.CAMPAIGN, names.CAMPAIGN_KEY, key, record))
        return key

    def record(self, campaign: str) -> dict[str, Any]:
        """The record of a sent campaign."""
        found = self.within(lambda crm: crm.records.find(names.CAMPAIGN, names.CAMPAIGN_KEY, campaign))
        assert found is not None
        return dict(found)

    def crm_campaign(self, **fields: Any) -> str:
        """A Salesforce campaign; its id."""
        return self.within(lambda crm: crm.records.create("Campaign", {"Name": f"Crm {next(NUMBERS)}", **fields}))

    def linked(self, **fields: Any) -> tuple[str, str]:
        """A sent campaign and a Salesforce campaign that somebody has linked by its lookup."""
        campaign = self.campaign()
        return campaign, self.crm_campaign(CM_Campaign__c=self.record(campaign)["Id"], **fields)

    def get(self, object: str, id: str) -> dict[str, Any]:
        return self.within(lambda crm: crm.records.get(object, id))

    def update(self, object: str, id: str, **fields: Any) -> None:
        self.within(lambda crm: crm.records.update(object, id, fields))

    def contacts(self, number: int) -> list[str]:
        """Ids of new contacts."""
        rows = [{"LastName": f"Person {next(NUMBERS)}"} for _ in range(number)]
        return [row.id for row in self.within(lambda crm: crm.collections.insert("Contact", rows))]

    def leads(self, number: int) -> list[str]:
        """Ids of new leads."""
        rows = [{"LastName": f"Person {next(NUMBERS)}", "Company": "Company"} for _ in range(number)]
        return [row.id for row in self.within(lambda crm: crm.collections.insert("Lead", rows))]

    def did(
        self,
        campaign: str,
        contact: str = "",
        lead: str = "",
        last: Activity = Activity.SENT,
        minute: int = 0,
        **more: Any,
    ) -> CampaignActivity:
        """The activity of one address, `minute` minutes after noon."""
        told = {
            "opens": 0,
            "clicks": 0,
            "last_activity": last.value,
            "last_at": NOON + timedelta(minutes=minute),
            **more,
        }
        address = next(NUMBERS).to_bytes(32, "big")
        return CampaignActivity.objects.create(
            org=self.org, campaign=campaign, address=address, contact=contact, lead=lead, **told
        )

    def members(self, crm_id: str) -> list[dict[str, Any]]:
        """The members of a Salesforce campaign."""
        fields = "Id, ContactId, LeadId, Status, HasResponded, CM_Activity__c, CM_Activity_Date__c, CM_Opens__c, CM_Clicks__c"
        return self.query(f"SELECT {fields} FROM CampaignMember WHERE CampaignId = '{crm_id}' ORDER BY CreatedDate, Id")

    def statuses(self, crm_id: str) -> dict[str, bool]:
        """Label → whether it is a response."""
        soql = f"SELECT Label, HasResponded FROM CampaignMemberStatus WHERE CampaignId = '{crm_id}' ORDER BY SortOrder"
        return {row["Label"]: row["HasResponded"] for row in self.query(soql)}

    def query(self, soql: str) -> list[dict[str, Any]]:
        async def work(crm: Salesforce) -> list[dict[str, Any]]:
            return [row async for page in crm.query(soql) for row in page]

        return self.within(work)

    def fault(self, **rule: Any) -> None:
        self.emulators.post("salesforce", "/_control/faults", [rule])

    def struck(self, fault: str) -> int:
        """How often the faults of this name have happened."""
        told = next(self.emulators.get("salesforce", "/_control/faults"))
        return sum(rule["taken"] for rule in told["faults"] if rule["fault"] == fault)

    def due(self) -> int:
        return CampaignActivity.objects.filter(org=self.org, written=False).count()

    def refusals(self, campaign: str) -> list[RowRefusal]:
        """Refusals that the ledger keeps of a campaign's members."""
        return list(RowRefusal.objects.filter(org=self.org, scope__list=campaign))
