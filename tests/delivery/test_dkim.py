"""dkim.py: signatures that dkimpy verifies, and that no change of the message survives."""

import pickle
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from pipeline import build
from pipeline.audience.subscriber import Outgoing, Preferences, Subscriber
from pipeline.delivery import message
from pipeline.delivery.dkim import Signer, read_signer
from pipeline.delivery.letters import Letters
from pipeline.errors import ConfigurationError
from tests import folders
from tests.delivery import letters


def pem(key):
    encoding, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, private, serialization.NoEncryption())


def rsa_key(bits):
    return pem(rsa.generate_private_key(65537, bits))


def ed25519_key():
    return pem(ed25519.Ed25519PrivateKey.generate())


NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
KEYS = {"ed25519": ed25519_key(), "rsa": rsa_key(2048)}
READERS = [
    {"email": f"r{number}@example.com", "token": f"{number}", "first_name": name, "plan": "premium"}
    for number, name in enumerate(["Ana", "Zoë" * 30, ".", "From ", "", "eins  zwei"])
]


@pytest.fixture(scope="module")
def newsletter(tmp_path_factory):
    return letters.newsletter(tmp_path_factory.mktemp("newsletter"))


@pytest.fixture(scope="module", params=sorted(KEYS))
def signer(request):
    return Signer(KEYS[request.param], "news", "blog.example.com")


@pytest.fixture
def program(newsletter, signer):
    return message.compile(letters.email(), newsletter, columns=letters.COLUMNS, signer=signer)


def verified(raw, signer):
    """What dkimpy says of the message, the key given as DNS would."""

    def dns(name, timeout=5):
        assert name == b"news._domainkey.blog.example.com."
        return signer.record.encode()

    return dkim.verify(raw, dnsfunc=dns)


def test_signed(program, signer):
    """Each reader's message is signed, whatever the reader is called."""
    for raw in program.messages(letters.batch(READERS)):
        assert verified(raw, signer)
        signature = raw.partition(b"\r\nFrom:")[0]
        assert max(map(len, signature.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("kind", ["confirm", "welcome"])
def test_signed_letter(signer, kind, tmp_path):
    """A letter that answers somebody is signed as well, and is the same otherwise."""
    project = build.open_project(folders.make(tmp_path))
    about = project.library.newsletter, project.environment, build.render_email, tmp_path / "outbox"
    mail = Outgoing(3, kind, 17, "ana@example.com", "ab12", NOW, 0, NOW)
    reader = Subscriber(17, mail.address, "", "pending", Preferences(), "T0KEN", NOW, None)
    link = "https://blog.example.com/confirm?t=17" if kind == "confirm" else ""
    signed, plain = (Letters(*about, one).write(mail, reader, link, NOW).message for one in (signer, None))
    assert verified(signed, signer)
    assert signed.endswith(b"\r\n" + plain)
    assert not verified(signed.replace(b"ana@example.com", b"eve@example.com", 1), signer)


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        (b"\r\nSubject: ", b"\r\nSubject: Re: "),
        (b"\r\nTo: ", b"\r\nTo: x@evil.example,"),
        (b"\r\nMIME-Version", b"\r\nSubject: another one\r\nMIME-Version"),
        (b"\r\nMIME-Version", b"\r\nReply-To: x@evil.example\r\nMIME-Version"),
        (b"\r\nList-Unsubscribe: <https://blog", b"\r\nList-Unsubscribe: <https://evil"),
        (b"\r\n=46rom here\r\n", b"\r\n=46rom there\r\n"),
        (b"Hi=20=\r\nAna=\r\n,", b"Hi=20=\r\nBob=\r\n,"),
        (b"alternative--\r\n", b"alternative--\r\nP.S.\r\n"),
    ],
)
def test_changed(program, signer, there, instead):
    """A message that was changed on the way, or got another header of a kind, has no valid signature."""
    raw = program.message(READERS[0])
    assert raw.count(there) == 1
    assert not verified(raw.replace(there, instead), signer)


def test_folded_anew(program, signer):
    """Headers that are folded anew on the way are as good as they were."""
    raw = program.message(READERS[0])
    assert verified(raw.replace(b"\r\nSubject: Breathe, ", b"\r\nSUBJECT:Breathe,\r\n\t  "), signer)


def test_the_same_again(program, newsletter, signer):
    """The signature reads no clock and throws no dice: the same message has the same one, in a batch or alone."""
    raws = list(program.messages(letters.batch(READERS)))
    assert raws == [program.message(values) for values in READERS]
    elsewhere = pickle.loads(pickle.dumps(program))
    assert elsewhere.message(READERS[0]) == raws[0]
    unsigned = message.compile(letters.email(), newsletter, columns=letters.COLUMNS)
    assert raws[0].endswith(unsigned.message(READERS[0]))
    assert unsigned.fingerprint != program.fingerprint


def test_fingerprint(newsletter):
    """Another key makes another program; the key itself is not told."""
    signers = [Signer(KEYS["rsa"], "news", "blog.example.com"), Signer(ed25519_key(), "news", "blog.example.com")]
    signers.append(replace(signers[0], selector="other"))
    programs = [message.compile(letters.email(), newsletter, columns=["token"], signer=one) for one in signers]
    assert len({program.fingerprint for program in programs}) == 3
    assert "PRIVATE" not in repr(programs)


def test_names(program):
    """From, To, Subject and their like are named once more than they stand there, so that nobody adds another."""
    signature = program.message(READERS[0]).partition(b"\r\nFrom:")[0]
    names = re.sub(rb"\s", b"", re.search(rb"h=([^;]*);", signature)[1]).decode().split(":")
    assert {name for name in names if names.count(name) == 2} == {
        *("from", "to", "subject", "date", "message-id", "mime-version", "content-type")
    }
    assert names.count("reply-to") == 1
    assert {"list-id", "list-unsubscribe", "list-unsubscribe-post", "feedback-id"} <= set(names)


@pytest.mark.parametrize("key", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_keys(key):
    """A key that can't sign is told when it is given, not at the first message."""
    with pytest.raises(ConfigurationError, match="can't be read"):
        Signer(key, "news", "blog.example.com")


def test_no_file(tmp_path):
    """A key that isn't there is told with its name."""
    with pytest.raises(ConfigurationError, match=r"away\.pem: the DKIM key can't be read: No such file"):
        read_signer(tmp_path / "away.pem", "news", "blog.example.com")


def test_other_kinds_of_keys():
    """Only the two kinds that DKIM has."""
    with pytest.raises(ConfigurationError, match="Ed25519 key, or an RSA key"):
        Signer(pem(ec.generate_private_key(ec.SECP256R1())), "news", "blog.example.com")


@pytest.mark.parametrize(("selector", "domain"), [("a;b", "x.example"), ("a", "x example"), ("", "x.example")])
def test_dns_names(selector, domain):
    """The selector and the domain are names that DNS can have, and can't write tags of their own."""
    with pytest.raises(ConfigurationError, match="DNS"):
        Signer(KEYS["ed25519"], selector, domain)


def test_not_installed(monkeypatch):
    """Without cryptography, whoever wants signatures is told what to install."""
    from pipeline.delivery.dkim import _load

    _load.cache_clear()
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(ConfigurationError, match=r"stay-updated\[dkim\]"):
        Signer(KEYS["ed25519"], "news", "blog.example.com")
