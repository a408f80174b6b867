"""The stage that makes contacts and leads, over the emulated org: what the org refuses is told, and the others are made."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from fairlead.campaignmonitor.lists import CustomField
from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.failure import Failure
from fairlead.domain.setting import Given
from fairlead.features.record_creation import settings
from fairlead.features.record_creation.creation import scope_of
from fairlead.features.record_creation.flow import create_records
from fairlead.salesforce import names
from fairlead.sync.memory import MemoryLedger
from fairlead.sync.org_matcher import OrgMatcher
from fairlead.sync.stage import ClientScope, ListScope, Run, Wanted
from tests.conformance import emulated

OBJECTS = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
<recordTypes><fullName>Shop</fullName><active>true</active><label>Shop</label></recordTypes>
<validationRules><fullName>Named</fullName><active>true</active>
<errorConditionFormula>LastName = "Forbidden"</errorConditionFormula><errorMessage>Not Forbidden here.</errorMessage>
</validationRules></CustomObject>"""
MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<Package xmlns="http://soap.sforce.com/2006/04/metadata"><types><members>Lead.Shop</members><name>RecordType</name></types>
<types><members>Lead.Named</members><name>ValidationRule</name></types><version>60.0</version></Package>"""
COMPANY = {"field": "Company", "value": "", "custom_field": "Firm", "default": "None"}
SF = "salesforce"


class Progress:
    """Remembers what was told."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}

    async def stage(self, name: str, **told: Any) -> None:
        self.told.update(told)

    async def check_cancelled(self) -> None:
        """Nobody asks for the end."""


class Account:
    """Every list has one custom field."""

    async def custom_fields(self, list_id: str) -> list[CustomField]:
        return [CustomField("Firm", "[Firm]", "Text")]


class Place:
    """Lists of the emulated org, and runs of the stage over them."""

    def __init__(self, emulators: Emulators) -> None:
        self.emulators = emulators
        self.client = ClientScope(emulated.CLIENT, "Client", "UTC")
        self.lists: list[ListScope] = []
        self.chosen: dict[tuple[str, str], Any] = {}
        self.ledger = MemoryLedger()
        self.number = 0

    async def add_list(self, name: str, rule: str = "", values: Any = (), record_type: str = "") -> ListScope:
        one = ListScope((name * 32)[:32], name, self.client)
        async with emulated.org_of(self.emulators) as org:
            await emulated.add_list(org, one.id)
        self.lists.append(one)
        if rule:
            self.chosen[settings.RULE.name, one.id] = rule
        self.chosen[settings.VALUES.name, one.id] = list(values)
        self.chosen[settings.RECORD_TYPE.name, one.id] = record_type
        return one

    async def add_members(
        self, of: ListScope, *people: tuple[str, str], state: str = "Active", custom: str = ""
    ) -> None:
        records = [
            {
                names.MEMBER_KEY: f"{of.id}:{address}",
                "List__r": {names.LIST_KEY: of.id},
                "Email__c": address,
                "Full_Name__c": name,
                "State__c": state,
                "Custom_Fields__c": custom or None,
            }
            for address, name in people
        ]
        async with emulated.org_of(self.emulators) as org:
            results = await org.collections.upsert(names.MEMBER, names.MEMBER_KEY, records)
        assert all(result.success for result in results)

    async def run(self, **wanted: Any) -> Run:
        self.number += 1
        self.problem: Failure | None = None
        async with emulated.org_of(self.emulators) as org:
            run = Run(
                self.number, 1, Wanted(**wanted), [self.client], Account(), org, OrgMatcher(org, read_all=False),  # type: ignore[arg-type]
                self.ledger, Progress(), Given(self.chosen), lists=self.lists,
            )  # fmt: skip
            try:
                await create_records(run)
            except Failure as failure:
                self.problem = failure
        return run

    def records(self, object: str) -> list[dict[str, Any]]:
        rows = self.emulators.get(SF, f"/_control/records?object={object}")
        return [row for row in rows if not row.get("IsDeleted")]

    def calls(self) -> int:
        told = next(self.emulators.get(SF, "/_control/requests"))
        return sum(1 for request in told["requests"] if "_control" not in request["path"])

    def reasons(self, of: ListScope) -> list[tuple[str, str]]:
        return [(one.code, one.reason) for one in self.ledger.scopes[scope_of(of)].refusals.values()]


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served(salesforce={}) as running:
        yield running


