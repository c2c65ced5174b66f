"""Mutants for pipeline/checks/headers.py and parts.py."""

import binascii
from dataclasses import replace

from tests.checks.mutating import Mutants, Mutation, in_html, in_message, in_text, with_subject

MARK = b"--=_stay-updated_alternative"
LONG = b"x" * 65
DOMAIN = b".".join([b"y" * 63] * 4)


def header(name: bytes, value: bytes) -> Mutation:
    """Give a header of the message another value, which may hold further headers."""

    def mutation(mail):
        before, _, rest = (b"\r\n" + mail.message).partition(b"\r\n" + name + b": ")
        assert rest, "there is no such header"
        end = rest.index(b"\r\n")
        return replace(mail, message=(b"%b\r\n%b: %b%b" % (before, name, value, rest[end:])).removeprefix(b"\r\n"))

    return mutation


def added(line: bytes) -> Mutation:
    """One more line among the headers."""
    return in_message(b"\r\nMIME-Version", b"\r\n" + line + b"\r\nMIME-Version")


def in_body(old: bytes, new: bytes) -> Mutation:
    """Write ``new`` for ``old`` once behind the headers."""

    def mutation(mail):
        head, _, body = mail.message.partition(b"\r\n\r\n")
        assert old in body
        return replace(mail, message=head + b"\r\n\r\n" + body.replace(old, new, 1))

    return mutation


def parts_swapped(mail):
    head, text, html, end = mail.message.split(MARK)
    return replace(mail, message=MARK.join([head, html, text, end]))


def without_text(mail):
    head, _, html, end = mail.message.split(MARK)
    return replace(mail, message=MARK.join([head, html, end]))


def text_as(charset: str, encoding: str) -> Mutation:
    """The text part in another charset and encoding, rightly so labelled."""

    def mutation(mail):
        head, _, html, end = mail.message.split(MARK)
        data = mail.text.encode(charset, "replace")
        data = binascii.b2a_base64(data, newline=False) if encoding == "base64" else binascii.b2a_qp(data)
        data = b"\r\n".join(data[at : at + 76] for at in range(0, len(data), 76)) if encoding == "base64" else data
        fields = f"\r\nContent-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
        text = fields.encode() + data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n"
        return replace(mail, message=MARK.join([head, text, html, end]))

    return mutation


