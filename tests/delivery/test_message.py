"""message.py: whatever a reader is called, the message says what was meant, and nothing besides."""

import pickle
import re
from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline import merge_fields, mime, personal, pieces
from pipeline.delivery import message
from pipeline.errors import ContentError
from pipeline.model import Email
from pipeline.recipients.batch import Batch
from tests.delivery import letters
from tests.mail_readers import by_python

HEADERS = """
    from to subject date message-id list-id list-post list-unsubscribe list-unsubscribe-post feedback-id
    mime-version content-language content-type
""".split()  # noqa: SIM905 (a list that is read, not one that is counted)
NO_CONTROL = st.characters(codec="utf-8", exclude_categories=["Cc"])
WORDS = st.one_of(
    st.sampled_from(letters.HOSTILE),
    st.text(NO_CONTROL, max_size=120),
    st.text(st.sampled_from('.=?_ é"\\<>,From'), max_size=90),
)
TOKENS = st.text(st.sampled_from("abcXYZ019-._~"), min_size=1, max_size=120)
ADDRESSES = st.from_regex(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\.[a-z0-9]{1,9})?@([a-z0-9]{1,20}\.){1,4}[a-z]{2,9}", fullmatch=True
)
READERS = st.fixed_dictionaries(
    {
        "email": ADDRESSES,
        "token": TOKENS,
    },
    optional={
        "first_name": WORDS,
        "plan": st.one_of(st.just("premium"), WORDS),
        "share_url": st.one_of(st.just("javascript:alert(1)"), WORDS, WORDS.map("https://x.example/{}".format)),
        "joined": st.one_of(st.sampled_from(letters.DATES), st.dates()),
        "sent": st.lists(st.sampled_from(["Rain", "Sea", "Wind", "Snow"]), max_size=3).map(tuple),
        "topics": st.lists(st.one_of(st.just("sleep"), WORDS), max_size=4).map(tuple),
    },
)


@pytest.fixture(scope="module")
def newsletter(tmp_path_factory):
    return letters.newsletter(tmp_path_factory.mktemp("newsletter"))


@pytest.fixture(scope="module")
def program(newsletter):
    return message.compile(letters.email(), newsletter, columns=letters.COLUMNS)


def check_bytes(raw):
    """What holds for the bytes of every message, whatever it says."""
    assert raw.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\x00", raw)
    head, _, body = raw.partition(b"\r\n\r\n")
    assert not [line for line in body.split(b"\r\n") if len(line) > 76 or line.startswith((b".", b"From "))]
    for line in head.split(b"\r\n"):
        words = re.findall(rb"=\?.*?\?[bq]\?.*?\?=", line)
        assert len(line) <= (76 if words else 998)
        assert all(len(word) <= 75 for word in words)
    assert not message_from_bytes(raw, policy=policy.default).defects


def check(raw, newsletter, values):
    check_bytes(raw)
    read = letters.normalised(by_python(raw))
    assert read.pop("headers") == HEADERS
    read.pop("message-id")
    assert read == letters.normalised(letters.meant(newsletter, values))


def test_everything_known(program, newsletter):
    """A reader of whom everything is known reads it where it belongs."""
    ana = {"email": "ana@example.com", "token": "c41", "first_name": "Ana", "plan": "premium"}
    ana |= {"share_url": "https://x.example/ana", "joined": date(2026, 1, 2), "topics": ("sleep", "rest")}
    raw = program.message(ana)
    check(raw, newsletter, ana)
    read = by_python(raw)
    assert read["subject"] == "Breathe, Ana: premium sounds"
    assert read["to"] == [["Ana (premium)", "ana@example.com"]]
    assert "Only for Ana since January 2, 2026: sleep, rest" in read["text"]


