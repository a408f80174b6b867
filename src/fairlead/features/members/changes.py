"""Contacts and leads that changed since the last run: made, edited, converted, merged, deleted, brought back.

The cursor is the newest `SystemModstamp` that was seen, in Salesforce's own clock; ten minutes before it are asked for
again, because a commit may be seen late. What was seen there already is known by its digest (Id → stamp). Where a run that
began ten minutes after the one before found nothing new, the next one need not look behind the newest stamp any more:
a quiet org costs two calls. Stamps are told to the second, so what bears the newest stamp may be edited once more in that
second: it is looked at twice. Where 20,000 records changed, they are read by bulk queries.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from fairlead.domain.records import Cursor, Digest, Kind, Rows, Scope
from fairlead.salesforce.client import Salesforce
from fairlead.sync import org_reading
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.match import MatchRules
from fairlead.sync.org_matcher import CONTACT, LEAD
from fairlead.sync.org_reading import Record
from fairlead.sync.ports import Ledger
from fairlead.sync.run import ALWAYS_RECENT

SCOPE: Final = Scope("match", "all")
OVERLAP: Final = timedelta(minutes=10)
BY_NAME: Final = 1_000
"""Changed records up to which their addresses are looked at one by one; above, everything is matched anew."""
LONG_AGO: Final = datetime.fromisoformat("2000-01-01")  # no record is older; naive like every cursor
_RULES: Final = "rules of matching"
_READ_AT: Final = "read at"
_STAMPS: Final = (("Id", "SystemModstamp"), (Kind.TEXT, Kind.TEXT))
_PRECISION: Final = len("2026-01-31T12:00:00.000")


@dataclass(slots=True)
class Changes:
    """What changed since the last run that came to its end.

    `contacts` and `leads` are the ids of changed records, `addresses` their addresses as they are now; all three stay
    short of `BY_NAME` records and are of no use once `many` is set. `cursor` and `digests` are to be committed with what
    is made of them. `rules_changed`: everything is to be matched anew. `top` is the newest stamp among the records, and
    `once` are the key hashes of those that bear it and were not looked at before.
    """

    since: datetime
    cursor: Cursor
    digests: dict[bytes, Digest]
    rules_changed: bool
    contacts: set[str] = field(default_factory=set)
    leads: set[str] = field(default_factory=set)
    deleted_contacts: bool = False
    deleted_leads: bool = False
    addresses: set[str] = field(default_factory=set)
    fresh: int = 0
    top: str = ""
    once: list[bytes] = field(default_factory=list)

    def take(self, name: str, record: Record) -> None:
        """Note a record that changed: Id, stamp, whether deleted, into which it was merged, addresses."""
        self.fresh += 1
        if self.fresh > BY_NAME:
            return
        # what hung on a record that was merged hangs on its master now, which need not bear a new stamp
        (self.contacts if name == CONTACT else self.leads).update(id_ for id_ in (record[0], record[3]) if id_)
        if record[2] == "true":
            self.deleted_contacts |= name == CONTACT
            self.deleted_leads |= name == LEAD
        self.addresses.update(address for address in record[4:] if address)

    @property
    def many(self) -> bool:
        """Whether to match everything anew."""
        return self.rules_changed or self.fresh > BY_NAME

    @property
    def since_text(self) -> str:
        """The moment asked from, as SOQL writes it."""
        return soql_moment(self.since)


def soql_moment(moment: datetime) -> str:
    """A naive UTC moment as SOQL writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


