"""The suppression stage over both emulated sides: records follow the lists, and an unchanged list costs one call."""

import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.failure import Failure
from fairlead.domain.records import Scope
from fairlead.domain.setting import Given
from fairlead.features.suppression import records
from fairlead.features.suppression.flow import read_suppressions
from fairlead.features.suppression.rules import SYNC
from fairlead.salesforce import names
from fairlead.store.models import Org
from fairlead.sync.memory import MemoryLedger
from fairlead.sync.org_matcher import OrgMatcher
from fairlead.sync.stage import ClientScope, Run, Wanted
from tests.conformance import emulated

pytestmark = pytest.mark.django_db(transaction=True)

CM, SF = "campaign_monitor", "salesforce"
ZONE = "(GMT+10:00) Canberra, Melbourne, Sydney"
SPEC = {
    "clients": [
        {"name": name, "country": "Australia", "time_zone": ZONE,
         "lists": [{"title": "One", "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList"}]}
        for name in ("First", "Second")
    ]
}  # fmt: skip


class Progress:
    """Nobody listens."""

    async def stage(self, name: str, **told: Any) -> None:
        """Told to nobody."""

    async def check_cancelled(self) -> None:
        """Nobody asks for the end."""


class Place:
    """Runs of the stage, with a clock that tests set."""

    def __init__(self, emulators: Emulators, org: Org) -> None:
        self.emulators = emulators
        self.org = org
        self.ledger = MemoryLedger()
        self.number = 0
        self.calls: list[str] = []
        state = next(emulators.get(CM, "/_control/state"))
        self.clients = [ClientScope(client["id"], client["name"], ZONE) for client in state["clients"]]

    async def run(self, *, on: bool = True, number: int = 0, **wanted: Any) -> Run:
        self.number = number or self.number + 1
        self.problem: Failure | None = None
        before = len(self.requests())
        async with emulated.org_of(self.emulators) as crm, emulated.account_of(self.emulators) as account:
            run = Run(
                self.number, self.org.pk, Wanted(**wanted), self.clients, account, crm, OrgMatcher(crm, read_all=False),
                self.ledger, Progress(), Given({(SYNC.name, ""): on}),
            )  # fmt: skip
            try:
                await read_suppressions(run)
            except Failure as failure:
                self.problem = failure
        self.calls = [path for path in self.requests()[before:] if "systemdate" not in path]
        return run

    def clear_faults(self) -> None:
        request = urllib.request.Request(self.emulators.url(CM) + "/_control/faults", method="DELETE")
        urllib.request.urlopen(request, timeout=30).close()

    def requests(self) -> list[str]:
        told = next(self.emulators.get(CM, "/_control/requests"))
        return [request["path"] for request in told["requests"] if "_control" not in request["path"]]

    async def suppress(self, client: int, *addresses: str) -> None:
        async with emulated.account_of(self.emulators) as account:
            await account.suppression.suppress(self.clients[client].id, addresses)

    async def unsuppress(self, client: int, *addresses: str) -> None:
        async with emulated.account_of(self.emulators) as account:
            for address in addresses:
                await account.suppression.unsuppress(self.clients[client].id, address)

    def records(self) -> dict[str, dict[str, Any]]:
        rows = self.emulators.get(SF, f"/_control/records?object={names.SUPPRESSION}")
        return {row["Suppression_Key__c"]: row for row in rows if not row.get("IsDeleted")}

    def key(self, client: int, address: str) -> str:
        return f"{self.clients[client].id}:{address}"

    def totals(self) -> dict[str, Any]:
        rows = self.emulators.get(SF, f"/_control/records?object={names.CLIENT}")
        return {row["Client_Id__c"]: row["Total_Suppressed__c"] for row in rows}


@pytest.fixture
def emulators() -> Iterator[Emulators]:
    with emulated.served(campaign_monitor=SPEC, salesforce={}) as running:
        yield running


@pytest.fixture
async def place(emulators: Emulators, transactional_db: None) -> Place:
    org = await sync_to_async(Org.objects.create)(name="Org")
    found = Place(emulators, org)
    async with emulated.org_of(emulators) as crm:
        for client in found.clients:
            await crm.records.upsert(names.CLIENT, names.CLIENT_KEY, client.id, {"Name": client.name})
        await crm.records.create("Contact", {"LastName": "Berg", "Email": "ada@example.com"})
    return found


async def test_records_follow_the_lists(place: Place) -> None:
    """Added with reason, date and contact; an unchanged list costs a call; a removed entry loses its record."""
    await place.suppress(0, "Ada@example.com", "bo@example.com")
    await place.suppress(1, "ada@example.com")
    await place.run(on=False)
    assert place.records() == {}

    await place.run()
    found = place.records()
    assert set(found) == {
        place.key(0, "ada@example.com"),
        place.key(0, "bo@example.com"),
        place.key(1, "ada@example.com"),
    }
    ada = found[place.key(0, "ada@example.com")]
    assert ada["Contact__c"]
    assert ada["Reason__c"] in {"Bounced", "Unsubscribed", "Reason unavailable"}
    assert ada["Suppressed_Date__c"].endswith(("Z", "+0000"))
    assert place.totals()[place.clients[0].id] == 2

    await place.run()
    assert len(place.calls) == len(place.clients)

    await place.suppress(0, "cy@example.com")
    run = await place.run()
    assert place.key(0, "cy@example.com") in place.records()
    assert run.totals["written"] == 1
    assert place.totals()[place.clients[0].id] == 3

    await place.unsuppress(0, "bo@example.com")
    await place.run()
    assert place.problem is None
    assert place.key(0, "bo@example.com") not in place.records()
    assert place.totals()[place.clients[0].id] == 2


