"""A local org for the room of permissions."""

from collections.abc import Iterator

import pytest

from fairlead.cli.demo_emulators import Emulators
from fairlead.features.permissions import salesforce_sign_in
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.sync import sides
from tests.conformance import emulated
from tests.unit.permissions.world import World


@pytest.fixture(scope="package")
def emulators() -> Iterator[Emulators]:
    with emulated.served() as running:
        yield running


@pytest.fixture
def org(db: None) -> Org:
    return default_org()


@pytest.fixture
def world(emulators: Emulators, org: Org) -> Iterator[World]:
    yield World(emulators)
    sides.provide(None)  # type: ignore[arg-type]
    salesforce_sign_in.provide(lambda _: None)
