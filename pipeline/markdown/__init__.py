"""Markdown as blogs write it -> HTML fit for e-mail clients, and its plain-text twin.

``render`` makes a Document of an article or a letter; ``to_text``, ``opening`` and ``plain`` read the HTML
that it wrote. The only importer of markdown_it, mdit_py_plugins and nh3.
"""

from __future__ import annotations

from pipeline.markdown.document import Document, render
from pipeline.markdown.opening import opening
from pipeline.markdown.text import to_text
from pipeline.markdown.tree import plain

__all__ = ["Document", "opening", "plain", "render", "to_text"]
