import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

PROGRAM = Path(__file__).with_name("program.py")


def until(truth, *, seconds=30.0, what=""):
    """Wait for something to become true; its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := truth():
            return value
        time.sleep(0.03)
    raise AssertionError(f"not within {seconds} s: {what or truth}")


class Workers:
    """Worker processes on the test database; all are gone when the test ends."""

    def __init__(self, home, tmp_path):
        self.home, self.tmp_path, self.started = home, tmp_path, []

    def start(self, **environ):
        database = connection.settings_dict
        from urllib.parse import quote

        login = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}" if database["PASSWORD"] else database["USER"]
        host = quote(str(database["HOST"]), safe="")
        port = f"&port={database['PORT']}" if database["PORT"] else ""
        url = f"postgresql://{login}@/{database['NAME']}?host={host}{port}"
        quick = {
            "FAIRLEAD_HOME": str(self.home),
            "FAIRLEAD_DATABASE_URL": url,
            "FAIRLEAD_HEARTBEAT_SECONDS": "0.3",
            "FAIRLEAD_STALE_SECONDS": "1",
            "FAIRLEAD_TICK_SECONDS": "0.3",
            "FAIRLEAD_RETRY_SECONDS": "0.2",
            "FAIRLEAD_STOP_SECONDS": "1",
        }
        log = (self.tmp_path / f"worker-{len(self.started)}.log").open("w")
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM)], env={**os.environ, **quick, **environ}, stdout=log, stderr=log
        )
        log.close()
        self.started.append(process)
        return process

    def end(self):
        for process in self.started:
            process.kill()
            process.wait()


@pytest.fixture
def org(db):
    from fairlead.store.orgs import default_org

    return default_org()


@pytest.fixture
def workers(transactional_db, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
        cursor.execute("delete from procrastinate_workers")
    found = Workers(tmp_path / "home", tmp_path)
    yield found
    found.end()
