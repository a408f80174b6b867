"""Flows are kept by version: which one is active, and deleting them one by one. This org keeps one version, the first."""

import re
import sqlite3
from typing import Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata import store
from fairlead_emulators.salesforce.metadata.markup import child_text, parse
from fairlead_emulators.salesforce.metadata.objects import BadComponent

FIRST: Final = 1
_VERSION: Final = re.compile(r"(?P<flow>.+)-(?P<number>\d+)")


@fact("flow_switched")
def is_active(connection: sqlite3.Connection, flow: str) -> bool:
    """Whether the flow has an active version: by its own status, unless a FlowDefinition says which."""
    for one in store.find(connection, "FlowDefinition", flow):
        if told := child_text(parse(one.content).root, "activeVersionNumber"):
            return int(told) == FIRST
    return any(
        child_text(parse(one.content).root, "status") == "Active" for one in store.find(connection, "Flow", flow)
    )


def flow_of(member: str) -> str:
    """The flow that a member of a manifest is a version of: `F` of `F-1`; other names as they are."""
    found = _VERSION.fullmatch(member)
    return found["flow"] if found else member


@fact("flow_deleted_by_version")
def remove(connection: sqlite3.Connection, member: str) -> str | None:
    """Deletes a version, and with its last one the flow; its id, or None when there is none. Raises BadComponent."""
    found = _VERSION.fullmatch(member)
    flow = found["flow"] if found else member
    kept = store.find(connection, "Flow", flow)
    if not kept or (found and int(found["number"]) != FIRST):
        return None
    if not found or is_active(connection, flow):
        raise BadComponent("insufficient access rights on cross-reference id")
    store.forget(connection, "Flow", flow)
    store.forget(connection, "FlowDefinition", flow)
    return kept[0].id
