"""Smart and classic transactional e-mails, and their messages, as a room."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.rooms import Laying, Room
from fairlead_emulators.campaignmonitor.transactional import messages, outbox, sending, smart
from fairlead_emulators.campaignmonitor.transactional.limit import RateLimit
from fairlead_emulators.control import explained, json_body
from fairlead_emulators.people import person

_DAY_S: Final = 86_400
_OLDEST_DAYS: Final = 25
_SHOWN: Final = 50


def _lay(laying: Laying) -> Mapping[str, int]:
    """A client's `smart_emails: [{…, messages?}]` and `classic_emails: [{group, subject, messages}]`.

    `messages: [first, count]`: those persons got one in the weeks before the day.
    """
    letters = [*_smart_letters(laying), *_classic_letters(laying)]
    persons = [(letter, first + each, each / count) for letter, (first, count) in letters for each in range(count)]
    # Messages are numbered as they were sent.
    for letter, n, share in sorted(persons, key=lambda each: (each[2], each[1])):
        who = person(n)
        sent = laying.start - (1 - share) * _OLDEST_DAYS * _DAY_S
        addressed = replace(letter, content={**letter.content, "To": [who.email]})
        outbox.put(laying.service.store, addressed, who.email, sent, opens=True, clicks=True)
    made = len(laying.spec.get("smart_emails", ()))
    return {"smart_emails": made, "transactional_messages": len(persons)} if made or persons else {}


def _content(html: str, text: str) -> dict[str, Any]:
    return {"To": [], "CC": [], "BCC": [], "Attachments": [], "Body": {"Html": html, "Text": text}, "Data": {}}


def _smart_letters(laying: Laying) -> Iterator[tuple[outbox.Letter, tuple[int, int]]]:
    store, client = laying.service.store, laying.client
    for each in laying.spec.get("smart_emails", ()):
        identity = smart.add(store, client, each, laying.start - 60 * _DAY_S)
        made = next(one for one in smart.all_of(store, client.id) if one.id == identity)
        letter = outbox.Letter(client.id, made.sender, made.subject, _content(made.html, made.text), smart=identity)
        yield letter, tuple(each.get("messages", (0, 0)))


def _classic_letters(laying: Laying) -> Iterator[tuple[outbox.Letter, tuple[int, int]]]:
    for each in laying.spec.get("classic_emails", ()):
        content = _content("<p>Hello</p>", "Hello")
        sender = f'"{laying.client.name}" <team@example.com>'
        yield (
            outbox.Letter(laying.client.id, sender, each["subject"], content, group=each["group"]),
            tuple(each.get("messages", (0, 0))),
        )


def _routes(service: Service) -> list[Route]:
    """`/_control/smart_emails` (POST `{client, name, …}`), and `/_control/transactional` to look at."""

    async def make(request: Request) -> Response:
        posted = await json_body(request)
        client = service.store.client(str(posted.get("client", "")))
        if client is None or not posted.get("name"):
            raise ValueError('a smart e-mail wants {"client": id, "name": text}, and what seeds say of it')
        return JSONResponse({"id": smart.add(service.store, client, posted, service.clock.now().timestamp())})

    async def look(request: Request) -> Response:
        return JSONResponse({"clients": [_of_client(service, each.id) for each in service.store.clients()]})

    return [
        Route("/_control/smart_emails", explained(make), methods=["POST"]),
        Route("/_control/transactional", explained(look), methods=["GET"]),
    ]


def _of_client(service: Service, identity: str) -> dict[str, Any]:
    """`{id, name, smart_emails: [{id, name, subject, active, messages}], messages: the newest as the API shows them}`."""
    store, now = service.store, service.clock.now().timestamp()
    client = store.client(identity)
    assert client is not None, "it was just read"
    counted = dict(store.db.execute("SELECT smart, count(*) FROM tx_messages GROUP BY smart").fetchall())
    newest = outbox.read(store, "client = ?", [identity], count=_SHOWN)
    kept = service.switches.number("transactional_kept_days")
    return {
        "id": identity,
        "name": client.name,
        "smart_emails": [
            {"id": e.id, "name": e.name, "subject": e.subject, "active": e.active, "messages": counted.get(e.id, 0)}
            for e in smart.all_of(store, identity)
        ],
        "messages": [outbox.shown(each, client, now, kept) for each in newest],
    }


def _state(service: Service) -> Mapping[str, Any]:
    (count,) = service.store.db.execute("SELECT count(*) FROM tx_messages").fetchone()
    return {"transactional": {"messages": count}}


ROOM: Final = Room(
    endpoints=[*smart.ENDPOINTS, *sending.ENDPOINTS, *messages.ENDPOINTS],
    tables=smart.TABLES + outbox.TABLES,
    lay=_lay,
    lay_account=lambda service, _: service.own(RateLimit).forget(),
    routes=_routes,
    state=_state,
)
