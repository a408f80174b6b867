"""Runs dlt's `salesforce` source, as its authors publish it, against a local org; ends with 1 if a row is missing.

    python run.py FOLDER

FOLDER holds the source: `sources/salesforce` of github.com/dlt-hub/verified-sources. `PYTHON` names an interpreter that has
`dlt[duckdb]` and `simple-salesforce`, if this one has not. Both stay outside of this repository.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from fairlead_emulators.clock import Clock
from fairlead_emulators.salesforce.app import SalesforceOrgEmulator, create
from fairlead_emulators.seeds import spec
from fairlead_emulators.server import serving
from fairlead_emulators.tls import certificate

PIPELINE = Path(__file__).with_name("pipeline.py")
RECORDS: dict[str, list[dict[str, Any]]] = {
    "Account": [{"Name": f"Account {n}", "BillingCity": "Oslo"} for n in range(5)],
    "Campaign": [{"Name": "Spring", "StartDate": "2026-01-01"}],
    "Opportunity": [{"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-01", "Amount": 12.5}],
    "Product2": [{"Name": "Product"}],
    "Task": [{"Subject": "Call", "Status": "Not Started", "Priority": "Normal"}],
    "UserRole": [{"Name": "Sales"}],
}
TABLES = {
    "Account": "account",
    "Campaign": "campaign",
    "Contact": "contact",
    "Lead": "lead",
    "Opportunity": "opportunity",
    "Product2": "product_2",
    "Task": "task",
    "User": "sf_user",
    "UserRole": "user_role",
}


def loaded(org: SalesforceOrgEmulator, source: Path, work: Path) -> dict[str, int]:
    """Rows by table, after two runs over HTTPS; the second may add none twice."""
    shown = certificate(work)
    with serving(org.app, shown) as url:
        env = os.environ | {"REQUESTS_CA_BUNDLE": str(shown.ca_file), "SSL_CERT_FILE": str(shown.ca_file)}
        env |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "PYTHONPATH": str(source.resolve().parent)}
        command = [os.environ.get("PYTHON", sys.executable), str(PIPELINE), url, org.sessions.first, str(work)]
        done = subprocess.run(command, env=env, cwd=work, stdout=subprocess.PIPE, text=True, timeout=300, check=True)
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    """The exit status: 0 when each record of the org is a row."""
    org = create(Clock())
    org.seed({**spec("small", "salesforce"), "records": RECORDS})
    with tempfile.TemporaryDirectory(prefix="fairlead-dlt-") as name:
        rows = loaded(org, Path(sys.argv[1]), Path(name))
    wrong = 0
    for sobject, table in TABLES.items():
        count = org.state()["objects"][sobject]
        good = rows.get(table) == count
        wrong += not good
        print(f"{'ok    ' if good else 'FAILED'} {sobject}: {rows.get(table)} of {count} rows")
    org.close()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
