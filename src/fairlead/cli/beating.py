"""What health checks of containers and units ask: whether the web server or a worker of this machine does its work."""

import json
import urllib.error
import urllib.request

from fairlead.cli import show
from fairlead.cli.house import settings
from fairlead.domain.failure import Failure


class NotWell(Failure):
    """A part of Fairlead does not run here, or does not do its work."""

    code = "FL-641"


ANSWER_WITHIN = 10.0
"""Seconds that the web server gets to answer."""


def check_web(port: int | None, *, as_json: bool) -> None:
    """Ask the web server of this machine. Raises NotWell."""
    found = settings()
    host = "127.0.0.1" if found.host in ("0.0.0.0", "") else found.host  # noqa: S104 - compared, not listened on
    shown = f"[{host}]" if ":" in host else host
    number = found.port if port is None else port
    try:
        with urllib.request.urlopen(f"http://{shown}:{number}/readyz", timeout=ANSWER_WITHIN) as answer:
            told = json.load(answer)
    except urllib.error.HTTPError as refused:
        told = json.load(refused)
        raise NotWell(
            f"The web server on port {number} is not ready: database {told['database']}, tables {told['tables']}.",
            next_step="Look at the database server, and run `fairlead migrate`.",
        ) from None
    except (OSError, ValueError) as error:
        raise NotWell(
            f"No web server answers on port {number} ({type(error).__name__}).",
            next_step="Run `fairlead up` or `fairlead web`; its log says why it ended.",
        ) from None
    _well({"web": told}, "The web server is ready.", as_json=as_json)


def check_worker(*, as_json: bool) -> None:
    """Look for the beat of a worker of this machine. Raises NotWell, or Django's OperationalError."""
    found = settings()
    from fairlead.store import boot

    boot.look()
    from fairlead.jobs import lifeline

    count = lifeline.beats_here(found.stale_seconds)
    if not count:
        raise NotWell(
            f"No worker of this machine has beaten within {found.stale_seconds:g} seconds.",
            next_step="Run `fairlead up` or `fairlead worker`; its log says why it ended.",
        )
    _well({"workers": count}, f"Workers that beat here: {count}.", as_json=as_json)


def _well(document: dict[str, object], words: str, *, as_json: bool) -> None:
    show.document({"ok": True, **document}) if as_json else show.console().print(words)
