"""The sink on a list, over the emulated account: it adds, changes and clears, and brings nobody back."""

import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.list_settings import DataType, FieldWish, ListWish, UnsubscribeSetting
from fairlead.campaignmonitor.subscribers import Subscriber
from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.failure import Failure, RefusedByGuard
from fairlead.domain.records import Rows, Scope
from fairlead.sync import list_sink
from fairlead.sync.list_sink import CLEAR, SEVERAL, ListSink, list_target, take_off
from fairlead.sync.ports import BulkJobFailed
from tests.conformance import emulated

SPEC = {"clients": [{"name": "One", "country": "Australia", "time_zone": "(GMT+10:00) Canberra, Melbourne, Sydney"}]}
FIELDS = ("EmailAddress", "Name", "[City]", "[Score]", "[Since]", "[Likes]")


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served(campaign_monitor=SPEC) as running:
        yield running


@pytest.fixture
async def account(emulators: Emulators) -> AsyncIterator[CampaignMonitor]:
    async with emulated.account_of(emulators) as account:
        yield account


@pytest.fixture
async def listed(emulators: Emulators, account: CampaignMonitor) -> str:
    """An empty list with a text, a number, a date and a field of several choices."""
    client = next(emulators.get("campaign_monitor", "/_control/state"))["clients"][0]["id"]
    wish = ListWish(uuid.uuid4().hex, UnsubscribeSetting.THIS_LIST)
    made = await account.list_settings.create(client, wish)
    for name, kind, options in (
        ("City", DataType.TEXT, ()),
        ("Score", DataType.NUMBER, ()),
        ("Since", DataType.DATE, ()),
        ("Likes", DataType.SOME_OF, ("Tea", "Rum", "Milk")),
    ):
        await account.list_settings.create_field(made, FieldWish(name, kind, options))
    return str(made)


def rows_of(records: Sequence[Sequence[str]], fields: Sequence[str] = FIELDS) -> Rows:
    target = list_target("x", fields)
    columns = tuple([record[i] for record in records] for i in range(len(target.fields)))
    return Rows(target.fields, target.kinds, columns)


def row(address: str, *cells: str) -> tuple[str, ...]:
    return (address.lower(), address, *cells, *[""] * (len(FIELDS) - 1 - len(cells)))


async def write(account: CampaignMonitor, list_id: str, *records: Sequence[str], **told: Any) -> Any:
    sink = ListSink(account, list_id, FIELDS, **told)
    return await sink.upsert(list_target(list_id, FIELDS), rows_of(records))


async def held(account: CampaignMonitor, list_id: str, address: str) -> Subscriber:
    return await account.subscriber(list_id, address)


def values(one: Subscriber) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in one.custom_fields:
        found.setdefault(key.strip("[]"), []).append(value)
    return found


def requests(emulators: Emulators) -> int:
    told = next(emulators.get("campaign_monitor", "/_control/requests"))
    return sum("/import" in request["path"] for request in told["requests"])


async def test_who_is_new_is_added_with_all_values_and_who_is_there_keeps_what_is_blank(
    account: CampaignMonitor, listed: str
) -> None:
    await write(account, listed, row("ada@example.com", "Ada", "Oslo", "7", "2026/01/31", f"Tea{SEVERAL}Milk"))
    told = await write(account, listed, row("ADA@example.com", "", "", "8"))
    one = await held(account, listed, "ada@example.com")
    assert (told.written, told.failures) == (1, [])
    assert (one.state, one.name) == ("Active", "Ada")
    found = values(one)
    assert (found["City"], found["Score"], found["Since"]) == (["Oslo"], ["8"], ["2026-01-31"])
    assert sorted(found["Likes"]) == ["Milk", "Tea"]


async def test_several_choices_take_the_place_of_those_that_were_there(account: CampaignMonitor, listed: str) -> None:
    await write(account, listed, row("ada@example.com", "Ada", "", "", "", f"Tea{SEVERAL}Milk"))
    await write(account, listed, row("ada@example.com", "", "", "", "", "Rum"))
    assert values(await held(account, listed, "ada@example.com"))["Likes"] == ["Rum"]


