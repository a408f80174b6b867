"""What named seeds are put together from: clients, lists with custom fields, an org."""

from typing import Any, Final

Spec = dict[str, Any]

LONDON: Final = "(GMT+00:00) Dublin, Edinburgh, Lisbon, London"
SYDNEY: Final = "(GMT+10:00) Canberra, Melbourne, Sydney"
NEW_YORK: Final = "(GMT-05:00) Eastern Time (US & Canada)"

FIELDS: Final[list[Spec]] = [
    {"name": "Company, or what you call it", "type": "Text"},
    {"name": "Remarks", "type": "Text"},
    {"name": "Straße & Größe", "type": "Text"},
    {"name": "Age", "type": "Number"},
    {"name": "Member since", "type": "Date"},
    {"name": "Interests", "type": "MultiSelectMany", "options": ["Art", "Sea, sun", 'The "Other"', "Zürich"]},
]


def a_list(title: str, *people: tuple[int, int], fields: int = len(FIELDS), **options: Any) -> Spec:
    """A list of the persons `(first, count)`. Options: `setting` of unsubscribes, `confirmed` opt-in."""
    return {
        "title": title,
        "confirmed_opt_in": options.get("confirmed", False),
        "unsubscribe_setting": options.get("setting", "AllClientLists"),
        "custom_fields": FIELDS[:fields],
        "people": [list(each) for each in people],
    }


def a_client(name: str, country: str, zone: str, *lists: Spec) -> Spec:
    """A client with its lists."""
    return {"name": name, "country": country, "time_zone": zone, "lists": list(lists)}


def an_org(contacts: tuple[int, int], twice: int, leads: tuple[int, int], leads_twice: int, *converted: int) -> Spec:
    """Contacts and leads, some of them twice; `converted`: first, count, and the person of the first's contact."""
    first_converted, count_converted, contact_of = converted
    return {
        "contacts": [
            {"first": contacts[0], "count": contacts[1], "second": False},
            {"first": contacts[0], "count": twice, "second": True},
        ],
        "leads": [
            {"first": leads[0], "count": leads[1], "second": False},
            {"first": leads[0], "count": leads_twice, "second": True},
            {
                "first": first_converted,
                "count": count_converted,
                "second": False,
                "contact_of": contact_of,
            },
        ],
    }
