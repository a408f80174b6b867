"""The form of a mapping, without JavaScript."""

from django.http import QueryDict

from fairlead.features.transactional_email import forms
from fairlead.features.transactional_email.rules.words import Draft, Listing, Recipient, Variable


def sent(**words: str | list[str]) -> QueryDict:
    found = QueryDict(mutable=True)
    for name, value in words.items():
        found.setlist(name, value if isinstance(value, list) else [value])
    return found


FULL = {
    "name": " Order ", "smart": "s1", "object": "Opportunity", "zone": "UTC", "track": "Yes", "task": "yes", "version": "3",
    "v_name": ["a", "", "b"], "v_field": ["Name", "", ""], "v_format": ["", "", "0"], "v_otherwise": ["x", "", ""],
    "r_kind": ["To", "CC"], "r_source": ["field", "field"], "r_value": ["Mail__c", ""],
    "listings": "1", "l1_name": "items", "l1_relationship": "Rows", "l1_limit": "7", "l1_descending": "yes", "l1_sort": "Name",
    "l1_c_name": ["what", ""], "l1_c_field": ["Name", ""], "l1_c_format": ["", ""], "l1_c_otherwise": ["", ""],
    "l1_f_field": ["Price"], "l1_f_operator": ["greater"], "l1_f_value": ["1"],
}  # fmt: skip


def test_what_was_typed_is_a_mapping_without_its_blank_lines() -> None:
    draft = forms.pruned(forms.draft_of(sent(**FULL), "u1"))
    assert (draft.name, draft.version, draft.id, draft.task, draft.message) == ("Order", 3, "u1", True, False)
    assert draft.variables == (Variable("a", "Name", "", "x"), Variable("b", "", "0", ""))
    assert draft.recipients == (Recipient("To", "field", "Mail__c"),)
    (listing,) = draft.listings
    assert (listing.name, listing.limit, listing.descending, len(listing.columns)) == ("items", 7, True, 1)
    assert listing.criteria[0].operator == "greater"


def test_nonsense_of_numbers_is_no_error_of_ours() -> None:
    draft = forms.draft_of(sent(listings="many", version="x", l1_limit="9" * 9))
    assert (draft.listings, draft.version) == ((), None)
    assert forms.draft_of(sent(listings="1", l1_limit="9" * 9)).listings[0].limit == -1


def test_buttons_add_and_drop_lines_by_their_place() -> None:
    draft = forms.draft_of(sent(**FULL))
    assert forms.changed(draft, "drop-variable-1").variables[0] == Variable("", "")
    assert len(forms.changed(draft, "drop-recipient-2").recipients) == 1
    assert forms.changed(draft, "drop-listing-1").listings == ()
    assert len(forms.changed(draft, "drop-column-1-2").listings[0].columns) == 1
    assert forms.changed(draft, "drop-criterion-1-1").listings[0].criteria == ()
    assert len(forms.changed(draft, "add-listing").listings) == 2
    for nothing in ("", "drop", "drop-variable-x", "drop-column-9-1", "drop-house-1", "add-variable", "fill"):
        assert forms.changed(draft, nothing) == draft
    many = Draft(listings=(Listing("", ""),) * 10)
    assert forms.changed(many, "add-listing") == many


def test_blank_lines_are_shown_where_there_is_none_or_one_was_asked_for() -> None:
    empty = forms.form(Draft())
    assert (len(empty.variables), len(empty.recipients), empty.listings) == (1, 1, ())
    draft = forms.pruned(forms.draft_of(sent(**FULL)))
    assert len(forms.form(draft).variables) == 2
    assert len(forms.form(draft, "add-variable").variables) == 3
    (group,) = forms.form(draft, "add-column-1").listings
    assert (len(group.columns), len(group.criteria)) == (2, 1)
    names = (group.number_text, group.columns_prefix, group.drop_column, group.add_column, group.columns_caption)
    assert names == ("1", "l1_c", "drop-column-1", "add-column-1", "Fields of list 1")
    (group,) = forms.form(draft, "add-criterion-1").listings
    assert len(group.criteria) == 2


def test_the_variables_of_the_smart_e_mail_are_offered_once() -> None:
    draft = forms.filled(forms.pruned(forms.draft_of(sent(**FULL))), ["A", "items", "new"])
    assert [one.name for one in draft.variables] == ["a", "b", "new"]
