"""Small newsletters for tests: a folder with what is asked for, and little else."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent

NEWSLETTER = """\
name = "The Quiet Hour"
url = "https://blog.example.com"
asset_url = "https://assets.example.com"
postal_address = "1 Example Street"
reason = "You asked for it."
language = "en"
timezone = "Europe/Berlin"
web_url = "https://blog.example.com/newsletter/{edition}"
unsubscribe_url = "https://blog.example.com/unsubscribe"
preferences_url = "https://blog.example.com/preferences"
[sender]
name = "The Quiet Hour"
email = "hello@blog.example.com"
[fonts]
title = "Georgia, serif"
text = "Helvetica, sans-serif"
code = "monospace"
[utm]
source = "newsletter"
campaign = "{edition}"
[merge_fields.first_name]
fallback = "there"
[medical_disclaimer]
en = "Ask your doctor."
[authors.maya]
name = "Maya Fernando"
[colors.light]
ground = "#f3efe7"
paper = "#fffdf9"
ink = "#22302f"
quiet = "#5a6663"
brand = "#1f5f5b"
on_brand = "#ffffff"
tint = "#e7efe9"
rule = "#e2dccf"
[colors.dark]
ground = "#111615"
paper = "#1a2120"
ink = "#e9e7e0"
quiet = "#a8b3ae"
brand = "#90cdbd"
on_brand = "#0e2420"
tint = "#24312e"
rule = "#35423f"
"""

ARTICLE = """\
---
title: Box breathing
dek: Four sides of a breath
date: 2026-11-20
author: maya
tags: [breathing]
---
Breathe in.

## How it goes

Four seconds in, and four seconds held.

## When it helps

Before a call.
"""

EDITION = """\
---
subject: Breathe a little
preheader: Four sides of a breath, before the next call
date: 2026-11-24
blocks:
  - lead: box-breathing
---
Hello [[first_name]], here is a breath.
"""

TRACKS = """\
- title: Rain on a tin roof
  kind: Nature sounds
  minutes: 4
  moods: [restless at night, wide awake]
  url: https://aura.example.com/tracks/rain
- title: The long walk
  kind: Story
  minutes: 22
  moods: [worried]
  url: https://aura.example.com/tracks/walk
- title: Shoulders down
  kind: Work wellness
  minutes: 3
  moods: [tense, overwhelmed]
  description: For the minute between two meetings.
  url: https://aura.example.com/tracks/shoulders
"""


def make(folder: Path, files: Mapping[str, str | bytes] | None = None) -> Path:
    """A newsletter with one article and one edition in this folder, and ``files`` over them; "" takes one away.

    Its templates are the project's own.
    """
    own = {
        "content/newsletter.toml": NEWSLETTER,
        "content/articles/box-breathing.md": ARTICLE,
        "content/editions/breathe.md": EDITION,
        "content/tracks.yaml": TRACKS,
    }
    for name, text in {**own, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        elif text:
            path.write_text(text, encoding="utf-8")
        else:
            path.unlink(missing_ok=True)
    if not (folder / "templates").exists():
        (folder / "templates").symlink_to(REPOSITORY / "templates")
    return folder


def png(width: int, height: int) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"".join(b"\x00" + b"\x80" * width for _ in range(height)))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
