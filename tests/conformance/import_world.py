"""Imports over both emulated sides, as jobs: the wiring's own runner, and the tables of Fairlead."""

import base64
import json
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import async_to_sync

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.failure import Failure
from fairlead.features.connections import credentials
from fairlead.features.connections.models import CampaignMonitorAccount, Client, SalesforceOrg
from fairlead.features.import_wizard import acts, running
from fairlead.features.import_wizard.models import Import, ImportRun
from fairlead.jobs.context import JobContext
from fairlead.jobs.models import Job, State
from fairlead.salesforce import Salesforce
from fairlead.store.models import Org
from fairlead.sync import known, sides
from fairlead.sync.stage import ClientScope
from tests.conformance import emulated

CM, SF = "campaign_monitor", "salesforce"
ZONE = "(GMT+10:00) Canberra, Melbourne, Sydney"
SPEC = {
    "clients": [
        {"name": "First", "country": "Australia", "time_zone": ZONE,
         "lists": [{"title": name, "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList"}
                   for name in ("One", "Two", *(f"List {number}" for number in range(3, 40)))]}
    ]
}  # fmt: skip


class Local:
    """Opens the emulated sides for jobs, pages and commands."""

    def __init__(self, emulators: Emulators) -> None:
        self._emulators = emulators

    @asynccontextmanager
    async def salesforce(self, org_id: int) -> AsyncIterator[Salesforce]:
        async with emulated.org_of(self._emulators) as org:
            yield org

    @asynccontextmanager
    async def campaign_monitor(self, org_id: int) -> AsyncIterator[CampaignMonitor]:
        async with emulated.account_of(self._emulators) as account:
            yield account


class ImportPlace:
    """One org with both sides, and a list for each test."""

    def __init__(self, emulators: Emulators, org: Org, title: str) -> None:
        self.emulators = emulators
        self.org = org
        state = next(emulators.get(CM, "/_control/state"))
        self.client = state["clients"][0]["id"]
        sides.provide(Local(emulators))
        known.provide(lambda _: [known.KnownClient(ClientScope(self.client, "First", ZONE), selected=True)])
        self.list_id = next(one.id for one in acts.lists(org) if one.name == title)

    def connect(self) -> None:
        """Keep credentials of both sides, as somebody who connected them has: for commands, which open sides themselves."""
        account, crm = self.emulators.line[CM], self.emulators.line[SF]
        kept_account = CampaignMonitorAccount.objects.create(org=self.org, base_url=account["url"])
        Client.objects.create(
            org=self.org, account=kept_account, client_id=self.client, name="First", time_zone=ZONE, selected=True
        )
        SalesforceOrg.objects.create(org=self.org, login_url=crm["url"])
        credentials.put(self.org, credentials.CAMPAIGN_MONITOR, credentials.AccountKey(account["api_key"]))
        kept = credentials.OrgApp(crm["client_id"], crm["client_secret"])
        credentials.put(self.org, credentials.SALESFORCE, kept)

    # ---- imports

    def make(self, kind: str, source: Mapping[str, Any], *lines: tuple[str, ...], **more: Any) -> Import:
        """An import with these columns, or those that are suggested."""
        owner = acts.create(self.org, self.list_id, kind, source, "tests", **more)
        offer = acts.offered(self.org, owner.client, owner.list_id, kind, source)
        chosen = [acts.Line(*line) for line in lines] if lines else offer.suggested
        return acts.save_lines(owner, chosen, offer, "tests")

    def run(self, owner: Import, **args: Any) -> tuple[Job, Failure | None]:
        """One run as the worker does it, to its end."""
        job = Job.objects.create(
            org=self.org, kind=running.KIND, key=owner.list_id, args={"import": owner.pk, **args},
            state=State.RUNNING, attempt=1,
        )  # fmt: skip
        failure = self.go_on(job)
        job.refresh_from_db()
        return job, failure

    def go_on(self, job: Job, context: JobContext | None = None) -> Failure | None:
        """One attempt of a job."""
        context = context or JobContext(job)

        async def work() -> None:
            try:
                await running.run_import(context)
            finally:
                await context.close()

        failure = None
        try:
            async_to_sync(work)()
        except Failure as raised:
            failure = raised
        Job.objects.filter(pk=job.pk).update(
            state=State.FAILED if failure else State.DONE, support_code=failure.code if failure else ""
        )
        return failure

    def codes(self, owner: Import) -> dict[str, int]:
        return dict(ImportRun.objects.filter(owner=owner).first().codes)

    # ---- both sides

    def records(self, object: str, *records: dict[str, Any]) -> list[str]:
        """Records made in the org; their ids."""

        made = [
            self.emulators.post(SF, "/_control/act", {"act": "create", "object": object, "fields": one})
            for one in records
        ]
        return [str(next(iter(one))["id"]) if isinstance(one, list) else str(one["id"]) for one in made]

    def members(self, state: str = "active", **query: str) -> dict[str, dict[str, Any]]:
        """Subscribers of the list in one state, by address."""
        asked = urllib.parse.urlencode({"pagesize": "1000", **query})
        url = f"{self.emulators.url(CM)}/api/v3.3/lists/{self.list_id}/{state}.json?{asked}"
        return {row["EmailAddress"]: row for row in self._api("GET", url)["Results"]}

    def join(self, address: str, do: str = "") -> None:
        """Somebody joins the list, and perhaps does something more (`unsubscribe`, `delete`, `bounce`)."""
        for act in ("subscribe", *((do,) if do else ())):
            self.emulators.post(CM, "/_control/act", {"list": self.list_id, "email": address, "do": act})

    def forget_requests(self) -> None:
        for side in (CM, SF):
            request = urllib.request.Request(f"{self.emulators.url(side)}/_control/requests", method="DELETE")
            urllib.request.urlopen(request, timeout=30).close()

    def calls(self, side: str, part: str, method: str = "POST") -> int:
        """Calls since `forget_requests` with this in their path."""
        told = next(iter(self.emulators.get(side, "/_control/requests")))
        return sum(part in one["path"] and one["method"] == method for one in told["requests"])

    def fault(self, side: str, **rule: Any) -> None:
        self.emulators.post(side, "/_control/faults", [{"times": None, **rule}])

    def clear_faults(self) -> None:
        for side in (CM, SF):
            request = urllib.request.Request(f"{self.emulators.url(side)}/_control/faults", method="DELETE")
            urllib.request.urlopen(request, timeout=30).close()

    def _api(self, method: str, url: str) -> Any:
        key = base64.b64encode(f"{self.emulators.line[CM]['api_key']}:x".encode()).decode()
        request = urllib.request.Request(url, headers={"Authorization": f"Basic {key}"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())
