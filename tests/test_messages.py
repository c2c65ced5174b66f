"""pipeline messages: from an edition and a list of recipients to messages on disk, as a person and a script see it."""

from __future__ import annotations

import email
import email.policy
import json
import mailbox
import os
import re
import signal
import subprocess
import sys
from io import TextIOWrapper

import pytest

from tests import folders
from tests.delivery import sending
from tests.test_crash import within

PEOPLE = "email,first_name,token\nana@example.com,Ana,t1\nomer@example.com,Ömer,t2\nnobody,No,t3\nbo@example.com,,t4\n"
GOOD = PEOPLE.replace("nobody,No,t3\n", "")


WAY_OUT = 'unsubscribe_url = "https://blog.example.com/unsubscribe'
NEWSLETTER = folders.NEWSLETTER.replace(f'{WAY_OUT}"', f'{WAY_OUT}?t={{token}}"')


@pytest.fixture
def people(run, tmp_path):
    """A list of recipients, one of whom has no address, of a newsletter that one leaves with a token."""
    folders.make(tmp_path, {"content/newsletter.toml": NEWSLETTER})
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    return tmp_path / "people.csv"


def many(path, number, bad=()):
    rows = (f"{'' if row in bad else f'reader{row}@example.com'},Reader {row},t{row}\n" for row in range(number))
    path.write_text("email,first_name,token\n" + "".join(rows), encoding="utf-8")


def parsed(content):
    return email.message_from_bytes(content, policy=email.policy.default)


def test_messages(run, tmp_path, people):
    """Each recipient gets a message; who can't is listed with the reason, and the exit code is 3."""
    code, out, err = run("messages", "breathe", "--recipients", "people.csv", "--to", "out")
    assert (code, err) == (3, "")
    assert re.fullmatch(r"3 messages of breathe to out in \d+\.\d s \([\d,]+/s\); 1 rejected: out/rejected\.csv\n", out)
    mails = [parsed(path.read_bytes()) for path in tmp_path.glob("out/0000/*.eml")]
    assert sorted(mail["To"].addresses[0].addr_spec for mail in mails) == [
        "ana@example.com",
        "bo@example.com",
        "omer@example.com",
    ]
    texts = {mail["To"].addresses[0].username: mail.get_body(("plain",)).get_content() for mail in mails}
    assert ["Hello Ana," in texts["ana"], "Hello Ömer," in texts["omer"], "Hello there," in texts["bo"]] == [True] * 3
    header, rejected = (tmp_path / "out/rejected.csv").read_text(encoding="utf-8").splitlines()
    assert header == "row,reason,email,first_name,token"
    assert rejected.startswith("4,")
    assert rejected.endswith(",nobody,No,t3")


def test_second_run(run, people):
    """A second run has nothing to do, and says so; who was rejected is still."""
    first = run("messages", "breathe", "--recipients", "people.csv", "--to", "all.mbox")
    assert first[0] == 3
    told = "3 messages of breathe to all.mbox: there already; 1 rejected: all-rejected.csv\n"
    assert run("messages", "breathe", "--recipients", "people.csv", "--to", "all.mbox") == (3, told, "")


def test_another_edition(run, tmp_path, people):
    """Another edition isn't mixed into the messages of one; --force takes their place."""
    second = folders.EDITION.replace("Breathe a little", "A second breath")
    folders.make(tmp_path, {"content/newsletter.toml": NEWSLETTER, "content/editions/second.md": second})
    assert run("messages", "breathe", "--recipients", "people.csv", "--to", "all.mbox")[0] == 3
    code, out, err = run("messages", "second", "--recipients", "people.csv", "--to", "all.mbox")
    assert (code, out) == (73, "")
    assert err.startswith("error: all.mbox: holds the messages of another send-out")
    assert run("messages", "second", "--recipients", "people.csv", "--to", "all.mbox", "--force")[0] == 3
    box = mailbox.mbox(tmp_path / "all.mbox", create=False)
    assert {parsed(box.get_bytes(key))["Subject"] for key in box.iterkeys()} == {"A second breath"}
    box.close()


