"""The pages of a list over both local sides: what they read, what a change asks for first, and what it leaves behind."""

import csv
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.cli.demo_emulators import Emulators
from fairlead.features.members.models import ListReading
from fairlead.features.record_creation import settings as creation
from fairlead.salesforce import Salesforce, names
from fairlead.store import setting_rows
from fairlead.store.models import AuditEntry, KnownList
from fairlead.store.orgs import default_org
from fairlead.sync import known, sides
from fairlead.sync.failures import CampaignMonitorUnavailable, SalesforceUnavailable
from fairlead.sync.stage import ClientScope
from tests.conformance import emulated

pytestmark = pytest.mark.django_db(transaction=True)

SPEC = {
    "clients": [
        {
            "name": "Shop",
            "country": "Australia",
            "time_zone": "(GMT) Coordinated Universal Time",
            "lists": [
                {
                    "title": "News",
                    "confirmed_opt_in": False,
                    "unsubscribe_setting": "OnlyThisList",
                    "custom_fields": [{"name": "Colour", "type": "Text"}],
                    "people": [[0, 30]],
                    "segments": [
                        {"title": "Everybody", "groups": [[{"type": "EmailAddress", "clause": "CONTAINS @"}]]},
                    ],
                }
            ],
        }
    ]
}
GIVEN = {
    "title": "News",
    "confirmed_opt_in": "no",
    "unsubscribe_setting": "OnlyThisList",
    "unsubscribe_page": "",
    "confirmation_success_page": "",
}


class Both:
    """Opens both local sides for pages, or refuses to."""

    def __init__(self, emulators: Emulators) -> None:
        self.emulators = emulators
        self.down = False

    @asynccontextmanager
    async def salesforce(self, org_id: int) -> AsyncIterator[Salesforce]:
        if self.down:
            raise SalesforceUnavailable("Salesforce does not answer.", next_step="Try later.")
        async with emulated.org_of(self.emulators) as crm:
            yield crm

    @asynccontextmanager
    async def campaign_monitor(self, org_id: int) -> AsyncIterator[CampaignMonitor]:
        if self.down:
            raise CampaignMonitorUnavailable("Campaign Monitor does not answer.", next_step="Try later.")
        async with emulated.account_of(self.emulators) as account:
            yield account


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served(campaign_monitor=SPEC) as running:
        yield running


@pytest.fixture(scope="module")
def ids(emulators: Emulators) -> tuple[str, str]:
    """The client and its list, with three members in the org."""
    (client,) = next(emulators.get("campaign_monitor", "/_control/state"))["clients"]
    (of_client,) = client["lists"]

    async def lay() -> None:
        async with emulated.org_of(emulators) as org:
            await emulated.add_list(org, of_client["id"])
            records = [
                {
                    names.MEMBER_KEY: f"{of_client['id']}:{name}@example.com",
                    "List__r": {names.LIST_KEY: of_client["id"]},
                    "Email__c": f"{name}@example.com",
                    "Full_Name__c": full,
                    "State__c": state,
                    "Mobile_Number__c": mobile,
                }
                for name, full, state, mobile in (
                    ("ann_b", "Ann Berg", "Active", "+15550100"),
                    ("annxb", "=Ann", "Unsubscribed", None),
                    ("cy", "Cy 100%", "Active", None),
                )
            ]
            await org.collections.upsert(names.MEMBER, names.MEMBER_KEY, records)

    async_to_sync(lay)()
    return client["id"], of_client["id"]


@pytest.fixture
def opens(emulators: Emulators) -> Iterator[Both]:
    opener = Both(emulators)
    sides.provide(opener)
    yield opener
    sides.provide(None)  # type: ignore[arg-type]


@pytest.fixture
def admin(ids: tuple[str, str], opens: Both) -> Iterator[Client]:
    """Somebody signed in, on an installation that has read the list."""
    org = default_org()
    named = {"client_id": ids[0], "client_name": "Shop", "list_id": ids[1], "name": "News"}
    ListReading.objects.create(org=org, **named)
    KnownList.objects.create(org=org, **named)
    known.provide(lambda org_id: [known.KnownClient(ClientScope(ids[0], "Shop", "UTC"), selected=True)])
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    yield client
    known.provide(None)  # type: ignore[arg-type]


@pytest.fixture
def of_list(ids: tuple[str, str]) -> str:
    return f"/lists/{ids[1]}/"


def sent(answer: Any) -> list[list[str]]:
    async def read() -> bytes:
        return b"".join([part async for part in answer])

    return list(csv.reader(io.StringIO(async_to_sync(read)().decode())))


