"""What supervisors ask: whether this process answers, and whether it can do its work. Neither needs a sign-in."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from fairlead.jobs import engine

OK: Final = "ok"
WATCHED: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_known: dict[str, bool] = {}


class AnyHostMiddleware:
    """Lets supervisors ask by an address that is nobody's name, such as that of a container: no answer of these has a link."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in WATCHED:
            request.META["HTTP_HOST"] = "localhost"
            request.META.pop("HTTP_X_FORWARDED_HOST", None)
        return self._get_response(request)


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 `{"alive": true}` as long as this process answers: starting it again would not bring the database back."""
    return JsonResponse({"alive": True})


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200, or 503 where the database is not reached or its tables are of another version.

    Whether a worker beats is told beside it, and counts with `?worker=1`: pages are served without one, and say what is
    wrong; a monitor that should call somebody asks with it.
    """
    found = _found()
    asked = [found["database"], found["tables"], *([found["worker"]] if request.GET.get("worker") else [])]
    return JsonResponse(found, status=200 if all(state == OK for state in asked) else 503)


def _found() -> dict[str, str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        tables = OK if _tables_are_of_today() else "of another version"
        worker = OK if tables == OK and engine.living_workers(settings.FAIRLEAD_STALE_SECONDS) else "none beats"
    except DatabaseError:
        return {"database": "unreachable", "tables": "unknown", "worker": "unknown"}
    return {"database": OK, "tables": tables, "worker": worker}


def _tables_are_of_today() -> bool:
    """Once they are, they are for as long as this process lives: its code does not change."""
    if "today" not in _known:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _known["today"] = True
    return True
