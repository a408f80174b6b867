"""One file that holds what an installation remembers: every table of ours, as of one moment, while everything goes on.

A zip: `manifest.json`, and a member `tables/NAME` a table, in PostgreSQL's own text form. It fits the embedded server and any
other, of any version. Credentials stay sealed and addresses stay hashed: the key is not in the file, only its fingerprint.
Left out are sessions (people sign in anew) and the engine's deliveries (jobs that had not ended are delivered anew).
"""

import importlib.metadata
import json
import os
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from fairlead.domain.failure import FixTheSettings
from fairlead.store import keys

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
LEFT_OUT: Final = frozenset({"procrastinate", "sessions"})
"""Labels of apps."""
ALWAYS_FILLED: Final = frozenset({"django_content_type", "auth_permission", "store_org"})
"""Tables that are not empty in an installation that nobody has used."""
PIECE: Final = 1 << 18


class NotABackup(FixTheSettings):
    """The file cannot be read as a backup, or is damaged."""

    code = "FL-642"
    next_step = "Take another file that `fairlead backup` has written. Nothing was changed."


class OtherVersion(FixTheSettings):
    """The tables of the file are of another version than those of this Fairlead."""

    code = "FL-643"

    def __init__(self, version: str, here: str) -> None:
        super().__init__(
            f"The backup was made by Fairlead {version}, whose tables differ from those of this one ({here}).",
            next_step=f"Install Fairlead {version}, restore there, then upgrade. Nothing was changed.",
        )


class OtherKey(FixTheSettings):
    """The keys that the file's credentials and hashes need are not set here."""

    code = "FL-644"

    def __init__(self, wanted: Sequence[str], here: Sequence[str]) -> None:
        super().__init__(
            f"The backup needs the secret keys with these fingerprints, in this order: {', '.join(wanted)}; "
            f"set here: {', '.join(here) or 'none'}.",
            next_step=(
                f"Set FAIRLEAD_SECRET_KEY to those keys, or put the old {keys.FILE} into the data folder. "
                "Nothing was changed."
            ),
        )


class NotEmpty(FixTheSettings):
    """There is something in the database that restoring would replace."""

    code = "FL-645"

    def __init__(self, tables: Sequence[str]) -> None:
        super().__init__(
            f"The database is not empty: there are rows in {', '.join(tables[:5])}{' …' if len(tables) > 5 else ''}.",
            next_step="Restore into a fresh data folder (FAIRLEAD_HOME) or an empty database. Nothing was changed.",
        )


class FileInTheWay(FixTheSettings):
    """A file of this name is there already."""

    code = "FL-646"

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists.", next_step="Choose another name, or move that file away.")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands in a file. `keys` are fingerprints, first to last; `rows` are by table."""

    format: int
    version: str
    made_at: str
    keys: list[str]
    migrations: list[str]
    rows: dict[str, int]


def fingerprints(secret_keys: Sequence[str]) -> list[str]:
    """What keys are called without telling anything of them."""
    return [keys.derive(key, "fingerprint")[:16] for key in secret_keys]


def tables() -> list[type[models.Model]]:
    """The models whose tables are kept, by the table's name."""
    kept = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.app_label not in LEFT_OUT
    ]
    return sorted(kept, key=lambda model: model._meta.db_table)


def write(path: Path, secret_keys: Sequence[str]) -> Manifest:
    """Write everything to a new file that only its owner may read; nobody has to stop meanwhile. Raises FileInTheWay."""
    draft = path.with_name(f".{path.name}.draft")
    if path.exists():
        raise FileInTheWay(path)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            rows = _write_tables(archive)
            manifest = Manifest(
                FORMAT, _version(), timezone.now().isoformat(), fingerprints(secret_keys), _migrations(), rows
            )
            archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
        try:
            os.link(draft, path)  # never replaces what came there meanwhile
        except FileExistsError:
            raise FileInTheWay(path) from None
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    return manifest


