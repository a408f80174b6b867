"""The account's state as an oracle wants it: everything, past the imitated API, as lines of JSON."""
