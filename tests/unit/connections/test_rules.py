"""Laws of what the connections room decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.domain import record_id
from fairlead.domain.setting import BadSetting
from fairlead.features.connections import rules

clients = st.sets(st.sampled_from("abcdefgh"))


@given(clients, clients)
def test_an_account_is_the_same_while_one_client_is_known(known: set[str], found: set[str]) -> None:
    assert rules.same_account(known, found) == bool(known & found)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.booleans(), min_size=1), clients)
def test_without_a_choice_known_clients_stay_and_new_ones_wait(known: dict[str, bool], found: set[str]) -> None:
    assert rules.selection(known, found, ()) == {client: known.get(client, False) for client in found}


@given(clients)
def test_the_first_account_is_taken_whole(found: set[str]) -> None:
    assert rules.selection({}, found, ()) == dict.fromkeys(found, True)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.booleans()), clients, clients)
def test_a_choice_is_the_selection(known: dict[str, bool], found: set[str], chosen: set[str]) -> None:
    chosen &= found
    if chosen:
        assert rules.selection(known, found, chosen) == {client: client in chosen for client in found}


def test_ids_of_one_org_are_the_same_in_both_lengths() -> None:
    assert record_id.same_org("00D5e0000000001", "00D5e0000000001EAA")
    assert not record_id.same_org("00D5e0000000001EAA", "00D5e0000000002EAA")


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("00D5e0000000001", "00D5e0000000001EAA"),  # the local org's
        ("0055e000000001A", "0055e000000001AAAQ"),
        ("00530000000i8Tk", "00530000000i8TkAAI"),
        ("005AAAAAAAAAAAA", "005AAAAAAAAAAAAY55"),
        ("00530000000i8TkAAI", "00530000000i8TkAAI"),
    ],
)
def test_an_id_is_completed_by_the_case_of_its_letters(short: str, whole: str) -> None:
    assert record_id.to_18(short) == whole


@pytest.mark.parametrize("text", ["", "  ", "00530000000i8Tk", " 00530000000i8TkAAI "])
def test_an_owner_is_a_user_id_or_nobody(text: str) -> None:
    assert rules.OWNER.read(text) in ("", "00530000000i8TkAAI")


@pytest.mark.parametrize("text", ["00330000000i8Tk", "005", "00530000000i8TkA", "0053000000 i8Tk", "ada", None, 5])
def test_what_is_no_user_id_is_refused_with_what_is_possible(text: object) -> None:
    with pytest.raises(BadSetting, match="005"):
        rules.OWNER.read(text)
