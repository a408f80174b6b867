"""The third part of a run: the two lanes. Out goes first and in bulk; in goes one address at a time, and is slow on purpose."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fairlead.domain.consent import Decision, Opt, Side, read_again
from fairlead.domain.consent_sides import Write, salesforce_side
from fairlead.domain.failure import Failure, SignInAgain
from fairlead.domain.records import RowFailure
from fairlead.features.opt_status import records
from fairlead.features.opt_status.account_side import Standing
from fairlead.features.opt_status.gathering import events_of
from fairlead.features.opt_status.judging import Case
from fairlead.features.opt_status.org_side import Box
from fairlead.features.opt_status.records import Done, Waiting

if TYPE_CHECKING:
    from fairlead.features.opt_status.flow import ClientRun

MOVED: Final = ("MOVED", "Something changed on one of the sides just before it would have been let in.")
STILL_OUT: Final = ("STILL_OUT", "It was let in, but a side still shows it out.")
IS_PAUSED: Final = ("PAUSED", "Everything to Campaign Monitor is paused.")
NOT_HERE: Final = ("NO_RECORD", "No contact or lead has the address any more.")
IN_FLIGHT: Final = ("IN_FLIGHT", "Another run was writing it at that moment.")
PART: Final = 5_000


@dataclass(slots=True)
class Lanes:
    """Carries out the decisions of one client. `flights` are the names under which writes were noted before they were sent."""

    run: "ClientRun"
    cases: Mapping[str, Case]
    waiting: Mapping[str, Waiting] = field(default_factory=dict, repr=False)
    flights: set[str] = field(default_factory=set)

    @property
    def _flight(self) -> str:
        return f"run:{self.run.opting.number}"

    async def out(self) -> Done:
        """Write out wherever it is due; what needs no write is settled, too. Raises a Failure."""
        done = Done()
        wanted = [case for case in self.cases.values() if not case.into and case.tells]
        ticking = [case for case in wanted if Side.SALESFORCE in case.decision.out]
        leaving = [case for case in wanted if Side.CAMPAIGN_MONITOR in case.decision.out]
        await self._start([*ticking, *leaving], self._flight)
        failures: dict[str, RowFailure] = {}
        if leaving:
            told = await self.run.account.unsubscribe([(c.address, c.standing.active_on()) for c in leaving])
            failures |= {failure.key: failure for failure in told}
        if ticking:
            failures |= await self._tick(ticking, done)
        done.left |= {case.address: IN_FLIGHT for case in self.cases.values() if case.in_flight}
        for case in wanted:
            if case.address in failures:
                failure = failures[case.address]
                done.left[case.address] = (failure.code, failure.reason)
            else:
                done.settled.setdefault(self._job_of(case), []).append(case.settled())
        return done

    def _job_of(self, case: Case) -> str:
        return self._jobs.get(case.address, self._flight)

    _jobs: dict[str, str] = field(default_factory=dict, repr=False)

    async def _start(self, cases: Sequence[Case], job: str) -> None:
        """Note what is about to be sent."""
        if not cases:
            return
        self.flights.add(job)
        book, client, now = self.run.opting.book, self.run.client.id, self.run.now
        keys = sorted({case.key for case in cases})
        for start in range(0, len(keys), PART):
            await book.start(client, keys[start : start + PART], job, now)

    async def _tick(self, cases: Sequence[Case], done: Done) -> dict[str, RowFailure]:
        owner = {box.id: case.address for case in cases for box in case.boxes}
        boxes = [box for case in cases for box in case.boxes if not box.ticked]

        async def opened(job: str) -> None:
            """From now on a restart asks for this job first."""
            name = f"bulk:{job}:{self.run.opting.number}"
            for each in sorted(self.flights):
                await self.run.opting.book.drop(self.run.client.id, each)
            await self._start(cases, name)
            self._jobs |= {case.address: name for case in cases}

        failures = await self.run.org.write(boxes, True, opened)
        await self._note_own(boxes, {failure.key for failure in failures}, done)
        return {owner[failure.key]: failure for failure in failures}

    async def _note_own(self, boxes: Sequence[Box], refused: set[str], done: Done) -> None:
        """Which ticks were ours: field history tells the same user and moment of each."""
        written = [box for box in boxes if box.id not in refused]
        if not written:
            return
        user, after = await self.run.org.user(), await self.run.org.stamps(written)
        done.ticks += [
            Write(Side.SALESFORCE, box.id, user, box.stamp, after[box.id]) for box in written if box.id in after
        ]

    async def into(self, done: Done) -> None:
        """Let in one after another. One that fails waits for the next run, with the reason. Raises SignInAgain."""
        for case in self.cases.values():
            if not case.into:
                continue
            await self.run.opting.progress.check_cancelled()
            try:
                problem = await self._let_in(case)
            except SignInAgain:
                raise
            except Failure as failure:
                problem = (failure.code, failure.text)
            if problem is not None:
                done.left[case.address] = problem

    async def _let_in(self, case: Case) -> tuple[str, str] | None:
        """Read again, give up if anything moved, write, read again, commit; gives why it was given up."""
        run, made = self.run, case.decision
        if Side.CAMPAIGN_MONITOR in made.into and run.opting.paused:
            return IS_PAUSED
        standing, boxes = await self._states(case.address)
        if not await self._as_read(case, standing, boxes):
            return MOVED
        await self._start([case], self._flight)
        if Side.SALESFORCE in made.into or case.clears:
            refused = await run.org.write([box for box in boxes if box.ticked], False, _no_job)
            if refused:
                return await self._given_up((refused[0].code, refused[0].reason))
        if Side.CAMPAIGN_MONITOR in made.into:
            assert made.evidence is not None
            await run.account.bring_back(case.address, standing, made.evidence, run.opting.options)
        standing, boxes = await self._states(case.address)
        shown = (salesforce_side(box.ticked for box in boxes), standing.shown(run.opting.options))
        if any(each.opt is Opt.OUT for each in shown):
            return await self._given_up(STILL_OUT)
        case.decision = _let(read_again(made, *shown), case)
        await records.settle_one(
            run.opting.org_id,
            run.client.id,
            run.opting.book,
            case.settled(),
            job=self._flight,
            at=run.now,
            waited=self.waiting.get(case.address),
        )
        return None

    async def _given_up(self, why: tuple[str, str]) -> tuple[str, str]:
        await self.run.opting.book.drop(self.run.client.id, self._flight)
        return why

    async def _states(self, address: str) -> tuple[Standing, list[Box]]:
        standing = (await self.run.account.standing([address])).get(address, Standing())
        return standing, (await self.run.org.boxes([address])).get(address, [])

    async def _as_read(self, case: Case, standing: Standing, boxes: Iterable[Box]) -> bool:
        """Whether both sides still show what was decided from, and no opt-out came."""
        run = self.run
        boxes = list(boxes)
        if salesforce_side(box.ticked for box in boxes) != case.shown[Side.SALESFORCE]:
            return False
        if standing.shown(run.opting.options) != case.shown[Side.CAMPAIGN_MONITOR]:
            return False
        since = case.before.since if case.before is not None else run.now
        ticks = [one for one in await run.org.ticks(since) if one.email == case.address]
        heard = events_of(case.address, standing.left, ticks, (), since)
        unseen = set(await run.opting.book.unseen(run.client.id, [event.key for event in heard]))
        return unseen <= {event.key for event in case.events}


def _let(made: Decision, case: Case) -> Decision:
    """The decision as it was carried out: a tick that was cleared counts as written in."""
    if not case.clears:
        return made
    return Decision(made.rule, made.shadow, made.out, made.into | {Side.SALESFORCE}, made.reviews, made.evidence)


async def _no_job(job: str) -> None:
    """One address never goes by a bulk job."""
