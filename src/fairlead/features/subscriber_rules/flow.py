"""What the subscriber rules run when records change: Salesforce says which rules are true of them, then lists follow.

Of one changed record, the rules that look at such a change count; where one adds and another takes off, taking off wins.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from asgiref.sync import sync_to_async

from fairlead.domain.consent_settings import options
from fairlead.domain.failure import Failure, the_one_to_act_on
from fairlead.domain.outward_settings import TRIGGER_JOURNEYS
from fairlead.features.subscriber_rules import keeping, org
from fairlead.features.subscriber_rules.applying import ListWork, Tools
from fairlead.features.subscriber_rules.keeping import Ready
from fairlead.features.subscriber_rules.org import Asked, Person, RuleDoesNotFit
from fairlead.features.subscriber_rules.rules.deciding import looks_at
from fairlead.features.subscriber_rules.rules.words import Does
from fairlead.store.consent import PostgresConsentBook
from fairlead.sync.consent_ports import ConsentBook
from fairlead.sync.outward import CONTACT, LEAD, OrgPage, OutwardRun, Reaction

__all__ = ["NAME", "REACTIONS", "RulesReaction"]

NAME: Final = "subscriber_rules"


class RulesReaction:
    """The rules of all lists of the run's clients, for one run."""

    name = NAME
    title = "Subscriber rules"

    def __init__(self, book: ConsentBook | None = None) -> None:
        self._book = book
        self._rules: list[Ready] | None = None
        self._works: dict[str, ListWork] = {}
        self._failures: list[Failure] = []
        self._asked: set[int] = set()
        self._problems: dict[int, str] = {}

    async def fields(self, run: OutwardRun) -> Mapping[str, Collection[str]]:
        """Name, address and tick box of the objects that rules look at."""
        objects = {rule.object for rule in await self._enabled(run)}
        return {name: org.COLUMNS for name in (CONTACT, LEAD) if name in objects}

    async def page(self, run: OutwardRun, page: OrgPage) -> None:
        """Ask which rules are true of these records; a list that fails does not hold up the others."""
        rules = [rule for rule in await self._enabled(run) if rule.object == page.object]
        if not rules or not page.records:
            return
        self._asked.update(rule.id for rule in rules)
        people = {str(row["Id"]): org.person(row) for row in page.records}
        holds = await self._holding(run, page, rules, list(people))
        for list_id in dict.fromkeys(rule.list for rule in rules):
            of_list = [rule for rule in rules if rule.list == list_id]
            try:
                await self._carry_out(run, of_list, holds, people)
            except Failure as failure:
                self._fail(failure, of_list)
        await run.progress.check_cancelled()

    async def end(self, run: OutwardRun) -> None:
        """Write who waits to be added, and note what became of everybody. Raises the failure to act on, of all lists."""
        for work in self._works.values():
            rules = [rule for rule in await self._enabled(run) if rule.list == work.list_id]
            try:
                await work.write()
            except Failure as failure:
                self._fail(failure, rules)
            tallies = {rule: (one.fired, one.refused) for rule, one in work.tallies.items()}
            await work.commit(self._counting(run, tallies))
            for one in work.tallies.values():
                run.add(rules_added=one.added, rules_removed=one.removed, rules_refused=one.refused)
        failures, self._failures = self._failures, []
        if self._asked:
            await sync_to_async(keeping.tell_problems)(run.org_id, self._asked, self._problems)
        if failures:
            raise the_one_to_act_on(failures, "subscriber rules", len(await self._enabled(run)))

    def _counting(self, run: OutwardRun, tallies: Mapping[int, tuple[int, int]]) -> Callable[[], None]:
        return lambda: keeping.count(run.number, tallies)

    def _fail(self, failure: Failure, rules: Iterable[Ready]) -> None:
        self._failures.append(failure)
        self._problems.update({rule.id: failure.told for rule in rules})

    async def _enabled(self, run: OutwardRun) -> list[Ready]:
        if self._rules is None:
            clients = [client.id for client in run.clients]
            self._rules = await sync_to_async(keeping.enabled)(run.org_id, clients)
        return self._rules

    async def _holding(
        self, run: OutwardRun, page: OrgPage, rules: Sequence[Ready], ids: Sequence[str]
    ) -> dict[int, set[str]]:
        """The ids that each rule is true of. A rule that Salesforce does not understand is true of nobody, and told."""
        asked = [
            Asked(rule.where, [one for one in ids if looks_at(rule.when, created=one in page.created)])
            for rule in rules
        ]
        holds: dict[int, set[str]] = {}
        for rule, found in zip(rules, await org.satisfying(run.salesforce, page.object, asked), strict=True):
            if isinstance(found, Failure):
                self._fail(RuleDoesNotFit(rule.name, found.text), [rule])
            holds[rule.id] = set() if isinstance(found, Failure) else found
        return holds

    async def _carry_out(
        self, run: OutwardRun, rules: Sequence[Ready], holds: Mapping[int, set[str]], people: Mapping[str, Person]
    ) -> None:
        """The rules of one list: first those that take off. The first rule that is true of a record counts it."""
        work = self._work(run, rules[0])
        taken: set[str] = set()
        for does, act in ((Does.REMOVE, work.remove), (Does.ADD, work.add)):
            for rule in rules:
                ids = holds[rule.id] - taken if rule.does == does else set()
                if ids:
                    taken |= ids
                    await act(rule.id, org.by_id(people.values(), ids))

    def _work(self, run: OutwardRun, rule: Ready) -> ListWork:
        if rule.list not in self._works:
            book = self._book or PostgresConsentBook(run.org_id, run.fence)
            self._works[rule.list] = ListWork(tools_of(run, book), rule.client, rule.list)
        return self._works[rule.list]


def tools_of(run: OutwardRun, book: ConsentBook) -> Tools:
    """What the work on a list needs, of a run."""
    return Tools(
        run.campaign_monitor,
        run.salesforce,
        run.ledger,
        book,
        options(run.settings),
        run.settings.of(TRIGGER_JOURNEYS),
        run.now,
    )


REACTIONS: Final[tuple[Callable[[], Reaction], ...]] = (RulesReaction,)
