"""Opt status: the words, and what is decided about one address when both sides have been read.

The most dangerous thing that Fairlead does; `docs/explanation/opt-status.md` says why each row is as it is, and the
exhaustive model in `tests/laws/test_consent_model.py` shows what breaks without it. Times of the two sides are never
compared to find out who is right: a wrong *out* loses a mail, a wrong *in* breaks a promise.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from fairlead.domain.consent_settings import ClearedTickBox, FromCampaignMonitor, Options
from fairlead.domain.failure import FixThisRecord

DAY: Final = timedelta(hours=24)
CONTESTED_AT: Final = 4
"""So many changes of one address within a day freeze it at out."""

COARSE: Final = timedelta(minutes=1)
"""Campaign Monitor's moments are whole minutes, rounded: one may lie half a minute ahead."""


class Opt(StrEnum):
    """Whether an address may be mailed."""

    IN = "in"
    OUT = "out"


class Side(StrEnum):
    """Where an opt status stands."""

    SALESFORCE = "salesforce"
    CAMPAIGN_MONITOR = "campaign_monitor"

    @property
    def other(self) -> "Side":
        """The side across."""
        return Side.CAMPAIGN_MONITOR if self is Side.SALESFORCE else Side.SALESFORCE


class Basis(StrEnum):
    """Why a consent counts."""

    SUBSCRIBE_FORM = "subscribe form"
    PREFERENCE_CENTRE = "preference centre"
    CONFIRMED_OPT_IN = "confirmed opt-in"
    WRITTEN = "written"
    SPOKEN = "spoken"
    CLEARED_TICK_BOX = "cleared tick box"
    """Counts only where the option says that a cleared box is trusted."""


class Review(StrEnum):
    """Why a person should look at an address."""

    SHOWS_IN_AGAIN = "opted out, and shows in again"
    CLEARED_TICK_BOX = "the tick box was cleared without a consent"
    BOTH_SHOW_IN = "both sides show in without a consent"
    CONSENT_SET_ASIDE = "a consent could not count"
    CONTESTED = "changed too often in a day"
    ADDRESS_CHANGED = "a record that was out has a new address"


