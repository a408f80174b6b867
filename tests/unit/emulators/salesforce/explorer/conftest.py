"""A person before the explorer: pages are parsed, forms are filled in and sent as a browser would."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
import requests

from tests.unit.emulators.salesforce.conftest import Client

VOID = {"input", "link", "meta", "hr", "br"}


@dataclass
class Shown(HTMLParser):
    """A parsed page: its elements with attributes, its texts, and what an element with an id says."""

    status: int
    source: str
    headers: dict[str, str]
    url: str = ""
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    by_id: dict[str, str] = field(default_factory=dict)
    _open: list[tuple[str, str | None]] = field(default_factory=list)

    def __post_init__(self):
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        assert self._open == [], f"not closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, dict(attrs).get("id")))

    def handle_endtag(self, tag):
        assert self._open[-1][0] == tag, f"{tag} closes {self._open[-1]}"
        self._open.pop()

    def handle_data(self, data):
        self.texts.append(data)
        for _, name in self._open:
            if name:
                self.by_id[name] = self.by_id.get(name, "") + data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        wanted = attributes.items()
        return [found for name, found in self.elements if name == tag and all(found.get(k) == v for k, v in wanted)]

    def control(self, name: str) -> dict[str, str | None]:
        found = [
            each for tag, each in self.elements if tag in ("input", "select", "textarea") and each.get("name") == name
        ]
        assert found, f"no control {name}"
        return found[0]

    @property
    def links(self) -> list[str]:
        return [each["href"] or "" for each in self.all("a") if each.get("href")]


@dataclass
class Person:
    """Reads and posts as a browser on the org's own page."""

    org: Client

    def see(self, path: str, **query) -> Shown:
        return self._shown(self.org.http.get(self.org.url + path, params=query, timeout=30))

    def post(self, path: str, headers: dict[str, str] | None = None, **form) -> Shown:
        sent = {"Origin": self.org.url, "Sec-Fetch-Site": "same-origin"} if headers is None else headers
        return self._shown(self.org.http.post(self.org.url + path, data=form, headers=sent, timeout=30))

    def _shown(self, answer: requests.Response) -> Shown:
        assert answer.headers["content-type"].startswith("text/html"), (answer.status_code, answer.text[:300])
        return Shown(answer.status_code, answer.text, dict(answer.headers), answer.url)

    def make(self, sobject: str, **fields) -> str:
        done = self.org.control("act", {"act": "create", "object": sobject, "fields": fields})
        assert done.status_code == 200, done.text
        return str(done.json()["id"])

    def row(self, record_id: str) -> dict:
        schema = self.org.emulator.org.storage.schema
        found = [row for row in self.org.rows(schema.by_prefix(record_id).name) if row["Id"] == record_id]
        return found[0] if found else {}


@pytest.fixture
def person(bare: Client) -> Iterator[Person]:
    """A person before an org with standard objects."""
    yield Person(bare)
    bare.emulator.faults.clear()


@pytest.fixture
def admin(org: Client) -> Person:
    """A person before an org with a deployed package."""
    return Person(org)
