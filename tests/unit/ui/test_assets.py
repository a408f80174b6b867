"""Laws of the browser libraries: nothing is unpacked that is not what was pinned."""

import base64
import hashlib
import io
import tarfile

import pytest

from fairlead.ui.assets import AssetError, Package, check, pins, unpack


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "thing.tgz"
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo("package/dist/thing.js")
        member.size = 4
        tar.addfile(member, io.BytesIO(b"1+1;"))
    return path


def package(integrity="", files=("dist/thing.js",)):
    return Package("thing", "1.0.0", integrity, "thing", list(files))


def test_another_archive_than_the_pinned_one_is_refused(archive):
    """The message names the package and both hashes."""
    with pytest.raises(AssetError, match=r"thing 1\.0\.0 has the hash sha512-.*not the pinned sha512-other"):
        check(package("sha512-other"), archive)


def test_the_pinned_archive_passes_and_its_wanted_files_are_written(archive, tmp_path):
    """Only the files that are named, below the package's own folder."""
    wanted = package("sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode())
    check(wanted, archive)
    unpack(wanted, archive, tmp_path / "vendor")
    assert [p.name for p in (tmp_path / "vendor" / "thing").iterdir()] == ["thing.js"]


def test_a_file_that_the_archive_lacks_is_named(archive, tmp_path):
    with pytest.raises(AssetError, match="no file dist/none.js"):
        unpack(package(files=["dist/none.js"]), archive, tmp_path / "vendor")


def test_every_pin_has_a_sha512():
    assert all(pin.integrity.startswith("sha512-") and pin.files for pin in pins())
