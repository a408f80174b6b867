"""Requests of flows and programs, over both emulators: carried out once, refused with a reason, and told to flows."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import Client

from fairlead import wiring
from fairlead.domain.outward_settings import PAUSED
from fairlead.domain.role import Role
from fairlead.features.flow_requests import rules, taking
from fairlead.features.flow_requests.models import FlowRequest
from fairlead.features.org_changes.listening import Listening
from fairlead.features.org_changes.models import EventPlace, Hearing
from fairlead.jobs.context import JobContext
from fairlead.jobs.models import Job, State
from fairlead.salesforce import names
from fairlead.salesforce.event_publish import publish
from fairlead.salesforce.events import Events, Pace, Pass
from fairlead.store import secrets, tokens
from fairlead.store.models import SettingRow
from fairlead.wiring.run_requests import run_requests
from tests.conformance import emulated
from tests.faults import whole as wholes
from tests.faults.whole import CM, SF, Killed, Mortal, Whole, _died

LIST = {"title": "News", "custom_fields": [{"name": "Colour", "type": "Text"}]}
SEED = {
    CM: {"clients": [{"name": "One", "country": "Australia", "time_zone": wholes.ZONE, "lists": [LIST]}]},
    SF: {"contacts": []},
}
NUMBERS = iter(range(1_000))


@pytest.fixture(scope="module")
def served(django_db_setup: None, django_db_blocker: Any) -> Iterator[Whole]:
    """Both sides connected, the list known; shared by this module's tests."""
    with wholes.open_database(django_db_blocker), wholes.served(SEED) as whole:
        assert whole.sync().failure is None
        yield whole


@pytest.fixture
def whole(served: Whole) -> Iterator[Whole]:
    for model in (SettingRow, FlowRequest, EventPlace, Hearing, Job):
        model.objects.filter(org=served.org).delete()
    wiring.register_runners()
    yield served
    SettingRow.objects.filter(org=served.org).delete()


def person(whole: Whole, **fields: Any) -> tuple[str, str]:
    """A new contact: id and address."""
    address = f"asked{next(NUMBERS)}@example.com"
    told = {"FirstName": "Ada", "LastName": "New", "Email": address, **fields}
    return str(whole.act(act="create", object="Contact", fields=told)["id"]), address


def ask(whole: Whole, action: str, record: str, **more: str) -> FlowRequest:
    given = {"request_id": f"r{next(NUMBERS)}", "action": action, "record_id": record, "list_id": news(whole), **more}
    return taking.take(whole.org, given, "tests")


def news(whole: Whole) -> str:
    return whole.list_called("News")


def carry_out(whole: Whole, dies_at: int = 0) -> None:
    """The job, as the worker runs it."""
    waiting = Job.objects.filter(org=whole.org, kind=rules.KIND, state__in=[State.RUNNING, State.QUEUED]).first()
    job = waiting or Job(org=whole.org, kind=rules.KIND)
    job.state, job.attempt = State.RUNNING, job.attempt + 1
    job.save()
    context = Mortal(job, dies_at) if dies_at else JobContext(job)

    async def run() -> None:
        try:
            await run_requests(context)
        finally:
            await context.close()

    try:
        async_to_sync(run)()
    except BaseException as error:
        if _died(error):
            raise Killed from error
        raise
    Job.objects.filter(pk=job.pk).update(state=State.DONE)


def outcome(row: FlowRequest) -> tuple[str, str]:
    row.refresh_from_db()
    return row.outcome, row.support_code


def state_of(whole: Whole, address: str) -> str:
    for state in ("active", "unsubscribed", "deleted"):
        rows = whole.api("GET", f"lists/{news(whole)}/{state}")["Results"]
        if any(row["EmailAddress"] == address for row in rows):
            return state
    return ""


