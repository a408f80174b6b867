"""Tokens by which programs use the API: made once, shown once, kept as a hash, revoked at will."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from fairlead.domain.failure import FixTheSettings
from fairlead.domain.role import Role
from fairlead.store import audit
from fairlead.store.models import ApiToken, Org

PREFIX: Final = "fairlead_"
WINDOW: Final = timedelta(minutes=1)
CALLS_IN_WINDOW: Final = 300


class TokenNameTaken(FixTheSettings):
    """A token of this name is in use."""

    code = "FL-367"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is a token “{name}” already.", next_step="Choose another name, or revoke that one first."
        )


class NoSuchToken(FixTheSettings):
    """No token of this name is in use."""

    code = "FL-368"
    next_step = "`fairlead token list` shows those there are."

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no token “{name}”.")


def create(
    org: Org, name: str, by: str, *, expires_at: datetime | None, read_only: bool = False, role: Role = Role.FULL
) -> str:
    """Make a token; gives it, for the only time. Raises TokenNameTaken.

    It opens what its role opens, and never more than the role that `by` has when it is used.
    """
    token = PREFIX + secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            ApiToken.objects.create(
                org=org,
                name=name,
                digest=_digest(token),
                created_by=by,
                expires_at=expires_at,
                read_only=read_only,
                role=role,
            )
            after = {"expires_at": expires_at and expires_at.isoformat(), "read_only": read_only, "role": role.label}
            audit.record(org, by, "create token", name, after=after)
    except IntegrityError:
        raise TokenNameTaken(name) from None
    return token


def revoke(org: Org, name: str, by: str) -> None:
    """The token lets nobody in any more. Raises NoSuchToken."""
    with transaction.atomic():
        if not ApiToken.objects.filter(org=org, name=name, revoked_at=None).update(revoked_at=timezone.now()):
            raise NoSuchToken(name)
        audit.record(org, by, "revoke token", name)


def find(token: str) -> ApiToken | None:
    """The token that this text is, if it lets anybody in now."""
    now = timezone.now()
    valid = ApiToken.objects.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=now))
    digest = _digest(token)
    found = valid.select_related("org").filter(digest=digest).first()
    return found if found is not None and hmac.compare_digest(bytes(found.digest), digest) else None


def count_call(token: ApiToken) -> bool:
    """Note that the token was used; False when it was used too often within a minute."""
    now = timezone.now()
    fresh = When(Q(calls_from__gt=now - WINDOW), then=F("calls") + 1)
    began = When(Q(calls_from__gt=now - WINDOW), then=F("calls_from"))
    ApiToken.objects.filter(pk=token.pk).update(
        last_used_at=now, calls=Case(fresh, default=Value(1)), calls_from=Case(began, default=Value(now))
    )
    token.refresh_from_db(fields=["calls"])
    return token.calls <= CALLS_IN_WINDOW


def _digest(token: str) -> bytes:
    """A token is 32 random bytes: a plain hash of it cannot be guessed back."""
    return hashlib.sha256(token.encode()).digest()
