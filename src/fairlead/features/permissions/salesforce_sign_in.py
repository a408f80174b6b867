"""Signing in to Fairlead through the connected org (OAuth web server flow with PKCE, OpenID Connect).

Asked is only who somebody is. The role is read with the connection that the sync uses; nothing that Salesforce gives for the
sign-in is kept.
"""

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Final

import aiohttp
import msgspec
from asgiref.sync import async_to_sync
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.urls import reverse

from fairlead.domain.failure import Failure, FixTheSettings, SignInAgain
from fairlead.domain.record_id import same_org, to_18
from fairlead.domain.role import Role
from fairlead.features.permissions import live
from fairlead.salesforce import web_login
from fairlead.salesforce.errors import SalesforceError
from fairlead.store import secrets
from fairlead.store.models import Org
from fairlead.ui.standing import Reading

MAY_TAKE_S: Final = 600
"""How long somebody may stay on Salesforce's screens."""
Door = Callable[[Org], tuple[web_login.App, str] | None]
"""Gives the org's app and id, or None where no org is connected."""


class NoOrg(FixTheSettings):
    """Somebody wants to sign in through Salesforce, and no org is connected."""

    code = "FL-243"
    next_step = "Sign in with the local account (`fairlead sign-in` prints a link), then connect Salesforce."

    def __init__(self) -> None:
        super().__init__("No Salesforce org is connected.")


class NotBegun(SignInAgain):
    """Somebody came back from Salesforce whose sign-in was not begun in this browser, was used already, or took too long."""

    code = "FL-244"
    next_step = "Press “Sign in through Salesforce” again, in one browser window."

    def __init__(self) -> None:
        super().__init__("No sign-in is under way in this browser, or it took longer than ten minutes.")


class NotLetIn(SignInAgain):
    """Salesforce did not say who it is."""

    code = "FL-245"
    next_step = "Try again."


class OtherOrg(SignInAgain):
    """Somebody signed in to another org than the connected one."""

    code = "FL-246"
    next_step = "Sign out of Salesforce in this browser, then sign in to the connected org."

    def __init__(self) -> None:
        super().__init__("You signed in to another Salesforce org than the one that Fairlead is connected to.")


class NoRole(SignInAgain):
    """The person is a user of the connected org and has no role here."""

    code = "FL-247"
    next_step = (
        "Ask your Salesforce admin to give you one of the permission sets “Fairlead Full Access”, “Fairlead Standard Access” "
        "or “Fairlead Limited Access” (page User security, or Setup › Users › Permission Set Assignments)."
    )

    def __init__(self, role: Role) -> None:
        super().__init__(f"Your Salesforce user has no access to Fairlead ({role.label}).")


class _Begun(msgspec.Struct):
    """A sign-in that a person is on the way to end; the session holds it sealed."""

    state: str
    verifier: str
    nonce: str
    target: str
    at: float


@dataclasses.dataclass(slots=True)
class _Provided:
    door: Door | None = None


_provided = _Provided()


def provide(door: Door) -> None:
    """Say which app people sign in through; a later call replaces an earlier one."""
    _provided.door = door


def callback_url() -> str:
    """Where Salesforce sends people back to; it must be registered with the app."""
    return str(settings.FAIRLEAD_PUBLIC_URL).rstrip("/") + reverse("sign_in_salesforce_callback")


def available(org: Org) -> bool:
    """Whether an org is connected through which people can sign in."""
    try:
        return _door(org) is not None
    except Failure:
        return False


def begin(org: Org, target: str) -> tuple[str, str]:
    """Where to send the browser, and what its session keeps meanwhile, sealed. Raises NoOrg, NotLetIn."""
    app, _ = _app(org)
    pending = web_login.Pending()
    begun = _Begun(pending.state, pending.verifier, pending.nonce, target, time.time())
    try:
        address = web_login.address(app, pending, web_login.WHO_ONLY)
    except SalesforceError as error:
        raise NotLetIn(error.text, next_step=error.step) from error
    return address, secrets.seal(msgspec.json.encode(begun).decode()).decode()


def finish(org: Org, sealed: str, returned: Mapping[str, str]) -> tuple[str, Reading, str]:
    """Who came back, as what, and the page that was asked for.

    Raises NotBegun, NotLetIn, OtherOrg, NoRole, or a Failure where the org cannot be asked for the role.
    """
    begun = _opened(sealed)
    app, org_id = _app(org)
    pending = web_login.Pending(begun.state, begun.verifier, begun.nonce)
    try:
        who = async_to_sync(_identified)(app, pending, returned)
    except SalesforceError as error:
        raise NotLetIn(f"Salesforce did not let you in: {error.text}", next_step=error.step) from error
    if not same_org(org_id, who.org_id):
        raise OtherOrg
    user_id = to_18(who.user_id)
    reading = live.reading(org, user_id)
    if reading.role <= Role.GUEST:
        raise NoRole(reading.role)
    return user_id, reading, begun.target


async def _identified(
    app: web_login.App, pending: web_login.Pending, returned: Mapping[str, str]
) -> web_login.Identified:
    timeout = aiohttp.ClientTimeout(total=60, sock_connect=15)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=True) as http:
        return await web_login.identify(http, app, pending, returned)


def _opened(sealed: str) -> _Begun:
    try:
        begun = msgspec.json.decode(secrets.unseal(sealed.encode()), type=_Begun)
    except (InvalidToken, msgspec.DecodeError):
        raise NotBegun from None
    if time.time() - begun.at > MAY_TAKE_S:
        raise NotBegun
    return begun


def _app(org: Org) -> tuple[web_login.App, str]:
    found = _door(org)
    if found is None:
        raise NoOrg
    app, org_id = found
    return dataclasses.replace(app, redirect_uri=callback_url()), org_id


def _door(org: Org) -> tuple[web_login.App, str] | None:
    return _provided.door(org) if _provided.door is not None else None
