"""Room: people of a Salesforce campaign, report, list view or query become subscribers of a list, now or on a schedule."""