def test_headers(program):
    """To, List-Unsubscribe and Message-ID are the reader's; the other headers are those of the edition's own copy."""
    found = message_from_bytes(
        program.message({"email": "zoe@example.com", "token": "c41", "first_name": "Zoë", "plan": "premium"})
    )
    assert found["To"] == "=?utf-8?b?Wm/DqyAocHJlbWl1bSk=?= <zoe@example.com>"
    assert found["List-Unsubscribe"] == "<https://blog.example.com/unsubscribe_url/breathe?a=1&t=c41>"
    assert found["Message-ID"] == f"<{program.id('zoe@example.com')}.breathe.20261124@blog.example.com>"
    assert re.fullmatch(r"breathe:20261124:newsletter:[0-9a-f]{12}", found["Feedback-ID"])
    assert found["Date"] == "Tue, 24 Nov 2026 08:00:00 +0000"


def test_filled_pieces(newsletter):
    """Filled without being made a message, the Email says the same."""
    ana = {"email": "ana@example.com", "token": "c41", "first_name": "<Ana>", "plan": "premium", "sent": ("Sea",)}
    email, said = letters.email(), letters.plain(ana)
    view = personal.view(email, ana)
    assert pieces.fill(pieces.of_html(email), ana, view, "en") == said["html"]
    assert pieces.fill(pieces.of_text(email), ana, view, "en") == said["text"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(values=READERS)
def test_any_reader(program, newsletter, values):
    """A message reads as a plain rendering of the same Email, headers included."""
    check(program.message(values), newsletter, values)


@pytest.mark.parametrize("text", letters.HOSTILE)
def test_hostile_values(program, newsletter, text):
    """So it does with names, lists and addresses that are made to break it."""
    values = {"email": "a@example.com", "token": "c41", "first_name": text, "plan": text, "share_url": text}
    for topics in ((text, text), ("sleep", text)):
        check(program.message({**values, "topics": topics}), newsletter, {**values, "topics": topics})


@given(readers=st.lists(READERS, min_size=1, max_size=20))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_batches(program, readers):
    """The bytes don't depend on who else is in the batch, nor on whether there is one."""
    alone = [program.message(values) for values in readers]
    assert list(program.messages(letters.batch(readers))) == alone
    assert [b"".join(chunks) for chunks in program.chunks(letters.batch(readers))] == alone


@pytest.mark.parametrize("size", [1, 7, 512])
def test_sizes_of_batches(program, size):
    """Batches of any size make the same messages."""
    readers = [
        {"email": f"r{number}@example.com", "token": f"{number:x}", "first_name": letters.HOSTILE[number % 37]}
        for number in range(600)
    ]
    batches = [letters.batch(readers[begin : begin + size]) for begin in range(0, len(readers), size)]
    assert [one for batch in batches for one in program.messages(batch)] == [program.message(one) for one in readers]


def test_shared_pieces(program):
    """What is the same for all readers is one object in all their messages: nothing copies it."""
    readers = [{"email": f"r{number}@example.com", "token": "c", "first_name": "A"} for number in range(2)]
    first, second = program.chunks(letters.batch(readers))
    shared = [one for one, other in zip(first, second, strict=True) if one is other]
    assert sum(map(len, shared)) > sum(map(len, first)) * 0.6


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x9b"])
@pytest.mark.parametrize("name", ["first_name", "plan", "share_url", "token"])
def test_control_characters(program, name, character):
    """A control character in a value is refused; blanks of any kind are blanks."""
    values = {"email": "a@example.com", "token": "c", name: f"a{character}b"}
    with pytest.raises(ContentError, match="control character"):
        program.message(values)


def test_half_a_character(program):
    """So is half of a surrogate pair, which no bytes stand for."""
    with pytest.raises(ContentError, match="half a character"):
        program.message({"email": "a@example.com", "token": "c", "first_name": "a\ud83d"})


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@",
        "a@",
        "@b.example",
        "a@b@c.example",
        "a b@c.example",
        "a@b.example\n",
        "a@b.example\r\nBcc: c@d.example",
        "é@example.com",
        "a..b@example.com",
        ".a@example.com",
        "a@b.example,c@d.example",
        "<a@b.example>",
        "a" * 990 + "@b.example",
    ],
)
def test_addresses(program, address):
    """What isn't an address is refused, whatever was to check it before."""
    with pytest.raises(ContentError):
        program.message({"email": address, "token": "c"})


