"""Pages of lists: what is known is shown, a switch says what it will do, candidates are read when asked for."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fairlead.features.field_mappings.models import MappingVersion
from fairlead.features.members import settings
from fairlead.features.members.models import ListReading
from fairlead.store import setting_rows
from fairlead.store.models import KnownList, Org
from fairlead.sync import sides
from fairlead.sync.failures import SalesforceUnavailable

LIST = "a" * 32
PEOPLE = [
    {"Id": "003000000000001AAA", "Name": "=Ann", "Email": "ann@example.com",
     "LastModifiedDate": "2026-01-01T00:00:00.000+0000", "CreatedDate": "2025-01-01T00:00:00.000+0000"},
    {"Id": "003000000000002AAA", "Name": "Ann <b>Two</b>", "Email": "ANN@example.com",
     "LastModifiedDate": "2026-02-01T00:00:00.000+0000", "CreatedDate": "2025-02-01T00:00:00.000+0000"},
]  # fmt: skip


class SmallOrg:
    """Two contacts with one address; 12,345 members of a list."""

    async def count(self, soql: str) -> int:
        return 12_345 if "CM_Member__c" in soql else 2

    async def query(self, soql: str) -> AsyncIterator[list[dict[str, Any]]]:
        yield PEOPLE if "FROM Contact" in soql else []

    async def instance_url(self) -> str:
        return "https://example.my.salesforce.com"


class Opener:
    """Opens the small org, or raises."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

    @asynccontextmanager
    async def salesforce(self, org_id: int) -> AsyncIterator[Any]:
        if self.failure:
            raise self.failure
        yield SmallOrg()

    campaign_monitor = salesforce


@pytest.fixture(autouse=True)
def opener() -> Iterator[None]:
    sides.provide(Opener())
    yield
    sides.provide(None)  # type: ignore[arg-type]


def sent(answer: Any) -> str:
    """The text of a file that is sent while it is made."""

    async def read() -> bytes:
        return b"".join([part async for part in answer])

    return async_to_sync(read)().decode()


@pytest.fixture
def reading(org: Org) -> ListReading:
    moment = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    return ListReading.objects.create(
        org=org, client_id="c", client_name="Shop", list_id=LIST, name="News & more", figures={"active": 4321},
        unconfirmed=5, whole_at=moment, read_at=moment,
    )  # fmt: skip


def test_without_lists_the_page_says_what_to_do_next(admin: Client) -> None:
    page = admin.get("/lists/").text
    assert "No list was read yet" in page
    assert "/settings/sync/" in page or "sync" in page


def test_each_list_shows_counters_and_readings(admin: Client, reading: ListReading) -> None:
    page = admin.get("/lists/").text
    for text in ("News &amp; more", "Shop", "4,321", "4 Mar 2026, 05:06:07 UTC", "Synced", "Prevent"):
        assert text in page
    reading.gone_at = reading.read_at
    reading.save()
    assert "Campaign Monitor no longer lists it" in admin.get("/lists/").text


@pytest.fixture
def many(org: Org) -> None:
    ListReading.objects.bulk_create(
        ListReading(
            org=org,
            client_id=f"c{n % 2}",
            client_name=f"Client {n % 2}",
            list_id=f"{n:032}",
            name=f"List {n:04}",
            figures={"active": n, "unsubscribed": 9} if n else {},
            gone_at=datetime(2026, 3, 4, tzinfo=UTC) if n == 1_999 else None,
        )
        for n in range(2_000)
    )


def test_one_list_among_many_is_found_sorted_and_filtered(admin: Client, org: Org, many: None) -> None:
    def first(query: str) -> str:
        return admin.get(f"/lists/{query}").text.split('<th scope="row">')[1].split("</a>")[0].split(">")[1]

    assert first("") == "List 0000"
    assert first("?sort=-name") == "List 1999"
    assert first("?sort=-active") == "List 1999"
    assert first("?sort=active") == "List 0001"
    assert first("?find=1234") == "List 1234"
    assert first("?client=c1&sort=active&page=2") == "List 0101"
    assert first("?members=gone") == "List 1999"
    setting_rows.put(org, settings.PREVENT_SYNC, True, "admin", subject=f"{77:032}")
    assert first("?members=prevented") == "List 0077"
    assert "1–50 of 1,998 lists" in admin.get("/lists/?members=synced").text
    assert "No list is like that." in admin.get("/lists/?find=nowhere").text
    assert "Page 40 of 40" in admin.get("/lists/?page=9999").text


