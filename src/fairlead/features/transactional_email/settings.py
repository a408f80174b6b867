"""The options of transactional e-mail."""

from typing import Any, Final

from fairlead.domain.setting import Number, Setting

KEEP_DAYS: Final = Number(
    name="transactional_email.keep_days",
    title="Keep items of the queue for",
    help="Sent and refused items are forgotten after so long (F64), and until then their messages are followed. What "
    "waited longer is not sent any more: the news in it is old.",
    default=2,
    unit="days",
    least=1,
    most=30,
)
SETTLE_MINUTES: Final = Number(
    name="transactional_email.settle_minutes",
    title="Look in the message log for",
    help="Where an answer was lost, nothing is sent again before Campaign Monitor's message log was without the message for "
    "so long. Shorter is quicker, and relies on a log that is up to date.",
    default=10,
    unit="minutes",
    least=0,
    most=120,
)
LOOK_MINUTES: Final = Number(
    name="transactional_email.look_minutes",
    title="Look at messages every",
    help="How often it is read whether messages were delivered, opened, clicked or bounced. It is only asked for while there "
    "are messages to follow. 0: never.",
    default=15,
    unit="minutes",
    least=0,
    most=1_440,
)
BATCH: Final = Number(
    name="transactional_email.batch",
    title="E-mails of one round",
    help="So many records are read together, and so many e-mails are on their way at most when something fails (F65). "
    "Fewer is gentler to an org with large records.",
    default=50,
    unit="e-mails",
    least=1,
    most=200,
)
SETTINGS: Final[tuple[Setting[Any], ...]] = (KEEP_DAYS, SETTLE_MINUTES, LOOK_MINUTES, BATCH)
