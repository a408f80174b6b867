"""Deployments of this org: taken as a zip, applied in the background, told as DeployResult."""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata import package as metadata
from fairlead_emulators.salesforce.metadata.changing import carry_out
from fairlead_emulators.salesforce.metadata.results import refused
from fairlead_emulators.salesforce.state.org import Org

fact("deploy_states")
fact("deploy_cancel")
fact("deploy_rollback")
fact("deploy_partial")
fact("quick_deploy")

KEPT: Final = 500
KEPT_PACKAGES: Final = 20
VALID_FOR: Final = timedelta(days=10)
OPTIONS: Final = (
    "allowMissingFiles", "autoUpdatePackage", "checkOnly", "ignoreWarnings", "performRetrieve", "purgeOnDelete",
    "rollbackOnError", "singlePackage",
)  # fmt: skip
_TEST_LEVELS: Final = ("NoTestRun", "RunSpecifiedTests", "RunLocalTests", "RunAllTestsInOrg", "RunRelevantTests")
_LOOK: Final = 0.02


class _Canceled(Exception):
    """Takes a deployment back because somebody asked for it."""


@dataclass(slots=True)
class Deployments:
    """Those that the org knows; the oldest are forgotten."""

    org: Org
    known: "OrderedDict[str, dict[str, Any]]" = field(default_factory=OrderedDict)
    packages: "OrderedDict[str, tuple[bytes, dict[str, Any]]]" = field(default_factory=OrderedDict)

    def clear(self) -> None:
        """Forgets all of them; those that run are taken back."""
        for result in self.known.values():
            if not result["done"]:
                result["status"] = "Canceling"
        self.known.clear()
        self.packages.clear()

    def start(self, package: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
        """Takes a zip; its DeployResult, which the work goes on changing."""
        chosen = _chosen(options)
        result = self._new(chosen)
        if chosen["checkOnly"]:
            self.packages[result["id"]] = (package, chosen)
            while len(self.packages) > KEPT_PACKAGES:
                self.packages.popitem(last=False)
        threading.Thread(target=self._work, args=(result, package, chosen), name="deploy", daemon=True).start()
        return result

    def _new(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        now = self._now()
        result: dict[str, Any] = {
            "id": self.org.storage.new_ids("0Af", 1)[0],
            "status": "Pending",
            "done": False,
            "success": False,
            "checkOnly": chosen["checkOnly"],
            "rollbackOnError": chosen["rollbackOnError"],
            "ignoreWarnings": chosen["ignoreWarnings"],
            "runTestsEnabled": chosen["testLevel"] not in (None, "NoTestRun"),
            "createdBy": self.org.acting_user(),
            "createdByName": self._my_name(),
            "createdDate": now,
            "lastModifiedDate": now,
            "numberComponentsTotal": 0,
            "numberComponentsDeployed": 0,
            "numberComponentErrors": 0,
            "numberTestsTotal": 0,
            "numberTestsCompleted": 0,
            "numberTestErrors": 0,
            "details": _details([], []),
        }
        self.known[result["id"]] = result
        while len(self.known) > KEPT:
            self.known.popitem(last=False)
        return result

    def _my_name(self) -> str:
        with self.org.storage.lock:
            query = "SELECT Name FROM User WHERE Id = ?"
            row = self.org.storage.connection.execute(query, (self.org.acting_user(),)).fetchone()
        return str(row[0]) if row else self.org.identity.username

    def _now(self) -> str:
        return self.org.now()

    def find(self, deploy_id: str) -> dict[str, Any]:
        """The DeployResult of 15 or 18 characters of id. Raises ApiError 404."""
        for known, result in reversed(self.known.items()):
            if deploy_id in (known, known[:15]):
                return result
        raise ApiError(404, "INVALID_CROSS_REFERENCE_KEY", f"invalid cross reference id: {deploy_id}")

    def cancel(self, deploy_id: str) -> dict[str, Any]:
        """Asks a deployment to stop; one that has ended stays as it is."""
        result = self.find(deploy_id)
        if not result["done"]:
            result.update(status="Canceling", canceledBy=self.org.acting_user(), canceledByName=self._my_name())
        return result

    def quick(self, validation_id: str) -> dict[str, Any]:
        """Deploys what a check of the last ten days found good. Raises ApiError 400."""
        checked = self.find(validation_id)
        kept = self.packages.get(checked["id"])
        ended = checked.get("completedDate")
        late = ended is not None and self.org.clock.now() - _moment(ended) > VALID_FOR
        if kept is None or not checked["success"] or not checked["runTestsEnabled"] or late:
            rule = "it must be a check that ran tests and succeeded within the last 10 days"
            raise ApiError(400, "INVALID_ID_FIELD", f"The validation {validation_id} is not eligible: {rule}")
        package, options = kept
        return self.start(package, options | {"checkOnly": False, "testLevel": None})

    def _work(self, result: dict[str, Any], package: bytes, options: Mapping[str, Any]) -> None:
        try:
            self._wait(result)
            result.update(status="InProgress", startDate=self._now())
            ended = self._apply(result, package, options)
        except _Canceled:
            ended = "Canceled"
            result.update(success=False, numberComponentsDeployed=0)
        except Exception as error:
            ended = "Failed"
            result.update(errorMessage=str(error), errorStatusCode="UNKNOWN_EXCEPTION", success=False)
        now = self._now()
        result.update(status=ended, completedDate=now, lastModifiedDate=now, stateDetail=None)
        result["done"] = True

    def _wait(self, result: dict[str, Any]) -> None:
        """Stands in the queue, when a fault makes it slow."""
        fault = self.org.faults.take("slow_job", kind="deploy")
        until = time.monotonic() + (fault.seconds if fault else 0)
        while result["status"] != "Canceling" and time.monotonic() < until:
            time.sleep(_LOOK)
        _stop_if_canceled(result)

    def _apply(self, result: dict[str, Any], package: bytes, options: Mapping[str, Any]) -> str:
        """Applies the package; how the deployment ended."""
        try:
            read = metadata.read_package(package)
        except metadata.BadPackage as error:
            told = metadata.DeployResult(failures=[refused("", error.path.rpartition("/")[2], error.path, str(error))])
            _tell(result, told, self._now())
            return "Failed"

        def watch(done: metadata.DeployResult) -> None:
            _stop_if_canceled(result)
            _count(result, done)

        done = carry_out(
            self.org,
            read,
            check_only=result["checkOnly"],
            rollback_on_error=result["rollbackOnError"],
            allow_missing=bool(options["allowMissingFiles"]),
            watch=watch,
        )
        _tell(result, done, self._now())
        if result["success"]:
            return "Succeeded"
        return "Failed" if result["rollbackOnError"] else "SucceededPartial"


def _stop_if_canceled(result: Mapping[str, Any]) -> None:
    if result["status"] == "Canceling":
        raise _Canceled


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _chosen(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as this org reads them. Raises ApiError 400 for one that is not one."""
    chosen: dict[str, Any] = {"rollbackOnError": True, "singlePackage": True}
    for name in OPTIONS:
        value = options.get(name, chosen.get(name, False))
        if value is None:
            value = chosen.get(name, False)
        if not isinstance(value, bool):
            raise ApiError(400, "INVALID_TYPE", f"{name} must be true or false, not {json.dumps(value)}")
        chosen[name] = value
    level = options.get("testLevel")
    if level not in (None, *_TEST_LEVELS):
        raise ApiError(400, "INVALID_TYPE", f"'{level}' is not a valid value for the enum 'TestLevel'")
    if level == "RunSpecifiedTests" and not options.get("runTests"):
        raise ApiError(400, "INVALID_OPERATION", "runTests must be specified when testLevel is RunSpecifiedTests")
    return chosen | {"testLevel": level}


def _count(result: dict[str, Any], done: metadata.DeployResult) -> None:
    result.update(
        numberComponentsTotal=max(done.total, len(done.successes) + len(done.failures)),
        numberComponentsDeployed=len(done.successes),
        numberComponentErrors=len(done.failures),
    )


def _tell(result: dict[str, Any], done: metadata.DeployResult, now: str) -> None:
    good = [one.told(success=True, now=now) for one in done.successes]
    bad = [one.told(success=False, now=now) for one in done.failures]
    result.update(
        success=not bad,
        numberComponentsTotal=len(good) + len(bad),
        numberComponentsDeployed=len(good),
        numberComponentErrors=len(bad),
        details=_details(good, bad),
    )


def _details(good: list[dict[str, Any]], bad: list[dict[str, Any]]) -> dict[str, Any]:
    tests = {"numFailures": 0, "numTestsRun": 0, "totalTime": 0.0}
    return {"componentFailures": bad, "componentSuccesses": good, "runTestResult": tests}


def told(result: Mapping[str, Any], *, details: bool) -> dict[str, Any]:
    """A copy of a result to be sent, without its details unless they were asked for."""
    copy = dict(result)
    if not details:
        copy["details"] = None
    return copy
