"""The JWT bearer grant: a statement signed with the key of a certificate that the app knows.

The setting `jwt_certificate` (PEM) registers the certificate; `jwt_seconds` limits how far ahead `exp` may lie;
`jwt_users` names those whom the admin lets in beforehand.
"""

import base64
import binascii
import json
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.signin import people
from fairlead_emulators.salesforce.signin.asking import OAuthError
from fairlead_emulators.salesforce.signin.people import Who
from fairlead_emulators.salesforce.signin.sessions import Sessions
from fairlead_emulators.salesforce.state.org import Org

fact("jwt_bearer")

GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES: Final = ("https://login.salesforce.com", "https://test.salesforce.com")


class _Invalid(Exception):
    """Not a statement, or not signed by the registered key."""


def signed_in(org: Org, sessions: Sessions, assertion: str, host: str) -> Who:
    """The user whom the assertion signs in. `host`: our own address. Raises OAuthError when it is refused."""
    certificate = str(org.settings.get("jwt_certificate", ""))
    if not certificate:
        raise OAuthError("invalid_app_access", "user is not admin approved to access this app")
    try:
        claims = _claims(assertion, certificate)
        exp = float(claims.get("exp", 0))
    except (_Invalid, TypeError, ValueError):
        raise OAuthError("invalid_grant", "invalid assertion") from None
    if claims.get("iss") != org.identity.client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    who = people.find(org, str(claims.get("sub", "")))
    if who is None or not _approved(org, sessions, who):
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    if claims.get("aud") not in (*AUDIENCES, host):
        raise OAuthError("invalid_grant", "audience is invalid")
    ahead = exp - org.clock.now().timestamp()
    if not 0 < ahead <= float(org.settings.get("jwt_seconds") or ahead):
        raise OAuthError("invalid_grant", "expired authorization code")
    return who


@fact("jwt_users")
def _approved(org: Org, sessions: Sessions, who: Who) -> bool:
    """Whether the admin has let the user in beforehand, or the user the app."""
    names = org.settings.get("jwt_users") or []
    return not names or who.username.lower() in {str(n).lower() for n in names} or sessions.has_allowed(who.user_id)


def _claims(assertion: str, certificate: str) -> dict[str, Any]:
    """What the statement says. Raises _Invalid unless it is signed (RS256) by the certificate's key."""
    try:
        key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
        head, body, signature = assertion.split(".")
        if not isinstance(key, rsa.RSAPublicKey) or json.loads(_bytes(head)).get("alg") != "RS256":
            raise _Invalid
        key.verify(_bytes(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())
        claims = json.loads(_bytes(body))
    except (ValueError, AttributeError, RecursionError, binascii.Error, InvalidSignature):
        raise _Invalid from None
    if not isinstance(claims, dict):
        raise _Invalid
    return claims


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
