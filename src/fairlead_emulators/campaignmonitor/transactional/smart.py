"""Smart e-mails: kept by the account, read through the API, made by seeds and by a control route."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fairlead_emulators.campaignmonitor.api import Call, Endpoint
from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Client, Store
from fairlead_emulators.campaignmonitor.transactional.limit import metered

TABLES: Final = """
CREATE TABLE IF NOT EXISTS smart_emails (
    n INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, client TEXT NOT NULL, name TEXT NOT NULL, created REAL NOT NULL,
    active INTEGER NOT NULL, sender TEXT NOT NULL, reply_to TEXT NOT NULL, subject TEXT NOT NULL,
    html TEXT NOT NULL, text TEXT NOT NULL, variables TEXT NOT NULL, inline_css INTEGER NOT NULL, list TEXT NOT NULL);
"""
_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"\[([a-z_][a-z0-9_]*)\]", re.IGNORECASE)


@dataclass(frozen=True)
class SmartEmail:
    """One smart e-mail. `list`: the id of the list that recipients are added to, or empty; `created`: unix seconds."""

    id: str
    client: str
    name: str
    created: float
    active: bool
    sender: str
    reply_to: str
    subject: str
    html: str
    text: str
    variables: tuple[str, ...]
    inline_css: bool
    list: str


def guid(*parts: object) -> str:
    """An id in the form of a GUID, the same for the same parts."""
    text = derived(*parts)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def checked_guid(text: str, code: int) -> str:
    """The id in lower case. Raises Refusal `code` when it is no GUID."""
    if _GUID.fullmatch(text) is None:
        raise Refusal(code)
    return text.lower()


def wire_time(seconds: float, client: Client) -> str:
    """ISO 8601 with the offset of the client's time zone."""
    return datetime.fromtimestamp(int(seconds), client.zone).isoformat()


def add(store: Store, client: Client, said: Mapping[str, Any], now: float) -> str:
    """Makes a smart e-mail `{name, subject?, from?, reply_to?, status?, html?, text?, inline_css?, list?}`; its id.

    `status`: active (unless said) or draft; `list`: a title of the client. What stands in brackets in subject, html
    and text are the variables. Raises LookupError for a list, ValueError for a status that is not known.
    """
    status = said.get("status", "active")
    if status not in ("active", "draft"):
        raise ValueError(f"smart e-mail {said['name']!r} has the status {status!r}: use active or draft")
    titles = {each.title: each.id for each in store.lists(client.id)}
    if said.get("list") and said["list"] not in titles:
        raise LookupError(f"smart e-mail {said['name']!r} adds to the list {said['list']!r}: use one of {[*titles]}")
    number = store.db.execute("SELECT count(*) FROM smart_emails").fetchone()[0]
    identity = guid("smart e-mail", client.id, said["name"], number)
    subject = said.get("subject", said["name"])
    html, text = said.get("html", "<p>Hello [first_name]</p>"), said.get("text", "Hello [first_name]")
    variables = list(dict.fromkeys(_VARIABLE.findall(f"{subject} {html} {text}")))
    sender = said.get("from", f'"{client.name}" <team@example.com>')
    row = (
        identity, client.id, said["name"], now, status == "active", sender, said.get("reply_to", "team@example.com"),
        subject, html, text, json.dumps(variables), bool(said.get("inline_css", True)),
        titles.get(said.get("list", ""), ""),
    )  # fmt: skip
    with store.transaction():
        store.db.execute(f"INSERT INTO smart_emails VALUES (NULL{', ?' * len(row)})", row)
    return identity


def _smart(row: tuple[Any, ...]) -> SmartEmail:
    _, identity, client, name, created, active, sender, reply, subject, html, text, variables, css, on = row
    names = tuple(json.loads(variables))
    return SmartEmail(
        identity, client, name, created, bool(active), sender, reply, subject, html, text, names, bool(css), on
    )


def all_of(store: Store, client: str) -> list[SmartEmail]:
    """The client's smart e-mails, as they were made."""
    found = store.db.execute("SELECT * FROM smart_emails WHERE client = ? ORDER BY n", (client,))
    return [_smart(each) for each in found]


def one(call: Call, identity: str) -> SmartEmail:
    """A smart e-mail that the caller may see. Raises Refusal 925, 926."""
    found = call.service.store.db.execute("SELECT * FROM smart_emails WHERE id = ?", (checked_guid(identity, 925),))
    row = found.fetchone()
    if row is None or call.caller.client not in (None, row[2]):
        raise Refusal(926)
    return _smart(row)


@fact("tx-client")
def client_of(call: Call) -> Client:
    """The client that a call is about. Raises Refusal 102 when an account's key names none."""
    return call.client(call.query.get("clientid") or call.caller.client or "")


def _listed(call: Call) -> Any:
    client = client_of(call)
    status = call.query.get("status", "all").lower()
    if status not in ("all", "active", "draft"):
        raise Refusal(932)
    return [
        {
            "ID": each.id,
            "Name": each.name,
            "CreatedAt": wire_time(each.created, client),
            "Status": "Active" if each.active else "Draft",
        }
        for each in all_of(call.service.store, client.id)
        if status == "all" or each.active == (status == "active")
    ]


def _details(call: Call, identity: str) -> Any:
    found = one(call, identity)
    preview = f"https://preview.example.com/t/r-{derived('preview', found.id, length=16).upper()}/"
    return {
        "SmartEmailID": found.id,
        "Name": found.name,
        "CreatedAt": wire_time(found.created, call.client(found.client)),
        "Status": "active" if found.active else "draft",
        "Properties": {
            "From": found.sender,
            "ReplyTo": found.reply_to,
            "Subject": found.subject,
            "Content": {
                "HTML": found.html,
                "Text": found.text,
                "EmailVariables": list(found.variables),
                "InlineCss": found.inline_css,
            },
            "TextPreviewUrl": f"{preview}T",
            "HtmlPreviewUrl": preview,
        },
        "AddRecipientsToList": bool(found.list),
    }


ENDPOINTS: Final = [
    Endpoint("GET", "transactional/smartemail", _listed, "ViewTransactional", metered),
    Endpoint("GET", "transactional/smartemail/{smart}", _details, "ViewTransactional", metered),
]
