"""Undoing a run: what it wrote is put back where something still holds the value that stood there before.

The log keeps hashes. A value comes from the field history of Salesforce, from the member where it shows the old one still, or
is a blank; whoever changed the field since is left alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from asgiref.sync import async_to_sync, sync_to_async
from django.db import transaction
from django.db.models import Count, Max

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.domain.failure import FixTheSettings
from fairlead.domain.field_values import DoesNotFit
from fairlead.domain.mapping import Fitted
from fairlead.domain.mapping_values import org_text, to_list, wire_text
from fairlead.domain.records import Rows
from fairlead.features.field_mappings import agreed, kept, outcome, reading, rules
from fairlead.features.field_mappings.mapped import Mapped
from fairlead.features.field_mappings.models import Side, ValueChange
from fairlead.features.field_mappings.rules import CLEAR, Entry, Pair
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.errors import SalesforceError
from fairlead.salesforce.query import quote, split_in
from fairlead.store import audit, setting_rows
from fairlead.store.models import Org
from fairlead.sync import list_sink, phone, sides
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.list_sink import ListSink, list_target

RESTORED: Final = "put back"
CHANGED_SINCE: Final = "changed since, left alone"
NOT_HELD: Final = "nothing holds the old value any more"
LINE_GONE: Final = "the line is no longer in the mapping"
PERSON_GONE: Final = "the subscriber or its record is gone"
REFUSED: Final = "refused"


class NothingToUndo(FixTheSettings):
    """A run that wrote nothing, was undone, or is no longer in the log."""

    code = "FL-456"
    next_step = (
        "`fairlead mappings undo` without a number, or the page What was written, shows which runs can be undone."
    )

    def __init__(self, run: int) -> None:
        super().__init__(f"There is nothing to undo of run {run}.")


@dataclass(slots=True)
class Undone:
    """What became of the values that a run wrote, by outcome."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, count: int = 1) -> None:
        """Count values."""
        self.counts[what] = self.counts.get(what, 0) + count


def undo(org: Org, run: int, by: str) -> Undone:
    """Put back what a run wrote. Begun again, it goes on with what is left. Raises NothingToUndo, or a Failure."""
    left = list(ValueChange.objects.filter(org=org, run=run, undone_at=None).order_by("list", "id"))
    if not left:
        raise NothingToUndo(run)
    audit.record(org, by, "undid mappings", str(run))
    return async_to_sync(_undo)(org, left)


async def _undo(org: Org, left: Sequence[ValueChange]) -> Undone:
    done = Undone()
    settings = await sync_to_async(setting_rows.values)(org)
    lines = await sync_to_async(kept.current)(org.pk)
    lists: dict[str, list[ValueChange]] = {}
    for change in left:
        lists.setdefault(change.list, []).append(change)
    async with sides.salesforce(org.pk) as crm, sides.campaign_monitor(org.pk) as account:
        every = [line for list_id in lists for line in lines.get(list_id, ())]
        described = await reading.described(crm, every)
        mapped = Mapped(account, lines, described, phone.by_setting(settings))
        for list_id, changes in lists.items():
            await _List(org, list_id, await mapped.of(list_id), mapped, crm, account, done).undo(changes)
    return done


@dataclass(slots=True)
class _Restored:
    """One value that is put back: the change, its pair, its line, and the old value as text."""

    change: ValueChange
    pair: Pair
    line: Fitted
    text: str = field(repr=False)


