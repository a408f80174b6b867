"""Questions of several tasks put together: what is asked within a moment is asked by one call."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from fairlead.domain.failure import Failure

Asked = TypeVar("Asked")
Told = TypeVar("Told")

A_MOMENT_S: Final = 0.1
"""How long the first who asks waits for company: less than what the calls cost that it spares."""


@dataclass(slots=True)
class _Batch(Generic[Asked, Told]):
    questions: list[Asked]
    answers: "asyncio.Task[Sequence[Told]]"


@dataclass(slots=True)
class Gathering(Generic[Asked, Told]):
    """`ask` gives one answer a question, in the order of the questions.

    Where the joint call fails, everybody asks alone: nobody fails of what others ask, and each has a Failure of its own.
    """

    ask: Callable[[Sequence[Asked]], Awaitable[Sequence[Told]]]
    wait_s: float = A_MOMENT_S
    _open: _Batch[Asked, Told] | None = None
    _users: dict[int, int] = field(default_factory=dict)

    async def __call__(self, questions: Sequence[Asked]) -> Sequence[Told]:
        """The answers to these questions. Raises what `ask` raises."""
        if not questions:
            return ()
        if self._open is None:
            gathered: list[Asked] = []
            self._open = _Batch(gathered, asyncio.create_task(self._soon(gathered)))
        batch, first = self._open, len(self._open.questions)
        batch.questions.extend(questions)
        joint = batch.answers
        self._users[id(joint)] = self._users.get(id(joint), 0) + 1
        try:
            answers = await asyncio.shield(joint)
        except Failure:
            if len(batch.questions) == len(questions):
                raise
            return await self.ask(questions)
        finally:
            self._leave(joint)
        return answers[first : first + len(questions)]

    async def _soon(self, questions: Sequence[Asked]) -> Sequence[Told]:
        try:
            await asyncio.sleep(self.wait_s)
        finally:
            self._open = None
        return await self.ask(questions)

    def _leave(self, joint: "asyncio.Task[Sequence[Told]]") -> None:
        """The last who leaves a call that is still going on, because it was cancelled, ends it."""
        left = self._users.pop(id(joint)) - 1
        if left:
            self._users[id(joint)] = left
        elif not joint.done():
            self._open = None
            joint.cancel()
