"""The org's metadata, the names in code and the emulated org agree."""

from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring, parse

from fairlead.domain import member
from fairlead.features.members import rules
from fairlead.salesforce import names
from fairlead.salesforce.package import package_from_source
from fairlead.sync import convert
from fairlead_emulators.salesforce.metadata import package as metadata
from fairlead_emulators.salesforce.state.storage import Storage
from tests.repository import metadata_types
from tests.repository.org_source import PROJECT, SOURCE, SPACE, fields, own, permission_sets, text, written

NAMES = {
    names.CLIENT: names.CLIENT_FIELDS + names.CLIENT_FIGURES,
    names.LIST: names.LIST_FIELDS + names.LIST_FIGURES,
    names.MEMBER: names.MEMBER_FIELDS + names.MEMBER_FIGURES,
    names.CAMPAIGN: names.CAMPAIGN_FIELDS,
    names.TRACKING: names.TRACKING_FIELDS,
    names.JOURNEY: names.JOURNEY_FIELDS,
    names.JOURNEY_EMAIL: names.JOURNEY_EMAIL_FIELDS,
    names.SUPPRESSION: names.SUPPRESSION_FIELDS,
}
ON_STANDARD = {
    "Campaign": names.SALESFORCE_CAMPAIGN_FIELDS,
    "CampaignMember": names.CAMPAIGN_MEMBER_FIELDS,
    "Activity": names.ACTIVITY_FIELDS,
    "EmailMessage": names.ACTIVITY_FIELDS,
}
KEYS = {
    names.CLIENT: names.CLIENT_KEY,
    names.LIST: names.LIST_KEY,
    names.MEMBER: names.MEMBER_KEY,
    names.CAMPAIGN: names.CAMPAIGN_KEY,
    names.TRACKING: names.TRACKING_KEY,
    names.JOURNEY: names.JOURNEY_KEY,
    names.JOURNEY_EMAIL: names.JOURNEY_EMAIL_KEY,
    names.SUPPRESSION: names.SUPPRESSION_KEY,
}


@pytest.fixture(scope="module")
def org():
    storage = Storage(None)
    with storage.transaction() as connection:
        package = metadata.read_package(package_from_source(PROJECT, "60.0"))
        result = metadata.apply(package, storage.schema, connection)
        storage.schema_changed()
    assert [(f.full_name, f.problem) for f in result.failures] == []
    assert result.successes
    yield storage
    storage.close()


@pytest.mark.parametrize("sobject", NAMES)
def test_source_and_names_name_the_same_fields(sobject):
    assert written(sobject) == {own(path) for path in NAMES[sobject]} - {"Name"}


@pytest.mark.parametrize("sobject", ON_STANDARD)
def test_source_and_names_name_the_same_fields_of_standard_objects(sobject):
    assert written(sobject) == set(ON_STANDARD[sobject])


def test_tasks_and_events_have_the_fields_of_activities(org):
    for sobject in ("Task", "Event"):
        assert all(org.schema.object(sobject).field(name) for name in names.ACTIVITY_FIELDS)
    assert org.schema.object("Activity") is None


@pytest.mark.parametrize("sobject", NAMES)
def test_every_named_field_stands_in_an_org_that_took_the_metadata(org, sobject):
    found = org.schema.object(sobject)
    for path in NAMES[sobject]:
        field = found.field(own(path))
        assert field is not None, path
        if "." in path:
            relation, _, key = path.partition(".")
            assert field.relationship_name == relation
            assert org.schema.object(field.reference_to[0]).field(key).external_id


@pytest.mark.parametrize("sobject", KEYS)
def test_keys_are_unique_external_ids_without_regard_to_case(org, sobject):
    key = org.schema.object(sobject).field(KEYS[sobject])
    assert (key.unique, key.external_id, key.case_sensitive, key.nillable) == (True, True, False, False)


@pytest.mark.parametrize("sobject", [names.MEMBER, names.TRACKING, names.SUPPRESSION])
def test_addresses_are_indexed_so_that_few_are_found_among_many(org, sobject):
    """Links of an address are looked for by it; an external id has an index of its own."""
    assert org.schema.object(sobject).field("Email__c").external_id


@pytest.mark.parametrize("name", permission_sets())
def test_field_permissions_name_only_fields_that_are_not_required(name):
    """A deployment with a permission of a required field is refused by the org."""
    told = [text(p, "field") for p in permission_sets()[name].findall(SPACE + "fieldPermissions")]
    assert told == sorted(set(told))
    for path in told:
        sobject, _, field = path.partition(".")
        if sobject in NAMES:
            assert text(fields(sobject)[field], "required") != "true", path


