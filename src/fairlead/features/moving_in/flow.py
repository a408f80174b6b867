"""Taking over what was ticked: each thing through its own room, its outcome noted, so that it goes on where it was cut short."""

from collections.abc import Sequence
from typing import Final

from asgiref.sync import sync_to_async
from django.db import transaction

from fairlead.domain.failure import Failure, SignInAgain, WaitAndRetry
from fairlead.features.moving_in import acts, ports
from fairlead.features.moving_in.models import MoveIn, Outcome, State
from fairlead.features.moving_in.rules import planning
from fairlead.features.moving_in.rules.words import Item
from fairlead.jobs.context import JobContext, in_database
from fairlead.store import scrub
from fairlead.store.models import Org

STAGE: Final = "taking"
STAGES: Final = [(STAGE, "What was ticked")]


async def run_move_in(context: JobContext) -> None:
    """Take over what the job's move-in names. What is gone since then is told; one refusal stops nothing else."""
    await context.stages(STAGES)
    move = await sync_to_async(MoveIn.objects.select_related("org").get)(pk=context.args["move"])
    await context.stage(STAGE, state="running", done=0, total=len(move.keys), unit="items")
    items = await acts.plan_of(move.org)
    work = _Taking(context, move)
    await work.begin(items)
    try:
        for group in planning.groups([item for item in items if item.key in work.owed]):
            await context.check_cancelled()
            await work.take(group)
    finally:
        await context.counts(written=work.written, unchanged=work.there, refused_items=work.refused)
    await context.stage(STAGE, state="done", refused=work.refused)


class _Taking:
    """What is still owed of a move-in, and what became of the rest."""

    def __init__(self, context: JobContext, move: MoveIn) -> None:
        self._context = context
        self._move = move
        self.owed: set[str] = set()
        self.written = self.there = self.refused = 0

    async def begin(self, items: Sequence[Item]) -> None:
        """See what an earlier attempt has noted, and note what is no longer there."""
        done = await in_database(self._done)
        self.owed = set(self._move.keys) - set(done)
        there = {item.key for item in items if item.can_be_taken}
        for key in sorted(self.owed - there):
            await self._note([key], State.REFUSED, planning.NoSuchItem(key))
        self.owed &= there

    async def take(self, group: Sequence[Item]) -> None:
        """Things that belong together; where one of them is refused, each is tried alone."""
        keys = [item.key for item in group]
        try:
            done = await ports.writer(group[0].kind)(self._move.org, group, self._move.asked_by)
        except (WaitAndRetry, SignInAgain):
            raise
        except Failure as failure:
            if len(group) > 1:
                for item in group:
                    await self.take([item])
                return
            await self._note(keys, State.REFUSED, failure)
            return
        await self._note(keys, State.WRITTEN if done.new else State.THERE, text=done.text)

    async def _note(self, keys: Sequence[str], state: State, failure: Failure | None = None, text: str = "") -> None:
        code = failure.code if failure else ""
        told = scrub.text(str(failure)) if failure else text
        await in_database(self._store, keys, state, told, code)
        self.written += len(keys) * (state is State.WRITTEN)
        self.there += len(keys) * (state is State.THERE)
        self.refused += len(keys) * (state is State.REFUSED)
        await self._context.stage(STAGE, done=self.written + self.there + self.refused)

    def _done(self) -> dict[str, str]:
        return dict(Outcome.objects.filter(org=self._org, move=self._move).values_list("key", "state"))

    @property
    def _org(self) -> Org:
        return self._move.org

    def _store(self, keys: Sequence[str], state: State, text: str, code: str) -> None:
        with transaction.atomic():
            self._context.fence()
            for key in keys:
                values = {"move": self._move, "state": state, "text": text, "code": code}
                Outcome.objects.update_or_create(org=self._org, key=key, defaults=values)
