"""The plan: every thing of the older package with what becomes of it, in the order of pages."""

from collections.abc import Collection, Iterable, Sequence

from fairlead.domain.failure import FixTheSettings
from fairlead.features.moving_in.rules import (
    campaigns,
    imports,
    lists,
    mappings,
    options,
    smart_emails,
    subscriber_rules,
)
from fairlead.features.moving_in.rules.words import Here, Item, Kind, Old, Verdict


class NothingThere(FixTheSettings):
    """The connected org has none of the older package's objects, or does not show them to the sync user."""

    code = "FL-681"
    next_step = (
        "If the older package is installed, the sync user may not read them: give it the package's own permission set, then "
        "look again. Else there is nothing to move in."
    )

    def __init__(self) -> None:
        super().__init__("The connected Salesforce org shows no objects named wbsendit__….")


class NoSuchItem(FixTheSettings):
    """What was chosen to be taken over is not there, or cannot be."""

    code = "FL-682"
    next_step = "Look at what there is: the page Moving in, or `fairlead move-in look`."

    def __init__(self, key: str) -> None:
        super().__init__(f"Nothing that can be taken over has the key {key!r}.")


def plan(old: Old, here: Here) -> list[Item]:
    """Everything, each key once. Raises NothingThere."""
    if not old.objects:
        raise NothingThere
    found = [
        *lists.clients(old, here),
        *lists.lists(old, here),
        *mappings.lines(old, here),
        *subscriber_rules.rules(old, here),
        *imports.imports(old, here),
        *smart_emails.mappings(old, here),
        *campaigns.links(old),
        *options.options(old),
        *options.others(old),
    ]
    once: dict[str, Item] = {}
    for item in found:
        once.setdefault(item.key, item)
    order = list(Kind)
    return sorted(once.values(), key=lambda item: (order.index(item.kind), item.list_name.casefold(), item.list))


def chosen(items: Sequence[Item], keys: Collection[str]) -> list[Item]:
    """The items of these keys. Raises NoSuchItem for a key that is none of them, or of what cannot be taken."""
    by_key = {item.key: item for item in items if item.can_be_taken}
    for key in keys:
        if key not in by_key:
            raise NoSuchItem(key)
    wanted = set(keys)
    return [item for item in by_key.values() if item.key in wanted]


def counts(items: Iterable[Item]) -> dict[Verdict, int]:
    """How many items there are of each verdict."""
    told = [item.verdict for item in items]
    return {verdict: told.count(verdict) for verdict in Verdict}


def groups(items: Sequence[Item]) -> list[list[Item]]:
    """What is written together: the lines of one list's mapping; everything else alone."""
    found: dict[str, list[Item]] = {}
    for item in items:
        key = f"mapping of {item.list}" if item.kind is Kind.MAPPING else item.key
        found.setdefault(key, []).append(item)
    return list(found.values())
