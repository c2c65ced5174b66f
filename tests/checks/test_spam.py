"""spam.py: what SpamAssassin says of a message, if it is there, and nothing where it isn't."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import checks
from pipeline.checks import spam
from pipeline.checks.spam import SpamRule, SpamScore
from pipeline.errors import Where
from tests.checks.test_mutants import CLEAN, mail

MAIL = checks.of_html("<p>x", "content/editions/x.md")
REPORT = """\
Subject: Content analysis details:   (0.0 points, 5.0 required)

Content analysis details:   (6.1 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
-0.0 NO_RELAYS              Informational: message was not relayed via SMTP
 3.6 BAD_THING              BODY: Something bad that takes
                            [two lines to tell]
 2.5 WORSE_1                Something worse

"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Installs a program of this name that does what it is told, as the only one there is."""

    def install(name, script):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    monkeypatch.setattr(spam, "_PATH", str(tmp_path))
    return install


def test_without_spamassassin(program):
    """Where neither of the programs is installed, there is no score, and a note says so of a whole message."""
    assert spam.score(b"Subject: x\r\n\r\nx\r\n") is None
    assert list(spam.spam_score.look(MAIL)) == []
    whole = replace(MAIL, message=b"Subject: x\r\n\r\nx\r\n")
    assert [one.level for one in spam.spam_score.look(whole)] == ["note"]


def test_read_report():
    """A report's last total counts, with the rules below it."""
    expected = SpamScore(
        6.1,
        (
            SpamRule("NO_RELAYS", -0.0, "Informational: message was not relayed via SMTP"),
            SpamRule("BAD_THING", 3.6, "BODY: Something bad that takes [two lines to tell]"),
            SpamRule("WORSE_1", 2.5, "Something worse"),
        ),
    )
    assert spam.read_report(REPORT) == expected
    assert spam.read_report("Subject: x") is None


@pytest.mark.parametrize(("points", "level"), [(1.9, None), (2.0, "warn"), (4.9, "warn"), (5.0, "error")])
def test_levels(points, level):
    """From 2 points on it is a warning, from SpamAssassin's own threshold on an error, with what costs the points."""
    score = SpamScore(points, (SpamRule("A", 0.1, "a little"), SpamRule("B", 3.0, "much"), SpamRule("C", -1.0, "good")))
    found = list(spam.faults(MAIL, score))
    assert [(one.level, one.where) for one in found] == [(level, Where("content/editions/x.md"))] * bool(level)
    assert all(one.message.endswith("B 3.0 (much), A 0.1 (a little)") for one in found)


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        ("exit 70", "spamassassin gave no score"),
        ("cat >/dev/null; echo no rules found >&2; exit 2", "spamassassin gave no score: no rules found"),
        ("sleep 5", "spamassassin took longer than 0.2 seconds"),
    ],
)
def test_trouble(program, monkeypatch, script, trouble):
    """A program that fails or hangs is told in a note, and stops nothing."""
    program("spamassassin", f"PATH=/bin:/usr/bin\n{script}")
    monkeypatch.setattr(spam, "SECONDS", 0.2)
    score = spam.score(b"Subject: x\r\n\r\n" + b"x\r\n" * 100_000)
    assert score == SpamScore(trouble=trouble)
    assert [(one.level, one.message) for one in spam.faults(MAIL, score)] == [("note", trouble)]
    assert [one.message for one in spam.spam_score.look(replace(MAIL, message=b"Subject: x\r\n\r\nx\r\n"))] == [trouble]


def test_program_that_is_none(program):
    """A file that can't be run is told in a note as well."""
    program("spamassassin", "").write_bytes(b"\x7fELF nothing")
    score = spam.score(b"Subject: x\r\n\r\nx\r\n")
    assert score is not None
    assert score.trouble.startswith("spamassassin can't be run: ")


def test_only_local(program, tmp_path):
    """SpamAssassin is asked for its own tests only, without a home, preferences or anything learned."""
    said = tmp_path / "said"
    program("spamassassin", f'PATH=/bin:/usr/bin\n{{ echo "$@"; env; }} >{said}; cat >/dev/null')
    spam.score(b"Subject: x\r\n\r\nx\r\n")
    told = said.read_text()
    assert {"--local", "--test-mode", "--nocreate-prefs", "--prefspath=/dev/null"} <= set(told.split())
    assert "use_bayes 0" in told
    assert f"HOME={os.environ.get('HOME', '/root')}\n" not in told


def test_spamc_where_there_is_nothing_else(program):
    """Where only the client of a server is installed, the server on this machine is asked."""
    program("spamc", f"PATH=/bin:/usr/bin\ncase \"$*\" in *127.0.0.1*) cat >/dev/null; cat <<'END'\n{REPORT}END\nesac")
    score = spam.score(b"Subject: x\r\n\r\nx\r\n")
    assert score is not None
    assert score.points == 6.1


@pytest.fixture
def spamassassin():
    if not shutil.which("spamassassin", path=spam._PATH):
        if "CI" not in os.environ:
            pytest.skip("no spamassassin on this machine")
        pytest.fail("CI is set, and there is no spamassassin")


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "slug"), CLEAN, ids=[f"{folder.name}-{slug}" for folder, slug in CLEAN])
def test_editions(spamassassin, folder, slug):
    """SpamAssassin gives no edition that is ready more than 0.0 points."""
    score = spam.score(mail(folder, slug).message)
    assert score is not None
    assert score.trouble == ""
    assert score.points <= 0.0, score
    assert len(score.rules) >= 3


@pytest.mark.slow
def test_what_spamassassin_says(spamassassin):
    """SpamAssassin's own test line is spam, to the points and by its rule; nothing is left behind of the asking."""
    before = set(Path.home().iterdir())
    clean = mail(*CLEAN[0])
    line = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    message = clean.message.replace(b"\r\nUnsubscribe\r\n", b"\r\n%b\r\nUnsubscribe\r\n" % line)
    score = spam.score(message)
    assert score is not None
    assert score.points > 900
    assert "GTUBE" in {rule.name for rule in score.rules}
    found = list(spam.faults(replace(clean, message=message), score))
    assert [one.level for one in found] == ["error"]
    assert "GTUBE 1000.0 (" in found[0].message
    assert set(Path.home().iterdir()) == before


@pytest.mark.slow
def test_invisible_text_costs_points(spamassassin):
    """What H10 warns of, SpamAssassin counts: letters of one pixel, in a mail without any of a list's headers."""
    clean = mail(*CLEAN[0])
    own = clean.message.replace(b"\r\nList-", b"\r\nX-")
    tiny = own.replace(b"display:none;", b"display:none;font-size:1px;")
    scores = [spam.score(message) for message in (own, tiny)]
    assert [{rule.name for rule in score.rules} & {"FONT_INVIS_MSGID"} for score in scores if score] == [
        set(),
        {"FONT_INVIS_MSGID"},
    ]
