"""What proves who we are on each side, as it is kept sealed."""

from typing import Final, TypeVar

import msgspec

from fairlead.campaignmonitor.login import Tokens
from fairlead.domain.failure import FixTheSettings
from fairlead.salesforce.login import Token
from fairlead.store import secrets
from fairlead.store.models import Org

CAMPAIGN_MONITOR = "campaign_monitor"
SALESFORCE = "salesforce"
"""The names under which they are kept."""

T = TypeVar("T")


class UnknownCredentials(FixTheSettings):
    """Kept credentials are none that this version knows: another version kept them."""

    code = "FL-324"

    def __init__(self, side: str) -> None:
        command = f"fairlead connect {side.replace('_', '-')}"
        super().__init__(f"The kept credentials of {side!r} cannot be read.", next_step=f"Connect again: `{command}`.")


class Credentials(msgspec.Struct, frozen=True, tag_field="flow"):
    """One way of signing in."""

    def __repr__(self) -> str:
        """Without what it holds: it is secret."""
        return f"{type(self).__name__}(…)"


class AccountKey(Credentials, frozen=True, tag="api_key"):
    """An API key of the account, or of one client."""

    api_key: str


class AccountGrant(Credentials, frozen=True, tag="oauth"):
    """A person let the application in."""

    access_token: str
    refresh_token: str
    expires_in: int = 0

    @classmethod
    def of(cls, tokens: Tokens) -> "AccountGrant":
        """The tokens, to be kept."""
        return cls(tokens.access_token, tokens.refresh_token, tokens.expires_in)

    @property
    def tokens(self) -> Tokens:
        """As the client takes them."""
        return Tokens(self.access_token, self.refresh_token, self.expires_in)


class OrgApp(Credentials, frozen=True, tag="client_credentials"):
    """The External Client App signs in as its execution user."""

    client_id: str
    client_secret: str


class OrgGrant(Credentials, frozen=True, tag="web_server"):
    """A person let the app in. The last session is kept beside the refresh token, for all processes to use."""

    client_id: str
    client_secret: str | None
    refresh_token: str
    access_token: str = ""
    instance_url: str = ""
    identity_path: str = ""

    @property
    def token(self) -> Token | None:
        """The last session, if one is kept."""
        return Token(self.access_token, self.instance_url, self.identity_path) if self.access_token else None


class OrgStatement(Credentials, frozen=True, tag="jwt_bearer"):
    """A statement signed with our key stands for a user who is approved beforehand. The key is PEM text."""

    client_id: str
    username: str
    private_key: str
    audience: str


AccountCredentials = AccountKey | AccountGrant
OrgCredentials = OrgApp | OrgGrant | OrgStatement
_ACCOUNT: Final[msgspec.json.Decoder[AccountCredentials]] = msgspec.json.Decoder(AccountKey | AccountGrant)
_ORG: Final[msgspec.json.Decoder[OrgCredentials]] = msgspec.json.Decoder(OrgApp | OrgGrant | OrgStatement)


def lock_name(org: Org, name: str) -> str:
    """The lock (`store.locks`) that guards them while they are renewed or replaced."""
    return f"credentials {name} {org.pk}"


def put(org: Org, name: str, credentials: Credentials) -> None:
    """Keep them sealed, in place of earlier ones. Hold the lock."""
    secrets.put(org, name, msgspec.json.encode(credentials).decode())


def renew(org: Org, name: str, credentials: Credentials) -> bool:
    """Keep these in place of earlier ones, unless those were forgotten meanwhile: then False. Hold the lock."""
    return secrets.replace(org, name, msgspec.json.encode(credentials).decode())


def forget(org: Org, name: str) -> None:
    """Forget them. A renewal under way puts none back: no lock is needed, so that nothing can hold this up."""
    secrets.delete(org, name)


def account(org: Org) -> AccountCredentials | None:
    """Those of the Campaign Monitor account; None before it is connected. Raises CannotOpenSecret, UnknownCredentials."""
    return _read(org, CAMPAIGN_MONITOR, _ACCOUNT)


def salesforce(org: Org) -> OrgCredentials | None:
    """Those of the Salesforce org; None before it is connected. Raises CannotOpenSecret, UnknownCredentials."""
    return _read(org, SALESFORCE, _ORG)


def _read(org: Org, name: str, known: msgspec.json.Decoder[T]) -> T | None:
    kept = secrets.get(org, name)
    try:
        return None if kept is None else known.decode(kept)
    except msgspec.ValidationError:
        raise UnknownCredentials(name) from None
