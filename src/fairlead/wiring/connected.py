"""What is connected, for rooms that only need to know that."""

from fairlead.features.connections.models import CampaignMonitorAccount, SalesforceOrg, State
from fairlead.sync.standing import Standing


def standing_of(org_id: int) -> Standing:
    """Both sides as they were kept last. A failing one is connected: its credentials are there."""
    account = CampaignMonitorAccount.objects.filter(org=org_id).exclude(state=State.DISCONNECTED).exists()
    crm = SalesforceOrg.objects.filter(org=org_id).exclude(state=State.DISCONNECTED).first()
    if crm is None:
        return Standing(account)
    return Standing(account, True, crm.instance_url or crm.login_url, crm.org_id_18, crm.user_id)
