"""The fallback where change events are not to be had: the same stream, found by asking again and again."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from fairlead.salesforce.event_decode import Change, Look
from fairlead.salesforce.events import ReplayStore

_SINCE: Final = (
    "SELECT Id, IsDeleted, CreatedDate, SystemModstamp FROM {} WHERE SystemModstamp >= {} ORDER BY SystemModstamp, Id"
)


class _Asks(Protocol):
    """The part of the client that is needed."""

    def query_all(self, soql: str) -> AsyncIterator[list[dict[str, Any]]]: ...


@dataclass(frozen=True, slots=True)
class Every:
    """`pause` seconds between questions; `overlap` seconds are asked again: a commit may be seen late."""

    pause: float = 60.0
    overlap: float = 600.0


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def poll_changes(
    org: _Asks, object: str, store: ReplayStore, since: datetime, every: Every | None = None
) -> AsyncGenerator[Look, None]:
    """Looks for ever, each change at least once; a record that did not change again is told once per run.

    `since` (aware) is where to begin when the store has no place. The place is the moment of the last change handled.
    A record made and changed between two questions is one CREATE. Raises what queries raise.
    """
    every = every or Every()
    kept = await store.load(object)
    reached = _moment(kept[0].decode()) if kept else since
    told: dict[str, datetime] = {}
    newest: set[str] = set()
    while True:
        begin = reached - timedelta(seconds=every.overlap)
        told = {key: at for key, at in told.items() if at >= begin}
        asked = begin.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        async for page in org.query_all(_SINCE.format(object, asked)):
            for row in page:
                at = _moment(row["SystemModstamp"])
                known = told.get(row["Id"])
                if known == at:
                    continue
                reached = max(reached, at)
                place = reached.isoformat().encode()
                yield Look(object, (row["Id"],), _change(row, begin, known), replay_id=place, since=at)
                told[row["Id"]] = at
                await store.save(object, place, at)
        # stamps are coarse: an edit after our question may bear the stamp of one before it, so ask once more
        last = {key for key, at in told.items() if at == reached}
        told = {key: at for key, at in told.items() if key not in last - newest}
        newest = last
        await asyncio.sleep(every.pause)


def _change(row: dict[str, Any], begin: datetime, known: datetime | None) -> Change:
    if row["IsDeleted"]:
        return Change.DELETE
    return Change.CREATE if known is None and _moment(row["CreatedDate"]) >= begin else Change.UPDATE
