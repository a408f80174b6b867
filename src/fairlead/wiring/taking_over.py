"""What is taken over from the older package, written by the other rooms' own acts. Each finds first what it wrote before."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fairlead.domain import mapping
from fairlead.domain.mapping import Line
from fairlead.domain.setting import find
from fairlead.features.connections import owners
from fairlead.features.connections import records as connections
from fairlead.features.connections import rules as connection_rules
from fairlead.features.field_mappings import acts as mappings
from fairlead.features.field_mappings import kept as mappings_kept
from fairlead.features.import_wizard import acts as imports
from fairlead.features.import_wizard.flow import BadColumns
from fairlead.features.import_wizard.models import Import
from fairlead.features.import_wizard.rules import columns
from fairlead.features.moving_in.ports import Done, Writer
from fairlead.features.moving_in.rules.words import Here, Item, Kind
from fairlead.features.salesforce_campaigns import acts as campaigns
from fairlead.features.salesforce_campaigns import org_reading
from fairlead.features.subscriber_rules import keeping as rules
from fairlead.features.subscriber_rules import saving as rules_saving
from fairlead.features.transactional_email import keeping as smart_emails
from fairlead.features.transactional_email import saving as smart_saving
from fairlead.features.transactional_email.models import SmartEmail, SmartMapping
from fairlead.features.transactional_email.rules.notation import draft_from
from fairlead.jobs.context import in_database
from fairlead.store import setting_rows
from fairlead.store.models import KnownList, Org
from fairlead.sync import sides
from fairlead.sync.failures import salesforce_failures
from fairlead.ui import rooms

CHOSEN: Final = "It was chosen here already, and otherwise: that stays. Set it back to its default to take it over."


def here(org: Org) -> Here:
    """The lists, clients and smart e-mails that Fairlead knows."""
    lists = dict(KnownList.objects.filter(org=org).values_list("list_id", "name"))
    clients = {scope.id: scope.name for scope in connections.scopes_to_sync(org)}
    smart = SmartEmail.objects.filter(org=org, gone=False).values_list("smart_id", flat=True)
    return Here(lists, clients, frozenset(smart))


async def _setting(org: Org, items: Sequence[Item], by: str) -> Done:
    """A setting of the org or of a list. What somebody chose here otherwise stays as it is."""
    told = items[0].payload

    def put() -> Done:
        setting = find(rooms.settings(), told["setting"])
        wanted, now = setting.read(told["value"]), setting_rows.kept(org, [setting], told["subject"])[setting.name]
        if now.value == setting.as_json(wanted):
            return Done(False)
        if now.chosen:
            return Done(False, CHOSEN)
        setting_rows.put(org, setting, wanted, by, subject=told["subject"], seen=now.version)
        return Done(True)

    return await in_database(put)


async def _owner(org: Org, items: Sequence[Item], by: str) -> Done:
    """The owner of a client's records."""
    told = items[0].payload
    chosen = await in_database(setting_rows.value, org, connection_rules.OWNER, told["subject"])
    if chosen:
        return Done(False, "" if chosen[:15] == told["owner"][:15] else CHOSEN)
    async with sides.salesforce(org.pk) as crm:
        await owners.choose(crm, org, told["subject"], told["owner"], by)
    return Done(True)


async def _mapping(org: Org, items: Sequence[Item], by: str) -> Done:
    """Lines of one list, beside those that it has. A field that is mapped already keeps its line."""
    on = items[0].list
    wanted = mapping.read([item.payload["line"] for item in items])

    def save() -> Done:
        _, lines = mappings_kept.of(org.pk, on)
        fields = mappings.look(org, on, [*lines, *wanted]).fields
        have = {_place(line, fields) for line in lines}
        missing = [line for line in wanted if _place(line, fields) not in have]
        if not missing:
            return Done(False)
        saved = mappings.save(org, on, [*lines, *missing], by)
        return Done(True, " ".join(saved.remarks))

    return await in_database(save)


def _place(line: Line, fields: Sequence[Any]) -> tuple[str, str, str]:
    """Which pair of fields a line is about, whatever the list's field was called by."""
    target = mapping.target_of(line, fields)
    return (line.object, line.source.lower(), (target.key if target else line.target).lower())


async def _rule(org: Org, items: Sequence[Item], by: str) -> Done:
    """A rule, switched off. One of the same name on the list is it."""
    told = items[0].payload
    same: dict[str, Any] = {"list": told["list"], "name": told["name"]}
    if await in_database(lambda: bool(rules.rules_of(org, **same))):
        return Done(False)
    await rules_saving.save(org, rules.draft_from(told), by)
    return Done(True, "Look at its preview, then switch it on.")


async def _import(org: Org, items: Sequence[Item], by: str) -> Done:
    """An import without days to run on. One of the same name on the list is it; its columns are given it if it has none."""
    told = dict(items[0].payload)
    on, kind, source, lines = (told.pop(name) for name in ("list", "kind", "source", "lines"))

    def save() -> Done:
        owner = Import.objects.filter(org=org, list_id=on, name=told["name"]).first()
        new = owner is None
        if owner is None:
            owner = imports.create(org, on, kind, source, by, **told)
        return Done(new or not owner.lines, _columns(org, owner, lines, by) if not owner.lines else "")

    return await in_database(save)


def _columns(org: Org, owner: Import, lines: Sequence[Mapping[str, str]], by: str) -> str:
    """Give an import its columns; what is still to be done where they do not fit."""
    if not lines:
        return "Choose its columns."
    offered = imports.offered(org, owner.client, owner.list_id, owner.kind, owner.source)
    keys = {name.casefold(): one.key for one in offered.fields for name in (one.key.strip("[]"), one.name)}
    wanted = [columns.Line(one["column"], keys.get(one["to"].strip("[]").casefold(), one["to"])) for one in lines]
    try:
        imports.save_lines(owner, wanted, offered, by)
    except BadColumns as wrong:
        return f"Choose its columns: {wrong.text}"
    return ""


async def _smart_email(org: Org, items: Sequence[Item], by: str) -> Done:
    """A mapping of a smart e-mail. One of the same name is it."""
    told = items[0].payload
    if await in_database(lambda: SmartMapping.objects.filter(org=org, name=told["name"]).exists()):
        return Done(False)
    made = await smart_saving.save(org, draft_from(told), by)
    kept = await in_database(smart_emails.find, org, made.uid)
    return Done(True, f"Its id is {kept.uid}: name it in your flows.")


async def _campaign(org: Org, items: Sequence[Item], by: str) -> Done:
    """The link of a sent campaign and a Salesforce campaign."""
    told = items[0].payload
    async with sides.salesforce(org.pk) as crm:
        with salesforce_failures(campaigns.DOING):
            sent = await org_reading.one_sent(crm, told["campaign"])
        if sent is not None and sent.linked_to[:15] == told["crm"][:15]:
            return Done(False)
        await campaigns.link(crm, told["campaign"], told["crm"])
    return Done(True)


WRITERS: Final[Mapping[Kind, Writer]] = {
    Kind.CLIENT: _owner,
    Kind.LIST: _setting,
    Kind.MAPPING: _mapping,
    Kind.RULE: _rule,
    Kind.IMPORT: _import,
    Kind.SMART_EMAIL: _smart_email,
    Kind.CAMPAIGN: _campaign,
    Kind.OPTION: _setting,
}
