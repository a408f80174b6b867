"""The book of opt status on PostgreSQL: obeys `fairlead.sync.consent_ports.ConsentBook`, which it cannot import.

Rows are locked in the order of their addresses, so that two transactions never wait for each other in a circle.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import connection, models, transaction

from fairlead.domain.consent import Basis, Evidence, Opt, Review, Shadow, Side, released
from fairlead.domain.consent_book import (
    Answer,
    Entry,
    Heard,
    ReviewAnswered,
    Settled,
    ShadowMoved,
    ShadowOfAnotherKey,
    ToReview,
    entry,
    moved,
)
from fairlead.store import columns, hashing, secrets
from fairlead.store.consent_models import Consent, ConsentScope, OptDecision, OptReview, OptShadow, SeenOptOut

BATCH: Final = 1_000
_VALUES: Final = ("agreed", "since", "salesforce", "campaign_monitor", "evidence", "job", "changes", "contested")

_NOT_IN: Final = f"""
SELECT address FROM store_optshadow WHERE org_id = %s AND client = %s AND agreed <> %s AND address = ANY({columns.EACH_HASH})
"""


class PostgresConsentBook:
    """What is remembered of the opt status of an org's people. `fence` is called in each transaction; it raises if stale."""

    def __init__(self, org_id: int, fence: Callable[[], None]) -> None:
        self._org = org_id
        self._fence = fence

    @sync_to_async
    def scope(self, client: str) -> str:
        """`consent_guard.scope_hash` of the last commit; blank before the first. Raises ShadowOfAnotherKey."""
        found = self._checked(client)
        return found.scope if found else ""

    @sync_to_async
    def counts(self, client: str) -> Mapping[Opt, int]:
        """How many addresses are agreed in and out, with those whose records are gone."""
        rows = self._of(OptShadow, client).values_list("agreed").annotate(count=models.Count("id")).order_by()
        found = dict(rows)
        return {opt: found.get(opt.value, 0) for opt in Opt}

    @sync_to_async
    def shadows(self, client: str, addresses: Collection[bytes]) -> Mapping[bytes, Shadow]:
        """What is remembered of these addresses. Raises ShadowOfAnotherKey."""
        self._checked(client)
        return self._shadows(self._of(OptShadow, client, address__in=addresses))

    @sync_to_async
    def not_in(self, client: str, addresses: Sequence[bytes]) -> Mapping[bytes, Shadow]:
        """`shadows` of those that are not agreed to be in: only they can stand in the way of adding. Raises as it does."""
        self._checked(client)
        with connection.cursor() as cursor:
            cursor.execute(_NOT_IN, [self._org, client, Opt.IN.value, *columns.whole(addresses)])
            found = [bytes(row[0]) for row in cursor.fetchall()]
        return self._shadows(self._of(OptShadow, client, address__in=found)) if found else {}

    @sync_to_async
    def record(self, client: str, address: bytes, evidence: Evidence) -> Evidence:
        """Keep a consent, and give it with its id. The same one (side, basis, source, moment) is kept once."""
        with transaction.atomic():
            self._fence()
            row, _ = Consent.objects.get_or_create(
                org_id=self._org,
                client=client,
                address=address,
                side=evidence.side.value,
                basis=evidence.basis.value,
                source=evidence.source[:200],
                at=evidence.at,
                defaults={"user": evidence.user},
            )
        return _evidence(row)

    @sync_to_async
    def evidence(self, client: str, addresses: Collection[bytes]) -> Mapping[bytes, Sequence[Evidence]]:
        """Consents that no commit has used, the oldest first."""
        found: dict[bytes, list[Evidence]] = {}
        for row in self._of(Consent, client, address__in=addresses, used_at=None).order_by("at", "id"):
            found.setdefault(bytes(row.address), []).append(_evidence(row))
        return found

    @sync_to_async
    def unseen(self, client: str, events: Collection[bytes]) -> Collection[bytes]:
        """Of these keys of events those that no commit has used."""
        seen = self._of(SeenOptOut, client, key__in=events).values_list("key", flat=True)
        return set(events) - {bytes(key) for key in seen}

    @sync_to_async
    def start(self, client: str, addresses: Collection[bytes], job: str, at: datetime) -> None:
        """A write of these addresses is about to be sent. Raises ShadowMoved where another job has one in flight."""
        with transaction.atomic():
            self._begin(client)
            new = [self._row(client, each, Shadow(agreed=None, since=at)) for each in sorted(addresses)]
            OptShadow.objects.bulk_create(new, batch_size=BATCH, ignore_conflicts=True)
            held = self._locked(client, addresses)
            taken = sum(shadow.job not in ("", job) for shadow in held.values())
            if taken:
                raise ShadowMoved(taken)
            self._of(OptShadow, client, address__in=addresses).update(job=job)

    @sync_to_async
    def in_flight(self, client: str) -> Mapping[str, Collection[bytes]]:
        """Addresses by the job that has them in flight."""
        found: dict[str, set[bytes]] = {}
        for job, address in self._of(OptShadow, client).exclude(job="").values_list("job", "address"):
            found.setdefault(job, set()).add(bytes(address))
        return found

    @sync_to_async
    def drop(self, client: str, job: str) -> None:
        """A job is known to have ended without anything to commit: its addresses are compared again."""
        with transaction.atomic():
            self._fence()
            self._of(OptShadow, client, job=job).update(job="")

    def settle(self, client: str, settled: Sequence[Settled], *, job: str, at: datetime, scope: str = "") -> None:
        """Commit decisions that were carried out. Called in the transaction that moves the cursor (`Flow.also`).

        All or none: raises ShadowMoved where one address is no longer as it was read. `scope` blank leaves it.
        """
        with transaction.atomic():
            known = self._begin(client)
            held = self._locked(client, [one.address for one in settled])
            gone = sum(moved(one.before, held.get(one.address), job) for one in settled)
            if gone:
                raise ShadowMoved(gone)
            self._write(client, settled)
            self._use(client, settled, at)
            lines = [self._line(client, one, job, at) for one in settled if one.tells]
            OptDecision.objects.bulk_create(lines, batch_size=BATCH)
            reviews = [self._review(client, one, each, at) for one in settled for each in one.decision.reviews]
            OptReview.objects.bulk_create(reviews, batch_size=BATCH, ignore_conflicts=True)
            if scope and scope != known.scope:
                known.scope = scope
                known.save(update_fields=["scope"])

    @sync_to_async
    def commit(self, client: str, settled: Sequence[Settled], *, job: str, at: datetime) -> None:
        """`settle` in a transaction of its own: for the careful lane, which moves no cursor."""
        self.settle(client, settled, job=job, at=at)

    @sync_to_async
    def forget_events(self, client: str, before: datetime) -> None:
        """Forget events that happened before any overlap; shadows, consents and history stay."""
        with transaction.atomic():
            self._fence()
            self._of(SeenOptOut, client, at__lt=before).delete()

    @sync_to_async
    def history(self, client: str, address: bytes) -> Sequence[Entry]:
        """What was decided about an address and why, the latest first."""
        return [entry_of(row) for row in self._of(OptDecision, client, address=address).order_by("-at", "-id")]

    @sync_to_async
    def reviews(self, client: str, *, decided: bool = False) -> Sequence[ToReview]:
        """What waits for a person, or was decided, the oldest first."""
        rows = self._of(OptReview, client, decided_at__isnull=not decided).order_by("id")
        return [review_of(row) for row in rows]

    @sync_to_async
    def answer(self, client: str, review: int, answer: Answer, *, by: str, at: datetime) -> None:
        """Note what a person (`by`, an id) decided; a contested address is released. Raises ReviewAnswered."""
        with transaction.atomic():
            self._fence()
            row = self._of(OptReview, client, pk=review, decided_at=None).select_for_update(no_key=True).first()
            if row is None:
                raise ReviewAnswered(review)
            row.sealed, row.decided_at, row.decided_by, row.answer = None, at, by, answer.value
            row.save()
            if row.reason == Review.CONTESTED.value:
                for address, shadow in self._locked(client, [bytes(row.address)]).items():
                    self._save(client, {address: released(shadow)})

    def _of(self, model: type[Any], client: str, **where: Any) -> Any:
        return model.objects.filter(org_id=self._org, client=client, **where)

    def _checked(self, client: str) -> ConsentScope | None:
        found: ConsentScope | None = self._of(ConsentScope, client).first()
        if found is not None and bytes(found.key_check) != _key_check():
            raise ShadowOfAnotherKey
        return found

    def _begin(self, client: str) -> ConsentScope:
        """Call the fence, and note with which key this client's addresses are hashed."""
        self._fence()
        ConsentScope.objects.get_or_create(org_id=self._org, client=client, defaults={"key_check": _key_check()})
        found = self._checked(client)
        assert found is not None
        return found

    def _locked(self, client: str, addresses: Collection[bytes]) -> dict[bytes, Shadow]:
        rows = self._of(OptShadow, client, address__in=addresses).order_by("address").select_for_update(no_key=True)
        return self._shadows(rows)

    def _shadows(self, rows: Any) -> dict[bytes, Shadow]:
        return {bytes(row.address): _shadow(row) for row in rows.iterator(chunk_size=10_000)}

    def _write(self, client: str, settled: Iterable[Settled]) -> None:
        self._save(
            client,
            {one.address: replace(shadow, job="") for one in settled if (shadow := one.decision.shadow) is not None},
        )

    def _save(self, client: str, shadows: Mapping[bytes, Shadow]) -> None:
        OptShadow.objects.bulk_create(
            [self._row(client, address, shadow) for address, shadow in sorted(shadows.items())],
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["org", "client", "address"],
            update_fields=list(_VALUES),
        )

    def _row(self, client: str, address: bytes, shadow: Shadow) -> OptShadow:
        return OptShadow(
            org_id=self._org,
            client=client,
            address=address,
            agreed=_text(shadow.agreed),
            since=shadow.since,
            salesforce=_text(shadow.salesforce),
            campaign_monitor=_text(shadow.campaign_monitor),
            evidence_id=shadow.evidence or None,
            job=shadow.job,
            changes=[moment.isoformat() for moment in shadow.changes],
            contested=shadow.contested,
        )

    def _use(self, client: str, settled: Iterable[Settled], at: datetime) -> None:
        events = {event.key: event for one in settled for event in one.events}
        seen = [SeenOptOut(org_id=self._org, client=client, key=key, at=events[key].at) for key in sorted(events)]
        SeenOptOut.objects.bulk_create(seen, batch_size=BATCH, ignore_conflicts=True)
        used = [each.id for one in settled for each in one.evidence]
        self._of(Consent, client, pk__in=used, used_at=None).update(used_at=at)

    def _line(self, client: str, one: Settled, job: str, at: datetime) -> OptDecision:
        line = entry(one, job, at)
        return OptDecision(
            org_id=self._org,
            client=client,
            address=one.address,
            at=at,
            rule=line.rule,
            salesforce=_text(line.salesforce),
            campaign_monitor=_text(line.campaign_monitor),
            before=_text(line.before),
            after=_text(line.after),
            out=sorted(line.out),
            into=sorted(line.into),
            evidence_id=line.evidence or None,
            job=job,
            heard=[[each.side.value, each.opt.value, each.at.isoformat()] for each in line.heard],
        )

    def _review(self, client: str, one: Settled, reason: Review, at: datetime) -> OptReview:
        return OptReview(
            org_id=self._org,
            client=client,
            address=one.address,
            sealed=secrets.seal(one.clear),
            reason=reason.value,
            rule=one.decision.rule,
            opened_at=at,
        )


