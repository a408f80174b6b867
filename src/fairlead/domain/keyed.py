"""Keyed hashes of a column of texts: HMAC-SHA256, which tells nothing of a text to who has not the key."""

import hashlib
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Final

_BLOCK: Final = 64


def _sha256() -> Callable[[bytes], Any]:
    """Python's own SHA-256 rather than OpenSSL's, where it is there: for texts this short, copying its state is what counts,
    and it makes an HMAC in half the time.
    """
    for module in ("_sha2", "_sha256"):  # from Python 3.12 on, and before
        try:
            found: Callable[[bytes], Any] = import_module(module).sha256
        except (ImportError, AttributeError):
            continue
        return found
    return hashlib.sha256


_SHA256: Final = _sha256()


class Hmac:
    """HMAC-SHA256 with one key (RFC 2104). The key is worked in once, which makes each hash some five times as quick."""

    def __init__(self, key: bytes) -> None:
        block = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
        self._inner = _SHA256(bytes(byte ^ 0x36 for byte in block))
        self._outer = _SHA256(bytes(byte ^ 0x5C for byte in block))

    def of(self, texts: Iterable[str]) -> list[bytes]:
        """32 bytes a text."""
        inner, outer = self._inner.copy, self._outer.copy
        hashes = []
        for text in texts:
            first, second = inner(), outer()
            first.update(text.encode())
            second.update(first.digest())
            hashes.append(second.digest())
        return hashes


class Blake:
    """Keyed BLAKE2b with one key of at most 64 bytes, `size` bytes a text: for digests that nothing else is compared with."""

    def __init__(self, key: bytes, size: int = 16) -> None:
        self._begin = hashlib.blake2b(key=key, digest_size=size)

    def of(self, texts: Iterable[str]) -> list[bytes]:
        """A digest a text."""
        begin = self._begin.copy
        digests = []
        for text in texts:
            one = begin()
            one.update(text.encode())
            digests.append(one.digest())
        return digests