def test_domains(program):
    """A domain in other letters stands in its ASCII form."""
    raw = program.message({"email": "a@münchen.example", "token": "c", "first_name": "Ana", "plan": "p"})
    assert b'\r\nTo: "Ana (p)" <a@xn--mnchen-3ya.example>\r\n' in raw


def test_nameless(newsletter):
    """Without a name, To is the address alone."""
    program = message.compile(letters.email(), replace(newsletter, recipient_name=""), columns=["token"])
    assert b"\r\nTo: <a@example.com>\r\n" in program.message({"email": "a@example.com", "token": "c"})


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("https://y.example/leave?a=1&b=2", "<https://y.example/leave?a=1&b=2>"),
        ("https://münchen.example/für>x", "<https://xn--mnchen-3ya.example/f%C3%BCr%3Ex>"),
        ("https://y.example/" + "x" * 900, "<https://y.example/" + "x" * 900 + ">"),
        ("", "<https://blog.example.com/unsubscribe_url/breathe?a=1&t=c41>"),
        ("javascript:alert(1)", "<https://blog.example.com/unsubscribe_url/breathe?a=1&t=c41>"),
        ("https://[y/ü", "<https://blog.example.com/unsubscribe_url/breathe?a=1&t=c41>"),
        ("https://y..example/ü", "<https://blog.example.com/unsubscribe_url/breathe?a=1&t=c41>"),
        ("mailto:leave@y.example", "<https://blog.example.com/unsubscribe_url/breathe?a=1&t=c41>"),
    ],
)
def test_unsubscribe_urls(newsletter, url, header):
    """A reader's own URL stands in List-Unsubscribe as one URI, never folded; the pattern with the token for others."""
    program = message.compile(letters.email(), newsletter, columns=["token", "unsubscribe_url"])
    raw = program.message({"email": "a@example.com", "token": "c41", "unsubscribe_url": url})
    check_bytes(raw)
    assert f"\r\nList-Unsubscribe: {header}\r\n".encode() in raw


@pytest.mark.parametrize(
    ("columns", "values"),
    [
        (("token",), {}),
        (("unsubscribe_url",), {"unsubscribe_url": "http://y.example"}),
        (("unsubscribe_url",), {"unsubscribe_url": "https://y.example/" + "x" * 960}),
    ],
)
def test_no_way_out(newsletter, columns, values):
    """No message is made for a reader who could not unsubscribe by it."""
    program = message.compile(letters.email(), newsletter, columns=columns)
    with pytest.raises(ContentError, match="unsubscribe"):
        program.message({"email": "a@example.com", **values})


@pytest.mark.parametrize("pattern", ["https://y.example/leave", "https://y.example/leave?t={token}"])
def test_no_way_out_for_anybody(newsletter, pattern):
    """Recipients who bring neither a URL of their own nor a token for the pattern are refused before the first."""
    other = replace(newsletter, unsubscribe_url=pattern)
    columns = ["first_name"] if "{token}" in pattern else ["token"]
    with pytest.raises(ContentError, match="can't unsubscribe"):
        message.compile(letters.email(), other, columns=columns)


def test_undeclared(newsletter):
    """A field that is not declared is refused before the first message."""
    email = replace(letters.email(), html=letters.field("fist_name"))
    with pytest.raises(ContentError, match="did you mean first_name"):
        message.compile(email, newsletter, columns=["token"])


def test_unbrought(newsletter):
    """What recipients don't bring is the fallback for all, and no slot."""
    program = message.compile(letters.email(), newsletter, columns=["token"])
    raw = program.message({"email": "a@example.com", "token": "c41"})
    check(raw, newsletter, {"email": "a@example.com", "token": "c41"})
    assert b"\r\nSubject: Breathe, <there>: sounds\r\n" in raw


