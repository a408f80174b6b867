"""Who may use Fairlead: sign-in through Salesforce, roles from permission sets, sessions."""