def test_the_full_set_gives_every_object_and_every_field_that_takes_a_permission():
    root = permission_sets()["Fairlead_Full_Access"]
    objects = {text(p, "object"): p for p in root.findall(SPACE + "objectPermissions")}
    told = {text(p, "field"): p for p in root.findall(SPACE + "fieldPermissions")}
    for sobject in NAMES:
        for right in ("allowRead", "allowCreate", "allowEdit", "allowDelete", "viewAllRecords", "modifyAllRecords"):
            assert text(objects[sobject], right) == "true", f"{sobject} {right}"
        for field, definition in fields(sobject).items():
            if text(definition, "required") != "true":
                worked_out = definition.find(SPACE + "formula") is not None
                assert text(told[f"{sobject}.{field}"], "editable") == ("false" if worked_out else "true"), field


def test_there_are_four_permission_sets_and_the_custom_permission(org):
    deployed = {(one.type, one.full_name) for one in metadata.deployed(org.connection)}
    for name in ("Full", "Standard", "Limited", "Guest"):
        assert ("PermissionSet", f"Fairlead_{name}_Access") in deployed
    assert ("CustomPermission", "Manage_Memberships") in deployed


def rights(name: str, part: str, key: str) -> dict[str, Element]:
    return {text(p, key): p for p in permission_sets()[f"Fairlead_{name}_Access"].findall(SPACE + part)}


def changes(element: Element) -> list[str]:
    kinds = ("editable", "allowCreate", "allowEdit", "allowDelete", "viewAllRecords", "modifyAllRecords")
    return [kind for kind in kinds if text(element, kind) == "true"]


@pytest.mark.parametrize(("name", "may"), [("Guest", {}), ("Limited", {names.REQUEST: ["allowCreate"]})])
def test_guests_and_limited_users_change_no_record_and_see_no_app(name, may):
    """Of limited users the flows still run: they ask for work by publishing requests."""
    given = rights(name, "objectPermissions", "object") | rights(name, "fieldPermissions", "field")
    assert given
    assert {path: found for path, element in given.items() if (found := changes(element))} == may
    for part in ("applicationVisibilities", "tabSettings", "customPermissions"):
        assert not permission_sets()[f"Fairlead_{name}_Access"].findall(SPACE + part), part


def test_guests_of_a_site_see_no_persons_data():
    """Anybody may be a guest: members, and the look-ups to them, are not theirs to read."""
    assert set(rights("Guest", "objectPermissions", "object")) == {names.LIST}
    assert {path.partition(".")[0] for path in rights("Guest", "fieldPermissions", "field")} == {names.LIST}


def test_standard_users_change_memberships_and_nothing_that_a_sync_lives_by():
    objects = rights("Standard", "objectPermissions", "object")
    assert {name: found for name, element in objects.items() if (found := changes(element))} == {
        names.MEMBER: ["allowCreate", "allowEdit"],
        names.REQUEST: ["allowCreate"],
    }
    assert set(objects) == {*NAMES, names.REQUEST, names.REQUEST_RESULT}
    editable = {path for path, element in rights("Standard", "fieldPermissions", "field").items() if changes(element)}
    assert editable
    assert {path.partition(".")[0] for path in editable} == {names.MEMBER}
    assert not editable & {f"{names.MEMBER}.{name}" for name in ("Sync_Run__c", "Sent__c", "Opened__c", "Clicked__c")}


def test_what_may_be_changed_may_be_read():
    for root in permission_sets().values():
        for element in [*root.findall(SPACE + "fieldPermissions"), *root.findall(SPACE + "objectPermissions")]:
            assert "true" in (text(element, "readable"), text(element, "allowRead"))


def test_members_are_written_with_the_named_fields_in_the_named_order():
    assert convert.MEMBER_FIELDS == names.MEMBER_FIELDS


FILES = sorted(SOURCE.rglob("*.xml"))


def test_every_file_of_the_project_is_sound_xml_of_the_metadata_api():
    assert len(FILES) > 200
    for path in FILES:
        assert parse(path).getroot().tag.startswith(SPACE), path


