"""The passages of this version, filled once for all tests of the help: they are read only."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from fairlead.features.help import index
from fairlead.features.help.models import Edition
from fairlead.store.models import Org
from fairlead.store.orgs import default_org


@pytest.fixture(scope="package")
def passages(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[int]:
    with django_db_blocker.unblock():
        edition = index.edition()
        yield edition
        Edition.objects.all().delete()


@pytest.fixture
def filled(passages: int, db: None) -> int:
    """The id of the edition."""
    return passages


@pytest.fixture
def org(db: None) -> Org:
    return default_org()
