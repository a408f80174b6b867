"""What is searched: every page, option and support code, cut into passages, in PostgreSQL.

It is filled when it is first asked after the program was installed or changed: its edition is the digest of all passages.
"""

from functools import cache
from hashlib import sha256
from typing import Any, Final

from django.db import connection, transaction

from fairlead.domain.setting import Setting
from fairlead.features.help import documents
from fairlead.features.help.models import Edition, Passage
from fairlead.features.help.rules import Document, passages
from fairlead.ui import help_codes, rooms
from fairlead.ui.settings_forms import in_words

FILLING: Final = 0x0FA2
"""Advisory lock held while passages are written, so that two processes do not write one edition."""
KEPT: Final = 2
"""Editions: that of this version, and that of a version which still runs beside it."""
ELSEWHERE: Final = frozenset({"options", "error-codes", "campaign-monitor-codes", "salesforce-codes", "pages"})
"""Pages of the reference whose lines have pages of their own, or that hold pictures only."""
NOT_ASKED: Final = frozenset(
    {"local-campaign-monitor", "local-salesforce", "performance", "local-accounts", "how-a-year-is-proven"}
)
"""Pages about tests and measurements: found by a search, no answer to a question."""


def everything() -> list[passages.Passage]:
    """All passages, in the order of the documentation; then options, then codes."""
    found = []
    for document in documents.documents():
        if document.folder != "reference" or document.name not in ELSEWHERE:
            found += passages.of_document(document)
    found += [_of_option(room.title, setting) for room in rooms.rooms() for setting in room.settings]
    return found + _of_codes()


def _of_option(room: str, setting: Setting[Any]) -> passages.Passage:
    default = in_words(setting, setting.as_json(setting.default))
    text = f"{setting.help}\nOption {setting.name} of {room}. Default: {default}."
    return passages.Passage(passages.OPTIONS, setting.name, "", setting.title, room, text)


def _of_codes() -> list[passages.Passage]:
    ours = [
        passages.whole(Document(passages.CODES, code, f"{code}: {title}", text))
        for code, title, text in help_codes.texts()
    ]
    theirs = [
        passages.Passage(passages.CODES, row.code, "", f"{row.code} ({name})", "", f"{row.says}\n{row.next_step}")
        for service, name in help_codes.SERVICES.items()
        for row in help_codes.of_service(service).values()
    ]
    return ours + theirs


@cache
def _made() -> tuple[str, list[Passage]]:
    """The digest of all passages, and their rows without an edition."""
    digest, rows = sha256(b"1"), []
    for place, one in enumerate(everything()):
        fields = (one.folder, one.name, one.anchor[:200], one.title[:200], one.heading[:200], one.text)
        asked = one.name not in NOT_ASKED
        digest.update(repr((fields, asked)).encode())
        folder, name, anchor, title, heading, body = fields
        rows.append(
            Passage(
                place=place,
                folder=folder,
                name=name,
                anchor=anchor,
                title=title,
                heading=heading,
                body=body,
                asked=asked,
            )
        )
    return digest.hexdigest(), rows


def edition() -> int:
    """The id of the edition that holds what this version says; written first where it is not there."""
    digest, rows = _made()
    found = Edition.objects.filter(digest=digest).values_list("pk", flat=True).first()
    if found is not None:
        return int(found)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FILLING])
        made, new = Edition.objects.get_or_create(digest=digest)
        if new:
            Passage.objects.bulk_create([_of_edition(row, made) for row in rows], batch_size=500)
            kept = Edition.objects.order_by("-made_at", "-pk").values_list("pk", flat=True)[:KEPT]
            Edition.objects.exclude(pk__in=list(kept)).delete()
    return int(made.pk)


def _of_edition(row: Passage, made: Edition) -> Passage:
    return Passage(
        edition=made, place=row.place, folder=row.folder, name=row.name, anchor=row.anchor, title=row.title,
        heading=row.heading, body=row.body, asked=row.asked,
    )  # fmt: skip