async def test_what_the_newest_page_cannot_show_is_found_within_a_day(place: Place) -> None:
    """One entry left while two came: the added are written at once, the record of the one that left goes a day later."""
    await place.suppress(0, "ada@example.com", "bo@example.com")
    await place.run()
    await place.unsuppress(0, "ada@example.com")
    await place.suppress(0, "cy@example.com", "di@example.com")
    await place.run()
    assert {place.key(0, f"{name}@example.com") for name in ("ada", "bo", "cy", "di")} == set(place.records())

    place.emulators.post(CM, "/_control/clock", {"advance_seconds": 25 * 3600})
    await place.run()
    assert {place.key(0, f"{name}@example.com") for name in ("bo", "cy", "di")} == set(place.records())


async def test_a_record_that_somebody_deleted_comes_back_within_a_day(place: Place) -> None:
    """The daily whole reading counts what the org holds, and writes the list anew where some is missing."""
    await place.suppress(0, "ada@example.com", "bo@example.com")
    await place.run()
    async with emulated.org_of(place.emulators) as crm:
        await crm.collections.delete([place.records()[place.key(0, "ada@example.com")]["Id"]])
    await place.run()
    assert len(place.records()) == 1

    place.emulators.post(CM, "/_control/clock", {"advance_seconds": 25 * 3600})
    await place.run()
    assert len(place.records()) == 2


async def test_a_list_that_suddenly_lists_nothing_is_asked_about_and_the_other_client_goes_on(place: Place) -> None:
    """The guard keeps the records; told to let pass, they go."""
    many = [f"p{number}@example.com" for number in range(12)]
    await place.suppress(0, *many)
    await place.run()
    await place.unsuppress(0, *many)
    await place.suppress(1, "new@example.com")

    await place.run()
    assert "The client “First”" in str(place.problem)
    assert place.problem is not None
    assert place.problem.code == "FL-501"
    assert len(place.records()) == 13

    await place.run(full=True, allow_large_changes=True)
    assert place.problem is None
    assert set(place.records()) == {place.key(1, "new@example.com")}


async def test_a_client_that_fails_does_not_take_the_others_with_it(place: Place) -> None:
    """Its failure names it; the other client's records are written, and the next run makes both right."""
    for client in (0, 1):
        await place.suppress(client, "ada@example.com")
    broken = {"path": f"{place.clients[0].id}/suppressionlist"}
    place.emulators.post(CM, "/_control/faults", [{"fault": "status", "status": 500, "match": broken, "times": 10}])

    await place.run()
    assert "The client “First”" in str(place.problem)
    assert set(place.records()) == {place.key(1, "ada@example.com")}

    place.clear_faults()
    await place.run()
    assert place.problem is None
    assert len(place.records()) == 2


async def test_a_row_that_is_locked_is_read_again_by_the_next_run(place: Place) -> None:
    """What may pass in a moment does not wait for the daily whole reading."""
    await place.suppress(0, "ada@example.com", "bo@example.com")
    lock = {"fault": "row_lock", "match": {"object": names.SUPPRESSION}, "data": {"rows": 1}, "times": 4}
    place.emulators.post(SF, "/_control/faults", [lock])
    run = await place.run()
    assert run.totals["refused"] == 1
    assert len(place.records()) == 1

    await place.run()
    assert len(place.records()) == 2


async def test_a_full_sync_that_is_taken_up_again_sweeps_all_the_same(place: Place) -> None:
    """The attempt that wrote the list was killed before it swept: the next attempt of the same run does that."""
    await place.suppress(0, "ada@example.com", "bo@example.com")
    await place.run()
    await place.unsuppress(0, "bo@example.com")
    place.number += 1
    scope = Scope(records.KIND, place.clients[0].id)
    place.ledger.scopes[scope].full_run = place.number + 1

    await place.run(full=True, number=place.number + 1)

    assert set(place.records()) == {place.key(0, "ada@example.com")}


async def test_a_sync_of_one_list_leaves_them_alone(place: Place) -> None:
    """They are the client's, not the list's."""
    await place.suppress(0, "ada@example.com")
    await place.run(list="l" * 32)
    assert (place.records(), place.calls) == ({}, [])


async def test_turning_it_off_keeps_the_records_until_they_are_removed(place: Place) -> None:
    """Off, nothing is read or deleted; the act deletes all; turned on again, all come back."""
    await place.suppress(0, "ada@example.com", "bo@example.com")
    await place.run()
    await place.run(on=False)
    assert (len(place.records()), place.calls) == (2, [])

    async with emulated.org_of(place.emulators) as crm:
        assert await records.remove(place.org, crm, "somebody") == 2
    place.ledger.scopes.clear()  # the act forgets what PostgreSQL remembers; this ledger is a fake
    assert place.records() == {}
    await place.run()
    assert len(place.records()) == 2
