"""marks.py: what each block weighs."""

import pytest

from pipeline import marks
from pipeline.errors import TemplateError, Where
from pipeline.model import Block

BLOCKS = (Block("lead", Where("e.md", 3)), Block("footer", Where("e.md", 1)))
HTML = "<body><!--block:0--><p>né</p><!--/block:0-->\n<!--block:1-->bye<!--/block:1--></body>"


def test_weigh():
    """A block weighs what stands between its marks, in bytes of UTF-8."""
    assert [(size.name, size.bytes, size.where) for size in marks.weigh(HTML, BLOCKS)] == [
        ("lead", len("<p>né</p>".encode()), Where("e.md", 3)),
        ("footer", 3, Where("e.md", 1)),
    ]


def test_without_marks():
    """The last step takes the marks out, and nothing else."""
    assert marks.without_marks(HTML) == "<body><p>né</p>bye</body>"


def test_layout_without_marks():
    """A layout that forgets a block's marks is told which."""
    with pytest.raises(TemplateError, match=r"block 1 \(footer\)"):
        marks.weigh("<!--block:0-->x<!--/block:0-->", BLOCKS)