def test_each_action_is_done_with_the_record_as_it_is_now(whole):
    """Add, update, set a field, remove, unsubscribe; what was asked for is forgotten then."""
    record, address = person(whole)
    rows = [ask(whole, "add_to_list", record)]
    carry_out(whole)
    assert state_of(whole, address) == "active"
    whole.act(act="edit", object="Contact", id=record, fields={"FirstName": "Eve"})
    rows += [ask(whole, "update", record), ask(whole, "set_field", record, field="Colour", value="blue")]
    carry_out(whole)
    (found,) = [r for r in whole.api("GET", f"lists/{news(whole)}/active")["Results"] if r["EmailAddress"] == address]
    assert found["Name"] == "Eve New"
    assert [one["Value"] for one in found["CustomFields"]] == ["blue"]
    rows.append(ask(whole, "unsubscribe", record))
    carry_out(whole)
    assert state_of(whole, address) == "unsubscribed"
    other, second = person(whole)
    rows += [ask(whole, "add_to_list", other), ask(whole, "remove_from_list", other)]
    carry_out(whole)
    assert state_of(whole, second) == "deleted"
    assert {outcome(row) for row in rows} == {("done", "")}
    assert not FlowRequest.objects.filter(sealed__isnull=False).exists()


def test_nobody_who_opted_out_is_added(whole):
    """By the tick box, by what the list says; nor somebody without an address, or to a list of others."""
    ticked, first = person(whole, HasOptedOutOfEmail=True)
    left, second = person(whole)
    whole.subscribe(news(whole), second)
    whole.api("POST", f"subscribers/{news(whole)}/unsubscribe", {"EmailAddress": second})
    nobody, _ = person(whole, Email=None)
    fine, _ = person(whole)
    rows = [
        ask(whole, "add_to_list", ticked),
        ask(whole, "add_to_list", left),
        ask(whole, "add_to_list", nobody),
        ask(whole, "add_to_list", fine, list_id="abc"),
        ask(whole, "update", fine),
        ask(whole, "add_to_list", fine),
    ]
    carry_out(whole)
    assert [outcome(row)[1] for row in rows] == ["FL-461", "FL-461", "FL-460", "FL-463", "FL-462", ""]
    assert (state_of(whole, first), state_of(whole, second)) == ("", "unsubscribed")


def test_a_request_of_one_id_is_carried_out_once(whole):
    """Said again it is told as it stands; another one of the same id is refused."""
    record, address = person(whole)
    row = ask(whole, "add_to_list", record, request_id="once")
    carry_out(whole)
    whole.api("POST", f"subscribers/{news(whole)}/unsubscribe", {"EmailAddress": address})
    assert ask(whole, "add_to_list", record, request_id="once").pk == row.pk
    carry_out(whole)
    assert state_of(whole, address) == "unsubscribed"
    with pytest.raises(rules.RequestIdTaken):
        ask(whole, "remove_from_list", record, request_id="once")


def test_paused_only_opt_outs_are_carried_out(whole):
    """The others wait, and are asked for again when the pause is over."""
    whole.choose(PAUSED, value=True)
    record, address = person(whole)
    whole.subscribe(news(whole), address)
    waits, goes = ask(whole, "update", record), ask(whole, "unsubscribe", record)
    carry_out(whole)
    assert (outcome(waits)[0], outcome(goes)[0]) == ("waiting", "done")
    Job.objects.filter(org=whole.org).delete()
    taking.look_again(whole.org)
    assert not Job.objects.filter(org=whole.org).exists()
    whole.choose(PAUSED, value=False)
    taking.look_again(whole.org)
    assert Job.objects.get(org=whole.org).kind == rules.KIND


def test_killed_anywhere_each_request_has_one_outcome_at_last(whole):
    """And nothing of it is left."""
    step = 0
    while True:
        step += 1
        record, address = person(whole)
        row = ask(whole, "add_to_list", record)
        try:
            carry_out(whole, dies_at=step)
        except Killed:
            carry_out(whole)
            assert outcome(row) == ("done", "")
            assert state_of(whole, address) == "active"
            continue
        break
    assert step > 4


