"""What managing lists may do: every act × every state, and nobody is brought back."""

from datetime import UTC, datetime

import pytest

from fairlead.domain.consent import MISSING, Opt, Shadow, Shown
from fairlead.domain.consent_settings import Options
from fairlead.features.people.rules.memberships import (
    ACTIVE,
    BOUNCED,
    DELETED,
    MAILED,
    UNCONFIRMED,
    UNSUBSCRIBED,
    Act,
    Consent,
    NothingChosen,
    Place,
    Step,
    chosen,
    plan,
)

STATES = ("", ACTIVE, UNCONFIRMED, UNSUBSCRIBED, BOUNCED, DELETED)
OUT = Shadow(agreed=Opt.OUT, since=datetime(2026, 1, 1, tzinfo=UTC))


def place(state: str = "", **more: object) -> Place:
    return Place("l", "News", "c", "Client", state, **more)  # type: ignore[arg-type]


def one(act: Act, of: Place, consent: Consent | None = None, *, paused: bool = False) -> Step:
    (step,) = plan(act, ["l"], [of], consent or Consent(), paused=paused)
    return step


def code(step: Step) -> str:
    return step.refused.code if step.refused else ""


@pytest.mark.parametrize("state", STATES)
def test_only_who_is_mailed_leaves(state: str) -> None:
    """Of others nothing is changed: who unsubscribed is not removed, because removing forgets that."""
    for act in (Act.REMOVE, Act.UNSUBSCRIBE):
        step = one(act, place(state))
        assert step.changes == (state in MAILED)
        assert code(step) == ("" if state in MAILED else "FL-622")
        assert step.why


@pytest.mark.parametrize(
    ("state", "changes", "refused"),
    [
        ("", True, ""),
        (DELETED, True, ""),
        (ACTIVE, False, ""),
        (UNCONFIRMED, False, ""),
        (UNSUBSCRIBED, False, "FL-620"),
        (BOUNCED, False, "FL-623"),
    ],
)
def test_who_may_be_added(state: str, changes: bool, refused: str) -> None:
    step = one(Act.ADD, place(state))
    assert (step.changes, code(step)) == (changes, refused)
    assert step.why


@pytest.mark.parametrize("state", ["", DELETED])
def test_nobody_who_opted_out_or_is_suppressed_is_added(state: str) -> None:
    """By the tick box, by what is remembered of the list's client, by the suppression list."""
    ticked = Consent(box=Shown(Opt.OUT))
    remembered = Consent(shadows={"c": OUT})
    assert code(one(Act.ADD, place(state), ticked)) == "FL-620"
    assert code(one(Act.ADD, place(state), remembered)) == "FL-620"
    assert code(one(Act.ADD, place(state, suppressed=True))) == "FL-624"
    assert one(Act.ADD, place(state), Consent(shadows={"another": OUT}, box=Shown(Opt.IN))).changes


def test_who_left_a_list_stays_out_whatever_is_chosen() -> None:
    """Without the block, too, and with a clear box: only the careful lane brings anybody back."""
    free = Consent(box=MISSING, options=Options(block_adding_opted_out=False))
    assert code(one(Act.ADD, place(UNSUBSCRIBED), free)) == "FL-620"


@pytest.mark.parametrize("act", Act)
def test_a_pause_holds_all_but_unsubscribing(act: Act) -> None:
    step = one(act, place(ACTIVE if act is not Act.ADD else ""), paused=True)
    assert (code(step) == "FL-625") == (act in (Act.ADD, Act.REMOVE))


def test_what_will_happen_is_told() -> None:
    """A confirmation, a list that speaks for its client, somebody who was there before."""
    assert "confirm" in one(Act.ADD, place(asks=True)).will
    assert "again" in one(Act.ADD, place(DELETED)).will
    assert "all other lists" in one(Act.UNSUBSCRIBE, place(ACTIVE, shared=True)).will
    assert "all other lists" not in one(Act.UNSUBSCRIBE, place(ACTIVE)).will
    assert "no opt-out" in one(Act.REMOVE, place(ACTIVE)).will
    assert len({act.label for act in Act}) == len(Act)


def test_of_an_opt_out_and_a_suppression_the_opt_out_is_told() -> None:
    """Who unsubscribes from all lists of a client is suppressed by that, too."""
    assert code(one(Act.ADD, place(UNSUBSCRIBED, suppressed=True))) == "FL-620"
    assert code(one(Act.ADD, place(BOUNCED, suppressed=True))) == "FL-624"


def test_a_list_that_is_not_known_is_refused_for_itself() -> None:
    steps = plan(Act.REMOVE, ["x", "l", "x"], [place(ACTIVE)], Consent())
    assert [(step.place.list, code(step)) for step in steps] == [("x", "FL-621"), ("l", "")]


def test_all_lists_are_those_that_mail() -> None:
    """And without any there is nothing to do; of chosen ones at least one must be."""
    places = [Place(state or "none", "N", "c", "C", state) for state in STATES]
    assert set(chosen(Act.UNSUBSCRIBE_ALL, [], places)) == MAILED
    assert chosen(Act.UNSUBSCRIBE_ALL, [], []) == []
    with pytest.raises(NothingChosen):
        chosen(Act.ADD, [], places)