@pytest.fixture
async def place(emulators: Emulators) -> Any:
    async with emulated.org_of(emulators) as org:
        for name in ("Contact", "Lead", names.MEMBER, names.LIST):
            await org.collections.delete(
                [row["Id"] async for page in org.query(f"SELECT Id FROM {name}") for row in page]
            )
    emulators.post(SF, "/_control/settings", {"duplicate_rules": {}})
    return Place(emulators)


async def deploy(emulators: Emulators) -> None:
    """A record type and a validation rule of leads."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as file:
        file.writestr("package.xml", MANIFEST)
        file.writestr("objects/Lead.object", OBJECTS)
    async with emulated.org_of(emulators) as org:
        (await org.metadata.deploy(package.getvalue())).raise_for_failure()


async def test_contacts_and_leads_are_made_and_linked(place: Place) -> None:
    """By each list's rule, with name, address and values; only for the active; once for an address on two lists."""
    await deploy(place.emulators)
    first = await place.add_list(
        "a", "contact", [{"field": "LeadSource", "value": "Web", "custom_field": "", "default": ""}]
    )
    second = await place.add_list("b", "lead", [COMPANY], record_type="Shop")
    await place.add_list("c")
    await place.add_members(first, ("ada@example.com", "Ada Berg"), ("both@example.com", ""))
    await place.add_members(first, ("gone@example.com", "Gone Person"), state="Unsubscribed")
    await place.add_members(second, ("BOTH@example.com", "x"), ("vin@example.com", "Vin van Gogh"), custom="Firm: Acme")

    run = await place.run()

    assert place.problem is None
    contacts = {row["Email"]: row for row in place.records("Contact")}
    assert {email: (row["FirstName"], row["LastName"], row["LeadSource"]) for email, row in contacts.items()} == {
        "ada@example.com": ("Ada", "Berg", "Web"),
        "both@example.com": (None, "Not provided", "Web"),
    }
    (lead,) = place.records("Lead")
    assert (lead["FirstName"], lead["LastName"], lead["Company"]) == ("Vin", "van Gogh", "Acme")
    (shop,) = [row for row in place.records("RecordType") if row["DeveloperName"] == "Shop"]
    assert lead["RecordTypeId"] == shop["Id"]
    links = {row["Member_Key__c"].lower(): (row["Contact__c"], row["Lead__c"]) for row in place.records(names.MEMBER)}
    assert links == {
        f"{first.id}:ada@example.com": (contacts["ada@example.com"]["Id"], None),
        f"{first.id}:both@example.com": (contacts["both@example.com"]["Id"], None),
        f"{first.id}:gone@example.com": (None, None),
        f"{second.id}:both@example.com": (contacts["both@example.com"]["Id"], None),
        f"{second.id}:vin@example.com": (None, lead["Id"]),
    }
    assert (run.totals["contacts_created"], run.totals["leads_created"], run.totals["linked_later"]) == (2, 1, 1)

    again = await place.run(full=True)
    assert (again.totals["contacts_created"], again.totals["leads_created"]) == (0, 0)


async def test_the_clients_owner_owns_what_is_made(place: Place) -> None:
    """Chosen for the client, as for all that is made for it."""
    (admin,) = [row["Id"] for row in place.records("User") if row["Alias"] == "admin"]
    async with emulated.org_of(place.emulators) as org:
        other = await org.records.create(
            "User", {"Username": "o@example.com", "LastName": "O", "Email": "o@example.com", "Alias": "o",
                     "ProfileId": place.records("User")[0]["ProfileId"], "IsActive": True},
        )  # fmt: skip
    place.client = replace(place.client, owner=other)
    one = await place.add_list("a", "contact")
    await place.add_members(one, ("ada@example.com", "Ada Berg"))

    await place.run()

    assert [row["OwnerId"] for row in place.records("Contact")] == [other]
    assert other != admin