def _key_check() -> bytes:
    return hashing.keyed_hash("opt status")


def _text(opt: Opt | None) -> str:
    return opt.value if opt else ""


def _opt(text: str) -> Opt | None:
    return Opt(text) if text else None


def _shadow(row: OptShadow) -> Shadow:
    return Shadow(
        agreed=_opt(row.agreed),
        since=row.since,
        salesforce=_opt(row.salesforce),
        campaign_monitor=_opt(row.campaign_monitor),
        evidence=row.evidence_id or 0,
        job=row.job,
        changes=tuple(datetime.fromisoformat(moment) for moment in row.changes),
        contested=row.contested,
    )


def _evidence(row: Consent) -> Evidence:
    return Evidence(side=Side(row.side), basis=Basis(row.basis), source=row.source, at=row.at, user=row.user, id=row.pk)


def entry_of(row: OptDecision) -> Entry:
    """A row of the history."""
    return Entry(
        at=row.at,
        rule=row.rule,
        salesforce=_opt(row.salesforce),
        campaign_monitor=_opt(row.campaign_monitor),
        before=_opt(row.before),
        after=_opt(row.after),
        out=frozenset(map(Side, row.out)),
        into=frozenset(map(Side, row.into)),
        evidence=row.evidence_id or 0,
        job=row.job,
        heard=tuple(Heard(side=Side(side), opt=Opt(opt), at=datetime.fromisoformat(at)) for side, opt, at in row.heard),
    )


def review_of(row: OptReview) -> ToReview:
    """A row of what waits for a person, or was decided."""
    return ToReview(
        id=row.pk,
        address=bytes(row.address),
        reason=Review(row.reason),
        rule=row.rule,
        opened_at=row.opened_at,
        clear=secrets.unseal(bytes(row.sealed)) if row.sealed is not None else "",
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        answer=Answer(row.answer) if row.answer else None,
    )
