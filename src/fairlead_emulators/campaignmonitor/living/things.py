"""What the people of the account do in an hour: they send, hide and delete campaigns, make, rename and delete lists."""

import random
from collections.abc import Callable
from typing import Final

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.campaigns.endpoints import delete
from fairlead_emulators.campaignmonitor.campaigns.kept import SENT, Campaign, campaigns
from fairlead_emulators.campaignmonitor.campaigns.seeding import campaign_of, change
from fairlead_emulators.campaignmonitor.campaigns.sending import send
from fairlead_emulators.campaignmonitor.lists.changing import remove
from fairlead_emulators.campaignmonitor.lists.endpoints import add_list
from fairlead_emulators.campaignmonitor.living.people import People
from fairlead_emulators.campaignmonitor.living.told import Happened
from fairlead_emulators.campaignmonitor.store import SubscriberList
from fairlead_emulators.campaignmonitor.ties import Ties

_NEW: Final = "Made meanwhile"
_JOIN: Final = 12
_FEWEST_LISTS: Final = 3
_FEWEST_CAMPAIGNS: Final = 4


class Things:
    """The acts on campaigns and lists, named as in `People`."""

    def __init__(self, service: Service, draw: random.Random, happened: Happened, people: People) -> None:
        self._service, self._store = service, service.store
        self._draw = draw
        self._happened = happened
        self._people = people
        self.do: Final[dict[str, Callable[[], bool]]] = {
            "campaign_sent": self._send,
            "campaign_hidden": lambda: self._gone(lambda of: change(service, of.id, {"hidden": True})),
            "campaign_deleted": lambda: self._gone(lambda of: delete(service, of)),
            "campaign_tagged": self._tag,
            "list_created": self._create,
            "list_renamed": self._rename,
            "list_deleted": self._delete,
        }

    def _now(self) -> float:
        return self._service.clock.now().timestamp()

    def _send(self) -> bool:
        """A campaign to one of the lists of a client that are not its largest: large ones are sent as scheduled."""
        client = self._draw.choice(self._store.clients())
        lists = self._store.lists(client.id)
        if not lists:
            return False
        counts = self._store.counts()
        on = self._draw.choice(sorted(lists, key=lambda each: counts[each.n]["Active"])[: max(1, len(lists) - 1)])
        number = int(self._store.meta("made campaigns") or 0) + 1
        said = {"name": f"Meanwhile {number}", "lists": [on.title], "tags": ["Meanwhile"]}
        send(self._service, campaign_of(self._service, client, said, self._now()), self._now())
        return True

    def _sent(self) -> list[Campaign]:
        return campaigns(self._store, "status = ? AND NOT hidden", SENT)

    def _gone(self, act: Callable[[Campaign], object]) -> bool:
        sent = self._sent()
        if len(sent) <= _FEWEST_CAMPAIGNS:
            return False
        of = self._draw.choice(sent)
        act(of)
        self._happened.campaigns_gone.append(of.id)
        return True

    def _tag(self) -> bool:
        sent = self._sent()
        if sent:
            of = self._draw.choice(sent)
            change(self._service, of.id, {"tags": [*of.tags[:2], f"Tag {self._draw.randrange(9)}"]})
        return bool(sent)

    def _create(self) -> bool:
        client = self._draw.choice(self._store.clients())
        number = int(self._store.meta("made lists") or 0) + 1
        identity = add_list(
            self._store, client.id, f"{_NEW} {number}", self._draw.choice(("AllClientLists", "OnlyThisList"))
        )
        on = self._store.list(identity)
        assert on is not None, "it was just added"
        for _ in range(_JOIN):
            self._people.join(on, self._people.stranger())
        return True

    def _rename(self) -> bool:
        on = self._draw.choice(self._store.lists())
        title = f"{on.title.partition(' (')[0]} ({self._draw.randrange(1_000)})"
        taken = {each.title for each in self._store.lists(on.client)}
        if title in taken or self._used(on):
            return False
        self._store.db.execute("UPDATE lists SET title = ? WHERE n = ?", (title, on.n))
        return True

    def _used(self, on: SubscriberList) -> bool:
        return self._service.own(Ties).used_by_draft(on.id)

    def _delete(self) -> bool:
        """Deletes a list that was made meanwhile, or the smallest."""
        lists, counts = self._store.lists(), self._store.counts()
        free = sorted((each for each in lists if not self._used(each)), key=lambda each: sum(counts[each.n].values()))
        if len(lists) <= _FEWEST_LISTS or not free:
            return False
        remove(self._service, free[0])
        self._happened.lists_gone.append(free[0].id)
        return True
