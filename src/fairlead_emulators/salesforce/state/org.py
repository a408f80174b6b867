"""The org: its rows, its clock, its one admin user, its limits and its faults."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fairlead_emulators.clock import Clock
from fairlead_emulators.faults import Faults
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.values import stamp
from fairlead_emulators.salesforce.state.storage import Storage

API_VERSION: Final = "67.0"
VERSIONS: Final = tuple(range(31, 68))
LABELS: Final = {67: "Summer '26", 66: "Spring '26", 65: "Winter '26", 64: "Summer '25", 63: "Spring '25"}

fact("versions")


SERVICE_FAULTS: Final = frozenset(
    {"row_lock", "storage_full", "request_limit", "expired_session", "slow_job", "job_failed"}
    | {"gap", "overflow", "stream_cut", "expired_replay"}
)


@dataclass(frozen=True, slots=True)
class Identity:
    """The org's own ids and its connected app's credentials; kept over resets."""

    org_id: str
    user_id: str
    profile_id: str
    username: str
    client_id: str
    client_secret: str
    signing_key: str


@dataclass(slots=True)
class Org:
    """Everything that a request works on."""

    storage: Storage
    clock: Clock
    faults: Faults
    files: Path
    identity: Identity
    settings: dict[str, Any] = field(default_factory=dict)
    followers: list[Callable[["Org"], None]] = field(default_factory=list)
    """What makes rows follow the deployed metadata: called after a deployment, in its transaction, and on reset."""

    def now(self) -> str:
        """The emulated moment as it is kept in rows."""
        return stamp(self.clock.now())


def make_identity(storage: Storage) -> Identity:
    """The kept identity, or a new one: the ids are always the same, the secrets are drawn once."""
    kept = storage.meta("identity")
    if kept is None:
        kept = {
            "org_id": "00D5e0000000001EAA",
            "user_id": "0055e0000000001AAA",
            "profile_id": "00e5e0000000001AAA",
            "username": "admin@fairlead.example.com",
            "client_id": "3MVG9" + secrets.token_hex(30),
            "client_secret": secrets.token_hex(32).upper(),
            "signing_key": secrets.token_hex(32),
        }
        storage.set_meta("identity", kept)
    return Identity(**kept)
