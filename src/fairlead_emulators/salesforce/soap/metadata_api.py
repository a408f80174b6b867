"""`/services/Soap/m/NN.0`: deploys, retrieves, lists, describes, reads and writes metadata."""

import base64
import binascii
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final
from xml.etree.ElementTree import Element

from starlette.routing import Route

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.deployments import OPTIONS, Deployments, told
from fairlead_emulators.salesforce.metadata.kinds import KINDS, TYPES
from fairlead_emulators.salesforce.metadata.manifest import Manifest
from fairlead_emulators.salesforce.metadata.markup import child, child_text, children
from fairlead_emulators.salesforce.metadata.retrieval import Retrieved, listed, retrieve
from fairlead_emulators.salesforce.rest.wire import Api
from fairlead_emulators.salesforce.soap import single_components
from fairlead_emulators.salesforce.soap.door import Call, Door
from fairlead_emulators.salesforce.soap.envelope import SoapFault

fact("soap_deploy")
fact("soap_retrieve")
fact("soap_list_limit")
fact("describe_metadata")

NAMESPACE: Final = "http://soap.sforce.com/2006/04/metadata"
KEPT: Final = 20
MAX_QUERIES: Final = 3
_FOLDER_TYPES: Final = ("ReportFolder", "DashboardFolder")


