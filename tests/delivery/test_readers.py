"""Ten thousand hostile readers' messages, as three readers of mail read them: Python's, and npm's two.

What they read is what a plain rendering of the same Email by Jinja2 says.
"""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings

from pipeline.delivery import message
from tests.delivery import letters
from tests.delivery.test_message import HEADERS, READERS, check_bytes
from tests.mail_readers import ask_node, by_python

pytestmark = [pytest.mark.node, pytest.mark.slow]

HOW_MANY = 10_000
AT_ONCE = 1_000


@pytest.fixture(scope="module")
def newsletter(tmp_path_factory):
    return letters.newsletter(tmp_path_factory.mktemp("newsletter"))


def hostile_readers():
    """As Hypothesis thinks of them."""
    found = []

    @settings(max_examples=HOW_MANY, database=None, suppress_health_check=list(HealthCheck))
    @given(READERS)
    def collect(values):
        found.append(values)

    collect()
    return found[:HOW_MANY]


def test_readings(newsletter, tmp_path):
    """Every reader of mail reads what was meant, down to the last character of both parts, and no header besides."""
    program = message.compile(letters.email(), newsletter, columns=letters.COLUMNS)
    readers = hostile_readers()
    assert len(readers) > HOW_MANY * 0.9
    for begin in range(0, len(readers), AT_ONCE):
        some = readers[begin : begin + AT_ONCE]
        files = [tmp_path / f"{number}.eml" for number in range(len(some))]
        raws = list(program.messages(letters.batch(some)))
        for path, raw in zip(files, raws, strict=True):
            path.write_bytes(raw)
        answer = ask_node("read_messages.mjs", "mailparser", files)
        for values, path, raw in zip(some, files, raws, strict=True):
            check_bytes(raw)
            expected = letters.normalised(letters.meant(newsletter, values))
            for who, read in {"Python": by_python(raw), **answer[str(path)]}.items():
                read = letters.normalised(read)
                assert read.pop("headers") == HEADERS, who
                assert re.fullmatch(r"<[0-9a-f]{24}\.breathe\.20261124@blog\.example\.com>", read.pop("message-id"))
                assert unmarked(who, read) == unmarked(who, expected), who


def unmarked(who, reading):
    """postal-mime takes U+FEFF at the beginning of anything for a mark of the byte order, and leaves it out."""
    text = json.dumps(reading, ensure_ascii=False, sort_keys=True)
    return text.replace("\ufeff", "") if who == "postal-mime" else text
