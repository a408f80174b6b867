"""A campaign goes out: at once, or when its time has come."""

from collections.abc import Iterator
from dataclasses import replace

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.campaigns.kept import SCHEDULED, SENT, Campaign, campaigns, keep
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.segments.kept import segment
from fairlead_emulators.campaignmonitor.segments.membership import Membership
from fairlead_emulators.campaignmonitor.store import STATES, SubscriberList
from fairlead_emulators.campaignmonitor.tracking.happening import Happening
from fairlead_emulators.campaignmonitor.tracking.kept import CAMPAIGN, Mail, Tracking

_ACTIVE = STATES.index("Active")


@fact("campaign-recipients")
def recipients(service: Service, of: Campaign) -> list[tuple[SubscriberList, list[str]]]:
    """The addresses that a campaign would go to now, by list; who is on several lists gets it by the first."""
    seen: set[str] = set()
    found: list[tuple[SubscriberList, list[str]]] = []
    for on, addresses in _by_list(service, of):
        new = [each for each in addresses if each.lower() not in seen]
        seen |= {each.lower() for each in new}
        found.append((on, new))
    return found


def _by_list(service: Service, of: Campaign) -> Iterator[tuple[SubscriberList, list[str]]]:
    store = service.store
    for identity in of.lists:
        on = store.list(identity)
        if on is not None:
            found = store.db.execute(
                "SELECT address FROM subscribers WHERE list = ? AND state = ? ORDER BY key", (on.n, _ACTIVE)
            )
            yield on, [address for (address,) in found]
    lists = {each.n: each for each in store.lists(of.client)}
    for identity in of.segments:
        part = segment(store, identity)
        if part is not None:
            chosen = service.own(Membership).members(part)
            found = store.db.execute(
                "SELECT n, address FROM subscribers WHERE list = ? AND state = ? ORDER BY key", (part.list, _ACTIVE)
            )
            members = set(chosen)
            yield lists[part.list], [address for n, address in found if n in members]


def salt_of(service: Service, identity: str) -> str:
    """What the fate of a mail is drawn from: the seed of the account and the id of what was sent."""
    return f"{service.store.meta('tracking_seed')}:{identity}"


def mail_of(service: Service, of: Campaign) -> Mail:
    """The mail of a campaign that is sent now."""
    return service.own(Tracking).add_mail(
        of.id, of.client, CAMPAIGN, of.name, of.links, salt_of(service, of.id), hidden=of.hidden
    )


def send(service: Service, of: Campaign, at: float) -> None:
    """Sends to everybody who is to get it. `at`: unix seconds."""
    with service.store.transaction():
        mail, count = mail_of(service, of), 0
        for on, addresses in recipients(service, of):
            service.own(Happening).send(mail, on, addresses, at)
            count += len(addresses)
        keep(service.store, replace(of, status=SENT, due=None, sent=at, recipients=count, mail=mail.n))


class Scheduled:
    """The campaigns that wait for their time. A source of the agenda."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def next_due(self) -> float | None:
        """When the next one goes out."""
        return self._service.store.db.execute("SELECT min(due) FROM campaigns WHERE due IS NOT NULL").fetchone()[0]  # type: ignore[no-any-return]

    def carry_out(self, until: float) -> None:
        """Sends the first that is due."""
        first = campaigns(self._service.store, "status = ? AND due = ?", SCHEDULED, self.next_due())[0]
        assert first.due is not None, "it was selected by it"
        send(self._service, first, first.due)
