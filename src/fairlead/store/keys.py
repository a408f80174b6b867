"""The secret key of the installation, and keys derived from it for one purpose each."""

import base64
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fairlead.domain.failure import FixTheSettings

FILE = "secret.key"


class NoSecretKey(FixTheSettings):
    """Something must be sealed or hashed, and there is no key."""

    code = "FL-303"

    def __init__(self) -> None:
        super().__init__(
            "There is no secret key.", next_step=f"Set FAIRLEAD_SECRET_KEY, or start `fairlead up` once to make {FILE}."
        )


def read(home: Path) -> tuple[str, ...]:
    """The keys in the data folder, one a line, the one that seals first; none when it was never made."""
    try:
        text = (home / FILE).read_text("ascii")
    except FileNotFoundError:
        return ()
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def ensure(home: Path) -> tuple[str, ...]:
    """`read`, after making the key (file mode 0600) if there is none. Two makers at once get the same key."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = home / f".{FILE}.{os.getpid()}.{secrets.token_hex(4)}"
    if not read(home):
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            # A link is atomic and never replaces: the first of two makers wins, whole.
            os.link(draft, home / FILE)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return read(home)


def derive(key: str, purpose: str) -> str:
    """32 bytes for one purpose, URL-safe base64: knowing one derived key gives no other."""
    bytes_ = HKDF(SHA256(), length=32, salt=None, info=f"fairlead {purpose}".encode()).derive(key.encode())
    return base64.urlsafe_b64encode(bytes_).decode()
