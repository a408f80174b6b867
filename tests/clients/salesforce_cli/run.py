"""Runs Salesforce's own command line against a local org of its own; ends with 1 if a command fails or says otherwise.

Needs node 22 or newer: `NODE` names it, if it is not the one on the path.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairlead_emulators.clock import Clock
from fairlead_emulators.salesforce.app import SalesforceOrgEmulator, create
from fairlead_emulators.server import serving
from fairlead_emulators.tls import certificate

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
NODE = os.environ.get("NODE", "node")
CLI = HERE / "node_modules" / "@salesforce" / "cli" / "bin" / "run.js"
QUIET = ("SF_DISABLE_TELEMETRY", "SF_AUTOUPDATE_DISABLE", "SF_SKIP_NEW_VERSION_CHECK", "SF_USE_GENERIC_UNIX_KEYCHAIN")
DEPLOY = ("project", "deploy", "start", "--source-dir", "force-app")

Json = dict[str, Any]


@dataclass
class Terminal:
    """A project folder and a home of its own, signed in to the org."""

    folder: Path
    env: dict[str, str]
    failed: list[str] = field(default_factory=list)

    def run(self, *command: str, fails: bool = False, **env: str) -> Any:
        """The `result` of a command's JSON; whether it should succeed is held against its exit."""
        asked = [NODE, str(CLI), *command, "--json"]
        done = subprocess.run(
            asked, cwd=self.folder, env=self.env | env, capture_output=True, text=True, timeout=300, check=False
        )
        try:
            told = json.loads(done.stdout)
        except ValueError:
            told = {"status": done.returncode, "message": done.stdout[-300:] + done.stderr[-300:]}
        good = (told.get("status", 0) != 0) == fails
        self.note(" ".join(command[:6]), good, told.get("message", ""))
        return told.get("result", told)

    def note(self, name: str, good: bool, why: object = "") -> None:
        """Notes how a step went."""
        print(f"{'ok    ' if good else 'FAILED'} {name}{'' if good else f': {why}'}", flush=True)
        if not good:
            self.failed.append(name)

    def expect(self, name: str, found: object, wanted: object) -> None:
        """Notes whether what was found is what was wanted."""
        self.note(name, found == wanted, f"{found!r}, not {wanted!r}")


def signing_in(sf: Terminal, org: SalesforceOrgEmulator, url: str) -> None:
    """By an access token; the org describes itself."""
    sf.run("org", "login", "access-token", "--instance-url", url, "--no-prompt", "--alias", "local", "--set-default")
    shown = sf.run("org", "display")
    sf.expect("the org is connected", shown["connectedStatus"], "Connected")
    sf.expect("the user is known", shown["username"], org.ready()["username"])


def records(sf: Terminal, org: SalesforceOrgEmulator, _url: str) -> None:
    """Created, read, changed, queried, deleted; one by one."""
    made = sf.run("data", "create", "record", "-s", "Contact", "-v", "LastName=Lee Email=lee@example.com")
    found = sf.run("data", "get", "record", "-s", "Contact", "-w", "LastName=Lee")
    sf.expect("the record is found again", found["Id"], made["id"])
    sf.run("data", "update", "record", "-s", "Contact", "-i", made["id"], "-v", "FirstName='Ann B'")
    queried = sf.run("data", "query", "-q", "SELECT Name FROM Contact")
    sf.expect("the change is there", queried["records"][0]["Name"], "Ann B Lee")
    refused = sf.run("data", "create", "record", "-s", "Contact", "-v", "LastName=x Email=no", fails=True)
    sf.expect("the refusal has its code", refused.get("name"), "INVALID_EMAIL_ADDRESS")
    sf.run("data", "delete", "record", "-s", "Contact", "-i", made["id"])
    sf.expect("nothing is left", org.state()["objects"].get("Contact", 0), 0)


