"""What opt status does about changed contacts and leads, within seconds: looks at those whose tick tells something new."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final

from fairlead.domain.address import normal
from fairlead.domain.failure import Failure, SignInAgain, the_one_to_act_on
from fairlead.features.opt_status import records, rules
from fairlead.store.consent import PostgresConsentBook
from fairlead.sync.outward import CONTACT, LEAD, OrgPage, OutwardRun
from fairlead.sync.stage import ClientScope

FIELDS: Final = ("Email", rules.OPT_OUT_FIELD)
Look = Callable[[OutwardRun, ClientScope, Collection[str]], Awaitable[Mapping[str, int]]]


class OptReaction:
    """Gathers addresses, then lets both sides of each be read and decided, client after client."""

    name = rules.KIND
    title = rules.TITLE

    def __init__(self, look: Look) -> None:
        self._look = look
        self._addresses: dict[str, set[str]] = {}

    async def fields(self, run: OutwardRun) -> Mapping[str, Collection[str]]:
        """The address and the box of contacts and leads."""
        return {CONTACT: FIELDS, LEAD: FIELDS}

    async def page(self, run: OutwardRun, page: OrgPage) -> None:
        """Keep the addresses whose box differs from what is remembered; most changes are of something else."""
        ticked: dict[str, bool] = {}
        for record in page.records:
            address = normal(str(record.get("Email") or ""))
            if address:
                ticked[address] = ticked.get(address, False) or bool(record.get(rules.OPT_OUT_FIELD))
        gone = {normal(one.email) for one in page.gone} - {""}
        keys = {records.address_key(each): each for each in {*ticked, *gone}}
        for client in run.clients:
            book = PostgresConsentBook(run.org_id, run.fence)
            shadows = await book.shadows(client.id, list(keys))
            mine = self._addresses.setdefault(client.id, set())
            for key, address in keys.items():
                on = ticked.get(address, False)
                if rules.org_change_counts(shadows.get(key), ticked=on, deleted=address not in ticked):
                    mine.add(address)

    async def end(self, run: OutwardRun) -> None:
        """Look at what was gathered. One client that fails does not hold up the others. Raises a Failure."""
        failures: list[Failure] = []
        for client in run.clients:
            addresses = self._addresses.pop(client.id, set())
            if not addresses:
                continue
            try:
                counts: Mapping[str, Any] = await self._look(run, client, addresses)
            except SignInAgain:
                raise
            except Failure as failure:
                failures.append(failure)
            else:
                run.add(
                    **{
                        f"opt_{name}": counts[name]
                        for name in ("out_campaign_monitor", "out_salesforce")
                        if name in counts
                    }
                )
        if failures:
            raise the_one_to_act_on(failures, "clients", len(run.clients))
