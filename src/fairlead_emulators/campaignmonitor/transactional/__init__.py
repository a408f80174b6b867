"""Smart and classic transactional e-mails, and their messages."""