def many_records(sf: Terminal, org: SalesforceOrgEmulator, _url: str) -> None:
    """Imported, upserted, exported and deleted by Bulk API 2.0."""
    rows = "LastName,Email\n" + "".join(f"N{n},n{n}@example.com\n" for n in range(500))
    (sf.folder / "in.csv").write_text(rows)
    sf.run("data", "import", "bulk", "-s", "Contact", "-f", "in.csv", "--wait", "3")
    sf.run("data", "upsert", "bulk", "-s", "Contact", "-f", "in.csv", "-i", "Email", "--wait", "3")
    sf.expect("500 records are there", org.state()["objects"].get("Contact"), 500)
    query = "SELECT Id FROM Contact"
    out = ("--output-file", "out.csv", "--result-format", "csv")
    sf.run("data", "export", "bulk", "-q", query, *out, "--wait", "3")
    text = (sf.folder / "out.csv").read_text().replace('"', "")
    sf.expect("500 rows are exported", len(text.splitlines()), 501)
    (sf.folder / "gone.csv").write_text(text)
    sf.run("data", "delete", "bulk", "-s", "Contact", "-f", "gone.csv", "--wait", "3")
    sf.expect("500 records are gone", org.state()["objects"].get("Contact", 0), 0)


def trees(sf: Terminal, org: SalesforceOrgEmulator, _url: str) -> None:
    """Exported as a tree and imported again; a file of changes is loaded, and what was refused is told."""
    account = sf.run("data", "create", "record", "-s", "Account", "-v", "Name=Acme")
    contact = sf.run("data", "create", "record", "-s", "Contact", "-v", f"LastName=Tree AccountId={account['id']}")
    query = "SELECT Name, (SELECT LastName FROM Contacts) FROM Account"
    sf.run("data", "export", "tree", "-q", query, "--output-dir", "tree", "--plan")
    sf.run("data", "import", "tree", "--plan", "tree/Account-Contact-plan.json")
    sf.expect("the tree is there twice", org.state()["objects"]["Account"], 2)
    (sf.folder / "change.csv").write_text(f"Id,FirstName\n{contact['id']},Ann\n")
    sf.run("data", "update", "bulk", "-s", "Contact", "-f", "change.csv", "--wait", "3")
    (sf.folder / "mixed.csv").write_text("LastName,Email\nZ,bad\nY,y@example.com\n")
    half = sf.run("data", "import", "bulk", "-s", "Contact", "-f", "mixed.csv", "--wait", "3", fails=True)
    told = sf.run("data", "bulk", "results", "--job-id", half["data"]["jobId"])
    sf.expect("one row failed", told["failedRecords"], 1)


def deploying(sf: Terminal, org: SalesforceOrgEmulator, _url: str) -> None:
    """Checked, deployed by SOAP and by REST, reported, validated and deployed by its id, cancelled."""
    sf.run(*DEPLOY, "--dry-run")
    sf.expect("a dry run leaves nothing", "CM_Member__c" in _objects(org), False)
    first = sf.run(*DEPLOY)
    sf.expect("components are new", "Created" in {each["state"] for each in first["files"]}, True)
    sf.expect("the object is there", "CM_Member__c" in _objects(org), True)
    by_rest = {"SF_ORG_METADATA_REST_DEPLOY": "true"}
    again = sf.run(*DEPLOY, **by_rest)
    sf.expect("nothing changes twice", {each["state"] for each in again["files"]}, {"Unchanged"})
    sf.expect("it is reported", sf.run("project", "deploy", "report", "--use-most-recent")["status"], "Succeeded")
    for env in ({}, by_rest):
        checked = sf.run("project", "deploy", "validate", "--source-dir", "force-app", **env)
        sf.run("project", "deploy", "quick", "--job-id", checked["id"], **env)
    org.faults.add([{"fault": "slow_job", "match": {"kind": "deploy"}, "seconds": 60}])
    sf.run(*DEPLOY, "--async")
    cancelled = sf.run("project", "deploy", "cancel", "--use-most-recent")
    sf.expect("it is cancelled", cancelled["status"], "Canceled")
    sf.run("org", "assign", "permset", "--name", "Fairlead_Full_Access")
    sf.expect("the set is assigned", org.state()["objects"].get("PermissionSetAssignment"), 1)


