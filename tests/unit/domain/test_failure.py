"""Which of several failures is told."""

from fairlead.domain.failure import FixTheSettings, WaitAndRetry, the_one_to_act_on


def test_of_several_failures_the_one_that_a_person_must_act_on_is_told_with_how_many_there_were():
    passes, needs_somebody = WaitAndRetry("Busy."), FixTheSettings("Wrong.")
    assert the_one_to_act_on([passes, needs_somebody], "lists", 7) is needs_somebody
    assert str(needs_somebody) == "2 of 7 lists did not come to their end; the first says: Wrong."


def test_one_failure_alone_is_told_as_it_is():
    passes = WaitAndRetry("Busy.")
    assert the_one_to_act_on([passes], "lists", 7) is passes
    assert str(passes) == "Busy."
