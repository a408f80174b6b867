"""Log lines: structlog for our own and for the standard library's, all through one scrubber."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from fairlead.store import scrub

_OURS = ("level", "logger", "timestamp", "_record", "_from_structlog")


def scrub_event(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Processor: mask personal data and credentials in every field, the formatted exception among them."""
    return {name: item if name in _OURS else scrub.value(item, name) for name, item in event.items()}


def configure(*, form: str = "console", level: str = "INFO", stream: TextIO | None = None) -> None:
    """Set logging up for this process. `form` is console or json, `level` a standard level name."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    last: Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False, sort_keys=False)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            scrub_event,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            last,
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # They log arguments and addresses of requests at INFO, and say nothing there that our own lines do not.
    for name in ("procrastinate", "aiohttp.access", "uvicorn.access", "httpx"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
