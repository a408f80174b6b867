"""What the record creation runs: contacts and leads for active subscribers without one, on lists that ask for it."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.domain.failure import Failure, the_one_to_act_on
from fairlead.features.record_creation import rules, settings
from fairlead.features.record_creation.creation import Creation, Limits
from fairlead.features.record_creation.org import OrgPeople
from fairlead.features.record_creation.rules import Rule
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.stage import ListScope, Run, Stage

NAME: Final = "records"


async def create_records(run: Run) -> None:
    """Create what the lists' rules ask for. A list whose rule cannot work does not take the others with it."""
    lists, problems = _asked(run)
    if not lists and not problems:
        await run.progress.stage(NAME, message="No list asks for new contacts or leads.")
        return
    wanted = run.wanted
    limits = Limits(run.number, wanted.full, run.settings.of(settings.MOST), wanted.allow_large_changes)
    fields = partial(custom_fields, run.campaign_monitor)
    creation = Creation(OrgPeople(run.salesforce), run.matcher, run.ledger, limits, _Teller(run).tell, fields)
    try:
        await creation.run(lists)
    finally:
        tally = creation.tally
        run.matcher.forget()
        run.add(
            contacts_created=tally.contacts,
            leads_created=tally.leads,
            linked_later=tally.found,
            creations_refused=tally.refused,
        )
        await run.progress.stage(
            NAME, contacts=tally.contacts, leads=tally.leads, linked=tally.found, refused=tally.refused
        )
    problems += creation.problems
    if problems:
        raise the_one_to_act_on(problems, "lists", len(run.lists))


async def custom_fields(account: CampaignMonitor, list_id: str) -> Sequence[tuple[str, str]]:
    """(name, key) of each custom field of a list. Raises a Failure."""
    with campaign_monitor_failures("read the custom fields of a list"):
        return [(one.name, one.key) for one in await account.custom_fields(list_id)]


def _asked(run: Run) -> tuple[list[tuple[ListScope, Rule]], list[Failure]]:
    lists: list[tuple[ListScope, Rule]] = []
    problems: list[Failure] = []
    for one in run.lists:
        try:
            rule = rules.rule_of(run.settings, one.id)
        except Failure as failure:
            failure.tell_more(f"The list “{one.name}”:")
            problems.append(failure)
            continue
        if rule is not None:
            lists.append((one, rule))
    return lists, problems


class _Teller:
    """Tells how far it is, and hears whether to go on."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def tell(self, done: int, expected: int) -> None:
        await self._run.progress.check_cancelled()
        await self._run.progress.stage(NAME, done=done, total=expected, unit="subscribers")


STAGES: Final = (Stage(NAME, "New contacts and leads", create_records, needs=("lists", "match")),)
