"""processes.py: work of the service's in a process of its own."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
from contextlib import asynccontextmanager
from functools import partial

import pytest

from pipeline.web.signup import processes
from pipeline.web.signup.processes import ServiceProcess
from tests import folders
from tests.loops import in_a_loop
from tests.web.signup.serving import SECONDS

# Each test starts processes.
pytestmark = pytest.mark.slow


def note(file, connection):
    """Writes down what it hears, a line each, after one that says that it is there."""
    heard = "there"
    with file.open("a") as lines:
        while heard:
            print(heard, file=lines, flush=True)
            try:
                heard = connection.recv()
            except EOFError:
                return


def fail(file, connection):
    if file.exists():
        return note(file, connection)
    file.touch()
    raise ValueError("ann@example.com")


async def lines(file, count):
    async with asyncio.timeout(SECONDS):
        while not file.exists() or len(found := file.read_text().split()) < count:
            await asyncio.sleep(0.01)
    return found


def child():
    """The only one."""
    (found,) = (one.pid for one in multiprocessing.active_children())
    return found


@asynccontextmanager
async def running(work):
    """The process, until the end of the block, after which it is told to end and does."""
    process = ServiceProcess("notary", work)
    task = asyncio.create_task(process.run())
    await asyncio.sleep(0)
    yield process
    process.stop()
    await asyncio.wait_for(task, SECONDS)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "PAUSE", 0.01)
    return tmp_path / "heard"


def test_until_it_is_stopped(file):
    """It hears what it is sent, and ends once it is told to."""

    async def working():
        async with running(partial(note, file)) as process:
            await lines(file, 1)
            process._connection.send("ann")

    in_a_loop(working())
    assert file.read_text().split() == ["there", "ann"]
    assert multiprocessing.active_children() == []


def test_one_that_ends(file, caplog):
    """One that is killed is followed by another; one that nobody waits for any more is ended."""

    async def working():
        process = ServiceProcess("notary", partial(note, file))
        task = asyncio.create_task(process.run())
        await lines(file, 1)
        os.kill(child(), signal.SIGKILL)
        await lines(file, 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    in_a_loop(working())
    assert caplog.messages == ["the notary has ended, with exit code -9; it begins anew"]
    assert multiprocessing.active_children() == []


def test_work_that_fails(file, caplog, capfd):
    """What fails there is told without a word of what it was about, and begun anew."""

    async def working():
        async with running(partial(fail, file)):
            await lines(file, 1)

    in_a_loop(working())
    assert caplog.messages == ["the notary has ended, with exit code 1; it begins anew"]
    told = capfd.readouterr().err
    assert told.startswith("the notary can't go on: ValueError at ") and "ann@" not in told


def test_told_to_end_while_it_begins(file, caplog):
    """What Ctrl-C tells all processes at once is nothing to one that has only just been started."""

    async def working():
        async with running(partial(note, file)):
            for number in (signal.SIGINT, signal.SIGTERM):
                os.kill(child(), number)
            await lines(file, 1)

    in_a_loop(working())
    assert caplog.messages == []


def test_no_room_for_a_process(file, monkeypatch, caplog):
    """Where the system has no room for a process, it begins once there is."""
    start, refused = ServiceProcess._start, [BlockingIOError("ann@example.com"), RuntimeError("no thread")]

    def refusing(process):
        if refused:
            raise refused.pop()
        return start(process)

    monkeypatch.setattr(ServiceProcess, "_start", refusing)

    async def working():
        async with running(partial(note, file)):
            await lines(file, 1)

    in_a_loop(working())
    assert [one.partition(" at ")[0] for one in caplog.messages] == [
        "the notary can't begin: RuntimeError",
        "the notary can't begin: BlockingIOError",
    ]
    assert "ann@" not in caplog.text


SERVICE = """
    import asyncio
    import multiprocessing
    from functools import partial
    from pathlib import Path
    from pipeline.web.signup.processes import ServiceProcess
    from tests.web.signup.test_processes import note

    async def serve():
        task = asyncio.create_task(ServiceProcess("notary", partial(note, Path({file!r}))).run())
        await asyncio.sleep(0)
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        await task

    if __name__ == "__main__":
        asyncio.run(serve())
"""


def test_a_service_that_is_killed(file, tmp_path):
    """The process ends with the service, however that ends; what Ctrl-C tells both it leaves to the service."""
    script = tmp_path / "service.py"
    script.write_text(textwrap.dedent(SERVICE.format(file=str(file))))
    environment = {**os.environ, "PYTHONPATH": str(folders.REPOSITORY)}
    with subprocess.Popen([sys.executable, script], env=environment, stdout=subprocess.PIPE) as service:
        notary = int(service.stdout.readline())
        in_a_loop(lines(file, 1))
        for ignored in (signal.SIGINT, signal.SIGTERM):
            os.kill(notary, ignored)
        service.kill()
        service.communicate(timeout=SECONDS)  # until nobody has its output any more