async def test_each_kind_of_field_can_be_emptied(account: CampaignMonitor, listed: str) -> None:
    await write(account, listed, row("ada@example.com", "Ada", "Oslo", "7", "2026/01/31", f"Tea{SEVERAL}Milk"))
    await write(account, listed, row("ada@example.com", CLEAR, CLEAR, CLEAR, CLEAR, CLEAR))
    one = await held(account, listed, "ada@example.com")
    assert one.name == ""
    assert not any(value for each in values(one).values() for value in each)


async def test_a_number_for_text_messages_and_the_consents_are_written_and_a_number_is_emptied(
    account: CampaignMonitor, listed: str
) -> None:
    fields = ("EmailAddress", "MobileNumber", "ConsentToTrack", "ConsentToSendSms")
    sink, target = ListSink(account, listed, fields), list_target(listed, fields)
    await sink.upsert(target, rows_of([("a", "ada@example.com", "+15555550123", "No", "Yes")], fields))
    one = await held(account, listed, "ada@example.com")
    assert (one.mobile_number, one.consent_to_track, one.consent_to_send_sms) == ("+15555550123", "No", "Yes")
    await sink.upsert(target, rows_of([("a", "ada@example.com", CLEAR, "Yes", "")], fields))
    one = await held(account, listed, "ada@example.com")
    assert (one.mobile_number, one.consent_to_track) == ("", "Yes")


async def test_a_row_that_is_wrong_is_refused_with_its_reason_and_the_others_are_written(
    account: CampaignMonitor, listed: str
) -> None:
    told = await write(
        account,
        listed,
        row("ada@example.com", "Ada"),
        row("not an address", "Bo"),
        row("", "Nobody"),
        row("cy@example.com", "Cy", "x" * 251),
        row("ADA@EXAMPLE.COM", "Twice"),
        row("di@example.com", "Di"),
    )
    assert told.written == 2
    assert [failure.key for failure in told.failures] == ["not an address", "", "cy@example.com", "ada@example.com"]
    assert all(failure.code and failure.reason and not failure.retryable for failure in told.failures)
    assert not any("@" in failure.reason or "not an address" in failure.reason for failure in told.failures)


async def test_a_word_that_is_no_consent_is_refused_and_the_others_are_written(
    account: CampaignMonitor, listed: str
) -> None:
    fields = ("EmailAddress", "ConsentToTrack")
    sink, target = ListSink(account, listed, fields), list_target(listed, fields)
    records = [("a", "ada@example.com", "perhaps"), ("b", "bo@example.com", "Yes")]
    told = await sink.upsert(target, rows_of(records, fields))
    assert (told.written, [failure.key for failure in told.failures]) == (1, ["a"])
    assert "perhaps" not in told.failures[0].reason


async def test_nobody_who_left_or_is_suppressed_comes_back(
    emulators: Emulators, account: CampaignMonitor, listed: str
) -> None:
    client = next(emulators.get("campaign_monitor", "/_control/state"))["clients"][0]["id"]
    # only a list whose unsubscribes count for all refuses who is suppressed, and only who was on it: the shadow must know
    wish = ListWish(f"all {listed}", UnsubscribeSetting.ALL_LISTS)
    listed = await account.list_settings.create(client, wish)
    people = [f"{name}-{listed[:6]}@example.com" for name in ("deleted", "out", "suppressed", "active")]
    await write(account, listed, *(row(each, "Before") for each in people))
    await account.subscriptions.delete(listed, people[0])
    await account.subscriptions.unsubscribe(listed, people[1])
    await account.suppression.suppress(client, [people[2]])
    told = await write(account, listed, *(row(each, "After") for each in people))
    assert told.written == 1
    assert [failure.code for failure in told.failures] == ["205", "206", "206"]
    assert [failure.key for failure in told.failures] == people[:3]
    states = [(await held(account, listed, each)).state for each in people]
    assert states == ["Deleted", "Unsubscribed", "Unsubscribed", "Active"]


