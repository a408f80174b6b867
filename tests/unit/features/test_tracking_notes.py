"""Notes of events as arrays, held against the plain counting of each event."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.features.tracking_history import notes
from fairlead.features.tracking_history.notes import Remembered, Tallies, Tally
from fairlead.sync.event_ports import FORGET_ALL, Noted

WHO = [b"\0" * 32, b"a" * 31 + b"\0", b"a" * 32, b"\xff" * 32]
KEYS = [b"\0" * 16, b"k" * 15 + b"\0", b"k" * 16, b"\xfe" * 16]
MOMENTS = [f"2026-03-{day:02}T0{hour}:30:00.000Z" for day in (1, 2) for hour in (1, 2)]
MINUTES = [f"2026-03-0{day} 09:30" for day in (1, 2, 3)]

counted = st.lists(st.tuples(st.sampled_from(WHO), st.sampled_from(MOMENTS)), max_size=30)
linked = st.lists(
    st.tuples(st.sampled_from(WHO), st.sampled_from(["", "003A", "003B"]), st.sampled_from(["", "00QA"]), st.sampled_from(MOMENTS)),
    max_size=30,
)  # fmt: skip
remembered = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(MINUTES), st.booleans()), max_size=20)


def noted(members: list, links: list) -> Noted:
    columns = [list(column) for column in zip(*links, strict=True)] or [[], [], [], []]
    return Noted([who for who, _ in members], [at for _, at in members], *columns, [], [], [])


def second(moment: str) -> int:
    return int(datetime.fromisoformat(moment[:19]).replace(tzinfo=UTC).timestamp())


def members_of(tally: Tally) -> dict[bytes, tuple[int, int]]:
    """By hash, as it stands in the bytes: numpy's own texts leave trailing zeros out."""
    hashes = tally.members["who"].tobytes()
    return {
        hashes[32 * i : 32 * i + 32]: (count, last)
        for i, (count, last) in enumerate(
            zip(tally.members["count"].tolist(), tally.members["last"].tolist(), strict=True)
        )
    }


@settings(deadline=None)
@given(st.lists(st.tuples(counted, linked), max_size=4))
def test_a_tally_tells_of_each_what_counting_one_by_one_tells(pages: list) -> None:
    tally = Tally.joined([Tally.of(noted(*page)) for page in pages])
    tally = Tally.joined([Tally.from_bytes(body) for body in tally.to_bytes()])

    events = [event for members, _ in pages for event in members]
    counts = Counter(who for who, _ in events)
    assert members_of(tally) == {
        who: (n, max(second(at) for of, at in events if of == who)) for who, n in counts.items()
    }
    assert list(members_of(tally)) == sorted(counts)
    links = [link for _, of_page in pages for link in of_page]
    hashes = tally.linked["who"].tobytes()
    for i, record in enumerate(tally.linked):
        of_one = [link for link in links if link[0] == hashes[32 * i : 32 * i + 32]]
        moments = [second(at) for *_, at in of_one]
        assert record["contact"].decode() == max(contact for _, contact, _, _ in of_one)
        assert record["lead"].decode() == max(lead for _, _, lead, _ in of_one)
        assert (record["count"], record["first"], record["last"]) == (len(of_one), min(moments), max(moments))
    assert len(tally.linked) == len({who for who, *_ in links})


@settings(deadline=None)
@given(remembered, remembered, st.sampled_from(["", FORGET_ALL, *MINUTES]))
def test_what_is_remembered_is_found_with_its_flag(before: list, after: list, since: str) -> None:
    def of(events: list) -> Remembered:
        return Remembered.of(*([list(column) for column in zip(*events, strict=True)] or [[], [], []]))

    held = of(before).joined([of(after)]).since(since)
    held = Remembered.from_bytes(list(held.to_bytes()))

    first = {key: minute for key, minute, _ in reversed([*of_each(before), *of_each(after)])}
    flagged = {key for key, _, flag in [*before, *after] if flag}
    assert held.find(KEYS) == {key: key in flagged for key, minute in first.items() if minute >= since}
    assert len(held) == len(held.find(KEYS))


def of_each(events: list) -> list:
    """The first of each key: numpy's sort is stable where keys are told apart by their place."""
    return list({key: (key, minute, flag) for key, minute, flag in reversed(events)}.values())


def test_a_growing_tally_is_put_aside_only_when_it_does_not_shrink() -> None:
    """Many events of few people stay in memory; many people are handed out, and nothing of them is left behind."""
    few, tallies = noted([(WHO[2], MOMENTS[0])] * notes.HELD, []), Tallies()
    tallies.add(few)
    assert tallies.full() is None
    assert members_of(tallies.rest()) == {WHO[2]: (notes.HELD, second(MOMENTS[0]))}
    many = noted([(n.to_bytes(32, "big"), MOMENTS[0]) for n in range(notes.HELD)], [])
    tallies.add(many)

    full = tallies.full()

    assert full is not None
    assert len(full) == notes.HELD + 1
    assert len(tallies.rest()) == 0


def test_what_is_no_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="another form"):
        notes.seconds(["2026-03-01"])
