"""Writes what the wheel brings along or needs, as CycloneDX 1.6: `make sbom`. Made of the locks alone."""

import base64
import json
import re
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "runtime.txt"
ASSETS = ROOT / "src" / "fairlead" / "ui" / "assets.toml"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)\s*(?:;\s*([^\\]+?))?\s*\\?$", re.MULTILINE)
NAMESPACE = uuid.UUID("6f2f4f57-5c0e-4f0e-9f5e-0d6f3a6f8a11")


def locked(text: str) -> list[dict[str, Any]]:
    """The Python packages of a lock. A marker says on which systems a package is installed."""
    found = []
    for name, version, marker in PINNED.findall(text):
        purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}"
        component: dict[str, Any] = {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": version,
            "purl": purl,
            "scope": "required",
        }
        if marker:
            component["properties"] = [{"name": "fairlead:marker", "value": marker.strip()}]
        found.append(component)
    return found


def libraries(text: str) -> list[dict[str, Any]]:
    """The libraries of the pages, with the hash by which they were pinned."""
    found = []
    for package in tomllib.loads(text)["package"]:
        name = package["name"].replace("@", "%40", 1)
        digest = base64.b64decode(package["integrity"].removeprefix("sha512-")).hex()
        purl = f"pkg:npm/{name}@{package['version']}"
        found.append(
            {
                "type": "library",
                "bom-ref": purl,
                "name": package["name"],
                "version": package["version"],
                "purl": purl,
                "scope": "required",
                "hashes": [{"alg": "SHA-512", "content": digest}],
            }
        )
    return found


def document() -> dict[str, Any]:
    """The whole document."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    components = locked(LOCK.read_text("utf-8")) + libraries(ASSETS.read_text("utf-8"))
    components.sort(key=lambda one: str(one["purl"]))
    itself = f"pkg:pypi/{project['name']}@{project['version']}"
    serial = uuid.uuid5(NAMESPACE, json.dumps([itself, components], sort_keys=True))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": itself,
                "name": project["name"],
                "version": project["version"],
                "purl": itself,
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": components,
        "dependencies": [{"ref": itself, "dependsOn": [one["bom-ref"] for one in components]}],
    }


def main() -> None:
    """Write it to the file that is named."""
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    told = document()
    path.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    print(f"{path}: {len(told['components'])} components")


if __name__ == "__main__":
    main()
