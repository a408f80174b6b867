"""What stages note of lists: read off the event loop, changed under the job's fence."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from asgiref.sync import sync_to_async
from django.db import transaction

from fairlead.sync.stage import ClientScope, ListScope, Run

if TYPE_CHECKING:
    from fairlead.features.members.models import ListReading

MAX_NAME: Final = 255


@dataclass(frozen=True, slots=True)
class Seen:
    """A list as it was just listed: `details` tells whether its settings were read."""

    scope: ListScope
    details: bool
    figures: Mapping[str, int]


class Notes(Protocol):
    """Where stages note what they know of lists."""

    async def note_names(self, run: Run, client: ClientScope, named: Sequence[tuple[str, str]]) -> None:
        """Note which lists a client has now (id, name), for who chooses settings of them."""
        ...

    async def of_lists(self, run: Run) -> "Mapping[str, ListReading]":
        """What is known of every list, by its id."""
        ...

    async def note_listed(
        self, run: Run, client_id: str, seen: Sequence[Seen], listed: Collection[str], now: datetime
    ) -> int:
        """Note the lists of a client that were just read, and which are gone; tells how many are gone."""
        ...

    async def forget_gone(self, run: Run, client_id: str) -> None:
        """A full sync has removed what Salesforce held of a client's lists that are gone."""
        ...

    def to_note(self, run: Run, list_id: str, changes: Callable[[], Mapping[str, Any]]) -> Callable[[], None]:
        """What the flow is to call in the transaction that moves a list's cursor."""
        ...

    async def note(self, run: Run, list_id: str, **changes: Any) -> None:
        """Note something of a list by itself."""
        ...


class KeptNotes:
    """The notes as rows of `ListReading` and `KnownList`."""

    @sync_to_async
    def note_names(self, run: Run, client: ClientScope, named: Sequence[tuple[str, str]]) -> None:
        """Note which lists a client has now (id, name), for who chooses settings of them."""
        from fairlead.store import known

        known.note(run.org_id, client.id, client.name, named)

    @sync_to_async
    def of_lists(self, run: Run) -> "dict[str, ListReading]":
        """What is known of every list, by its id."""
        from fairlead.features.members.models import ListReading

        return {row.list_id: row for row in ListReading.objects.filter(org_id=run.org_id)}

    @sync_to_async
    def note_listed(
        self, run: Run, client_id: str, seen: Sequence[Seen], listed: Collection[str], now: datetime
    ) -> int:
        """Note the lists of a client that were just read, and which are gone; tells how many are gone."""
        from fairlead.features.members.models import ListReading

        with transaction.atomic():
            run.fence()
            ids = [one.scope.id for one in seen]
            noted = {row.list_id: row for row in ListReading.objects.filter(org_id=run.org_id, list_id__in=ids)}
            for one in seen:
                changes: dict[str, Any] = {"client_id": client_id, "client_name": one.scope.client.name[:MAX_NAME]}
                changes |= {"figures": dict(one.figures)} if one.figures else {}
                # a new name, or that it is back, makes its settings due: noted only with them, or the next run would not ask
                settled = {"name": one.scope.name[:MAX_NAME], "gone_at": None}
                changes |= settled | {"details_at": now} if one.details else {}
                row = noted.get(one.scope.id)
                if row is not None and all(getattr(row, name) == value for name, value in changes.items()):
                    continue  # most lists of most runs
                ListReading.objects.update_or_create(
                    org_id=run.org_id, list_id=one.scope.id, defaults=changes, create_defaults=settled | changes
                )
            rows = ListReading.objects.filter(org_id=run.org_id, client_id=client_id).exclude(list_id__in=listed)
            rows.filter(gone_at=None).update(gone_at=now)
            return rows.count()

    @sync_to_async
    def forget_gone(self, run: Run, client_id: str) -> None:
        """A full sync has removed what Salesforce held of a client's lists that are gone."""
        from fairlead.features.members.models import ListReading

        with transaction.atomic():
            run.fence()
            ListReading.objects.filter(org_id=run.org_id, client_id=client_id, gone_at__isnull=False).delete()

    def to_note(self, run: Run, list_id: str, changes: Callable[[], Mapping[str, Any]]) -> Callable[[], None]:
        """What the flow is to call in the transaction that moves a list's cursor."""

        def note() -> None:
            from fairlead.features.members.models import ListReading

            ListReading.objects.filter(org_id=run.org_id, list_id=list_id).update(**changes())

        return note

    async def note(self, run: Run, list_id: str, **changes: Any) -> None:
        """Note something of a list by itself."""

        def work() -> None:
            with transaction.atomic():
                run.fence()
                self.to_note(run, list_id, lambda: changes)()

        await sync_to_async(work)()


KEPT: Final[Notes] = KeptNotes()
