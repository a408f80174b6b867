"""Transactional e-mail: smart e-mails of Campaign Monitor, filled from records of Salesforce and sent once each."""
