"""run.py: who works, how often it is interrupted, and that the output is the same bytes each time."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from pipeline.delivery import outputs, run
from pipeline.errors import BusyError, ConfigurationError, DiskError, OutboxError
from tests import folders
from tests.delivery import sending

TARGETS = ("folder", "all.mbox", "maildir:maildir")


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    """Shards of 50, so that few recipients make many."""
    for output in (outputs.Folder, outputs.Mbox, outputs.Maildir, outputs.Nowhere):
        monkeypatch.setattr(output, "shard", 50)


def write(folder, target, rows=530, jobs=1, program=None, crew=None, **options):
    """Run a send-out in this folder; gives its tallies."""
    folder.mkdir(exist_ok=True)
    kind, _, name = target.rpartition(":")
    output = sending.output(f"{kind}{':' if kind else ''}{folder / name}", alone=jobs == 1)
    crew = crew or (run.thread if jobs == 1 else run.processes(jobs))
    return list(run.send_out(program or sending.Program(), sending.Source(rows), output, crew, **options))


@pytest.mark.parametrize("target", TARGETS)
def test_same_bytes_for_any_number_of_workers(tmp_path, target):
    """One worker and four write the same bytes, and tell the same of them."""
    one, four = write(tmp_path / "one", target)[-1], write(tmp_path / "four", target, jobs=4)[-1]
    assert one == four
    assert (one.messages, one.rejected, one.done, one.shards, one.there) == (525, 5, 11, 11, 0)
    assert sending.files(tmp_path / "one") == sending.files(tmp_path / "four")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.slow
def test_same_messages_for_any_shard(tmp_path, monkeypatch, target, size):
    """However many recipients a shard has, the messages are the same; an mbox is the same to the last byte."""
    write(tmp_path / "one", target, rows=230)
    for output in (outputs.Folder, outputs.Mbox, outputs.Maildir):
        monkeypatch.setattr(output, "shard", size)
    write(tmp_path / "other", target, rows=230)
    one, other = sending.files(tmp_path / "one"), sending.files(tmp_path / "other")
    assert {name.rpartition("/")[2]: told for name, told in one.items()} == {
        name.rpartition("/")[2]: told for name, told in other.items()
    }


@pytest.mark.parametrize("target", TARGETS)
def test_second_run_has_nothing_to_do(tmp_path, target):
    """What is finished isn't written again, and the second run tells how much it is."""
    first = write(tmp_path, target)[-1]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    (second,) = write(tmp_path, target, program=sending.Program(killer=sending.address(0), armed=tmp_path))
    assert second == replace(first, there=525)
    after = {path: path.stat().st_mtime_ns for path in before}
    assert {path for path in before if before[path] != after[path] and path.name != "rejected.csv"} <= {
        tmp_path / "all-rejected.csv",
    }


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.slow
def test_goes_on_where_it_was_stopped(tmp_path, target, jobs):
    """A run that is left after some shards leaves these whole; the next one goes on, and the bytes are the same."""
    write(tmp_path / "whole", target)
    stopped = tmp_path / "stopped"
    stopped.mkdir()
    kind, _, name = target.rpartition(":")
    output = sending.output(f"{kind}{':' if kind else ''}{stopped / name}", alone=jobs == 1)
    crew = run.thread if jobs == 1 else run.processes(jobs)
    left = run.send_out(sending.Program(), sending.Source(530), output, crew)
    while (tally := next(left)).done < 4:
        pass
    left.close()
    first = write(stopped, target)[0]
    assert first.there == first.messages >= tally.messages
    assert sending.files(stopped) == sending.files(tmp_path / "whole")
    assert not [name for name in sending.hidden(stopped) if name.endswith(".tmp")]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.slow
def test_another_send_out_is_refused(tmp_path, target):
    """Where another edition, other recipients or other settings were, nothing is mixed; --force begins anew."""
    write(tmp_path, target)
    before = sending.files(tmp_path)
    for program, rows in ((sending.Program("other"), 530), (sending.Program(), 580)):
        with pytest.raises(OutboxError, match="holds the messages of another send-out") as refused:
            write(tmp_path, target, rows=rows, program=program)
        assert refused.value.exit_code == 73
    assert sending.files(tmp_path) == before
    write(tmp_path, target, rows=80, force=True)
    write(tmp_path / "anew", target, rows=80)
    own = {name: told for name, told in sending.files(tmp_path).items() if not name.startswith("anew")}
    assert own == sending.files(tmp_path / "anew")


