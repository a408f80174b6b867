"""What every page works with: the org and its surroundings, what was asked, and what was said last."""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from fairlead_emulators.requests_log import RequestLog
from fairlead_emulators.salesforce.bulk.jobs import Jobs
from fairlead_emulators.salesforce.signin.sessions import Sessions
from fairlead_emulators.salesforce.state.limits import Usage
from fairlead_emulators.salesforce.state.org import Org

_KEPT: Final = 200


class Missing(LookupError):
    """What was asked for does not exist; the text names it."""


class Astray(Exception):
    """What was asked for cannot be done now: the person is led elsewhere, and told why."""

    def __init__(self, where: str, said: str) -> None:
        super().__init__(said)
        self.where, self.said = where, said


@dataclass(slots=True)
class News:
    """What an action has to say on the page that follows it. Said once."""

    said: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def keep(self, words: str) -> str:
        """A key under which the words are kept until they are said."""
        key = secrets.token_urlsafe(9)
        self.said[key] = words
        while len(self.said) > _KEPT:
            self.said.popitem(last=False)
        return key

    def say(self, key: str) -> str:
        """The words, once; empty afterwards."""
        return self.said.pop(key, "")


@dataclass(frozen=True, slots=True)
class House:
    """The org and what stands around it. `lay` empties the org and fills it by a spec of `seeds.py`."""

    org: Org
    usage: Usage
    requests: RequestLog
    sessions: Sessions
    jobs: Jobs
    lay: Callable[[Mapping[str, Any]], Mapping[str, int]]
    news: News = field(default_factory=News)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `form` holds every value of each name; `site` is scheme and host as the browser knows them.

    `ids`: every `ids=…` of the address.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, list[str]]
    site: str = ""
    ids: tuple[str, ...] = ()

    def given(self, name: str) -> str:
        """The first value of a form field, without spaces around it; empty when there is none."""
        return (self.form.get(name) or [""])[0].strip()

    def page(self) -> int:
        """The number of the page that is wanted, from 1."""
        return number(self.query.get("page"), 1)


def number(text: str | None, otherwise: int) -> int:
    """A whole number from 1 to a billion, or what is meant instead."""
    try:
        return min(max(int(text or ""), 1), 1_000_000_000)
    except ValueError:
        return otherwise


Page: TypeAlias = Callable[[House, Ask], Response]
Routes: TypeAlias = list[tuple[str, str, Page]]
"""Method, path and page."""


def go(house: House, where: str, said: str = "") -> Response:
    """On to another page of this site, which says what was done."""
    if said:
        where, _, part = where.partition("#")
        where += ("&" if "?" in where else "?") + urlencode({"said": house.news.keep(said)})
        where += f"#{part}" if part else ""
    return RedirectResponse(where, 303)
