"""Runs of reports in the background: started, followed, kept for a day."""

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.acting import acting
from fairlead_emulators.salesforce.state.org import Org

fact("report_instances")

KEPT: Final = timedelta(hours=24)


@dataclass(slots=True)
class Instance:
    """One run. `status` is New, Running, Success or Error; `result` is there after Success."""

    id: str
    report_id: str
    begun: datetime
    details: bool
    owner: str
    status: str = "New"
    ended: datetime | None = None
    result: dict[str, Any] | None = None
    error: str = ""


@dataclass(slots=True)
class Instances:
    """The runs of this run of the emulator."""

    org: Org
    known: dict[str, Instance] = field(default_factory=dict)

    def start(self, report_id: str, work: Callable[[], dict[str, Any]], *, details: bool) -> Instance:
        """Runs the work in a thread of its own."""
        self._forget()
        instance_id = self.org.storage.new_ids("0LG", 1)[0]
        instance = Instance(instance_id, report_id, self.org.clock.now(), details, self.org.acting_user())
        self.known[instance_id] = instance
        run = copy_context().run  # the run goes on in the name of who asked for it
        threading.Thread(target=run, args=(self._run, instance, work), name="report", daemon=True).start()
        return instance

    def _run(self, instance: Instance, work: Callable[[], dict[str, Any]]) -> None:
        instance.status = "Running"
        fault = self.org.faults.take("slow_job", kind="report")
        time.sleep(fault.seconds if fault else 0)
        try:
            if self.org.faults.take("job_failed", kind="report") is not None:
                raise ApiError(500, "UNKNOWN_EXCEPTION", "The report could not be run")
            instance.result = work()
        except Exception as error:
            instance.error = str(error)
        instance.ended = self.org.clock.now()
        instance.status = "Error" if instance.result is None else "Success"

    def of(self, report_id: str) -> list[Instance]:
        """The runs of a report that the acting user started, or all for an admin; newest first."""
        self._forget()
        user = acting.get()
        found = [each for each in reversed(self.known.values()) if each.report_id == report_id]
        return [each for each in found if user is None or user.everything or each.owner == user.user_id]

    def get(self, report_id: str, instance_id: str) -> Instance:
        """One run. Raises ApiError 404 when there is none, or it is older than a day."""
        for each in self.of(report_id):
            if instance_id in (each.id, each.id[:15]):
                return each
        raise ApiError(404, "NOT_FOUND", "The data you're trying to access is unavailable.")

    def remove(self, instance: Instance) -> None:
        """Forgets a run."""
        self.known.pop(instance.id, None)

    def _forget(self) -> None:
        oldest = self.org.clock.now() - KEPT
        for each in [each for each in self.known.values() if each.begun < oldest]:
            del self.known[each.id]
