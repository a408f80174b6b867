"""Every state that one address can reach: people opt out, clear boxes, consent, delete and make records on either side, while
runs crash between writes and one human act slips between reading and writing.

A state is what each side shows, the shadow, and what happened since the last commit. A policy says what to write and what
is agreed. It is unsafe where, after an undisturbed run, somebody who last said *out* is shown *in* on any side.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product

from fairlead.domain.consent import Basis, Event, Evidence, Opt, Shadow, Shown, Side, decide
from fairlead.domain.consent_settings import Options

IN, OUT, NONE = Opt.IN, Opt.OUT, None
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
VALUES = (IN, OUT, NONE)
DEFAULTS = Options()


@dataclass(frozen=True, slots=True)
class State:
    """`a` Salesforce, `b` Campaign Monitor; `consent_*` and `left_*`: since the last commit; `asked`: what the person last said.

    `changes` counts the changes of the day, where time never passes; `frozen`: contested.
    """

    a: Opt | None
    b: Opt | None
    agreed: Opt | None
    consent_a: bool = False
    consent_b: bool = False
    left_a: bool = False
    left_b: bool = False
    asked: Opt = IN
    changes: int = 0
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy writes to each side, and what is agreed then."""

    a: Opt | None
    b: Opt | None
    agreed: Opt | None
    changes: int = 0
    frozen: bool = False


Policy = Callable[[State], Verdict]


@cache
def table(state: State, options: Options = DEFAULTS, *, history: bool = True, counting: bool = False) -> Verdict:
    """The table as the product decides. Without `history` it sees no events; `counting` lets the day's changes count."""
    changes = tuple(NOON - timedelta(hours=1) for _ in range(state.changes)) if counting else ()
    shadow = Shadow(agreed=state.agreed, since=NOON - timedelta(days=1), changes=changes, contested=state.frozen)
    events = [
        Event(side, side.encode(), NOON - timedelta(minutes=5))
        for side, left in ((Side.SALESFORCE, state.left_a), (Side.CAMPAIGN_MONITOR, state.left_b))
        if left and history
    ]
    evidence = [
        Evidence(side=side, basis=Basis.WRITTEN, source="form", at=NOON - timedelta(minutes=5), id=1)
        for side, given in ((Side.SALESFORCE, state.consent_a), (Side.CAMPAIGN_MONITOR, state.consent_b))
        if given
    ]
    known = None if state.agreed is None else shadow
    made = decide(known, Shown(state.a), Shown(state.b), events, evidence, options, now=NOON)
    after = made.shadow
    return Verdict(
        _written(made.out, made.into, Side.SALESFORCE),
        _written(made.out, made.into, Side.CAMPAIGN_MONITOR),
        after.agreed if after else None,
        len(after.changes) if after and counting else 0,
        bool(after and after.contested) and counting,
    )


def _written(out: frozenset[Side], into: frozenset[Side], side: Side) -> Opt | None:
    return OUT if side in out else IN if side in into else None


def snapshots_only(state: State) -> Verdict:
    """The table without row 3: no history, only what is shown when somebody looks."""
    return table(state, history=False)


def three_way(state: State) -> Verdict:
    """The ordinary comparison with the last agreement, both directions alike: whoever changed is right."""
    present = [value for value in (state.a, state.b) if value]
    changed = [value for value in present if value is not state.agreed]
    if state.left_a or state.left_b:
        goal: Opt | None = OUT
    elif state.agreed is None:
        goal = OUT if OUT in present else (present[0] if present else None)
    elif changed:
        goal = changed[0] if len(set(changed)) == 1 else OUT
    else:
        goal = state.agreed
    return _towards(state, goal)


def no_shadow(state: State) -> Verdict:
    """Nothing is remembered: out wins, history is read."""
    present = [value for value in (state.a, state.b) if value]
    left = OUT in present or state.left_a or state.left_b
    return _towards(state, OUT if left else (IN if present else None))


def forgetful(state: State) -> Verdict:
    """The table, but the shadow goes with a record that disappears."""
    return Verdict(None, None, None) if None in (state.a, state.b) else table(state)


def _towards(state: State, goal: Opt | None) -> Verdict:
    a = goal if state.a and goal and state.a is not goal else None
    b = goal if state.b and goal and state.b is not goal else None
    return Verdict(a, b, goal)


