"""From nothing to a working database, by several processes at once."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fairlead.store import keys, postgres

START = """
import os
from fairlead import settings
from fairlead.store import boot
found = settings.load(os.environ)
boot.prepare(found.home, embedded=not found.database_url, make_key=not found.secret_keys)
from fairlead.store import secrets
from fairlead.store.orgs import default_org
secrets.put(default_org(), str(os.getpid()), "sealed")
from fairlead.store.models import Org
print(Org.objects.count(), secrets.get(default_org(), str(os.getpid())))
"""


@pytest.fixture
def home():
    outer = Path(tempfile.mkdtemp(prefix="fl-boot-"))
    yield outer / "home"
    postgres.destroy(outer / "home")
    shutil.rmtree(outer)


def test_three_processes_that_start_on_an_empty_folder_share_one_key_one_server_and_one_org(home):
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("FAIRLEAD_", "DJANGO_"))}
    environ["FAIRLEAD_HOME"] = str(home)
    processes = [
        subprocess.Popen([sys.executable, "-c", START], env=environ, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [process.communicate(timeout=120)[0].strip() for process in processes] == ["1 sealed"] * 3
    assert len(keys.read(home)) == 1
    assert (home / keys.FILE).stat().st_mode & 0o777 == 0o600


def test_importing_the_settings_writes_nothing(home):
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("FAIRLEAD_", "DJANGO_"))}
    script = "import fairlead.web.django_settings"
    subprocess.run([sys.executable, "-c", script], env={**environ, "FAIRLEAD_HOME": str(home)}, check=True)
    assert not home.exists()
