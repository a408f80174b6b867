"""The page of new contacts and leads, over a local org: what it counts, what pressing does, and what it says without one."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from django.test import Client

from fairlead.campaignmonitor.lists import CustomField
from fairlead.cli.demo_emulators import Emulators
from fairlead.features.record_creation import settings
from fairlead.features.suppression.models import SuppressionReading
from fairlead.features.suppression.rules import SYNC
from fairlead.salesforce import Salesforce, names
from fairlead.store import setting_rows
from fairlead.store.models import AuditEntry, Org, RowRefusal, ScopeState
from fairlead.sync import sides
from tests.conformance import emulated

LIST = "d" * 32


class Local:
    """Opens the local org for pages."""

    def __init__(self, emulators: Emulators) -> None:
        self._emulators = emulators

    @asynccontextmanager
    async def salesforce(self, org_id: int) -> AsyncIterator[Salesforce]:
        async with emulated.org_of(self._emulators) as org:
            yield org

    @asynccontextmanager
    async def campaign_monitor(self, org_id: int) -> AsyncIterator[Any]:
        yield self

    async def custom_fields(self, list_id: str) -> list[CustomField]:
        return [CustomField("Birthday", "[Birthday]", "Date")]


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    spec = {"records": {"Contact": [{"LastName": "Berg", "Email": "ada@example.com"}]}}
    with emulated.served(salesforce=spec) as running:
        yield running


@pytest.fixture
async def laid(emulators: Emulators) -> None:
    async with emulated.org_of(emulators) as org:
        await emulated.add_list(org, LIST)
        records = [
            {
                names.MEMBER_KEY: f"{LIST}:{name}@example.com",
                "List__r": {names.LIST_KEY: LIST},
                "Email__c": f"{name}@example.com",
                "Full_Name__c": name,
                "State__c": "Active",
                "Custom_Fields__c": "Birthday: soon" if name == "cy" else None,
            }
            for name in ("ada", "bo", "cy")
        ]
        await org.collections.upsert(names.MEMBER, names.MEMBER_KEY, records)


@pytest.fixture
def page(laid: None, emulators: Emulators, admin: Client) -> Callable[[str], str]:
    sides.provide(Local(emulators))
    return lambda query="": admin.get(f"/records/{query}").text


def test_a_preview_counts_who_would_be_made_who_matches_and_who_does_not_fit(
    page: Callable[[str], str], org: Org
) -> None:
    setting_rows.put(org, settings.RULE, "contact", "admin", subject=LIST)
    values = [{"field": "Birthdate", "custom_field": "Birthday"}]
    setting_rows.put(org, settings.VALUES, values, "admin", subject=LIST)

    text = page(f"?list={LIST}")

    assert "(creates)" in text
    assert "<dt>Contacts to be made</dt><dd>1</dd>" in text
    assert "<dt>Match by now</dt><dd>1</dd>" in text
    assert "<dt>Active without record</dt><dd>3</dd>" in text
    assert "1: the custom field “Birthday” does not fit Birthdate: it takes a date as 2026-01-31" in text


def test_a_rule_that_cannot_work_is_told_before_any_sync(page: Callable[[str], str], org: Org) -> None:
    setting_rows.put(org, settings.RULE, "lead", "admin", subject=LIST)
    assert "the required field Company has no value" in page(f"?list={LIST}")


def test_more_than_one_run_may_make_is_said(page: Callable[[str], str], org: Org) -> None:
    setting_rows.put(org, settings.RULE, "contact", "admin", subject=LIST)
    setting_rows.put(org, settings.MOST, 1, "admin")
    assert "--allow-large-changes" in page(f"?list={LIST}")


def test_a_list_without_a_rule_says_how_to_choose_one_and_an_unknown_list_is_named(page: Callable[[str], str]) -> None:
    assert "Nothing is made for this list" in page(f"?list={LIST}")
    assert "No list nowhere is in Salesforce" in page("?list=nowhere")


def test_refused_rows_show_their_reasons_and_are_offered_again(
    page: Callable[[str], str], admin: Client, org: Org
) -> None:
    scope = ScopeState.objects.create(org=org, kind="records", client=emulated.CLIENT, list=LIST)
    RowRefusal.objects.create(org=org, scope=scope, key_hash=b"k", code="CODE", reason="A rule says no.")
    assert "<li>1: A rule says no.</li>" in page(f"?list={LIST}")

    answer = admin.post("/records/retry/", {"list": LIST}, follow=True)

    assert answer.redirect_chain[0][0] == f"/records/?list={LIST}"
    assert "offers 1 refused rows again" in answer.text
    assert not RowRefusal.objects.exists()
    assert AuditEntry.objects.get().subject == LIST


@pytest.mark.parametrize(
    ("on", "read", "told"),
    [
        (False, False, "They are not synced"),
        (True, False, "with the next sync"),
        (False, True, "is off"),
        (True, True, "1,200"),
    ],
)
def test_the_sync_settings_tell_of_suppression_lists(admin: Client, org: Org, on: bool, read: bool, told: str) -> None:
    setting_rows.put(org, SYNC, on, "admin")
    if read:
        SuppressionReading.objects.create(org=org, client="c", name="Client", total=1_200, newest=b"")
    assert told in admin.get("/sync/").text
