"""Flows, buttons, layouts, apps and permission sets of the org refer to what is there, and keep Salesforce's lengths."""

import re
import zipfile
from io import BytesIO

import pytest
from defusedxml.ElementTree import fromstring, parse

from fairlead.salesforce import layouts, names
from fairlead.salesforce.package import package_from_source
from tests.repository.org_source import (
    PROJECT,
    SOURCE,
    SPACE,
    buttons,
    every,
    fields,
    objects,
    permission_sets,
    text,
)

FIELDS = [(sobject, name) for sobject in objects() for name in fields(sobject)]
STANDARD_COLUMNS = {"NAME", "Name", "OwnerId", "CreatedDate"}
MOST_LABEL, MOST_NAME, MOST_HELP, MOST_DESCRIPTION = 40, 40, 510, 255
"""Characters that Salesforce takes in labels, names, help texts, and descriptions of fields and sets of rights."""


@pytest.mark.parametrize("sobject", objects())
def test_every_field_explains_itself(sobject):
    for name, root in fields(sobject).items():
        for part in ("label", "description", "inlineHelpText"):
            assert text(root, part).strip(), f"{sobject}.{name} has no {part}"
        assert len(text(root, "inlineHelpText")) <= MOST_HELP, name


def test_names_labels_and_descriptions_fit():
    for sobject, name in FIELDS:
        root = fields(sobject)[name]
        assert len(name.removesuffix("__c")) <= MOST_NAME, name
        assert len(text(root, "label")) <= MOST_LABEL, name
        assert len(text(root, "description")) <= 1000, name
    for folder in ("flows", "reports", "permissionsets", "applications", "customPermissions", "reportTypes"):
        for name, root in every(folder).items():
            assert len(name.rpartition("/")[2]) <= MOST_NAME, name
            assert len(text(root, "label") or text(root, "name")) <= MOST_LABEL, name
            assert 0 < len(text(root, "description")) <= MOST_DESCRIPTION, name
    for sobject in objects():
        for name, root in buttons(sobject).items():
            assert len(text(root, "masterLabel")) <= 240, name
            assert text(root, "description").strip(), name


@pytest.mark.parametrize("name", every("layouts"))
def test_layouts_show_every_field_of_our_objects_once_and_nothing_that_is_not_there(name):
    sobject, root = name.partition("-")[0], every("layouts")[name]
    shown = [text(item, "field") for item in root.iter(f"{SPACE}layoutItems")]
    assert sorted(shown) == sorted({*fields(sobject), "Name"})
    assert {button.text for button in root.findall(f"{SPACE}customButtons")} <= set(buttons(sobject))
    for related in root.findall(f"{SPACE}relatedLists"):
        child, _, lookup = text(related, "relatedList").partition(".")
        assert text(fields(child)[lookup], "referenceTo") == sobject
        columns = {each.text for each in related.findall(f"{SPACE}fields")}
        assert columns <= set(fields(child)) | STANDARD_COLUMNS


@pytest.mark.parametrize("sobject", layouts.ADDITIONS)
def test_what_standard_layouts_get_is_there(sobject):
    """Buttons of the object, fields of the object, related lists whose look-up leads to it."""
    ours = layouts.ADDITIONS[sobject]
    assert set(ours.buttons) <= set(buttons(sobject))
    assert set(ours.fields) <= set(fields(sobject) if ours.fields else [])
    parent = "Contact" if sobject == "PersonAccount" else sobject
    for related in ours.lists:
        child, _, lookup = related.name.partition(".")
        assert text(fields(child)[lookup], "referenceTo") == parent
        assert {*related.fields, related.sort} <= set(fields(child)) | STANDARD_COLUMNS
        assert set(related.buttons) <= set(buttons(child))


def test_every_field_of_ours_on_campaigns_is_put_on_their_layouts():
    assert set(layouts.ADDITIONS["Campaign"].fields) == set(fields("Campaign"))