async def read(salesforce: Salesforce, ledger: Ledger, rules: MatchRules, now: datetime) -> Changes:
    """What changed since the cursor; `now` (aware, our own clock) only measures how long ago the last reading was."""
    kept = await ledger.cursor(SCOPE)
    known = await ledger.digests(SCOPE)
    rules_key, at_key = ledger.hashes([_RULES, _READ_AT])
    wanted = ledger.content_digests(Rows(("Rules",), (Kind.TEXT,), ([str(rules)],)), "")[0]
    before = LONG_AGO if kept is None else kept.read_until
    if kept is None:
        before = await _newest(salesforce)
    changes = Changes(
        before - OVERLAP, Cursor(before), {}, rules_changed=kept is None or known.get(rules_key) != wanted
    )
    await _gather(salesforce, ledger, rules, known, changes)
    top = _naive(f"{changes.top}Z") if changes.top else None
    waited = now - _moment(known.get(at_key), now)
    changes.cursor = Cursor(_reached(before, top, quiet=not changes.fresh and waited >= OVERLAP))
    last_read = now if changes.fresh or waited >= OVERLAP or at_key not in known else now - waited
    changes.digests |= {
        rules_key: Digest(wanted, ALWAYS_RECENT),
        at_key: Digest(int(last_read.timestamp()).to_bytes(16, "big"), ALWAYS_RECENT),
    }
    return changes


def _reached(before: datetime, top: datetime | None, *, quiet: bool) -> datetime:
    """Where the cursor goes: to the newest stamp seen, and past the overlap once nothing new has come for so long."""
    if top is None:
        return before
    return max(before, top + OVERLAP if quiet else top)


def _moment(kept: bytes | None, otherwise: datetime) -> datetime:
    return otherwise if kept is None else datetime.fromtimestamp(int.from_bytes(kept, "big"), UTC)


async def _newest(salesforce: Salesforce) -> datetime:
    """The newest stamp of all contacts and leads."""
    stamps = []
    for name in (CONTACT, LEAD):
        with salesforce_failures("look for the latest change"):
            async for page in salesforce.query(
                f"SELECT SystemModstamp FROM {name} ORDER BY SystemModstamp DESC NULLS LAST LIMIT 1"
            ):
                stamps += [_naive(record["SystemModstamp"]) for record in page]
    return max(stamps, default=LONG_AGO)


def _naive(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


async def _gather(
    salesforce: Salesforce, ledger: Ledger, rules: MatchRules, known: Mapping[bytes, bytes], changes: Changes
) -> None:
    """Read the changed records into `changes`."""
    for name, fields in ((CONTACT, rules.contact_fields), (LEAD, rules.lead_fields)):
        columns = ("Id", "SystemModstamp", "IsDeleted", "MasterRecordId", *fields)
        async with aclosing(_changed(salesforce, name, columns, changes.since_text)) as pages:
            async for page in pages:
                _take(ledger, known, changes, name, page)
    for key in changes.once:
        content, day = changes.digests[key]
        changes.digests[key] = Digest(_once(content), day)


def _once(content: bytes) -> bytes:
    """The digest of what is to be looked at once more."""
    return content[::-1]


async def _changed(
    salesforce: Salesforce, name: str, columns: tuple[str, ...], since: str
) -> AsyncGenerator[list[Record], None]:
    """Records stamped since then, deleted ones too: by pages, or, where they turn out to be many, by a bulk query."""
    after = f"FROM {name} WHERE SystemModstamp >= {since}"
    count = 0
    async with aclosing(org_reading.read(salesforce, columns, after, expected=0, all_rows=True)) as pages:
        async for page in pages:
            count += len(page)
            if count > org_reading.BULK_FROM:
                break
            yield page
    if count > org_reading.BULK_FROM:  # what came by already comes again, and is known by its digest
        async for page in org_reading.read(salesforce, columns, after, expected=count, all_rows=True):
            yield page


def _take(ledger: Ledger, known: Mapping[bytes, bytes], changes: Changes, name: str, page: Sequence[Record]) -> None:
    ids, stamps = [record[0] for record in page], [record[1][:_PRECISION] for record in page]
    if not ids:
        return
    hashes = ledger.hashes(ids)
    contents = ledger.content_digests(Rows(*_STAMPS, (ids, stamps)), "")
    for record, key, content, stamp in zip(page, hashes, contents, stamps, strict=True):
        if stamp > changes.top:
            changes.top = stamp
            changes.once.clear()
        if known.get(key) == content or key in changes.digests:
            continue
        if stamp == changes.top and known.get(key) != _once(content):
            changes.once.append(key)
        changes.digests[key] = Digest(content, stamp[:10])
        changes.take(name, record)
