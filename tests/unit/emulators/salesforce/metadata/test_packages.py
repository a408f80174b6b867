"""What a package may hold, and how its manifest, its files and its options are held against one another."""

import io
import zipfile

import pytest

from fairlead_emulators.salesforce.metadata import package as metadata
from tests.unit.emulators.salesforce.conftest import CHILD, PARENT, RIGHTS
from tests.unit.emulators.salesforce.metadata.test_deleting import listed, problems

NS = "http://soap.sforce.com/2006/04/metadata"


def test_what_package_xml_does_not_name_is_refused(bare):
    files = {"objects/Parent__c.object": PARENT, "permissionsets/Readers.permissionset": RIGHTS}
    told = problems(bare.deploy({"package.xml": listed(CustomObject=["Parent__c"]), **files}))
    assert told == {"Readers": "Not in package.xml"}


def test_what_the_zip_lacks_is_refused_or_a_warning(bare):
    files = {"package.xml": listed(CustomObject=["Parent__c"], Layout=["L"]), "objects/Parent__c.object": PARENT}
    words = "An object 'L' of type Layout was named in package.xml, but was not found in zipped directory"
    assert problems(bare.deploy(files)) == {"L": words}
    result = bare.deploy(files, allowMissingFiles=True)
    warned = [m for m in result["details"]["componentSuccesses"] if m.get("problemType") == "Warning"]
    assert (result["success"], [m["problem"] for m in warned]) == (True, [words])


def test_an_unknown_type_is_told_at_the_manifest(bare):
    told = problems(bare.deploy({"package.xml": listed(Nonsense=["X"])}))
    assert told == {"package.xml": "Unknown type name 'Nonsense' specified in package.xml"}


def test_fields_alone_are_deployed_to_an_object_that_is_there(org):
    field = "<fields><fullName>New__c</fullName><label>New</label><type>Checkbox</type><defaultValue>true</defaultValue></fields>"
    file = {"objects/Child__c.object": f'<CustomObject xmlns="{NS}">{field}</CustomObject>'}
    assert org.deploy({"package.xml": listed(CustomField=["Child__c.New__c"]), **file})["success"]
    assert org.ask("GET", "/sobjects/Child__c").json()["objectDescribe"]["label"] == "Child"
    told = problems(org.deploy({"package.xml": listed(CustomObject=["Child__c"]), **file}))
    assert told == {"Child__c": "Must specify a non-empty label for the CustomObject"}


def test_what_is_deployed_again_unchanged_says_so(org):
    again = org.deploy({"objects/Child__c.object": CHILD, "objects/Parent__c.object": PARENT})
    assert {(m["created"], m["changed"]) for m in again["details"]["componentSuccesses"]} == {(False, False)}
    longer = CHILD.replace("<length>20</length>", "<length>25</length>")
    told = org.deploy({"objects/Child__c.object": longer})["details"]["componentSuccesses"]
    assert [m["fullName"] for m in told if m["changed"]] == ["Child__c.Note__c"]


def test_a_zip_without_manifest_names_the_folder_it_looked_in(bare):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("classes/A.cls", "x")
    with pytest.raises(metadata.BadPackage) as caught:
        metadata.read_package(target.getvalue())
    assert (str(caught.value), caught.value.path) == ("No package.xml found", "classes/package.xml")


def test_a_zip_may_have_39_mb():
    with pytest.raises(metadata.BadPackage, match="at most 40894464 are allowed"):
        metadata.read_package(bytes(metadata.MAX_ZIP + 1))


def test_a_zip_that_lies_about_its_sizes_is_refused():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("package.xml", listed(CustomObject=["A__c"]))
        archive.writestr("objects/A__c.object", "x" * 100_000)
    data = bytearray(target.getvalue())
    place = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    with pytest.raises(metadata.BadPackage, match="cannot be unpacked"):
        metadata.read_package(bytes(data))


@pytest.mark.parametrize(
    ("path", "xml", "words"),
    [
        ("tabs/No__c.tab", "<CustomTab><customObject>true</customObject></CustomTab>", "no CustomObject named No__c"),
        (
            "applications/A.app",
            "<CustomApplication><label>A</label><tabs>No__c</tabs></CustomApplication>",
            "no CustomTab",
        ),
        ("reports/F/R.report", "<Report><reportType>No__c</reportType></Report>", "no ReportType named No found"),
        (
            "reportTypes/T.reportType",
            "<ReportType><label>T</label><baseObject>No__c</baseObject></ReportType>",
            "No__c",
        ),
        (
            "dashboards/F/D.dashboard",
            "<Dashboard><r><report>F/No</report></r></Dashboard>",
            "no Report named F/No found",
        ),
        (
            "notificationtypes/N.notiftype",
            "<CustomNotificationType/>",
            "Required field is missing: customNotifTypeName",
        ),
        ("layouts/Parent__c-L.layout", "<Layout><customButtons>No</customButtons></Layout>", "no WebLink named"),
        (
            "flowDefinitions/F.flowDefinition",
            "<FlowDefinition><activeVersionNumber>1</activeVersionNumber></FlowDefinition>",
            "no Flow",
        ),
        ("flows/F.flow", "<Layout/>", "Element Layout invalid at this location in type Flow"),
        ("classes/A.cls", "public class A {}", "No metadata file found for: classes/A.cls"),
    ],
)
def test_components_need_what_they_name(org, path, xml, words):
    root, dot, rest = xml.partition(">")
    named = f'{root.rstrip("/")} xmlns="{NS}"{"/" if root.endswith("/") else ""}{dot}{rest}' if xml[0] == "<" else xml
    (problem,) = problems(org.deploy({path: named})).values()
    assert words in problem


def test_rights_name_the_line_that_is_wrong(org):
    wrong = RIGHTS.replace("Child__c.Note__c", "Child__c.No__c")
    (failure,) = org.deploy({"permissionsets/Readers.permissionset": wrong})["details"]["componentFailures"]
    assert failure["lineNumber"] == wrong[: wrong.index("<fieldPermissions>")].count("\n") + 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"checkOnly": "yes"}, "INVALID_TYPE"),
        ({"testLevel": "Some"}, "INVALID_TYPE"),
        ({"testLevel": "RunSpecifiedTests"}, "INVALID_OPERATION"),
    ],
)
def test_options_that_are_none_are_refused(bare, options, code):
    import json

    from tests.unit.emulators.salesforce.conftest import zipped

    parts = {
        "json": (None, json.dumps({"deployOptions": options}), "application/json"),
        "file": ("package.zip", zipped({"objects/Parent__c.object": PARENT}), "application/zip"),
    }
    answer = bare.ask("POST", "/metadata/deployRequest", files=parts)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_check_is_deployed_by_its_id_over_rest(bare):
    result = bare.deploy({"objects/Parent__c.object": PARENT}, checkOnly=True, testLevel="RunLocalTests")
    answer = bare.ask("POST", "/metadata/deployRequest", json={"validatedDeployRequestId": result["id"]})
    assert answer.status_code == 201
    from tests.unit.emulators.salesforce.conftest import wait

    ended = wait(lambda: bare.deployment(answer.json()["id"]), lambda r: r["done"])
    assert ended["status"] == "Succeeded"
    for body in ({}, {"validatedDeployRequestId": "0Af000000000001"}):
        assert bare.ask("POST", "/metadata/deployRequest", json=body).status_code in (400, 404)