async def test_many_rows_are_streamed_a_thousand_a_call(
    emulators: Emulators, account: CampaignMonitor, listed: str
) -> None:
    sink, target = ListSink(account, listed, FIELDS), list_target(listed, FIELDS)
    before = requests(emulators)
    job = await sink.open_job(target)

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, 2_500, 250):
            people = [row(f"many{n}@example.com", f"P {n}") for n in range(start, start + 250)]
            people[7] = row("@wrong", "Wrong")
            yield sink.encode(rows_of(people), header=not start)

    await sink.send(job, chunks())
    await sink.start_job(job)
    told = await sink.finish_job(job, target)
    assert requests(emulators) - before == 3
    assert told.outcome.written + len(told.outcome.failures) == 2_500
    assert told.refused is not None
    assert [told.refused.keys, told.refused.fields] == [["@wrong"] * 10, target.fields]
    assert (await held(account, listed, "many2499@example.com")).name == "P 2499"
    assert await sink.upsert(target, rows_of([row("x@example.com")])) is not None


async def test_an_import_of_an_earlier_attempt_is_written_again_and_changes_nothing(
    account: CampaignMonitor, listed: str
) -> None:
    first, target = ListSink(account, listed, FIELDS), list_target(listed, FIELDS)
    job = await first.open_job(target)

    async def cut() -> AsyncIterator[bytes]:
        yield first.encode(rows_of([row(f"r{n}@example.com", "Name") for n in range(1_000)]), header=True)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await first.send(job, cut())
    second = ListSink(account, listed, FIELDS)
    with pytest.raises(BulkJobFailed):
        await second.finish_job(job, target)
    assert await second.abandon_job(job)
    told = await second.upsert(target, rows_of([row(f"r{n}@example.com", "Name") for n in range(1_000)]))
    assert (told.written, told.failures) == (1_000, [])
    assert (await held(account, listed, "r999@example.com")).name == "Name"


class Closed(RefusedByGuard):
    """The writing is to end now."""

    code = "FL-000"


async def test_what_is_called_before_each_call_can_end_the_writing(account: CampaignMonitor, listed: str) -> None:
    left = [1]

    def before() -> None:
        if not left:
            raise Closed("Paused.", next_step="Wait.")
        left.pop()

    sink, target = ListSink(account, listed, FIELDS, before_call=before), list_target(listed, FIELDS)
    with pytest.raises(Closed):
        await sink.upsert(target, rows_of([row(f"b{n}@example.com") for n in range(1_001)]))
    assert (await held(account, listed, "b999@example.com")).state == "Active"


async def test_a_list_that_is_gone_is_a_failure_not_a_refusal_of_each_row(account: CampaignMonitor) -> None:
    with pytest.raises(Failure):
        await write(account, "f" * 32, row("ada@example.com"))


async def test_nothing_of_a_list_is_ever_swept(account: CampaignMonitor, listed: str) -> None:
    sink, target = ListSink(account, listed, FIELDS), list_target(listed, FIELDS)
    scope = Scope("any", "client", listed)
    await write(account, listed, row("ada@example.com"))
    assert await sink.count_older(target, scope, 9) == (0, 0)
    assert await sink.delete_older(target, scope, 9, ()) == 0
    assert (await held(account, listed, "ada@example.com")).state == "Active"


async def test_who_is_taken_off_is_deleted_or_unsubscribed_and_who_is_not_there_counts_as_done(
    account: CampaignMonitor, listed: str
) -> None:
    await write(account, listed, row("ada@example.com"), row("bo@example.com"))
    gone = await take_off(account, listed, [("a", "ada@example.com"), ("n", "nobody@example.com")])
    out = await take_off(account, listed, [("b", "bo@example.com"), ("a", "ada@example.com")], unsubscribe=True)
    assert (gone.written, gone.failures, out.written) == (2, [], 2)
    assert (await held(account, listed, "ada@example.com")).state == "Deleted"
    assert (await held(account, listed, "bo@example.com")).state == "Unsubscribed"
    assert list_sink.NOT_ON_THE_LIST == 203
