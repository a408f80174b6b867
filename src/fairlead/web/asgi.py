"""What uvicorn serves: `uvicorn fairlead.web.asgi:application`.

The entrance has made the process ready before (`store.boot.prepare`).
"""

import asyncio
import os
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.asgi import get_asgi_application
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fairlead.web.django_settings")

# WhiteNoise reads files piece by piece, not asynchronously: they are small, and served from memory after the first time.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

_django = get_asgi_application()

# Each request has a thread of its own: a connection kept for the next one would be kept for nobody.
for _database in connections.settings.values():
    _database["CONN_MAX_AGE"] = 0


async def application(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Django, told of nobody who leaves after the request is read: the request is carried out to its end.

    Told of it, Django abandons the view in its thread, and with it the thread's database connection, which nobody closes:
    pages that are left while they follow a run would use up the server's connections.
    """
    whole = False

    async def patient() -> Any:
        nonlocal whole
        if whole:
            await asyncio.Event().wait()  # Django ends this wait when it has answered
        message = await receive()
        whole = message["type"] == "http.request" and not message.get("more_body", False)
        return message

    await _django(scope, patient, send)
