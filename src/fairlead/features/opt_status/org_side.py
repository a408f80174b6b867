"""The Salesforce side of opt status: contacts and leads with their tick box, its field history, and writing it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from fairlead.domain.address import normal
from fairlead.domain.records import RowFailure
from fairlead.features.opt_status.rules import OPT_OUT_FIELD
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.errors import RequestWrong, SetupRefused
from fairlead.salesforce.query import split_in
from fairlead.sync import org_reading
from fairlead.sync.failures import salesforce_failures

CONTACT: Final = "Contact"
LEAD: Final = "Lead"
LIVE: Final = {CONTACT: "", LEAD: " AND IsConverted = false"}
"""A converted lead can be changed no more: the contact that it became speaks for it."""
PIECE: Final = 2_000
"""Rows of a piece of an upload."""
EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Box:
    """The tick box of one contact or lead. `stamp` is its `SystemModstamp`."""

    object: str
    id: str
    ticked: bool
    stamp: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """A contact or lead that changed, perhaps deleted or merged away."""

    object: str
    id: str
    email: str = field(repr=False)
    ticked: bool
    deleted: bool
    stamp: datetime


@dataclass(frozen=True, slots=True)
class Ticked:
    """A tick in a field history: of which record, by whom, when; `key` tells it apart."""

    email: str = field(repr=False)
    key: str
    record: str
    user: str
    at: datetime


def moment(text: str) -> datetime:
    """A moment as Salesforce writes it."""
    return datetime.fromisoformat(text)


def literal(at: datetime) -> str:
    """A moment as SOQL takes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class OrgSide:
    """Reads and writes tick boxes of one org. `tick` is awaited with each page, and may raise to end the reading.

    Up to `singly` records are written 200 a call, more by a bulk job.
    """

    def __init__(self, crm: Salesforce, tick: Callable[[], Awaitable[None]], singly: int = 2_000) -> None:
        self._crm = crm
        self._tick = tick
        self._singly = singly

    async def user(self) -> str:
        """The id (15 characters) of the user whom Fairlead signs in as. Raises a Failure."""
        with salesforce_failures("ask who is signed in"):
            return (await self._crm.identity()).user_id[:15]

    async def id(self) -> str:
        """The org's id: another org is another scope. Raises a Failure."""
        with salesforce_failures("ask which org this is"):
            return (await self._crm.identity()).organization_id

    async def newest(self) -> datetime:
        """The newest `SystemModstamp` of contacts and leads: the org's own clock, as far as it matters here."""
        found = [EVER]
        with salesforce_failures("read the newest contact and lead"):
            for name in LIVE:
                soql = f"SELECT SystemModstamp FROM {name} ORDER BY SystemModstamp DESC LIMIT 1"
                async for page in self._crm.query(soql):
                    found += [moment(row["SystemModstamp"]) for row in page]
        return max(found)

    async def changed(self, since: datetime) -> AsyncIterator[list[Changed]]:
        """Contacts and leads changed since then, deleted and merged ones too. Raises a Failure."""
        with salesforce_failures("read changed contacts and leads"):
            for name in LIVE:
                soql = (
                    f"SELECT Id, Email, {OPT_OUT_FIELD}, IsDeleted, SystemModstamp FROM {name} "
                    f"WHERE Email != null AND SystemModstamp >= {literal(since)}"
                )
                async for page in self._crm.query_all(soql):
                    await self._tick()
                    yield [
                        Changed(
                            name, row["Id"], normal(row["Email"]), bool(row[OPT_OUT_FIELD]), bool(row["IsDeleted"]),
                            moment(row["SystemModstamp"]),
                        )
                        for row in page
                    ]  # fmt: skip

    async def boxes(self, addresses: Collection[str]) -> dict[str, list[Box]]:
        """The boxes of these addresses (in their normal form). Raises a Failure."""
        found: dict[str, list[Box]] = {}
        with salesforce_failures("read tick boxes"):
            for name, live in LIVE.items():
                before = f"SELECT Id, Email, {OPT_OUT_FIELD}, SystemModstamp FROM {name} WHERE Email IN"
                for soql in split_in(before, sorted(addresses), live.removeprefix(" ")):
                    async for page in self._crm.query(soql):
                        await self._tick()
                        for row in page:
                            _add(found, name, row["Email"], row["Id"], row[OPT_OUT_FIELD], row["SystemModstamp"])
        return found

    async def all_boxes(self) -> dict[str, list[Box]]:
        """The boxes of everybody with an address. Raises a Failure."""
        found: dict[str, list[Box]] = {}
        fields = ("Id", "Email", OPT_OUT_FIELD, "SystemModstamp")
        for name, live in LIVE.items():
            after = f"FROM {name} WHERE Email != null{live}"
            expected = await org_reading.count(self._crm, after)
            async for page in org_reading.read(self._crm, fields, after, expected=expected):
                await self._tick()
                for record, email, ticked, stamp in page:
                    _add(found, name, email, record, ticked == "true", stamp)
        return found

    async def ticks(self, since: datetime) -> list[Ticked]:
        """Ticks that field histories know since then; none where history is not kept. Raises a Failure."""
        found: list[Ticked] = []
        for name in LIVE:
            soql = (
                f"SELECT Id, {name}Id, {name}.Email, NewValue, CreatedById, CreatedDate FROM {name}History "
                f"WHERE Field = '{OPT_OUT_FIELD}' AND CreatedDate >= {literal(since)}"
            )
            with salesforce_failures("read the history of tick boxes"):
                try:
                    async for page in self._crm.query(soql):
                        await self._tick()
                        found += [_ticked(name, row) for row in page if _is_tick(row)]
                except (RequestWrong, SetupRefused):
                    continue  # no history of this object is kept
        return found

    async def write(
        self, boxes: Sequence[Box], ticked: bool, opened: Callable[[str], Awaitable[None]]
    ) -> list[RowFailure]:
        """Tick or clear these boxes; gives the refusals by record id.

        `opened` is awaited with a bulk job's id before anything is sent into it. Raises a Failure.
        """
        failures: list[RowFailure] = []
        for name in LIVE:
            mine = [box.id for box in boxes if box.object == name]
            if not mine:
                continue
            with salesforce_failures("change tick boxes"):
                if len(boxes) > self._singly:
                    failures += await self._bulk(name, mine, ticked, opened)
                    continue
                rows = [{"Id": each, OPT_OUT_FIELD: ticked} for each in mine]
                for record, told in zip(mine, await self._crm.collections.update(name, rows), strict=True):
                    if not told.success:
                        failures.append(RowFailure(record, told.code, told.message, told.retryable))
        return failures

    async def _bulk(
        self, name: str, ids: Sequence[str], ticked: bool, opened: Callable[[str], Awaitable[None]]
    ) -> list[RowFailure]:
        value = "true" if ticked else "false"

        async def rows() -> AsyncIterator[bytes]:
            yield f"Id,{OPT_OUT_FIELD}\n".encode()
            for start in range(0, len(ids), PIECE):
                yield "".join(f"{each},{value}\n" for each in ids[start : start + PIECE]).encode()

        job = await self._crm.bulk.send(name, "update", None, rows, opened)
        await self._crm.bulk.wait(job)
        refused = [
            RowFailure(row.key, row.code, row.message, row.retryable) async for row in self._crm.bulk.failed(job, "Id")
        ]
        left = [RowFailure(key, "UNPROCESSED", "The job did not come to it.", True)
                async for key in self._crm.bulk.unprocessed(job, "Id")]  # fmt: skip
        return refused + left

    async def end_of(self, job: str) -> None:
        """Bring a bulk job of an earlier attempt to its end: one that was never started is given up. Raises a Failure."""
        with salesforce_failures("ask for a bulk job"):
            try:
                info = await self._crm.bulk.info(job)
                if info.state == "Open":
                    await self._crm.bulk.abort(job)
                elif not info.done:
                    await self._crm.bulk.wait(job)
            except RequestWrong:
                return  # it is gone

    async def stamps(self, boxes: Iterable[Box]) -> dict[str, datetime]:
        """`SystemModstamp` of these records now, by id. Raises a Failure."""
        found: dict[str, datetime] = {}
        kept = list(boxes)
        with salesforce_failures("read what was written"):
            for name in LIVE:
                ids = sorted({box.id for box in kept if box.object == name})
                for soql in split_in(f"SELECT Id, SystemModstamp FROM {name} WHERE Id IN", ids):
                    async for page in self._crm.query(soql):
                        found |= {row["Id"]: moment(row["SystemModstamp"]) for row in page}
        return found


def _add(found: dict[str, list[Box]], name: str, email: str, record: str, ticked: bool, stamp: str) -> None:
    found.setdefault(normal(email), []).append(Box(name, record, bool(ticked), moment(stamp)))


def _is_tick(row: dict[str, Any]) -> bool:
    return str(row.get("NewValue")).lower() == "true"


def _ticked(name: str, row: dict[str, Any]) -> Ticked:
    email = normal((row.get(name) or {}).get("Email") or "")
    return Ticked(email, row["Id"], row[f"{name}Id"], str(row["CreatedById"])[:15], moment(row["CreatedDate"]))
