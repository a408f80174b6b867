"""The unmodified `simple-salesforce` client deploys and manages metadata of the local org, over verified HTTPS."""

import time
from pathlib import Path

import pytest
from simple_salesforce import Salesforce

from fairlead.salesforce.package import package_from_source
from tests.repository.files import ROOT

# The client leaves files and sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


def ended(client: Salesforce, deploy_id: str) -> dict:
    """What the client makes of a deployment's end."""
    for _ in range(200):
        told = client.checkDeployStatus(deploy_id)
        if told["state"] not in ("Pending", "InProgress", "Queued"):
            return told
        time.sleep(0.1)
    raise AssertionError(told)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "package.zip"
    path.write_bytes(package_from_source(ROOT / "salesforce", "60.0"))
    return path


def test_the_clients_deploy_installs_what_fairlead_needs(client: Salesforce, package: Path):
    checked = client.deploy(str(package), sandbox=True, checkOnly=True, testLevel="NoTestRun", rollbackOnError=True)
    assert ended(client, checked["asyncId"])["state"] == "Succeeded"
    assert "CM_Member__c" not in {each["name"] for each in client.describe()["sobjects"]}
    started = client.deploy(str(package), sandbox=False)
    told = ended(client, started["asyncId"])
    detail = told["deployment_detail"]
    assert (told["state"], detail["failed_count"], detail["errors"]) == ("Succeeded", "0", [])
    assert int(detail["deployed_count"]) == int(detail["total_count"]) > 100
    assert "CM_Member__c" in {each["name"] for each in client.describe()["sobjects"]}


def test_a_refused_deployment_is_told_component_by_component(client: Salesforce, tmp_path: Path):
    from tests.unit.emulators.salesforce.conftest import PARENT, zipped

    path = tmp_path / "broken.zip"
    path.write_bytes(zipped({"objects/Parent__c.object": PARENT.replace("<length>40</length>", "<length>0</length>")}))
    told = ended(client, client.deploy(str(path), sandbox=False)["asyncId"])
    (failure,) = told["deployment_detail"]["errors"]
    assert (told["state"], failure["type"], failure["file"]) == ("Failed", "CustomField", "objects/Parent__c.object")
    assert "length must be between 1 and 255" in failure["message"]


def test_objects_and_fields_are_made_by_the_clients_metadata_api(client: Salesforce):
    mdapi = client.mdapi
    made = mdapi.CustomObject(
        fullName="Thing__c",
        label="Thing",
        pluralLabel="Things",
        nameField=mdapi.CustomField(label="Name", type=mdapi.FieldType("Text")),
        deploymentStatus=mdapi.DeploymentStatus("Deployed"),
        sharingModel=mdapi.SharingModel("ReadWrite"),
    )
    mdapi.CustomObject.create(made)
    field = mdapi.CustomField(
        fullName="Thing__c.Colour__c", label="Colour", type=mdapi.FieldType("Text"), length=20, required=False
    )
    mdapi.CustomField.create(field)
    assert client.Thing__c.create({"Name": "A", "Colour__c": "red"})["success"]
    assert mdapi.CustomField.read("Thing__c.Colour__c")["length"] == 20
    field["length"] = 30
    mdapi.CustomField.update(field)
    mdapi.CustomField.upsert(field)
    assert {f["name"]: f["length"] for f in client.Thing__c.describe()["fields"]}["Colour__c"] == 30
    with pytest.raises(Exception, match="already used"):
        mdapi.CustomField.create(field)
    mdapi.CustomField.delete("Thing__c.Colour__c")
    read = mdapi.CustomObject.read("Thing__c")
    assert (read["label"], read["sharingModel"], len(read["fields"])) == ("Thing", "ReadWrite", 0)
    mdapi.CustomObject.delete("Thing__c")
    assert "Thing__c" not in {each["name"] for each in client.describe()["sobjects"]}


def test_types_and_components_are_listed_by_the_clients_metadata_api(client: Salesforce, package: Path):
    ended(client, client.deploy(str(package), sandbox=False)["asyncId"])
    mdapi = client.mdapi
    types = {each["xmlName"] for each in mdapi.describe_metadata()["metadataObjects"]}
    assert {"CustomObject", "PermissionSet", "Report"} <= types
    query = mdapi.ListMetadataQuery(type="PermissionSet")
    assert "Fairlead_Full_Access" in {each["fullName"] for each in mdapi.list_metadata([query])}


def test_metadata_is_retrieved_by_the_client(client: Salesforce, package: Path):
    ended(client, client.deploy(str(package), sandbox=False)["asyncId"])
    job, state = client.mdapi.retrieve("", single_package=True, unpackaged={"PermissionSet": ["*"]}, api_version="60.0")
    assert state == "Queued"
    status, problem, messages = client.mdapi.check_retrieve_status(job)
    assert (status, problem, messages) == ("Succeeded", None, [])
    state, problem, messages, content = client.mdapi.retrieve_zip(job)
    assert content[:2] == b"PK"