def test_what_waits_is_sealed(whole):
    """Nothing of a value or of an id stands in the row in clear."""
    record, _ = person(whole)
    row = ask(whole, "set_field", record, field="Colour", value="a secret colour")
    row.refresh_from_db()
    assert b"secret" not in bytes(row.sealed or b"") + bytes(row.content) + bytes(row.id_hash)
    assert "a secret colour" in secrets.unseal(bytes(row.sealed or b""))


def test_a_flow_asks_by_an_event_and_hears_of_the_outcome_by_another(whole, settings):
    """Over real events, there and back; one that makes no sense is told as refused."""
    settings.FAIRLEAD_SALESFORCE_EVENTS_URL = f"http://{whole.emulators.line[SF]['events']}"
    record, address = person(whole)
    values = {"Action__c": "add_to_list", "Record_Id__c": record, "List_Id__c": news(whole), "Request_Id__c": "flow 1"}

    async def until(holds: Any) -> None:
        for _ in range(200):
            if await sync_to_async(holds)():
                return
            await asyncio.sleep(0.05)
        raise AssertionError("it did not come about")

    async def work() -> None:
        one = Listening(whole.org, "test", Pace(100, 0.05, 0.2), 0.1)
        await sync_to_async(Hearing.objects.create)(org=whole.org)
        task = asyncio.create_task(one.run())
        await until(lambda: Hearing.objects.get(org=whole.org).way == "events")
        await asyncio.sleep(0.5)
        async with emulated.org_of(whole.emulators) as crm:
            await publish(crm.records, names.REQUEST, values)
            await publish(crm.records, names.REQUEST, {**values, "Action__c": "dance", "Request_Id__c": "flow 2"})
            await until(lambda: FlowRequest.objects.filter(org=whole.org).count() == 2)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async_to_sync(work)()
    carry_out(whole)
    assert {outcome(row) for row in FlowRequest.objects.filter(org=whole.org)} == {("done", ""), ("refused", "FL-392")}
    assert state_of(whole, address) == "active"
    told = async_to_sync(results)(whole)
    assert {(one["Request_Id__c"], one["Outcome__c"], one["Code__c"]) for one in told} >= {
        ("flow 1", "done", None),
        ("flow 2", "refused", "FL-392"),
    }


async def results(whole: Whole) -> list[dict[str, Any]]:
    """The events of results that the org has published."""
    found: list[dict[str, Any]] = []
    async with emulated.org_of(whole.emulators) as crm:
        token, who = await crm.transport.token(), await crm.identity()

        async def sign_in(stale: Pass | None) -> Pass:
            return Pass(token.access_token, token.instance_url, who.organization_id)

        class FromTheStart:
            async def load(self, topic: str) -> Any:
                return bytes(8), None

            async def save(self, topic: str, replay_id: bytes, at: Any) -> None:
                pass

        door = Events(sign_in, address=str(whole.emulators.line[SF]["events"]), secure=False)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                async for look in door.subscribe(f"/event/{names.REQUEST_RESULT}", FromTheStart()):
                    found.append(dict(look.values or {}))
    return found


def test_programs_ask_by_the_api(whole):
    """With a token; the answer says how the request stands, before and after."""
    token = tokens.create(whole.org, "flows", "command line", expires_at=None, role=Role.STANDARD)
    record, _ = person(whole)
    browser = Client(headers={"Authorization": f"Bearer {token}"})
    given = {"request_id": "api/1", "action": "add_to_list", "record_id": record, "list_id": news(whole)}

    def post(body: dict[str, Any]) -> Any:
        return browser.post("/api/v1/requests", body, content_type="application/json")

    first = post(given)
    assert (first.status_code, first.json()["request"]["outcome"]) == (200, "waiting")
    carry_out(whole)
    assert post(given).json()["request"]["outcome"] == "done"
    assert post({**given, "action": "update"}).status_code == 409
    assert post({**given, "nonsense": 1}).status_code == 422
    assert post({**given, "request_id": "2", "record_id": 5}).json()["error"]["code"] == "FL-392"
    assert browser.get("/api/v1/requests/unknown").status_code == 404
    assert Client().post("/api/v1/requests", given, content_type="application/json").status_code == 401
