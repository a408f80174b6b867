"""Asks the language model that an admin set: one post, one answer, no second try. Nothing of it is kept."""

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from django.db import transaction

from fairlead.domain.failure import FixTheSettings, WaitAndRetry
from fairlead.features.help import settings
from fairlead.features.help.rules import model
from fairlead.features.help.rules.model import Piece
from fairlead.features.help.rules.passages import Passage
from fairlead.store import audit, secrets, setting_rows
from fairlead.store.models import Org

SEALED_AS: Final = "help model"
LONGEST_KEY: Final = 1_000
READ_AT_MOST: Final = 200_000
"""Bytes of an answer."""


class ModelUnavailable(WaitAndRetry):
    """The language model cannot be reached, takes too long, or answers with an error of its own."""

    code = "FL-700"
    next_step = "Below is what the pages say. If it lasts, look at the service, or blank its address to do without."


class ModelRefused(FixTheSettings):
    """The language model's service takes neither the key nor the name of the model."""

    code = "FL-701"
    next_step = "Correct address, name and key under Help, Language model."


class BadModelAddress(FixTheSettings):
    """The address of the language model cannot be used."""

    code = "FL-702"
    next_step = "Give one that begins with https://, such as https://models.example.com/v1; http:// only within your own network."

    def __init__(self) -> None:
        super().__init__("The address of the language model cannot be used.")


@dataclass(frozen=True, slots=True)
class Model:
    """A model as it was chosen: where, its name, its key (blank: none), and how many seconds it may take."""

    url: str
    name: str
    key: str
    seconds: int


def chosen(org: Org) -> Model | None:
    """The model that an admin set, or None. Raises CannotOpenSecret."""
    values = setting_rows.values(org)
    url = values.of(settings.URL)
    if not url:
        return None
    key = secrets.get(org, SEALED_AS) or ""
    return Model(url, values.of(settings.NAME), key, values.of(settings.SECONDS))


def has_key(org: Org) -> bool:
    """Whether a key is kept."""
    return bool(secrets.get(org, SEALED_AS))


def keep_key(org: Org, key: str, by: str) -> None:
    """Seal a key in place of the former; blank forgets it. The audit tells that it was changed, and not to what."""
    with transaction.atomic():
        if key:
            secrets.put(org, SEALED_AS, key)
        else:
            secrets.delete(org, SEALED_AS)
        audit.record(org, by, "change language model", "key")


def address(given: str) -> str:
    """Where a question is posted to. Raises BadModelAddress: no address, unencrypted beyond one's own network, or with a
    password in it.
    """
    try:
        url = urlsplit(given)
        host, _ = url.hostname or "", url.port
    except ValueError:
        raise BadModelAddress from None
    encrypted = url.scheme == "https" or (url.scheme == "http" and _is_near(host))
    if not host or not encrypted or url.username is not None or url.query or url.fragment:
        raise BadModelAddress
    return f"{given.rstrip('/')}/chat/completions"


def host(given: str) -> str:
    """The name of the machine that is asked; the address as given where it has none."""
    try:
        return urlsplit(given).hostname or given
    except ValueError:
        return given


def _is_near(host: str) -> bool:
    """An address of one's own network, or a name without a domain, as containers have."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host


async def ask(asked: Model, question: str, passages: Sequence[Passage]) -> tuple[Piece, ...]:
    """The model's answer in pieces, each citation with its passage.

    Raises ModelUnavailable, ModelRefused, BadModelAddress, NoSources.
    """
    url = address(asked.url)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {asked.key}"} if asked.key else {})
    content = json.dumps(model.told(asked.name, question, passages)).encode()
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=asked.seconds)) as http,
            http.post(url, data=content, headers=headers, allow_redirects=False) as answer,
        ):
            status = answer.status
            body = await answer.content.read(READ_AT_MOST) if status == 200 else b""
            while status == 200 and len(body) < READ_AT_MOST and (more := await answer.content.readany()):
                body += more
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise ModelUnavailable(f"The language model cannot be reached ({type(error).__name__}).") from None
    if status in (400, 401, 403, 404):
        raise ModelRefused(f"The language model's service answered {status}.")
    if status != 200:
        raise ModelUnavailable(f"The language model's service answered {status}.")
    return model.read(body[:READ_AT_MOST], passages)
