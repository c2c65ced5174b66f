"""A file's first bytes -> which of the formats it has; and clear words for those that can't be read."""

from __future__ import annotations

from typing import Literal

from pipeline.errors import ContentError, Where

BOM = b"\xef\xbb\xbf"
HEAD = 65536

_SAVE = 'save it as "CSV UTF-8"'
_FOREIGN = (
    (b"\xff\xfe", f'seems to be UTF-16, as Excel\'s "Unicode Text" is; {_SAVE}'),
    (b"\xfe\xff", f"seems to be UTF-16; {_SAVE}"),
    (b"PK\x03\x04", f"seems to be a spreadsheet (.xlsx or .ods) or a ZIP file; {_SAVE}"),
    (b"\xd0\xcf\x11\xe0", f"seems to be an Excel file (.xls); {_SAVE}"),
    (b"\x1f\x8b", "is compressed with gzip; unpack it first"),
)


def format_of(head: bytes, where: Where) -> Literal["csv", "json", "parquet"]:
    """Raises a ContentError for what is none of them, and says what it seems to be."""
    if head.startswith(b"PAR1"):
        return "parquet"
    for begin, message in _FOREIGN:
        if head.startswith(begin):
            raise ContentError(message, where)
    if b"\0" in head[:4]:
        raise ContentError(f"seems to be UTF-16; {_SAVE}", where)
    text = head.removeprefix(BOM).lstrip()
    if not text:
        raise ContentError("is empty", where)
    if text.startswith(b"["):
        raise ContentError("is one JSON array; write each of its objects in a line of its own (jq -c '.[]')", where)
    if text.startswith(b"{"):
        return "json"
    if b"\r" in head and b"\n" not in head:
        raise ContentError(f"has the line ends of old Macs; {_SAVE}", where)
    return "csv"


def not_utf8(error: UnicodeDecodeError, where: Where) -> ContentError:
    """What to say of a line that isn't UTF-8."""
    begin = error.object[max(0, error.start - 10) : error.start + 10]
    seen = begin.decode("cp1252", "replace").strip()
    return ContentError(f"is not UTF-8; it seems to be Latin-1 or Windows-1252 ({seen!r}); {_SAVE}", where)
