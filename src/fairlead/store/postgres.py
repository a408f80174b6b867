"""The embedded PostgreSQL: a private server in the data folder, reached by a socket that only its user can open.

Who uses it holds a shared file lock for as long as the process lives. Who leaves last stops the server; a process that
is killed leaves too, because the kernel gives its lock back, and the server then runs on until the next user leaves.
No port is opened. As root the data stand under `/var/lib/fairlead`, because PostgreSQL does not run as root and its
user must not be let into anybody's home folder.
"""

import atexit
import fcntl
import hashlib
import os
import secrets
import shutil
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict

from fairlead.store.binaries import (
    MAJOR,
    SYSTEM_HOME,
    Owner,
    PostgresFailed,
    Programs,
    exclusive,
    make_folder,
    programs,
)

ROLE = "fairlead"
LONGEST_SOCKET = 100
"""Longest path of a socket that every system takes (the limit is 103 on macOS, 107 on Linux)."""

CONFIGURATION = """\
# Written at every start.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 100
# Statements and their values can hold addresses: nothing below a fatal error is logged.
log_min_messages = fatal
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = none
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
timezone = 'UTC'
"""

_held: dict[Path, IO[str]] = {}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the cluster of one data folder stands."""

    home: Path
    base: Path
    sockets: Path

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def log(self) -> Path:
        return self.base / "postgres.log"

    def url(self, database: str = ROLE) -> str:
        return f"postgresql://{ROLE}@/{database}?host={quote(str(self.sockets), safe='')}"


def place(home: Path) -> Place:
    """Where the cluster of a data folder stands or would stand; nothing is touched."""
    home = Path(os.path.realpath(home))
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    base = SYSTEM_HOME / name if os.geteuid() == 0 else home / "postgres"
    sockets = base / "run"
    if len(os.fsencode(sockets / ".s.PGSQL.5432")) > LONGEST_SOCKET:
        sockets = Path(tempfile.gettempdir()) / f"fairlead-{os.geteuid()}-{name}"
    return Place(home, base, sockets)


def database_url(home: Path) -> str:
    """The address of the embedded server of a data folder, whether it runs or not."""
    return place(home).url()


def django_database(url: str) -> dict[str, Any]:
    """Django's form of a PostgreSQL address; what it has beyond host, port, user, password and name goes to OPTIONS."""
    parts: dict[str, Any] = dict(conninfo_to_dict(url))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ROLE),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": parts,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


