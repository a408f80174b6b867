"""The ways by which a notice goes out: the bell in Salesforce, e-mail, a signed webhook. Each sends once, or raises."""

import asyncio
import hmac
import json
import smtplib
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from fairlead.domain.failure import FixTheSettings, WaitAndRetry
from fairlead.domain.setting import Values
from fairlead.features.maintenance import rules, settings
from fairlead.features.maintenance.notified import Sealed
from fairlead.features.maintenance.rules import Line
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.people import MAX_BODY, MAX_TITLE
from fairlead.salesforce.query import quote
from fairlead.sync import sides
from fairlead.sync.failures import salesforce_failures

PATIENCE: Final = 20.0
"""Seconds that a mail server or a webhook may take."""
NOTICE_TYPE: Final = "Fairlead_Notice"
FULL_ACCESS: Final = "Fairlead_Full_Access"


class NobodyToTell(FixTheSettings):
    """The bell is to ring, and for nobody: no user has Full Access, or no ids are chosen."""

    code = "FL-263"
    next_step = "Give somebody the permission set Fairlead Full Access, or choose ids on the page Notifications."


class MailRefused(FixTheSettings):
    """The mail server does not take the e-mail as it is: sign-in, sender, recipients or encryption."""

    code = "FL-264"
    next_step = "Correct the mail server's settings on the page Notifications, then send a test from there."


class HookFailed(WaitAndRetry):
    """The webhook of notifications did not take a notice."""

    code = "FL-265"
    next_step = "Look at what receives it; send a test from the page Notifications."


class MailUnavailable(WaitAndRetry):
    """The mail server cannot be reached, or takes nothing at the moment."""

    code = "FL-269"
    next_step = "Check name and port on the page Notifications; it is tried again by itself."


@dataclass(frozen=True, slots=True)
class Parcel:
    """One notice, ready to go: its lines, gravest first, and what it needs to know of this installation."""

    org_id: int
    number: str
    made: str
    lines: Sequence[Line]
    address: str
    chosen: Values
    sealed: Sealed


async def bell(parcel: Parcel) -> None:
    """Ring the bell of the recipients in Salesforce. Raises NobodyToTell, or what Salesforce refuses."""
    async with sides.salesforce(parcel.org_id) as crm:
        with salesforce_failures("send a notification"):
            recipients = await _recipients(crm, parcel.chosen)
            if not recipients:
                raise NobodyToTell("The bell has nobody to ring for.")
            kind = await crm.notifications.type_id(NOTICE_TYPE)
            title = rules.shortened(rules.title(parcel.lines), MAX_TITLE)
            page = {"type": "standard__webPage", "attributes": {"url": f"{parcel.address}/maintenance/"}}
            text = rules.summary(parcel.lines, MAX_BODY)
            await crm.notifications.send(kind, recipients, title, text, target_page=json.dumps(page))


async def _recipients(crm: Salesforce, chosen: Values) -> list[str]:
    if chosen.of(settings.BELL_TO) == "chosen":
        ids: tuple[str, ...] = chosen.of(settings.BELL_IDS)
        return list(ids)
    soql = (
        f"SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.Name = {quote(FULL_ACCESS)} "
        "AND Assignee.IsActive = true"
    )
    return [str(row["AssigneeId"]) async for page in crm.query(soql) for row in page]


async def mail(parcel: Parcel) -> None:
    """Send an e-mail to the recipients. Raises MailRefused, MailUnavailable."""
    host, sealed = parcel.chosen.of(settings.HOST), parcel.sealed
    for what, there in (("mail server", host), ("recipients", sealed.to), ("sender", sealed.sender)):
        if not there:
            raise MailRefused(f"E-mail is switched on, and there is no {what}.")
    await asyncio.to_thread(_send, parcel, _letter(parcel), host)


