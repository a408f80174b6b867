"""Named seeds: what an account and an org contain at the start, as data that both emulators read.

`million` has a million subscribers; it takes about half a minute and a gigabyte of memory, less with a data folder.
`million-events` adds the campaigns of ten months, which left more than five million opens, clicks, bounces and departures behind;
it takes a few minutes and two gigabytes.
`year` is a year of life of an account: 200,000 subscribers in 20 lists of two clients, 60 campaigns, journeys, three
million events; `year-small` has the same shape and a hundredth of the size.
`old-package` is `small` for somebody who used the older integration: its objects and records are in the org.

A spec is JSON. For Campaign Monitor:

    {"seed": 1, "clients": [{"name", "country", "time_zone": label, "lists": [
        {"title", "confirmed_opt_in", "unsubscribe_setting", "custom_fields": [{"name", "type", "options"}],
         "people": [[first, count], …], "shares": {"Active": 0.7, …}, "webhooks": [{"url", "events", "format"}]}],
         "smart_emails": [{"name", "subject", "status", "list": title, "messages": [first, count]}],
         "classic_emails": [{"group", "subject", "messages": [first, count]}],
         "campaigns": [{"name", "lists": [title], "tags", "links", "hidden", "sent_days_ago" | "scheduled_in_days",
                        "times", "every_days"}],
         "journeys": [{"name", "list": title, "status", "history_days",
                       "emails": [{"name", "delay_hours", "links"}]}]}],
     "settings": {…}, "oauth_applications": [{"name", "redirect_uri", "client_id", "client_secret"}]}

Subscribers are the persons `first … first + count - 1` of `people.py`; `shares` may be left out. For Salesforce:

    {"seed": 1, "contacts": [{"first", "count", "second": bool}],
                "leads": [{"first", "count", "second": bool, "contact_of": person | absent}]}

`second` marks a further record for a person who has one already (its address is sometimes cased otherwise, and
it was modified at another time). A lead with `contact_of` p is converted, and its contact is the one of person
`p + i`, where `i` counts from 0 within the entry. What is drawn, such as states and dates, depends on `seed`, on
the person, and on the day the emulator's clock shows when the seed is laid.
"""

from typing import Any, Final

from fairlead_emulators import seed_of_old_package, seed_of_year
from fairlead_emulators.seed_parts import LONDON, NEW_YORK, SYDNEY, Spec, a_client, a_list, an_org

KINDS: Final = ("campaign_monitor", "salesforce")


