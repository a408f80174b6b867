"""What is remembered of a person's opt status, for who asks about the person."""

from collections.abc import Sequence
from datetime import UTC

from asgiref.sync import sync_to_async

from fairlead.domain.consent import RULES, Opt
from fairlead.domain.consent_book import Entry
from fairlead.domain.said import OPT_STATUS, Said
from fairlead.features.opt_status import acts, telling
from fairlead.store.models import Org
from fairlead.sync.explaining import Asked

_WORDS = {Opt.IN: "may be mailed", Opt.OUT: "has opted out"}


async def say(asked: Asked) -> Sequence[Said]:
    """Of each client that knows the address: what was agreed, since when, and all decisions with their reasons."""
    return await sync_to_async(_said)(asked)


def _said(asked: Asked) -> list[Said]:
    known = acts.history(Org.objects.get(pk=asked.org_id), asked.address)
    return [Said("", "", _sentence(one), OPT_STATUS, tuple(_line(entry) for entry in one.entries)) for one in known]


def _line(entry: Entry) -> tuple[str, str]:
    """A decision: when, what both sides showed, what was agreed then, and why."""
    salesforce, account, before, after = telling.values(entry)
    shown = f"Salesforce {salesforce}, Campaign Monitor {account}; agreed {before}, then {after}."
    return f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M}", f"{shown} {telling.why(entry)}"


def _sentence(known: acts.Known) -> str:
    shadow, name = known.shadow, known.client.name
    if shadow is None or shadow.agreed is None:
        text = f"Opt status at “{name}”: nothing is agreed yet."
    else:
        since = f"{shadow.since:%Y-%m-%d}"
        text = f"Opt status at “{name}”: the address {_WORDS[shadow.agreed]}, agreed {since}."
        text += " It changed too often in a day and is frozen at out." if shadow.contested else ""
    last = known.entries[0] if known.entries else None
    why = f" Last decision, {last.at:%Y-%m-%d}, rule {last.rule}: {RULES[last.rule]}" if last else ""
    waiting = " A consent is recorded that no run has used yet." if known.consents else ""
    return text + why + waiting
