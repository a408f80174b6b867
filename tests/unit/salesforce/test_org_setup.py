"""What is done to an org around a deployment: layouts, settling, rights, sharing, removal, and words for refusals."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from fairlead.salesforce import installing, names, org_layouts, refusals, removal, rights, sharing
from fairlead.salesforce.errors import SetupRefused
from fairlead.salesforce.layouts import ADDITIONS, apply
from fairlead.salesforce.metadata import ComponentFailure
from fairlead.salesforce.package import package_from_source
from fairlead.salesforce.removal import members_of
from tests.unit.salesforce.fake_org import DATA, Says, refusal
from tests.unit.salesforce.fake_setup import SPACE, FakeSetup

PROJECT = Path(__file__).parents[3] / "salesforce"
PLAIN = f'<Layout xmlns="{SPACE}">\n    <customButtons>Call</customButtons>\n</Layout>\n'.encode()
CONTACT = "layouts/Contact-Contact Layout.layout"


def rows(*records):
    return Says({"totalSize": len(records), "done": True, "records": list(records)})


def answers(found):
    """A query door: the answer whose key stands in the SOQL, else no rows."""

    def say(seen):
        return next((said for key, said in found.items() if key in seen.query["q"]), rows())

    return say


def described(name, fields=(), **allowed):
    rights = {"queryable": True, "createable": True, "updateable": True, "deletable": True, **allowed}
    return Says({"name": name, **rights, "fields": [{"name": each, "type": "string"} for each in fields]})


@pytest.fixture
def setup(org):
    found = FakeSetup({CONTACT: PLAIN, "layouts/Opportunity-O.layout": PLAIN})
    found.serve(org)
    return found


async def test_layouts_of_people_and_campaigns_are_changed_and_no_others(sf, setup):
    changes = await org_layouts.plan(sf.retrieval)
    assert [(change.name, change.differs) for change in changes] == [("Contact-Contact Layout", True)]
    result = await org_layouts.carry_out(sf.metadata, changes, sf.api_version)
    assert result.success
    assert setup.files[CONTACT] == apply(PLAIN, ADDITIONS["Contact"])
    assert setup.files["layouts/Opportunity-O.layout"] == PLAIN
    manifest = fromstring(setup.deployed[0]["package.xml"])
    assert [each.text for each in manifest.iter(f"{{{SPACE}}}members")] == ["Contact-Contact Layout"]


async def test_a_second_time_nothing_is_sent(sf, setup):
    for _ in range(2):
        await org_layouts.carry_out(sf.metadata, await org_layouts.plan(sf.retrieval), sf.api_version)
    assert len(setup.deployed) == 1


async def test_a_check_sends_the_layouts_and_keeps_nothing(sf, setup):
    changes = await org_layouts.plan(sf.retrieval)
    await org_layouts.carry_out(sf.metadata, changes, sf.api_version, check_only=True)
    assert setup.checks == [True]
    assert setup.files[CONTACT] == PLAIN


async def test_removing_brings_the_first_bytes_back(sf, setup):
    await org_layouts.carry_out(sf.metadata, await org_layouts.plan(sf.retrieval), sf.api_version)
    await org_layouts.carry_out(sf.metadata, await org_layouts.plan(sf.retrieval, removing=True), sf.api_version)
    assert setup.files[CONTACT] == PLAIN


async def test_a_strange_layout_is_named(sf, setup):
    setup.files[CONTACT] = b"<Layout/>"
    with pytest.raises(SetupRefused, match="Contact-Contact Layout"):
        await org_layouts.plan(sf.retrieval)


async def test_an_org_without_such_layouts_is_asked_no_more(sf, org, setup):
    setup.files.clear()
    assert await org_layouts.plan(sf.retrieval) == []
    assert len(org.asked("POST", "/services/Soap/m/67.0")) == 1


async def test_buttons_learn_the_address_and_the_user_gets_access_once(sf, org):
    org.on("GET", "/services/oauth2/userinfo", Says({"user_id": "005A", "organization_id": "00DA"}))
    full = {"Id": "0PS1", "Name": installing.FULL_ACCESS, "Label": ""}
    org.on("GET", f"{DATA}/query", answers({"PermissionSet": rows(full, {**full, "Id": "0PS2", "Name": "Other"})}))
    org.on("POST", f"{DATA}/sobjects/PermissionSetAssignment", Says({"id": "0Pa1", "success": True, "errors": []}, 201))
    org.on("POST", f"{DATA}/sobjects/{names.SETTINGS}", Says({"id": "a001", "success": True, "errors": []}, 201))
    assert await installing.settle(sf, "https://fairlead.example.com/") == installing.Settled(True, True)
    assigned = org.asked("POST", f"{DATA}/sobjects/PermissionSetAssignment")
    assert [json.loads(each.body)["PermissionSetId"] for each in assigned] == ["0PS1"]
    (made,) = org.asked("POST", f"{DATA}/sobjects/{names.SETTINGS}")
    assert json.loads(made.body) == {"SetupOwnerId": "00DA", "Address__c": "https://fairlead.example.com"}

    kept = rows({"Id": "a001", "Address__c": "https://fairlead.example.com"})
    org.on("GET", f"{DATA}/query", answers({names.SETTINGS: kept, "PermissionSet": rows(full)}))
    org.on("POST", f"{DATA}/sobjects/PermissionSetAssignment", refusal("DUPLICATE_VALUE"))
    assert await installing.settle(sf, "https://fairlead.example.com") == installing.Settled(False, False)

    org.on("PATCH", f"{DATA}/sobjects/{names.SETTINGS}/a001", Says(b"", 204))
    moved = await installing.settle(sf, "https://elsewhere.example.com")
    assert moved.address_set


async def test_what_an_integration_user_may_not_do_for_itself_is_told(sf, org):
    """It may be allowed to read and write our records only; an administrator does the rest."""
    org.on("GET", "/services/oauth2/userinfo", Says({"user_id": "005A", "organization_id": "00DA"}))
    full = {"Id": "0PS1", "Name": installing.FULL_ACCESS, "Label": ""}
    org.on("GET", f"{DATA}/query", answers({"PermissionSet": rows(full), names.SETTINGS: refusal("INVALID_TYPE")}))
    org.on("POST", f"{DATA}/sobjects/PermissionSetAssignment", refusal("INSUFFICIENT_ACCESS_OR_READONLY"))
    found = await installing.settle(sf, "https://fairlead.example.com")
    assert (found.access_given, found.address_set) == (False, False)
    assert ["INSUFFICIENT_ACCESS_OR_READONLY" in found.problems[0], "INVALID_TYPE" in found.problems[1]] == [True, True]


def all_described(org, **changed):
    for name in (*rights.STANDARD, *names.OBJECTS):
        fields = rights.FIELDS.get(name, ())
        org.on("GET", f"{DATA}/sobjects/{name}/describe", changed.get(name, described(name, fields)))


async def test_a_user_with_all_rights_lacks_none(sf, org):
    all_described(org)
    org.on("GET", f"{DATA}/query", rows(dict.fromkeys(rights.SYSTEM, True)))
    assert await rights.look(sf) == rights.Found(())


async def test_missing_rights_are_named(sf, org):
    hidden = described("Contact", ("Email", "FirstName", "LastName"), updateable=False)
    gone = refusal("NOT_FOUND", status=404)
    all_described(
        org, Contact=hidden, Campaign=gone, CM_List__c=described("CM_List__c", deletable=False), CM_Member__c=gone
    )
    org.on("GET", f"{DATA}/query", rows({**dict.fromkeys(rights.SYSTEM, True), "PermissionsModifyMetadata": False}))
    found = await rights.look(sf)
    assert [(need.what, need.vital) for need in found.missing] == [
        ("Modify Metadata Through Metadata API Functions", False),
        ("Edit on Contact", True),
        ("Read on the field Contact.HasOptedOutOfEmail", True),
        ("Read on Campaign", False),
        ("Delete on CM_List__c", True),
    ]
    assert all(need.fix and need.why for need in found.missing)


async def test_what_the_org_does_not_tell_is_told_as_not_known(sf, org):
    all_described(org)
    org.on("GET", f"{DATA}/query", refusal("INVALID_TYPE"))
    found = await rights.look(sf)
    assert found.missing == ()
    assert "API Enabled" in found.unknown


async def test_a_sharing_model_that_an_administrator_set_stays(sf, org):
    private = {"QualifiedApiName": names.MEMBER, "InternalSharingModel": "Private"}
    strange = {"QualifiedApiName": names.LIST, "InternalSharingModel": "ControlledByParent"}
    org.on("GET", f"{DATA}/query", rows(private, strange))
    found = await sharing.models(sf)
    assert found == {names.MEMBER: "Private"}
    package = package_from_source(PROJECT, "60.0")
    assert models_in(package)[names.MEMBER] == "ReadWrite"
    kept = models_in(sharing.keep(package, found))
    assert kept == {**models_in(package), names.MEMBER: "Private"}
    assert members_of(sharing.keep(package, found)) == members_of(package)
    org.on("GET", f"{DATA}/query", refusal("INVALID_TYPE"))
    assert sharing.keep(package, await sharing.models(sf)) == package


def models_in(package):
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        roots = {name: fromstring(archive.read(name)) for name in archive.namelist() if name.endswith(".object")}
    found = {name[8:-7]: root.findtext(f"{{{SPACE}}}sharingModel") for name, root in roots.items()}
    return {name: model for name, model in found.items() if model}


MEMBERS = {
    "CustomObject": ["CM_List__c"], "CustomField": ["CM_List__c.A__c", "Contact.B__c"],
    "Layout": ["CM_List__c-List Layout"], "WebLink": ["Contact.Fairlead", "CM_List__c.Fairlead"],
    "ListView": ["CM_List__c.All"], "Flow": ["F"], "PermissionSet": ["Full"],
}  # fmt: skip


def test_what_goes_with_its_object_is_not_named():
    assert removal.own_members(MEMBERS) == {
        "CustomObject": ["CM_List__c"], "CustomField": ["Contact.B__c"], "WebLink": ["Contact.Fairlead"],
        "Flow": ["F"], "PermissionSet": ["Full"],
    }  # fmt: skip


def test_of_our_package_everything_is_named_or_goes_with_its_object():
    members = members_of(package_from_source(PROJECT, "60.0"))
    named = removal.own_members(members)
    objects = set(members["CustomObject"])
    for kind, found in members.items():
        for name in set(found) - set(named.get(kind, ())):
            assert name.replace("-", ".").partition(".")[0] in objects, name
    assert set(names.OBJECTS) <= set(named["CustomObject"])


@pytest.fixture
def installed(org, setup):
    """An org in which all is there: two members, one assignment, a flow with two versions, our parts on a layout."""
    setup.files[CONTACT] = apply(PLAIN, ADDITIONS["Contact"])
    fields = {"Campaign": ["CM_Campaign_Id__c"], "CampaignMember": [], "Task": ["CM_Smart_Email_Id__c"]}
    gone = refusal("NOT_FOUND", status=404)
    for name in (*names.OBJECTS, *fields):
        there = name in fields or name in (names.LIST, names.MEMBER)
        org.on("GET", f"{DATA}/sobjects/{name}/describe", described(name, fields.get(name, ())) if there else gone)
    counted = {"FROM CM_Member__c": 2, "FROM Campaign WHERE": 5}
    assignment = rows({"Id": "0Pa1", "AssigneeId": "005A", "PermissionSetId": "0PS1"})
    found = {key: Says({"totalSize": count, "done": True, "records": []}) for key, count in counted.items()}
    org.on("GET", f"{DATA}/query", answers({**found, "PermissionSetAssignment": assignment}))
    org.on("GET", f"{DATA}/tooling/query", rows({"VersionNumber": 2}, {"VersionNumber": 1}))
    org.on("DELETE", f"{DATA}/composite/sobjects", Says([{"id": "0Pa1", "success": True, "errors": []}]))
    org.on("POST", f"{DATA}/sobjects/PermissionSetAssignment", Says({"id": "0Pa2", "success": True, "errors": []}, 201))
    return setup


async def test_a_removal_says_what_would_be_lost(sf, installed):
    plan = await removal.plan(sf, MEMBERS)
    assert plan.installed
    assert plan.records == {names.LIST: 0, names.MEMBER: 2}
    assert plan.values == {"Campaign": 5, "Task": 0}
    assert [each.user_id for each in plan.assignments] == ["005A"]
    assert [each.name for each in plan.layouts if each.differs] == ["Contact-Contact Layout"]
    assert plan.flows == {"F": [1, 2]}


async def test_a_removal_is_one_deployment(sf, org, installed):
    """Layouts without ours and flows switched off come first in it; versions of flows are deleted one by one."""
    result = await removal.carry_out(sf, await removal.plan(sf, MEMBERS))
    assert result.success
    (sent,) = installed.deployed
    assert sent[CONTACT.replace("layouts/", "layouts/")] == PLAIN
    assert b"<activeVersionNumber>0<" in sent["flowDefinitions/F.flowDefinition"]
    deleted = {each.text for each in fromstring(sent["destructiveChangesPost.xml"]).iter(f"{{{SPACE}}}members")}
    assert deleted == {"CM_List__c", "Contact.B__c", "Contact.Fairlead", "F-1", "F-2", "Full"}
    assert len(org.asked("DELETE", f"{DATA}/composite/sobjects")) == 1
    assert org.asked("POST", f"{DATA}/sobjects/PermissionSetAssignment") == []


async def test_who_lost_a_permission_set_gets_it_back_when_a_removal_is_refused(sf, org, installed):
    installed.refuse = "is referenced elsewhere"
    result = await removal.carry_out(sf, await removal.plan(sf, MEMBERS))
    assert not result.success
    (given,) = org.asked("POST", f"{DATA}/sobjects/PermissionSetAssignment")
    assert json.loads(given.body) == {"AssigneeId": "005A", "PermissionSetId": "0PS1"}


async def test_in_an_org_without_us_there_is_nothing_to_remove(sf, org, setup):
    for name in (*names.OBJECTS, *removal.HELD):
        org.on("GET", f"{DATA}/sobjects/{name}/describe", refusal("NOT_FOUND", status=404))
    org.on("GET", f"{DATA}/query", rows())
    org.on("GET", f"{DATA}/tooling/query", refusal("INVALID_TYPE"))
    plan = await removal.plan(sf, MEMBERS)
    assert not plan.installed
    assert plan.flows == {}


@pytest.mark.parametrize(("problem", "step"), [
    ("Cannot change the type of A.B__c from url to Number", "rename or delete it"),
    ("This developer name is already in use. Duplicate", "Something of this name"),
    ("insufficient access rights on cross-reference id", "fairlead salesforce check"),
    ("This custom object is referenced elsewhere in salesforce.com", "Take it out of what uses it"),
    ("You have reached the maximum number of custom fields", "edition allows"),
    ("In field: field - no CustomField named A.B__c found", "fairlead salesforce deploy"),
    ("Entity of type Lead is not available in this organization", "turn the feature on"),
    ("Required field is missing: label", "came with Fairlead"),
    ("Error parsing file: Element shoe invalid at this location", "restore it"),
    ("UNKNOWN_EXCEPTION: An unexpected error occurred", "Try again"),
    ("something new", "Deployment Status"),
])  # fmt: skip
def test_a_refused_component_has_a_next_step(problem, step):
    assert step in refusals.next_step(ComponentFailure("A", "CustomField", problem))
