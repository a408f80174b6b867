"""What set-up runs: the installation in the org, as a job that may be stopped and begun again anywhere.

Deploying the same again changes nothing, so an attempt after a kill begins anew.
"""

from typing import Final

from asgiref.sync import sync_to_async
from django.conf import settings

from fairlead.domain.failure import Failure
from fairlead.features.setup import deploying, state
from fairlead.features.setup.models import RefusedComponent
from fairlead.jobs.context import Cancelled, JobContext, in_database
from fairlead.salesforce import installing, org_layouts
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.metadata import DeployResult
from fairlead.store import scrub
from fairlead.store.models import Org
from fairlead.sync import sides
from fairlead.sync.failures import salesforce_failures

KIND: Final = "install_package"
TITLE: Final = "Install in Salesforce"
PACKAGE, ACCESS, LAYOUTS = "package", "access", "layouts"
STAGES: Final = [(PACKAGE, "Objects and fields"), (ACCESS, "Access and address"), (LAYOUTS, "Page layouts")]


async def install(context: JobContext) -> None:
    """Deploy the package, give the sync user access, store our address; then the page layouts, if they were asked for."""
    layouts = bool(context.args.get("layouts"))
    await context.stages(STAGES if layouts else STAGES[:2])
    org = await sync_to_async(Org.objects.get)(id=context.org_id)
    async with sides.salesforce(context.org_id) as crm:
        await _package(context, crm)
        await in_database(state.note_installed, org)
        await _access(context, crm)
        if layouts:
            await _layouts(context, crm)


async def _package(context: JobContext, crm: Salesforce) -> None:
    await context.stage(PACKAGE, state="running", unit="components")
    with salesforce_failures("deploy its objects"):
        package = await deploying.package_for(crm, deploying.project())
        result = await _followed(context, crm, package)
    components = deploying.refused(result)
    await in_database(_note_refused, context.job_id, components)
    if not result.success:
        failure = deploying.refusal(result, components)
        await context.stage(PACKAGE, state="failed", message=failure.text)
        raise failure
    created = sum(each.created for each in result.successes)
    changed = sum(each.changed and not each.created for each in result.successes)
    await context.stage(PACKAGE, state="done", created=created, changed=changed)


async def _followed(context: JobContext, crm: Salesforce, package: bytes) -> DeployResult:
    """The deployment to its end; cancelled, the org is asked to stop it."""
    deployment = await crm.metadata.start(package)

    async def tell(now: DeployResult) -> None:
        await context.stage(PACKAGE, done=now.deployed, total=now.total or None)
        if not now.done:
            await context.check_cancelled()

    try:
        return await crm.metadata.wait(deployment, tell)
    except Cancelled:
        await crm.metadata.cancel(deployment)
        raise


def _note_refused(job_id: int, components: list[deploying.Refused]) -> None:
    RefusedComponent.objects.filter(job=job_id).delete()
    RefusedComponent.objects.bulk_create(
        RefusedComponent(
            job_id=job_id,
            kind=each.kind[:80],
            name=each.name[:255],
            line=each.line,
            problem=scrub.text(each.problem),
            next_step=each.next_step,
        )
        for each in components
    )


async def _access(context: JobContext, crm: Salesforce) -> None:
    await context.stage(ACCESS, state="running")
    with salesforce_failures("give its user access to what was deployed"):
        settled = await installing.settle(crm, str(settings.FAIRLEAD_PUBLIC_URL))
    await context.stage(ACCESS, state="done", message=" ".join(settled.problems) or None)


async def _layouts(context: JobContext, crm: Salesforce) -> None:
    """What is refused here stops nothing: the layouts can be changed later, or by hand."""
    await context.check_cancelled()
    await context.stage(LAYOUTS, state="running")
    try:
        with salesforce_failures("change the page layouts"):
            changes = await org_layouts.plan(crm.retrieval)
            result = await org_layouts.carry_out(crm.metadata, changes, crm.api_version)
            result.raise_for_failure()
    except Failure as failure:
        await context.stage(LAYOUTS, state="failed", message=str(failure))
        return
    changed = sum(change.differs for change in changes)
    await context.stage(LAYOUTS, state="done", done=len(changes), total=len(changes), unit="layouts", changed=changed)
