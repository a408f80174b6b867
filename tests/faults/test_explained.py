"""People who are there and people who are not, in emulated sides: the answer names what in truth decided."""

import json
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client

from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.address import member_key
from fairlead.features.people import asking, flow
from fairlead.features.people.rules.verdicts import Reason
from fairlead.jobs.models import Job
from fairlead.salesforce import names
from fairlead.store import hashing
from fairlead.store.models import AuditEntry, Org, RowRefusal, ScopeState, SettingRow
from fairlead.store.orgs import default_org
from fairlead.sync import known, sides
from fairlead.sync.failures import SalesforceSignIn
from fairlead.sync.stage import ClientScope
from tests.conformance import emulated

THERE, MISSING = "there@example.com", "missing@example.com"
LONG = "x" * 70 + "@long.example.com"
PEOPLE = [{"address": address, "name": "Somebody Known"} for address in (THERE, MISSING, LONG)]
ACCOUNT = {
    "clients": [
        {
            "name": "Client",
            "country": "Australia",
            "time_zone": "(GMT+10:00) Canberra, Melbourne, Sydney",
            "lists": [
                {"title": title, "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList", "people": [[0, 3]]}
                for title in ("News", "Offers")
            ],
        }
    ]
}


@dataclass
class Opened:
    """Both sides of the emulators, for whoever asks; `down` refuses the sign-in to the org."""

    emulators: Emulators
    down: bool = False

    def campaign_monitor(self, org_id: int) -> AbstractAsyncContextManager[Any]:
        return emulated.account_of(self.emulators)

    def salesforce(self, org_id: int) -> AbstractAsyncContextManager[Any]:
        if self.down:
            raise SalesforceSignIn("The org takes no sign-in.")
        return emulated.org_of(self.emulators)


@dataclass
class World:
    """The emulated sides, the ids of client and lists, and of records."""

    opened: Opened
    client: str
    news: str
    offers: str
    contacts: tuple[str, str] = ("", "")
    member: str = ""


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served(campaign_monitor=ACCOUNT) as served:
        yield served


@pytest.fixture(scope="module")
def laid(emulators: Emulators) -> World:
    """Two contacts share an address; one member is there; three people are on the list in Campaign Monitor."""
    (client,) = next(emulators.get("campaign_monitor", "/_control/state"))["clients"]
    news, offers = (each["id"] for each in client["lists"])
    world = World(Opened(emulators), client["id"], news, offers)
    async_to_sync(_lay)(world)
    return world


async def _lay(world: World) -> None:
    from fairlead.campaignmonitor.wishes import SubscriberWish

    async with world.opened.campaign_monitor(0) as account, world.opened.salesforce(0) as org:
        for person in PEOPLE:
            wish = SubscriberWish(email=person["address"], name=person["name"], consent_to_track="Yes")
            await account.subscriptions.add(world.news, wish)
        await account.subscriptions.unsubscribe(world.news, MISSING)
        await emulated.add_list(org, world.news)
        fields = {"LastName": "Known", "HasOptedOutOfEmail": True}
        world.contacts = (
            await org.records.create("Contact", fields | {"Email": THERE}),
            await org.records.create("Contact", {"LastName": "Other", "Email": THERE.upper()}),
        )
        world.member = await org.records.create(
            names.MEMBER,
            {
                "Member_Key__c": member_key(world.news, THERE),
                "List__r": {"List_Id__c": world.news},
                "Email__c": THERE,
                "State__c": "Active",
                "Contact__c": world.contacts[0],
            },
        )


@pytest.fixture
def world(laid: World, db: None) -> Iterator[World]:
    sides.provide(laid.opened)
    known.provide(lambda _: [known.KnownClient(ClientScope(laid.client, "Client", "UTC"), selected=True)])
    ScopeState.objects.create(
        org=default_org(), kind="members", client=laid.client, list=laid.news, cursor="9999-01-01T00:00:00"
    )
    yield laid
    laid.opened.down = False


def ask(asked: str, only: str = "") -> flow.Explanation:
    (found,) = async_to_sync(flow.explain)(default_org(), asked, only=only, by="somebody")
    return found


def test_somebody_who_is_there_is_told_with_the_record_that_won(world: World) -> None:
    """State, list, record, link, the other candidate and the opt-out: everything that decided."""
    found = ask(" There@Example.COM ")
    (verdict,) = found.verdicts
    assert (verdict.list, verdict.there, verdict.reason) == (world.news, True, Reason.THERE)
    assert {each.id for each in found.facts.people} == set(world.contacts)
    assert [each.opted_out for each in found.facts.people if each.id == world.contacts[0]] == [True]
    assert found.contact.id in world.contacts
    assert "of 2 with the address in Email" in found.contact.why
    assert world.contacts[0] in verdict.link


