"""Three who ask the same org: its admin, a user with a standard profile, and nobody at all."""

import pytest

from tests.unit.emulators.salesforce.conftest import bare, org, served
from tests.unit.emulators.salesforce.records.conftest import Desk, desk
from tests.unit.emulators.salesforce.records.test_rights import User, assign, code, user

__all__ = ["Desk", "User", "assign", "bare", "code", "desk", "org", "served", "user"]


@pytest.fixture
def private(desk, user):
    """The user, in an org where contacts and accounts belong to their owners alone."""
    desk.settings(sharing={"Contact": "Private", "Account": "Private", "Lead": "Private"})
    return user
