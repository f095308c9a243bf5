"""Questions that a worker asks its crew, each with an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

from transfer.processes.channel import Channel
from transfer.processes.messages import Answer, Message


class Correspondence:
    """The worker's end of the channel, with those who wait for answers."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.tell = channel.send
        self.keep_up = channel.drain

    async def ask(self, question: Callable[[int], Message]) -> Any:
        """The answer to the message that ``question`` makes of a number. Raises the error that is the answer."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._channel.send_now(question(number))
        try:
            return await answer
        finally:
            del self._waiting[number]

    def answered(self, answer: Answer) -> None:
        """Pass an answer on; nobody may wait for it any more."""
        waiting = self._waiting.get(answer.number)
        if waiting is None or waiting.done():
            return
        if answer.error is None:
            waiting.set_result(answer.value)
        else:
            waiting.set_exception(answer.error)