def test_details_statistics_and_segments_are_read_now(admin: Client, of_list: str) -> None:
    details = admin.get(of_list).text
    for text in ("Single opt-in", "Only this list", "Colour", 'aria-current="page">Details'):
        assert text in details
    statistics = admin.get(f"{of_list}statistics/").text
    assert statistics.count('<th scope="row">') >= 6
    assert "In all" in statistics
    segments = admin.get(f"{of_list}segments/").text
    assert "Everybody" in segments
    link = segments.split("/segments/", 2)[2].split('"')[0]
    segment = admin.get(f"{of_list}segments/{link}").text
    assert "Segment “Everybody”" in segment
    assert "@example." in segment
    assert admin.get(f"{of_list}segments/{link}?page=9999999").status_code == 200


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"ann_b", "annxb", "cy"}),
        ({"text": "ann_b"}, {"ann_b"}),
        ({"text": "ANN"}, {"ann_b", "annxb"}),
        ({"text": "100%"}, {"cy"}),
        ({"state": "Unsubscribed", "order": "newest"}, {"annxb"}),
        ({"text": "o'clock"}, set()),
        ({"state": "' OR", "order": "Id; DROP", "page": "-1"}, {"ann_b", "annxb", "cy"}),
    ],
)
def test_members_are_found_by_what_is_typed_and_nothing_else(
    admin: Client, of_list: str, asked: dict[str, str], found: set[str]
) -> None:
    """Wildcards and quotes are taken literally; choices that do not exist are as if not made."""
    page = admin.post(f"{of_list}people/", asked)
    assert {name for name in ("ann_b", "annxb", "cy") if f"{name}@example.com</a></th>" in page.text} == found
    assert "no-store" in page["Cache-Control"]
    assert all("example.com" not in link.split('"')[0].split("my.salesforce")[0] for link in page.text.split("?")[1:])


def test_all_members_are_a_file_without_formulas(admin: Client, of_list: str) -> None:
    lines = sent(admin.get(f"{of_list}people.csv"))
    assert len(lines) == 4
    assert {line[1] for line in lines[1:]} == {"Ann Berg", "'=Ann", "Cy 100%"}
    assert "'+15550100" in {line[5] for line in lines}


def test_a_change_is_shown_first_then_made_and_recorded(admin: Client, of_list: str, opens: Both) -> None:
    wanted = {**GIVEN, "confirmed_opt_in": "yes", "unsubscribe_page": "https://www.example.com/bye"}
    shown = admin.post(f"{of_list}edit/", wanted).text
    assert "Change this in Campaign Monitor?" in shown
    assert "Confirmed opt-in" in shown
    assert AuditEntry.objects.count() == 0
    assert "Single opt-in" in admin.get(of_list).text
    done = admin.post(f"{of_list}edit/", {**wanted, "confirmed": "yes"}, follow=True).text
    assert "Changed in Campaign Monitor." in done
    assert "Confirmed opt-in" in done
    entry = AuditEntry.objects.get()
    assert (entry.who, entry.what, entry.subject) == ("admin", "changed list", of_list.split("/")[2])
    assert (entry.before["confirmed_opt_in"], entry.after["confirmed_opt_in"]) == (False, True)
    assert "Nothing was changed." in admin.post(f"{of_list}edit/", wanted, follow=True).text
    admin.post(f"{of_list}edit/", {**GIVEN, "confirmed": "yes"})


def test_a_wrong_form_keeps_what_was_typed_and_names_the_field(admin: Client, of_list: str) -> None:
    page = admin.post(f"{of_list}edit/", {**GIVEN, "title": "", "unsubscribe_page": "not an address"}).text
    assert "2 fields below need a change" in page
    assert 'value="not an address"' in page
    assert "Change this in Campaign Monitor?" not in page


def test_a_new_list_is_created_once_known_at_once_and_recorded(admin: Client, ids: tuple[str, str]) -> None:
    wanted = {**GIVEN, "title": "Fresh", "client": ids[0]}
    assert "Create this list in Campaign Monitor?" in admin.post("/lists/new/", wanted).text
    made = admin.post("/lists/new/", {**wanted, "confirmed": "yes"}, follow=True)
    assert "Created in Campaign Monitor." in made.text
    reading = ListReading.objects.get(name="Fresh")
    assert (reading.client_name, reading.details_at) == ("Shop", None)
    assert AuditEntry.objects.get().what == "created list"
    taken = admin.post("/lists/new/", {**wanted, "confirmed": "yes"}).text
    assert "would not let Fairlead create the list" in taken
    assert 'value="Fresh"' in taken
    assert ListReading.objects.filter(name="Fresh").count() == 1


def test_options_of_the_list_alone_are_chosen_on_its_page(admin: Client, of_list: str, ids: tuple[str, str]) -> None:
    page = admin.get(f"{of_list}options/").text
    assert "The members of this list are synced." in page
    name = creation.RULE.name.replace(".", "-")
    seen = {f"{name}-version": "0", f"{name}-shown": '"nothing"'}
    saved = admin.post(f"{of_list}options/", {**seen, name: creation.LEAD}, follow=True)
    assert "Saved." in saved.text
    chosen = setting_rows.values(default_org())
    assert (chosen.of(creation.RULE, ids[1]), chosen.of(creation.RULE, "other")) == (creation.LEAD, creation.NOTHING)
    late = admin.post(f"{of_list}options/", {**seen, name: creation.CONTACT}).text
    assert "changed this meanwhile" in late
    assert setting_rows.value(default_org(), creation.RULE, ids[1]) == creation.LEAD


@pytest.mark.parametrize("tab", ["", "statistics/", "people/", "segments/", "segments/x/", "edit/"])
def test_a_side_that_is_down_is_told_and_the_page_stays(admin: Client, of_list: str, opens: Both, tab: str) -> None:
    opens.down = True
    page = admin.get(of_list + tab)
    assert page.status_code == 200
    assert "does not answer. Try later." in page.text
    assert "All lists" in page.text


def test_a_list_that_is_gone_leads_to_all_lists(admin: Client) -> None:
    for tab in ("", "edit/", "statistics/", "people/", "people.csv", "segments/", "segments/x/", "options/"):
        assert "That list is not known (any more)." in admin.get(f"/lists/gone/{tab}", follow=True).text
