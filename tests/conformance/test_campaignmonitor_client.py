"""The client against the emulated account, as a process of its own: what is there is what is read, faults or not."""

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fairlead.campaignmonitor import (
    STATES,
    ApiKey,
    OAuth,
    RecordRefused,
    SetupRefused,
    SignInRefused,
    Tokens,
    Unavailable,
    connect,
)
from fairlead.campaignmonitor.subscribers import Subscriber
from fairlead.campaignmonitor.timezones import find, to_utc
from fairlead.campaignmonitor.transport import Patience
from tests.nursery import start_emulators

QUICK = Patience(attempts=5, first=0.01, longest=0.02)


@dataclass(frozen=True)
class Emulator:
    url: str
    api_key: str
    client_id: str
    access_token: str
    refresh_token: str

    def control(self, path: str, body: Any = None, method: str | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_control/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read() or b"null")

    @property
    def lists(self) -> dict[str, dict[str, int]]:
        """List id → state → how many, as the emulator itself counts."""
        return {one["id"]: one["states"] for client in self.control("state")["clients"] for one in client["lists"]}

    def connect(self, login=None, **how):
        return connect(self.url, login or ApiKey(self.api_key), **({"patience": QUICK} | how))


@pytest.fixture(scope="module")
def served() -> Iterator[Emulator]:
    emulators = start_emulators("small")
    try:
        line = emulators.line["campaign_monitor"]
        yield Emulator(**{name: line[name] for name in Emulator.__dataclass_fields__})
    finally:
        emulators.stop()


@pytest.fixture
def emulator(served: Emulator) -> Iterator[Emulator]:
    """The same process for all tests, faultless at the beginning and the end of each."""
    served.control("faults", method="DELETE")
    yield served
    served.control("faults", method="DELETE")


async def read(account, list_id, state, since=None, **how):
    async with aclosing(account.members(list_id, state, since, **how)) as pages:
        return [row async for page in pages for row in page.rows]


async def test_clients_lists_and_their_settings_are_there(emulator):
    async with emulator.connect() as account:
        (client,) = await account.clients()
        assert client.client_id == emulator.client_id
        details = await account.client(client.client_id)
        assert details.name == client.name
        assert find(details.time_zone).certain
        lists = await account.lists(client.client_id)
        assert {one.list_id for one in lists} == set(emulator.lists)
        for one in lists:
            settings = await account.list_details(one.list_id)
            assert (settings.list_id, settings.title) == (one.list_id, one.name)
            assert settings.unsubscribe_setting in {"AllClientLists", "OnlyThisList"}
            assert (await account.list_stats(one.list_id)).active == emulator.lists[one.list_id]["Active"]
            assert all(field.key.startswith("[") for field in await account.custom_fields(one.list_id))


async def test_every_label_that_the_account_offers_has_a_zone(emulator):
    async with emulator.connect() as account:
        labels = await account.timezones()
    assert labels
    assert all(find(label).certain for label in labels)


@pytest.mark.parametrize("page_size", [10, 100, 1000])
async def test_all_subscribers_of_every_state_are_read_once(emulator, page_size):
    async with emulator.connect() as account:
        for list_id, states in emulator.lists.items():
            for state in STATES:
                rows = await read(account, list_id, state, page_size=page_size)
                assert {row.state for row in rows} <= {state}
                assert len({row.email.lower() for row in rows}) == len(rows) == states[state]
                assert "" not in to_utc([row.date for row in rows], UTC)


async def test_a_day_limits_the_reading_to_who_entered_since(emulator):
    list_id = next(iter(emulator.lists))
    async with emulator.connect() as account:
        everyone = await read(account, list_id, "Active")
        middle = datetime.fromisoformat(sorted(row.date for row in everyone)[len(everyone) // 2]).date()
        got = await read(account, list_id, "Active", middle, page_size=50)
        assert {row.email for row in got} == {row.email for row in everyone if row.date >= middle.isoformat()}
        assert await read(account, list_id, "Active", (await account.system_date()).date() + timedelta(days=2)) == []


def told(row):
    """What a subscriber says, however it was read."""
    return {name: getattr(row, name) for name in (*Subscriber.__struct_fields__, "custom_text")}


async def test_one_subscriber_reads_as_in_the_list_and_an_unknown_one_is_told(emulator):
    list_id = next(iter(emulator.lists))
    async with emulator.connect() as account:
        rows = await read(account, list_id, "Active", sms_preference=True)
        awkward = [row for row in rows if "+" in row.email or "'" in row.email][:3] + rows[:3]
        for row in awkward:
            assert told(await account.subscriber(list_id, row.email)) == told(row)
        with pytest.raises(RecordRefused) as caught:
            await account.subscriber(list_id, "nobody.at.all@example.com")
    assert caught.value.code == 203


async def test_the_reading_ends_right_while_calls_are_cut_refused_and_garbled(emulator):
    list_id, states = next(iter(emulator.lists.items()))
    here = {"path": "/lists/"}
    emulator.control(
        "faults",
        [
            {"match": here, "fault": "cut", "times": 3, "every": 3},
            {"match": here, "fault": "status", "status": 500, "times": 3, "every": 4},
            {"match": here, "fault": "status", "status": 429, "times": 3, "every": 5},
            {"match": here, "fault": "malformed", "times": 3, "every": 4},
        ],
    )
    calls = []
    async with emulator.connect(on_call=lambda *call: calls.append(call), patience=Patience(9, 0.01, 0.02)) as account:
        rows = await read(account, list_id, "Active", page_size=10)
    assert len({row.email.lower() for row in rows}) == len(rows) == states["Active"]
    assert {status for _, _, status in calls} >= {200, 429, 500}


@pytest.mark.parametrize("fault", [{"fault": "cut"}, {"fault": "status", "status": 500}, {"fault": "malformed"}])
async def test_a_fault_without_end_is_told_with_a_next_step(emulator, fault):
    emulator.control("faults", [fault | {"match": {"path": "systemdate"}, "times": None}])
    async with emulator.connect() as account:
        with pytest.raises(Unavailable) as caught:
            await account.system_date()
    assert caught.value.step


async def test_a_wrong_key_and_a_foreign_client_are_told_apart(emulator):
    async with emulator.connect(ApiKey("0" * 48)) as account:
        with pytest.raises(SignInRefused) as refused:
            await account.clients()
    assert refused.value.code == 100
    async with emulator.connect() as account:
        with pytest.raises(SetupRefused) as foreign:
            await account.lists("f" * 32)
    assert foreign.value.code == 102


async def test_an_expired_token_is_renewed_once_and_stored(emulator):
    stored: list[Tokens] = []

    async def store(tokens: Tokens) -> None:
        stored.append(tokens)

    calls = []
    login = OAuth(emulator.access_token, emulator.refresh_token, store)
    async with emulator.connect(login, on_call=lambda *call: calls.append(call)) as account:
        await account.system_date()
        emulator.control("clock", {"advance_seconds": 15 * 86_400})  # past the fourteen days of a token
        await asyncio.gather(*(account.clients() for _ in range(12)))
    assert len(stored) == 1
    assert [template for _, template, _ in calls].count("/oauth/token") == 1