@dataclass(slots=True)
class _List:
    org: Org
    list_id: str
    lines: Sequence[Fitted]
    mapped: Mapped
    crm: Salesforce
    account: CampaignMonitor
    done: Undone

    async def undo(self, changes: Sequence[ValueChange]) -> None:
        """Put back what was written of this list, to either side."""
        ledger = kept.ledger(self.org)
        digest = outcome.digest_by(ledger)
        pairs = await self._pairs(changes)
        by_key = dict(zip(ledger.hashes([pair.key for pair in pairs]), pairs, strict=True))
        history = await self._history(changes)
        known = await sync_to_async(agreed.of)(self.org.pk, self.list_id, list(by_key))
        found: list[_Restored] = []
        for change in changes:
            pair = by_key.get(bytes(change.member))
            line = self._line_of(change)
            if pair is None or line is None:
                self.done.add(PERSON_GONE if pair is None else LINE_GONE)
                continue
            told = self._old(change, pair, line, history, known.get(bytes(change.member), {}), digest)
            if told in (CHANGED_SINCE, NOT_HELD):
                self.done.add(told)
            else:
                found.append(_Restored(change, pair, line, told.removeprefix("=")))
        await self._write_list([one for one in found if one.change.side == Side.CAMPAIGN_MONITOR], known, digest)
        await self._write_org([one for one in found if one.change.side == Side.SALESFORCE], known, digest)

    def _line_of(self, change: ValueChange) -> Fitted | None:
        wanted = (change.object, change.source.lower(), change.target.lower())
        keys = {(one.line.object, one.line.source.lower(), one.line.target.lower()): one for one in self.lines}
        return keys.get(wanted)

    def _old(
        self,
        change: ValueChange,
        pair: Pair,
        line: Fitted,
        history: Mapping[tuple[str, str], Sequence[Any]],
        known: Mapping[bytes, Entry],
        digest: rules.Digest,
    ) -> str:
        """The old value after `=`, or why it is not put back."""
        raw = org_text(pair.values.get(line.line.source))
        before, after = bytes(change.before), bytes(change.after)
        entry = known.get(rules.line_id(line.line))
        to_org = change.side == Side.SALESFORCE
        if (digest(raw) if to_org else entry.written if entry else b"") != after:
            return CHANGED_SINCE
        if before == digest(""):
            return "="
        candidates = history.get((pair.record, line.line.source.lower()), ())
        texts = [org_text(value) if to_org else self._listed(line, value) for value in candidates]
        for text in (*texts, pair.shown(line)):
            if digest(text) == before:
                return f"={text}"
        return NOT_HELD

    def _listed(self, line: Fitted, value: Any) -> str:
        try:
            return to_list(line, value, self.mapped.phone)
        except DoesNotFit:
            return ""

    async def _pairs(self, changes: Sequence[ValueChange]) -> list[Pair]:
        needed = reading.paths(self.lines)
        found: list[Pair] = []
        for name in ("Contact", "Lead"):
            ids = list(dict.fromkeys(change.record for change in changes if change.object == name))
            where = f"List__r.{names.LIST_KEY} = {quote(self.list_id)} AND {name}__c IN"
            for soql in split_in(f"SELECT {reading.columns(needed)} FROM {names.MEMBER} WHERE {where}", ids):
                async for page in reading.pairs(self.crm, soql, needed):
                    found += page
        return found

    async def _history(self, changes: Sequence[ValueChange]) -> dict[tuple[str, str], list[Any]]:
        """Old and new values of fields whose history Salesforce keeps, by record id and field."""
        found: dict[tuple[str, str], list[Any]] = {}
        for name in ("Contact", "Lead"):
            ids = list(dict.fromkeys(change.record for change in changes if change.object == name))
            before = f"SELECT {name}Id, Field, OldValue, NewValue FROM {name}History WHERE {name}Id IN"
            for soql in split_in(before, ids):
                try:
                    async for page in self.crm.query(soql):
                        for row in page:
                            values = found.setdefault((str(row[f"{name}Id"]), str(row["Field"]).lower()), [])
                            values += [row["OldValue"], row["NewValue"]]
                except (
                    SalesforceError
                ):  # no history is kept of the object, or it is hidden: then nothing holds the value
                    break
        return found

    async def _write_list(
        self, restored: Sequence[_Restored], known: dict[bytes, dict[bytes, Entry]], digest: Any
    ) -> None:
        if not restored:
            return
        targets = list(dict.fromkeys(one.line.line.target for one in restored))
        rows: dict[str, dict[str, str]] = {}
        for one in restored:
            cell = wire_text(one.line.target, one.text) if one.text else CLEAR
            rows.setdefault(one.pair.key, {list_sink.EMAIL: one.pair.address})[one.line.line.target] = cell
        target = list_target(self.list_id, [list_sink.EMAIL, *targets])
        columns = tuple([row.get(name, "") for row in rows.values()] for name in target.fields[1:])
        sink = ListSink(self.account, self.list_id, target.fields[1:], trigger_journeys=False)
        told = await sink.upsert(target, Rows(target.fields, target.kinds, (list(rows), *columns)))
        refused = {failure.key for failure in told.failures}
        await self._note(restored, {one.pair.key for one in restored} & refused, known, digest)

    async def _write_org(
        self, restored: Sequence[_Restored], known: dict[bytes, dict[bytes, Entry]], digest: Any
    ) -> None:
        for name in ("Contact", "Lead"):
            mine = [one for one in restored if one.change.object == name]
            records: dict[str, dict[str, Any]] = {}
            for one in mine:
                value = rules.restored(one.line, one.text)
                records.setdefault(one.pair.record, {})[one.line.source.name] = value
            sent = [{"Id": record, **fields} for record, fields in records.items()]
            with salesforce_failures(f"write {name} records"):
                told = await self.crm.collections.update(name, sent) if sent else []
            refused = {record for record, row in zip(records, told, strict=True) if not row.success}
            await self._note(mine, {one.pair.key for one in mine if one.pair.record in refused}, known, digest)

    @sync_to_async
    def _note(
        self, restored: Sequence[_Restored], refused: set[str], known: dict[bytes, dict[bytes, Entry]], digest: Any
    ) -> None:
        """Both sides count as agreed on what they show now, so that no run writes the same again."""
        written = [one for one in restored if one.pair.key not in refused]
        for one in written:
            entries = known.setdefault(bytes(one.change.member), {})
            raw, shown = digest(org_text(one.pair.values.get(one.line.line.source))), digest(one.pair.shown(one.line))
            to_org = one.change.side == Side.SALESFORCE
            entries[rules.line_id(one.line.line)] = (
                Entry(digest(one.text), shown, shown) if to_org else Entry(raw, shown, digest(one.text))
            )
        with transaction.atomic():
            keys = {bytes(one.change.member) for one in written}
            agreed.keep(self.org.pk, self.list_id, {key: known[key] for key in keys})
            ids = [one.change.pk for one in written]
            ValueChange.objects.filter(pk__in=ids).update(undone_at=datetime.now(UTC))
        if written:
            self.done.add(RESTORED, len(written))
        if len(restored) > len(written):
            self.done.add(REFUSED, len(restored) - len(written))


def runs(org: Org) -> list[dict[str, Any]]:
    """Runs that wrote something, the newest first: when, how many values of how many fields, how many are undone."""
    rows = (
        ValueChange.objects.filter(org=org)
        .values("run")
        .annotate(at=Max("at"), count=Count("id"), undone=Count("undone_at"), lists=Count("list", distinct=True))
        .order_by("-at")[:50]
    )
    return [{**row, "can_undo": row["undone"] < row["count"]} for row in rows]
