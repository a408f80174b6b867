"""Deploying metadata to the org, and following it to its end."""

from collections.abc import Sequence
from typing import Final

import aiohttp
import msgspec

from fairlead.salesforce.errors import SetupRefused
from fairlead.salesforce.package import PackageError, package_from_source
from fairlead.salesforce.polling import Polling, Progress, poll
from fairlead.salesforce.transport import Transport, segment

__all__ = [
    "ComponentFailure",
    "ComponentSuccess",
    "DeployResult",
    "Details",
    "Metadata",
    "PackageError",
    "package_from_source",
]

_OPTIONS: Final = {
    "rollbackOnError": True,
    "singlePackage": True,
    "ignoreWarnings": True,
    "allowMissingFiles": False,
    "autoUpdatePackage": False,
    "purgeOnDelete": False,
}


class ComponentFailure(msgspec.Struct, frozen=True, rename="camel"):
    """Why one component was refused, and where in its file."""

    full_name: str | None = None
    component_type: str | None = None
    problem: str | None = None
    problem_type: str | None = None
    line_number: int | None = None

    def __str__(self) -> str:
        line = f" (line {self.line_number})" if self.line_number else ""
        return f"{self.component_type} {self.full_name}{line}: {self.problem}"


class ComponentSuccess(msgspec.Struct, frozen=True, rename="camel"):
    """What became of one component that was taken."""

    full_name: str | None = None
    component_type: str | None = None
    created: bool = False
    changed: bool = False
    deleted: bool = False


class TestFailure(msgspec.Struct, frozen=True, rename="camel"):
    """An Apex test that a deployment ran and that failed."""

    name: str | None = None
    method_name: str | None = None
    message: str | None = None

    def __str__(self) -> str:
        return f"ApexTest {self.name}.{self.method_name}: {self.message}"


class Tests(msgspec.Struct, frozen=True, rename="camel"):
    """What became of the Apex tests of a deployment."""

    failures: list[TestFailure] = []


class Details(msgspec.Struct, frozen=True, rename="camel"):
    """Component by component, how a deployment went."""

    component_failures: list[ComponentFailure] = []
    component_successes: list[ComponentSuccess] = []
    run_test_result: Tests = Tests()


class DeployResult(msgspec.Struct, frozen=True, rename="camel"):
    """How far a deployment is, or how it ended. `check_only` ones change nothing."""

    status: str
    done: bool = False
    success: bool = False
    check_only: bool = False
    id: str = ""
    total: int = msgspec.field(name="numberComponentsTotal", default=0)
    deployed: int = msgspec.field(name="numberComponentsDeployed", default=0)
    errors: int = msgspec.field(name="numberComponentErrors", default=0)
    error_message: str | None = None
    details: Details | None = None

    @property
    def failures(self) -> list[ComponentFailure]:
        """The components that were refused."""
        return self.details.component_failures if self.details else []

    @property
    def test_failures(self) -> list[TestFailure]:
        """The Apex tests that failed."""
        return self.details.run_test_result.failures if self.details else []

    @property
    def successes(self) -> list[ComponentSuccess]:
        """The components that were taken; an ended deployment tells them."""
        return self.details.component_successes if self.details else []

    def raise_for_failure(self) -> None:
        """Raise SetupRefused naming the first refused components, unless it succeeded."""
        if self.success:
            return
        refused = [*self.failures, *self.test_failures]
        reasons = [str(failure) for failure in refused[:5]] or [self.error_message or self.status]
        raise SetupRefused(
            f"The deployment ended as {self.status}. " + "; ".join(reasons) + ".",
            code="deploy_failed",
            next_step="Correct these components, or the org's settings they need, and deploy again.",
        )


class _Deployment(msgspec.Struct, rename="camel"):
    deploy_result: DeployResult
    id: str = ""


class Metadata:
    """Deployments to one org."""

    def __init__(self, transport: Transport, pace: Polling) -> None:
        self._transport = transport
        self._pace = pace

    def _path(self, *parts: str) -> str:
        return "/".join((f"{self._transport.data}/metadata/deployRequest", *map(segment, parts)))

    async def deploy(
        self,
        package: bytes,
        *,
        check_only: bool = False,
        on_progress: Progress | None = None,
        tests: Sequence[str] = (),
    ) -> DeployResult:
        """Deploy a zip and wait for its end, whatever it is; all or nothing. See `DeployResult.raise_for_failure`.

        `tests` are Apex classes whose tests the deployment runs, in place of those that the org would choose.
        Safe to repeat: deploying the same again changes nothing.
        """
        deploy_id = await self.start(package, check_only=check_only, tests=tests)
        return await self.wait(deploy_id, on_progress)

    async def start(self, package: bytes, *, check_only: bool = False, tests: Sequence[str] = ()) -> str:
        """Hand a zip to the org; gives the deployment's id."""
        chosen = {"testLevel": "RunSpecifiedTests", "runTests": list(tests)} if tests else {}
        options = msgspec.json.encode({"deployOptions": {**_OPTIONS, **chosen, "checkOnly": check_only}}).decode()

        def form() -> aiohttp.FormData:
            data = aiohttp.FormData(default_to_multipart=True)
            data.add_field("json", options, content_type="application/json")
            data.add_field("file", package, content_type="application/zip", filename="package.zip")
            return data

        deployment = await self._transport.ask(
            "POST", self._path(), lambda answer: answer.decode(_Deployment), door="deploy", body=form
        )
        return deployment.id or deployment.deploy_result.id

    async def status(self, deploy_id: str) -> DeployResult:
        """How far the deployment is."""
        found = await self._transport.json(
            self._path(deploy_id), _Deployment, door="deploy status", params={"includeDetails": "true"}
        )
        return found.deploy_result

    async def wait(self, deploy_id: str, on_progress: Progress | None = None) -> DeployResult:
        """Poll until the deployment has ended; `on_progress` (plain or async) hears each DeployResult."""
        return await poll(lambda: self.status(deploy_id), lambda result: result.done, self._pace, on_progress)

    async def cancel(self, deploy_id: str) -> None:
        """Ask the org to stop a deployment; `wait` tells when it has."""
        await self._transport.request(
            "PATCH", self._path(deploy_id), door="deploy cancel", json={"deployResult": {"status": "Canceling"}}
        )
