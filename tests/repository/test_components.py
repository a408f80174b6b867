"""The components for record pages: fit Salesforce's types, are left out unless asked for, and name what is there."""

import io
import json
import re
import zipfile

import pytest
from defusedxml.ElementTree import parse

from fairlead.features.people.rules.memberships import Act
from fairlead.features.people.urls import urlpatterns
from fairlead.salesforce import record_pages
from fairlead.salesforce.package import package_from_source
from fairlead.salesforce.removal import members_of
from fairlead_emulators.salesforce.metadata import package as metadata
from fairlead_emulators.salesforce.state.storage import Storage
from tests.repository import metadata_types
from tests.repository.org_source import PROJECT, SPACE, text

COMPONENTS = PROJECT / record_pages.FOLDER
SOURCE = COMPONENTS / "force-app" / "main" / "default"
FILES = sorted(SOURCE.rglob("*-meta.xml"))
ADDRESS = "https://fairlead.test/a&b"
PACKAGE = record_pages.package(PROJECT, "66.0", ADDRESS)


def packed(zipped: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_fits_the_metadata_apis_own_types(path):
    root = parse(path).getroot()
    assert root.tag.startswith(SPACE)
    if path.name.endswith(".js-meta.xml"):  # the form of target configurations is not among the published types
        root[:] = [each for each in root if each.tag != f"{SPACE}targetConfigs"]
    assert metadata_types.problems(root, root.tag.removeprefix(SPACE)) == []


def test_what_is_deployed_unasked_holds_no_apex_and_no_component():
    members = members_of(package_from_source(PROJECT, "66.0"))
    assert not {"ApexClass", "LightningComponentBundle", "NamedCredential", "ExternalCredential"} & set(members)


def test_the_package_holds_sources_and_neither_tests_nor_tools():
    files = packed(PACKAGE)
    assert members_of(PACKAGE) == {
        "ApexClass": ["FairleadController", "FairleadControllerTest"],
        "ExternalCredential": ["Fairlead"],
        "LightningComponentBundle": ["emailActivity", "listMemberships"],
        "NamedCredential": ["Fairlead"],
        "PermissionSet": [record_pages.PERMISSION_SET],
    }
    assert not [name for name in files if "test.js" in name or "node_modules" in name]
    assert set(record_pages.TESTS) <= set(members_of(PACKAGE)["ApexClass"])


def test_the_named_credential_leads_to_this_fairlead():
    files = packed(PACKAGE)
    credential = files["namedCredentials/Fairlead.namedCredential"].decode()
    assert "https://fairlead.test/a&amp;b</parameterValue>" in credential
    assert record_pages.ADDRESS not in "".join(content.decode() for content in files.values())


def test_an_org_takes_them_after_everything_else():
    storage = Storage(None)
    with storage.transaction() as connection:
        for zipped in (package_from_source(PROJECT, "66.0"), PACKAGE):
            result = metadata.apply(metadata.read_package(zipped), storage.schema, connection)
            assert [(each.full_name, each.problem) for each in result.failures] == []
        deployed = {(one.type, one.full_name) for one in metadata.deployed(connection)}
    storage.close()
    assert ("LightningComponentBundle", "emailActivity") in deployed
    assert ("ApexClass", "FairleadController") in deployed


def test_the_permission_set_gives_the_class_and_the_principal_that_the_credential_has():
    root = parse(SOURCE / "permissionsets" / f"{record_pages.PERMISSION_SET}.permissionset-meta.xml").getroot()
    (given,) = root.findall(SPACE + "classAccesses")
    assert text(given, "apexClass") == "FairleadController"
    credential = parse(SOURCE / "externalCredentials" / "Fairlead.externalCredential-meta.xml").getroot()
    parameters = credential.findall(SPACE + "externalCredentialParameters")
    (principal,) = [text(p, "parameterName") for p in parameters if text(p, "parameterType") == "NamedPrincipal"]
    (given,) = root.findall(SPACE + "externalCredentialPrincipalAccesses")
    assert text(given, "externalCredentialPrincipal") == f"Fairlead-{principal}"
    (header,) = [text(p, "parameterValue") for p in parameters if text(p, "parameterType") == "AuthHeader"]
    assert header == "{!'Bearer ' & $Credential.Fairlead.Token}"


@pytest.mark.parametrize("name", ["emailActivity", "listMemberships"])
def test_a_component_stands_on_any_record_page_and_asks_for_the_email_field(name):
    root = parse(SOURCE / "lwc" / name / f"{name}.js-meta.xml").getroot()
    (target,) = root.iter(f"{SPACE}target")
    (asked,) = root.iter(f"{SPACE}property")
    assert target.text == "lightning__RecordPage"
    assert not list(root.iter(f"{SPACE}object"))
    assert (asked.get("name"), asked.get("default"), asked.get("required")) == ("emailField", "Email", "true")
    code = (SOURCE / "lwc" / name / f"{name}.js").read_text()
    assert "@api emailField" in code


def test_the_class_asks_addresses_that_the_api_has():
    code = (SOURCE / "classes" / "FairleadController.cls").read_text()
    (start,) = re.findall(r"'callout:Fairlead/(api/v1/people/)'", code)
    parts = set(re.findall(r"'(/(?:activity|memberships))'", code))
    known = {str(each.pattern) for each in urlpatterns}
    assert {f"{start}<str:record>{part}" for part in parts} <= known
    assert len(parts) == 2
    acts = re.findall(r'data-act="(\w+)"', (SOURCE / "lwc" / "listMemberships" / "listMemberships.html").read_text())
    assert {Act(act) for act in acts} == set(Act)


def test_the_lock_of_the_tools_names_no_address():
    """It works with every index: whoever installs chooses where from."""
    lock = json.loads((COMPONENTS / "package-lock.json").read_text())
    assert [name for name, each in lock["packages"].items() if "resolved" in each] == []
