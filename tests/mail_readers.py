"""What a reader of mail reads in a message: Python's own, and npm's mailparser and postal-mime."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

REFEREES = Path(__file__).parent / "checks/referees"


def required(there: object, what: str) -> None:
    """Skip where a referee isn't installed, or fail where nothing may be missing."""
    if not there and "CI" not in os.environ:
        pytest.skip(f"{what} is not installed")
    assert there, f"CI is set, and {what} is not installed"


def ask(*command: object) -> Any:
    """What a referee answers, as JSON."""
    return json.loads(subprocess.run(list(map(str, command)), capture_output=True, check=True, timeout=120).stdout)


def ask_node(script: str, package: str, files: Iterable[Path]) -> Any:
    required(shutil.which("node") and (REFEREES / "node_modules" / package).is_dir(), f"npm's {package}")
    return ask("node", REFEREES / script, *files)


def by_python(message: bytes) -> dict[str, Any]:
    """The message as Python reads it. Headers are read by the old policy: the new one of Python 3.11 puts blanks
    between the encoded words of a name."""
    old, new = message_from_bytes(message), message_from_bytes(message, policy=policy.default)

    def decoded(text: str) -> str:
        return str(make_header(decode_header(re.sub(r"\r?\n(?=[ \t])", "", text))))

    def mailbox(name: str) -> list[str]:
        phrase, address = parseaddr(re.sub(r"\r?\n(?=[ \t])", "", old[name]))
        return [decoded(phrase), address]

    return {
        "headers": [name.lower() for name in old.keys()],  # noqa: SIM118 (a Message is no mapping)
        "subject": decoded(old["Subject"]),
        "from": [mailbox("From")],
        "to": [mailbox("To")],
        "date": int(parsedate_to_datetime(old["Date"]).timestamp()),
        "message-id": old["Message-ID"],
        "list-id": mailbox("List-Id")[1],
        "list-unsubscribe": old["List-Unsubscribe"],
        "list-unsubscribe-post": old["List-Unsubscribe-Post"],
        "text": new.get_body(("plain",)).get_content(),
        "html": new.get_body(("html",)).get_content(),
    }
