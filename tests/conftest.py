"""The tests' own PostgreSQL: one embedded server a session, shared by all pytest-xdist workers, gone afterwards.

`FAIRLEAD_TEST_DATABASE_URL` names another server to run the same tests on.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

# The environment must stand before Django is set up, and that before test modules are imported; xdist workers inherit it.
_OWNER = "FAIRLEAD_TEST_HOME" not in os.environ
HOME = Path(os.environ.setdefault("FAIRLEAD_TEST_HOME", tempfile.mkdtemp(prefix="fairlead-tests-") if _OWNER else ""))
OTHER_SERVER = os.environ.get("FAIRLEAD_TEST_DATABASE_URL", "")
for name in [name for name in os.environ if re.match("FAIRLEAD_(?!TEST_|LIVE_)", name)]:
    del os.environ[name]
os.environ["FAIRLEAD_HOME"] = str(HOME)
os.environ["FAIRLEAD_SECRET_KEY"] = "a-key-for-tests-only-0123456789-abcdef"
os.environ["DJANGO_SETTINGS_MODULE"] = "fairlead.web.django_settings"
if OTHER_SERVER:
    os.environ["FAIRLEAD_DATABASE_URL"] = OTHER_SERVER
django.setup()

from fairlead import wiring  # noqa: E402 - Django comes first

wiring.register_runners()


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or not _OWNER:
        return
    from fairlead.store import postgres

    postgres.destroy(HOME)
    postgres.destroy(HOME / "tables")
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(autouse=True, scope="module")
def same_sides() -> Iterator[None]:
    """How sides are opened is the same after a module's tests as before, whoever opened them for it meanwhile."""
    from fairlead.sync import sides

    before = sides.provided()
    yield
    sides.provide(before)


@pytest.fixture(scope="session")
def database_server() -> str:
    """Address of the session's server."""
    from fairlead.store import postgres

    return OTHER_SERVER or postgres.ensure_server(HOME)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_server: str, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """pytest-django asks for this before it makes the test database: the server must be up by then."""


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The database goes with its server; dropping it first would wait for every connection to close."""
    return True