@dataclass(slots=True)
class MetadataApi:
    """The calls, and the retrieved zips that wait to be fetched; the oldest of them give way."""

    api: Api
    deployments: Deployments
    retrieved: "OrderedDict[str, Retrieved]" = field(default_factory=OrderedDict)

    def routes(self) -> list[Route]:
        """The routes of this file; some clients write the kind of call behind the version."""
        single = single_components.SingleComponents(self.api.org)
        calls = {
            "deploy": self.deploy,
            "checkDeployStatus": self.check_deploy,
            "cancelDeploy": self.cancel,
            "deployRecentValidation": self.quick,
            "checkStatus": self.check_status,
            "retrieve": self.retrieve,
            "checkRetrieveStatus": self.check_retrieve,
            "listMetadata": self.list_metadata,
            "describeMetadata": self.describe,
            **single.calls(),
        }
        endpoint = Door(self.api, NAMESPACE, NAMESPACE, calls).endpoint()
        path = "/services/Soap/m/{version}"
        return [Route(path, endpoint, methods=["POST"]), Route(path + "/{rest:path}", endpoint, methods=["POST"])]

    def deploy(self, call: Call) -> list[Any]:
        """`deploy(ZipFile, DeployOptions)`: AsyncResult."""
        asked = call.asked.body
        package = _decoded(child_text(asked, "ZipFile"))
        given = child(asked, "DeployOptions")
        options: dict[str, Any] = {"rollbackOnError": False, "singlePackage": False}
        if given is not None:
            options |= {name: _boolean(text) for name in OPTIONS if (text := child_text(given, name))}
            options["testLevel"] = child_text(given, "testLevel") or None
            options["runTests"] = [(test.text or "").strip() for test in children(given, "runTests")]
        result = self.deployments.start(package, options)
        return [{"done": False, "id": result["id"], "state": "Queued"}]

    def check_deploy(self, call: Call) -> list[Any]:
        """`checkDeployStatus(asyncProcessId, includeDetails)`: DeployResult."""
        result = self.deployments.find(_one_id(call))
        details = _boolean(child_text(call.asked.body, "includeDetails") or "false")
        shown = told(result, details=details)
        return [{name: shown[name] for name in sorted(shown)}]

    def cancel(self, call: Call) -> list[Any]:
        """`cancelDeploy(id)`: whether it has ended already."""
        result = self.deployments.cancel(_one_id(call))
        return [{"done": result["done"], "id": result["id"]}]

    def quick(self, call: Call) -> list[Any]:
        """`deployRecentValidation(validationId)`: the id of the new deployment."""
        return [self.deployments.quick(_one_id(call))["id"]]

    def check_status(self, call: Call) -> list[Any]:
        """`checkStatus(asyncProcessId)`: AsyncResult of a deployment or a retrieval."""
        asked = _one_id(call)
        if asked.startswith("09S"):
            self._retrieved(asked)
            return [{"done": True, "id": asked, "state": "Completed"}]
        result = self.deployments.find(asked)
        state = "Completed" if result["success"] else "Error" if result["done"] else "InProgress"
        return [{"done": result["done"], "id": result["id"], "state": state}]

    def retrieve(self, call: Call) -> list[Any]:
        """`retrieve(retrieveRequest)`: AsyncResult; what is asked for is found at once."""
        body = call.asked.body
        request = child(body, "retrieveRequest")
        request = next(iter(body), None) if request is None else request
        if request is None:
            raise SoapFault("INVALID_OPERATION", "retrieveRequest is missing")
        package = child(request, "unpackaged")
        asked = Manifest.of(package) if package is not None else Manifest()
        single = _boolean(child_text(request, "singlePackage") or "false")
        version = child_text(request, "apiVersion") or f"{call.version}.0"
        found = retrieve(self.api.org, asked, version, single_package=single)
        identity = self.api.org.storage.new_ids("09S", 1)[0]
        self.retrieved[identity] = found
        while len(self.retrieved) > KEPT:
            self.retrieved.popitem(last=False)
        return [{"done": False, "id": identity, "state": "Queued"}]

    def _retrieved(self, asked: str) -> Retrieved:
        for identity, found in self.retrieved.items():
            if asked in (identity, identity[:15]):
                return found
        raise SoapFault("INVALID_CROSS_REFERENCE_KEY", f"invalid cross reference id: {asked}")

    def check_retrieve(self, call: Call) -> list[Any]:
        """`checkRetrieveStatus(asyncProcessId, includeZip)`: RetrieveResult."""
        asked = _one_id(call)
        found = self._retrieved(asked)
        zipped = _boolean(child_text(call.asked.body, "includeZip") or "true")
        return [
            {
                "done": True,
                "fileProperties": found.properties,
                "id": asked,
                "messages": found.messages,
                "status": "Succeeded",
                "success": True,
                "zipFile": base64.b64encode(found.zip).decode() if zipped else None,
            }
        ]

    def list_metadata(self, call: Call) -> list[Any]:
        """`listMetadata(queries, asOfVersion)`: FileProperties of up to three types."""
        queries = children(call.asked.body, "queries")
        if len(queries) > MAX_QUERIES:
            raise SoapFault("LIMIT_EXCEEDED", f"The maximum number of queries in a call is {MAX_QUERIES}")
        found: list[Any] = []
        for query in queries:
            name = child_text(query, "type")
            kind = next((each for each in _FOLDER_TYPES if each.lower() == name.lower()), TYPES.get(name.lower()))
            if kind is None:
                raise SoapFault("INVALID_TYPE", f"Unknown type:{name}")
            found += listed(self.api.org, kind, child_text(query, "folder") or None)
        return found

    def describe(self, _call: Call) -> list[Any]:
        """`describeMetadata(asOfVersion)`: the types that this org takes."""
        objects = [
            {
                "childXmlNames": sorted(kind.children.values()),
                "directoryName": kind.folder,
                "inFolder": kind.in_folder,
                "metaFile": kind.meta_file,
                "suffix": kind.suffix or None,
                "xmlName": kind.type,
            }
            for kind in sorted(KINDS, key=lambda kind: kind.type)
        ]
        return [
            {
                "metadataObjects": objects,
                "organizationNamespace": "",
                "partialSaveAllowed": True,
                "testRequired": False,
            }
        ]


def _one_id(call: Call) -> str:
    """The id that a call is about, whatever its element is called."""
    first: Element | None = next(iter(call.asked.body), None)
    text = (first.text or "").strip() if first is not None else ""
    if not text:
        raise SoapFault("INVALID_CROSS_REFERENCE_KEY", "An id must be specified")
    return text


def _boolean(text: str) -> bool:
    folded = text.lower()
    if folded not in ("true", "false", "1", "0"):
        raise SoapFault("soapenv:Client", f"'{text}' is not a valid value for the type xsd:boolean")
    return folded in ("true", "1")


def _decoded(text: str) -> bytes:
    try:
        package = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ApiError(400, "INVALID_OPERATION", "ZipFile is not base64") from None
    if not package:
        raise ApiError(400, "INVALID_OPERATION", "ZipFile is missing")
    return package