def read_manifest(path: Path) -> Manifest:
    """What a file says of itself. Raises NotABackup, or OSError."""
    try:
        with zipfile.ZipFile(path) as archive:
            told: dict[str, Any] = json.loads(archive.read(MANIFEST))
        manifest = Manifest(**told)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise NotABackup(f"{path} is no backup of Fairlead ({type(error).__name__}).") from None
    if manifest.format != FORMAT:
        raise NotABackup(f"{path} is of form {manifest.format}; this Fairlead reads form {FORMAT}.")
    return manifest


def check_keys(manifest: Manifest, secret_keys: Sequence[str]) -> None:
    """Raises OtherKey unless all of the file's keys are set, and the last of them is the last here: it makes the hashes."""
    here = fingerprints(secret_keys)
    if not here or here[-1:] != manifest.keys[-1:] or not set(manifest.keys) <= set(here):
        raise OtherKey(manifest.keys, here)


def restore(path: Path, secret_keys: Sequence[str], settle: Callable[[], None]) -> Manifest:
    """Fill an empty database of the same version, whole or not at all; `settle` runs before the end of the transaction.

    Raises NotABackup, OtherKey, OtherVersion or NotEmpty; nothing is changed then.
    """
    manifest = read_manifest(path)
    check_keys(manifest, secret_keys)
    kept = tables()
    if manifest.migrations != _migrations() or set(manifest.rows) != {model._meta.db_table for model in kept}:
        raise OtherVersion(manifest.version, _version())
    with transaction.atomic(), zipfile.ZipFile(path) as archive:
        names = ", ".join(_quoted(model) for model in kept)
        with connection.cursor() as cursor:
            cursor.execute(f"lock table {names} in access exclusive mode")
        if filled := _filled(kept):
            raise NotEmpty(filled)
        with connection.cursor() as cursor:
            cursor.execute(f"truncate {names} cascade")
        for model in kept:
            _read_table(archive, model, manifest.rows[model._meta.db_table], path)
        _set_sequences(kept)
        settle()
    return manifest


def _write_tables(archive: zipfile.ZipFile) -> dict[str, int]:
    rows = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        for model in tables():
            name = model._meta.db_table
            statement = f"copy {_quoted(model)} ({_columns(model)}) to stdout"
            with archive.open(f"tables/{name}", "w", force_zip64=True) as member, cursor.copy(statement) as copy:
                for piece in copy:
                    member.write(piece)
            rows[name] = cursor.rowcount
    return rows


def _read_table(archive: zipfile.ZipFile, model: type[models.Model], rows: int, path: Path) -> None:
    name = model._meta.db_table
    try:
        with connection.cursor() as cursor, archive.open(f"tables/{name}") as member:
            with cursor.copy(f"copy {_quoted(model)} ({_columns(model)}) from stdin") as copy:
                _pour(member, copy.write)
            found = cursor.rowcount
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise NotABackup(f"{path} is damaged: {name} cannot be read ({type(error).__name__}).") from None
    if found != rows:
        raise NotABackup(f"{path} is damaged: {name} has {found} rows instead of {rows}.")


def _pour(member: IO[bytes], write_piece: Callable[[bytes], object]) -> None:
    while piece := member.read(PIECE):
        write_piece(piece)


def _filled(kept: Sequence[type[models.Model]]) -> list[str]:
    found = []
    with connection.cursor() as cursor:
        for model in kept:
            if model._meta.db_table not in ALWAYS_FILLED:
                cursor.execute(f"select exists (select from {_quoted(model)})")
                if cursor.fetchone()[0]:
                    found.append(model._meta.db_table)
    return found


def _set_sequences(kept: Sequence[type[models.Model]]) -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(kept)):
            cursor.execute(statement)


def _quoted(model: type[models.Model]) -> str:
    return str(connection.ops.quote_name(model._meta.db_table))


def _columns(model: type[models.Model]) -> str:
    return ", ".join(str(connection.ops.quote_name(str(field.column))) for field in model._meta.local_concrete_fields)


def _migrations() -> list[str]:
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)


def _version() -> str:
    return importlib.metadata.version("fairlead")
