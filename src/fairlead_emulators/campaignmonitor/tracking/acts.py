"""What one subscriber does with a mail it got, on request: `POST /_control/act`."""

import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.dates import minute_of, moment
from fairlead_emulators.campaignmonitor.store import SubscriberList
from fairlead_emulators.campaignmonitor.tracking.happening import Happening
from fairlead_emulators.campaignmonitor.tracking.kept import (
    BOUNCE,
    CLICK,
    HARD,
    OPEN,
    RECIPIENT,
    SOFT,
    SPAM,
    UNSUBSCRIBE,
    Mail,
    Tracking,
)
from fairlead_emulators.campaignmonitor.tracking.places import address_of, number_of


def _act(
    kind: int, reason: tuple[str, str] | None, service: Service, on: SubscriberList, posted: Mapping[str, Any]
) -> None:
    """`{list, email, do, campaign?, url?, at?, ip?}`: with the campaign (id or name; or id of a journey's e-mail).

    Without `campaign` with the newest that the subscriber got; without `url` the first link is clicked. Raises
    LookupError for a campaign that it did not get, ValueError when it does not agree to be tracked or for a link that
    is not in the mail, Refusal when its state does not let it.
    """
    key = str(posted.get("email", "")).strip().lower()
    mail, person = _got(service, on, key, str(posted.get("campaign", "")))
    at = moment(str(posted["at"])) if posted.get("at") else service.clock.now().timestamp()
    ip = number_of(str(posted["ip"])) if posted.get("ip") else address_of(zlib.crc32(key.encode()))
    if kind in (OPEN, CLICK) and service.life.consent(on.client, key) == "No":
        raise ValueError(f"{key} does not agree to be tracked: no open or click is recorded")
    tracking = service.own(Tracking)
    with service.store.transaction():
        service.own(Happening).move(on, key, kind, at, hard=reason == HARD)
        what = 0
        if kind == CLICK:
            what = tracking.link(_link(mail, str(posted.get("url", ""))))
        elif reason:
            what, ip = tracking.reason(*reason), 0
        tracking.write([(mail.n, kind, minute_of(at), person, ip, what)])


def _got(service: Service, on: SubscriberList, key: str, wanted: str) -> tuple[Mail, int]:
    tracking = service.own(Tracking)
    found = service.store.db.execute("SELECT n FROM tracked_people WHERE list = ? AND key = ?", (on.n, key)).fetchone()
    mails = tracking.mails(
        "client = ? AND n IN (SELECT mail FROM tracked WHERE person = ? AND kind = ?)",
        on.client,
        found[0] if found else 0,
        RECIPIENT,
    )
    named = [each for each in mails if not wanted or wanted in (each.id, each.name)]
    if not named:
        raise LookupError(
            f"{key} got no campaign {wanted!r} through {on.title!r}: name one of {[each.name for each in mails]}"
        )
    return named[-1], found[0]


def _link(mail: Mail, url: str) -> str:
    if not mail.links or (url and url not in mail.links):
        raise ValueError(f"{mail.name!r} has no link {url!r}: use one of {list(mail.links)}")
    return url or mail.links[0]


ACTS: Final[Mapping[str, Callable[[Service, SubscriberList, Mapping[str, Any]], None]]] = {
    "open": partial(_act, OPEN, None),
    "click": partial(_act, CLICK, None),
    "bounce": partial(_act, BOUNCE, HARD),
    "soft_bounce": partial(_act, BOUNCE, SOFT),
    "unsubscribe": partial(_act, UNSUBSCRIBE, None),
    "complain": partial(_act, SPAM, None),
}
