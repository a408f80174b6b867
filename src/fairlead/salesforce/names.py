"""API names of our own objects and fields in the org.

`tests/repository/` holds this file against the metadata in `salesforce/`.
"""

from typing import Final

CLIENT: Final = "CM_Client__c"
LIST: Final = "CM_List__c"
MEMBER: Final = "CM_Member__c"

CLIENT_KEY: Final = "Client_Id__c"
LIST_KEY: Final = "List_Id__c"
MEMBER_KEY: Final = "Member_Key__c"

CLIENT_FIELDS: Final = ("Client_Id__c", "Name", "Time_Zone__c", "Status__c", "Sync_Run__c")
LIST_FIELDS: Final = (
    "List_Id__c",
    "Name",
    "Client__r.Client_Id__c",
    "Opt_In__c",
    "Unsubscribe_Setting__c",
    "Unsubscribe_Page__c",
    "Confirmation_Success_Page__c",
    "Sync_Run__c",
)
MEMBER_FIELDS: Final = (
    "Member_Key__c",
    "List__r.List_Id__c",
    "Email__c",
    "Full_Name__c",
    "State__c",
    "State_Date__c",
    "Joined_Date__c",
    "Contact__c",
    "Lead__c",
    "Reads_Email_With__c",
    "Custom_Fields__c",
    "Sync_Run__c",
)
