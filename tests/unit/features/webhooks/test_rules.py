"""Laws of webhooks: where they reach us, which are made and unmade, and whose record an address is now."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.features.webhooks import rules
from fairlead.features.webhooks.rules import Hook, Move, Plan, changes, connected, moves, plan

ACCOUNT = "https://api.createsend.com"


@pytest.mark.parametrize("url", ["https://fairlead.example.com", "https://fairlead.example.com:8443/"])
def test_an_address_of_the_internet_by_https_is_reached(url: str) -> None:
    """The path of webhooks is put behind it, with one slash."""
    assert rules.base_of(url, ACCOUNT) == url.rstrip("/") + "/hooks/"


@pytest.mark.parametrize(
    "url",
    [
        "http://fairlead.example.com", "https://localhost", "https://127.0.0.1:8800", "https://10.1.2.3", "https://[::1]",
        "https://192.168.1.5", "https://172.16.0.1", "https://172.31.0.1:80", "https://fairlead", "https://box.local",
    ],
)  # fmt: skip
def test_an_address_that_nobody_else_opens_is_refused_and_named(url: str) -> None:
    """With what to set instead, and how to do without."""
    with pytest.raises(rules.NotReachable, match="FAIRLEAD_PUBLIC_URL") as refused:
        rules.base_of(url, ACCOUNT)
    assert url in str(refused.value)
    assert "Use webhooks" in refused.value.step


def test_an_account_on_this_machine_reaches_this_machine() -> None:
    """The local account posts without https, too."""
    assert rules.base_of("http://127.0.0.1:8800", "http://127.0.0.1:9000") == "http://127.0.0.1:8800/hooks/"
    assert rules.base_of("https://172.32.0.1", ACCOUNT)


GOOD = Hook("good", ours=True, current=True, active=True)
HOOKS = st.builds(
    Hook, st.uuids().map(str), ours=st.booleans(), current=st.booleans(), active=st.booleans(), complete=st.booleans()
)


@pytest.mark.parametrize(
    ("listed", "wanted", "expected"),
    [
        ([], True, Plan(create=True)),
        ([], False, Plan()),
        ([GOOD], True, Plan("good")),
        ([GOOD], False, Plan(delete=("good",))),
        ([Hook("off", ours=True, current=True, active=False)], True, Plan("off", activate=True)),
        ([Hook("off", ours=True, current=True, active=False), GOOD], True, Plan("good", delete=("off",))),
        ([Hook("old", ours=True, current=False, active=True)], True, Plan(delete=("old",), create=True)),
        ([Hook("xml", True, True, True, complete=False)], True, Plan(delete=("xml",), create=True)),
        ([Hook("theirs", ours=False, current=False, active=True)], True, Plan(create=True)),
    ],
)
def test_one_good_webhook_is_kept_where_it_is_wanted(listed: list[Hook], wanted: bool, expected: Plan) -> None:
    """Switched on again, made, replaced, or taken away; what others made is left alone."""
    assert plan(listed, wanted=wanted) == expected


@given(st.lists(HOOKS, unique_by=lambda hook: hook.id), st.booleans())
def test_nothing_of_others_is_touched_and_at_most_one_of_ours_stays(listed: list[Hook], wanted: bool) -> None:
    """Whatever a list has."""
    found = plan(listed, wanted=wanted)
    ours = {hook.id for hook in listed if hook.ours}
    assert set(found.delete) | ({found.keep} - {""}) == ours
    assert bool(found.keep) + found.create == wanted
    assert found.keep not in found.delete


def test_a_few_addresses_are_asked_for_and_many_are_read_with_their_list() -> None:
    """Whichever costs fewer calls."""
    assert rules.read_singly(20, 0)
    assert not rules.read_singly(1_000, 2_000)
    assert rules.read_singly(100, 200_000)


def test_spellings_repeats_and_changes_to_the_same_are_no_changes() -> None:
    """Names are compared without case; an update of a name carries the same address twice."""
    said = [("A@Example.com", "b@example.com"), ("a@example.com ", "B@example.com"), ("x@example.com", "X@example.com")]
    assert changes([*said, ("", "b@example.com"), ("b@example.com", "")]) == {("a@example.com", "b@example.com")}


@pytest.mark.parametrize(
    ("changed", "subscribed", "recorded", "expected"),
    [
        ("ab", "b", "a", [Move("a", "b", merge=False)]),
        ("ab", "b", "ab", [Move("a", "b", merge=True)]),
        ("ab", "b", "b", []),
        ("ab", "", "a", []),
        ("ab", "ab", "a", []),  # somebody else is on the list under the old address by now
        ("ab bc", "c", "a", [Move("a", "c", merge=False)]),
        ("ab bc", "c", "b", [Move("b", "c", merge=False)]),
        ("ab bc", "c", "ab", [Move("b", "c", merge=False), Move("a", "c", merge=True)]),
        ("ab ba", "a", "b", [Move("b", "a", merge=False)]),
        ("ab ba", "a", "a", []),
        ("ab ba", "", "a", []),
        ("ac bc", "c", "ab", [Move("a", "c", merge=False), Move("b", "c", merge=True)]),
    ],
)
def test_a_record_follows_its_subscriber(changed: str, subscribed: str, recorded: str, expected: list[Move]) -> None:
    """One letter an address, one word a change: along chains, back again, into one that is there already."""
    assert moves({(pair[0], pair[1]) for pair in changed.split()}, set(subscribed), set(recorded)) == expected


LETTERS = st.sampled_from("abcdef")
PAIRS = st.frozensets(st.tuples(LETTERS, LETTERS).filter(lambda pair: pair[0] != pair[1]), max_size=8)
SOME = st.frozensets(LETTERS)


def _done(found: list[Move], recorded: frozenset[str]) -> set[str]:
    left = set(recorded)
    for move in found:
        assert move.old in left
        assert move.merge == (move.new in left)
        left.remove(move.old)
        left.add(move.new)
    return left


@given(PAIRS, SOME, SOME)
def test_once_done_nothing_is_left_to_do(
    changed: frozenset[rules.Change], subscribed: frozenset[str], recorded: frozenset[str]
) -> None:
    """Posts that come twice, or after the sync has been there, change nothing more; nobody on the list loses a record."""
    after = _done(moves(changed, subscribed, recorded), recorded)
    assert moves(changed, subscribed, after) == []
    assert after >= recorded & subscribed
    assert after - recorded <= subscribed


@given(st.data())
def test_posts_in_any_order_and_number_lead_to_one_record(data: st.DataObject) -> None:
    """A person changes the address again and again; however the posts are shuffled and repeated, one record is left.

    Each post is handled by itself, with what is remembered of earlier ones; what it names is then written as it is.
    """
    path = data.draw(st.lists(LETTERS, min_size=2, max_size=6, unique=True))
    posted = list(zip(path, path[1:], strict=False))
    known: set[rules.Change] = set()
    recorded, subscribed = frozenset(path[:1]), {path[-1]}
    for change in data.draw(st.permutations(posted * 2)):
        known.add(change)
        changed = connected(changes([change]), known)
        recorded = frozenset(_done(moves(changed, subscribed, recorded), recorded)) | (subscribed & set(change))
    assert recorded == frozenset(path[-1:])


@given(PAIRS, PAIRS)
def test_a_way_from_address_to_address_is_followed_and_others_are_left_alone(
    fresh: frozenset[rules.Change], known: frozenset[rules.Change]
) -> None:
    """What hangs together with the new changes, and no more: work grows with what was posted."""
    found = connected(fresh, known)
    assert fresh <= found <= fresh | known
    touched = {address for change in found for address in change}
    assert all(not touched & set(change) for change in known - found)
