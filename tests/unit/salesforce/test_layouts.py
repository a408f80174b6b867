"""Laws of what is added to the layouts of standard objects, and of how it goes again."""

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.salesforce import layouts
from fairlead.salesforce.layouts import ADDITIONS, NotALayout, apply, has_ours, remove
from tests.repository import metadata_types

SPACE = "http://soap.sforce.com/2006/04/metadata"
NAMESPACE = f"{{{SPACE}}}"
HEAD = f'<?xml version="1.0" encoding="UTF-8"?>\n<Layout xmlns="{SPACE}">'
SALES = f"""{HEAD}
    <customButtons>Call</customButtons>
    <excludeButtons>Submit</excludeButtons>
    <layoutSections>
        <label>Name &amp; more</label>
        <layoutColumns>
            <layoutItems>
                <behavior>Edit</behavior>
                <field>Email</field>
            </layoutItems>
        </layoutColumns>
        <style>OneColumn</style>
    </layoutSections>
    <!-- kept by hand -->
    <layoutSections>
        <label>Links</label>
        <layoutColumns/>
        <style>CustomLinks</style>
    </layoutSections>
    <platformActionList>
        <actionListContext>Record</actionListContext>
        <platformActionListItems>
            <actionName>Edit</actionName>
            <actionType>StandardButton</actionType>
            <sortOrder>7</sortOrder>
        </platformActionListItems>
    </platformActionList>
    <relatedLists>
        <fields>NAME</fields>
        <relatedList>RelatedCampaignList</relatedList>
    </relatedLists>
    <showEmailCheckbox>true</showEmailCheckbox>
</Layout>
""".encode()

OBJECTS = sorted(ADDITIONS)
NAMES = st.text("ABCxyzé&<> _", min_size=1, max_size=8)
BREAKS = st.sampled_from(["", "\n", "\n    ", "\r\n\t", "<!-- > ' -->", "\n<!-- x -->\n"])


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


@st.composite
def sections(draw):
    items = draw(st.lists(NAMES, max_size=3))
    space = draw(BREAKS)
    columns = "".join(f"<layoutItems>{space}<field>{escaped(each)}</field></layoutItems>{space}" for each in items)
    column = draw(st.sampled_from([f"<layoutColumns>{space}{columns}</layoutColumns>", "<layoutColumns/>"]))
    label = draw(st.sampled_from(["Details", layouts.SECTION, "Links"]))
    style = draw(st.sampled_from(["OneColumn", "CustomLinks"]))
    return f"<layoutSections><label>{label}</label>{space}{column}<style>{style}</style></layoutSections>"


@st.composite
def foreign_layouts(draw):
    """Layouts without anything of ours: any order within the tags, any white space, comments, CDATA."""
    names = draw(st.lists(NAMES, max_size=3))
    orders = draw(st.lists(st.integers(0, 99), max_size=3))
    actions = "".join(
        f"<platformActionListItems><actionName>{escaped(name)}</actionName><actionType>CustomButton</actionType>"
        f"<sortOrder>{order}</sortOrder></platformActionListItems>"
        for name, order in zip(names, orders, strict=False)
    )
    parts = [
        *(f"<customButtons><![CDATA[{name}]]></customButtons>" for name in names),
        *draw(st.lists(sections(), min_size=1, max_size=3)),
        *draw(st.sampled_from([[], [(f"<platformActionList><actionListContext>Record</actionListContext>{actions}"
                                    "</platformActionList>")]])),
        *(f"<relatedLists><relatedList>{escaped(name)}</relatedList></relatedLists>" for name in names),
        *draw(st.sampled_from([[], ["<showEmailCheckbox>true</showEmailCheckbox>"], ["<summaryLayout a='>'/>"]])),
    ]  # fmt: skip
    spaced = "".join(draw(BREAKS) + part for part in parts)
    return f"{HEAD}{spaced}{draw(BREAKS)}</Layout>{draw(st.sampled_from(['', chr(10)]))}".encode()


@settings(max_examples=150, deadline=None)
@given(foreign_layouts(), st.sampled_from(OBJECTS))
def test_what_was_added_goes_without_a_trace(layout, sobject):
    assert not has_ours(layout, sobject)
    added = apply(layout, ADDITIONS[sobject])
    assert has_ours(added, sobject)
    assert remove(added, sobject) == layout


@settings(max_examples=150, deadline=None)
@given(foreign_layouts(), st.sampled_from(OBJECTS))
def test_twice_is_once(layout, sobject):
    once = apply(layout, ADDITIONS[sobject])
    assert apply(once, ADDITIONS[sobject]) == once
    assert remove(layout, sobject) == layout


@settings(max_examples=100, deadline=None)
@given(foreign_layouts(), st.sampled_from(OBJECTS))
def test_nothing_of_others_is_lost_or_moved(layout, sobject):
    """Every piece of the old text stands in the new one, in the old order."""
    rest = iter(apply(layout, ADDITIONS[sobject]))
    assert all(byte in rest for byte in layout)


