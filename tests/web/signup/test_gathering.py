"""gathering.py: what many want written at once."""

import asyncio

import pytest

from pipeline.web.signup.gathering import Gathering
from tests.loops import in_a_loop


class Disk:
    """Writes slowly, and all that it is given at once."""

    def __init__(self):
        self.written = []

    async def write_all(self, wishes):
        await asyncio.sleep(0.01)
        self.written.append(list(wishes))
        if "full" in wishes:
            raise OSError("full")
        return [ValueError(wish) if wish == "wrong" else wish.upper() for wish in wishes]


def gathered(disk, *wishes):
    async def all_at_once():
        gathering = Gathering(disk.write_all, 64)
        return await asyncio.gather(*map(gathering.write, wishes), return_exceptions=True)

    return in_a_loop(all_at_once())


def test_many_at_once():
    """All that come at once are written together, and each gets its own answer."""
    disk, names = Disk(), [f"r{number}" for number in range(50)]
    assert gathered(disk, *names) == [name.upper() for name in names]
    assert disk.written == [names]


def test_more_than_fit():
    """Of more than can be written at once, the first don't wait for the last."""
    disk, answered = Disk(), []

    async def asking():
        gathering = Gathering(disk.write_all, 2)

        async def ask(name):
            answer = await gathering.write(name)
            answered.append((answer, len(disk.written)))

        await asyncio.gather(*map(ask, "abcde"))

    in_a_loop(asking())
    assert disk.written == [["a", "b"], ["c", "d"], ["e"]]
    assert answered == [("A", 1), ("B", 1), ("C", 2), ("D", 2), ("E", 3)]


def test_those_who_come_meanwhile():
    """Whoever comes while the disk is at work is written with all others that have come since."""
    disk = Disk()

    async def one_after_the_other():
        gathering = Gathering(disk.write_all, 64)

        async def later(name, seconds):
            await asyncio.sleep(seconds)
            return await gathering.write(name)

        return await asyncio.gather(later("a", 0), *(later(name, 0.004) for name in "bcd"))

    assert in_a_loop(one_after_the_other()) == ["A", "B", "C", "D"]
    assert disk.written == [["a"], ["b", "c", "d"]]


def test_one_that_is_wrong():
    """What is wrong with one wish is told to who wished for it, and what is wrong with the disk to all."""
    ann, wrong, ben = gathered(Disk(), "ann", "wrong", "ben")
    assert (ann, str(wrong), ben) == ("ANN", "wrong", "BEN")
    assert [type(one) for one in gathered(Disk(), "ann", "full")] == [OSError, OSError]


def test_a_client_that_goes():
    """A client that has gone meanwhile keeps nobody else's answer, and its wish is written all the same."""
    disk = Disk()

    async def leaving():
        gathering = Gathering(disk.write_all, 64)
        gone, stays = (asyncio.create_task(gathering.write(name)) for name in ("gone", "stays"))
        await asyncio.sleep(0.005)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        return await stays, await gathering.write("next")

    assert in_a_loop(leaving()) == ("STAYS", "NEXT")
    assert disk.written == [["gone", "stays"], ["next"]]


def test_a_fault_of_ours():
    """Where an answer is missing, whoever waits for it is told of a fault, and those who come later are written."""

    async def forgetful(wishes):
        return wishes[:1]

    async def twice():
        gathering = Gathering(forgetful, 64)
        async with asyncio.timeout(5):
            first = await asyncio.gather(*map(gathering.write, "ab"), return_exceptions=True)
            return [*map(type, first), await gathering.write("c")]

    assert in_a_loop(twice()) == [str, ValueError, "c"]
