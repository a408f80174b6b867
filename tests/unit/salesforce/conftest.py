from collections.abc import AsyncIterator

import pytest

from fairlead.salesforce import AccessToken, Salesforce, connect
from fairlead.salesforce.polling import Polling
from fairlead.salesforce.transport import Call, Patience
from tests.unit.salesforce.fake_org import FakeOrg

HASTE = {"patience": Patience(attempts=4, first=0.0, longest=0.0), "pace": Polling(0.0, 0.0)}


@pytest.fixture
async def org() -> AsyncIterator[FakeOrg]:
    async with FakeOrg() as org:
        yield org


@pytest.fixture
def calls() -> list[Call]:
    return []


@pytest.fixture
async def sf(org: FakeOrg, calls: list[Call]) -> AsyncIterator[Salesforce]:
    async with connect(AccessToken(org.url, "token-0"), on_call=calls.append, **HASTE) as sf:
        yield sf
