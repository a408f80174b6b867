"""From SFDX sources to a deployment."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from fairlead.salesforce.errors import SetupRefused
from fairlead.salesforce.metadata import package_from_source
from fairlead.salesforce.package import NAMESPACE, PackageError
from tests.unit.salesforce.fake_org import DATA, Cut, Says

NS = f"{{{NAMESPACE}}}"


def write(root: Path, path: str, tag: str, inner: str = "") -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n<{tag} xmlns="{NAMESPACE}">{inner}</{tag}>\n')


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "sfdx-project.json").write_text('{"packageDirectories": [{"path": "force-app", "default": true}]}')
    root = tmp_path / "force-app/main/default"
    write(
        root,
        "objects/X__c/X__c.object-meta.xml",
        "CustomObject",
        "<label>X</label><deploymentStatus>Deployed</deploymentStatus>",
    )
    write(root, "objects/X__c/fields/Key__c.field-meta.xml", "CustomField", "<fullName>Key__c</fullName>")
    write(root, "objects/X__c/fields/A__c.field-meta.xml", "CustomField", "<fullName>A__c</fullName>")
    write(root, "objects/X__c/listViews/All.listView-meta.xml", "ListView", "<fullName>All</fullName>")
    write(root, "objects/Contact/fields/B__c.field-meta.xml", "CustomField", "<fullName>B__c</fullName>")
    write(root, "layouts/X__c-X Layout.layout-meta.xml", "Layout")
    write(root, "tabs/X__c.tab-meta.xml", "CustomTab")
    write(root, "permissionsets/Full.permissionset-meta.xml", "PermissionSet")
    write(root, "reports/Ours.reportFolder-meta.xml", "ReportFolder")
    write(root, "reports/Ours/R.report-meta.xml", "Report")
    write(root, "classes/C.cls-meta.xml", "ApexClass")
    (root / "classes/C.cls").write_text("class C {}")
    write(root, "staticresources/Pic.resource-meta.xml", "StaticResource")
    (root / "staticresources/Pic.svg").write_text("<svg/>")
    write(root, "lwc/thing/thing.js-meta.xml", "LightningComponentBundle")
    (root / "lwc/thing/thing.js").write_text("export {}")
    (root / "lwc/thing/__tests__").mkdir()
    (root / "lwc/thing/__tests__/t.js").write_text("x")
    return tmp_path


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_decomposed_sources_are_put_together_again(project):
    files = opened(package_from_source(project, "60.0"))
    assert sorted(files) == [
        "classes/C.cls",
        "classes/C.cls-meta.xml",
        "layouts/X__c-X Layout.layout",
        "lwc/thing/thing.js",
        "lwc/thing/thing.js-meta.xml",
        "objects/Contact.object",
        "objects/X__c.object",
        "package.xml",
        "permissionsets/Full.permissionset",
        "reports/Ours-meta.xml",
        "reports/Ours/R.report",
        "staticresources/Pic.resource",
        "staticresources/Pic.resource-meta.xml",
        "tabs/X__c.tab",
    ]
    root = fromstring(files["objects/X__c.object"])
    assert root.tag == f"{NS}CustomObject"
    assert [child.tag.removeprefix(NS) for child in root] == [
        "deploymentStatus",
        "fields",
        "fields",
        "label",
        "listViews",
    ]
    assert [e.text for e in root.iterfind(f"{NS}fields/{NS}fullName")] == ["A__c", "Key__c"]


def test_the_manifest_names_every_component(project):
    root = fromstring(opened(package_from_source(project, "60"))["package.xml"])
    named = {t.findtext(f"{NS}name"): [m.text for m in t.iterfind(f"{NS}members")] for t in root.iterfind(f"{NS}types")}
    assert named == {
        "ApexClass": ["C"],
        "CustomField": ["Contact.B__c", "X__c.A__c", "X__c.Key__c"],
        "CustomObject": ["X__c"],
        "CustomTab": ["X__c"],
        "Layout": ["X__c-X Layout"],
        "LightningComponentBundle": ["thing"],
        "ListView": ["X__c.All"],
        "PermissionSet": ["Full"],
        "Report": ["Ours", "Ours/R"],
        "StaticResource": ["Pic"],
    }
    assert root.findtext(f"{NS}version") == "60.0"


def test_the_same_sources_give_the_same_bytes(project):
    for path in project.rglob("*.xml"):
        path.touch()
    assert package_from_source(project, "60.0") == package_from_source(project, "60.0")
    assert package_from_source(project / "force-app", "60.0") == package_from_source(project, "60.0")


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("layouts/L.layout-meta.xml", "<Layout", "not XML"),
        ("layouts/L.layout-meta.xml", "<Layout/>", "namespace"),
        ("layouts/L.tab-meta.xml", f'<a xmlns="{NAMESPACE}"/>', "layout-meta.xml"),
        ("gardens/G.garden-meta.xml", "<a/>", "no metadata folder"),
        ("objects/X__c/gardens/G.garden-meta.xml", "<a/>", "no part of an object"),
    ],
)
def test_a_source_that_cannot_be_packed_is_named(project, path, text, said):
    file = project / "force-app/main/default" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    with pytest.raises(PackageError, match=said) as caught:
        package_from_source(project, "60.0")
    assert file.name in str(caught.value)
    assert caught.value.next_step


@pytest.mark.parametrize("text", ["{}", "x", '{"packageDirectories": [{"path": "nowhere"}]}'])
def test_a_broken_project_file_is_named(tmp_path, text):
    (tmp_path / "sfdx-project.json").write_text(text)
    with pytest.raises(PackageError, match="sfdx-project.json"):
        package_from_source(tmp_path, "60.0")


def test_a_folder_without_sources_is_refused(tmp_path):
    with pytest.raises(PackageError, match="holds no Salesforce sources"):
        package_from_source(tmp_path, "60.0")


DEPLOY = f"{DATA}/metadata/deployRequest"


def deployment(status, done=False, success=False, **more):
    return Says(
        {
            "id": "0Af1",
            "deployResult": {
                "id": "0Af1",
                "status": status,
                "done": done,
                "success": success,
                "checkOnly": True,
                **more,
            },
        }
    )


async def test_a_package_is_deployed_and_followed(sf, org):
    org.on("POST", DEPLOY, Cut, Says({"id": "0Af1", "deployResult": {"status": "Pending", "done": False}}, 201))
    org.on(
        "GET",
        f"{DEPLOY}/0Af1",
        deployment("InProgress"),
        deployment("Succeeded", True, True, numberComponentsTotal=3, numberComponentsDeployed=3),
    )
    seen = []
    result = await sf.metadata.deploy(b"PK-zip", check_only=True, on_progress=lambda r: seen.append(r.status))
    result.raise_for_failure()
    assert (result.total, result.deployed, seen) == (3, 3, ["InProgress", "Succeeded"])
    sent = org.asked("POST", DEPLOY)[-1]
    assert sent.headers["Content-Type"].startswith("multipart/form-data")
    assert b'name="json"' in sent.body
    assert b'name="file"; filename="package.zip"' in sent.body
    assert b"PK-zip" in sent.body
    options = json.loads(sent.body.split(b"\r\n\r\n")[1].split(b"\r\n--")[0])["deployOptions"]
    assert (options["checkOnly"], options["rollbackOnError"], options["singlePackage"]) == (True, True, True)


async def test_refused_components_are_named_with_their_problem(sf, org):
    org.on("POST", DEPLOY, deployment("Pending"))
    failure = {
        "fullName": "X__c.A__c",
        "componentType": "CustomField",
        "problem": "bad length",
        "problemType": "Error",
        "lineNumber": 7,
    }
    org.on(
        "GET",
        f"{DEPLOY}/0Af1",
        deployment("Failed", True, details={"componentFailures": [failure], "componentSuccesses": []}),
    )
    result = await sf.metadata.deploy(b"PK")
    with pytest.raises(SetupRefused, match=r"CustomField X__c.A__c \(line 7\): bad length"):
        result.raise_for_failure()


async def test_a_deployment_can_be_cancelled(sf, org):
    org.on("PATCH", f"{DEPLOY}/0Af1", Says({}, 202))
    await sf.metadata.cancel("0Af1")
    assert json.loads(org.asked("PATCH", f"{DEPLOY}/0Af1")[0].body) == {"deployResult": {"status": "Canceling"}}
