"""OpenID Connect: the discovery document, the org's keys, id tokens."""

import base64
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.signin.checks import SCOPES
from fairlead_emulators.salesforce.state.org import Org

fact("openid_configuration")
fact("id_token")

LIFE_SECONDS = 120
_KEY = "openid_key"


def routes(org: Org) -> list[Route]:
    """The routes of this file."""

    async def configuration(request: Request) -> Response:
        return JSONResponse(_configuration(f"{request.url.scheme}://{request.url.netloc}"))

    async def keys(_request: Request) -> Response:
        return JSONResponse({"keys": [_jwk(_key(org))]})

    return [
        Route("/.well-known/openid-configuration", configuration, methods=["GET"]),
        Route("/id/keys", keys, methods=["GET"]),
    ]


def _configuration(base: str) -> dict[str, Any]:
    oauth = f"{base}/services/oauth2"
    return {
        "issuer": base,
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "revocation_endpoint": f"{oauth}/revoke",
        "userinfo_endpoint": f"{oauth}/userinfo",
        "introspection_endpoint": f"{oauth}/introspect",
        "jwks_uri": f"{base}/id/keys",
        "scopes_supported": sorted(SCOPES),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "display_values_supported": ["page", "popup", "touch"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
        "claims_supported": [
            "active",
            "email",
            "email_verified",
            "name",
            "organization_id",
            "sub",
            "user_id",
            "zoneinfo",
        ],
    }


def _key(org: Org) -> rsa.RSAPrivateKey:
    kept = org.storage.meta(_KEY)
    if kept is None:
        made = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        kept = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        org.storage.set_meta(_KEY, kept)
    return _loaded(kept)


@lru_cache(maxsize=8)
def _loaded(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the kept key is no RSA key")
    return key


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _jwk(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "local", "n": _part(modulus), "e": "AQAB"}


def with_id_token(org: Org, answer: Mapping[str, str], base: str, nonce: str = "") -> dict[str, str]:
    """The token answer, with an id token when the scope has `openid`."""
    if "openid" not in answer["scope"].split():
        return dict(answer)
    now = int(org.clock.now().timestamp())
    claims = {"iss": base, "sub": answer["id"], "aud": org.identity.client_id, "iat": now, "exp": now + LIFE_SECONDS}
    claims |= {"nonce": nonce} if nonce else {}
    signed = ".".join(_part(json.dumps(each).encode()) for each in ({"alg": "RS256", "kid": "local"}, claims))
    signature = _key(org).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return dict(answer) | {"id_token": f"{signed}.{_part(signature)}"}
