"""The local org over HTTPS, and simple-salesforce signed in to it; suites of other clients bring their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from simple_salesforce import Salesforce

from fairlead_emulators.clock import Clock
from fairlead_emulators.salesforce.app import SalesforceOrgEmulator, create
from fairlead_emulators.server import serving
from fairlead_emulators.tls import certificate


@pytest.fixture
def emulator() -> Iterator[SalesforceOrgEmulator]:
    org = create(Clock())
    yield org
    org.close()


@pytest.fixture
def client(emulator: SalesforceOrgEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Salesforce]:
    shown = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(shown.ca_file))  # the client's own way to trust an authority
    with serving(emulator.app, shown) as url, requests.Session() as session:
        yield Salesforce(instance_url=url, session_id=emulator.sessions.first, version="60.0", session=session)