def test_plain_email(newsletter):
    """An Email without fields is as the edition's own copy has it, but for To, Message-ID and List-Unsubscribe."""
    email = Email("breathe", "Breathe", "", letters.email().date, "en", "<p>Hi — é\n" * 99, "Hi\n" * 30, (), ())
    copy = mime.message(email, newsletter)
    raw = message.compile(email, newsletter, columns=["token"]).message({"email": "a@example.com", "token": "c"})
    own = (b"To:", b"Message-ID:", b"List-Unsubscribe:", b"Feedback-ID:")

    def others(raw):
        return [line for line in raw.split(b"\r\n") if not line.startswith(own)]

    assert others(raw) == others(copy)


def test_ids(program, newsletter):
    """An id is stable for an edition and an address, another one for each other, and doesn't hold the address."""
    again = message.compile(letters.email(), newsletter, columns=["token"])
    later = message.compile(replace(letters.email(), slug="later"), newsletter, columns=["token"])
    ids = [program.id("ana@example.com"), later.id("ana@example.com"), program.id("bo@example.com")]
    assert again.id("ana@example.com") == ids[0]
    assert len(set(ids)) == 3
    assert all(re.fullmatch("[0-9a-f]{24}", one) for one in ids)


def test_fingerprint(program, newsletter):
    """The fingerprint is the same for the same messages, and another one where any of them could be another."""
    email = letters.email()
    same = message.compile(email, newsletter, columns=letters.COLUMNS)
    others = [
        message.compile(replace(email, html=email.html + "."), newsletter, columns=letters.COLUMNS),
        message.compile(replace(email, subject="S"), newsletter, columns=letters.COLUMNS),
        message.compile(
            replace(email, personal={**email.personal, 0: email.personal[1]}), newsletter, columns=letters.COLUMNS
        ),
        message.compile(email, replace(newsletter, name="N"), columns=letters.COLUMNS),
        message.compile(email, newsletter, columns=["token"]),
    ]
    assert same.fingerprint == program.fingerprint
    assert len({program.fingerprint, *(other.fingerprint for other in others)}) == 6


def test_pickle(program):
    """A program goes to other processes, also once it has been used, and makes the same messages there."""
    ana = {"email": "ana@example.com", "token": "c41", "first_name": "Ana", "topics": ("sleep",)}
    made = program.message(ana)
    assert pickle.loads(pickle.dumps(program)).message(ana) == made


def test_nobody(program):
    """No readers, no messages."""
    assert list(program.messages(Batch([], {"token": []}))) == []


@pytest.mark.slow
@settings(max_examples=20_000, suppress_health_check=[HealthCheck.too_slow])
@given(name=WORDS)
@example("=?utf-8?q?x=0ABcc:_y@evil?=")
def test_no_header_is_injected(newsletter, name):
    """A name puts no header into a message, by whichever policy it is read."""
    email = replace(letters.email(), html="<p>", text="t", personal={})
    program = message.compile(email, newsletter, columns=["token", "first_name", "plan"])
    raw = program.message({"email": "a@example.com", "token": "c", "first_name": name, "plan": name[::-1]})
    for one in (policy.default, policy.compat32, policy.SMTP):
        assert [key.lower() for key, _ in message_from_bytes(raw, policy=one).raw_items()] == HEADERS


def test_tags_of_an_esp(newsletter):
    """A tag that only an ESP fills is in no message of ours: it is refused, and named."""
    email = replace(letters.email(), text=merge_fields.protected("Hi *|FNAME|*", re.compile(r"\*\|\w+\|\*")))
    with pytest.raises(ContentError, match=r"has \*\|FNAME\|\*, a tag that only its ESP fills"):
        message.compile(email, newsletter, columns=letters.COLUMNS)
