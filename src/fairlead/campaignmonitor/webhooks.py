"""Webhooks of lists: where the account posts what happens to subscribers. What it posts is read by `deliveries.py`."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

import msgspec

from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.transport import Door, Transport, nothing

# What a second call hears of what the first has taken away; which of them, nobody says for sure.
_NO_WEBHOOK: Final = (404, 604, 699)
_TEST_FAILED: Final = (610,)


class EventKind(StrEnum):
    """What a webhook may tell of."""

    SUBSCRIBE = "Subscribe"
    UPDATE = "Update"
    DEACTIVATE = "Deactivate"


class Webhook(
    msgspec.Struct,
    frozen=True,
    rename={
        "webhook_id": "WebhookID",
        "events": "Events",
        "url": "Url",
        "status": "Status",
        "payload_format": "PayloadFormat",
    },
):
    """A webhook. `status` is `Active` or `Inactive`, `payload_format` `Json` or `Xml`. The address may hold a secret."""

    webhook_id: str = ""
    events: tuple[str, ...] = ()
    url: str = ""
    status: str = ""
    payload_format: str = ""

    @property
    def active(self) -> bool:
        """Whether it is posted to. The server stops by itself after a week of failures."""
        return self.status.strip().lower() == "active"

    def __repr__(self) -> str:
        """Without the address."""
        return f"Webhook({self.webhook_id}, {self.status})"


class _Failure(
    msgspec.Struct,
    rename={"status": "FailureStatus", "code": "FailureResponseCode", "message": "FailureResponseMessage"},
):
    status: str = ""
    code: str = ""
    message: str = ""


class _TestAnswer(msgspec.Struct, rename={"code": "Code", "result": "ResultData"}):
    code: int = 0
    result: _Failure | None = None


class TestResult(msgspec.Struct, frozen=True):
    """Whether a test arrived. `status` is the account's word for what failed, `response_code` the answer it got."""

    arrived: bool
    status: str = ""
    response_code: str = ""

    __test__ = False  # no test case, in spite of its name


_WEBHOOKS = Reader[list[Webhook]](list[Webhook])
_ID = Reader[str](str)
_TEST = Reader[_TestAnswer](_TestAnswer)


class Webhooks:
    """The webhooks of lists. Raises SetupRefused where one is unknown (codes 604, 699)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def all(self, list_id: str) -> list[Webhook]:
        """The webhooks of a list."""
        return await self._transport.get(Door("/lists/{}/webhooks", (list_id,)), _WEBHOOKS)

    async def create(self, list_id: str, url: str, events: Collection[EventKind]) -> str:
        """A new webhook's id. It is posted JSON, without a signature: give an address that nobody guesses.

        It is not created twice: after a lost answer the list's webhooks are read, and where even that cannot be done,
        OutcomeUnknown is raised. Raises ValueError where no event is asked for.
        """
        if not events:
            raise ValueError("No event is asked for: name at least one.")
        before = {each.webhook_id for each in await self.all(list_id)}
        wanted = {str(event) for event in events}

        async def settle() -> str | None:
            made = (each for each in await self.all(list_id) if each.webhook_id not in before)
            return next((each.webhook_id for each in made if each.url == url and set(each.events) == wanted), None)

        body = {"Events": sorted(wanted), "Url": url, "PayloadFormat": "json"}
        return await self._transport.send("POST", Door("/lists/{}/webhooks", (list_id,)), body, _ID, settle=settle)

    async def test(self, list_id: str, webhook_id: str) -> TestResult:
        """Let the account post an example of each event, and tell whether it was taken."""
        door = _door(list_id, webhook_id, "/test")
        answer = await self._transport.get(door, _read_test, parts=_TEST_FAILED)
        failure = answer.result or _Failure()
        return TestResult(not answer.code, failure.status or failure.message, failure.code)

    async def activate(self, list_id: str, webhook_id: str) -> None:
        """Begin to post to it again."""
        await self._put(list_id, webhook_id, "/activate")

    async def deactivate(self, list_id: str, webhook_id: str) -> None:
        """Post nothing to it until it is activated. What happens meanwhile is not posted later."""
        await self._put(list_id, webhook_id, "/deactivate")

    async def delete(self, list_id: str, webhook_id: str) -> None:
        """Take a webhook away."""
        door = _door(list_id, webhook_id)
        await self._transport.send("DELETE", door, None, nothing, repeatable=True, gone=_NO_WEBHOOK)

    async def _put(self, list_id: str, webhook_id: str, end: str) -> None:
        await self._transport.send("PUT", _door(list_id, webhook_id, end), None, nothing, repeatable=True)


def _door(list_id: str, webhook_id: str, end: str = "") -> Door:
    return Door(f"/lists/{{}}/webhooks/{{}}{end}", (list_id, webhook_id))


def _read_test(body: bytes) -> _TestAnswer:
    """An empty body says that it arrived."""
    return _TEST(body) if body.strip() else _TestAnswer()
