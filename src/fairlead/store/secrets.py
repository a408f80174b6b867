"""Credentials at rest: sealed with MultiFernet. The first secret key seals, every key opens."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils import timezone

from fairlead.domain.failure import FixTheSettings
from fairlead.store import keys
from fairlead.store.models import Org, Secret


class CannotOpenSecret(FixTheSettings):
    """A stored credential was sealed with a key that is no longer there."""

    code = "FL-311"
    next_step = "Put the old key back behind the new one in FAIRLEAD_SECRET_KEY, or connect the account again."

    def __init__(self, name: str) -> None:
        super().__init__(f"The stored credential {name!r} cannot be opened with the secret keys that are set.")


def put(org: Org, name: str, value: str) -> None:
    """Store a credential, in place of an earlier one of the same name."""
    Secret.objects.update_or_create(org=org, name=name, defaults={"value": seal(value)})


def replace(org: Org, name: str, value: str) -> bool:
    """Store a credential in place of one of the same name; False, and nothing stored, where there is none any more."""
    found = Secret.objects.filter(org=org, name=name)
    return found.update(value=seal(value), updated_at=timezone.now()) == 1


def get(org: Org, name: str) -> str | None:
    """The credential, or None when there is none; raises `CannotOpenSecret` when its key is gone."""
    found = Secret.objects.filter(org=org, name=name).first()
    if found is None:
        return None
    try:
        return unseal(bytes(found.value))
    except InvalidToken as error:
        raise CannotOpenSecret(name) from error


def delete(org: Org, name: str) -> None:
    """Forget a credential; harmless when there is none."""
    Secret.objects.filter(org=org, name=name).delete()


def rotate() -> int:
    """Seal every credential anew with the first key; returns how many. Afterwards the older keys may go."""
    count = 0
    for found in Secret.objects.all().iterator():
        try:
            found.value = _fernet().rotate(bytes(found.value))
        except InvalidToken as error:
            raise CannotOpenSecret(found.name) from error
        found.save(update_fields=["value", "updated_at"])
        count += 1
    return count


def seal(value: str) -> bytes:
    """Encrypt a text that has to wait."""
    return _fernet().encrypt(value.encode())


def unseal(token: bytes) -> str:
    """The text of `seal`; raises `cryptography.fernet.InvalidToken` when no key fits."""
    return _fernet().decrypt(token).decode()


def _fernet() -> MultiFernet:
    if not settings.FAIRLEAD_SECRET_KEYS:
        raise keys.NoSecretKey
    return MultiFernet([Fernet(keys.derive(key, "secrets")) for key in settings.FAIRLEAD_SECRET_KEYS])
