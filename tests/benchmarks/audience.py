"""How fast the store is with a million subscribers: import, the audience of an edition, sign-ups and farewells at once.

    python tests/benchmarks/audience.py [--quick]                 on SQLite
    python tests/benchmarks/audience.py [--quick] --postgres      on a server of its own, as durable as PostgreSQL comes
    python tests/benchmarks/audience.py [--quick] --url URL       on an empty database

The import is of a CSV file, as a command does it. Clients are threads that ask again as soon as they have an answer.
"""

from __future__ import annotations

import argparse
import csv
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY))

from pipeline.audience.bringing import bring_in  # noqa: E402
from pipeline.audience.consent import Consent  # noqa: E402
from pipeline.audience.imports import open_export  # noqa: E402
from pipeline.audience.store import Store, open_store  # noqa: E402
from pipeline.audience.subscriber import NewReader, Preferences  # noqa: E402
from tests.audience import postgres  # noqa: E402

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
WORDS = "Stay updated: get the latest from the blog. You can leave at any time."
IMPORT = Consent("imported", NOW, "import", "an old list", "1", WORDS)
TOPICS = (("sleep",), ("stress", "focus"), (), ("sleep", "stress", "breathing"))
BATCH = 5000


def rows(count: int) -> Iterator[NewReader]:
    for number in range(count):
        preferences = Preferences(topics=TOPICS[number % 4], mood="can't sleep" if number % 3 else "", minutes="10")
        yield NewReader(f"reader{number}@host{number % 1000}.example.com", f"Reader Number{number}", preferences)


def batches(count: int) -> Iterator[list[NewReader]]:
    source = rows(count)
    while batch := list(islice(source, BATCH)):
        yield batch


def write_list(path: Path, count: int) -> None:
    """What is known of people on an old list, when and from where they signed up too."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("email", "name", "topics", "mood", "minutes", "created", "confirmed", "ip"))
        for number, row in enumerate(rows(count)):
            asked, wishes = NOW - timedelta(minutes=number), row.preferences
            told = (row.address, row.name, ";".join(wishes.topics), wishes.mood, wishes.minutes)
            writer.writerow(
                (*told, asked, asked + timedelta(seconds=40), f"203.0.{number // 256 % 256}.{number % 256}")
            )


def bring(path: Path, store: Store, count: int) -> None:
    with open_export(str(path)) as export:
        assert sum(part.taken for part in bring_in(export, store, WORDS, NOW)) == count


def timed(what: str, count: int, work: Callable[[], object]) -> None:
    begin, used = time.perf_counter(), time.process_time()
    work()
    seconds, used = time.perf_counter() - begin, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{what}: {count:,} in {seconds:.2f} s ({used:.2f} s of a processor), {count / seconds:,.0f}/s, "
        f"at most {peak} MiB in use",
        flush=True,
    )


def at_once(what: str, clients: int, each: int, write: Callable[[int], None]) -> None:
    """So many clients, each with so many writes, one after the other."""
    took: list[float] = []

    def client(first: int) -> None:
        for number in range(first, first + each):
            begin = time.perf_counter()
            write(number)
            took.append(time.perf_counter() - begin)

    threads = [threading.Thread(target=client, args=(one * each,)) for one in range(clients)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    took.sort()
    assert len(took) == clients * each
    half, most, last = (took[int(len(took) * share)] * 1000 for share in (0.5, 0.99, 0.9999))
    print(
        f"{what}, {clients} clients: {len(took) / seconds:,.0f}/s; half within {half:.1f} ms, "
        f"99% within {most:.1f} ms, all but one in ten thousand within {last:.1f} ms",
        flush=True,
    )


def measure(store: Store, people: Path, count: int, each: int) -> None:
    timed("import", count, lambda: bring(people, store, count))
    timed("audience", count, lambda: sum(len(one.emails) for one in store.audience("may", NOW, NOW)))

    def ask(number: int) -> None:
        said = Consent("asked", NOW, "form", "blog", "1", WORDS, f"203.0.113.{number % 250}", "en")
        answer = store.ask(f"new{number}@host{number % 100}.example.org", "New Reader", Preferences(), said, NOW)
        assert answer.kind == "mail"

    def leave(number: int, clients: int) -> None:
        """Nobody who has left before: of those with even numbers, or with odd ones."""
        said = Consent("unsubscribed", NOW, "one-click", ip=f"203.0.113.{number % 250}")
        found = store.unsubscribe(1 + number * 7919 % (count // 2) * 2 + (clients > 1), said, NOW)
        assert found and found.state == "unsubscribed"

    for clients in (1, 50):
        at_once("sign-up", clients, each * 50 // clients, lambda number, c=clients: ask(number + c * 10**7))
    for clients in (1, 50):
        at_once("unsubscribe", clients, each * 50 // clients, lambda number, c=clients: leave(number, c))
    timed("note made", count, lambda: note(store))
    entries = store.verify()
    assert entries is None
    timed("verify", count, store.verify)
    timed("counts", 1, store.counts)


def note(store: Store) -> None:
    for batch in store.audience("may", NOW, NOW, fields=()):
        store.note_made(batch.emails, "may", NOW)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="ten thousand subscribers")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--postgres", action="store_true", help="a server that is started for this")
    where.add_argument("--url", help="an empty database; without it, a new SQLite file")
    given = parser.parse_args()
    count, each = (10_000, 20) if given.quick else (1_000_000, 200)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = given.url or f"sqlite:///{folder}/audience.db"
        if given.postgres:
            url = stack.enter_context(postgres.running(folder, settings=()))
        print(f"Python {sys.version.split()[0]}, {url.partition(':')[0]}")
        write_list(folder / "people.csv", count)
        store = open_store(url, [b"k" * 32], "{}.token-of-a-usual-length-with-its-signature".format)
        measure(stack.enter_context(store), folder / "people.csv", count, each)


if __name__ == "__main__":
    main()
