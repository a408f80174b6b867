"""What the book of opt status is told and tells: words shared by the port (`sync`), its table (`store`) and its pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from fairlead.domain.consent import Decision, Event, Evidence, Opt, Review, Shadow, Side
from fairlead.domain.failure import FixTheSettings, WaitAndRetry


class ShadowMoved(WaitAndRetry):
    """An address was settled by another run between reading and committing; nothing of this commit is kept."""

    code = "FL-531"
    next_step = "Nothing has to be done: the next run reads these addresses again."

    def __init__(self, count: int) -> None:
        super().__init__(f"The opt status of {count:,} addresses was changed by another run meanwhile.")


class ShadowOfAnotherKey(FixTheSettings):
    """The remembered opt-outs were hashed with a secret key that is gone: none of them could be found."""

    code = "FL-532"
    next_step = "Put the old key back as the last one in FAIRLEAD_SECRET_KEY. It has to stay there."

    def __init__(self) -> None:
        super().__init__("The opt status that is remembered belongs to a secret key that is no longer there.")


class ReviewAnswered(FixTheSettings):
    """Somebody else has decided about this address meanwhile, or it is not there."""

    code = "FL-533"
    next_step = "Look at the review page again."

    def __init__(self, review: int) -> None:
        super().__init__(f"Number {review} of the review page is not open.")


class Answer(StrEnum):
    """What a person decided on the review page."""

    STAYS_OUT = "stays out"
    CONSENT_RECORDED = "consent recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What one run commits about an address.

    `address` is the keyed hash (32 bytes); `clear` the address itself, sealed while a review is open and else never kept.
    `before` is the shadow that the decision was made from. `salesforce` and `campaign_monitor` are what was shown then;
    `events` and `evidence` all that were read, used up by this commit.
    """

    address: bytes
    clear: str = field(repr=False)
    before: Shadow | None
    salesforce: Opt | None
    campaign_monitor: Opt | None
    decision: Decision
    events: Sequence[Event] = ()
    evidence: Sequence[Evidence] = ()

    @property
    def tells(self) -> bool:
        """Whether there is anything to put down in the history: something was written, changed or is to be looked at."""
        one = self.decision
        agreed = self.before.agreed if self.before else None
        after = one.shadow.agreed if one.shadow else None
        return bool(one.out or one.into or one.reviews or agreed is not after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An opt-out or a consent that a decision knew of, for the history: never who."""

    side: Side
    opt: Opt
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of an address's history: everything that explains the decision."""

    at: datetime
    rule: int
    salesforce: Opt | None
    campaign_monitor: Opt | None
    before: Opt | None
    after: Opt | None
    out: frozenset[Side]
    into: frozenset[Side]
    evidence: int = 0
    job: str = ""
    heard: tuple[Heard, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToReview:
    """An address that a person should look at, open or decided. `clear` is blank once it is decided."""

    id: int
    address: bytes
    reason: Review
    rule: int
    opened_at: datetime
    clear: str = field(default="", repr=False)
    decided_at: datetime | None = None
    decided_by: str = ""
    answer: Answer | None = None


def entry(settled: Settled, job: str, at: datetime) -> Entry:
    """The line of history of a commit."""
    one = settled.decision
    heard = [Heard(side=event.side, opt=Opt.OUT, at=event.at) for event in settled.events]
    heard += [Heard(side=each.side, opt=Opt.IN, at=each.at) for each in settled.evidence]
    return Entry(
        at=at,
        rule=one.rule,
        salesforce=settled.salesforce,
        campaign_monitor=settled.campaign_monitor,
        before=settled.before.agreed if settled.before else None,
        after=one.shadow.agreed if one.shadow else None,
        out=one.out,
        into=one.into,
        evidence=one.evidence.id if one.evidence else 0,
        job=job,
        heard=tuple(sorted(heard, key=lambda each: (each.at, each.side, each.opt))),
    )


def moved(before: Shadow | None, kept: Shadow | None, job: str) -> bool:
    """Whether an address is no longer as it was when it was read; a write in flight of this job is its own."""
    if kept is None:
        return before is not None
    if kept.job not in ("", job):
        return True
    nothing_yet = kept.agreed is None
    if before is None:
        return not nothing_yet
    told = (before.agreed, before.since, before.contested, before.changes, before.evidence)
    return told != (kept.agreed, kept.since, kept.contested, kept.changes, kept.evidence)
