"""Applies a package to the org: what it deletes first, then object by object and field by field, then the rest."""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata import removal, store
from fairlead_emulators.salesforce.metadata.contents import Package
from fairlead_emulators.salesforce.metadata.manifest import Manifest
from fairlead_emulators.salesforce.metadata.objects import BadComponent
from fairlead_emulators.salesforce.metadata.results import ComponentResult, DeployResult, refused
from fairlead_emulators.salesforce.metadata.steps import Step, steps_of
from fairlead_emulators.salesforce.model.schema import Schema

fact("metadata_components")
fact("manifest_names_components")
fact("missing_files")
fact("unknown_types")

__all__ = ["ComponentResult", "DeployResult", "apply"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a package goes: the describe model, the database and the moment."""

    schema: Schema
    connection: sqlite3.Connection
    now: str = ""


def apply(
    package: Package,
    schema: Schema,
    connection: sqlite3.Connection,
    *,
    now: str = "",
    allow_missing: bool = False,
    watch: Callable[[DeployResult], None] = lambda result: None,
) -> DeployResult:
    """Apply a package and keep its components; the caller's transaction decides whether they stay.

    `watch` hears the result after each component, and may raise to stop. Whatever is refused is told in `failures`.
    """
    store.ensure(connection)
    target, result = Target(schema, connection, now), DeployResult()
    steps = steps_of(package, schema, connection)
    result.total = len(steps) + sum(len(one.listed()) for one in (*package.early.values(), *package.late.values()))
    _check_manifest(package, steps, result, allow_missing=allow_missing)
    _remove(package.early, target, result, watch)
    # Objects, fields, formulas: what refers to others comes after them.
    for step in sorted(steps, key=lambda one: one.rank):
        _take(step, package, target, result)
        watch(result)
    _remove(package.late, target, result, watch)
    schema.relate()
    return result


def _check_manifest(package: Package, steps: Iterable[Step], result: DeployResult, *, allow_missing: bool) -> None:
    for name in package.manifest.unknown:
        problem = f"Unknown type name '{name}' specified in package.xml"
        result.failures.append(refused("", "package.xml", "package.xml", problem))
    for path in package.strange:
        result.failures.append(refused("", path.rpartition("/")[2], path, "Not in package.xml"))
    there = {(step.type, step.full_name.lower()) for step in steps}
    for kind, full_name in package.manifest.listed():
        if (kind, full_name.lower()) not in there:
            problem = f"An object '{full_name}' of type {kind} was named in package.xml, but was not found in zipped directory"
            told = refused("", full_name, "package.xml", problem, warning=allow_missing)
            (result.successes if allow_missing else result.failures).append(told)


def _take(step: Step, package: Package, target: Target, result: DeployResult) -> None:
    if not package.manifest.names(step.type, step.full_name):
        result.failures.append(refused(step.type, step.full_name, step.path, "Not in package.xml"))
        return
    try:
        created = step.work()
    except BadComponent as error:
        line = error.line if error.line is not None else step.line
        result.failures.append(refused(step.type, step.full_name, step.path, str(error), line=line))
        return
    kept, changed = store.keep(target.connection, step.files, target.now)
    new = created or (changed and kept.created == kept.modified == target.now and step.new)
    result.successes.append(
        ComponentResult(step.type, step.full_name, step.path, created=new, changed=new or changed, id=kept.id)
    )


def _remove(
    listed: dict[str, Manifest], target: Target, result: DeployResult, watch: Callable[[DeployResult], None]
) -> None:
    for path, manifest in listed.items():
        for name in manifest.unknown:
            result.failures.append(refused("", path, path, f"Unknown type name '{name}' specified in {path}"))
        for told, success in removal.remove(manifest, path, target.schema, target.connection):
            (result.successes if success else result.failures).append(told)
            if told.deleted:
                result.removed.append((told.component_type, told.full_name))
            watch(result)
