"""What segment rules ask of campaigns, answered from the rows of their mails."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.campaigns.kept import SENT, campaign
from fairlead_emulators.campaignmonitor.segments.kept import segment
from fairlead_emulators.campaignmonitor.store import SubscriberList
from fairlead_emulators.campaignmonitor.tracking.kept import CLICK, OPEN, RECIPIENT, Tracking, link_text
from fairlead_emulators.campaignmonitor.tracking.places import place_of


class CampaignActivity:
    """The campaigns of one account, as `segments.activity.Activity` asks for them."""

    def __init__(self, service: Service) -> None:
        self._store = service.store
        self._tracking = service.own(Tracking)

    def version(self) -> object:
        """Changes with every row of any mail."""
        return self._tracking.all_versions

    def went_to(self, campaign_id: str, on: SubscriberList) -> bool | None:
        """Whether it was sent to the list or a segment of it."""
        of = campaign(self._store, campaign_id)
        if of is None or of.hidden or of.client != on.client:
            return None
        parts = [segment(self._store, each) for each in of.segments]
        return of.status == SENT and (on.id in of.lists or any(each and each.list == on.n for each in parts))

    def links(self, campaign_id: str) -> Collection[str]:
        """The addresses that it links to."""
        of = campaign(self._store, campaign_id)
        return of.links if of else ()

    def recipients(self, campaign_id: str, on: SubscriberList) -> AbstractSet[str]:
        """Who got it on that list."""
        return self._keys(campaign_id, on, RECIPIENT)

    def openers(self, campaign_id: str, on: SubscriberList) -> AbstractSet[str]:
        """Who opened it."""
        return self._keys(campaign_id, on, OPEN)

    def clickers(self, campaign_id: str, on: SubscriberList, url: str | None) -> AbstractSet[str]:
        """Who clicked the link; any link when `url` is None."""
        if url is None:
            return self._keys(campaign_id, on, CLICK)
        return self._keys(
            campaign_id, on, CLICK, " AND t.what IN (SELECT n FROM tracked_texts WHERE text = ?)", link_text(url)
        )

    def _keys(self, campaign_id: str, on: SubscriberList, kind: int, more: str = "", *values: str) -> set[str]:
        of = campaign(self._store, campaign_id)
        if of is None:
            return set()
        found = self._store.db.execute(
            "SELECT DISTINCT p.key FROM tracked t JOIN tracked_people p ON p.n = t.person"
            f" WHERE t.mail = ? AND t.kind = ? AND p.list = ?{more}",
            (of.mail, kind, on.n, *values),
        )
        return {key for (key,) in found}

    def last_active(self, on: SubscriberList) -> Mapping[str, float]:
        """When each address last opened or clicked anything."""
        found = self._store.db.execute(
            "SELECT p.key, max(t.minute) FROM tracked_people p JOIN tracked t ON t.person = p.n"
            " WHERE p.list = ? AND t.kind IN (?, ?) GROUP BY p.n",
            (on.n, OPEN, CLICK),
        )
        return {key: minute * 60.0 for key, minute in found}

    def countries(self, on: SubscriberList) -> Mapping[str, str]:
        """The country where each address was last seen."""
        found = self._store.db.execute(
            "SELECT p.key, t.ip, max(t.minute) FROM tracked_people p JOIN tracked t ON t.person = p.n"
            " WHERE p.list = ? AND t.kind IN (?, ?) GROUP BY p.n",
            (on.n, OPEN, CLICK),
        )
        places = {key: place_of(ip).country for key, ip, _ in found}
        return {key: name for key, name in places.items() if name}
