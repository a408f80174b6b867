"""Commands that keep and bring back what an installation remembers: backup and restore."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairlead.cli import show
from fairlead.cli.house import open_house, settings
from fairlead.cli.show import AsJson

if TYPE_CHECKING:
    from fairlead.settings import Settings
    from fairlead.store.backups import Manifest

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup: one file.")]


def backup(file: File, as_json: AsJson = False) -> None:
    """Write settings, connections and cursors to one file, while everything goes on. The key is not in it: keep it apart."""
    found = open_house()
    from fairlead.store import backups

    manifest = backups.write(file.absolute(), _keys(found))
    _tell(file, manifest, "Written to", as_json=as_json)
    if not as_json:
        show.console().print(
            "The secret key is not in it: keep FAIRLEAD_SECRET_KEY, or secret.key of the data folder, somewhere else."
        )


def restore(file: File, as_json: AsJson = False) -> None:
    """Fill a fresh installation from a backup. Stop the old one first: two must not sync the same accounts."""
    from fairlead.store import boot

    found = settings()
    boot.look()
    from fairlead.store import backups

    # before anything is made: a fresh data folder must not get a key of its own
    backups.check_keys(backups.read_manifest(file.absolute()), _keys(found))
    open_house()
    from fairlead.jobs.takeover import forget_deliveries

    manifest = backups.restore(file.absolute(), _keys(found), forget_deliveries)
    _tell(file, manifest, "Restored from", as_json=as_json)


def _keys(found: "Settings") -> tuple[str, ...]:
    from fairlead.store import keys

    return found.secret_keys + keys.read(found.home)


def _tell(file: Path, manifest: "Manifest", words: str, *, as_json: bool) -> None:
    rows = sum(manifest.rows.values())
    if as_json:
        told = asdict(manifest)
        del told["migrations"]
        show.document({"ok": True, "file": str(file.absolute()), **told})
        return
    out = show.console()
    out.print(f"{words} {file}: {rows:,} rows of {len(manifest.rows)} tables, of Fairlead {manifest.version}.")
    out.print(f"It needs the secret keys with these fingerprints, in this order: {', '.join(manifest.keys)}.")