def _smart(on: str, messages: int) -> dict[str, Any]:
    return {
        "smart_emails": [
            {
                "name": "Welcome",
                "subject": "Welcome, [first_name]",
                "html": "<h1>Welcome, [first_name]</h1><p>Your number is [number].</p>",
                "text": "Welcome, [first_name]. Your number is [number].",
                "list": on,
                "messages": [0, messages],
            },
            {"name": "Order shipped", "subject": "Order [order_number] is on its way", "messages": [50, messages // 2]},
            {"name": "Survey", "status": "draft"},
        ],
        "classic_emails": [{"group": "Password reset", "subject": "Your new password", "messages": [80, messages]}],
    }


def _mailings(every: str, some: str) -> dict[str, Any]:
    """Campaigns to two lists: monthly ones and others that were sent, a hidden one, a scheduled one and a draft."""
    return {
        "campaigns": [
            {
                "name": "Monthly news",
                "lists": [every],
                "sent_days_ago": 20,
                "times": 3,
                "every_days": 30,
                "tags": ["News"],
            },
            {"name": "Summer offer", "lists": [every, some], "sent_days_ago": 6, "tags": ["News", "Offers"]},
            {"name": "A word to customers", "lists": [some], "sent_days_ago": 75, "tags": ["Customers"]},
            {"name": "Kept to ourselves", "lists": [some], "sent_days_ago": 120, "hidden": True},
            {"name": "Winter offer", "lists": [every], "scheduled_in_days": 45, "tags": ["Offers"]},
            {"name": "Not yet finished", "lists": [some], "tags": ["Drafts"]},
        ],
        "journeys": [
            {
                "name": "Welcome",
                "list": every,
                "history_days": 90,
                "emails": [{"name": "Hello", "delay_hours": 1}, {"name": "How it goes", "delay_hours": 72}],
            },
            {"name": "Birthday", "list": some, "status": "Not started", "emails": [{"name": "Congratulations"}]},
        ],
    }


def _demo_clients() -> list[Spec]:
    clients = [
        a_client(
            "Harbour & Sons",
            "United Kingdom",
            LONDON,
            a_list("Newsletter", (0, 6_000)),
            a_list("Customers", (4_000, 4_000), setting="OnlyThisList"),
            a_list("Events, talks & “tea”", (7_000, 2_000), confirmed=True, fields=3),
        ),
        a_client(
            "Southern Cross Outfitters",
            "Australia",
            SYDNEY,
            a_list("Newsletter", (8_000, 5_000)),
            a_list("Members", (12_000, 3_000), fields=5),
            a_list("Partners", (14_500, 1_000), setting="OnlyThisList", fields=0),
        ),
        a_client(
            "Café Zoë",
            "United States of America",
            NEW_YORK,
            a_list("Regulars", (15_000, 2_500), (24_500, 500)),
            a_list("Trials", (19_500, 1_000), confirmed=True, fields=2),
        ),
    ]
    clients[0] |= _smart("Customers", 120) | _mailings("Newsletter", "Customers")
    clients[1] |= _mailings("Newsletter", "Members")
    clients[2] |= _mailings("Regulars", "Trials")
    return clients


def _small_clients() -> list[Spec]:
    return [
        a_client(
            "Small & Co",
            "United Kingdom",
            LONDON,
            a_list("Newsletter", (0, 900)),
            a_list("Customers", (800, 300), setting="OnlyThisList", fields=3),
        )
        | _smart("Customers", 20)
        | _mailings("Newsletter", "Customers")
    ]


def _empty() -> dict[str, Spec]:
    client = a_client("First client", "United Kingdom", LONDON)
    return {"campaign_monitor": {"clients": [client]}, "salesforce": {"contacts": [], "leads": []}}


def _demo() -> dict[str, Spec]:
    org = an_org((5_000, 11_500), 500, (14_000, 5_500), 200, 20_000, 300, 6_000)
    return {"campaign_monitor": {"clients": _demo_clients()}, "salesforce": org}


def _small() -> dict[str, Spec]:
    org = an_org((300, 560), 40, (700, 270), 15, 1_070, 15, 310)
    return {"campaign_monitor": {"clients": _small_clients()}, "salesforce": org}


def _old_package() -> dict[str, Spec]:
    small = _small()
    return small | {"salesforce": seed_of_old_package.salesforce(small["salesforce"])}


def _million() -> dict[str, Spec]:
    clients = [
        a_client(
            "Harbour & Sons",
            "United Kingdom",
            LONDON,
            a_list("Everyone", (0, 700_000)),
            a_list("Customers", (600_000, 150_000), setting="OnlyThisList", fields=3),
        ),
        a_client("Southern Cross Outfitters", "Australia", SYDNEY, a_list("Newsletter", (740_000, 150_000))),
    ]
    org = an_org((0, 20_000), 500, (20_000, 5_000), 200, 30_000, 300, 100)
    return {"campaign_monitor": {"clients": clients}, "salesforce": org}


def _million_events() -> dict[str, Spec]:
    seed = _million()
    for client in seed["campaign_monitor"]["clients"]:
        every, *further = (each["title"] for each in client["lists"])
        client["campaigns"] = [_monthly("Monthly news", every, 10)]
        client["campaigns"] += [_monthly("A word to customers", title, 4) for title in further]
    return seed


def _monthly(name: str, on: str, times: int) -> Spec:
    return {"name": name, "lists": [on], "sent_days_ago": 9, "times": times, "every_days": 30, "tags": ["News"]}


_NAMED: Final = {
    "empty": _empty,
    "small": _small,
    "old-package": _old_package,
    "demo": _demo,
    "million": _million,
    "million-events": _million_events,
    "year": seed_of_year.whole,
    "year-small": seed_of_year.small,
}


__all__ = ["KINDS", "LONDON", "NEW_YORK", "SYDNEY", "Spec", "names", "spec"]


def names() -> list[str]:
    """The names that `spec` knows."""
    return sorted(_NAMED)


def spec(name: str, kind: str, *, seed: int = 1) -> Spec:
    """One emulator's part (`kind`: campaign_monitor | salesforce) of a named seed. Raises LookupError."""
    if name not in _NAMED:
        raise LookupError(f"no seed is called {name!r}: use one of {names()}, or post a spec")
    if kind not in KINDS:
        raise LookupError(f"no emulator is called {kind!r}: use one of {KINDS}")
    return {"name": name, "seed": seed, **_NAMED[name]()[kind]}
