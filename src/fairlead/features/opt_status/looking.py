"""Looks outside of a job, which write nothing: a preview, and the report of all differences as they are now."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

from asgiref.sync import async_to_sync

from fairlead.domain.consent import Opt, Side
from fairlead.features.opt_status import flow
from fairlead.features.opt_status.flow import ClientRun, Opting
from fairlead.features.opt_status.judging import Case
from fairlead.store.models import Org
from fairlead.sync.sides import NotProvided
from fairlead.sync.stage import ClientScope

HEAD: Final = (
    "client", "address", "salesforce", "campaign_monitor", "agreed", "rule", "out", "into", "to_review", "why",
)  # fmt: skip
"""Columns of the report."""

Opened = Callable[[Org], AbstractAsyncContextManager[tuple[Opting, list[ClientScope]]]]


class Nobody:
    """Nobody listens to a look's progress."""

    async def stage(self, name: str, **told: Any) -> None:
        """Told to nobody."""

    async def check_cancelled(self) -> None:
        """Nobody asks for the end."""


class NoFence:
    """Nobody can take a look over."""

    def __call__(self) -> None:
        """Always ours."""


@dataclass(slots=True)
class _Provided:
    opened: Opened | None = None


_provided = _Provided()


def provide(opened: Opened) -> None:
    """Say how both sides are opened for a look; a later call replaces an earlier one."""
    _provided.opened = opened


@dataclass(frozen=True, slots=True)
class Difference:
    """An address of which a run would write, commit or review something; `why` is the rule in words."""

    client: str
    address: str
    salesforce: str
    campaign_monitor: str
    agreed: str
    rule: int
    out: str
    into: str
    to_review: str
    why: str

    def row(self) -> tuple[Any, ...]:
        """As a line of the report."""
        return tuple(getattr(self, name) for name in HEAD)


async def differences(org: Org, client: str = "") -> AsyncIterator[Difference]:
    """All differences now, client after client; read live, and nothing of it is kept. Raises a Failure."""
    if _provided.opened is None:
        raise NotProvided
    async with _provided.opened(org) as (opting, clients):
        for scope in flow.clients_of(clients, client):
            run = ClientRun(opting, scope, keeps=False)
            await run.run()
            for case in run.cases.values():
                if _differs(case):
                    yield _told(scope, case)


async def preview(org: Org, client: str = "") -> dict[str, dict[str, int]]:
    """Counts of what a run would do, by client; what is shown of it is kept as the client's last preview. Raises a Failure."""
    if _provided.opened is None:
        raise NotProvided
    async with _provided.opened(org) as (opting, clients):
        return {scope.id: dict(await ClientRun(opting, scope).run()) for scope in flow.clients_of(clients, client)}


def report(org: Org, client: str = "") -> Iterator[Difference]:
    """`differences` for who is not in an event loop."""

    async def all_of_it() -> list[Difference]:
        return [one async for one in differences(org, client)]

    yield from async_to_sync(all_of_it)()


def _differs(case: Case) -> bool:
    sides = {shown.opt for shown in case.shown.values() if shown.opt}
    agreed = case.before.agreed if case.before else None
    made = case.decision
    return bool(made.out or case.into or made.reviews or len(sides) > 1 or (agreed and sides and sides != {agreed}))


def _told(scope: ClientScope, case: Case) -> Difference:
    made = case.decision
    into = made.into | {Side.SALESFORCE} if case.clears else made.into
    return Difference(
        client=scope.name,
        address=case.address,
        salesforce=_word(case, Side.SALESFORCE),
        campaign_monitor=_word(case, Side.CAMPAIGN_MONITOR),
        agreed=_opt(case.before.agreed if case.before else None),
        rule=made.rule,
        out=" ".join(sorted(side.value for side in made.out)),
        into=" ".join(sorted(side.value for side in into)),
        to_review="; ".join(each.value for each in made.reviews),
        why=made.why,
    )


def _word(case: Case, side: Side) -> str:
    shown = case.shown[side]
    return f"{_opt(shown.opt)} in part" if shown.partly else _opt(shown.opt)


def _opt(opt: Opt | None) -> str:
    return opt.value if opt else ""
