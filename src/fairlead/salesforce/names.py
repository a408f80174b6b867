"""API names of our own objects and fields in the org.

`tests/repository/` holds this file against the metadata in `salesforce/`.
"""

from typing import Final

CLIENT: Final = "CM_Client__c"
LIST: Final = "CM_List__c"
MEMBER: Final = "CM_Member__c"
CAMPAIGN: Final = "CM_Campaign__c"
TRACKING: Final = "CM_Tracking__c"
JOURNEY: Final = "CM_Journey__c"
JOURNEY_EMAIL: Final = "CM_Journey_Email__c"
SUPPRESSION: Final = "CM_Suppression__c"
REQUEST: Final = "CM_Request__e"
REQUEST_RESULT: Final = "CM_Request_Result__e"
SETTINGS: Final = "Fairlead_Settings__c"
NOTICE: Final = "Fairlead_Notice"
OBJECTS: Final = (CLIENT, LIST, MEMBER, CAMPAIGN, TRACKING, JOURNEY, JOURNEY_EMAIL, SUPPRESSION)
"""Our objects with records that people see."""

CLIENT_KEY: Final = "Client_Id__c"
LIST_KEY: Final = "List_Id__c"
MEMBER_KEY: Final = "Member_Key__c"
CAMPAIGN_KEY: Final = "Campaign_Id__c"
TRACKING_KEY: Final = "Tracking_Key__c"
JOURNEY_KEY: Final = "Journey_Id__c"
JOURNEY_EMAIL_KEY: Final = "Email_Id__c"
SUPPRESSION_KEY: Final = "Suppression_Key__c"

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
    "Consent_To_Track__c",
    "Mobile_Number__c",
    "Consent_To_Send_SMS__c",
    "Sync_Run__c",
)

PERIODS: Final = ("Today", "Yesterday", "This_Week", "This_Month", "This_Year")
CLIENT_FIGURES: Final = ("Total_Suppressed__c", "Last_Synced__c")
LIST_FIGURES: Final = (
    "Total_Active__c",
    *(f"New_Active_{period}__c" for period in PERIODS),
    "Total_Unsubscribed__c",
    *(f"Unsubscribed_{period}__c" for period in PERIODS),
    "Total_Deleted__c",
    *(f"Deleted_{period}__c" for period in PERIODS),
    "Total_Bounced__c",
    *(f"Bounced_{period}__c" for period in PERIODS),
    "Total_Unconfirmed__c",
    "Prevent_Member_Sync__c",
    "Last_Synced__c",
)
MEMBER_FIGURES: Final = (
    "Sent__c",
    "Opened__c",
    "Clicked__c",
    "Bounced__c",
    "Last_Activity_Date__c",
    "Import_Source__c",
)
CAMPAIGN_FIELDS: Final = (
    "Campaign_Id__c",
    "Name",
    "Client__r.Client_Id__c",
    "Salesforce_Campaign__c",
    "Subject__c",
    "From_Name__c",
    "From_Email__c",
    "Reply_To__c",
    "Sent_Date__c",
    "Tags__c",
    "Recipients__c",
    "Opens__c",
    "Unique_Opens__c",
    "Clicks__c",
    "Bounces__c",
    "Unsubscribes__c",
    "Spam_Complaints__c",
    "Forwards__c",
    "Likes__c",
    "Mentions__c",
    "Suspicious_Opens__c",
    "Suspicious_Clicks__c",
    "Web_Version__c",
    "Text_Version__c",
    "Worldview__c",
    "Sync_Run__c",
)
TRACKING_FIELDS: Final = (
    "Tracking_Key__c",
    "Activity__c",
    "Activity_Date__c",
    "Email__c",
    "Email_Type__c",
    "Campaign__r.Campaign_Id__c",
    "Journey_Email__r.Email_Id__c",
    "List__r.List_Id__c",
    "Contact__c",
    "Lead__c",
    "URL_Clicked__c",
    "Bounce_Type__c",
    "Bounce_Reason__c",
    "IP_Address__c",
    "City__c",
    "Region__c",
    "Country_Code__c",
    "Country_Name__c",
    "Location__Latitude__s",
    "Location__Longitude__s",
    "Suspicious__c",
    "Sync_Run__c",
)
JOURNEY_FIELDS: Final = ("Journey_Id__c", "Name", "List__r.List_Id__c", "Status__c", "Trigger_Type__c", "Sync_Run__c")
JOURNEY_EMAIL_FIELDS: Final = (
    "Email_Id__c",
    "Name",
    "Journey__r.Journey_Id__c",
    "Sent__c",
    "Opens__c",
    "Unique_Opens__c",
    "Clicks__c",
    "Bounces__c",
    "Unsubscribes__c",
    "Sync_Run__c",
)
SUPPRESSION_FIELDS: Final = (
    "Suppression_Key__c",
    "Client__r.Client_Id__c",
    "Email__c",
    "Suppressed_Date__c",
    "Reason__c",
    "Contact__c",
    "Lead__c",
    "Sync_Run__c",
)
REQUEST_FIELDS: Final = (
    "Action__c",
    "Record_Id__c",
    "List_Id__c",
    "Mapping_Id__c",
    "Field__c",
    "Value__c",
    "Request_Id__c",
)
REQUEST_ACTIONS: Final = (
    "add_to_list",
    "update",
    "set_field",
    "remove_from_list",
    "unsubscribe",
    "send_smart_email",
)
REQUEST_RESULT_FIELDS: Final = (
    "Request_Id__c",
    "Record_Id__c",
    "Action__c",
    "Outcome__c",
    "Code__c",
    "Message__c",
)
SETTINGS_FIELDS: Final = ("SetupOwnerId", "Address__c")

SALESFORCE_CAMPAIGN_FIELDS: Final = (
    "CM_Campaign__c",
    "CM_Campaign_Id__c",
    "CM_Email_Web_Version__c",
    "CM_Email_Text_Version__c",
    "CM_Worldview__c",
    "CM_Num_Recipients__c",
    "CM_Num_Opens__c",
    "CM_Num_Unique_Opens__c",
    "CM_Num_Clicks__c",
    "CM_Num_Bounced__c",
    "CM_Num_Unsubscribed__c",
    "CM_Num_Spam_Complaints__c",
    "CM_Num_Forwards__c",
    "CM_Num_Likes__c",
    "CM_Num_Mentions__c",
)
CAMPAIGN_MEMBER_FIELDS: Final = ("CM_Activity__c", "CM_Activity_Date__c", "CM_Opens__c", "CM_Clicks__c")
ACTIVITY_FIELDS: Final = (
    "CM_Smart_Email_Id__c",
    "CM_Smart_Email_Message_Id__c",
    "CM_Smart_Email_Recipient__c",
    "CM_Smart_Email_Status__c",
)
"""On tasks and events alike (`Activity` is the object that both take their custom fields from), and on e-mail messages."""