def test_every_file_fits_the_metadata_apis_own_types():
    """Parts, their numbers and their values, by Salesforce's published definitions."""
    found = []
    for path in FILES:
        root = parse(path).getroot()
        found += [f"{path.name}: {each}" for each in metadata_types.problems(root, root.tag.removeprefix(SPACE))]
    assert found == []


def test_the_types_see_what_is_wrong():
    """So that the law above is no empty one."""
    wrong = (
        "<ListView><label>x</label><label>y</label><filterScope>Nowhere</filterScope><shoe/>"
        "<filters><field>A</field><operation>equals</operation><value><x/></value></filters></ListView>"
    )
    assert metadata_types.problems(fromstring(wrong), "ListView") == [
        "ListView.label stands more than once",
        "ListView.filterScope is 'Nowhere', which FilterScope does not know",
        "ListView has shoe, which ListView does not know",
        "ListView.filters.value has parts, and is a string",
    ]


def test_every_object_explains_itself():
    for sobject in NAMES:
        root = parse(SOURCE / "objects" / sobject / f"{sobject}.object-meta.xml").getroot()
        for part in ("label", "pluralLabel", "description"):
            assert text(root, part).strip(), f"{sobject} has no {part}"


def test_the_org_has_room_for_what_is_written(org):
    """Texts are cut to these lengths before they are written: a shorter field would refuse them."""
    lengths = {
        name: org.schema.object(names.MEMBER).field(name).length for name in names.MEMBER_FIELDS if "." not in name
    }
    assert lengths["Full_Name__c"] >= member.MAX_NAME
    assert lengths["Reads_Email_With__c"] >= member.MAX_READS_WITH
    assert lengths["Custom_Fields__c"] >= member.MAX_CUSTOM_FIELDS


def test_restricted_picklists_know_every_value_that_is_written(org):
    def values(sobject, field):
        return set(org.schema.object(sobject).field(field).picklist)

    assert values(names.MEMBER, "State__c") >= set(member.STATES)
    assert values(names.LIST, "Opt_In__c") == set(rules.OPT_IN.values())
    assert values(names.LIST, "Unsubscribe_Setting__c") == set(rules.UNSUBSCRIBE.values())


def columns_of_reports():
    for path in sorted((SOURCE / "reports" / "Fairlead").glob("*.xml")):
        root = parse(path).getroot()
        for tag in ("field", "column", "groupingColumn", "dateColumn"):
            for element in root.iter(SPACE + tag):
                if "$" in (element.text or ""):
                    yield path.name, text(root, "reportType"), element.text


def test_reports_ask_their_report_type_for_columns_that_it_has():
    types = {path.name.partition(".")[0]: parse(path).getroot() for path in (SOURCE / "reportTypes").glob("*.xml")}
    asked = list(columns_of_reports())
    assert len(asked) > 30
    for report, kind, column in asked:
        known = {
            f"{text(each, 'table')}${text(each, 'field')}"
            for each in types[kind.removesuffix("__c")].iter(SPACE + "columns")
        }
        assert column in known, f"{report}: {column}"


def test_report_types_show_fields_that_stand_in_the_org(org):
    for path in (SOURCE / "reportTypes").glob("*.xml"):
        for column in parse(path).getroot().iter(SPACE + "columns"):
            table, _, relation = text(column, "table").partition(".")
            sobject = org.schema.object(table)
            if relation:
                sobject = org.schema.object(sobject.child(relation).child_object)
            assert sobject.field(text(column, "field")), f"{path.name}: {text(column, 'field')}"


def test_the_dashboard_shows_reports_that_are_there():
    reports = {f"Fairlead/{path.name.partition('.')[0]}" for path in (SOURCE / "reports" / "Fairlead").glob("*.xml")}
    assert len(reports) == 10
    root = parse(SOURCE / "dashboards" / "Fairlead" / "Email_Marketing.dashboard-meta.xml").getroot()
    shown = {element.text for element in root.iter(SPACE + "report")}
    assert len(shown) >= 6
    assert shown <= reports


def test_rates_are_worked_out_from_the_figures_beside_them(org):
    with org.transaction() as connection:
        connection.execute("INSERT INTO CM_Campaign__c (Id, Recipients__c, Unique_Opens__c) VALUES ('a', 200, 50)")
        found = connection.execute("SELECT Open_Rate__c, Click_Rate__c FROM CM_Campaign__c WHERE Id = 'a'").fetchone()
        connection.execute("DELETE FROM CM_Campaign__c")
    assert found == (25.0, 0.0)
