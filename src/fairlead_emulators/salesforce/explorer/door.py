"""From requests to pages and back: forms are read, errors become pages."""

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from fairlead_emulators.salesforce.explorer import layout
from fairlead_emulators.salesforce.explorer.house import Ask, Astray, House, Missing, Page, go


def endpoint(house: House, page: Page) -> Callable[[Request], Awaitable[Response]]:
    """The page as a Starlette endpoint. It runs in a thread, as the database does."""

    async def answer(request: Request) -> Response:
        site = f"{request.url.scheme}://{request.headers.get('host', '')}"
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
