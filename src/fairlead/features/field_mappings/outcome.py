"""What was written, noted in one transaction: what both sides agreed on, the log of values, refusals with their reasons."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol

from fairlead.domain.mapping_merge import Act
from fairlead.domain.records import Cursor, Digest, Kind, RowFailure, Rows, Scope, Staged
from fairlead.features.field_mappings import agreed
from fairlead.features.field_mappings.models import Side, ValueChange
from fairlead.features.field_mappings.rules import DIGEST, UNFIT, Planned
from fairlead.sync.ports import Ledger

OUT: Final = "mapping"
IN: Final = "mapping_in"
BEGINNING: Final = datetime.fromisoformat("2000-01-01T00:00:00")
_SIDES: Final = {Act.TO_CAMPAIGN_MONITOR: Side.CAMPAIGN_MONITOR, Act.TO_SALESFORCE: Side.SALESFORCE}


class InRun(Protocol):
    """What both kinds of runs have."""

    @property
    def number(self) -> int: ...
    @property
    def org_id(self) -> int: ...
    @property
    def ledger(self) -> Ledger: ...


def digest_by(ledger: Ledger) -> Callable[[str], bytes]:
    """The keyed digest of one text, eight bytes. Most texts come again: those of late are remembered, in memory only."""

    @lru_cache(maxsize=10_000)
    def digest(text: str) -> bytes:
        return ledger.content_digests(Rows(("Text",), (Kind.TEXT,), ([text],)), "")[0][:DIGEST]

    return digest


def unfit(planned: Planned) -> RowFailure:
    """Values of a row that no field takes, as a refusal: the others of the row go on."""
    told = "; ".join(planned.refused)
    reason = f"{told[0].upper()}{told[1:]}. Correct the value, or the mapping."
    return RowFailure(planned.pair.key, UNFIT, reason, retryable=False)


async def note(
    run: InRun,
    scope: Scope,
    done: Sequence[Planned],
    failures: Sequence[RowFailure],
    *,
    cursor: Cursor | None = None,
    offered: Collection[str] = (),
) -> None:
    """Note what became of rows that were offered. Those `done` are agreed on; what was refused earlier is answered."""
    ledger = run.ledger
    digest = digest_by(ledger)
    known = cursor or await ledger.cursor(scope) or Cursor(BEGINNING)

    def also() -> None:
        hashes = ledger.hashes([planned.pair.key for planned in done])
        kept = {key: planned.agreed for key, planned in zip(hashes, done, strict=True) if planned.agreed}
        people = {key: (planned.pair.object, planned.pair.record) for key, planned in zip(hashes, done, strict=True)}
        owed = {key for key, planned in zip(hashes, done, strict=True) if planned.owed}
        agreed.keep(run.org_id, scope.list, kept, people, owed)
        _log(run, scope.list, list(zip(hashes, done, strict=True)), digest)

    digests: dict[bytes, Digest] = {}
    answered = ledger.hashes([*offered, *(planned.pair.key for planned in done)])
    await ledger.commit(scope, Staged(known, digests), list(failures), forget_before=None, answered=answered, also=also)


def _log(run: InRun, list_id: str, done: Sequence[tuple[bytes, Planned]], digest: Callable[[str], bytes]) -> None:
    rows = [
        ValueChange(
            org_id=run.org_id,
            run=run.number,
            list=list_id,
            member=key,
            object=planned.pair.object,
            record=planned.pair.record,
            side=_SIDES[write.act],
            source=write.line.source,
            target=write.line.target,
            before=digest(write.before),
            after=digest(write.after),
        )
        for key, planned in done
        for write in planned.writes
    ]
    # written twice in one run (an attempt that was killed), the first line tells what stood there before
    ValueChange.objects.bulk_create(rows, batch_size=1_000, ignore_conflicts=True)


def forget_old(org_id: int, days: int) -> None:
    """Drop what the log need not hold any more."""
    ValueChange.objects.filter(org_id=org_id, at__lt=datetime.now(UTC) - timedelta(days=days)).delete()