@settings(max_examples=100, deadline=None)
@given(foreign_layouts(), st.sampled_from(OBJECTS))
def test_elements_of_one_tag_stay_together(layout, sobject):
    """The Metadata API reads a sequence by tag: a second group of one tag is refused."""
    before = [child.tag for child in fromstring(layout)]
    after = [child.tag for child in fromstring(apply(layout, ADDITIONS[sobject]))]
    if before == sorted(before):
        assert after == sorted(after)


@settings(max_examples=60, deadline=None)
@given(foreign_layouts(), st.sampled_from(OBJECTS), st.data())
def test_what_was_taken_out_by_hand_comes_again(layout, sobject, data):
    """A layout with some of ours becomes one with all of ours, each once."""
    added = apply(layout, ADDITIONS[sobject])
    if fields := ADDITIONS[sobject].fields:
        gone = data.draw(st.sampled_from(fields))
        item = f"<layoutItems>\n                <behavior>Readonly</behavior>\n                <field>{gone}</field>"
        assert item.encode() in added
        added = added.replace(item.encode(), b"<layoutItems>\n<behavior>Edit</behavior>\n<field>Name</field>")
    again = apply(added, ADDITIONS[sobject])
    found = [each.text for each in fromstring(again).iter(f"{NAMESPACE}field")]
    assert all(found.count(field) == 1 for field in fields)


@pytest.mark.parametrize("sobject", OBJECTS)
def test_a_layout_with_ours_fits_the_metadata_apis_types(sobject):
    found = metadata_types.problems(fromstring(apply(SALES, ADDITIONS[sobject])), "Layout")
    assert found == metadata_types.problems(fromstring(SALES), "Layout") == []


def test_people_get_related_lists_and_buttons():
    root = fromstring(apply(SALES, ADDITIONS["Contact"]))
    assert [each.text for each in root.iter(f"{NAMESPACE}relatedList")] == [
        "RelatedCampaignList", "CM_Member__c.Contact__c", "CM_Tracking__c.Contact__c",
    ]  # fmt: skip
    assert [each.text for each in root.findall(f"{NAMESPACE}customButtons")] == [
        "Call", "Fairlead", "Fairlead_Unsubscribe_All",
    ]  # fmt: skip
    hidden = [each.text for each in root.iter(f"{NAMESPACE}excludeButtons")]
    assert hidden == ["Submit", "MassChangeOwner", "New", "MassChangeOwner", "New"]
    orders = [each.text for each in root.iter(f"{NAMESPACE}sortOrder") if each.text.isdigit()]
    assert orders == ["7", "8", "9"]


def test_the_section_stands_before_the_links_of_a_campaigns_layout():
    root = fromstring(apply(SALES, ADDITIONS["Campaign"]))
    labels = [each.findtext(f"{NAMESPACE}label") for each in root.findall(f"{NAMESPACE}layoutSections")]
    assert labels == ["Name & more", "Campaign Monitor", "Links"]


def test_what_an_admin_put_into_our_section_stays():
    theirs = b"<layoutItems><behavior>Edit</behavior><field>Budget__c</field></layoutItems>"
    added = apply(SALES, ADDITIONS["Campaign"])
    at = added.rindex(b"</layoutColumns>\n        <style>TwoColumns")
    left = remove(added[:at] + theirs + added[at:], "Campaign")
    assert b"Budget__c" in left
    assert b"<label>Campaign Monitor</label>" in left
    assert b"CM_" not in left


def test_a_related_list_placed_by_hand_is_left_as_it_is_and_is_ours_when_all_is_taken_out():
    theirs = b"<relatedLists><relatedList>CM_Member__c.Contact__c</relatedList></relatedLists>"
    by_hand = SALES.replace(b"    <showEmailCheckbox>", theirs + b"<showEmailCheckbox>")
    added = apply(by_hand, ADDITIONS["Contact"])
    assert added.count(b"CM_Member__c.Contact__c") == 1
    assert theirs in added
    assert remove(added, "Contact").count(b"CM_") == 0


def test_prefixes_are_kept():
    prefixed = f'<m:Layout xmlns:m="{SPACE}"><m:customButtons>A</m:customButtons></m:Layout>'.encode()
    added = apply(prefixed, ADDITIONS["Contact"])
    assert b"<m:customButtons>Fairlead</m:customButtons>" in added
    assert {child.tag.partition("}")[0] for child in fromstring(added)} == {f"{{{SPACE}"}
    assert remove(added, "Contact") == prefixed


@pytest.mark.parametrize("text", [
    b"", b"<Layout", b"<Layout/>", b"\xff\xfe", f'<Profile xmlns="{SPACE}"><a/></Profile>'.encode(),
    b'<!DOCTYPE x [<!ENTITY e "e">]><Layout><label>&e;</label></Layout>',
])  # fmt: skip
def test_what_is_no_layout_is_refused(text):
    for work in (lambda: apply(text, ADDITIONS["Contact"]), lambda: remove(text, "Contact")):
        with pytest.raises(NotALayout):
            work()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text("<>/Layout sections='\"&;!-", max_size=60).map(str.encode))
def test_noise_is_refused_and_nothing_worse(content):
    try:
        apply(content, ADDITIONS["Contact"])
    except NotALayout:
        pass