class SourceNamesSomebody(FixThisRecord):
    """The source of a consent holds an address; it is kept in clear, so it must name a form or a paper, not a person."""

    code = "FL-530"
    next_step = "Name the form, the paper or the call where consent was given, without the person's address."

    def __init__(self) -> None:
        super().__init__("The source of a consent cannot hold an e-mail address.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """That a person agreed to be mailed: on which side, on what basis, where, when.

    `at` has a time zone. `user` is the id of who recorded it, blank for the person themselves; never a name. `id` is the
    row that keeps it. Raises SourceNamesSomebody.
    """

    side: Side
    basis: Basis
    source: str
    at: datetime
    user: str = ""
    id: int = 0

    def __post_init__(self) -> None:
        if "@" in self.source:
            raise SourceNamesSomebody


@dataclass(frozen=True, slots=True)
class Event:
    """An opt-out in a side's own history since the last commit: who said *out*, where, when.

    `key` tells it apart (a keyed hash); `place` is the list or record, blank for the whole client; `user` is the id of who
    did it, blank where the side does not tell.
    """

    side: Side
    key: bytes
    at: datetime
    place: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a side shows of an address: `opt` is None where it has no record.

    `partly`: it shows out, but something of it may still be mailed: a second contact without the tick, another list.
    """

    opt: Opt | None
    partly: bool = False


MISSING: Final = Shown(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """What is remembered of an address; kept when its records disappear.

    `agreed` is what both sides last agreed on, None while a first write is in flight; `since` when that began, by our
    clock. `salesforce` and `campaign_monitor` are what each last returned. `evidence` is the row that let it in, 0 for
    none. `job` is a write in flight. `changes` are the last moments of change; `contested`: frozen at out.
    """

    agreed: Opt | None
    since: datetime
    salesforce: Opt | None = None
    campaign_monitor: Opt | None = None
    evidence: int = 0
    job: str = ""
    changes: tuple[datetime, ...] = ()
    contested: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about an address.

    `rule` is the row of the table (0: a write is in flight, nothing is compared). Where one side is missing it is the row
    by which the other was judged, the missing side counting as what was agreed. `out` are the sides to be written out to;
    `into` those to be written in to by the careful lane. `shadow` is what holds once that is done.
    """

    rule: int
    shadow: Shadow | None
    out: frozenset[Side] = frozenset()
    into: frozenset[Side] = frozenset()
    reviews: tuple[Review, ...] = ()
    evidence: Evidence | None = None

    @property
    def why(self) -> str:
        """The row in words."""
        return RULES[self.rule]


RULES: Final[Mapping[int, str]] = {
    0: "A write of this address is in flight, so nothing is compared.",
    1: "Seen for the first time: out if either side is out; nobody is written in.",
    2: "Both sides show in, as agreed.",
    3: "An opt-out was recorded since the last run: out wins, whatever the sides show now.",
    4: "Salesforce opted out: out in Campaign Monitor too.",
    5: "Campaign Monitor opted out: out in Salesforce too.",
    6: "Both sides opted out.",
    7: "Both sides show out, as agreed.",
    8: "Consent was recorded in Salesforce: in again in Campaign Monitor.",
    9: "Salesforce shows in without a consent: out again.",
    10: "Consent was given in Campaign Monitor: in again in Salesforce.",
    11: "Campaign Monitor shows in without a consent: out again.",
    12: "Both sides show in, and a consent is recorded.",
    13: "Both sides show in without a consent: out again on both.",
    14: "No side has a record: what was agreed is kept.",
    15: "A consent and an opt-out came in the same cycle: out wins.",
}


def decide(
    shadow: Shadow | None,
    salesforce: Shown,
    campaign_monitor: Shown,
    events: Collection[Event],
    evidence: Sequence[Evidence],
    options: Options,
    *,
    now: datetime,
) -> Decision:
    """The decision about one address; `now` has a time zone.

    `events` and `evidence` are those that no earlier commit has used (`consent_sides.opt_outs` and `not_ours` first).
    """
    if shadow is not None and shadow.job:
        return Decision(0, shadow)
    shown = {Side.SALESFORCE: salesforce, Side.CAMPAIGN_MONITOR: campaign_monitor}
    trusts = options.cleared_tick_box is ClearedTickBox.TRUST
    given = [one for one in evidence if trusts or one.basis is not Basis.CLEARED_TICK_BOX]
    counted = next((one for one in given if _counts(one, shadow, shown, options)), None)
    rule, goal, review = _row(shadow, shown, events, given, counted)
    reviews = [review] if review else []
    held = rule == 9 and options.cleared_tick_box is ClearedTickBox.ASK
    if held:
        reviews.append(Review.CLEARED_TICK_BOX)
    out, into = _writes(goal, shown, options, held=held)
    agreed = shadow.agreed if shadow else None
    changed = bool(out or into or (agreed and goal is not agreed))
    changes = _changes(shadow, now, changed=changed)
    contested = shadow is not None and shadow.contested
    if changed and not contested and len(changes) >= CONTESTED_AT:
        contested, goal, counted = True, Opt.OUT, None
        out, into = _writes(goal, shown, options, held=False)
        reviews.append(Review.CONTESTED)
    if goal is None:
        return Decision(rule, shadow, reviews=tuple(reviews))
    after = {side: Opt.OUT if side in out else Opt.IN if side in into else shown[side].opt for side in Side}
    let_in = counted if goal is Opt.IN and agreed is Opt.OUT else None
    kept = shadow.evidence if shadow is not None and goal is Opt.IN else 0
    remembered = Shadow(
        agreed=goal,
        since=shadow.since if shadow is not None and goal is agreed else now,
        salesforce=after[Side.SALESFORCE],
        campaign_monitor=after[Side.CAMPAIGN_MONITOR],
        evidence=let_in.id if let_in else kept,
        changes=changes,
        contested=contested,
    )
    return Decision(rule, remembered, out, into, tuple(reviews), let_in)


def may_write(side: Side, options: Options) -> bool:
    """Whether opt status may be written to a side at all."""
    if side is Side.CAMPAIGN_MONITOR:
        return options.opt_out_from_salesforce
    return options.opt_out_from_campaign_monitor is not FromCampaignMonitor.OFF


def released(shadow: Shadow) -> Shadow:
    """After a person has looked at a contested address: it stays out, and later evidence counts again."""
    return replace(shadow, contested=False, changes=())


@dataclass(frozen=True, slots=True)
class Moved:
    """What holds for a record's new address, and why somebody should look."""

    shadow: Shadow | None
    review: Review | None = None


def after_address_change(old: Shadow | None, new: Shadow | None, *, now: datetime) -> Moved:
    """The new address's own row decides; where it has none and the old one was out, the record stays out."""
    if old is None or old.agreed is not Opt.OUT or (new is not None and new.agreed is not None):
        return Moved(new)
    job = new.job if new is not None else ""
    return Moved(Shadow(agreed=Opt.OUT, since=now, job=job), Review.ADDRESS_CHANGED)


def stands_in_the_way(
    shadow: Shadow | None, salesforce: Shown, campaign_monitor: Shown, options: Options
) -> Side | None:
    """The side whose opt-out forbids adding somebody to a list; None where nothing does.

    Who is out in Campaign Monitor is never added: only the careful lane brings anybody back.
    """
    if campaign_monitor.opt is Opt.OUT:
        return Side.CAMPAIGN_MONITOR
    known = shadow is not None and shadow.agreed is Opt.OUT
    if options.block_adding_opted_out and (known or salesforce.opt is Opt.OUT):
        return Side.SALESFORCE
    return None


def _counts(evidence: Evidence, shadow: Shadow | None, shown: Mapping[Side, Shown], options: Options) -> bool:
    """Whether a consent can let an address in.

    Its side must show in, it must be later than the opt-out, the address not frozen, and the other side writable if it
    is out.
    """
    if shown[evidence.side].opt is not Opt.IN:
        return False
    other = evidence.side.other
    if shown[other].opt is Opt.OUT and not may_write(other, options):
        return False
    if shadow is None:
        return True
    coarse = COARSE if evidence.side is Side.CAMPAIGN_MONITOR else timedelta()
    return not shadow.contested and evidence.at - coarse > shadow.since


def _row(
    shadow: Shadow | None,
    shown: Mapping[Side, Shown],
    events: Collection[Event],
    given: Sequence[Evidence],
    counted: Evidence | None,
) -> tuple[int, Opt | None, Review | None]:
    """The row of the table, what is agreed by it, and why to look."""
    agreed = shadow.agreed if shadow else None
    values = [each.opt for each in shown.values() if each.opt]
    newly_out = agreed is Opt.IN and Opt.OUT in values
    if given and (events or newly_out):
        return 15, Opt.OUT, Review.CONSENT_SET_ASIDE
    if events:
        sides = {event.side for event in events}
        again = any(shown[side].opt is Opt.IN and (side in sides or agreed is Opt.OUT) for side in Side)
        return 3, Opt.OUT, Review.SHOWS_IN_AGAIN if again else None
    aside = Review.CONSENT_SET_ASIDE if given else None
    if not values:
        return 14, agreed, aside
    if agreed is None:
        return (1, Opt.OUT, aside) if Opt.OUT in values else (1, Opt.IN, None)
    pair = (shown[Side.SALESFORCE].opt or agreed, shown[Side.CAMPAIGN_MONITOR].opt or agreed)
    if agreed is Opt.IN:
        return _WAS_IN[pair], Opt.OUT if Opt.OUT in pair else Opt.IN, None
    if counted is not None:
        return _CONSENTED[pair], Opt.IN, None
    rule = _WAS_OUT[pair]
    return rule, Opt.OUT, aside or (Review.BOTH_SHOW_IN if rule == 13 else None)


_IN, _OUT = Opt.IN, Opt.OUT
_WAS_IN: Final = {(_IN, _IN): 2, (_OUT, _IN): 4, (_IN, _OUT): 5, (_OUT, _OUT): 6}
_WAS_OUT: Final = {(_OUT, _OUT): 7, (_IN, _OUT): 9, (_OUT, _IN): 11, (_IN, _IN): 13}
_CONSENTED: Final = {(_IN, _OUT): 8, (_OUT, _IN): 10, (_IN, _IN): 12}


def _writes(
    goal: Opt | None, shown: Mapping[Side, Shown], options: Options, *, held: bool
) -> tuple[frozenset[Side], frozenset[Side]]:
    """The sides to write out to, and those to write in to. `held`: the tick box waits for a person."""
    writable = [side for side in Side if may_write(side, options) and not (held and side is Side.SALESFORCE)]
    if goal is Opt.OUT:
        return frozenset(side for side in writable if shown[side].opt is Opt.IN or shown[side].partly), frozenset()
    if goal is Opt.IN:
        return frozenset(), frozenset(side for side in writable if shown[side].opt is Opt.OUT)
    return frozenset(), frozenset()


def _changes(shadow: Shadow | None, now: datetime, *, changed: bool) -> tuple[datetime, ...]:
    """The moments of change within a day, with this one; as they were where nothing changes."""
    before = shadow.changes if shadow is not None else ()
    if not changed:
        return before
    return (*(moment for moment in before if now - moment < DAY), now)[-CONTESTED_AT:]
