"""Backup and restore, rehearsed over both emulators: what comes back is whole, fits only where it belongs, and goes on."""

import json
import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from fairlead.features.suppression.rules import SYNC
from fairlead.jobs import takeover
from fairlead.jobs.models import Job, State
from fairlead.store import backups, secrets
from fairlead.store.models import Org, Secret
from tests.faults import whole as wholes
from tests.faults.whole import CM, SF, Whole

SEED = {CM: {"clients": [wholes.client("One", 0)]}, SF: {"contacts": [{"first": 0, "count": 25, "second": False}]}}
KEYS = tuple(settings.FAIRLEAD_SECRET_KEYS)


def tables() -> str:
    return ", ".join(f'"{model._meta.db_table}"' for model in backups.tables())


def contents() -> dict[str, tuple[int, str]]:
    """How many rows each table has, and a digest of them."""
    found = {}
    with connection.cursor() as cursor:
        for model in backups.tables():
            name = model._meta.db_table
            cursor.execute(
                f"select count(*), coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') from \"{name}\" t"
            )
            found[name] = cursor.fetchone()
    return found


def emptied() -> None:
    """As in a fresh data folder."""
    with connection.cursor() as cursor:
        cursor.execute(f"truncate {tables()} cascade")


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[tuple[Whole, Path]]:
    """An installation that has synced, and its backup; a job was waiting and one was under way."""
    path = tmp_path_factory.mktemp("backup") / "fairlead.backup"
    with wholes.open_database(django_db_blocker), wholes.served(SEED) as whole:
        whole.choose(SYNC, value=True)
        assert whole.sync().counts["written"] > 0
        for state in (State.QUEUED, State.RUNNING):
            Job.objects.create(org=whole.org, kind="t", key=state, state=state, engine_id=1, lifeline=5, attempt=1)
        backups.write(path, KEYS)
        yield whole, path


@pytest.fixture
def backup(kept: tuple[Whole, Path]) -> Iterator[Path]:
    """The backup, before an empty database; what it holds is there afterwards."""
    _, path = kept
    emptied()
    yield path
    emptied()
    backups.restore(path, KEYS, takeover.forget_deliveries)


def restored(path: Path, keys: tuple[str, ...] = KEYS) -> backups.Manifest:
    return backups.restore(path, keys, takeover.forget_deliveries)


def test_what_comes_back_is_whole_and_the_next_sync_writes_nothing(kept: tuple[Whole, Path]) -> None:
    """Every row of every table; credentials open; the cursors and digests are those of then."""
    whole, path = kept
    before = contents()
    emptied()
    restored(path)

    after = contents()
    assert {name: rows for name, (rows, _) in after.items()} == {name: rows for name, (rows, _) in before.items()}
    assert {name for name in before if before[name] != after[name]} == {"jobs_job"}  # deliveries are forgotten
    assert list(Job.objects.filter(kind="t").values_list("engine_id", "lifeline")) == [(None, None)] * 2
    assert len(Secret.objects.all()) > 0
    assert all(secrets.get(whole.org, one.name) for one in Secret.objects.all())

    Job.objects.filter(kind="t").delete()
    told = whole.sync()
    assert told.failure is None
    assert told.counts.get("written", 0) == 0
    assert told.counts.get("read", 0) == 0  # cursors and counters are those of then, too
    assert whole.in_step()
    whole.subscribe(whole.lists()["One news"], "later@example.com")
    assert whole.sync().counts["written"] >= 1
    assert Org.objects.create(name="next").pk > whole.org.pk  # numbers go on after those that came back
    Org.objects.filter(name="next").delete()


def test_the_file_is_its_owners_only_and_holds_no_key_and_no_address(kept: tuple[Whole, Path]) -> None:
    """What was sealed stays sealed; whoever finds the file learns settings."""
    _, path = kept
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with zipfile.ZipFile(path) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert KEYS[0].encode() not in everything
    assert b"@example" not in everything
    assert json.loads(zipfile.ZipFile(path).read("manifest.json"))["keys"] == backups.fingerprints(KEYS)


def test_a_file_in_the_way_is_not_replaced(kept: tuple[Whole, Path]) -> None:
    """A slip of the hand costs no backup."""
    _, path = kept
    before = path.read_bytes()
    with pytest.raises(backups.FileInTheWay):
        backups.write(path, KEYS)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "keys", [(), ("another-key-0123456789-0123456789",), (*KEYS, "another-key-0123456789-0123456789")]
)
def test_without_its_key_nothing_is_restored(backup: Path, keys: tuple[str, ...]) -> None:
    """Sealed with one key and hashed with another, it would be worth nothing: also where the last key is another one."""
    with pytest.raises(backups.OtherKey) as refused:
        restored(backup, keys)
    assert backups.fingerprints(KEYS)[0] in str(refused.value)
    assert not Org.objects.exists()


def test_a_newer_key_before_its_key_is_as_good(backup: Path) -> None:
    """Keys are rotated by putting the new one first."""
    restored(backup, ("a-newer-key-0123456789-0123456789-x", *KEYS))
    assert Org.objects.exists()


def test_what_is_in_use_is_not_overwritten(kept: tuple[Whole, Path]) -> None:
    """Not one row, wherever it stands."""
    _, path = kept
    before = contents()
    with pytest.raises(backups.NotEmpty, match="jobs_job"):
        restored(path)
    assert contents() == before


def altered(path: Path, to: Path, **changes: Any) -> Path:
    """A copy whose manifest says something else, or (`rows`) whose table was cut."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "manifest.json":
                content = json.dumps(json.loads(content) | changes).encode()
            new.writestr(name, content)
    return to


def test_a_backup_of_another_version_is_refused(backup: Path, tmp_path: Path) -> None:
    """Rows of other tables would be read as something that they are not."""
    other = altered(backup, tmp_path / "other", version="9.9.9", migrations=["store.0099_later"])
    with pytest.raises(backups.OtherVersion, match=r"Install Fairlead 9\.9\.9, restore there, then upgrade"):
        restored(other)
    assert not Org.objects.exists()


def test_a_damaged_backup_changes_nothing(backup: Path, tmp_path: Path) -> None:
    """Cut off, of a later form, no zip at all, or with fewer rows than it says."""
    cut = tmp_path / "cut"
    shutil.copy(backup, cut)
    with cut.open("r+b") as file:
        file.truncate(backup.stat().st_size // 2)
    text = tmp_path / "text"
    text.write_text("nothing")
    rows = backups.read_manifest(backup).rows
    fewer = altered(backup, tmp_path / "fewer", rows=rows | {"store_secret": rows["store_secret"] + 1})
    later = altered(backup, tmp_path / "later", format=2)
    for path in (cut, text, fewer, later):
        with pytest.raises(backups.NotABackup):
            restored(path)
        assert not Org.objects.exists()
