"""What people do with mappings: look at both sides' fields, save, copy, preview on real records. Read live, nothing is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from asgiref.sync import async_to_sync, sync_to_async

from fairlead.campaignmonitor.list_settings import DataType, FieldWish
from fairlead.campaignmonitor.lists import CustomField
from fairlead.domain.failure import Failure, FixTheSettings
from fairlead.domain.mapping import OBJECTS, Described, Line, field_of, target_of
from fairlead.domain.mapping_check import fit, remarks, working
from fairlead.domain.mapping_merge import Act
from fairlead.domain.mapping_values import SEVERAL, kind_for
from fairlead.domain.setting import Of, Values
from fairlead.features.field_mappings import agreed, kept, outcome, reading, rules, suggest
from fairlead.features.field_mappings.rules import Pair, Planned
from fairlead.jobs import api as jobs
from fairlead.jobs import registry
from fairlead.jobs.models import Job
from fairlead.salesforce import names
from fairlead.salesforce.query import quote
from fairlead.store import known, setting_rows
from fairlead.store.models import KnownList, Org
from fairlead.sync import phone, sides
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.ports import Ledger

MOST_PREVIEWED: Final = 50
CHANGES: Final = "org_changes"
"""The kind of job that runs over changes in Salesforce."""
REACTION: Final = "field_mappings"


class ListUnknown(FixTheSettings):
    """No list of that id is known."""

    code = "FL-388"
    next_step = "Look for its id with `fairlead members lists`; each sync reads which lists there are."

    def __init__(self, list_id: str) -> None:
        super().__init__(f"The list {list_id!r} is not known.")


@dataclass(slots=True)
class Looked:
    """The fields of both sides as they are now, and what the names of both suggest."""

    described: dict[str, Described] = field(default_factory=dict)
    fields: list[CustomField] = field(default_factory=list)

    def suggestions(self, lines: Sequence[Line]) -> list[Line]:
        """Lines that the fields' names suggest, beside these."""
        return suggest.lines(self.described, self.fields, lines)

    def off(self, lines: Sequence[Line], settings: Values) -> list[str]:
        """What keeps saved lines from working now."""
        return working(lines, self.described, self.fields, phone.by_setting(settings))[1]

    def sources(self) -> dict[str, list[tuple[str, str]]]:
        """The fields of contacts and leads that can be mapped, by object: path and label."""
        return {name: suggest.sources(self.described[name]) for name in OBJECTS if name in self.described}


@dataclass(frozen=True, slots=True)
class Saved:
    """A mapping that was saved: its version, custom fields that were made for it, and what may surprise."""

    version: int
    created: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """One pair of a preview: what would be written, and what would be refused. In memory only."""

    pair: Pair
    writes: tuple[rules.Written, ...]
    refused: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As programs get it: with values, as whoever asks wants to see them."""
        return {
            "address": self.pair.address,
            "object": self.pair.object,
            "record": self.pair.record,
            "writes": [
                {
                    "source": one.line.source,
                    "target": one.line.target,
                    "to": one.act.value,
                    "before": one.before.replace(SEVERAL, ";"),
                    "after": one.after.replace(SEVERAL, ";"),
                }
                for one in self.writes
            ],
            "refused": list(self.refused),
        }


@dataclass(frozen=True, slots=True)
class Preview:
    """What a mapping would do to some pairs of a list, and what is wrong with lines."""

    pairs: tuple[Shown, ...]
    problems: tuple[str, ...] = ()


def named(org: Org, list_id: str) -> KnownList:
    """A list that is known. Raises ListUnknown."""
    found = KnownList.objects.filter(org=org, list_id=list_id).first()
    if found is None:
        raise ListUnknown(list_id)
    return found


def overview(org: Org) -> list[dict[str, Any]]:
    """Every known list with its number of lines and its version."""
    mapped = kept.current(org.pk)
    return [
        {"list": one.id, "name": one.name, "client": one.client, "lines": len(mapped.get(one.id, ()))}
        for one in known.subjects(org, Of.LIST)
    ]


def look(org: Org, list_id: str, lines: Sequence[Line] = ()) -> Looked:
    """The fields of both sides. Raises a Failure."""
    return async_to_sync(_look)(org.pk, list_id, tuple(lines))


async def _look(org_id: int, list_id: str, lines: Sequence[Line]) -> Looked:
    plain = [Line(name, "Id", "Name") for name in OBJECTS]
    async with sides.salesforce(org_id) as crm:
        described = await reading.described(crm, [*plain, *lines])
    async with sides.campaign_monitor(org_id) as account:
        with campaign_monitor_failures("read the list's custom fields"):
            return Looked(described, await account.custom_fields(list_id))


def check(org: Org, list_id: str, lines: Sequence[Line]) -> Looked:
    """Both sides' fields, for lines that can work. Raises WrongMapping with everything that is wrong, or a Failure."""
    looked = look(org, list_id, lines)
    fit(lines, looked.described, looked.fields, phone.by_setting(setting_rows.values(org)))
    return looked


