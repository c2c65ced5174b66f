"""How fast one digest becomes a message for each reader, and how that compares. Prints figures from one run, and their
ratios; judges nothing.

    python tests/benchmarks/messages.py            all of it, some minutes
    python tests/benchmarks/messages.py --quick    fewer readers

One mail, rendered from this repository's own templates, of about 85 KB as quoted-printable; readers whose names are
all distinct, and half of them not ASCII. The peers fill the same mail: Jinja with the standard library's
``EmailMessage``, Jinja with ``binascii.b2a_qp``, and where Node is and ``npm install --prefix tests/benchmarks/peers``
has been run, handlebars with nodemailer. Machines are noisy: quote the ratios.
"""

from __future__ import annotations

import argparse
import binascii
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import jinja2

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
sys.path.insert(0, str(REPOSITORY))

from pipeline import build, marks, mime  # noqa: E402
from pipeline.delivery import message, outputs  # noqa: E402
from pipeline.delivery import run as delivery  # noqa: E402
from pipeline.merge_fields import Context, expanded, split_header, split_html, split_text  # noqa: E402
from pipeline.model import Email, Newsletter  # noqa: E402
from pipeline.recipients import open_source  # noqa: E402
from pipeline.recipients.batch import Batch  # noqa: E402

COLUMNS = ("email", "first_name", "token")
BATCH = 512
EDITION = """\
---
subject: "[[first_name|You]], sleep better this week"
preheader: What a sleep medicine does, five minutes of rain, and a breath that works
date: 2026-11-24
blocks:
  - lead: klonopin-dosage-for-sleep
  - teasers:
      columns: 2
      articles: [box-breathing, morning-light, the-last-coffee, the-twenty-minute-nap, restless-sitting,
                 gratitude-on-paper]
  - tracks: {limit: 6}
  - popular
  - benefits
  - promo
---
Hello [[first_name|there]],

here is what we wrote this week, [[first_name|dear reader]].
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("content", "templates"):
            shutil.copytree(REPOSITORY / part, folder / part)
        (folder / "content/editions/fixture.md").write_text(EDITION, encoding="utf-8")
        project = build.open_project(folder)
        _, email = build.fit_email(build.compose_edition("fixture", project), project)
        email = without_marks(email)
        in_process(email, project.library.newsletter, folder, 20_000 if quick else 200_000)
        whole_runs(folder, 20_000 if quick else 1_000_000)
        to_disk(email, project.library.newsletter, folder, 500 if quick else 4_000)


# --- Readers ---


def name(number: int) -> str:
    return f"Ana{number:x}" if number % 2 else f"Zoë Ørsted{number:x}"


def readers(first: int, count: int) -> list[dict[str, str]]:
    return [
        {"email": f"reader{number}@mail.example.org", "first_name": name(number), "token": f"t{number * 7919:016x}"}
        for number in range(first, first + count)
    ]


def batches(count: int) -> Iterator[Batch]:
    for first in range(0, count, BATCH):
        rows = readers(first, min(BATCH, count - first))
        columns = {column: [row[column] for row in rows] for column in COLUMNS}
        yield Batch(columns["email"], columns)


# --- In one process ---


def in_process(email: Email, newsletter: Newsletter, folder: Path, count: int) -> None:
    program = message.compile(email, newsletter, columns=COLUMNS)
    made = list(batches(count))
    size = len(next(iter(program.messages(made[0]))))
    print(
        f"One core, {count:,} readers, {size / 1000:.1f} KB a message; microseconds a message, median of runs in turn"
    )

    ways: dict[str, Callable[[], float]] = {
        "memcpy of the same bytes": lambda: copying(size, count),
        "Program.messages, 512 readers at a time": lambda: per(count, lambda: exhaust(program, made)),
        "Program.message, one reader at a time": lambda: one_by_one(program, count // 10),
        "Jinja2 + b2a_qp by hand": lambda: peer(by_hand(email, newsletter), max(20, count // 1000)),
        "Jinja2 + EmailMessage(policy=SMTP)": lambda: peer(by_library(email, newsletter), max(20, count // 4000)),
    }
    figures = {way: statistics.median(one) for way, one in in_turn(ways, 5).items()}
    if node := nodemailer(email, newsletter, folder, max(50, count // 200)):
        figures["handlebars + nodemailer"] = node
    ours = figures["Program.messages, 512 readers at a time"]
    for way, micros in figures.items():
        print(
            f"  {way:<42} {micros:9.1f} µs  {1e6 / micros:9,.0f} a second   {micros / ours:7.2f} times Program.messages"
        )
    print(f"  Program.messages takes {ours / figures['memcpy of the same bytes']:.1f} times the memcpy\n")


def in_turn(ways: dict[str, Callable[[], float]], runs: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(runs):
        for way, measure in ways.items():
            found[way].append(measure())
    return found


def per(count: int, run: Callable[[], Any]) -> float:
    begin = perf_counter()
    run()
    return (perf_counter() - begin) / count * 1e6


def exhaust(program: message.Program, made: Sequence[Batch]) -> None:
    for batch in made:
        for _ in program.messages(batch):
            pass


def one_by_one(program: message.Program, count: int) -> float:
    rows = readers(0, count)

    def run() -> None:
        for row in rows:
            program.message(row)

    return per(count, run)


def copying(size: int, count: int) -> float:
    view = memoryview(bytes(range(256)) * (size // 256 + 1))[:size]
    joined = b"".join

    def run() -> None:
        for _ in range(count):
            joined((view,))

    return per(count, run)


def peer(make: Callable[[dict[str, str]], bytes], count: int) -> float:
    rows = readers(0, count)
    return per(count, lambda: [make(row) for row in rows])


# --- The peers ---

FILTERS = {Context.HTML: " | e", Context.URL: " | e", Context.URL_PART: " | urlencode"}


def jinja(pieces: Iterator[Any]) -> str:
    """The mail as a Jinja template: each field a variable with its fallback, the rest as it is."""

    def written(piece: Any) -> str:
        if isinstance(piece, str):
            return "{% raw %}" + piece + "{% endraw %}"
        if piece.name.endswith("_url"):
            return "".join(written(one) for one in expanded(piece))
        return "{{ (" + piece.name + " or " + json.dumps(piece.fallback) + ")" + FILTERS.get(piece.context, "") + " }}"

    return "".join(written(piece) for piece in pieces)


def without_marks(email: Email) -> Email:
    html, text = (
        "".join(part for part in marks.split(source, html=is_html) if isinstance(part, str))
        for source, is_html in ((email.html, True), (email.text, False))
    )
    return replace(email, html=html, text=text)


def templates_of(email: Email) -> tuple[jinja2.Template, ...]:
    environment = jinja2.Environment()
    parts = (split_header(email.subject), split_text(email.text), split_html(email.html))
    return tuple(environment.from_string(jinja(part)) for part in parts)


def by_library(email: Email, newsletter: Newsletter) -> Callable[[dict[str, str]], bytes]:
    subject, text, html = templates_of(email)

    def make(row: dict[str, str]) -> bytes:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f'"{newsletter.sender.name}" <{newsletter.sender.email}>'
        mail["To"] = f'"{row["first_name"]}" <{row["email"]}>'
        mail["Subject"] = subject.render(row)
        mail["Date"] = format_datetime(email.date)
        mail["Message-ID"] = f"<{row['token']}@blog.example.com>"
        mail["List-Unsubscribe"] = f"<{newsletter.unsubscribe_url.replace('{token}', row['token'])}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(text.render(row), cte="quoted-printable")
        mail.add_alternative(html.render(row), subtype="html", cte="quoted-printable")
        return mail.as_bytes()

    return make


def by_hand(email: Email, newsletter: Newsletter) -> Callable[[dict[str, str]], bytes]:
    subject, text, html = templates_of(email)

    def make(row: dict[str, str]) -> bytes:
        head = (
            f"From: {newsletter.sender.email}\r\nTo: {row['email']}\r\n"
            f"Subject: {mime.text_header('Subject', subject.render(row))}\r\nDate: {format_datetime(email.date)}\r\n"
            f"Message-ID: <{row['token']}@blog.example.com>\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/alternative; boundary="=_x"\r\n\r\n'
        )
        parts = (
            f"--=_x\r\nContent-Type: text/{kind}; charset=utf-8\r\n".encode()
            + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            + binascii.b2a_qp(part.render(row).encode(), istext=True).replace(b"\n", b"\r\n")
            + b"\r\n"
            for kind, part in (("plain", text), ("html", html))
        )
        return head.encode() + b"".join(parts) + b"--=_x--\r\n"

    return make


def nodemailer(email: Email, newsletter: Newsletter, folder: Path, count: int) -> float | None:
    if not (HERE / "peers/node_modules/nodemailer").is_dir() or shutil.which("node") is None:
        print("  (without handlebars and nodemailer: npm install --prefix tests/benchmarks/peers)")
        return None

    def handlebars(pieces: Iterator[Any]) -> str:
        def written(piece: Any) -> str:
            if isinstance(piece, str):
                return piece
            if piece.name.endswith("_url"):
                return "".join(written(one) for one in expanded(piece))
            return "{{#if " + piece.name + "}}{{" + piece.name + "}}{{else}}" + piece.fallback + "{{/if}}"

        return "".join(map(written, pieces))

    leave = newsletter.unsubscribe_url
    rows = [{**row, "unsubscribe_url": leave.replace("{token}", row["token"])} for row in readers(0, count)]
    told = {
        "html": handlebars(split_html(email.html)),
        "text": handlebars(split_text(email.text)),
        "subject": handlebars(split_header(email.subject)),
        "from": {"name": newsletter.sender.name, "address": newsletter.sender.email},
        "readers": rows,
    }
    file = folder / "peer.json"
    file.write_text(json.dumps(told), encoding="utf-8")
    command = ["node", str(HERE / "peers/messages.mjs"), str(file)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return float(found["micros"])


# --- Whole runs of the command ---


def write_people(file: Path, count: int) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(COLUMNS)
        for first in range(0, count, 10_000):
            writer.writerows(row.values() for row in readers(first, min(10_000, count - first)))
    return file


def command(folder: Path, people: Path, to: str, *options: str) -> list[str]:
    at = ["--project", str(folder), "--recipients", str(people), "--to", to, "--quiet", *options]
    return [sys.executable, "-m", "pipeline", "messages", "fixture", *at]


# A process begins with the memory of the one that started it, as far as the system tells; so a small one starts it.
LAUNCH = (
    "import os, subprocess, sys; process = subprocess.Popen(sys.argv[1:]); "
    "_, status, usage = os.wait4(process.pid, 0); print(usage.ru_maxrss); sys.exit(os.waitstatus_to_exitcode(status))"
)


def run(command: list[str]) -> tuple[float, float]:
    """Wall seconds, and peak memory in MiB, of one process."""
    started = perf_counter()
    told = subprocess.run([sys.executable, "-c", LAUNCH, *command], cwd=REPOSITORY, check=True, capture_output=True)
    return perf_counter() - started, int(told.stdout) / 1024


def whole_runs(folder: Path, count: int) -> None:
    print("pipeline messages, from CSV to nowhere; wall seconds, peak memory of the largest process")
    few, many = (write_people(folder / f"{n}.csv", n) for n in (10_000, count))
    told = {
        f"{10_000:,} readers, one job": run(command(folder, few, "/dev/null", "--jobs", "1")),
        f"{count:,} readers, one job": (one := run(command(folder, many, "/dev/null", "--jobs", "1"))),
        f"{count:,} readers, four jobs": (four := run(command(folder, many, "/dev/null", "--jobs", "4"))),
    }
    for what, (seconds, memory) in told.items():
        print(f"  {what:<42} {seconds:7.2f} s  {memory:5.0f} MiB")
    print(f"  four jobs are {one[0] / four[0]:.2f} times as fast as one, on {os.cpu_count()} processors\n")


def to_disk(email: Email, newsletter: Newsletter, folder: Path, count: int) -> None:
    """Our own run, the building of the messages and its fsyncs with it, beside a loop that writes the same bytes, which
    it has already, and syncs them once."""
    print(f"To the disk, {count:,} readers; seconds, median of runs in turn")
    program = message.compile(email, newsletter, columns=COLUMNS)
    fields = {name: field.type for name, field in newsletter.merge_fields.items()}
    made = [one for batch in batches(count) for one in program.messages(batch)]
    with open_source(str(write_people(folder / "disk.csv", count)), fields) as source:

        def ours(name: str) -> float:
            target = outputs.output_of(str(folder / name), newsletter.sender.email, email.date, alone=True)
            return timed(folder, lambda: deque(delivery.send_out(program, source, target, delivery.thread), maxlen=0))

        ways = {
            "raw write of one file": lambda: timed(folder, lambda: one_file(folder, made)),
            "mbox": lambda: ours("people.mbox"),
            "raw write of one file each": lambda: timed(folder, lambda: one_file_each(folder, made)),
            "one .eml each": lambda: ours("messages"),
        }
        figures = {way: statistics.median(one) for way, one in in_turn(ways, 7).items()}
    for way, seconds in figures.items():
        print(f"  {way:<42} {seconds:7.3f} s")
    for way, beside in (("mbox", "raw write of one file"), ("one .eml each", "raw write of one file each")):
        print(f"  {way}: {figures[way] / figures[beside]:.2f} times the {beside}")


def timed(folder: Path, write: Callable[[], object]) -> float:
    for one in (*folder.glob("*.mbox*"), *folder.glob(".*.mbox*"), folder / "messages", folder / "raw"):
        if one.is_dir():
            shutil.rmtree(one)
        else:
            one.unlink(missing_ok=True)
    os.sync()
    return per(1_000_000, write)


def one_file(folder: Path, made: Sequence[bytes]) -> None:
    with (folder / "raw.mbox").open("wb", buffering=0) as file:
        for one in made:
            file.write(one)
        os.fsync(file.fileno())


def one_file_each(folder: Path, made: Sequence[bytes]) -> None:
    for number, one in enumerate(made):
        if number % 1000 == 0:
            (folder / f"raw/{number // 1000}").mkdir(parents=True)
        (folder / f"raw/{number // 1000}/{number}.eml").write_bytes(one)
    os.sync()


if __name__ == "__main__":
    main()
