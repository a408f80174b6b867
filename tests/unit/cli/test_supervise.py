"""The supervisor keeps children alive, and leaves none behind. Real processes."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import psutil

from fairlead.cli.supervise import Child, supervise

SLEEPER = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"


async def until(condition, seconds=15):
    """Wait for it, a bounded time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.05)


async def test_a_child_that_dies_is_started_again_and_none_outlives_the_stop(tmp_path):
    """Killed by SIGKILL it comes back; asked to stop, everything is gone."""
    file = tmp_path / "pids"
    file.touch()
    pids = lambda: [int(line) for line in file.read_text().split()]  # noqa: E731
    said, stop = [], asyncio.Event()
    task = asyncio.create_task(
        supervise([Child("sleeper", [sys.executable, "-c", SLEEPER, str(file)])], stop, said.append)
    )
    await until(lambda: len(pids()) == 1)
    os.kill(pids()[0], signal.SIGKILL)
    await until(lambda: len(pids()) == 2)
    stop.set()
    await asyncio.wait_for(task, 15)
    assert not any(psutil.pid_exists(pid) for pid in pids())
    assert said == ["The sleeper ended with -9; it is started again in 0.5 s."]


def test_a_child_follows_a_parent_that_was_killed(tmp_path):
    """Even SIGKILL of the supervisor leaves no worker behind."""
    file = tmp_path / "pids"
    child = f"from fairlead.cli.supervise import leave_with_parent; leave_with_parent(0.1); {SLEEPER}"
    parent = (
        "import asyncio, sys; from fairlead.cli.supervise import Child, supervise;"
        "asyncio.run(supervise([Child('c', [sys.executable, '-c', sys.argv[1], sys.argv[2]])], asyncio.Event(), print))"
    )
    process = subprocess.Popen([sys.executable, "-c", parent, child, str(file)])
    deadline = time.monotonic() + 15
    while not (file.exists() and file.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    pid = int(file.read_text())
    process.kill()
    process.wait()
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)
