"""posting.py: the post as a process of its own."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial

import pytest

from pipeline import outbox
from pipeline.audience.consent import Consent
from pipeline.audience.subscriber import Preferences
from pipeline.delivery.transport import FOLDER
from pipeline.settings import read_settings
from pipeline.web.signup import posting, running
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
    for child in posting.multiprocessing.active_children():
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

    assert in_a_loop(working()) < posting.PAUSE
    assert children() == []


def test_a_post_that_ends(folder, settings, monkeypatch, caplog):
    """A process that is killed is followed by another one, which sends what waits."""
    monkeypatch.setattr(posting, "PAUSE", 0.01)
    ask(folder, settings, "ann@example.com")

    async def working():
        post = posting.PostProcess(partial(running.open_post, folder, settings))
        task = asyncio.create_task(post.run())
        await letters(folder, 1)
        os.kill(children()[0], signal.SIGKILL)
        await asyncio.to_thread(ask, folder, settings, "ben@example.com")
        await letters(folder, 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    in_a_loop(working())
    assert [record.getMessage() for record in caplog.records] == [
        "the post has ended, with exit code -9; it begins anew"
    ]
    assert children() == []


def test_a_post_that_is_told_to_end_while_it_begins(folder, settings, caplog):
    """What Ctrl-C tells all processes at once is nothing to one that has only just been started."""
    ask(folder, settings, "ann@example.com")

    async def working():
        post = posting.PostProcess(partial(running.open_post, folder, settings))
        task = asyncio.create_task(post.run())
        await asyncio.sleep(0)
        for told in (signal.SIGINT, signal.SIGTERM):
            os.kill(children()[0], told)
        await letters(folder, 1)
        post.stop()
        await asyncio.wait_for(task, SECONDS)

    in_a_loop(working())
    assert caplog.messages == []


def test_no_room_for_a_process(folder, settings, monkeypatch, caplog):
    """Where the system has no room for a process, letters go out once it has."""
    monkeypatch.setattr(posting, "PAUSE", 0.01)
    ask(folder, settings, "ann@example.com")
    start, refused = posting.PostProcess._start, [BlockingIOError("ann@example.com"), RuntimeError("no thread")]

    def refusing(post):
        if refused:
            raise refused.pop()
        return start(post)

    monkeypatch.setattr(posting.PostProcess, "_start", refusing)

    async def working():
        post = posting.PostProcess(partial(running.open_post, folder, settings))
        task = asyncio.create_task(post.run())
        await letters(folder, 1)
        post.stop()
        await asyncio.wait_for(task, SECONDS)

    in_a_loop(working())
    assert [one.partition(" at ")[0] for one in caplog.messages] == [
        "the post can't begin: RuntimeError",
        "the post can't begin: BlockingIOError",
    ]
    assert "ann@" not in caplog.text


SERVICE = """
    import asyncio
    import multiprocessing
    from functools import partial
    from pathlib import Path
    from pipeline.settings import read_settings
    from pipeline.web.signup import posting, running

    async def serve():
        folder = Path({folder!r})
        settings = read_settings({{"SECRET_KEY": {secret!r}}}, folder)
        task = asyncio.create_task(posting.PostProcess(partial(running.open_post, folder, settings)).run())
        await asyncio.sleep(0)
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        await task

    if __name__ == "__main__":
        asyncio.run(serve())
"""


def test_a_service_that_is_killed(folder, settings):
    """The process ends with the service, however that ends; what Ctrl-C tells both it leaves to the service."""
    script = folder / "service.py"
    script.write_text(textwrap.dedent(SERVICE.format(folder=str(folder), secret=SECRET)))
    ask(folder, settings, "ann@example.com")
    environment = {**os.environ, "PYTHONPATH": str(folders.REPOSITORY)}
    with subprocess.Popen([sys.executable, script], env=environment, stdout=subprocess.PIPE) as service:
        post = int(service.stdout.readline())
        in_a_loop(letters(folder, 1))
        for ignored in (signal.SIGINT, signal.SIGTERM):
            os.kill(post, ignored)
        ask(folder, settings, "ben@example.com")
        in_a_loop(letters(folder, 2))
        service.kill()
        service.communicate(timeout=SECONDS)  # until nobody has its output any more