def test_json(run, people):
    """Machines get one object, when it went well and when it didn't."""
    code, out, err = run("messages", "breathe", "--recipients", "people.csv", "--to", "maildir:mail", "--json")
    told = json.loads(out)
    assert (code, err) == (3, "")
    assert {name: told[name] for name in ("edition", "to", "messages", "there_already", "rejected", "exit_code")} == {
        "edition": "breathe",
        "to": "maildir:mail",
        "messages": 3,
        "there_already": 0,
        "rejected": 1,
        "exit_code": 3,
    }
    assert (told["rejected_file"], told["errors"]) == ("mail/rejected.csv", [])
    assert told["bytes"] > 10_000
    code, out, err = run("messages", "breathe", "--recipients", "nowhere.csv", "--to", "maildir:mail", "--json")
    assert (code, json.loads(out)["exit_code"], len(json.loads(out)["errors"])) == (65, 65, 1)
    assert err.startswith("error: nowhere.csv: ")


def test_quiet(run, tmp_path, people):
    """Cron hears nothing when all is well, and of rejected rows when there are some."""
    arguments = ("messages", "breathe", "--recipients", "people.csv", "--to", "out", "--quiet")
    assert run(*arguments) == (3, "", "1 rejected: out/rejected.csv\n")
    people.write_text(GOOD, encoding="utf-8")
    assert run(*arguments, "--force") == (0, "", "")
    assert not (tmp_path / "out/rejected.csv").exists()


def test_standard_input(run, tmp_path, monkeypatch, people):
    """Recipients come through a pipe too, and the same ones make the same messages."""
    assert run("messages", "breathe", "--recipients", "people.csv", "--to", "one.mbox")[0] == 3
    with people.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(file))
        assert run("messages", "breathe", "--recipients", "-", "--to", "two.mbox", "--jobs", "2")[0] == 3
    assert (tmp_path / "one.mbox").read_bytes() == (tmp_path / "two.mbox").read_bytes()


def test_nowhere(run, tmp_path, people):
    """/dev/null tells how long it takes, and with --rejected who would be rejected."""
    there = sorted(tmp_path.iterdir())
    code, out, _ = run("messages", "breathe", "--recipients", "people.csv", "--to", os.devnull)
    assert code == 3
    assert out.endswith("; 1 rejected: see which with --rejected FILE\n")
    assert sorted(tmp_path.iterdir()) == there
    assert run("messages", "breathe", "--recipients", "people.csv", "--to", os.devnull, "--rejected", "bad.csv")[0] == 3
    assert (tmp_path / "bad.csv").read_text(encoding="utf-8").count("\n") == 2


def test_not_ready(run, tmp_path, people):
    """An edition that isn't ready to be sent makes no messages, and says why."""
    folders.make(tmp_path, {"content/editions/breathe.md": folders.EDITION.replace("subject: Breathe a little\n", "")})
    code, out, err = run("messages", "breathe", "--recipients", "people.csv", "--to", "out")
    assert (code, out) == (65, "")
    assert err.startswith("error: content/editions/breathe.md")
    assert not (tmp_path / "out").exists()
    code, _, err = run("messages", "breath", "--recipients", "people.csv", "--to", "out")
    assert (code, err) == (65, "error: there is no edition 'breath' in content/editions/; did you mean breathe?\n")


def test_beside_a_build(run, tmp_path, people):
    """Messages in the edition's own folder outlive its next build; elsewhere in there they are refused."""
    place = "outbox/breathe/messages/"
    assert run("messages", "breathe", "--recipients", "people.csv", "--to", place)[0] == 3
    before = sending.files(tmp_path / place)
    assert run("build", "--quiet") == (0, "", "")
    assert run("build", "--quiet", "--force") == (0, "", "")
    assert sending.files(tmp_path / place) == before
    told = run("messages", "breathe", "--recipients", "people.csv", "--to", place)[1]
    assert told.startswith(f"3 messages of breathe to {place}: there already;")
    for elsewhere in ("outbox/breathe/all.mbox", "maildir:outbox/breathe/mail"):
        code, _, err = run("messages", "breathe", "--recipients", "people.csv", "--to", elsewhere)
        assert code == 2
        assert "the next build would remove that; use outbox/breathe/messages" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--jobs", "2", "--cluster", "tcp://127.0.0.1:1"),
        ("--dkim-key", "key.pem"),
        ("--rejected", "people.csv"),
    ],
)
def test_wrong_usage(run, people, arguments):
    """Options that don't go together are refused before anything is done."""
    assert run("messages", "breathe", "--recipients", "people.csv", "--to", "out", *arguments)[0] == 2


