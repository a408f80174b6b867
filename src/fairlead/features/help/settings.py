"""Settings of the help: the language model that may answer questions, if an admin sets one. Its key is no setting: it is
sealed (`asking_model`).
"""

from typing import Any, Final

from fairlead.domain.setting import Number, Setting, Text

URL: Final = Text(
    name="help.model_url",
    title="Address of a language model",
    help="Questions to the help are then answered by a language model from the passages that the help finds: the question, "
    "scrubbed, and these passages go to this address (OpenAI-compatible, such as https://models.example.com/v1), nothing "
    "else. Blank: no model is asked, and the help answers with what its pages say.",
    default="",
)
NAME: Final = Text(
    name="help.model_name",
    title="Name of the language model",
    help="The model's name as the service at that address calls it.",
    default="",
    most=120,
)
SECONDS: Final = Number(
    name="help.model_seconds",
    title="Wait for the language model",
    help="Answers that take longer are not waited for: what the pages say is shown instead.",
    default=20,
    unit="seconds",
    least=1,
    most=120,
)
SETTINGS: Final[tuple[Setting[Any], ...]] = (URL, NAME, SECONDS)
