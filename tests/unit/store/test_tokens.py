"""Laws of tokens: shown once, kept as a hash, and let in until they expire, are revoked or are used too often."""

from datetime import timedelta

import pytest
from django.utils import timezone

from fairlead.store import tokens
from fairlead.store.models import ApiToken, AuditEntry, Org
from fairlead.store.tokens import NoSuchToken, TokenNameTaken

pytestmark = pytest.mark.django_db


@pytest.fixture
def org() -> Org:
    return Org.objects.create(name="test")


def test_a_token_lets_in_and_is_nowhere_kept(org: Org) -> None:
    token = tokens.create(org, "reporting", "ann", expires_at=None)
    found = tokens.find(token)
    assert found is not None
    assert (found.name, found.org) == ("reporting", org)
    (row,) = ApiToken.objects.values()
    assert all(token not in str(value) and token.encode() not in bytes(str(value), "utf-8") for value in row.values())
    assert tokens.find(token + "x") is None
    assert tokens.find("") is None
    assert [(one.who, one.what, one.subject) for one in AuditEntry.objects.all()] == [
        ("ann", "create token", "reporting")
    ]


def test_what_is_expired_or_revoked_lets_nobody_in(org: Org) -> None:
    past = tokens.create(org, "past", "ann", expires_at=timezone.now() - timedelta(seconds=1))
    coming = tokens.create(org, "coming", "ann", expires_at=timezone.now() + timedelta(days=1))
    assert tokens.find(past) is None
    assert tokens.find(coming) is not None
    tokens.revoke(org, "coming", "ben")
    assert tokens.find(coming) is None
    with pytest.raises(NoSuchToken, match="“coming”"):
        tokens.revoke(org, "coming", "ben")


def test_a_name_is_used_once_until_it_is_revoked(org: Org) -> None:
    tokens.create(org, "reporting", "ann", expires_at=None)
    with pytest.raises(TokenNameTaken, match="“reporting”"):
        tokens.create(org, "reporting", "ben", expires_at=None)
    tokens.revoke(org, "reporting", "ann")
    assert tokens.find(tokens.create(org, "reporting", "ben", expires_at=None)) is not None


def test_too_many_calls_within_a_minute_are_too_many_and_a_minute_later_they_are_not(org: Org) -> None:
    found = tokens.find(tokens.create(org, "busy", "ann", expires_at=None))
    assert found is not None
    assert tokens.count_call(found)
    ApiToken.objects.update(calls=tokens.CALLS_IN_WINDOW - 1)
    assert tokens.count_call(found)
    assert not tokens.count_call(found)
    ApiToken.objects.update(calls_from=timezone.now() - tokens.WINDOW)
    assert tokens.count_call(found)
    assert found.calls == 1
