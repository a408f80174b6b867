"""Which contact and lead an address belongs to."""

from hypothesis import given
from hypothesis import strategies as st

from fairlead.sync.match import BY_LEAD, DIRECT, IndexBuilder, MatchIndex

OLD, NEW = "2026-01-01T00:00:00.000+0000", "2026-02-01T00:00:00.000+0000"


def index(*records: tuple[str, str, str, int]):
    builder = IndexBuilder()
    for address, id_, modified, rank in records:
        builder.add([address], [id_], [modified], rank)
    return builder.build()


def test_case_and_blanks_do_not_matter() -> None:
    """Salesforce compares addresses without regard to case."""
    found = MatchIndex(index(("Ann@Example.com", "003A", OLD, 1)), index()).match([" ann@example.COM", "b@example.com"])

    assert found == (["003A", ""], ["", ""])


def test_of_several_records_the_most_recently_modified_is_linked() -> None:
    """Two contacts with one address: the one somebody touched last."""
    contacts = index(("a@example.com", "003OLD", OLD, 1), ("A@example.com", "003NEW", NEW, 1))

    assert MatchIndex(contacts, index()).match(["a@example.com"])[0] == ["003NEW"]


def test_contact_and_lead_are_both_linked() -> None:
    """An address of a contact and of a lead belongs to both."""
    found = MatchIndex(index(("a@example.com", "003A", OLD, 1)), index(("a@example.com", "00QA", NEW, 1)))

    assert found.match(["a@example.com"]) == (["003A"], ["00QA"])


def test_a_converted_lead_leads_to_its_contact_unless_a_contact_has_the_address() -> None:
    """A direct match wins, however old it is."""
    by_lead = ("a@example.com", "003CONVERTED", NEW, BY_LEAD)

    assert MatchIndex(index(by_lead), index()).match(["a@example.com"])[0] == ["003CONVERTED"]
    assert MatchIndex(index(by_lead, ("a@example.com", "003A", OLD, 1)), index()).match(["a@example.com"])[0] == [
        "003A"
    ]


ADDRESSES = st.sampled_from(["a@example.com", "B@example.com", "b@example.com", "c@example.com", "é@example.com"])


@given(
    st.lists(st.tuples(ADDRESSES, st.sampled_from([OLD, NEW]), st.sampled_from([0, 1])), unique_by=lambda r: r),
    st.lists(ADDRESSES),
)
def test_the_index_agrees_with_a_dictionary(records, asked) -> None:
    """The arrays are only a smaller dictionary of the best record of each address."""
    rows = [(address, f"003{i:015d}", modified, rank) for i, (address, modified, rank) in enumerate(records)]
    best: dict[str, tuple] = {}
    for address, id_, modified, rank in rows:
        candidate = (rank, modified, [-ord(c) for c in id_], id_)
        best[address.lower()] = max(best.get(address.lower(), candidate), candidate)
    built = index(*rows)

    assert len(built) == len(best)
    assert MatchIndex(built, index()).match(asked)[0] == [
        best[a.lower()][-1] if a.lower() in best else "" for a in asked
    ]


RECORDS = st.lists(
    st.tuples(
        ADDRESSES,
        st.integers(0, 5).map(lambda n: f"003{n:015d}"),
        st.sampled_from([OLD, NEW]),
        st.sampled_from([BY_LEAD, DIRECT, DIRECT - 1]),
    ),
    max_size=12,
)


@given(RECORDS, st.randoms(), st.integers(1, 5), st.booleans())
def test_the_order_of_records_and_pages_does_not_matter(records, chance, size, oldest) -> None:
    """Whatever order the org gives them in, and however they are cut into pages: the same links, the same ambiguity."""

    def built(rows):
        builder = IndexBuilder(oldest)
        for start in range(0, len(rows), size):
            for address, id_, date, rank in rows[start : start + size]:
                builder.add([address], [id_], [date], rank)
        return builder.build()

    shuffled = list(records)
    chance.shuffle(shuffled)
    one, other = built(records), built(shuffled)
    assert (one.hashes.tolist(), one.ids.tolist(), one.ambiguous) == (
        other.hashes.tolist(),
        other.ids.tolist(),
        other.ambiguous,
    )
    claims: dict[str, set[str]] = {}
    for address, id_, _, _ in records:
        claims.setdefault(address.lower(), set()).add(id_)
    assert one.ambiguous == sum(len(ids) > 1 for ids in claims.values())


def test_the_oldest_wins_where_that_was_chosen() -> None:
    """The tie-breaker turns round; the rank of a field still counts before it."""
    builder = IndexBuilder(oldest=True)
    builder.add(["a@example.com"] * 2, ["003OLD", "003NEW"], [OLD, NEW])
    builder.add(["b@example.com"], ["003LATER"], [OLD], DIRECT - 1)
    builder.add(["b@example.com"], ["003FIRST"], [NEW], DIRECT)
    found = MatchIndex(builder.build(), index())

    assert found.match(["a@example.com", "b@example.com"])[0] == ["003OLD", "003FIRST"]


def test_blank_addresses_match_nobody() -> None:
    """A record without address is nobody's; asking for no address finds nobody."""
    builder = IndexBuilder()
    builder.add(["", " ", "a@example.com"], ["003X", "003Y", "003A"], [NEW, NEW, OLD])

    assert MatchIndex(builder.build(), index()).match(["", "a@example.com"])[0] == ["", "003A"]
