"""The Salesforce client against the emulated org, served in a process of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from fairlead.salesforce import AccessToken, ClientCredentials, Salesforce, connect, names
from fairlead.salesforce.csvdata import NULL, csv_bytes, header_bytes
from fairlead.salesforce.errors import SessionRefused, SetupRefused
from fairlead.salesforce.metadata import package_from_source
from fairlead.salesforce.polling import Polling
from fairlead.salesforce.query import quote, split_in
from fairlead.salesforce.transport import Call, Patience
from tests.nursery import start_emulators

SOURCES = Path(__file__).parents[2] / "salesforce"
HASTE = {"patience": Patience(attempts=4, first=0.01, longest=0.05), "pace": Polling(0.02, 0.2)}
LIST, AWKWARD = "list-1", 'Ada "the first"\nof O\'Brien, née Ünal 💡'
FIELDS = ("Member_Key__c", "List__r.List_Id__c", "Email__c", "Full_Name__c", "State__c", "Custom_Fields__c")


@pytest.fixture(scope="module")
def served() -> Iterator[dict[str, Any]]:
    """The `salesforce` part of the line that the emulators print when they are ready."""
    emulators = start_emulators()
    try:
        yield emulators.line["salesforce"]
    finally:
        emulators.stop()


@pytest.fixture(scope="module")
def org(served: dict[str, Any]) -> dict[str, Any]:
    """An org that our package is deployed to, with one list."""
    asyncio.run(lay(served))
    return served


async def lay(served: dict[str, Any]) -> None:
    async with signed_in(served) as sf:
        package = package_from_source(SOURCES, sf.api_version)
        (await sf.metadata.deploy(package)).raise_for_failure()
        await sf.records.upsert(names.CLIENT, names.CLIENT_KEY, "client-1", {"Name": "Client"})
        parent = {"Client__r": {names.CLIENT_KEY: "client-1"}, "Name": "List"}
        await sf.records.upsert(names.LIST, names.LIST_KEY, LIST, parent)


@pytest.fixture
async def sf(org: dict[str, Any]) -> AsyncIterator[Salesforce]:
    async with signed_in(org) as sf:
        yield sf
    await control(org, "faults", [])


def signed_in(org: dict[str, Any], **more: Any):
    login = ClientCredentials(org["url"], org["client_id"], org["client_secret"])
    return connect(login, **HASTE, **more)


async def control(org: dict[str, Any], door: str, body: Any) -> None:
    async with aiohttp.ClientSession() as http, http.post(f"{org['url']}/_control/{door}", json=body) as answer:
        assert answer.status < 300, await answer.text()


def members(keys: list[str], **columns: list[str]) -> bytes:
    """CSV of members: one address a key, plus what is given."""
    count = len(keys)
    blank = [""] * count
    table = {
        "Member_Key__c": keys,
        "List__r.List_Id__c": [LIST] * count,
        "Email__c": [f"{key}@example.com" for key in keys],
        "Full_Name__c": blank,
        "State__c": ["Active"] * count,
        "Custom_Fields__c": blank,
        **columns,
    }
    return header_bytes(list(table)) + csv_bytes(list(table.values()), blank=NULL)


async def member(sf: Salesforce, key: str) -> dict[str, Any] | None:
    return await sf.records.find(names.MEMBER, names.MEMBER_KEY, key)


async def load(sf: Salesforce, data: bytes) -> str:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 7_000):
            yield data[start : start + 7_000]

    return await sf.bulk.send(names.MEMBER, "upsert", names.MEMBER_KEY, pieces)


async def test_signing_in_tells_who_and_where(sf, org):
    """User, org with its 18-character id, and a version that the org offers."""
    identity = await sf.identity()
    assert identity.username == org["username"]
    assert len(identity.organization_id) == 18
    assert sf.api_version in {version.version for version in await sf.versions()}


async def test_a_wrong_secret_is_a_matter_of_settings(org):
    """The person must copy the secret again, not sign in again."""
    with pytest.raises(SetupRefused):
        async with connect(ClientCredentials(org["url"], org["client_id"], "wrong"), **HASTE):
            pass


async def test_an_access_token_that_is_none_is_a_matter_of_signing_in(org):
    """A token that the org does not know cannot be renewed."""
    async with connect(AccessToken(org["url"], "00D!none"), **HASTE) as sf:
        with pytest.raises(SessionRefused):
            await sf.limits()


async def test_our_objects_are_described_after_the_deployment(sf):
    """Every field that we write is there, the key as a unique external id; asking twice gives the same."""
    member = await sf.describe(names.MEMBER)
    key = member.field(names.MEMBER_KEY)
    assert (key.external_id, key.unique, key.length) == (True, True, 255)
    assert {field.partition(".")[0] for field in names.MEMBER_FIELDS if "__r." not in field} <= {
        field.name for field in member.fields
    }
    assert await sf.describe(names.MEMBER) == member


async def test_a_description_is_sent_again_only_when_it_changed(org, tmp_path):
    """By 304, until a deployment adds a field; then once more in full."""
    calls: list[Call] = []
    async with signed_in(org, on_call=calls.append) as sf:
        first = await sf.describe(names.CLIENT)
        assert await sf.describe(names.CLIENT.lower()) is first
        folder = tmp_path / "objects" / names.CLIENT / "fields"
        folder.mkdir(parents=True)
        (folder / "Later__c.field-meta.xml").write_text(
            '<CustomField xmlns="http://soap.sforce.com/2006/04/metadata"><fullName>Later__c</fullName>'
            "<label>Later</label><type>Text</type><length>20</length></CustomField>"
        )
        (await sf.metadata.deploy(package_from_source(tmp_path, sf.api_version))).raise_for_failure()
        later = await sf.describe(names.CLIENT)
        assert (first.field("Later__c"), later.field("Later__c").length) == (None, 20)
        assert await sf.describe(names.CLIENT) is later
    assert [call.status for call in calls if call.door == "describe"] == [200, 304, 200, 304]


async def test_deploying_again_changes_nothing_and_a_check_changes_nothing_either(sf):
    """The whole package passes a check against an org that has it."""
    seen = []
    package = package_from_source(SOURCES, sf.api_version)
    result = await sf.metadata.deploy(package, check_only=True, on_progress=lambda r: seen.append(r.status))
    assert (result.success, result.errors, result.check_only) == (True, 0, True)
    assert seen[-1] == "Succeeded"


async def test_a_broken_package_names_the_component(sf, tmp_path):
    """A field of an unknown type is refused by name and leaves nothing behind."""
    bad = tmp_path / "objects/CM_List__c/fields/Bad__c.field-meta.xml"
    bad.parent.mkdir(parents=True)
    bad.write_text(
        '<CustomField xmlns="http://soap.sforce.com/2006/04/metadata"><fullName>Bad__c</fullName>'
        "<label>Bad</label><type>Nonsense</type></CustomField>"
    )
    result = await sf.metadata.deploy(package_from_source(tmp_path, sf.api_version))
    with pytest.raises(SetupRefused, match="Bad__c"):
        result.raise_for_failure()
    assert (await sf.describe(names.LIST)).field("Bad__c") is None


async def test_rows_by_the_collections_door_keep_their_order_and_reasons(sf):
    """300 rows in two calls; two are refused, each with its own reason, and the others are there."""
    rows = [
        {"Member_Key__c": f"c{n}", "List__r": {"List_Id__c": LIST}, "Email__c": f"c{n}@example.com"} for n in range(300)
    ]
    rows[5]["List__r"] = {"List_Id__c": "nowhere"}
    rows[250]["Email__c"] = "x" * 90 + "@example.com"
    results = await sf.collections.upsert(names.MEMBER, names.MEMBER_KEY, rows)
    assert [n for n, result in enumerate(results) if not result.success] == [5, 250]
    assert results[5].code == "INVALID_FIELD"
    assert results[250].code in {"STRING_TOO_LONG", "INVALID_EMAIL_ADDRESS"}
    assert "xxx" not in results[250].message
    assert all(result.created for result in results if result.success)
    again = await sf.collections.upsert(names.MEMBER, names.MEMBER_KEY, rows[:5])
    assert [r.created for r in again] == [False] * 5
    assert [r.id for r in again] == [r.id for r in results[:5]]
    assert [n for n in range(300) if await member(sf, f"c{n}") is None] == [5, 250]


async def test_rows_by_bulk_keep_quoted_line_breaks_and_tell_each_rows_fate(sf):
    """3,000 rows stream in; the refused one is named with its reason, the others with their ids."""
    keys = [f"b{n}" for n in range(3_000)]
    states = ["Active"] * 3_000
    states[7] = "Nonsense"
    data = members(keys, Full_Name__c=["Ada"] * 3_000, Custom_Fields__c=[AWKWARD] * 3_000, State__c=states)
    job_id = await load(sf, data)
    progress = []
    info = await sf.bulk.wait(job_id, lambda seen: progress.append(seen.state))
    assert (info.state, info.processed, info.failed) == ("JobComplete", 3_000, 1)
    (failed,) = [row async for row in sf.bulk.failed(job_id, names.MEMBER_KEY)]
    assert (failed.key, failed.code) == ("b7", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    assert "Nonsense" not in failed.message
    done = {key: created async for key, _, created in sf.bulk.successful(job_id, names.MEMBER_KEY)}
    assert set(done) == set(keys) - {"b7"}
    assert all(done.values())
    assert [key async for key in sf.bulk.unprocessed(job_id, names.MEMBER_KEY)] == []
    assert (await member(sf, "b8"))["Custom_Fields__c"] == AWKWARD
    await sf.bulk.delete_job(job_id)


async def test_a_blank_told_as_null_empties_the_field(sf):
    """`#N/A` in a second job removes what the first wrote."""
    first = await load(sf, members(["n1"], Full_Name__c=["Ada"]))
    await sf.bulk.wait(first)
    second = await load(sf, members(["n1"]))
    assert (await sf.bulk.wait(second)).failed == 0
    assert [row async for row in sf.bulk.successful(second, names.MEMBER_KEY)][0][2] is False
    assert (await member(sf, "n1"))["Full_Name__c"] is None


async def test_a_job_that_is_aborted_writes_nothing(sf):
    """Uploaded rows of an aborted job never arrive; aborting twice is once."""

    async def pieces() -> AsyncIterator[bytes]:
        yield members(["gone"])

    job_id = await sf.bulk.create(names.MEMBER, "upsert", names.MEMBER_KEY)
    await sf.bulk.upload(job_id, pieces())
    assert (await sf.bulk.abort(job_id)).state == "Aborted"
    assert (await sf.bulk.abort(job_id)).state == "Aborted"
    assert await member(sf, "gone") is None


class Found(msgspec.Struct):
    Member_Key__c: str
    List__r: dict[str, Any]


async def test_queries_page_through_everything_once(sf):
    """4,500 rows come in three pages, in order; the same rows by lists of keys."""
    keys = sorted(f"q{n:04}" for n in range(4_500))
    await sf.bulk.wait(await load(sf, members(keys)))
    soql = f"SELECT Member_Key__c, List__r.List_Id__c FROM {names.MEMBER} WHERE Member_Key__c LIKE 'q%' ORDER BY Member_Key__c"
    pages = [page async for page in sf.query(soql, type=Found)]
    assert len(pages) == 3
    assert [row.Member_Key__c for page in pages for row in page] == keys
    assert pages[0][0].List__r["List_Id__c"] == LIST
    asked = [
        row["Member_Key__c"]
        for query in split_in(f"SELECT Member_Key__c FROM {names.MEMBER} WHERE Member_Key__c IN", keys)
        async for page in sf.query(query)
        for row in page
    ]
    assert sorted(asked) == keys


async def test_a_quoted_value_is_found_again_and_nothing_else(sf):
    """Quotes and backslashes in a value stay inside the literal."""
    key = "k'\\ \" or 1=1"
    await sf.collections.upsert(
        names.MEMBER,
        names.MEMBER_KEY,
        [{names.MEMBER_KEY: key, "List__r": {"List_Id__c": LIST}, "Email__c": "k@example.com"}],
    )
    assert await sf.count(f"SELECT COUNT() FROM {names.MEMBER} WHERE Member_Key__c = {quote(key)}") == 1


async def test_a_bulk_query_gives_every_row_by_pages(sf):
    """By locator, and by parallel pages: each row once, line breaks kept."""
    keys = sorted(f"z{n:04}" for n in range(2_500))
    await sf.bulk.wait(await load(sf, members(keys, Custom_Fields__c=[AWKWARD] * 2_500)))
    job_id = await sf.bulk_query.create(
        f"SELECT Member_Key__c, Custom_Fields__c FROM {names.MEMBER} WHERE Member_Key__c LIKE 'z%'"
    )
    await sf.bulk_query.wait(job_id)
    rows = [row async for rows in sf.bulk_query.rows(job_id, page=1_000) for row in rows]
    assert sorted(row[0] for row in rows) == keys
    assert {row[1] for row in rows} == {AWKWARD}
    unordered = [row async for rows in sf.bulk_query.rows_unordered(job_id, page=400) for row in rows]
    assert sorted(unordered) == sorted(rows)
    await sf.bulk_query.delete_job(job_id)


async def test_the_budget_follows_the_orgs_own_count(sf):
    """The meter's limit is the org's, and each call raises it."""
    limits = await sf.limits()
    calls = limits["DailyApiRequests"]
    assert sf.budget.limit == calls.maximum
    before = sf.budget.used
    await sf.describe("Contact")
    assert sf.budget.used > before


@pytest.mark.parametrize("fault", ["cut", "lost_answer", "malformed", "status"])
async def test_faults_of_the_moment_are_outlived_without_doubling(sf, org, fault):
    """A broken or lost answer to an upsert ends in one record."""
    row = {names.MEMBER_KEY: f"fault-{fault}", "List__r": {"List_Id__c": LIST}, "Email__c": "f@example.com"}
    await control(org, "faults", [{"match": {"path": "/composite/"}, "times": 1, "fault": fault}])
    (result,) = await sf.collections.upsert(names.MEMBER, names.MEMBER_KEY, [row])
    assert result.success
    assert (await member(sf, f"fault-{fault}"))["Id"] == result.id


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_a_bulk_job_outlives_a_lost_answer_at_every_step(sf, org, method):
    """Creating, uploading and closing are each carried out with their answer lost; the row arrives."""
    path = "/jobs/ingest"
    await control(org, "faults", [{"match": {"method": method, "path": path}, "times": 1, "fault": "lost_answer"}])
    job_id = await load(sf, members([f"lost-{method}"]))
    assert (await sf.bulk.wait(job_id)).failed == 0
    assert await member(sf, f"lost-{method}") is not None


async def test_an_expired_token_is_renewed_unseen(org):
    """The call that met the 401 succeeds."""
    calls: list[Call] = []
    async with signed_in(org, on_call=calls.append) as sf:
        await control(org, "faults", [{"fault": "expired_session", "times": 1}])
        await sf.describe("Contact")
    assert 401 in [call.status for call in calls]


async def test_a_locked_row_is_told_as_worth_another_try(sf, org):
    """It is marked retryable, and the next try writes it."""
    row = {names.MEMBER_KEY: "locked", "List__r": {"List_Id__c": LIST}, "Email__c": "l@example.com"}
    await control(org, "faults", [{"fault": "row_lock", "match": {"object": names.MEMBER}, "times": 1}])
    (refused,) = await sf.collections.upsert(names.MEMBER, names.MEMBER_KEY, [row])
    assert (refused.code, refused.retryable) == ("UNABLE_TO_LOCK_ROW", True)
    (written,) = await sf.collections.upsert(names.MEMBER, names.MEMBER_KEY, [row])
    assert written.success
