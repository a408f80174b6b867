"""Endpoints of the domains that a client sends from."""

import re
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Call, Endpoint, created
from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.codes import Refusal, unreadable
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Client

TABLES: Final = """
CREATE TABLE IF NOT EXISTS sending_domains (
    client TEXT NOT NULL, domain TEXT NOT NULL, authenticated INTEGER NOT NULL, PRIMARY KEY (client, domain));
"""
_DOMAIN: Final = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


class _Domain(msgspec.Struct):
    domain: str | None = ""


@fact("sending-domains")
def _named(call: Call, said: str) -> str:
    """The domain from the path, the query or the body."""
    named = said or call.query.get("domain") or call.read(_Domain, "domain").domain or ""
    return named.strip().lower()


def _shown(client: Client, domain: str, authenticated: int) -> dict[str, Any]:
    selector = f"cm-{derived('dkim', client.id, domain, length=8)}"
    return {
        "Domain": domain,
        "Status": "Authenticated" if authenticated else "Not authenticated",
        "Records": [{"Type": "TXT", "Host": f"{selector}._domainkey.{domain}", "Value": f"k=rsa; p={selector}"}],
    }


def _all(call: Call, identity: str) -> Any:
    client = call.client(identity)
    found = call.service.store.db.execute(
        "SELECT domain, authenticated FROM sending_domains WHERE client = ? ORDER BY domain", (client.id,)
    )
    return [_shown(client, *each) for each in found]


def _add(call: Call, identity: str) -> Any:
    client, domain = call.client(identity), _named(call, "")
    if _DOMAIN.fullmatch(domain) is None:
        raise unreadable("domain")
    with call.service.store.transaction():
        call.service.store.db.execute("INSERT OR IGNORE INTO sending_domains VALUES (?, ?, 0)", (client.id, domain))
    return created(domain)


def _delete(call: Call, identity: str, said: str = "") -> None:
    client = call.client(identity)
    with call.service.store.transaction():
        gone = call.service.store.db.execute(
            "DELETE FROM sending_domains WHERE client = ? AND domain = ?", (client.id, _named(call, said))
        )
    if not gone.rowcount:
        raise Refusal(404)


def _authenticate(call: Call, identity: str, said: str = "") -> Any:
    client, domain = call.client(identity), _named(call, said)
    with call.service.store.transaction():
        done = call.service.store.db.execute(
            "UPDATE sending_domains SET authenticated = 1 WHERE client = ? AND domain = ?", (client.id, domain)
        )
    if not done.rowcount:
        raise Refusal(404)
    return _shown(client, domain, 1)


DOMAINS: Final = [
    Endpoint("GET", "clients/{id}/sendingdomains", _all, "AdministerAccount"),
    Endpoint("POST", "clients/{id}/sendingdomains", _add, "AdministerAccount"),
    Endpoint("DELETE", "clients/{id}/sendingdomains", _delete, "AdministerAccount"),
    Endpoint("DELETE", "clients/{id}/sendingdomains/{domain}", _delete, "AdministerAccount"),
    Endpoint("PUT", "clients/{id}/authenticate", _authenticate, "AdministerAccount"),
    Endpoint("PUT", "clients/{id}/sendingdomains/authenticate", _authenticate, "AdministerAccount"),
    Endpoint("PUT", "clients/{id}/sendingdomains/{domain}/authenticate", _authenticate, "AdministerAccount"),
]