def test_rejected(tmp_path):
    """The rejected rows are listed in the order of the input, whoever met them; without any the list goes away."""
    write(tmp_path, "folder", jobs=3)
    with (tmp_path / "folder/rejected.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["row", "reason", "email", "first_name"]
    assert rows[1:] == [[str(row + 2), "has no address", "", f"Ünal, {row}"] for row in range(99, 530, 100)]
    write(tmp_path, "folder", rows=80, force=True)
    assert not (tmp_path / "folder/rejected.csv").exists()
    write(tmp_path, os.devnull, rejected=tmp_path / "named.csv")
    assert (tmp_path / "named.csv").read_bytes().count(b"\n") == 6


def test_one_bad_value(tmp_path):
    """A reader whose values can't stand in a message is rejected, with the others around, and costs them nothing."""
    bad = frozenset(map(sending.address, (0, 70, 71, 310)))
    tally = write(tmp_path, "all.mbox", program=sending.Program(bad=bad))[-1]
    assert (tally.messages, tally.rejected) == (521, 9)
    with (tmp_path / "all-rejected.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["row"]) for row in rows] == [2, 72, 73, 101, 201, 301, 312, 401, 501]
    assert rows[1]["email"] == sending.address(70)
    assert rows[1]["reason"] == "has a value that can't stand in a message"
    told = (tmp_path / "all.mbox").read_text(encoding="utf-8")
    good = [one for one in sending.addresses(530) if one not in bad]
    assert [line[4:] for line in told.splitlines() if line.startswith("To: ")] == good


def test_two_at_once(tmp_path):
    """While one run writes, another one is told so at once."""
    running = run.send_out(sending.Program(), sending.Source(530), sending.output(tmp_path / "folder"), run.thread)
    next(running)
    with pytest.raises(BusyError, match="another run is writing there"):
        write(tmp_path, "folder")
    running.close()
    assert write(tmp_path, "folder")[-1].messages == 525


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.slow
def test_a_worker_that_dies(tmp_path, target):
    """A worker that is killed once is replaced, and the bytes are the same."""
    write(tmp_path / "whole", target)
    armed = tmp_path / "armed.once"
    armed.touch()
    program = sending.Program(killer=sending.address(320), armed=armed)
    write(tmp_path / "killed", target, jobs=3, program=program)
    assert not armed.exists()
    assert sending.files(tmp_path / "killed") == sending.files(tmp_path / "whole")
    assert not [name for name in sending.hidden(tmp_path / "killed") if name.endswith(".tmp")]


def test_a_shard_that_kills(tmp_path):
    """A shard over which every worker dies ends the run; what is finished stays, and the next run goes on. (With a
    second worker, a shard that this one is still at when the other dies is lost with it: how many stay is chance.)"""
    armed = tmp_path / "armed"
    armed.touch()
    program = sending.Program(killer=sending.address(320), armed=armed)
    with pytest.raises(DiskError, match="killed again and again"):
        write(tmp_path, "folder", crew=run.processes(1), program=program)
    assert sorted(path.name for path in (tmp_path / "folder").glob("[0-9]*")) == [f"{one:04}" for one in range(6)]
    armed.unlink()
    assert write(tmp_path, "folder", program=program)[0].done == 6


def test_bugs_come_through(tmp_path):
    """A bug in a worker is not an outcome, and leaves nothing torn."""
    for jobs in (1, 2):
        with pytest.raises(TypeError):
            write(tmp_path, "folder", jobs=jobs, program=sending.Program(slow="never"))
    assert sending.files(tmp_path) == {}


def test_torn_journal(tmp_path):
    """A journal whose last line is torn tells of the lines before; one without a head says so."""
    write(tmp_path, "folder")
    journal = tmp_path / "folder/.messages"
    journal.write_bytes(journal.read_bytes()[:-5])
    assert write(tmp_path, "folder")[0].done == 10
    journal.write_bytes(b"{")
    with pytest.raises(DiskError, match="its journal is damaged; begin anew with --force"):
        write(tmp_path, "folder")
    assert write(tmp_path, "folder", force=True)[-1].messages == 525


def test_without_a_cluster(tmp_path):
    """A scheduler that isn't there is told of in one line."""
    pytest.importorskip("distributed")
    crew = run.cluster("nonsense://localhost")
    output = sending.output(tmp_path / "folder", alone=False)
    with pytest.raises(ConfigurationError, match="there is no scheduler at nonsense://localhost"):
        list(run.send_out(sending.Program(), sending.Source(530), output, crew))


@pytest.mark.slow
def test_a_cluster(tmp_path):
    """Dask's workers write the same bytes, also when one of them is killed amid."""
    distributed = pytest.importorskip("distributed")
    write(tmp_path / "whole", "all.mbox", rows=1530)
    write(tmp_path / "whole", "folder", rows=1530)
    options = {"host": "127.0.0.1", "protocol": "tcp://", "dashboard_address": None, "threads_per_worker": 1}
    with distributed.LocalCluster(n_workers=3, processes=True, **options) as workers:
        for target in ("all.mbox", "folder"):
            output = sending.output(tmp_path / "cluster" / target, alone=False)
            program, crew = sending.Program(slow=0.001), run.cluster(workers.scheduler_address)
            running = run.send_out(program, sending.Source(1530), output, crew)
            while next(running).done < 5:
                pass
            victim = next(iter(workers.workers.values()))
            os.kill(victim.pid, signal.SIGKILL)
            (*_, last) = running
            assert (last.shards, last.there) == (31, 0)
    assert sending.files(tmp_path / "cluster") == sending.files(tmp_path / "whole")
    assert not [name for name in sending.hidden(tmp_path / "cluster") if name.endswith(".tmp")]


# Killed at random moments.


def rampage(folder, target, jobs, seed):
    """Start a run and kill it until it has ended by itself; prints how often it was killed, and what was torn.

    Each run is forked from this process, which has everything imported. For a process of its own, with one thread.
    """
    for output in (outputs.Folder, outputs.Mbox, outputs.Maildir):
        output.shard = 50
    folder, dice, kills, found = Path(folder), Random(seed), 0, Counter()
    whole = sending.files(folder.with_name("whole"))
    program = sending.Program(slow=0.0002 * jobs)
    while True:
        child = os.fork()
        if child == 0:
            os._exit(run_to_end(folder, target, jobs, program))
        time.sleep(dice.uniform(0, 0.12))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        kills += 1
        there = sending.files(folder)
        found["torn"] += sum(told != whole.get(name) for name, told in there.items())
        found["amid"] += bool(sending.hidden(folder))
        code = os.waitstatus_to_exitcode(status)
        assert code in (0, BusyError.exit_code, -signal.SIGKILL)
        if code == 0:
            break
    print(json.dumps({"kills": kills, **found}))


def run_to_end(folder, target, jobs, program):
    """The exit code of a run. The kernel takes a moment to end a killed run's workers, and until then it is busy."""
    try:
        write(folder, target, jobs=jobs, program=program)
    except BusyError as error:
        return error.exit_code
    return 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="workers of a killed run end with it on Linux only")
@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("target", TARGETS)
def test_killed_again_and_again(tmp_path, target, jobs):
    """However often a run is killed, nobody is left out, nobody is written to twice, and the bytes are the same."""
    write(tmp_path / "whole", target)
    kills = 0
    for seed in range(3):
        folder = tmp_path / str(seed)
        folder.mkdir()
        code = f"from tests.delivery.test_run import rampage; rampage({str(folder)!r}, {target!r}, {jobs}, {seed})"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folders.REPOSITORY, capture_output=True, text=True, check=True
        )
        found = json.loads(done.stdout)
        assert found["torn"] == 0
        assert sending.files(folder) == sending.files(tmp_path / "whole")
        assert not [name for name in sending.hidden(folder) if name.endswith(".tmp")]
        kills += found["kills"]
    assert kills > 6
