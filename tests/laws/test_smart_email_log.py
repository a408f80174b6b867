"""Laws of the message log: whatever it holds, no message counts for two sends, and none for a send of another mark."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from fairlead.features.transactional_email.rules.log import Logged, Unclear, belongings

PEOPLE = st.sampled_from(["a@example.com", "b@example.com", "c@example.com"])
MARKS = ["one", "two", "three"]


@st.composite
def unclear(draw: st.DrawFn) -> list[Unclear]:
    """Sends with a mark and recipients each."""
    at = datetime(2026, 3, 9, tzinfo=UTC)
    marks = draw(st.lists(st.sampled_from(MARKS), unique=True, min_size=1))
    return [Unclear(n, mark, frozenset(draw(st.sets(PEOPLE, min_size=1))), at) for n, mark in enumerate(marks)]


@st.composite
def logged(draw: st.DrawFn) -> list[Logged]:
    """Messages, some with a mark (of these sends, of others, blank), some whose values the log does not show."""
    marks = st.sampled_from([*MARKS, "another", "", None])
    found = draw(st.lists(st.tuples(PEOPLE, marks), max_size=8))
    return [Logged(f"m{n}", person, mark) for n, (person, mark) in enumerate(found)]


@given(unclear(), logged())
def test_each_message_belongs_to_one_send_at_most(sends: list[Unclear], messages: list[Logged]) -> None:
    """A mark decides where it is shown; where it is not, only who was to get it may own it, once for each recipient."""
    found = belongings(sends, messages)
    given_out = [message.id for owned in found.values() for message in owned]
    assert len(given_out) == len(set(given_out))
    for send in sends:
        owned = found.get(send.id, ())
        assert all(message.token in (send.token, None) for message in owned)
        plain = [message.recipient for message in owned if message.token is None]
        assert set(plain) <= send.recipients
        assert len(plain) == len(set(plain))


@given(unclear(), logged())
def test_a_send_whose_message_is_there_is_never_taken_for_not_sent(
    sends: list[Unclear], messages: list[Logged]
) -> None:
    """At most once: one message of its mark, and it is not sent again."""
    found = belongings(sends, messages)
    for send in sends:
        if any(message.token == send.token for message in messages):
            assert send.id in found


@given(unclear(), logged())
def test_without_marks_rather_is_one_taken_for_sent_than_sent_twice(
    sends: list[Unclear], messages: list[Logged]
) -> None:
    """If the log shows no values, as many sends to one person count as sent as there are messages to that person."""
    bare = [Logged(message.id, message.recipient) for message in messages]
    found = belongings(sends, bare)
    for person in ("a@example.com", "b@example.com", "c@example.com"):
        wanted = sum(person in send.recipients for send in sends)
        there = sum(message.recipient == person for message in bare)
        counted = sum(person in [message.recipient for message in owned] for owned in found.values())
        assert counted == min(wanted, there)