def test_each_reason_that_keeps_somebody_out_is_told(world: World) -> None:
    """Lost, prevented, refused, and too long: as the ledger, the settings and the address say."""
    org = default_org()
    assert ask(MISSING).verdicts[0].reason is Reason.LOST
    scope = ScopeState.objects.get(list=world.news)
    RowRefusal.objects.create(
        org=org,
        scope=scope,
        key_hash=hashing.keyed_hash(member_key(world.news, MISSING)),
        code="X_CODE",
        reason="Because.",
    )
    assert "X_CODE" in ask(MISSING).verdicts[0].text
    SettingRow.objects.create(org=org, name="members.prevent_sync", subject=world.news, value=True)
    assert ask(MISSING).verdicts[0].reason is Reason.LIST_PREVENTED
    SettingRow.objects.all().delete()
    assert ask(LONG).verdicts[0].reason is Reason.ADDRESS_TOO_LONG


def test_a_list_that_is_asked_for_is_answered_for_alone_also_where_the_person_is_not_on_it(world: World) -> None:
    """`--list` of a list without the person: not there, because not on it."""
    found = ask(THERE, world.offers)
    assert [(each.list, each.reason) for each in found.verdicts] == [(world.offers, Reason.NOT_ON_THE_LIST)]
    assert [each.list for each in ask(THERE, world.news).verdicts] == [world.news]


def test_a_sync_that_failed_before_the_list_was_read_is_the_reason(world: World) -> None:
    """The last job's own words, and its number."""
    ScopeState.objects.all().delete()
    job = Job.objects.create(org=default_org(), kind="primary_sync", state="failed", attempt=1, reason="No luck.")
    (verdict,) = ask(MISSING).verdicts
    assert verdict.reason is Reason.LAST_RUN_FAILED
    assert f"job {job.number}, failed: No luck." in verdict.text


def test_a_side_that_takes_no_sign_in_is_named_and_the_other_still_answers(world: World) -> None:
    """What Campaign Monitor says is shown; of Salesforce nobody can say."""
    world.opened.down = True
    found = ask(THERE)
    assert [(each.there, each.reason) for each in found.verdicts] == [(None, Reason.ORG_UNREACHABLE)]
    assert found.facts.lists[0].state == "Active"
    assert "takes no sign-in" in found.facts.org_problem


def test_an_id_leads_to_the_address(world: World) -> None:
    """Of a contact and of a member record; an id of nobody is refused, and so is a name."""
    for record in (world.contacts[0], world.member):
        assert ask(record).facts.address == THERE
    with pytest.raises(asking.NoSuchRecord):
        ask("003000000000000AAA")
    with pytest.raises(asking.NotAPerson):
        ask("Somebody Known")


def test_who_is_suppressed_is_told_by_the_side_that_says_so(world: World) -> None:
    """The suppression list is asked for one address, not read as a whole."""

    async def suppress() -> None:
        async with world.opened.campaign_monitor(0) as account:
            await account.suppression.suppress(world.client, ["blocked@example.com"])
            assert await account.suppression.find(world.client, "Blocked@example.com") is not None
            assert await account.suppression.find(world.client, "a@example.com") is None
            assert await account.suppression.find(world.client, "z@example.com") is None

    async_to_sync(suppress)()
    (told,) = ask("blocked@example.com").facts.suppressed
    assert (told.side, told.client) == ("Campaign Monitor", "Client")


def test_the_page_answers_the_form_and_keeps_what_was_typed(world: World, client: Client) -> None:
    """Found, unknown, wrong, and by a link with a record's id; never cached, the address in no link and in no entry."""
    client.force_login(User.objects.create_superuser("admin"))
    page = client.post("/people/", {"asked": THERE})
    assert "Is there, as Active." in page.text
    assert f'value="{THERE}"' in page.text
    assert "no-store" in page["Cache-Control"]
    assert f"/people/{world.contacts[0]}/" in page.text
    assert "Neither side knows this address" in client.post("/people/", {"asked": "nobody@example.com"}).text
    wrong = client.post("/people/", {"asked": "Jane"}).text
    assert "FL-412" in wrong
    assert 'value="Jane"' in wrong
    assert "Is there, as Active." in client.get(f"/people/{world.contacts[0]}/").text
    assert "Nobody was asked for yet" in client.get("/people/").text
    refused = client.get(f"/people/{THERE}/").text
    assert "Is there" not in refused
    world.opened.down = True
    assert "takes no sign-in" in client.get(f"/people/{world.contacts[0]}/").text


def test_what_is_kept_of_an_answer_names_a_record_or_a_hash(world: World) -> None:
    """The audit tells that somebody was looked for, and not who."""
    ask(THERE)
    ask(world.contacts[0])
    told = list(AuditEntry.objects.order_by("id").values_list("who", "what", "subject"))
    assert told[1] == ("somebody", "explain a person", f"record {world.contacts[0]}")
    assert told[0][2].startswith("address ")
    assert THERE not in json.dumps(told)


def test_the_document_is_complete_and_is_json(world: World) -> None:
    """Everything that the page shows stands in the JSON."""
    document = json.loads(json.dumps(ask(THERE).as_dict()))
    assert document["found"] is True
    assert document["verdicts"][0]["reason"] == "there"
    assert document["facts"]["lists"][0]["client_name"] == "Client"
    assert document["matched"]["contact"]["id"] in world.contacts
    assert Org.objects.count() == 1
