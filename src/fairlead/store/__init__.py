"""Tables that belong to no single room: org, ledger, secrets, audit."""