def looking(sf: Terminal, _org: SalesforceOrgEmulator, url: str) -> None:
    """Metadata, objects and limits are listed and described."""
    types = {each["xmlName"] for each in sf.run("org", "list", "metadata-types")["metadataObjects"]}
    sf.expect("types are listed", {"CustomObject", "PermissionSet", "Report"} <= types, True)
    listed = sf.run("org", "list", "metadata", "-m", "Report", "--folder", "Fairlead")
    sf.expect("reports are listed", len(listed) >= 10, True)
    sf.run("org", "list", "metadata", "-m", "Nonsense", fails=True)
    sf.expect("objects are listed", "CM_Member__c" in sf.run("sobject", "list", "-s", "custom"), True)
    sf.expect("objects are described", sf.run("sobject", "describe", "-s", "CM_Member__c")["name"], "CM_Member__c")
    sf.run("org", "list", "users")
    opened = sf.run("org", "open", "--url-only")["url"]
    sf.expect("the org's pages can be opened", opened.startswith(f"{url}/secur/frontdoor.jsp"), True)
    sf.expect("no packages are installed", sf.run("package", "installed", "list"), [])
    sf.expect("no logs are kept", sf.run("apex", "list", "log"), [])
    limits = {each["name"] for each in sf.run("org", "list", "limits")}
    sf.expect("limits are listed", "DailyApiRequests" in limits, True)


def giving_back(sf: Terminal, org: SalesforceOrgEmulator, _url: str) -> None:
    """What was deployed is retrieved into an empty project; deleted source is deleted in the org."""
    source = sf.folder / "force-app"
    shutil.rmtree(source)
    source.mkdir()
    sf.run("project", "retrieve", "start", "-m", "CustomObject:CM_Member__c", "-m", "PermissionSet", "-m", "Layout")
    found = {path.name for path in source.rglob("*-meta.xml")}
    sf.expect(
        "files come back", {"Email__c.field-meta.xml", "Fairlead_Full_Access.permissionset-meta.xml"} <= found, True
    )
    sf.run("project", "delete", "source", "-m", "CustomField:CM_Member__c.Import_Source__c", "--no-prompt")
    member = org.org.storage.schema.object("CM_Member__c")
    sf.expect("the field is gone", member is not None and member.field("Import_Source__c"), None)


def _objects(org: SalesforceOrgEmulator) -> set[str]:
    return {each.name for each in org.org.storage.schema.objects.values()}


JOURNEYS: tuple[Callable[[Terminal, SalesforceOrgEmulator, str], None], ...] = (
    signing_in,
    records,
    many_records,
    trees,
    deploying,
    looking,
    giving_back,
)


def main() -> int:
    """The exit status: 0 when every command did what it should."""
    version = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < 22:
        print(f"The command line needs node 22 or newer; {NODE} is {version}. Name another by NODE=…", file=sys.stderr)
        return 1
    org = create(Clock())
    with tempfile.TemporaryDirectory(prefix="fairlead-sf-") as name:
        folder = Path(name) / "project"
        shutil.copytree(ROOT / "salesforce", folder)
        shown = certificate(Path(name))
        env = {"PATH": os.environ["PATH"], "HOME": name, "NODE_EXTRA_CA_CERTS": str(shown.ca_file)}
        env |= dict.fromkeys(QUIET, "true") | {"SF_ACCESS_TOKEN": org.sessions.first}
        with serving(org.app, shown) as url:
            sf = Terminal(folder, env)
            for journey in JOURNEYS:
                journey(sf, org, url)
    org.close()
    print(f"{len(sf.failed)} failed")
    return 1 if sf.failed else 0


if __name__ == "__main__":
    sys.exit(main())
