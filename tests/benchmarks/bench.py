"""How long a build takes, and how that compares. Prints figures and ratios from one run; judges nothing.

    python tests/benchmarks/bench.py            all of it, a minute or two
    python tests/benchmarks/bench.py --quick    fewer runs, fewer editions

The peer, npm's mjml with juice, is measured where Node is and `npm install --prefix tests/mjml` has been run. It gets
the MJML that our templates have made, so it is spared Markdown, Jinja, the text part, the message and the outbox.
Machines are noisy: quote the ratios, and the medians rather than the fastest.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
sys.path.insert(0, str(REPOSITORY))

ARTICLES = 40
TEASERS = 8
PEER = REPOSITORY / "tests/mjml/node_modules/mjml"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    editions, runs = (40, 3) if quick else (200, 9)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_newsletter(folder, editions)
        whole_processes(folder, editions, runs)
        stages(folder, 20 if quick else 100)
        saves(folder, 20 if quick else 50)
        peers(folder, 10 if quick else 50, runs)


def make_newsletter(folder: Path, editions: int) -> None:
    """So many different editions, each with a letter, a lead, eight teasers and a grid of categories."""
    from tests import folders

    chance = random.Random(1)
    words = (REPOSITORY / "content/articles/box-breathing.md").read_text(encoding="utf-8").split("---", 2)[2].split()
    plain = [word for word in words if word.isalpha()]
    files: dict[str, str | bytes] = {"content/editions/breathe.md": ""}
    for number in range(ARTICLES):
        text = "\n\n".join(f"## {some(chance, plain, 4).title()}\n\n{some(chance, plain, 130)}." for _ in range(5))
        head = f"title: {some(chance, plain, 6).capitalize()}\ndek: {some(chance, plain, 16)}\ndate: 2026-11-20"
        files[f"content/articles/a{number}.md"] = (
            f"---\n{head}\nimage: images/hero.png\nimage_alt: A picture of it\n---\n{text}\n"
        )
    for number in range(editions):
        chosen = chance.sample(range(ARTICLES), TEASERS + 1)
        teasers = ", ".join(f"a{one}" for one in chosen[1:])
        files[f"content/editions/e{number}.md"] = (
            f"---\nsubject: Edition {number}, {some(chance, plain, 3)}\npreheader: {some(chance, plain, 9)}\n"
            f"date: 2026-11-24\nblocks:\n  - lead: a{chosen[0]}\n  - teasers: {{articles: [{teasers}], columns: 2}}\n"
            f"  - popular\n---\n{some(chance, plain, 60)}.\n"
        )
    tiles = "".join(f'{{name = "{some(chance, plain, 1)} {n}", url = "/category/{n}/"}},' for n in range(6))
    grid = f'[blocks.popular]\ntitle = "Most popular in"\ncategories = [{tiles}]\n'
    files["content/newsletter.toml"] = folders.NEWSLETTER + grid
    files["content/images/hero.png"] = folders.png(1200, 600)
    folders.make(folder, files)
    for part in ("content", "templates"):
        shutil.copytree(REPOSITORY / part, folder / "sample" / part)


def some(chance: random.Random, words: list[str], count: int) -> str:
    return " ".join(chance.choices(words, k=count)).lower()


def whole_processes(folder: Path, editions: int, runs: int) -> None:
    print("Whole processes, from start to exit; median of wall seconds, peak memory of the largest process")
    python = [sys.executable, "-c", "pass"]
    pipeline = [sys.executable, "-m", "pipeline"]
    at = ["--project", str(folder), "--quiet", "--force"]
    bare = told("python -c pass", median(lambda: run(python), runs))
    told("pipeline --help", median(lambda: run([*pipeline, "--help"]), runs), bare)
    sample = ["--project", str(folder / "sample"), "--quiet", "--force"]
    told(
        "pipeline build better-sleep, the sample",
        median(lambda: run([*pipeline, "build", "better-sleep", *sample]), runs),
        bare,
    )
    told("pipeline build, one of the editions below", median(lambda: run([*pipeline, "build", "e0", *at]), runs), bare)
    one = told(
        f"pipeline build, {editions} editions", median(lambda: run([*pipeline, "build", *at]), max(3, runs // 3))
    )
    four = told(
        f"pipeline build, {editions} editions, --jobs 4",
        median(lambda: run([*pipeline, "build", "--jobs", "4", *at]), max(3, runs // 3)),
    )
    nothing = [*pipeline, "build", "--project", str(folder), "--quiet"]
    told(f"pipeline build, {editions} unchanged editions", median(lambda: run(nothing), runs), bare)
    told("pipeline build --due, nothing due", median(lambda: run([*nothing, "--due"]), runs), bare)
    print(f"  an edition: {one / editions * 1000:.2f} ms with one job, {four / editions * 1000:.2f} ms with four")
    print(f"  four jobs are {one / four:.2f} times as fast as one, on {os.cpu_count()} processors\n")


def told(name: str, figures: tuple[float, float], bare: float | None = None) -> float:
    seconds, memory = figures
    ratio = f"   {seconds / bare:5.1f} times python -c pass" if bare else ""
    print(f"  {name:<42} {seconds:7.3f} s  {memory:5.0f} MiB{ratio}")
    return seconds


def run(command: list[str]) -> tuple[float, float]:
    """Wall seconds, and peak memory in MiB, of one process."""
    started = perf_counter()
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return perf_counter() - started, usage.ru_maxrss / 1024


def median(measure: Callable[[], tuple[float, float]], runs: int) -> tuple[float, float]:
    measure()
    found = [measure() for _ in range(runs)]
    return statistics.median(seconds for seconds, _ in found), max(memory for _, memory in found)


def stages(folder: Path, editions: int) -> None:
    """Each stage of an edition in a warm process; every edition is another, so no stage sees a text twice."""
    from pipeline import build, inline, inputs, links, marks, merge_fields, mime, mjml, outbox, templates

    project = build.open_project(folder)
    newsletter, environment = project.library.newsletter, project.environment
    seconds: dict[str, list[float]] = {}

    def timed(stage: str, call: Callable[..., Any], *arguments: object) -> Any:
        started = perf_counter()
        result = call(*arguments)
        seconds.setdefault(stage, []).append(perf_counter() - started)
        return result

    build.build_edition("e0", project)
    for slug in [f"e{number}" for number in range(1, editions)]:
        edition = timed("content and editions", build.compose_edition, slug, project)
        written = timed("templates, MJML", templates.render_mjml, edition, newsletter, environment)
        compiled = timed("mjml", mjml.compile, written)
        inlined = timed("inline", inline.inline, compiled)
        timed("templates, text", templates.render_text, edition, newsletter, environment)
        timed("links", links.html_with_utm, inlined, newsletter.utm, "blog.example.com")
        filled = timed("merge fields", merge_fields.fill_html, inlined, {})
        timed("marks", marks.weigh, filled, edition.blocks)
        rendered = build.render_email(edition, newsletter, environment)
        email = build.fill_email(rendered, {})
        message = timed("message", mime.message, email, newsletter)
        timed("checks", build.check_email, rendered, edition, project)
        paths = build.input_paths(edition, email, project)
        provenance = timed("hashes of inputs", inputs.provenance, folder, paths, project.hashes)
        files = timed("manifest", outbox.files_of, email, message, provenance)
        timed("outbox", outbox.write, folder / "outbox", slug, files)
    total = sum(statistics.median(found) for found in seconds.values())
    print(
        f"One edition in a warm process, by stage; median of {editions - 1} ({len(email.html) / 1000:.0f} KB of HTML)"
    )
    for stage, found in seconds.items():
        middle = statistics.median(found)
        print(f"  {stage:<42} {middle * 1000:7.2f} ms  {middle / total:6.1%}")
    print(f"  {'together':<42} {total * 1000:7.2f} ms\n")


def saves(folder: Path, count: int) -> None:
    """A running preview with one window open: from a file's change to the pushed message."""
    from tests.web.serving import preview

    print(f"The preview, {count} saves of each kind; from the file's event to the pushed message, in the server's own")
    print("measure, and from the write to the message's arrival in another process")
    sample = folder / "sample"
    kinds = {
        "an article that the open edition shows": (
            sample / "content/articles/box-breathing.md",
            "title: ",
            "title: {} ",
        ),
        "the open edition": (sample / "content/editions/better-sleep.md", "subject: ", "subject: {} "),
        "a template": (sample / "templates/blocks/lead.mjml.j2", "<mj-text>", '<mj-text padding-top="{}px">'),
        "the style sheet": (sample / "templates/theme.css", ".title { ", ".title {{ letter-spacing: 0.{}px; "),
    }
    with preview(sample) as running, running.events("editions/better-sleep") as events:
        version = events.next("page")["version"]
        for name, change in kinds.items():
            *found, version = saved(*change, count, events, version)
            for how, times in zip(("event to push", "write to arrival"), found, strict=True):
                told_times(f"{name}, {how}", times)
    with preview(folder) as running, running.events("editions/e0") as events:
        slug = re.findall(r"lead: (a\d+)", (folder / "content/editions/e0.md").read_text(encoding="utf-8"))[0]
        article = folder / f"content/articles/{slug}.md"
        _, times, _ = saved(article, "title: ", "title: {} ", count, events, events.next("page")["version"])
        told_times(f"an article among {ARTICLES}, write to arrival", times)
    print()


