"""Every event of every mail, millions of them: joined from parts that are ready, a few thousand at a time."""

from collections.abc import Iterator
from typing import Final

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.dates import minute_of
from fairlead_emulators.campaignmonitor.tracking.kept import BOUNCE, CLICK, OPEN, RECIPIENT, SPAM, UNSUBSCRIBE
from fairlead_emulators.campaignmonitor.tracking.places import text_of

_KINDS: Final = {
    RECIPIENT: b"Sent",
    OPEN: b"Opened",
    CLICK: b"Clicked",
    BOUNCE: b"Bounced",
    UNSUBSCRIBE: b"Unsubscribed",
    SPAM: b"Spam complaint",
}
_BATCH: Final = 20_000
_EARLIEST: Final = -(2**62)


def events(service: Service, *, since: float | None = None, after: int = 0) -> Iterator[bytes]:
    """`{EmailAddress, n, of, list, kind, minute, ip, URL? | BounceType?, Reason?}`, in the order they were recorded.

    `of`: id of the campaign or of the journey's e-mail; `minute`: unix minutes; `since`: unix seconds.
    """
    db = service.store.db
    mails = {n: identity.encode() for n, identity in db.execute("SELECT n, id FROM mails")}
    lists = {n: identity.encode() for n, identity in db.execute("SELECT n, id FROM tracked_lists")}
    texts = {n: b"," + text.encode() for n, text in db.execute("SELECT n, text FROM tracked_texts")}
    first = _EARLIEST if since is None else minute_of(since)
    last = after
    while True:
        found = db.execute(
            "SELECT t.n, t.mail, t.kind, t.minute, t.ip, t.what, p.head, p.list FROM tracked t"
            " JOIN tracked_people p ON p.n = t.person WHERE t.n > ? ORDER BY t.n LIMIT ?",
            (last, _BATCH),
        ).fetchall()
        if not found:
            return
        last = found[-1][0]
        yield b"".join(
            b'%b,"n":%d,"of":"%b","list":"%b","kind":"%b","minute":%d,"ip":"%b"%b}\n'
            % (head, n, mails[mail], lists[on], _KINDS[kind], minute, text_of(ip).encode(), texts.get(what, b""))
            for n, mail, kind, minute, ip, what, head, on in found
            if minute >= first and mail in mails
        )