def test_list_views_show_and_ask_for_columns_that_are_there():
    seen = 0
    for sobject in names.OBJECTS:
        for path in (SOURCE / "objects" / sobject / "listViews").glob("*.xml"):
            root = parse(path).getroot()
            asked = [each.text for tag in ("columns", "field") for each in root.iter(f"{SPACE}{tag}")]
            assert set(asked) <= set(fields(sobject)) | STANDARD_COLUMNS, path.name
            seen += 1
    assert seen >= len(names.OBJECTS)


def test_buttons_lead_to_flows_and_fields_that_are_there():
    flows, addresses = set(every("flows")), []
    for sobject in objects():
        for name, root in buttons(sobject).items():
            url = text(root, "url")
            addresses.append(url)
            assert set(re.findall(r"/flow/(\w+)", url)) <= flows, name
            for merged in re.findall(r"\{!([^}]+)\}", url):
                known = {f"$Setup.{names.SETTINGS}.Address__c", f"{sobject}.Id", "Contact.Id", "Lead.Id"}
                assert merged in known, f"{name}: {merged}"
    assert {found for url in addresses for found in re.findall(r"/flow/(\w+)", url)} == {
        name for name, root in every("flows").items() if text(root, "processType") == "Flow"
    }


def targets(root):
    """Where the connectors of a flow lead."""
    return {each.text for each in root.iter(f"{SPACE}targetReference")}


@pytest.mark.parametrize("name", every("flows"))
def test_every_step_of_a_flow_is_reached_and_every_way_leads_to_a_step(name):
    root = every("flows")[name]
    tags = ("assignments", "decisions", "loops", "recordCreates", "recordLookups", "screens")
    steps = {text(each, "name") for tag in tags for each in root.findall(SPACE + tag)}
    assert targets(root) == steps
    known = steps | {text(each, "name") for each in root.findall(f"{SPACE}variables")}
    known |= {text(each, "name") for each in root.iter(f"{SPACE}fields")}
    named = [
        each.text
        for tag in (
            "elementReference",
            "collectionReference",
            "inputReference",
            "leftValueReference",
            "assignToReference",
        )
        for each in root.iter(SPACE + tag)
    ]
    assert {each.partition(".")[0] for each in named} <= known | {"$Permission"}
    choices = {text(each, "name") for each in root.findall(f"{SPACE}dynamicChoiceSets")}
    assert {each.text for each in root.iter(f"{SPACE}choiceReferences")} <= choices
    for variable in root.findall(f"{SPACE}variables"):
        assert text(variable, "description").strip(), text(variable, "name")


def filled(root):
    """What a flow puts into the fields of a request: field → value element."""
    created = root.find(f"{SPACE}recordCreates")
    told = {text(each, "field"): each.find(f"{SPACE}value") for each in created.findall(f"{SPACE}inputAssignments")}
    for item in root.iter(f"{SPACE}assignmentItems"):
        variable, _, field = text(item, "assignToReference").partition(".")
        if variable == "request" and field:
            told[field] = item.find(f"{SPACE}value")
    return told


@pytest.mark.parametrize("name", every("flows"))
def test_a_flow_publishes_a_request_that_the_service_knows(name):
    """Its action is one of ours, and every field that it fills is one of the event's."""
    root = every("flows")[name]
    told = filled(root)
    created = root.find(f"{SPACE}recordCreates")
    published = {text(created, "object")} | {
        text(each, "objectType") for each in root.findall(f"{SPACE}variables") if text(each, "dataType") == "SObject"
    }
    assert published - {""} == {names.REQUEST}
    assert set(told) <= set(names.REQUEST_FIELDS)
    assert text(told["Action__c"], "stringValue") in names.REQUEST_ACTIONS
    required = {field for field, root in fields(names.REQUEST).items() if text(root, "required") == "true"}
    assert required <= set(told)


def test_every_action_has_a_flow_for_other_flows_and_the_event_its_fields():
    reusable = [root for root in every("flows").values() if text(root, "processType") == "AutoLaunchedFlow"]
    assert sorted(text(filled(root)["Action__c"], "stringValue") for root in reusable) == sorted(names.REQUEST_ACTIONS)
    assert set(fields(names.REQUEST)) == set(names.REQUEST_FIELDS)
    assert set(fields(names.REQUEST_RESULT)) == set(names.REQUEST_RESULT_FIELDS)