def save(org: Org, list_id: str, lines: Sequence[Line], by: str, *, create: bool = False) -> Saved:
    """Check and keep a list's mapping. `create`: custom fields that the list lacks are made first, of a fitting kind.

    Raises WrongMapping, ListUnknown, or a Failure; then nothing is kept (a field that was made stays).
    """
    named(org, list_id)
    numbers = phone.by_setting(setting_rows.values(org))
    looked = look(org, list_id, lines)
    made: list[str] = []
    if create:
        wishes = missing(lines, looked)
        # what is wrong with the lines is found with the fields as they will be, before one is made
        promised = [CustomField(one.name, f"[{one.name}]", one.data_type.value, tuple(one.options)) for one in wishes]
        fit(lines, looked.described, [*looked.fields, *promised], numbers)
        made = async_to_sync(_create)(org.pk, list_id, wishes)
        looked = look(org, list_id, lines) if made else looked
    fitted = fit(lines, looked.described, looked.fields, numbers)
    keyed = [_keyed(line, looked.fields) for line in lines]
    return Saved(kept.save(org, list_id, keyed, by), tuple(made), tuple(remarks(fitted)))


def _keyed(line: Line, fields: Sequence[CustomField]) -> Line:
    """The line with the key of its field, whatever it was typed as."""
    target = target_of(line, fields)
    return replace(line, target=target.key if target else line.target)


def missing(lines: Sequence[Line], looked: Looked) -> list[FieldWish]:
    """Custom fields that lines name and the list lacks, each as its Salesforce field suggests."""
    wishes: dict[str, FieldWish] = {}
    for line in lines:
        source = field_of(line.source, line.object, looked.described)
        name = line.target.strip("[]")
        if source is not None and target_of(line, looked.fields) is None and name.lower() not in wishes:
            kind, options = kind_for(source)
            wishes[name.lower()] = FieldWish(name, DataType(kind), options, visible=False)
    return list(wishes.values())


async def _create(org_id: int, list_id: str, wishes: Sequence[FieldWish]) -> list[str]:
    if not wishes:
        return []
    async with sides.campaign_monitor(org_id) as account:
        for wish in wishes:
            with campaign_monitor_failures(f"create the custom field “{wish.name}”"):
                await account.list_settings.create_field(list_id, wish)
    return [wish.name for wish in wishes]


def copy(org: Org, list_id: str, to: Sequence[str], by: str, *, create: bool = False) -> dict[str, Saved | Failure]:
    """Give other lists the mapping of this one, in place of their own; what became of each.

    A list for which it cannot work keeps its own.
    """
    looked = look(org, list_id)
    _, lines = kept.of(org.pk, list_id)
    lines = tuple(_by_name(line, looked.fields) for line in lines)
    done: dict[str, Saved | Failure] = {}
    for other in to:
        try:
            done[other] = save(org, other, lines, by, create=create)
        except Failure as failure:
            done[other] = failure
    return done


def _by_name(line: Line, fields: Sequence[CustomField]) -> Line:
    """The line with its custom field's name: keys are each list's own."""
    target = target_of(line, fields)
    return replace(line, target=f"[{target.name}]") if target and line.target.startswith("[") else line


def preview(org: Org, list_id: str, lines: Sequence[Line], *, most: int = 10, record: str = "") -> Preview:
    """What these lines would write for some subscribers of the list, or for those of one contact or lead. Raises a Failure."""
    named(org, list_id)
    return async_to_sync(_preview)(org, list_id, tuple(lines), min(most, MOST_PREVIEWED), record)


async def _preview(org: Org, list_id: str, lines: Sequence[Line], most: int, record: str) -> Preview:
    settings = await sync_to_async(setting_rows.values)(org)
    ledger = await sync_to_async(kept.ledger)(org)
    looked = await _look(org.pk, list_id, lines)
    numbers = phone.by_setting(settings)
    fitted, problems = working(lines, looked.described, looked.fields, numbers)
    needed = reading.paths(fitted)
    which = f"= {quote(record)}" if record else "!= null"
    who = f"(Contact__c {which} OR Lead__c {which})"
    soql = (
        f"SELECT {reading.columns(needed)} FROM {names.MEMBER} WHERE List__r.{names.LIST_KEY} = {quote(list_id)}"
        f" AND State__c = 'Active' AND {who} ORDER BY SystemModstamp DESC LIMIT {most}"
    )
    async with sides.salesforce(org.pk) as crm:
        found = [pair async for page in reading.pairs(crm, soql, needed) for pair in page]
    before = await sync_to_async(agreed.of)(org.pk, list_id, ledger.hashes([pair.key for pair in found]))
    shown = []
    for pair, key in zip(found, ledger.hashes([pair.key for pair in found]), strict=True):
        both = [_planned(fitted, pair, before.get(key, {}), ledger, numbers, way) for way in _WAYS]
        writes = tuple(write for planned in both for write in planned.writes)
        shown.append(Shown(pair, writes, tuple(told for planned in both for told in planned.refused)))
    return Preview(tuple(shown), tuple(problems))


_WAYS: Final = (Act.TO_CAMPAIGN_MONITOR, Act.TO_SALESFORCE)


def _planned(fitted: Any, pair: Pair, before: Any, ledger: Ledger, numbers: Any, way: Act) -> Planned:
    return rules.plan(fitted, pair, before, outcome.digest_by(ledger), numbers, way)


def can_bring_in_step() -> bool:
    """Whether this installation runs over changes in Salesforce at all."""
    return any(entry.kind == CHANGES for entry in registry.kinds())


def bring_in_step(org: Org, by: str) -> Job:
    """Ask for a run over every contact and lead: what differs from the mappings is written."""
    return jobs.ask(org, CHANGES, args={"whole": True, "reactions": [REACTION]}, by=by)
