"""From requests to pages and back: forms are read, posts from other sites are refused, errors become pages."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from fairlead_emulators.salesforce.explorer import layout
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, Astray, House, Missing, Page, go


def endpoint(house: House, page: Page) -> Callable[[Request], Awaitable[Response]]:
    """The page as a Starlette endpoint. It runs in a thread, as the database does."""

    async def answer(request: Request) -> Response:
        site = f"{request.url.scheme}://{request.headers.get('host', '')}"
        if request.method == "POST" and from_elsewhere(request):
            return _refused()
        form: dict[str, list[str]] = {}
        if request.method == "POST":
            async with request.form() as posted:
                for name, value in posted.multi_items():
                    form.setdefault(name, []).append(value if isinstance(value, str) else "")
        ask = Ask(request.path_params, request.query_params, form, site, tuple(request.query_params.getlist("ids")))
        return await run_in_threadpool(_shown, house, ask, page)

    return answer


def _shown(house: House, ask: Ask, page: Page) -> Response:
    try:
        return page(house, ask)
    except Missing as missing:
        return layout.missing(house, ask, str(missing))
    except Astray as astray:
        return go(house, astray.where, astray.said)


def from_elsewhere(request: Request) -> bool:
    """Whether a page of another site caused the request: the browser says so itself.

    Programs that are no browsers send neither header and are let in.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return True
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()


def _refused() -> Response:
    words = m.tag(
        "p", "This form was sent by another site, so nothing was done. Open the org's own page and try there."
    )
    head = m.tag("head", m.tag("meta", charset="utf-8"), m.tag("title", "Refused"))
    body = m.tag("body", m.tag("main", m.tag("h1", "Refused"), words, m.link("/", "Local org")))
    return HTMLResponse(m.document(head, body), 403, dict(layout.HEADERS))
