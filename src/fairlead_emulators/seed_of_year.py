"""A year of life of an account, whole and in small: the same shape, so that what holds in small is proven at full size."""

from typing import Final

from fairlead_emulators.seed_parts import LONDON, NEW_YORK, Spec, a_client, a_list, an_org

_DAYS: Final = 360
_TITLES: Final = (
    "Newsletter", "Customers", "Shop", "Events", "Partners", "Press", "Trials", "Members", "Staff picks", "Old friends",
)  # fmt: skip


def _lists(first: int, sizes: tuple[int, ...]) -> list[Spec]:
    """Lists of these sizes; each begins among the people of the one before, so that many are on several lists."""
    lists, at = [], first
    for number, size in enumerate(sizes):
        options = {"setting": "OnlyThisList" if number % 3 == 2 else "AllClientLists", "confirmed": number % 4 == 3}
        lists.append(a_list(_TITLES[number], (at, size), fields=6 - number % 4, **options))
        at += size - size // 5
    return lists


def _campaigns(lists: list[Spec], count: int, latest_days: int) -> list[Spec]:
    """So many sent campaigns over a year, most to the largest list; one of them is hidden, two are not sent."""
    titles = [each["title"] for each in lists]
    sent = []
    for number in range(count):
        on = [titles[0]] if number % 3 else [titles[1], titles[2 + number // 3 % (len(titles) - 2)]]
        if number % 5 == 4:
            on = [titles[0], titles[1]]
        sent.append(
            {
                "name": f"Issue {number + 1}: {'offers & more' if number % 4 == 0 else 'news'}",
                "subject": f"Issue {number + 1}, for you",
                "lists": on,
                "sent_days_ago": latest_days + number * _DAYS / count + 0.37,
                "tags": [["News"], ["News", "Offers"], [], ["Größe"]][number % 4],
                "links": [f"https://www.example.com/issue/{number + 1}/{part}" for part in range(1 + number % 5)],
            }
        )
    sent[1]["hidden"] = True
    return [
        *sent,
        {"name": "Next issue", "lists": titles[:1], "scheduled_in_days": 2.4, "tags": ["News"]},
        {"name": "An idea", "lists": titles[1:2], "tags": ["Drafts"]},
    ]


def _journeys(lists: list[Spec]) -> list[Spec]:
    return [
        {
            "name": "Welcome",
            "list": lists[0]["title"],
            "history_days": 300,
            "emails": [{"name": "Hello", "delay_hours": 1}, {"name": "How it goes", "delay_hours": 72}],
        },
        {
            "name": "First steps",
            "list": lists[1]["title"],
            "history_days": 120,
            "emails": [{"name": f"Step {step}", "delay_hours": 24} for step in (1, 2, 3)],
        },
        {
            "name": "Birthday",
            "list": lists[2]["title"],
            "status": "Not started",
            "emails": [{"name": "Congratulations"}],
        },
    ]


def _account(sizes: tuple[int, ...], campaigns: int) -> Spec:
    clients, first = [], 0
    for name, country, zone, latest in (
        ("Harbour & Sons", "United Kingdom", LONDON, 2),
        ("Café Zoë", "United States of America", NEW_YORK, 5),
    ):
        lists = _lists(first, sizes)
        client = a_client(name, country, zone, *lists)
        client |= {"campaigns": _campaigns(lists, campaigns, latest), "journeys": _journeys(lists)}
        clients.append(client)
        # the second client begins among the people of the first: the same address under two clients
        first += sum(sizes) * 7 // 10
    return {"clients": clients}


def _both(sizes: tuple[int, ...], campaigns: int, people: int) -> dict[str, Spec]:
    """With contacts and leads of a part of `people`, some with both, some twice, some converted."""
    org = an_org(
        (people // 5, people // 4), people // 80,
        (people * 2 // 5, people // 10), people // 200,
        people // 2 + 7, people // 200, people // 5,
    )  # fmt: skip
    return {"campaign_monitor": _account(sizes, campaigns), "salesforce": org}


def whole() -> dict[str, Spec]:
    """200,000 subscribers in 20 lists, 60 campaigns, about three million events."""
    return _both((44_000, 18_000, 10_000, 8_000, 6_000, 5_000, 4_000, 3_000, 1_500, 500), 30, 140_000)


def small() -> dict[str, Spec]:
    """2,000 subscribers in 6 lists, 8 campaigns."""
    return _both((640, 240, 120), 4, 1_400)
