"""What the room runs: the links before the tracking is read, the members after it is rolled up."""

from typing import Final

from fairlead.features.salesforce_campaigns import links, members
from fairlead.sync.stage import Stage

LINKS: Final = Stage(links.STAGE, "Salesforce campaigns", links.link_campaigns, needs=("clients",))
MEMBERS: Final = Stage(members.STAGE, "Campaign members", members.write_members, needs=(links.STAGE,))
