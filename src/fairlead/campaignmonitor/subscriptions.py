"""Subscribers are added, changed, imported and taken off lists.

Nobody who left is brought back by accident: all calls here forbid it, but `Subscriptions.resubscribe`, which wants
evidence of consent, and `Subscriptions.add_deleted`, which looks first and brings back nobody who left by themselves.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from fairlead.campaignmonitor import subscribers
from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.errors import CampaignMonitorError, OutcomeUnknown, RecordRefused, error_of
from fairlead.campaignmonitor.imports import (
    PARTLY,
    PER_CALL,
    ImportAnswer,
    Imported,
    ImportedRows,
    in_calls,
    outcomes_of,
    read_import,
    surely_apart,
)
from fairlead.campaignmonitor.subscribers import Subscriber
from fairlead.campaignmonitor.suppression import Suppression
from fairlead.campaignmonitor.transport import Door, Transport, nothing
from fairlead.campaignmonitor.wishes import ConsentEvidence, ImportRow, SubscriberWish

NOT_ON_THE_LIST: Final = 203
"""The code for an address that a list does not have."""
_MAILED: Final = frozenset({"Active", "Unconfirmed"})
_DELETED: Final = "Deleted"


class HistoryAction(
    msgspec.Struct, frozen=True, rename={"event": "Event", "date": "Date", "ip": "IPAddress", "detail": "Detail"}
):
    """What a subscriber did. `event` is `Open`, `Click` …; `detail` is the link that was clicked.

    `date` is a naive text `YYYY-MM-DD HH:MM:SS` in the client's time zone.
    """

    event: str = ""
    date: str = ""
    ip: str = ""
    detail: str = ""


class HistoryItem(
    msgspec.Struct, frozen=True, rename={"item_id": "ID", "kind": "Type", "name": "Name", "actions": "Actions"}
):
    """A campaign or another e-mail that a subscriber got, with at most 60 things done to it. `kind`: `Campaign` …"""

    item_id: str = ""
    kind: str = ""
    name: str = ""
    actions: tuple[HistoryAction, ...] = ()


_HISTORY = Reader[list[HistoryItem]](list[HistoryItem])
_ADDRESS = Reader[str](str)


class Subscriptions:
    """The subscribers of lists, written."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def add(self, list_id: str, wish: SubscriberWish) -> str:
        """Add a subscriber, or change an active one; gives the address as the server wrote it.

        The change waits in a queue of the server's: a read may not show it yet. On a list with confirmed opt-in the
        person gets an e-mail. Raises RecordRefused for a malformed address (code 1) and for one that was deleted,
        unsubscribed, bounced, awaits confirmation (205 to 208) or is suppressed (204); AddedTooOften.
        """
        _check(wish)
        body = _forbidding(wish.wire())
        door = Door("/subscribers/{}", (list_id,))
        return await self._transport.send("POST", door, body, _ADDRESS, repeatable=True)

    async def update(self, list_id: str, email: str, wish: SubscriberWish) -> None:
        """Change the subscriber that has the address `email`, in whatever state; `wish.email` is the new address.

        Raises RecordRefused where the list has none such (code 203), or has one with the new address already (201).
        Raises OutcomeUnknown where the answer to a change of address was lost, and reading cannot tell.
        """
        _check(wish)
        door = Door("/subscribers/{}", (list_id,), {"email": email})
        body = _forbidding(wish.wire())
        if _same(email, wish.email):
            await self._transport.send("PUT", door, body, nothing, repeatable=True)
            return
        before = await self._one(list_id, email)

        async def settle() -> bool | None:
            """Whether somebody with the old subscriber's day of joining has the new address, and nobody the old one."""
            now = await self._find(list_id, wish.email)
            moved = now is not None and now.joined == before.joined and await self._find(list_id, email) is None
            return True if moved else None

        await self._transport.send("PUT", door, body, lambda body: True, repeatable=True, settle=settle)

    async def import_(
        self,
        list_id: str,
        wishes: Sequence[SubscriberWish],
        *,
        queue_autoresponders: bool = False,
        restart_autoresponders: bool = False,
    ) -> Imported:
        """Add or change many at once, a thousand a call; they can be read as soon as this returns.

        What becomes of each address is in the outcomes, in the order given: an address that is refused does not
        hold up the others, and none raises. An address that comes twice is sent the first time only.
        `queue_autoresponders` lets date-based e-mails begin; `restart_autoresponders` starts all anew.
        Raises as `errors.py` says when a whole call fails; calls before it are done, and may be repeated with it.
        """
        outcomes: list[CampaignMonitorError | None] = [_fault(wish) for wish in wishes]
        counts: list[ImportAnswer] = []
        for places in in_calls(wishes, outcomes):
            rows = [wishes[place] for place in places]
            wire = [wish.wire() for wish in rows]
            answer = await self._imported(list_id, wire, queue_autoresponders, restart_autoresponders)
            counts.append(answer)
            for place, outcome in zip(places, outcomes_of(rows, answer), strict=True):
                outcomes[place] = outcome
        return Imported.of(wishes, outcomes, counts)

    async def import_rows(
        self, list_id: str, rows: Sequence[ImportRow], *, queue_autoresponders: bool = False
    ) -> ImportedRows:
        """As `import_`, for rows that go through as they are: nothing is made for one that is taken."""
        outcomes: list[CampaignMonitorError | None] = [None] * len(rows)
        calls: Iterable[Sequence[int]] = _calls(len(rows))
        if not surely_apart(rows):
            outcomes = [error_of(row.fault, status=400) if row.fault else None for row in rows]
            calls = in_calls(rows, outcomes)
        answers = []
        for places in calls:
            sent = [rows[place] for place in places]
            answer = await self._imported(list_id, sent, queue_autoresponders, restart=False)
            answers.append(answer)
            if answer.failures:
                for place, outcome in zip(places, outcomes_of(sent, answer), strict=True):
                    outcomes[place] = outcome
        refused = {place: error for place, error in enumerate(outcomes) if error is not None}
        return ImportedRows(refused, sum(answer.new for answer in answers), sum(answer.existing for answer in answers))

    async def resubscribe(self, list_id: str, wish: SubscriberWish, evidence: ConsentEvidence) -> None:
        """Bring back somebody who unsubscribed, was deleted or bounced, because they have consented anew.

        Overrides every state but keeps an entry in the suppression list. Read the subscriber just before. It is never
        tried again, lest it override somebody who leaves meanwhile: raises Unavailable where it was not done, and
        OutcomeUnknown where nobody can tell; RecordRefused as `add` does. Raises TypeError without evidence.
        """
        if not isinstance(evidence, ConsentEvidence):
            raise TypeError(f"Nobody is brought back without ConsentEvidence; {type(evidence).__name__} was given.")
        _check(wish)
        await self._bring_back(list_id, wish)

    async def add_deleted(self, client_id: str, list_id: str, wish: SubscriberWish) -> str:
        """Add somebody again whom an admin or a program had deleted; gives the state that was read just before.

        Only where that is `Deleted` and the address is not on the client's suppression list is anything sent: whoever
        unsubscribed, bounced or is suppressed stays as they are, which a state other than `Deleted` tells (`Suppressed`
        for the last). The call is never tried again, as in `resubscribe`. Deleting forgets whether somebody had
        unsubscribed before: whoever calls this knows of no opt-out. Raises as `resubscribe` does; RecordRefused (code
        203) where the list has none such.
        """
        _check(wish)
        found = await self._one(list_id, wish.email)
        if found.state != _DELETED:
            return found.state
        if await Suppression(self._transport).find(client_id, wish.email) is not None:
            return "Suppressed"
        await self._bring_back(list_id, wish)
        return _DELETED

    async def unsubscribe(self, list_id: str, email: str) -> None:
        """Stop mail to a subscriber; on a list whose unsubscribes count for the whole client, from all its lists.

        Done, too, where they have unsubscribed already. Raises RecordRefused (code 203) where the list has none such,
        or one that was deleted or bounced.
        """
        door = Door("/subscribers/{}/unsubscribe", (list_id,))
        await self._leave("POST", door, {"EmailAddress": email}, (list_id, email, "Unsubscribed"))

    async def delete(self, list_id: str, email: str) -> None:
        """Take a subscriber off a list. They stay readable, as deleted, and are not suppressed.

        Done, too, where they have been deleted already. Raises RecordRefused (code 203) where the list has none such.
        """
        door = Door("/subscribers/{}", (list_id,), {"email": email})
        await self._leave("DELETE", door, None, (list_id, email, "Deleted"))

    async def history(self, list_id: str, email: str) -> list[HistoryItem]:
        """What a subscriber got and did. Raises RecordRefused (code 203) where the list has none such."""
        return await self._transport.get(Door("/subscribers/{}/history", (list_id,), {"email": email}), _HISTORY)

    async def _imported(self, list_id: str, rows: Sequence[Any], queue: bool, restart: bool) -> ImportAnswer:
        body = _forbidding(
            {
                "Subscribers": rows,
                "QueueSubscriptionBasedAutoResponders": queue,
                "RestartSubscriptionBasedAutoresponders": restart,
            }
        )
        door = Door("/subscribers/{}/import", (list_id,))
        return await self._transport.send("POST", door, body, read_import, repeatable=True, parts=PARTLY)

    async def _bring_back(self, list_id: str, wish: SubscriberWish) -> None:
        body = {"Subscribers": [wish.wire()], "Resubscribe": True}
        door = Door("/subscribers/{}/import", (list_id,))
        try:
            answer = await self._transport.send("POST", door, body, read_import, once=True, parts=PARTLY)
        except OutcomeUnknown as unknown:
            now = await self._look(list_id, wish.email, unknown)
            if now is None or now.state not in _MAILED:
                raise
            return
        (outcome,) = outcomes_of([wish], answer)
        if outcome is not None:
            raise outcome

    async def _leave(self, method: Any, door: Door, body: Any, wanted: tuple[str, str, str]) -> None:
        list_id, email, state = wanted
        try:
            await self._transport.send(method, door, body, nothing, repeatable=True)
        except RecordRefused as error:
            if error.code != NOT_ON_THE_LIST:
                raise
            # The same words for who was never there and for who has left already, perhaps by this very call.
            now = await self._find(list_id, email)
            if now is None or now.state != state:
                raise

    async def _one(self, list_id: str, email: str) -> Subscriber:
        return await subscribers.subscriber(self._transport, list_id, email)

    async def _find(self, list_id: str, email: str) -> Subscriber | None:
        try:
            return await self._one(list_id, email)
        except RecordRefused as error:
            if error.code != NOT_ON_THE_LIST:
                raise
            return None

    async def _look(self, list_id: str, email: str, unknown: OutcomeUnknown) -> Subscriber | None:
        try:
            return await self._find(list_id, email)
        except CampaignMonitorError:
            raise unknown from None


def _calls(count: int) -> Iterator[Sequence[int]]:
    """The places of so many rows, a call's at a time."""
    return (range(begin, min(begin + PER_CALL, count)) for begin in range(0, count, PER_CALL))


def _forbidding(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"Resubscribe": False}


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _fault(wish: SubscriberWish) -> CampaignMonitorError | None:
    """What is known to be refused before it is sent."""
    return error_of(wish.fault, status=400) if wish.fault else None


def _check(wish: SubscriberWish) -> None:
    fault = _fault(wish)
    if fault is not None:
        raise fault
