"""The components for record pages: a project of their own, because their Apex class makes a deployment run tests.

They are left out unless they are asked for. In production Salesforce runs the tests of a deployment that holds Apex: only
their own test is named, so that those of others do not stand in the way.
"""

import io
import zipfile
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.metadata import DeployResult
from fairlead.salesforce.package import package_from_source, rezipped
from fairlead.salesforce.polling import Progress

FOLDER: Final = "components"
"""Below the project of everything else."""
TESTS: Final = ("FairleadControllerTest",)
PERMISSION_SET: Final = "Fairlead_Components"
ADDRESS: Final = "https://fairlead.example.com"
"""Stands in the named credential's source for where Fairlead is."""
_CREDENTIAL: Final = "namedCredentials/Fairlead.namedCredential"


def package(project: Path, api_version: str, address: str) -> bytes:
    """The zip of the components, whose named credential leads to this address. Raises PackageError."""
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(package_from_source(project / FOLDER, api_version))) as archive:
        files |= {name: archive.read(name) for name in archive.namelist()}
    files[_CREDENTIAL] = files[_CREDENTIAL].replace(ADDRESS.encode(), escape(address.rstrip("/")).encode())
    return rezipped(files)


async def deploy(
    crm: Salesforce, project: Path, address: str, *, check_only: bool = False, on_progress: Progress | None = None
) -> DeployResult:
    """Deploy them, after everything else is there."""
    zipped = package(project, crm.api_version, address)
    return await crm.metadata.deploy(zipped, check_only=check_only, on_progress=on_progress, tests=TESTS)


async def installed(crm: Salesforce) -> bool:
    """Whether the org has them."""
    return any(each.name == PERMISSION_SET for each in await crm.permission_sets.all())
