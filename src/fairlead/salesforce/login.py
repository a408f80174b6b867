"""Ways to get an access token. Each asks the token door of the org and says what to do when it is refused."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import urlsplit

import aiohttp
import msgspec

from fairlead.salesforce.error_reading import error_from
from fairlead.salesforce.errors import SessionRefused, SetupRefused, Unavailable

TOKEN_PATH: Final = "/services/oauth2/token"  # noqa: S105 -- a path, not a secret
_JWT_LIFE_SECONDS: Final = 180


@dataclass(frozen=True, slots=True)
class Token:
    """A session: the token, the host that serves it, and the path of its identity (empty when not told)."""

    access_token: str = field(repr=False)
    instance_url: str
    identity_path: str = ""


class Login(Protocol):
    """Something that can open a session, and open another when the first has ended."""

    async def sign_in(self, http: aiohttp.ClientSession) -> Token:
        """A fresh token. Raises SessionRefused, SetupRefused or Unavailable."""


class TokenAnswer(msgspec.Struct):
    """What the token door gives; `refresh_token` is empty when none comes along."""

    access_token: str
    instance_url: str
    id: str = ""
    refresh_token: str = ""
    id_token: str = ""


async def ask_token(http: aiohttp.ClientSession, login_url: str, form: Mapping[str, str]) -> TokenAnswer:
    """POST the form to the token door. The error texts never repeat the form: it holds secrets."""
    url = base_url(login_url) + TOKEN_PATH
    try:
        async with http.post(url, data=dict(form), allow_redirects=False) as answer:
            body, status = await answer.read(), answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unavailable(
            f"No answer from {base_url(login_url)} to the sign-in ({type(error).__name__}).",
            code="connection",
            next_step="Check the login address and this machine's way to it, then try again.",
        ) from None
    if status != 200:
        raise error_from(status, body)
    try:
        return msgspec.json.decode(body, type=TokenAnswer)
    except msgspec.DecodeError:
        raise SetupRefused(
            f"{base_url(login_url)} answered the sign-in with something that is not a token.",
            code="malformed_token",
            next_step="Check that the login address is the org's My Domain address.",
        ) from None


def base_url(url: str) -> str:
    """`scheme://host[:port]` of an address; raises SetupRefused when it is not an http(s) address."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SetupRefused(
            f"The Salesforce address {url!r} is not a web address.",
            code="login_url",
            next_step="Use the org's My Domain address, such as https://example.my.salesforce.com.",
        )
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def audience_of(login_url: str) -> str:
    """The login host whose name a statement for this address must bear: `test` for sandboxes, else `login`."""
    host = urlsplit(base_url(login_url)).hostname or ""
    sandbox = host == "test.salesforce.com" or host.endswith(".sandbox.my.salesforce.com")
    return f"https://{'test' if sandbox else 'login'}.salesforce.com"


def token_of(answer: TokenAnswer) -> Token:
    """The session in an answer of the token door."""
    return Token(answer.access_token, base_url(answer.instance_url), urlsplit(answer.id).path)


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """The app itself signs in, as its execution user. `login_url` must be the My Domain host."""

    login_url: str
    client_id: str
    client_secret: str = field(repr=False)

    async def sign_in(self, http: aiohttp.ClientSession) -> Token:
        if urlsplit(self.login_url).hostname in {"login.salesforce.com", "test.salesforce.com"}:
            raise SetupRefused(
                f"{self.login_url} does not take client credentials.",
                code="login_url",
                next_step="Use the org's My Domain address, such as https://example.my.salesforce.com.",
            )
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        return token_of(await ask_token(http, self.login_url, form))


@dataclass(slots=True)
class RefreshToken:
    """A user granted access once. `store` is awaited with every rotated refresh token before it is used."""

    login_url: str
    client_id: str
    client_secret: str | None = field(repr=False)
    refresh_token: str = field(repr=False)
    store: Callable[[str], Awaitable[None]] = field(repr=False)
    _unstored: str = field(default="", repr=False)

    async def sign_in(self, http: aiohttp.ClientSession) -> Token:
        await self._keep()
        form = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "refresh_token": self.refresh_token,
        }
        if self.client_secret:
            form["client_secret"] = self.client_secret
        answer = await ask_token(http, self.login_url, form)
        if answer.refresh_token and answer.refresh_token != self.refresh_token:
            self._unstored = answer.refresh_token
            await self._keep()
        return token_of(answer)

    async def _keep(self) -> None:
        """Store a rotated token. They work once: one that could not be stored is tried again before any use."""
        if self._unstored:
            await self.store(self._unstored)
            self.refresh_token, self._unstored = self._unstored, ""


@dataclass(slots=True)
class AccessToken:
    """A session opened elsewhere. It cannot be renewed here."""

    instance_url: str
    token: str = field(repr=False)
    _used: bool = field(default=False, repr=False)

    async def sign_in(self, http: aiohttp.ClientSession) -> Token:
        if self._used:
            raise SessionRefused("The access token has ended and cannot be renewed.", code="INVALID_SESSION_ID")
        self._used = True
        return Token(self.token, base_url(self.instance_url))


@dataclass(frozen=True, slots=True)
class JwtBearer:
    """A signed statement stands for the user; the app must be pre-authorized.

    `audience` is the login host that the statement is for; empty: `test` for sandboxes, else `login`.
    """

    login_url: str
    client_id: str
    username: str
    private_key_pem: bytes = field(repr=False)
    audience: str = ""

    async def sign_in(self, http: aiohttp.ClientSession) -> Token:
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": self.assertion(time.time()),
        }
        return token_of(await ask_token(http, self.login_url, form))

    def assertion(self, now: float) -> str:
        """The RS256 JWT, valid three minutes from `now` (Unix seconds). Raises SetupRefused on a bad key."""
        from base64 import urlsafe_b64encode

        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding, rsa
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        def part(data: bytes) -> bytes:
            return urlsafe_b64encode(data).rstrip(b"=")

        try:
            key = load_pem_private_key(self.private_key_pem, password=None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise SetupRefused(
                "The private key for signing in to Salesforce is not an RSA key in PEM form without password.",
                code="private_key",
                next_step="Store the key whose certificate was uploaded to the External Client App.",
            )
        claims = {
            "iss": self.client_id,
            "sub": self.username,
            "aud": self.audience or audience_of(self.login_url),
            "exp": int(now) + _JWT_LIFE_SECONDS,
        }
        signed = part(b'{"alg":"RS256"}') + b"." + part(msgspec.json.encode(claims))
        signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return (signed + b"." + part(signature)).decode()
