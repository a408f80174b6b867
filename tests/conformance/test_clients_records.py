"""The records of one client in the emulated org: found by object, deleted and handed over in bulk, seen by whom they belong to.

Holds `salesforce.mass`, and the connections room's `pieces` and `owners`, to account.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairlead.cli.demo_emulators import Emulators
from fairlead.features.connections import owners, pieces
from fairlead.salesforce import AccessToken, Salesforce, connect, mass, names
from fairlead.salesforce.metadata import package_from_source
from tests.conformance import emulated

MINE, OTHER = "a" * 32, "b" * 32
MANY = mass.SMALL + 1


@pytest.fixture(scope="module")
def org() -> Iterator[Emulators]:
    with emulated.served() as running:
        yield running


async def lay(crm: Salesforce, client: str, members: int) -> None:
    """A client with a record of every kind of ours, and that many members."""
    parent = {"Client__r": {names.CLIENT_KEY: client}}
    await crm.records.upsert(names.CLIENT, names.CLIENT_KEY, client, {"Name": "Client"})
    await crm.records.upsert(names.LIST, names.LIST_KEY, f"l{client[1:]}", {"Name": "List", **parent})
    await crm.records.upsert(names.CAMPAIGN, names.CAMPAIGN_KEY, f"m{client[1:]}", {"Name": "Campaign", **parent})
    await crm.records.upsert(names.SUPPRESSION, names.SUPPRESSION_KEY, f"{client}:x@example.com", parent)
    of_list = {"List__r": {names.LIST_KEY: f"l{client[1:]}"}}
    await crm.records.upsert(names.JOURNEY, names.JOURNEY_KEY, f"j{client[1:]}", {"Name": "Journey", **of_list})
    of_journey = {"Journey__r": {names.JOURNEY_KEY: f"j{client[1:]}"}}
    await crm.records.upsert(
        names.JOURNEY_EMAIL, names.JOURNEY_EMAIL_KEY, f"e{client[1:]}", {"Name": "Mail", **of_journey}
    )
    ways: list[dict[str, Any]] = [
        of_list,
        {"Campaign__r": {names.CAMPAIGN_KEY: f"m{client[1:]}"}},
        {"Journey_Email__r": {names.JOURNEY_EMAIL_KEY: f"e{client[1:]}"}},
    ]
    events = [{names.TRACKING_KEY: f"{client}{i}", "Activity__c": "Opened", **way} for i, way in enumerate(ways)]
    results = await crm.collections.upsert(names.TRACKING, names.TRACKING_KEY, events)
    assert all(result.success for result in results), results
    keys = [f"l{client[1:]}:{i}@example.com" for i in range(members)]
    rows = [{names.MEMBER_KEY: key, "Email__c": key.partition(":")[2], "State__c": "Active", **of_list} for key in keys]
    results = await crm.collections.upsert(names.MEMBER, names.MEMBER_KEY, rows)
    assert all(result.success for result in results), results[0]


def expected(members: int) -> dict[str, int]:
    return {piece.object: {names.TRACKING: 3, names.MEMBER: members}.get(piece.object, 1) for piece in pieces.PIECES}


async def heard(told: list[tuple[int, int]], done: int, of: int) -> None:
    told.append((done, of))


@pytest.fixture
async def crm(org: Emulators) -> Any:
    """The org with two clients: one with more members than the small door takes, one with a few."""
    async with emulated.org_of(org) as crm:
        await lay(crm, MINE, MANY)
        await lay(crm, OTHER, 3)
        yield crm


def make(org: Emulators, name: str) -> str:
    """A user who may not see what is private to others; the id."""
    profile = next(
        each for each in org.get("salesforce", "/_control/records?object=Profile") if each["Name"] == "Standard User"
    )
    fields = {"Username": f"{name}@example.com", "LastName": name.title(), "Alias": name, "Email": f"{name}@example.com",
              "ProfileId": profile["Id"], "IsActive": True}  # fmt: skip
    return str(org.post("salesforce", "/_control/act", {"act": "create", "object": "User", "fields": fields})["id"])


async def test_a_clients_records_are_counted_by_object_and_not_those_of_others(crm: Salesforce) -> None:
    assert await pieces.count(crm, MINE) == expected(MANY)
    assert await pieces.count(crm, OTHER) == expected(3)
    assert await pieces.subjects(crm, OTHER) == {f"l{OTHER[1:]}", f"m{OTHER[1:]}"}


async def test_many_are_deleted_by_bulk_and_few_by_collections(crm: Salesforce) -> None:
    told: list[tuple[int, int]] = []
    for piece in pieces.PIECES:
        done = await mass.delete(crm, piece.object, piece.where(MINE), lambda done, of: heard(told, done, of))
        assert (done.handled, done.refused) == (expected(MANY)[piece.object], [])
    assert await pieces.count(crm, MINE) == dict.fromkeys(expected(0), 0)
    assert await pieces.count(crm, OTHER) == expected(3)
    assert (0, MANY) in told
    assert (MANY, MANY) in told
    done = await mass.delete(crm, names.MEMBER, pieces.PIECES[1].where(MINE), lambda done, of: heard(told, done, of))
    assert done == mass.Done()


async def test_records_that_the_org_refuses_are_told_and_the_others_done(crm: Salesforce, org: Emulators) -> None:
    """An owner who is no active user is refused row by row: nothing is handled, and the work ends."""
    olga = make(org, "olga")
    org.post(
        "salesforce", "/_control/act", {"act": "edit", "object": "User", "id": olga, "fields": {"IsActive": False}}
    )
    told: list[tuple[int, int]] = []
    where = f"{pieces.PIECES[1].where(OTHER)} AND OwnerId != '{olga}'"
    done = await mass.change(crm, names.MEMBER, where, {"OwnerId": olga}, lambda done, of: heard(told, done, of))
    assert (done.handled, len(done.refused)) == (0, 3)
    assert await owners.active(crm, [olga]) == {}


async def test_who_owns_the_records_sees_them_and_others_do_not(
    crm: Salesforce, org: Emulators, tmp_path: Path
) -> None:
    """With members private in the org, a client's owner sees that client's members alone (F17)."""
    await deploy_private_members(crm, tmp_path)
    grace, paul = make(org, "grace"), make(org, "paul")
    sets = {each.name: each.id for each in await crm.permission_sets.all()}
    for user in (grace, paul):
        await crm.permission_sets.assign(sets["Fairlead_Standard_Access"], user)
    assert [each.id for each in await owners.search(crm, "grac")] == [grace]
    assert await owners.search(crm, "%") == []
    for client, owner in ((MINE, grace), (OTHER, paul)):
        for piece in pieces.PIECES:
            where = f"{piece.where(client)} AND OwnerId != '{owner}'"
            done = await mass.change(crm, piece.object, where, {"OwnerId": owner}, lambda done, of: heard([], done, of))
            assert not done.refused
            again = await mass.change(
                crm, piece.object, where, {"OwnerId": owner}, lambda done, of: heard([], done, of)
            )
            assert again.handled == 0
    assert await seen(org, "grace") == MANY
    assert await seen(org, "paul") == 3


async def deploy_private_members(crm: Salesforce, folder: Path) -> None:
    source = folder / "salesforce"
    shutil.copytree(emulated.SOURCES, source)
    meta = next(source.rglob("CM_Member__c.object-meta.xml"))
    meta.write_text(meta.read_text().replace("<sharingModel>ReadWrite<", "<sharingModel>Private<"))
    (await crm.metadata.deploy(package_from_source(source, crm.api_version))).raise_for_failure()


async def seen(org: Emulators, name: str) -> int:
    """How many members a user sees."""
    token = org.post("salesforce", "/_control/sessions", {"username": f"{name}@example.com"})["access_token"]
    async with connect(AccessToken(org.url("salesforce"), token)) as crm:
        return await crm.count(f"SELECT COUNT() FROM {names.MEMBER}")