def test_a_page_of_lists_takes_the_same_queries_however_many_there_are(admin: Client, reading: ListReading) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            assert admin.get("/lists/").status_code == 200
        return len(counted)

    before = queries()
    ListReading.objects.bulk_create(
        ListReading(org=reading.org, client_id="c", list_id=f"{n:032}", name=f"List {n}") for n in range(300)
    )
    assert queries() == before


def test_the_file_of_lists_has_what_the_page_was_narrowed_to(admin: Client, many: None) -> None:
    page = admin.get("/lists/?find=List 00&sort=-active").text
    assert 'href="/lists.csv?find=List+00&amp;sort=-active"' in page
    lines = sent(admin.get("/lists.csv?find=List 00&sort=-active")).splitlines()
    assert len(lines) == 101
    assert lines[1].startswith(f"List 0099,{99:032},Client 1,99,,9,,,,,synced")


def test_preventing_says_how_many_go_and_deletes_nothing_by_itself(
    admin: Client, org: Org, reading: ListReading
) -> None:
    page = admin.get(f"/lists/{LIST}/members/").text
    assert "deletes 12,345 member records" in page
    assert "--allow-large-changes" in page
    answer = admin.post(f"/lists/{LIST}/members/", {"prevent": "on"}, follow=True).text
    assert "The next sync removes its members" in answer
    assert "kept out of Salesforce" in answer
    assert "Prevented" in admin.get("/lists/").text
    assert setting_rows.value(org, settings.PREVENT_SYNC, LIST)
    assert "holds 12,345 members" in admin.get(f"/lists/{LIST}/members/").text
    assert "reads it anew" in admin.post(f"/lists/{LIST}/members/", {}, follow=True).text
    assert not setting_rows.value(org, settings.PREVENT_SYNC, LIST)
    assert "That list is not known" in admin.get("/lists/unknown/members/", follow=True).text


def test_candidates_are_read_when_asked_for_and_told_with_reasons(admin: Client) -> None:
    assert "Read contacts and leads now" in admin.get("/lists/ambiguous/").text
    page = admin.get("/lists/ambiguous/?read=1").text
    for text in (
        "1 ambiguous address.",
        "https://example.my.salesforce.com/003000000000002AAA",
        "It was modified last.",
    ):
        assert text in page
    assert "Ann &lt;b&gt;Two" in page


def test_the_file_has_a_line_for_each_candidate_and_no_formula(admin: Client) -> None:
    answer = admin.get("/lists/ambiguous.csv")
    lines = sent(answer).splitlines()
    assert answer["Content-Type"].startswith("text/csv")
    assert len(lines) == 3
    assert "'=Ann" in lines[2]


def test_an_org_that_does_not_answer_is_told_on_every_page(admin: Client, reading: ListReading) -> None:
    sides.provide(Opener(SalesforceUnavailable("Salesforce does not answer.", next_step="Try later.")))
    assert "Salesforce does not answer." in admin.get("/lists/ambiguous/?read=1").text
    assert "Salesforce does not answer." in admin.get("/lists/ambiguous.csv", follow=True).text
    assert "Salesforce does not answer." in admin.get(f"/lists/{LIST}/members/").text


def test_mappings_show_a_page_of_lists_and_find_one_by_its_name_or_its_clients(admin: Client, org: Org) -> None:
    KnownList.objects.bulk_create(
        KnownList(org=org, list_id=f"l{n}", name=f"List {n:03}", client_id="c", client_name="Client") for n in range(60)
    )
    KnownList.objects.create(org=org, list_id="z", name="Zebra", client_id="d", client_name="Other")
    line = {"object": "Contact", "source": "Title", "target": "Job", "way": "out", "owner": "salesforce"}
    MappingVersion.objects.create(org=org, list="l0", version=1, lines=[line], by="test")
    MappingVersion.objects.create(org=org, list="l0", version=2, lines=[line, line], by="test")
    page = admin.get("/mappings/").content.decode()
    assert "List 000" in page and "List 050" not in page
    assert re.search(r'List 000</a></th><td>Client</td><td class="fl-number">2<', page)
    assert "Zebra" in admin.get("/mappings/?find=other").content.decode()
    assert "No list is like that" in admin.get("/mappings/?find=nothing").content.decode()