def acts(one: State) -> Iterator[tuple[str, State]]:
    """What people may do now. An opt-out takes back the same side's consent, and a consent its earlier opt-out."""
    if one.a is IN:
        yield "leaves in a", replace(one, a=OUT, consent_a=False, left_a=True, asked=OUT)
    if one.b is IN:
        yield "leaves in b", replace(one, b=OUT, consent_b=False, left_b=True, asked=OUT)
    if one.a is OUT:
        yield "clears a", replace(one, a=IN, consent_a=False)
        yield "consents in a", replace(one, a=IN, consent_a=True, left_a=False, asked=IN)
    if one.b is OUT:
        yield "clears b", replace(one, b=IN, consent_b=False)
        yield "consents in b", replace(one, b=IN, consent_b=True, left_b=False, asked=IN)
    yield ("deletes a", replace(one, a=NONE, consent_a=False)) if one.a else ("makes a", replace(one, a=IN))
    yield ("deletes b", replace(one, b=NONE, consent_b=False)) if one.b else ("makes b", replace(one, b=IN))


def written(one: State, side: str, value: Opt) -> State:
    """After a write; what has no record stays without."""
    return replace(one, **{side: value}) if getattr(one, side) else one


def committed(one: State, read: State, verdict: Verdict) -> State:
    """The shadow is what was agreed; used up is only what the run had read."""
    return replace(
        one,
        agreed=verdict.agreed,
        consent_a=one.consent_a and not read.consent_a,
        consent_b=one.consent_b and not read.consent_b,
        left_a=one.left_a and not read.left_a,
        left_b=one.left_b and not read.left_b,
        changes=verdict.changes,
        frozen=verdict.frozen,
    )


def steps(verdict: Verdict) -> list[tuple[str, Opt]]:
    """The writes of a run."""
    return [(side, value) for side, value in (("a", verdict.a), ("b", verdict.b)) if value]


def undisturbed(one: State, policy: Policy) -> tuple[State, int]:
    """After a run that nothing disturbs, and how many writes it made."""
    verdict = policy(one)
    now = one
    for side, value in steps(verdict):
        now = written(now, side, value)
    return committed(now, one, verdict), len(steps(verdict))


def disturbed(one: State, policy: Policy, *, fresh: bool) -> Iterator[tuple[str, State]]:
    """After runs that crash after any write, in any order, or that one human act slips into.

    `fresh`: writes in read again first, and are given up where somebody left meanwhile.
    """
    verdict = policy(one)
    for order in (steps(verdict), steps(verdict)[::-1]):
        now = one
        for done in range(len(order) + 1):
            if done:
                now = written(now, *order[done - 1])
                yield f"crash after {done} writes", now
            for name, moved in acts(now):
                if fresh and verdict.agreed is IN and name.startswith("leaves"):
                    yield f"{name}, in given up", moved
                    continue
                after = moved
                for side, value in order[done:]:
                    after = written(after, side, value)
                yield f"{name} between", committed(after, one, verdict)


@dataclass(slots=True)
class Found:
    """What an exploration came by: all states with how they were reached, and those that break a promise."""

    reached: dict[State, tuple[State, str] | None]
    unsafe: list[State] = field(default_factory=list)
    restless: list[State] = field(default_factory=list)
    differing: list[State] = field(default_factory=list)

    def path(self, state: State) -> list[str]:
        """The acts that led to a state."""
        names = []
        while (before := self.reached[state]) is not None:
            state, name = before
            names.append(name)
        return names[::-1]

    def shortest(self) -> list[str]:
        """The acts of the shortest way to an unsafe state."""
        return min(map(self.path, self.unsafe), key=len)


def explore(policy: Policy, *, fresh: bool = True) -> Found:
    """Every state that can be reached from any first sight."""
    first = [State(a, b, None, asked=OUT if OUT in (a, b) else IN) for a, b in product(VALUES, repeat=2)]
    starts = [undisturbed(one, policy)[0] for one in first]
    found = Found(dict.fromkeys(starts))
    waiting = deque(found.reached)
    while waiting:
        one = waiting.popleft()
        after, _ = undisturbed(one, policy)
        again, writes = undisturbed(after, policy)
        if again.asked is OUT and IN in (again.a, again.b):
            found.unsafe.append(one)
        if writes:
            found.restless.append(one)
        if after.a and after.b and after.a is not after.b:
            found.differing.append(one)
        for name, moved in (*acts(one), ("run", after), *disturbed(one, policy, fresh=fresh)):
            if moved not in found.reached:
                found.reached[moved] = (one, name)
                waiting.append(moved)
    return found
