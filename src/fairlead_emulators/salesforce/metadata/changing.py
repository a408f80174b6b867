"""A package becomes part of the org, all or as far as wished, or leaves no trace."""

from collections.abc import Callable

from fairlead_emulators.salesforce.metadata import rows
from fairlead_emulators.salesforce.metadata.apply import apply
from fairlead_emulators.salesforce.metadata.contents import Package
from fairlead_emulators.salesforce.metadata.results import DeployResult
from fairlead_emulators.salesforce.model.schema import Schema
from fairlead_emulators.salesforce.state.org import Org


class _Undo(Exception):
    """Takes everything back: something failed, or it was a check only."""


def carry_out(
    org: Org,
    package: Package,
    *,
    check_only: bool = False,
    rollback_on_error: bool = True,
    allow_missing: bool = False,
    watch: Callable[[DeployResult], None] = lambda result: None,
) -> DeployResult:
    """Applies a package as one transaction, with tables and rows of Setup. What `watch` raises undoes everything."""
    storage = org.storage
    done = DeployResult()
    with storage.transaction() as connection:
        before, moment = storage.whole.to_json(), storage.schema_moment
        try:
            with storage.savepoint():
                done = apply(
                    package, storage.whole, connection, now=org.now(), allow_missing=allow_missing, watch=watch
                )
                if not done.failures or not rollback_on_error:
                    storage.schema_changed()
                    rows.follow(org, done.removed)
                watch(done)
                if check_only or (done.failures and rollback_on_error):
                    raise _Undo
        except BaseException as error:
            storage.whole.objects = Schema.from_json(before).objects
            storage.schema_moment = moment
            if not isinstance(error, _Undo):
                raise
    return done