MUTANTS: Mutants = {
    "M01": {
        "no Date": in_message(b"\r\nDate: ", b"\r\nX-Date: "),
        "no To": in_message(b"\r\nTo: ", b"\r\nX-To: "),
        "a second Subject": added(b"subject: Another one"),
        "a second From": added(b"From: Mallory <m@evil.example>"),
        "a second Content-Type": added(b"Content-Type: text/plain"),
    },
    "M02": {
        "a bare LF in the body": in_body(b"\r\n", b"\n"),
        "a bare CR at the end of a line": in_message(b"\r\n" + MARK + b"--", b"\r\r\n" + MARK + b"--"),
        "a NUL": in_message(b"Unsubscribe\r\n", b"Unsub\x00scribe\r\n"),
        "an end of data in between, to smuggle a second mail": in_body(b"\r\n\r\n", b"\r\n\n.\r\n"),
        "all lines as on Unix": lambda mail: replace(mail, message=mail.message.replace(b"\r\n", b"\n")),
        "no end": lambda mail: replace(mail, message=mail.message.removesuffix(b"\r\n")),
    },
    "M03": {
        "a soft line break lost": in_body(b"=\r\n", b""),
        "HTML on one line, as 8bit": lambda mail: replace(
            mail, message=mail.message.replace(b"=\r\n", b"").replace(b"quoted-printable", b"8bit")
        ),
        "a subject that isn't folded": header(b"Subject", b"word " * 200),
        "two encoded words on a line": header(b"Subject", b"=?utf-8?q?%b?= =?utf-8?q?%b?=" % (b"x" * 40, b"y" * 40)),
    },
    "M04": {
        "a subject in UTF-8": header(b"Subject", "Zoë schläft".encode()),
        "a name in Latin-1": header(b"From", b"Zo\xeb <hello@blog.example.com>"),
        "an encoded word of 90 characters": header(b"Subject", b"=?utf-8?q?%b?=" % (b"x" * 78)),
        "a character in two halves": header(b"Subject", b"=?utf-8?q?Zo=C3?=\r\n =?utf-8?q?=AB?="),
        "half a character, as base64": header(b"Subject", b"=?utf-8?b?4oI=?= =?utf-8?b?rA==?="),
        "a charset of nobody's": header(b"Subject", b"=?x-unknown-8?q?Zo=EB?="),
        "an encoded word between quotation marks": header(b"From", b'"=?utf-8?q?Zo=C3=AB?=" <hello@blog.example.com>'),
        "blanks in an encoded word": header(b"Subject", b"=?utf-8?q?Zo=C3=AB sleeps?="),
    },
    "M05": {
        "a name that decodes to a line of its own": header(
            b"From", b"=?utf-8?q?x=0ABcc:_y@evil.example?= <hello@blog.example.com>"
        ),
        "the same as base64": header(b"Subject", b"=?utf-8?b?eApCY2M6IHlAZXZpbA==?="),
        "the same in UTF-7": header(b"Subject", b"=?utf-7?q?x+AAo-Bcc:_y@evil.example?="),
        "a line separator": header(b"Subject", b"=?utf-8?q?x=E2=80=A8Bcc:_y@evil.example?="),
        "a bare LF in the subject": header(b"Subject", b"Sleep\nBcc: y@evil.example"),
        "a bare CR in the subject": header(b"Subject", b"Sleep\rBcc: y@evil.example"),
        "the end of the headers in the subject": header(b"Subject", b"Sleep\n\n<script>"),
        "a line that is no header": added(b"Bcc y@evil.example"),
        "a vertical tab": header(b"Subject", b"Sleep\x0bBcc: y@evil.example"),
    },
    "M06": {
        "HTML first": parts_swapped,
        "no text part": without_text,
        "mixed, not alternative": in_message(b"multipart/alternative", b"multipart/mixed"),
        "no MIME-Version": in_message(b"\r\nMIME-Version: 1.0", b""),
        "text in base64": text_as("utf-8", "base64"),
        "text in Latin-1": text_as("latin-1", "quoted-printable"),
        "no charset": in_body(b"text/html; charset=utf-8", b"text/html"),
    },
    "M07": {
        "not closed": in_message(MARK + b"--", b""),
        "closed before the HTML": in_body(b"\r\n" + MARK + b"\r\n", b"\r\n" + MARK + b"--\r\n"),
        "another boundary than the header says": header(b"Content-Type", b'multipart/alternative; boundary="another"'),
        "no boundary": header(b"Content-Type", b"multipart/alternative"),
        "a boundary that a line of the text is": lambda mail: replace(
            mail,
            message=mail.message.replace(MARK[2:], b"x").replace(b"\r\nUnsubscribe\r\n", b"\r\n--x\r\nUnsubscribe\r\n"),
        ),
        "a boundary that begins a line of the text": lambda mail: replace(
            mail,
            message=mail.message.replace(MARK[2:], b"x").replace(b"\r\nUnsubscribe", b"\r\n--xylophone\r\nUnsubscribe"),
        ),
        "something behind the end": lambda mail: replace(mail, message=mail.message + b"<script>alert(1)</script>\r\n"),
    },
    "M09": {
        "a zone by name": header(b"Date", b"Tue, 24 Nov 2026 00:00:00 CET"),
        "no zone": header(b"Date", b"Tue, 24 Nov 2026 00:00:00"),
        "a year of two digits": header(b"Date", b"Tue, 24 Nov 26 00:00:00 +0100"),
        "a day that there isn't": header(b"Date", b"31 Nov 2026 00:00:00 +0100"),
        "another day of the week": header(b"Date", b"Mon, 24 Nov 2026 00:00:00 +0100"),
        "a month in German": header(b"Date", b"Di, 24 Dez 2026 00:00:00 +0100"),
        "as ISO 8601 has it": header(b"Date", b"2026-11-24T00:00:00+01:00"),
    },
    "M10": {
        "on a stranger's domain": header(b"Message-ID", b"<better-sleep.20261124@localhost.localdomain>"),
        "on a domain that only ends alike": header(b"Message-ID", b"<better-sleep.20261124@myblog.example.com>"),
        "no brackets": header(b"Message-ID", b"better-sleep.20261124@blog.example.com"),
        "two @": header(b"Message-ID", b"<better@sleep@blog.example.com>"),
        "a blank": header(b"Message-ID", b"<better sleep@blog.example.com>"),
        "dots that an atom can't have": header(b"Message-ID", b"<better..sleep@blog.example.com>"),
    },
    "M12": {
        "no address": header(b"From", b"Aura Health Team"),
        "nothing at all": header(b"To", b""),
        "an empty address": header(b"From", b"Aura Health Team <>"),
        "two @": header(b"From", b"Aura <hello@blog@blog.example.com>"),
        "65 characters before the @": header(b"To", b"Aura <%b@blog.example.com>" % LONG),
        "a domain of 255 characters": header(b"To", b"Aura <a@%b>" % DOMAIN),
        "a label of 64 characters": header(b"Reply-To", b"<a@%b.example.com>" % LONG[:64]),
        "a domain that is no IDNA": header(b"Reply-To", b"<a@xn--\x7a\x7a\x7a-999999999999999.example>"),
        "a domain in an encoded word": header(b"From", b"Aura <hello@=?utf-8?q?m=C3=BCnchen?=.example>"),
        "a bare host": header(b"From", b"root <root@localhost>"),
        "a second one that is broken": header(b"To", b"Aura <hello@blog.example.com>, friends"),
    },
    "M14": {
        "another subject": with_subject("Sleep better next week"),
        "a word of the text lost": in_text("Unsubscribe", "Unsubscrib"),
        "a letter of the HTML changed on the way": in_html("Unsubscribe", "Unsubscribé"),
        "an equals sign that isn't encoded": in_body(b"=3D", b"="),
        "UTF-8 labelled as Latin-1": in_body(b"text/html; charset=utf-8", b"text/html; charset=iso-8859-1"),
        "half a character": in_body(b"=E2=80=", b"=80="),
        "another sender": header(b"From", b"Aura Health Team <hello@blog.example.org>"),
        "another name": header(b"From", b"Aura Health <hello@blog.example.com>"),
        "no Reply-To": in_message(b"\r\nReply-To: ", b"\r\nX-Reply-To: "),
        "cut off": lambda mail: replace(mail, message=mail.message[: len(mail.message) // 2]),
    },
    "M15": {
        "a Bcc": added(b"Bcc: everybody@lists.example.com"),
        "a Return-Path": added(b"Return-path: <bounces@blog.example.com>"),
        "a signature of somebody else's": added(b"DKIM-Signature: v=1; a=rsa-sha256; d=evil.example"),
        "a way that it never went": added(b"Received: from a by b; Tue, 24 Nov 2026 00:00:00 +0100"),
        "a receipt wished for": added(b"Disposition-Notification-To: hello@blog.example.com"),
    },
}
