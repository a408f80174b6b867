"""What campaigns say: nothing is fetched; pages that were told to the account are checked, others are taken as good."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Final

from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Store
from fairlead_emulators.campaignmonitor.urls import valid

TABLES: Final = "CREATE TABLE IF NOT EXISTS pages (url TEXT PRIMARY KEY, html TEXT NOT NULL);\n"
USUAL_LINKS: Final = (
    "https://www.example.com/",
    "https://www.example.com/offer?from=mail&to=you",
    "https://www.example.com/about",
)
LONGEST_LINK: Final = 2_000
_FORBIDDEN: Final = {"script": 4202, "applet": 4203, "object": 4201, "embed": 4201}
_TEXT_TAG: Final = re.compile(r"\[unsubscribe\]", re.IGNORECASE)


def tell(store: Store, pages: Mapping[str, str]) -> None:
    """Lets the account read pages: address → HTML. Raises ValueError for what is no address or no text."""
    for url, html in pages.items():
        if not valid(url) or not isinstance(html, str):
            raise ValueError(f"pages hold {url!r}: use web addresses, and HTML as text")
    with store.transaction():
        store.db.executemany("REPLACE INTO pages VALUES (?, ?)", pages.items())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        href = dict(attrs).get("href")
        if tag == "a" and href and valid(href):
            self.links.append(href)


@fact("campaign-content")
def links_of(store: Store, url: str) -> tuple[str, ...]:
    """The links of the page at an address. Raises Refusal 317, 318, 4201–4203, 4300 for what it may not hold or lacks."""
    found = store.db.execute("SELECT html FROM pages WHERE url = ?", (url,)).fetchone()
    if found is None:
        return USUAL_LINKS
    reader = _Reader()
    reader.feed(found[0])
    for tag in reader.tags:
        if tag in _FORBIDDEN:
            raise Refusal(_FORBIDDEN[tag])
    if "unsubscribe" not in reader.tags:
        raise Refusal(318 if _TEXT_TAG.search(found[0]) else 4300)
    if any(len(each) > LONGEST_LINK for each in reader.links):
        raise Refusal(317)
    return tuple(dict.fromkeys(reader.links))
