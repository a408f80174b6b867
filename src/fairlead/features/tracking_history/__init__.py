"""Room: what became of every e-mail, as records in Salesforce, and the totals made of it."""
