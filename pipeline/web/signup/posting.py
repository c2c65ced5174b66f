"""The post in a process of its own: letters are written and sent beside the answers, and not in their time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from functools import partial
from multiprocessing.connection import Connection

from pipeline.delivery.post import Post
from pipeline.web.signup.processes import ServiceProcess

# Whoever waits for an answer comes before whoever waits for a letter.
_NICE = 10
Opened = Callable[[], AbstractContextManager[Post]]


class PostProcess(ServiceProcess):
    """A Post elsewhere. ``opened`` opens it there."""

    def __init__(self, opened: Opened) -> None:
        super().__init__("post", partial(_post, opened))

    def begun(self, connection: Connection) -> None:
        os.set_blocking(connection.fileno(), False)

    def wake(self) -> None:
        """A letter waits."""
        if self._connection is not None:
            with suppress(BlockingIOError, BrokenPipeError):  # it is awake, or gone
                os.write(self._connection.fileno(), b"\0")


def _post(opened: Opened, wakes: Connection) -> None:
    os.nice(_NICE)
    with opened() as post:
        asyncio.run(_run(post, wakes))


async def _run(post: Post, wakes: Connection) -> None:
    loop = asyncio.get_running_loop()

    def heard() -> None:
        if os.read(wakes.fileno(), 65_536):
            post.wake()
        else:
            loop.remove_reader(wakes.fileno())
            post.stop()

    loop.add_reader(wakes.fileno(), heard)
    await post.run()
