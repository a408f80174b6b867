"""Runs jsforce against a local org of its own; ends with 1 if a step fails.

Needs node 22 or newer: `NODE` names it, if it is not the one on the path.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from fairlead.salesforce.metadata import package_from_source
from fairlead_emulators.clock import Clock
from fairlead_emulators.salesforce.app import create
from fairlead_emulators.server import serving
from fairlead_emulators.tls import certificate

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
NODE = os.environ.get("NODE", "node")
VERSIONS = ("50.0", "66.0")  # the client's own, and the newest


def run(version: str) -> int:
    """The exit status of the script with that version of the API."""
    org = create(Clock())
    org.seed({"leads": [{"first": 0, "count": 4_100}]})
    with tempfile.TemporaryDirectory(prefix="fairlead-jsforce-") as name:
        shown = certificate(Path(name))
        packed = Path(name) / "package.zip"
        packed.write_bytes(package_from_source(ROOT / "salesforce", version))
        with serving(org.app, shown) as url:
            given = org.ready() | {"url": url, "version": version, "zip": str(packed)}
            env = {"PATH": os.environ["PATH"], "HOME": name, "NODE_EXTRA_CA_CERTS": str(shown.ca_file)}
            print(f"API {version}:", flush=True)
            command = [NODE, "--no-deprecation", "client.mjs"]
            done = subprocess.run(
                command, cwd=HERE, env=env, input=json.dumps(given), text=True, timeout=300, check=False
            )
    org.close()
    return done.returncode


def main() -> int:
    """The exit status: 0 when every step went as it should."""
    return max(run(version) for version in VERSIONS)


if __name__ == "__main__":
    sys.exit(main())
