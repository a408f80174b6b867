"""The second part of a run: a decision about each address that was read, by the table."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from fairlead.domain.consent import (
    Basis,
    Decision,
    Event,
    Evidence,
    Opt,
    Review,
    Shadow,
    Shown,
    Side,
    decide,
)
from fairlead.domain.consent_book import Settled
from fairlead.domain.consent_guard import Judged
from fairlead.domain.consent_settings import ClearedTickBox
from fairlead.domain.consent_sides import Write, not_ours, opt_outs, salesforce_side
from fairlead.features.opt_status import records, rules
from fairlead.features.opt_status.account_side import Standing
from fairlead.features.opt_status.gathering import Gathered, by_address, events_of, shadows_of
from fairlead.features.opt_status.org_side import Box, Changed, Ticked
from fairlead.features.opt_status.records import Waiting

if TYPE_CHECKING:
    from fairlead.features.opt_status.flow import ClientRun

CLEARED: Final = "Email Opt Out was cleared"
PREVIEWED: Final = -1
"""The id of a consent that a preview does not record."""


@dataclass(slots=True)
class Case:
    """An address with all that its decision is made from.

    `clears`: a recorded consent clears the tick first. `restores`: a person decided that a cleared tick does not count.
    """

    address: str = field(repr=False)
    key: bytes
    before: Shadow | None
    boxes: list[Box]
    standing: Standing
    shown: dict[Side, Shown]
    events: list[Event]
    counting: list[Event]
    evidence: list[Evidence]
    decision: Decision = field(default_factory=lambda: Decision(0, None))
    clears: bool = False
    restores: bool = False

    @property
    def in_flight(self) -> bool:
        """Whether another job writes it just now."""
        return self.before is not None and bool(self.before.job)

    @property
    def judged(self) -> Judged:
        """As the guard takes it."""
        return Judged(self.before.agreed if self.before else None, self.decision)

    @property
    def into(self) -> bool:
        """Whether it takes the careful lane."""
        return bool(self.decision.into) or self.clears

    @property
    def tells(self) -> bool:
        """Whether there is anything to commit."""
        made = self.decision
        if made.rule == 0 and made.shadow is not None and made.shadow.job:
            return False
        if self.events or self.evidence or made.out or self.into or made.reviews:
            return True
        if made.shadow is None:
            return False
        if self.before is None:
            return made.shadow.agreed is Opt.OUT or made.shadow.campaign_monitor is not None
        return _remembered(self.before) != _remembered(made.shadow)

    def seen(self, side: Side) -> tuple[Opt | None, Opt | None]:
        """What a side returned before, and shows now."""
        return rules.returned(self.before, side) if self.before else None, self.shown[side].opt

    def settled(self) -> Settled:
        """As the book takes it."""
        return Settled(
            address=self.key,
            clear=self.address,
            before=self.before,
            salesforce=self.shown[Side.SALESFORCE].opt,
            campaign_monitor=self.shown[Side.CAMPAIGN_MONITOR].opt,
            decision=self.decision,
            events=self.events,
            evidence=self.evidence,
        )


def _remembered(shadow: Shadow) -> tuple[object, ...]:
    return (shadow.agreed, shadow.salesforce, shadow.campaign_monitor, shadow.contested, shadow.evidence)


async def judge(run: "ClientRun", gathered: Gathered) -> dict[str, Case]:
    """A decision for each address. Events are read after the states, consents after the events."""
    addresses = sorted(gathered.addresses)
    ticks, gone = by_address(gathered.ticks), by_address(gathered.gone)
    told: dict[str, list[Event]] = {}
    for each in addresses:
        standing, waits = gathered.standing.get(each, Standing()), gathered.waiting.get(each)
        told[each] = events_of(
            each,
            [*standing.left, *run.account.heard(waits.heard if waits else ())],
            [one for one in ticks.get(each, ()) if isinstance(one, Ticked)],
            [one for one in gone.get(each, ()) if isinstance(one, Changed)],
            gathered.events_since,
        )
    unseen = set(await run.opting.book.unseen(run.client.id, [event.key for every in told.values() for event in every]))
    writes = await records.own_ticks(run.opting.org_id, gathered.events_since)
    shadows = await shadows_of(run, addresses)
    consents = await _evidence(run, addresses)
    cases = {}
    for each in addresses:
        events = list({event.key: event for event in told[each] if event.key in unseen}.values())
        case = _case(run, gathered, each, events, writes, shadows.get(each))
        case.evidence = list(consents.get(case.key, ()))
        await _decide(run, case, gathered.waiting.get(each))
        cases[each] = case
    await _hold_shared_boxes(run, cases)
    return cases


async def _evidence(run: "ClientRun", addresses: Iterable[str]) -> dict[bytes, Sequence[Evidence]]:
    keys = [records.address_key(each) for each in addresses]
    found: dict[bytes, Sequence[Evidence]] = {}
    for start in range(0, len(keys), records.PART):
        found |= await run.opting.book.evidence(run.client.id, keys[start : start + records.PART])
    return found


def _case(
    run: "ClientRun",
    gathered: Gathered,
    address: str,
    events: list[Event],
    writes: Collection[Write],
    before: Shadow | None,
) -> Case:
    chosen = run.opting.options
    standing, boxes = gathered.standing.get(address, Standing()), gathered.boxes.get(address, [])
    shown = {
        Side.SALESFORCE: salesforce_side(box.ticked for box in boxes),
        Side.CAMPAIGN_MONITOR: standing.shown(chosen),
    }
    counting = opt_outs(not_ours(events, writes), standing.memberships, chosen)
    return Case(address, records.address_key(address), before, boxes, standing, shown, events, counting, [])


async def _decide(run: "ClientRun", case: Case, waiting: Waiting | None) -> None:
    """The decision; a consent that waits is carried out if it counts once the tick is cleared."""
    opting = run.opting
    waits = waiting.consent if waiting else None
    case.restores = waiting is not None and waiting.restores
    await _trust(run, case)
    if waits is not None and case.boxes and not (case.before and case.before.job):
        given = replace(waits, id=PREVIEWED) if opting.wanted.preview else await opting.book.record(
            run.client.id, case.key, waits
        )  # fmt: skip
        case.evidence = [one for one in case.evidence if one.id != given.id] + [given]
        cleared = replace(case, shown=case.shown | {Side.SALESFORCE: Shown(Opt.IN)})
        made = _table(run, cleared)
        let_in = made.shadow is not None and made.shadow.agreed is Opt.IN and made.evidence is not None
        if let_in:
            case.decision = made
            case.clears = case.shown[Side.SALESFORCE].opt is Opt.OUT
            return
    case.decision = _table(run, case)


async def _trust(run: "ClientRun", case: Case) -> None:
    """Where a cleared box is trusted, it is a consent of the moment at which its record was saved last."""
    before, opting = case.before, run.opting
    if opting.options.cleared_tick_box is not ClearedTickBox.TRUST or before is None:
        return
    was_out = before.agreed is Opt.OUT and before.salesforce is Opt.OUT
    if not was_out or case.shown[Side.SALESFORCE].opt is not Opt.IN or case.evidence or before.job:
        return
    given = Evidence(
        side=Side.SALESFORCE,
        basis=Basis.CLEARED_TICK_BOX,
        source=CLEARED,
        at=max(box.stamp for box in case.boxes),
        id=PREVIEWED if opting.wanted.preview else 0,
    )
    case.evidence.append(given if given.id else await opting.book.record(run.client.id, case.key, given))


def _table(run: "ClientRun", case: Case) -> Decision:
    shown, chosen = case.shown, run.opting.options
    if case.restores:
        chosen = replace(chosen, cleared_tick_box=ClearedTickBox.RESTORE)
    return decide(
        case.before,
        shown[Side.SALESFORCE],
        shown[Side.CAMPAIGN_MONITOR],
        case.counting,
        case.evidence,
        chosen,
        now=run.now,
    )


async def _hold_shared_boxes(run: "ClientRun", cases: dict[str, Case]) -> None:
    """A box is shared by all clients: while the address is out for another one it stays, and a person has to look."""
    wanted = {case.key: case for case in cases.values() if Side.SALESFORCE in case.decision.into or case.clears}
    for key in await records.out_elsewhere(run.opting.org_id, run.client.id, list(wanted)):
        case = wanted[key]
        case.clears = False
        evidence, case.evidence = case.evidence, []
        made = _table(run, case)
        case.evidence = evidence
        case.decision = replace(made, reviews=(*made.reviews, Review.CONSENT_SET_ASIDE))
