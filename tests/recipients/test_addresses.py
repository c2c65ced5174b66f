"""Which addresses mail can go to, and when two of them are one."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.recipients.addresses import address, addresses, key, keys, public_address

LONG = "a" * 63


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann.O'Neil+news@Mail.Example.COM ", "Ann.O'Neil+news@Mail.Example.COM"),
        ("ann@bücher.de", "ann@xn--bcher-kva.de"),
        (f"{LONG}a@{LONG}.{LONG}.com", f"{LONG}a@{LONG}.{LONG}.com"),
        ("ann@reader.test", "ann@reader.test"),
    ],
)
def test_good(written, expected):
    """Addresses stay as they are written; blanks around them go, and domains are put into ASCII."""
    assert address(written) == expected


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "no address"),
        (" ", "no address"),
        ("ann", "broken address: An email address must have an @-sign"),
        ("ann@example", "broken address: "),
        ("ann@@example.com", "broken address: "),
        (".ann@example.com", "broken address: "),
        ("ann..b@example.com", "broken address: "),
        ("ann@example..com", "broken address: "),
        ("ann@-example.com", "broken address: "),
        ("ann@example.123", "broken address: "),
        ("Ann <ann@example.com>", "broken address: "),
        ("ann@example.com, bob@example.com", "broken address: "),
        ("ann@example.com\r\nBcc: bob@example.com", "broken address: "),
        ("jürgen@example.com", "broken address: Internationalized characters before the @-sign"),
        (f"{LONG}aa@example.com", "broken address: 65 characters before the @"),
        (f"a@{LONG}a.com", "broken address: "),
        (f"a@{'.'.join([LONG] * 4)}.com", "broken address: "),
    ],
)
def test_broken(written, reason):
    """Each address that mail can't go to says why."""
    with pytest.raises(ValueError, match=r".") as refused:
        address(written)
    assert str(refused.value).startswith(reason)


RESERVED = ["a@test", "a@b.test", "a@Mail.INVALID", "a@x.localhost", "a@printer.local", "a@x.onion", "a@1.in-addr.arpa"]


@pytest.mark.parametrize("written", RESERVED)
def test_reserved(written):
    """Where people type their address, a domain that no mail goes to is refused, though a newsletter's tests use it."""
    with pytest.raises(ValueError, match=r"^broken address: "):
        public_address(written)


@pytest.mark.parametrize(
    "written",
    [
        "a@example.com",
        "a@blog.example.org",
        "a@blog.example",
        "a@test.example.com",
        "a@mytest.de",
        "a@test.xn--p1ai",
    ],
)
def test_not_reserved(written):
    """Domains for documentation are taken, and those that only have such a word in them; as email-validator does."""
    assert public_address(written) == written
    validate_email(written, check_deliverability=False)


NEARLY = st.text(st.sampled_from("abZ019.-_+@!é "), max_size=12)


@given(st.builds("{}@{}.{}".format, NEARLY, NEARLY, NEARLY))
@example("a@b.c-1")
@example("a@0.0a")
def test_the_fast_path_agrees(text):
    """What the pattern takes without a question, email-validator takes too, as it is."""
    try:
        found = address(text)
    except ValueError:
        return
    try:
        judged = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as error:
        raise AssertionError(text) from error
    assert (judged.ascii_email or "").lower() == found.lower()


@given(st.lists(NEARLY | st.sampled_from(["a@b.com", "B@B.com", "c@bücher.de", "a@b.com\nc@d.com", "a@b.com "])))
@pytest.mark.slow
def test_columns(texts):
    """A column is judged as its cells are, and addresses that are one have one key."""
    found, wrong = addresses(texts)
    assert len(found) == len(texts)
    for index, text in enumerate(texts):
        try:
            assert (address(text), None) == (found[index], wrong.get(index))
        except ValueError as error:
            assert wrong[index] == str(error)
    expected = {index: one.lower() for index, one in enumerate(found) if index not in wrong}
    assert {index: one for index, one in enumerate(keys(texts)) if index not in wrong} == expected
    assert {index: key(one) for index, one in enumerate(found) if index not in wrong} == expected
