"""What is refused, and why: mappings that cannot work, e-mails that cannot be sent."""

from collections.abc import Sequence

from fairlead.domain.failure import FixTheSettings, FixThisRecord, WaitAndRetry
from fairlead.features.transactional_email.rules.words import LARGEST_DATA, MOST_RECIPIENTS, Wrong


class BadMapping(FixTheSettings):
    """A mapping that cannot work is not saved; all that is wrong is told at once."""

    code = "FL-610"
    next_step = "Correct this, then save the mapping again."

    def __init__(self, problems: Sequence[Wrong]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(f"{problem}." for problem in problems))


class AttachmentsRefused(FixTheSettings):
    """Files do not go with smart e-mails (F89)."""

    code = "FL-611"
    next_step = "Put the file where the reader may fetch it, and a link to it into a variable."

    def __init__(self) -> None:
        super().__init__(
            "Attachments are not sent: spam filters hold e-mails with files back, and nobody learns who opened one."
        )


class NoSuchMapping(FixTheSettings):
    """The mapping is not there, or no longer."""

    code = "FL-612"
    status = 404
    next_step = "Copy the id of a mapping from the page Transactional e-mail, or from `fairlead transactional list`."

    def __init__(self, mapping: str) -> None:
        super().__init__(f"There is no smart e-mail mapping {mapping[:64]!r}.")


class NoSuchSmartEmail(FixTheSettings):
    """The smart e-mail is not one that Fairlead has seen in a selected client."""

    code = "FL-613"
    next_step = "Refresh the list of smart e-mails: `fairlead transactional refresh`, or the button on the page."

    def __init__(self, smart: str) -> None:
        super().__init__(f"Fairlead knows no smart e-mail {smart[:64]!r}.")


class NoSuchRecord(FixThisRecord):
    """The record of a send is gone, hidden, or of another object."""

    code = "FL-614"
    next_step = "Look whether the record is there, and whether the user whom Fairlead signs in as may read it."

    def __init__(self, object: str) -> None:
        super().__init__(f"There is no such record of {object}.")


class NoRecipient(FixThisRecord):
    """Nobody stands in the line To."""

    code = "FL-615"
    next_step = "Fill the record's e-mail field, or map another recipient."

    def __init__(self) -> None:
        super().__init__("No recipient is left: the fields that the mapping takes them from are blank.")


class BadRecipient(FixThisRecord):
    """A recipient's field holds something that is no address."""

    code = "FL-616"
    next_step = "Correct the field in Salesforce, then send again."

    def __init__(self, where: str) -> None:
        super().__init__(f"What stands in {where} is no e-mail address.")


class TooManyRecipients(FixThisRecord):
    """More recipients than one e-mail may have."""

    code = "FL-617"
    next_step = "Map fewer recipients, or filter the children that they come from."

    def __init__(self, found: int) -> None:
        super().__init__(f"The e-mail would have {found} recipients; Campaign Monitor takes {MOST_RECIPIENTS}.")


class TooMuchData(FixThisRecord):
    """The variables are larger than Campaign Monitor takes."""

    code = "FL-618"
    next_step = "Lower the limit of a list of children, or map shorter fields."

    def __init__(self, size: int) -> None:
        super().__init__(f"The variables have {size:,} bytes; Campaign Monitor takes {LARGEST_DATA:,}.")


class MappingDoesNotFit(FixTheSettings):
    """Salesforce does not understand the mapping's fields any more."""

    code = "FL-619"
    next_step = "Open the mapping and save it again: what does not fit is told there. Then send again."

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The mapping “{name}” does not fit Salesforce any more: a field was deleted, hidden or changed."
        )


class SendRefused(FixThisRecord):
    """Campaign Monitor would not send this one e-mail."""

    code = "FL-600"
    next_step = "Correct the record, then send again."


class TooOld(FixThisRecord):
    """A send that waited for longer than it matters."""

    code = "FL-601"
    next_step = (
        "Ask for it under a new id if it should still be sent; `transactional_email.keep_days` says how long one waits."
    )

    def __init__(self, days: int) -> None:
        super().__init__(f"It waited for more than {days} days and was not sent.")


class RateLimitHit(WaitAndRetry):
    """Campaign Monitor's limit on transactional calls is used up (F83)."""

    code = "FL-602"
    next_step = "Nothing need be done: sending goes on when the limit begins anew."

    def __init__(self, after: float | None) -> None:
        super().__init__("Campaign Monitor takes no more transactional calls at the moment.", after=after)


class NotRecorded(FixThisRecord):
    """The e-mail is sent, but Salesforce did not take its task or e-mail message."""

    code = "FL-603"
    next_step = (
        "Look at the org's rules for tasks and e-mail messages. The e-mail itself is sent; it is not sent again."
    )


class NotAdded(FixThisRecord):
    """The e-mail is sent, but a recipient could not be added to the list."""

    code = "FL-604"
    next_step = "Look at the subscriber in Campaign Monitor. The e-mail itself is sent; it is not sent again."


class NoSuchSend(FixTheSettings):
    """No send of that id is remembered."""

    code = "FL-605"
    status = 404
    next_step = "Items of the queue are forgotten after some days; ask again under a new id."

    def __init__(self) -> None:
        super().__init__("No send of this id is remembered.")


class TestUnclear(WaitAndRetry):
    """The answer to a test was lost."""

    __test__ = False
    code = "FL-606"
    next_step = "Look into the mailbox, or into the message log in Campaign Monitor, before you send another test."

    def __init__(self) -> None:
        super().__init__("The answer was lost: nobody knows whether the test was sent.")


class NotActive(FixTheSettings):
    """The smart e-mail is a draft, or is gone."""

    code = "FL-607"
    next_step = "Activate the smart e-mail in Campaign Monitor, then send again."

    def __init__(self) -> None:
        super().__init__("Campaign Monitor sends no such smart e-mail: it is a draft, or it was deleted.")


class SendIdTaken(FixTheSettings):
    """Two different sends bear one id."""

    code = "FL-608"
    status = 409
    next_step = "Give each send an id of its own; repeat one only as it was."

    def __init__(self) -> None:
        super().__init__("Another send had this id, of another mapping or record.")


class NotRefused(FixTheSettings):
    """Only what was refused can be sent again: everything else is on its way or was sent."""

    code = "FL-609"
    next_step = "Ask under a new id if the same e-mail should be sent once more."

    def __init__(self) -> None:
        super().__init__("It was not refused, so it is not sent again.")
