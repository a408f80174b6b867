"""Taking what is posted: quickly, sealed, and with a job that looks. Nothing is read here."""

import re
from typing import Final

from django.db import transaction
from django.utils import timezone

from fairlead.features.webhooks import rules
from fairlead.features.webhooks.models import Delivery, Endpoint
from fairlead.jobs import api
from fairlead.store import hashing, secrets, setting_rows

LOOK: Final = "webhook_look"
TITLE: Final = "Look at changes told by a webhook"
LONGEST: Final = 8_000_000
"""Bytes of a post that are kept: a thousand events with long custom fields."""
MOST_WAITING: Final = 500
"""Posts of one list that may wait; Campaign Monitor posts the others again later."""
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")

TAKEN, UNKNOWN, LATER = 200, 404, 429


def hash_of(token: str) -> bytes:
    """What is kept of a token instead of the token."""
    return hashing.keyed_hash(f"webhook {token}")


def take(token: str, body: bytes) -> int:
    """Keep one post and ask for the job; gives the HTTP status to answer with.

    A body longer than `LONGEST` is not kept: the list itself is to be looked at then.
    """
    if not TOKEN.fullmatch(token):
        return UNKNOWN
    endpoint = Endpoint.objects.select_related("org").filter(token_hash=hash_of(token)).first()
    if endpoint is None or not setting_rows.value(endpoint.org, rules.USE):
        return UNKNOWN
    if Delivery.objects.filter(endpoint=endpoint, problem="", handled=False).count() >= MOST_WAITING:
        return LATER
    # latin-1 gives every byte back, whatever was posted
    sealed = secrets.seal(body.decode("latin-1")) if len(body) <= LONGEST else None
    with transaction.atomic():
        Delivery.objects.create(endpoint=endpoint, body=sealed)
        Endpoint.objects.filter(pk=endpoint.pk).update(received_at=timezone.now())
        api.ask(endpoint.org, LOOK, key=endpoint.list, args={"list": endpoint.list}, by="Campaign Monitor")
    return TAKEN
