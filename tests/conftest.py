"""The tests' own PostgreSQL: one embedded server a session, shared by all pytest-xdist workers, gone afterwards.

`FAIRLEAD_TEST_DATABASE_URL` names another server to run the same tests on.
"""

import gc
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import hypothesis
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

from django.conf import settings  # noqa: E402

from fairlead import wiring  # noqa: E402 - Django comes first
from fairlead.cli import house  # noqa: E402
from fairlead.jobs import registry  # noqa: E402
from fairlead.store import orgs  # noqa: E402

# the real one takes a hundred megabytes and a tenth of a second for each person that a test makes
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]

wiring.register_runners()

# a machine that is busy with something else makes no law untrue
hypothesis.settings.register_profile("any machine", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("any machine")


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or not _OWNER:
        return
    from fairlead.store import postgres

    postgres.destroy(HOME)
    postgres.destroy(HOME / "tables")
    shutil.rmtree(HOME, ignore_errors=True)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking through it again and again would take a good part of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True, scope="module")
def wired() -> Iterator[None]:
    """After a module's tests the house is wired as it is anywhere, whatever they put in the place of a part of it."""
    yield
    registry.forget_all()
    wiring.register_runners()


@pytest.fixture(autouse=True)
def of_no_org() -> Iterator[None]:
    """The org that a command chose for its process is not chosen for the next test."""
    yield
    house.chosen["org"] = ""
    orgs._current.set(None)


@pytest.fixture(scope="session")
def database_server() -> str:
    """Address of the session's server."""
    import psycopg

    from fairlead.store import postgres

    if OTHER_SERVER:
        return OTHER_SERVER
    url = postgres.ensure_server(HOME)
    with psycopg.connect(url, autocommit=True) as server:  # nothing here has to outlive a power cut
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            server.execute(f"ALTER SYSTEM SET {name} = off")
        server.execute("SELECT pg_reload_conf()")
    return url


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_server: str, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """pytest-django asks for this before it makes the test database: the server must be up by then."""


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The database goes with its server; dropping it first would wait for every connection to close."""
    return True


UNMEASURED = (
    *("journeys/", "laws/", "faults/test_wrong_", "faults/test_guards", "faults/test_sides_", "faults/test_departures"),
    *("faults/test_canary", "faults/test_year_in_small", "conformance/test_events", "conformance/test_createsend"),
    *("unit/web/test_access", "unit/web/test_queries", "unit/web/test_other_languages"),
)
"""They run so much code so often that measuring it would cost a third of their time; others show what is covered."""
MEASURED = ("laws/test_imports",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        path = item.path.relative_to(Path(__file__).parent).as_posix()
        if path.startswith(UNMEASURED) and not path.startswith(MEASURED):
            item.add_marker(pytest.mark.no_cover)
