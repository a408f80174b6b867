"""The tests' own PostgreSQL: one embedded server a session, shared by all pytest-xdist workers, gone afterwards."""

import os
import tempfile
from pathlib import Path

import pytest

KEY = "a-key-for-tests-only-0123456789-abcdef"

# pytest-django reads these when it sets Django up, before any fixture runs.
_controller_home = os.environ.setdefault("FAIRLEAD_TEST_HOME", tempfile.mkdtemp(prefix="fairlead-tests-"))
os.environ["FAIRLEAD_HOME"] = _controller_home
os.environ["FAIRLEAD_SECRET_KEY"] = KEY
os.environ.pop("FAIRLEAD_DATABASE_URL", None)
os.environ["DJANGO_SETTINGS_MODULE"] = "fairlead.web.django_settings"


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    import shutil

    from fairlead.store import postgres

    postgres.destroy(Path(_controller_home))
    shutil.rmtree(_controller_home, ignore_errors=True)


@pytest.fixture(scope="session")
def database_server() -> str:
    """Address of the session's embedded server."""
    from fairlead.store import postgres

    return postgres.ensure_server(Path(_controller_home))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_server: str, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """pytest-django calls this before it makes the test database: the server must be up by then."""