def test_signed(run, tmp_path, monkeypatch, people):
    """With a key each message is signed for the sender's domain, or another one."""
    pytest.importorskip("cryptography")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(key)
    monkeypatch.setenv("DKIM_KEY", "key.pem")
    monkeypatch.setenv("DKIM_SELECTOR", "s1")
    assert run("messages", "breathe", "--recipients", "people.csv", "--to", "out", "--jobs", "2")[0] == 3
    for path in tmp_path.glob("out/0000/*.eml"):
        assert "d=blog.example.com; s=s1;" in parsed(path.read_bytes())["DKIM-Signature"]
    code, _, err = run("messages", "breathe", "--recipients", "people.csv", "--to", "b", "--dkim-key", "none.pem")
    assert (code, err) == (78, "error: none.pem: the DKIM key can't be read: No such file or directory\n")


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_same_bytes(run, tmp_path, people, ending):
    """One process and four write the same, whatever the recipients came in."""
    bad = {7, 1200, 2499}
    many(tmp_path / "people.csv", 2500, bad)
    rows = [line.split(",") for line in (tmp_path / "people.csv").read_text(encoding="utf-8").splitlines()[1:]]
    records = [dict(zip(("email", "first_name", "token"), row, strict=True)) for row in rows]
    if ending == "jsonl":
        (tmp_path / "people.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in records), encoding="utf-8")
    if ending == "parquet":
        pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pyarrow.Table.from_pylist(records), tmp_path / "people.parquet", row_group_size=700)
    for target in ("folder", "all.mbox", "maildir:mail"):
        kind, colon, name = target.rpartition(":")
        for jobs in ("1", "4"):
            (tmp_path / jobs).mkdir(exist_ok=True)
            to = f"{kind}{colon}{jobs}/{name}"
            told = run("messages", "breathe", "--recipients", f"people.{ending}", "--to", to, "--jobs", jobs)
            assert told[0] == 3
    one, four = sending.files(tmp_path / "1"), sending.files(tmp_path / "4")
    assert one == four
    assert len(one) == 2 * 2497 + 4


def start(folder, *arguments):
    command = [sys.executable, "-m", "pipeline", "messages", "breathe", "--project", str(folder), *arguments]
    return subprocess.Popen(
        command, cwd=folders.REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "3"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped(tmp_path, jobs, number):
    """Ctrl-C and SIGTERM end a run soon, with their exit codes; whole shards stay, and the next run goes on."""
    folders.make(tmp_path, {"content/newsletter.toml": NEWSLETTER})
    many(tmp_path / "people.csv", 30_000)
    arguments = ("--recipients", str(tmp_path / "people.csv"), "--to", str(tmp_path / "out"), "--jobs", jobs)
    running = start(tmp_path, *arguments)
    assert within(20, lambda: (tmp_path / "out/0002").exists())
    running.send_signal(number)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, out) == (128 + number, "")
    assert re.fullmatch(r"stopped; [\d,]+ messages are there, and the same command goes on from them\n", err)
    shards = sorted(path for path in (tmp_path / "out").iterdir() if not path.name.startswith("."))
    assert 2 < len(shards) < 30
    assert [len(list(shard.iterdir())) for shard in shards] == [1000] * len(shards)
    assert [name for name in sending.hidden(tmp_path / "out") if name.endswith(".tmp")] == []
    out, err = start(tmp_path, *arguments).communicate(timeout=120)
    assert out.startswith(f"30,000 messages of breathe to {tmp_path / 'out'}, {len(shards)},000 of them there already")
    assert err == ""