def test_flows_that_people_start_ask_for_the_custom_permission_first():
    asked = [root for root in every("flows").values() if text(root, "processType") == "Flow"]
    assert len(asked) == 2
    for root in asked:
        first = text(root.find(f"{SPACE}start").find(f"{SPACE}connector"), "targetReference")
        decisions = {text(each, "name"): each for each in root.findall(f"{SPACE}decisions")}
        assert [each.text for each in decisions[first].iter(f"{SPACE}leftValueReference")] == [
            "$Permission.Manage_Memberships"
        ]


def test_apps_have_tabs_that_are_there_and_admins_have_an_app_of_their_own():
    apps = every("applications")
    for root in apps.values():
        tabs = {each.text for each in root.findall(f"{SPACE}tabs")}
        assert {each for each in tabs if not each.startswith("standard-")} <= set(every("tabs"))
    assert seen_apps("Full") == set(apps) == {"Fairlead", "Fairlead_Admin"}
    assert seen_apps("Standard") == {"Fairlead"}
    assert seen_apps("Limited") == seen_apps("Guest") == set()


def seen_apps(name):
    return {
        text(each, "application")
        for each in permission_sets()[f"Fairlead_{name}_Access"].findall(f"{SPACE}applicationVisibilities")
        if text(each, "visible") == "true"
    }


def given(name):
    """Every single right of a permission set."""
    found = set()
    for element in permission_sets()[f"Fairlead_{name}_Access"]:
        inner = {child.tag.removeprefix(SPACE): child.text for child in element}
        about = next((inner[key] for key in ("field", "object", "application", "tab", "name") if key in inner), None)
        found |= {(element.tag, about, key) for key, value in inner.items() if value in ("true", "Visible")}
    return found


def test_each_set_gives_all_that_the_lesser_one_gives():
    full, standard, limited, guest = map(given, ("Full", "Standard", "Limited", "Guest"))
    assert guest < limited < standard < full


def test_fields_of_activities_are_given_on_tasks_and_on_events():
    for name in ("Full", "Standard", "Limited"):
        told = {
            text(each, "field")
            for each in permission_sets()[f"Fairlead_{name}_Access"].iter(f"{SPACE}fieldPermissions")
        }
        assert {f"{sobject}.{field}" for sobject in ("Task", "Event") for field in names.ACTIVITY_FIELDS} <= told
        assert not any(each.startswith("Activity.") for each in told)
        standard = {f"{sobject}.{field}" for sobject in ("Campaign", "CampaignMember") for field in fields(sobject)}
        assert standard <= told


def test_the_manifest_names_every_part_of_the_package():
    """What is not named is not deployed, and what is named and missing is refused."""
    with zipfile.ZipFile(BytesIO(package_from_source(PROJECT, "62.0"))) as archive:
        manifest = fromstring(archive.read("package.xml"))
        files = {name for name in archive.namelist() if name != "package.xml"}
        tags = {"fields": "CustomField", "listViews": "ListView", "webLinks": "WebLink"}
        inside = {
            (tags[element.tag.removeprefix(SPACE)], f"{name[8:-7]}.{text(element, 'fullName')}")
            for name in files
            if name.startswith("objects/")
            for element in fromstring(archive.read(name))
            if element.tag.removeprefix(SPACE) in tags
        }
    named = {
        (text(each, "name"), one.text)
        for each in manifest.iter(f"{SPACE}types")
        for one in each.iter(f"{SPACE}members")
    }
    assert inside <= named
    kinds = {"CustomField": 0, "ListView": 0, "WebLink": 0, "CustomObject": 0}
    whole = {pair for pair in named if pair[0] not in kinds}
    assert len(whole) == len({name for name in files if not name.startswith("objects/")})
    assert {name for kind, name in named if kind == "CustomObject"} == {each for each in objects() if "__" in each}
