"""Both emulated sides for the suites of the ports, in a process of their own, with the package deployed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fairlead.campaignmonitor import account as campaign_monitor
from fairlead.campaignmonitor.login import ApiKey
from fairlead.campaignmonitor.transport import Patience as AccountPatience
from fairlead.cli import demo_emulators
from fairlead.salesforce import ClientCredentials, Salesforce, connect, names
from fairlead.salesforce.metadata import package_from_source
from fairlead.salesforce.polling import Polling
from fairlead.salesforce.transport import Patience
from tests.nursery import start_emulators

SOURCES = Path(__file__).parents[2] / "salesforce"
CLIENT = "c" * 32


@contextmanager
def served(**specs: Any) -> Iterator[demo_emulators.Emulators]:
    """Emulators with these specs (`campaign_monitor`, `salesforce`) and our objects in the org, with one client."""
    emulators = start_emulators()
    try:
        for side, spec in specs.items():
            emulators.post(side, "/_control/seed", {"spec": spec, "seed": 1})
        asyncio.run(_lay(emulators))
        yield emulators
    finally:
        emulators.stop()


async def _lay(emulators: demo_emulators.Emulators) -> None:
    async with org_of(emulators) as org:
        (await org.metadata.deploy(package_from_source(SOURCES, org.api_version))).raise_for_failure()
        await org.records.upsert(names.CLIENT, names.CLIENT_KEY, CLIENT, {"Name": "Client"})


def org_of(emulators: demo_emulators.Emulators) -> Any:
    """A signed-in client of the org, as a context manager."""
    line = emulators.line["salesforce"]
    login = ClientCredentials(line["url"], line["client_id"], line["client_secret"])
    return connect(login, patience=Patience(attempts=4, first=0.01, longest=0.05), pace=Polling(0.02, 0.2))


def account_of(emulators: demo_emulators.Emulators) -> Any:
    """A client of the account, as a context manager."""
    line = emulators.line["campaign_monitor"]
    patience = AccountPatience(attempts=4, first=0.01, longest=0.05)
    return campaign_monitor.connect(line["url"], ApiKey(line["api_key"]), patience=patience)


async def add_list(org: Salesforce, list_id: str) -> None:
    """A list record that members can hang on."""
    parent = {"Client__r": {names.CLIENT_KEY: CLIENT}, "Name": "List"}
    await org.records.upsert(names.LIST, names.LIST_KEY, list_id, parent)
