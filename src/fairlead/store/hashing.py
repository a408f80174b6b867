"""Keyed hashes: what is kept of an address instead of the address.

The keys come from the last (oldest) secret key: a new key put before it keeps all hashes valid. When the oldest key
is removed the hashes begin anew, which costs one full comparison, and would lose who opted out: `store.consent` refuses
to be read then.
"""

import base64
import hmac
from collections.abc import Iterable
from functools import lru_cache

from django.conf import settings

from fairlead.domain.keyed import Blake, Hmac
from fairlead.store import keys


def address_key() -> bytes:
    """32 bytes for hashes of addresses and of record keys."""
    return _key(_oldest(), "addresses")


def content_key() -> bytes:
    """32 bytes for digests of a record's content."""
    return _key(_oldest(), "content")


def keyed_hash(text: str) -> bytes:
    """HMAC-SHA256 of the text, 32 bytes. Give the normal form of an address."""
    return hmac.digest(address_key(), text.encode(), "sha256")


def keyed_hashes(texts: Iterable[str]) -> list[bytes]:
    """`keyed_hash` for a column."""
    return Hmac(address_key()).of(texts)


def content_digests(texts: Iterable[str]) -> list[bytes]:
    """Keyed BLAKE2b of a column of contents, 16 bytes each."""
    return Blake(content_key()).of(texts)


def _oldest() -> str:
    if not settings.FAIRLEAD_SECRET_KEYS:
        raise keys.NoSecretKey
    return str(settings.FAIRLEAD_SECRET_KEYS[-1])


@lru_cache(maxsize=8)
def _key(secret: str, purpose: str) -> bytes:
    return base64.urlsafe_b64decode(keys.derive(secret, purpose))