def saved(
    file: Path, old: str, new: str, count: int, events: Any, version: int
) -> tuple[list[float], list[float], int]:
    """Milliseconds of so many saves, in the server and as seen from here. Each changes what the mail says."""
    text = file.read_text(encoding="utf-8")
    inside, outside = [], []
    for number in range(1, count + 1):
        time.sleep(0.05)
        started = perf_counter()
        file.write_text(text.replace(old, new.format(number), 1), encoding="utf-8")
        told = events.newer(version)
        outside.append((perf_counter() - started) * 1000)
        inside.append(told["milliseconds"])
        version = told["version"]
    return inside, outside, version


def told_times(name: str, milliseconds: Sequence[float]) -> None:
    median, p95 = statistics.median(milliseconds), statistics.quantiles(milliseconds, n=20)[-1]
    print(f"  {name:<58} median {median:6.1f} ms   95th percentile {p95:6.1f} ms")


def peers(folder: Path, editions: int, runs: int) -> None:
    node = shutil.which("node")
    if node is None or not PEER.is_dir():
        print("The peer is not measured: it needs Node, and npm install --prefix tests/mjml")
        return
    mjml_files = folder / "mjml"
    mjml_files.mkdir()
    for slug, text in expanded(folder, editions):
        (mjml_files / f"{slug}.mjml").write_text(text, encoding="utf-8")
    print("The peer: npm's mjml and juice, from the MJML that our templates made; whole processes, wall")
    peer = [node, str(HERE / "peer.mjs"), str(mjml_files), str(folder / "peer")]
    for count in (1, editions):
        slugs = [f"e{number}" for number in range(count)]
        ours = [sys.executable, "-m", "pipeline", "build", *slugs, "--project", str(folder), "--quiet", "--force"]
        pairs = [(run(ours), run([*peer, *slugs])) for _ in range(max(3, runs // 3))]
        mine, theirs = ([pair[side] for pair in pairs] for side in (0, 1))
        told(f"pipeline build, {count} editions", (statistics.median(s for s, _ in mine), max(m for _, m in mine)))
        told(
            f"npm mjml + juice, {count} editions", (statistics.median(s for s, _ in theirs), max(m for _, m in theirs))
        )
        ratio = statistics.median(other / own for (own, _), (other, _) in pairs)
        print(f"  the peer takes {ratio:.2f} times as long, and {theirs[-1][1] / mine[-1][1]:.1f} times the memory\n")
    print("  " + json.dumps(json.loads(subprocess.check_output([*peer, "--versions"]))))


def expanded(folder: Path, editions: int) -> Iterator[tuple[str, str]]:
    from pipeline import build, templates

    project = build.open_project(folder)
    for slug in [f"e{number}" for number in range(editions)]:
        written = templates.render_mjml(
            build.compose_edition(slug, project), project.library.newsletter, project.environment
        )
        yield slug, re.sub(r' data-where="[^"]*"', "", written)


if __name__ == "__main__":
    main()