async def test_a_duplicate_rule_skips_and_reports_or_saves_as_chosen(place: Place) -> None:
    """Skipped by default with the next step; saved when that is chosen, which makes the rule another."""
    place.emulators.post(SF, "/_control/settings", {"duplicate_rules": {"Contact": ["LastName"]}})
    one = await place.add_list("a", "contact")
    async with emulated.org_of(place.emulators) as org:
        await org.records.create("Contact", {"LastName": "Berg"})
    await place.add_members(one, ("ada@example.com", "Ada Berg"), ("eve@example.com", "Eve Other"))

    await place.run()

    ((code, reason),) = place.reasons(one)
    assert code == "DUPLICATES_DETECTED"
    assert "Save all the same" in reason
    assert len(place.records("Contact")) == 2

    place.chosen[settings.DUPLICATES.name, ""] = settings.SAVE
    run = await place.run()
    assert run.totals["contacts_created"] == 1
    assert place.reasons(one) == []


async def test_a_validation_rule_refuses_its_row_without_naming_anybody(place: Place) -> None:
    """The row is told with the rule's message, the name taken out; the others are made; it is not tried each hour."""
    await deploy(place.emulators)
    one = await place.add_list("a", "lead", [COMPANY])
    await place.add_members(one, ("no@example.com", "Ada Forbidden"), ("yes@example.com", "Eve Berg"))

    await place.run()
    again = await place.run()

    assert [row["LastName"] for row in place.records("Lead")] == ["Berg"]
    ((code, reason),) = place.reasons(one)
    assert code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert "Forbidden" not in reason
    assert "‹value› here. Satisfy the validation rule" in reason
    assert again.totals["creations_refused"] == 0


async def test_a_rule_that_lacks_a_required_field_refuses_its_list_and_the_others_go_on(place: Place) -> None:
    """Leads need a company: the list is named with what it lacks; the next list's contacts are made."""
    wrong = await place.add_list("a", "lead")
    right = await place.add_list("b", "contact")
    for one in (wrong, right):
        await place.add_members(one, (f"{one.name}@example.com", "Ada Berg"))

    await place.run()

    assert "The list “a”" in str(place.problem)
    assert "Company" in str(place.problem)
    assert place.problem is not None
    assert place.problem.code == "FL-435"
    assert [row["Email"] for row in place.records("Contact")] == ["b@example.com"]


async def test_thousands_are_made_two_hundred_a_call(place: Place) -> None:
    """3,000 contacts in some sixty calls: each part is looked for, made and linked before the next."""
    one = await place.add_list("a", "contact")
    for part in range(15):
        await place.add_members(one, *[(f"p{part * 200 + i}@example.com", f"Ada N{i}") for i in range(200)])

    before = place.calls()
    run = await place.run()
    told = place.calls() - before

    assert run.totals["contacts_created"] == 3_000
    assert told <= 4 * 15 + 6  # look twice, make, link; and sign in, describe, read two pages
    assert sum(1 for row in place.records(names.MEMBER) if row["Contact__c"]) == 3_000

    assert (await place.run()).totals["contacts_created"] == 0


async def test_a_lost_answer_makes_nobody_twice(place: Place) -> None:
    """The call was carried out but its answer was lost: the list fails, and the next run finds what was made."""
    one = await place.add_list("a", "contact")
    await place.add_members(one, ("ada@example.com", "Ada Berg"))
    fault = {"fault": "lost_answer", "match": {"method": "POST", "path": "/composite/sobjects$"}, "times": 1}
    place.emulators.post(SF, "/_control/faults", [fault])

    await place.run()
    assert place.problem is not None
    assert len(place.records("Contact")) == 1

    run = await place.run()
    assert place.problem is None
    assert (run.totals["linked_later"], run.totals["contacts_created"], len(place.records("Contact"))) == (1, 0, 1)
