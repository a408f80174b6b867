"""Settings of maintenance. What is secret or personal (password, addresses) is no setting: it is sealed (`notified.py`)."""

from typing import Any, Final

from fairlead.domain.setting import Choice, Flag, Number, Setting, Several, Text
from fairlead.store import audit

ERROR, WARNING, INFO = "error", "warning", "info"
KEEP_DAYS: Final = Number(
    name="maintenance.message_days",
    title="Keep resolved messages",
    help="How long a message stays after it was resolved. Open messages stay as long as they are open.",
    default=90,
    unit="days",
    least=1,
    most=3_650,
)
SEVERITIES: Final = Several(
    name="maintenance.notify_of",
    title="Notify of",
    help="Messages of which people are told. Errors need somebody; warnings pass by themselves or stopped before harm was "
    "done; information is about single rows that are tried again.",
    default=(ERROR, WARNING),
    choices=((ERROR, "Errors"), (WARNING, "Warnings"), (INFO, "Information")),
)
WINDOW: Final = Number(
    name="maintenance.notify_window",
    title="At most one notice every",
    help="The first message is told at once. What happens within this time after it is told together in one notice at its "
    "end, with counts: a storm is one notice.",
    default=15,
    unit="minutes",
    least=1,
    most=1_440,
)
BELL: Final = Flag(
    name="maintenance.bell",
    title="Bell in Salesforce",
    help="A notification under the bell of Salesforce and in its app, as type Fairlead Notice.",
    default=False,
)
BELL_TO: Final = Choice(
    name="maintenance.bell_to",
    title="Whose bell",
    help="Everybody who has the permission set Fairlead Full Access, or users and public groups by their ids.",
    default="full",
    choices=(("full", "Everybody with Full Access"), ("chosen", "The ids below")),
)
BELL_IDS: Final = Several(
    name="maintenance.bell_ids",
    title="Ids of users and groups",
    help="Ids of 15 or 18 characters: of users (005…) or public groups (00G…), as their addresses in Setup show them.",
    default=(),
)
MAIL: Final = Flag(
    name="maintenance.mail",
    title="E-mail",
    help="An e-mail to the recipients below, through your own mail server.",
    default=False,
)
HOST: Final = Text(
    name="maintenance.smtp_host",
    title="Mail server",
    help="The name of the server that takes mail (SMTP), such as smtp.example.com.",
    default="",
)
PORT: Final = Number(
    name="maintenance.smtp_port",
    title="Port of the mail server",
    help="587 for STARTTLS, 465 for TLS, 25 for neither.",
    default=587,
    least=1,
    most=65_535,
)
SECURITY: Final = Choice(
    name="maintenance.smtp_security",
    title="Encryption to the mail server",
    help="STARTTLS begins in clear and then encrypts; TLS encrypts from the first byte. None is for a server on this machine.",
    default="starttls",
    choices=(("starttls", "STARTTLS"), ("tls", "TLS"), ("none", "None")),
)
HOOK: Final = Flag(
    name="maintenance.hook",
    title="Webhook",
    help="A signed POST to an address of yours, for chat or paging.",
    default=False,
)
LINES: Final = Number(
    name="maintenance.notify_lines",
    title="Messages told in one e-mail",
    help="The gravest first; the rest is only counted.",
    default=20,
    unit="messages",
    least=1,
    most=200,
)
MAIL_SERVER: Final = (HOST, PORT, SECURITY)
NOTICES: Final[tuple[Setting[Any], ...]] = (
    SEVERITIES, WINDOW, BELL, BELL_TO, BELL_IDS, MAIL, HOST, PORT, SECURITY, HOOK,
)  # fmt: skip
KEEPING: Final[tuple[Setting[Any], ...]] = (KEEP_DAYS, audit.DAYS)