def _letter(parcel: Parcel) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = parcel.sealed.sender
    letter["To"] = ", ".join(parcel.sealed.to)
    letter["Subject"] = rules.title(parcel.lines)
    letter["Date"] = parcel.made
    # the same notice has the same id: mail programs drop one that comes twice
    letter["Message-ID"] = f"<notice-{parcel.number}@{urlsplit(parcel.address).hostname or 'fairlead'}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(rules.letter(parcel.lines, parcel.address, parcel.chosen.of(settings.LINES)))
    return letter


def _send(parcel: Parcel, letter: EmailMessage, host: str) -> None:
    port, security, sealed = parcel.chosen.of(settings.PORT), parcel.chosen.of(settings.SECURITY), parcel.sealed
    secure = ssl.create_default_context()
    try:
        server = (
            smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=secure)
            if security == "tls"
            else smtplib.SMTP(host, port, timeout=PATIENCE)
        )
        with server:
            if security == "starttls":
                server.starttls(context=secure)
            if sealed.user:
                server.login(sealed.user, sealed.password)
            refused = server.send_message(letter)
        if refused:
            raise MailRefused(
                f"The mail server took it for {len(sealed.to) - len(refused)} of {len(sealed.to)} recipients."
            )
    except ssl.SSLError as error:
        raise MailRefused(
            f"The mail server's encryption does not fit ({error.reason or type(error).__name__})."
        ) from None
    except smtplib.SMTPException as error:
        raise _refusal(error) from None
    except OSError as error:
        raise MailUnavailable(f"The mail server cannot be reached ({type(error).__name__}).") from None


def _refusal(error: smtplib.SMTPException) -> FixTheSettings | WaitAndRetry:
    """What a server said, by its number only: its words may repeat addresses."""
    number = getattr(error, "smtp_code", 0)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        number = next((code for code, _ in error.recipients.values()), 0)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return MailRefused(f"The mail server refuses user and password ({number}).")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return MailRefused("The mail server does not know the encryption or the sign-in that is chosen.")
    if 500 <= number < 600:
        return MailRefused(f"The mail server refuses the e-mail ({type(error).__name__}, {number}).")
    return MailUnavailable(f"The mail server takes nothing at the moment ({type(error).__name__}, {number}).")


def signature(key: str, stamp: str, content: bytes) -> str:
    """What proves that a post is ours: HMAC-SHA256 of time stamp, a dot and the body, in hexadecimal."""
    return hmac.digest(key.encode(), stamp.encode() + b"." + content, "sha256").hex()


async def hook(parcel: Parcel) -> None:
    """Post the notice as JSON, signed where there is a key. Raises HookFailed."""
    url, key = parcel.sealed.hook_url, parcel.sealed.hook_key
    if not url:
        raise HookFailed("The webhook is switched on, and has no address.")
    content = json.dumps(rules.body(parcel.lines, parcel.address, parcel.number, parcel.made)).encode()
    stamp = str(int(time.time()))
    headers = {"Content-Type": "application/json", "X-Fairlead-Timestamp": stamp}
    if key:
        headers["X-Fairlead-Signature"] = f"sha256={signature(key, stamp, content)}"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as http,
            http.post(url, data=content, headers=headers, allow_redirects=False) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        raise HookFailed(f"The webhook cannot be reached ({type(error).__name__}).") from None
    if not 200 <= status < 300:
        raise HookFailed(f"The webhook answered {status}.")


@dataclass(frozen=True, slots=True)
class Way:
    """One way: its name, what people call it, the switch, and what sends."""

    name: str
    title: str
    send: Callable[[Parcel], Awaitable[None]]
    on: Callable[[Values], bool]


WAYS: Final[Mapping[str, Way]] = {
    way.name: way
    for way in (
        Way("bell", "Bell in Salesforce", bell, lambda chosen: chosen.of(settings.BELL)),
        Way("mail", "E-mail", mail, lambda chosen: chosen.of(settings.MAIL)),
        Way("hook", "Webhook", hook, lambda chosen: chosen.of(settings.HOOK)),
    )
}
