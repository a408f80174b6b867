"""A deployment that bills, and what Stripe would say of its customer."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from fairlead.features.billing import keeping
from fairlead.features.billing.models import Customer
from fairlead.features.billing.rules import Status, Subscription
from fairlead.store.models import Org
from fairlead.store.orgs import default_org

SECRET = "whsec_0123456789"


@pytest.fixture
def org(db: None) -> Org:
    return default_org()


@pytest.fixture
def admin(org: Org) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


@pytest.fixture
def billed(org: Org, settings: Any) -> Customer:
    """A customer of a deployment that bills, whose trial began just now."""
    settings.FAIRLEAD_STRIPE_SECRET_KEY = "sk_test_0123456789"
    settings.FAIRLEAD_STRIPE_WEBHOOK_SECRET = SECRET
    settings.FAIRLEAD_STRIPE_PLANS = ((2_500, "price_small"), (5_000, "price_large"))
    settings.FAIRLEAD_STRIPE_URL = "http://127.0.0.1:1"
    return keeping.row_of(org)


@pytest.fixture
def reads(org: Org, billed: Customer) -> Callable[..., Customer]:
    """What a job reads at Stripe, so many days from now; gives the row as it is then."""

    def read(status: Status | None, days: float = 0) -> Customer:
        now = datetime.now(UTC) + timedelta(days=days)
        found = Subscription("sub_1", status, now, "price_small", "si_1") if status else None
        keeping.note_reading(org, found, now, lambda: None)
        return keeping.row_of(org)

    return read
