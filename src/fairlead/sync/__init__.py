"""The flow: pull, convert, compare, guard, push, commit; one file a step."""