def ensure_server(home: Path) -> str:
    """The address of the embedded server, started if it is not up; this process counts as a user until it ends.

    Two starters at once are safe. Raises `PostgresFailed` with the next step.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    where, tools = place(home), programs()
    if os.geteuid() == 0:
        make_folder(SYSTEM_HOME, 0o755)
    make_folder(where.base, 0o700, tools.owner)
    with exclusive(where.base / "start.lock"):
        if where.home not in _held:
            _held[where.home] = _join(where)
            atexit.register(leave, home)
        if not _is_up(where):
            _set_aside_stranger(where, tools)
            _check_version(where, tools)
            _initialise(where, tools)
            _start(where, tools)
        _ensure_database(where)
    return where.url()


def leave(home: Path) -> None:
    """This process no longer uses the server; the last user stops it. Harmless when repeated."""
    where = place(home)
    lock = _held.pop(where.home, None)
    if lock is None or not where.base.exists():
        return
    with exclusive(where.base / "start.lock"):
        lock.close()
        with (where.base / "users.lock").open("a") as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            _stop(where, programs())


def destroy(home: Path) -> None:
    """Stop the server and delete its data. For tests and for `uninstall`; there is no way back."""
    leave(home)
    where = place(home)
    if where.base.exists():
        _stop(where, programs())
        shutil.rmtree(where.base)
    shutil.rmtree(where.sockets, ignore_errors=True)


def _join(where: Place) -> IO[str]:
    users = (where.base / "users.lock").open("a")
    fcntl.flock(users, fcntl.LOCK_SH)
    return users


def _is_up(where: Place) -> bool:
    if not (where.sockets / ".s.PGSQL.5432").exists():
        return False
    try:
        with psycopg.connect(where.url("postgres"), connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False


def _set_aside_stranger(where: Place, tools: Programs) -> None:
    """As root the cluster outlives its data folder: one left by an earlier folder of the same name is not ours."""
    if where.base.parent != SYSTEM_HOME:
        return
    ours, theirs = where.home / "postgres.id", where.base / "home.id"
    if not ours.exists():
        ours.write_text(secrets.token_hex(8) + "\n", "ascii")
    if where.data.exists() and theirs.exists() and theirs.read_text("ascii") != ours.read_text("ascii"):
        _stop(where, tools)
        replaced = where.base / "replaced"
        shutil.rmtree(replaced, ignore_errors=True)
        where.data.rename(replaced)
    theirs.write_text(ours.read_text("ascii"), "ascii")


def _check_version(where: Place, tools: Programs) -> None:
    mark = where.data / "PG_VERSION"
    found = mark.read_text("ascii").strip() if mark.exists() else str(MAJOR)
    if found != str(MAJOR):
        dump = where.home / "fairlead.sql"
        raise PostgresFailed(
            f"The database in {where.data} was made by PostgreSQL {found}; this Fairlead brings {MAJOR}.",
            next_step=(
                f"With the Fairlead that made it running, `pg_dump -h {where.sockets} -U {ROLE} {ROLE} > {dump}`; stop it, "
                f"move {where.data} away, start this one, then "
                f"`{tools.folder / 'psql'} -h {where.sockets} -U {ROLE} -d {ROLE} -f {dump}`."
            ),
        )


def _initialise(where: Place, tools: Programs) -> None:
    """Make the cluster beside its place and move it there whole: a stop half-way leaves nothing half-made."""
    if where.data.exists():
        return
    draft = where.base / "data.draft"
    shutil.rmtree(draft, ignore_errors=True)
    tools.run(
        "initdb", "-D", str(draft), "-U", ROLE, "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8", "--auth-local=peer", "--auth-host=reject",
    )  # fmt: skip
    names = {tools.owner.name, "root"} if os.geteuid() == 0 else {tools.owner.name}
    lines = "".join(f'{ROLE} "{name}" {ROLE}\n' for name in sorted(names))
    _write(draft / "pg_ident.conf", lines, tools.owner)
    _write(draft / "pg_hba.conf", f"local all all peer map={ROLE}\n", tools.owner)
    with (draft / "postgresql.conf").open("a") as file:
        file.write("\ninclude 'fairlead.conf'\n")
    draft.rename(where.data)


def _start(where: Place, tools: Programs) -> None:
    _make_socket_folder(where, tools.owner)
    sockets = str(where.sockets).replace("'", "''")
    _write(where.data / "fairlead.conf", CONFIGURATION.format(sockets=sockets), tools.owner)
    _forget_dead_postmaster(where)
    for pause in (0.2, 0.5, 1.0, 2.0, 0.0):
        try:
            tools.run("pg_ctl", "-D", str(where.data), "-l", str(where.log), "-w", "-t", "120", "start")
        except PostgresFailed:
            # A starter or a server that was killed a moment ago leaves processes that take a moment to end or to begin.
            if not pause and not _is_up(where):
                raise
            time.sleep(pause)
        if _is_up(where):
            return


def _ensure_database(where: Place) -> None:
    with psycopg.connect(where.url("postgres"), autocommit=True, connect_timeout=10) as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", [ROLE]).fetchone()
        if not found:
            connection.execute(f"create database {ROLE}")


def _stop(where: Place, tools: Programs) -> None:
    if (where.data / "postmaster.pid").exists():
        tools.run("pg_ctl", "-D", str(where.data), "-m", "fast", "-w", "-t", "60", "stop", check=False)


def _forget_dead_postmaster(where: Place) -> None:
    """After a crash the pid file may name a process that is something else by now, above all in a container."""
    mark = where.data / "postmaster.pid"
    try:
        name = psutil.Process(int(mark.read_text("utf-8").split()[0])).name()
    except (FileNotFoundError, psutil.NoSuchProcess, ValueError, IndexError):
        return
    if name != "postgres":
        mark.unlink()


def _make_socket_folder(where: Place, owner: Owner) -> None:
    make_folder(where.sockets, 0o700, owner)
    found = where.sockets.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner.uid or found.st_mode & 0o077:
        raise PostgresFailed(
            f"{where.sockets} should be a folder that only {owner.name} can open, and is not.",
            next_step=f"Remove {where.sockets} and start again.",
        )


def _write(path: Path, text: str, owner: Owner) -> None:
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    if owner.uid != os.geteuid():
        os.chown(path, owner.uid, owner.gid)
