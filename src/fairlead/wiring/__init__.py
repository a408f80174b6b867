"""The one place where clients, store and rooms are joined. Import it when Django is set up (`store.boot.prepare`)."""

from fairlead.features.billing import flow as billing_flow
from fairlead.features.billing import keeping as billing_keeping
from fairlead.features.billing import rules as billing
from fairlead.features.connections import jobs as connections_jobs
from fairlead.features.connections import signing_in
from fairlead.features.flow_requests import rules as flow_requests
from fairlead.features.flow_requests import taking
from fairlead.features.import_wizard import running as imports
from fairlead.features.maintenance import layouts, notifying
from fairlead.features.maintenance import rules as maintenance
from fairlead.features.maintenance.listening import Listener
from fairlead.features.moving_in import acts as moving_in
from fairlead.features.moving_in import flow as moving_in_flow
from fairlead.features.moving_in import ports as moving_in_ports
from fairlead.features.opt_status import explaining as opt_status_explaining
from fairlead.features.opt_status import hearing as opt_status_hearing
from fairlead.features.opt_status import rules as opt_status
from fairlead.features.org_changes import listening
from fairlead.features.org_changes import rules as org_changes
from fairlead.features.org_changes.offered import offer
from fairlead.features.people import managing
from fairlead.features.permissions import salesforce_sign_in
from fairlead.features.primary_sync import flow as primary_sync_flow
from fairlead.features.primary_sync import rules as primary_sync
from fairlead.features.setup import flow as setup_flow
from fairlead.features.subscriber_rules import explaining as rules_explaining
from fairlead.features.subscriber_rules import past as rules_past
from fairlead.features.transactional_email import queue as smart_email_queue
from fairlead.features.transactional_email import running as smart_emails
from fairlead.features.transactional_email.rules import words as transactional
from fairlead.features.webhooks import receiving, repairing
from fairlead.jobs import companions, hearing, pausing, registry, schedules
from fairlead.jobs.measuring import Measuring
from fairlead.sync import explaining, heard, known, sides
from fairlead.sync import standing as sync_standing
from fairlead.wiring.both_sides import StoredSides, ledger_keys, open_campaign_monitor, open_salesforce, open_sides
from fairlead.wiring.connected import standing_of
from fairlead.wiring.holding import held, may_write
from fairlead.wiring.reactions import IF_PAUSED, REACTIONS
from fairlead.wiring.run_changes import run_org_changes
from fairlead.wiring.run_opt_status import run_opt_status
from fairlead.wiring.run_requests import HEARD, run_requests, watch_requests
from fairlead.wiring.run_sync import run_primary_sync
from fairlead.wiring.run_webhooks import known_clients, repair_webhooks, run_webhook_look, run_webhook_repair
from fairlead.wiring.stages import PRIMARY_SYNC_STAGES
from fairlead.wiring.taking_over import WRITERS, here

__all__ = [
    "PRIMARY_SYNC_STAGES",
    "ledger_keys",
    "open_campaign_monitor",
    "open_salesforce",
    "open_sides",
    "register_runners",
    "repair_webhooks",
    "run_primary_sync",
]


def register_runners() -> None:
    """Tell the engine what each kind of job runs, and everybody how sides are opened."""
    sides.provide(StoredSides())
    salesforce_sign_in.provide(signing_in.door)
    primary_sync_flow.offer(PRIMARY_SYNC_STAGES)
    registry.register(primary_sync.KIND, primary_sync.TITLE, run_primary_sync)
    for kind, title, runner in connections_jobs.RUNNERS:
        registry.register(kind, title, runner)
    registry.register(setup_flow.KIND, setup_flow.TITLE, setup_flow.install)
    # two runs over one list would each count what the other is about to take off
    registry.register(rules_past.KIND, rules_past.TITLE, held(rules_past.run_over_past), apart_from=(rules_past.KIND,))
    # two at once would each make what the other is about to make
    moving_in_ports.provide(WRITERS, here)
    registry.register(moving_in.KIND, moving_in.TITLE, moving_in_flow.run_move_in, apart_from=(moving_in.KIND,))
    explaining.provide("subscriber_rules", rules_explaining.say)
    explaining.provide_remembered("opt_status", opt_status_explaining.say)
    known.provide(known_clients)
    managing.provide(may_write)
    sync_standing.provide(standing_of)
    heard.provide(opt_status_hearing.listen)
    # both write members of a list from what they read before: the older reading must not be written last
    registry.register(receiving.LOOK, receiving.TITLE, run_webhook_look, apart_from=(primary_sync.KIND,))
    registry.register(opt_status.KIND, opt_status.TITLE, held(run_opt_status), apart_from=(primary_sync.KIND,))
    registry.register(repairing.KIND, repairing.TITLE, run_webhook_repair)
    registry.register(maintenance.NOTIFY, notifying.TITLE, notifying.run_notify)
    registry.register(layouts.KIND, layouts.TITLE, layouts.run_layouts)
    registry.register(imports.KIND, imports.TITLE, held(imports.run_import))
    schedules.provide(imports.KIND, imports.due)
    registry.register(billing.KIND, billing.TITLE, billing_flow.run)
    schedules.provide(billing.KIND, billing_keeping.due)
    pausing.provide(billing_keeping.paused)
    offer(REACTIONS, if_paused=IF_PAUSED)
    registry.register(org_changes.KIND, org_changes.TITLE, run_org_changes)
    registry.register(flow_requests.KIND, flow_requests.TITLE, run_requests)
    sends = held(smart_emails.run_sends, beside=False)
    # two jobs over the queue would send what the other is about to send
    registry.register(transactional.SENDS, transactional.SENDS_TITLE, sends, apart_from=(transactional.SENDS,))
    registry.register(
        transactional.LOOK, transactional.LOOK_TITLE, smart_emails.run_look, apart_from=(transactional.LOOK,)
    )
    schedules.provide(transactional.LOOK, smart_emails.due)
    taking.send_by(smart_email_queue.take)
    smart_email_queue.tell(taking.settled)
    listening.hear(HEARD)
    companions.provide(listening.listen, watch_requests, smart_emails.watch)
    hearing.provide(Listener(), Measuring())
