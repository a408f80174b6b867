"""The same tests of jobs on a PostgreSQL server given by its address: TCP, a password, and nothing of the embedded one."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fairlead.store import binaries

FILES = ("test_run.py", "test_api.py")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def server():
    """Address of a server of its own that knows its user by a password only."""
    tools, password, port = binaries.programs(), secrets.token_hex(12), free_port()
    folder = Path(tempfile.mkdtemp(prefix="fl-tcp-"))
    (folder / "password").write_text(password)
    for path in (folder, folder / "password"):
        os.chown(path, tools.owner.uid, tools.owner.gid)
    data = str(folder / "data")
    tools.run(
        "initdb", "-D", data, "-U", "service", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}", "--locale=C"
    )
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories= -c fsync=off"
    tools.run("pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start")
    yield f"postgresql://service:{password}@127.0.0.1:{port}/postgres"
    tools.run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder)


@pytest.mark.skipif(
    "FAIRLEAD_TEST_DATABASE_URL" in os.environ, reason="these tests run on a server of their own already"
)
@pytest.mark.parametrize("files", [FILES, pytest.param(("test_worker.py",), marks=pytest.mark.slow)])
def test_jobs_keep_their_laws_on_a_server_reached_by_address_and_password(server, files):
    here = Path(__file__).parent
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FAIRLEAD_", "DJANGO_", "PYTEST_", "COV_"))
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        *(str(here / name) for name in files),
    ]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env={**environ, "FAIRLEAD_TEST_DATABASE_URL": server},
        timeout=580,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
