"""Installing in the emulated org and taking everything out again, the way the command line does it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from fairlead.salesforce import Salesforce, installing, names, org_layouts, record_pages, removal, rights, sharing
from fairlead.salesforce.errors import SetupRefused
from fairlead.salesforce.layouts import ADDITIONS, has_ours, object_of
from fairlead.salesforce.package import package_from_source, package_of
from fairlead.salesforce.removal import members_of
from tests.conformance.test_salesforce_client import SOURCES, signed_in
from tests.nursery import start_emulators

SPACE = "http://soap.sforce.com/2006/04/metadata"
PACKAGE = package_from_source(SOURCES, "60.0")
MINE = f"""<CustomObject xmlns="{SPACE}"><label>Mine</label><pluralLabel>Mines</pluralLabel>
<nameField><label>Name</label><type>Text</type></nameField><deploymentStatus>Deployed</deploymentStatus>
<sharingModel>ReadWrite</sharingModel><fields><fullName>List__c</fullName><label>List</label><type>Lookup</type>
<referenceTo>CM_List__c</referenceTo><relationshipName>Mines</relationshipName></fields></CustomObject>"""


@pytest.fixture
def served() -> Iterator[dict[str, Any]]:
    """The `salesforce` part of the line that the emulators print when they are ready; each test has its own org."""
    emulators = start_emulators()
    try:
        yield emulators.line["salesforce"]
    finally:
        emulators.stop()


async def layouts_of(sf: Salesforce) -> dict[str, bytes]:
    """Every layout of the org by full name."""
    return {name: await one_layout(sf, name) for name in await sf.retrieval.names("Layout")}


async def one_layout(sf: Salesforce, name: str) -> bytes:
    files = await sf.retrieval.files({"Layout": [name]})
    return files[f"layouts/{name}.layout"]


async def flows_of(sf: Salesforce) -> dict[str, bool]:
    """Whether each flow of the org has an active version, by name."""
    soql = "SELECT DeveloperName, ActiveVersionId FROM FlowDefinition"
    path = f"{sf.transport.data}/tooling/query"
    found = await sf.transport.json(path, dict[str, Any], door="flows", params={"q": soql})
    return {row["DeveloperName"]: row["ActiveVersionId"] is not None for row in found["records"]}


def test_components_for_record_pages_go_in_after_all_else_and_out_with_it(served):
    asyncio.run(with_components(served))


async def with_components(served: dict[str, Any]) -> None:
    async with signed_in(served) as sf:
        assert not await record_pages.installed(sf)
        (await sf.metadata.deploy(PACKAGE)).raise_for_failure()
        (await record_pages.deploy(sf, SOURCES, "https://fairlead.test")).raise_for_failure()
        assert await record_pages.installed(sf)
        both = members_of(PACKAGE)
        for kind, members in members_of(record_pages.package(SOURCES, "60.0", "")).items():
            both[kind] = [*both.get(kind, ()), *members]
        plan = await removal.plan(sf, both)
        (await removal.carry_out(sf, plan)).raise_for_failure()
        assert not await record_pages.installed(sf)


def test_all_goes_in_and_out_and_in_again(served):
    asyncio.run(in_and_out(served))


async def in_and_out(served: dict[str, Any]) -> None:
    async with signed_in(served) as sf:
        before = await layouts_of(sf)
        first = await sf.metadata.deploy(PACKAGE)
        first.raise_for_failure()
        assert all(each.created for each in first.successes if each.component_type)
        again = await sf.metadata.deploy(PACKAGE)
        assert not any(each.created or each.changed for each in again.successes if each.component_type)
        assert await installing.settle(sf, "https://fairlead.example.com") == installing.Settled(True, True)
        assert await installing.settle(sf, "https://fairlead.example.com") == installing.Settled(False, False)
        assert await rights.look(sf) == rights.Found(())

        changes = await org_layouts.plan(sf.retrieval)
        assert {object_of(each.name) for each in changes} == set(ADDITIONS) - {"PersonAccount"}
        (await org_layouts.carry_out(sf.metadata, changes, sf.api_version)).raise_for_failure()
        assert not any(each.differs for each in await org_layouts.plan(sf.retrieval))
        assert has_ours(await one_layout(sf, "Campaign-Campaign Layout"), "Campaign")

        await sf.records.upsert(names.CLIENT, names.CLIENT_KEY, "client-1", {"Name": "Client"})
        campaign = await sf.records.create("Campaign", {"Name": "Spring", "CM_Campaign_Id__c": "1"})
        plan = await removal.plan(sf, members_of(PACKAGE))
        assert (plan.records[names.CLIENT], plan.values["Campaign"], len(plan.assignments)) == (1, 1, 1)
        assert plan.flows == {name: [1] for name in members_of(PACKAGE)["Flow"]}
        (await removal.carry_out(sf, plan)).raise_for_failure()
        assert await layouts_of(sf) == before
        assert await flows_of(sf) == {}
        for sobject in names.OBJECTS:
            with pytest.raises(SetupRefused):
                await sf.describe(sobject)
        for sobject in ("Campaign", "CampaignMember", "Task", "Event"):
            left = [each.name for each in (await sf.describe(sobject)).fields if each.name.startswith("CM_")]
            assert (sobject, left) == (sobject, [])
        assert (await sf.records.get("Campaign", campaign))["Name"] == "Spring"
        assert not (await removal.plan(sf, members_of(PACKAGE))).installed
        (await sf.metadata.deploy(PACKAGE)).raise_for_failure()


def test_a_removal_that_is_refused_changes_nothing(served):
    asyncio.run(refused(served))


async def refused(served: dict[str, Any]) -> None:
    async with signed_in(served) as sf:
        (await sf.metadata.deploy(PACKAGE)).raise_for_failure()
        await installing.settle(sf, "https://fairlead.example.com")
        (
            await org_layouts.carry_out(sf.metadata, await org_layouts.plan(sf.retrieval), sf.api_version)
        ).raise_for_failure()
        mine = package_of(
            {"objects/Mine__c.object": MINE.encode()},
            {"CustomObject": ["Mine__c"], "CustomField": ["Mine__c.List__c"]},
            sf.api_version,
        )
        (await sf.metadata.deploy(mine)).raise_for_failure()
        before = await layouts_of(sf)
        result = await removal.carry_out(sf, await removal.plan(sf, members_of(PACKAGE)))
        assert [each.full_name for each in result.failures] == [names.LIST]
        assert await layouts_of(sf) == before
        plan = await removal.plan(sf, members_of(PACKAGE))
        assert (len(plan.records), len(plan.assignments)) == (len(names.OBJECTS), 1)
        assert set((await flows_of(sf)).values()) == {True}


def test_a_flow_is_deleted_only_when_it_is_switched_off(served):
    """So that switching them off, in a removal, is no empty step."""
    asyncio.run(active(served))


async def active(served: dict[str, Any]) -> None:
    async with signed_in(served) as sf:
        (await sf.metadata.deploy(PACKAGE)).raise_for_failure()
        flow, *_ = members_of(PACKAGE)["Flow"]
        for member in (flow, f"{flow}-1"):
            result = await sf.metadata.deploy(package_of({}, {}, sf.api_version, deletions={"Flow": [member]}))
            assert [each.full_name for each in result.failures] == [member]
        assert (await flows_of(sf))[flow]


def test_what_an_administrator_made_private_stays_private_when_deployed_again(served):
    asyncio.run(private(served))


async def private(served: dict[str, Any]) -> None:
    async with signed_in(served) as sf:
        assert await sharing.models(sf) == {}
        (await sf.metadata.deploy(PACKAGE)).raise_for_failure()
        open_to_all = await sharing.models(sf)
        assert set(open_to_all) == set(names.OBJECTS)
        assert open_to_all[names.MEMBER] == open_to_all[names.LIST] == "ReadWrite"
        closed = sharing.keep(PACKAGE, {names.MEMBER: "Private", names.LIST: "Read"})
        (await sf.metadata.deploy(closed)).raise_for_failure()
        wanted = {**open_to_all, names.MEMBER: "Private", names.LIST: "Read"}
        assert await sharing.models(sf) == wanted
        again = await sf.metadata.deploy(sharing.keep(PACKAGE, await sharing.models(sf)))
        assert not any(each.created or each.changed for each in again.successes if each.component_type)
        assert await sharing.models(sf) == wanted
        (await sf.metadata.deploy(PACKAGE)).raise_for_failure()
        assert await sharing.models(sf) == open_to_all


def test_layouts_are_refused_before_what_they_show_is_there(served):
    asyncio.run(too_early(served))


async def too_early(served: dict[str, Any]) -> None:
    async with signed_in(served) as sf:
        before = await layouts_of(sf)
        changes = await org_layouts.plan(sf.retrieval)
        result = await org_layouts.carry_out(sf.metadata, changes, sf.api_version)
        assert {each.component_type for each in result.failures} == {"Layout"}
        assert await layouts_of(sf) == before
