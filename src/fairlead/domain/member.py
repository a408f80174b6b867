"""What a member is called in Salesforce, and the words for its state."""

STATES = ("Active", "Unconfirmed", "Unsubscribed", "Bounced", "Deleted")
"""The states in which Campaign Monitor lists subscribers, in the order in which they are read."""

MAX_NAME = 255
MAX_CUSTOM_FIELDS = 32_000  # characters that a field of a bulk job may have, fewer than the field itself holds
MAX_READS_WITH = 255
MAX_PHONE = 40

CONSENTS = frozenset({"", "Yes", "No"})
"""Words of a consent as Campaign Monitor tells it and as the org has them; a word that is not known is left blank."""
