"""posting.py: the post as a process of its own."""

import asyncio
import multiprocessing
import os
import time
from functools import partial

import pytest

from pipeline import outbox
from pipeline.audience.consent import Consent
from pipeline.audience.subscriber import Preferences
from pipeline.delivery.transport import FOLDER
from pipeline.settings import read_settings
from pipeline.web.signup import posting, processes, running
from tests import folders
from tests.loops import in_a_loop
from tests.web.signup.serving import SECONDS, SECRET

# Each test starts processes.
pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path):
    return folders.make(tmp_path)


@pytest.fixture
def settings(folder):
    return read_settings({"SECRET_KEY": SECRET}, folder)


def ask(folder, settings, address):
    """Somebody signs up; a letter waits."""
    with running.open_post(folder, settings) as post:
        now = post._clock()
        post._store.ask(address, "", Preferences(), Consent("asked", now, "form", wording="Yes", language="en"), now)


async def letters(folder, count):
    async with asyncio.timeout(SECONDS):
        while len(found := list((folder / outbox.FOLDER / FOLDER).glob("*.eml"))) < count:
            await asyncio.sleep(0.05)
    return len(found)


def children():
    """The processes that are named after the post."""
    found = []
    for child in multiprocessing.active_children():
        found += [child.pid] if child.name == "post" else []
    return found


def test_letters_go_out(folder, settings):
    """What waits when it begins goes out, and what comes later as soon as it is woken; then it ends when told. For a
    processor it waits behind those who answer."""
    ask(folder, settings, "ann@example.com")

    async def working():
        post = posting.PostProcess(partial(running.open_post, folder, settings))
        task = asyncio.create_task(post.run())
        await letters(folder, 1)
        assert os.getpriority(os.PRIO_PROCESS, children()[0]) == min(os.getpriority(os.PRIO_PROCESS, 0) + 10, 19)
        await asyncio.to_thread(ask, folder, settings, "ben@example.com")
        begun = time.monotonic()
        post.wake()
        await letters(folder, 2)
        took = time.monotonic() - begun
        post.stop()
        await asyncio.wait_for(task, SECONDS)
        post.wake()
        return took

    assert in_a_loop(working()) < processes.PAUSE
    assert children() == []
